/* SPDX-License-Identifier: Apache-2.0 */
/* Hashes, MACs, random bytes; comparing and overwriting secrets. */
#include <limits.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "aj_base64url.h"
#include "aj_digest.h"
#include "aj_place_private.h"

/* The error queue is the thread's and so mod_ssl's too: nothing of ours stays in it. */
static apr_status_t status(int ok)
{
    if (!ok) {
        ERR_clear_error();
    }
    return ok ? APR_SUCCESS : APR_EGENERAL;
}

/* Looking an algorithm up costs about as much as hashing an id with it, so that is done once a process. Never freed:
   OpenSSL keeps it anyway. */
static CRYPTO_ONCE once = CRYPTO_ONCE_STATIC_INIT;
static EVP_MD *sha256;

static void fetch_sha256(void)
{
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
}

static const EVP_MD *get_sha256(void)
{
    return CRYPTO_THREAD_run_once(&once, fetch_sha256) && sha256 ? sha256 : EVP_sha256();
}

/* Contexts of threads that are not hashing now. */
static aj_place_t places[AJ_PLACES];
static atomic_int keeps;

static apr_status_t keep_no_more(void *data)
{
    int i;

    (void)data;
    atomic_store(&keeps, 0);
    for (i = 0; i < AJ_PLACES; i++) {
        EVP_MD_CTX_free(atomic_exchange(&places[i].spare, NULL));
    }
    return APR_SUCCESS;
}

void aj_digest_keep(apr_pool_t *pool)
{
    atomic_store(&keeps, 1);
    apr_pool_cleanup_register(pool, NULL, keep_no_more, apr_pool_cleanup_null);
}

/* Without an algorithm, init begins anew with the one it has. */
static int begin_sha256(EVP_MD_CTX *ctx, int is_used)
{
    return ctx && EVP_DigestInit_ex(ctx, is_used ? NULL : get_sha256(), NULL);
}

apr_status_t aj_sha256(const void *in, apr_size_t in_len, unsigned char out[AJ_SHA256_BYTES])
{
    EVP_MD_CTX *used = atomic_exchange(&aj_place_of_thread(places)->spare, NULL);
    EVP_MD_CTX *ctx = used ? used : EVP_MD_CTX_new();
    int ok = begin_sha256(ctx, used != NULL) && EVP_DigestUpdate(ctx, in, in_len) && EVP_DigestFinal_ex(ctx, out, NULL);

    if (ok && atomic_load(&keeps)) {
        ctx = atomic_exchange(&aj_place_of_thread(places)->spare, ctx);
    }
    EVP_MD_CTX_free(ctx);
    return status(ok);
}

apr_status_t aj_hmac_sha256(const void *key, apr_size_t key_len, const void *in, apr_size_t in_len,
                            unsigned char out[AJ_SHA256_BYTES])
{
    unsigned len = 0;

    return status(key_len <= INT_MAX && HMAC(EVP_sha256(), key, (int)key_len, in, in_len, out, &len)
                  && len == AJ_SHA256_BYTES);
}

apr_status_t aj_random(unsigned char *out, apr_size_t out_len)
{
    return status(out_len <= INT_MAX && RAND_bytes(out, (int)out_len) == 1);
}

const char *aj_random_id(apr_pool_t *pool)
{
    unsigned char bytes[16];

    return aj_random(bytes, sizeof(bytes)) == APR_SUCCESS ? aj_base64url_encode(bytes, sizeof(bytes), pool) : NULL;
}

int aj_equal(const void *a, const void *b, apr_size_t len)
{
    return CRYPTO_memcmp(a, b, len) == 0;
}

void aj_wipe(void *secret, apr_size_t len)
{
    OPENSSL_cleanse(secret, len);
}

typedef struct {
    void *secret;
    apr_size_t len;
} wipe_t;

static apr_status_t wipe_now(void *data)
{
    wipe_t *wipe = data;

    aj_wipe(wipe->secret, wipe->len);
    return APR_SUCCESS;
}

void aj_wipe_with_pool(void *secret, apr_size_t len, apr_pool_t *pool)
{
    wipe_t *wipe = apr_palloc(pool, sizeof(*wipe));

    wipe->secret = secret;
    wipe->len = len;
    apr_pool_cleanup_register(pool, wipe, wipe_now, apr_pool_cleanup_null);
}
