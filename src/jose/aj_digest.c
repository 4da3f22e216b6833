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

apr_status_t aj_sha256(const void *in, apr_size_t in_len, unsigned char out[AJ_SHA256_BYTES])
{
    return status(EVP_Digest(in, in_len, out, NULL, get_sha256(), NULL) == 1);
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
