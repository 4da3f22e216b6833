/* SPDX-License-Identifier: Apache-2.0 */
/* Making keys. The module never does; authjwtctl does. */
#include <string.h>

#include <apr_strings.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "aj_digest.h"
#include "aj_key_generate.h"

#define RSA_BITS 3072

/* Random bytes of an HS secret: more than the hash, and no padding in base64 where that is possible. */
#define SECRET_BYTES     48
#define SECRET_BYTES_MAX 64

static apr_status_t make_secret(const aj_alg_t *alg, apr_pool_t *pool, const char **text)
{
    int len = alg->digest_bytes > SECRET_BYTES ? SECRET_BYTES_MAX : SECRET_BYTES;
    unsigned char bytes[SECRET_BYTES_MAX];
    unsigned char *out = apr_palloc(pool, 4 * SECRET_BYTES_MAX);
    int written;

    aj_wipe_with_pool(out, 4 * SECRET_BYTES_MAX, pool);
    if (aj_random(bytes, (apr_size_t)len) != APR_SUCCESS) {
        return APR_EGENERAL;
    }
    written = EVP_EncodeBlock(out, bytes, len);
    aj_wipe(bytes, sizeof(bytes));
    out[written] = '\n';
    out[written + 1] = '\0';
    *text = (const char *)out;
    return APR_SUCCESS;
}

/* @return NULL when OpenSSL fails */
static EVP_PKEY *make_pair(const aj_alg_t *alg)
{
    switch (alg->kty) {
    case AJ_KTY_RSA:
        return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)RSA_BITS);
    case AJ_KTY_EC:
        return EVP_PKEY_Q_keygen(NULL, NULL, "EC", alg->group);
    default:
        return EVP_PKEY_Q_keygen(NULL, NULL, alg->group);
    }
}

static apr_status_t write_pem(EVP_PKEY *pair, apr_pool_t *pool, const char **text)
{
    BIO *bio = BIO_new(BIO_s_secmem());
    char *data;
    long len;
    int done = bio && PEM_write_bio_PKCS8PrivateKey(bio, pair, NULL, NULL, 0, NULL, NULL);

    if (done) {
        char *copy;

        len = BIO_get_mem_data(bio, &data);
        copy = apr_pstrmemdup(pool, data, (apr_size_t)len);
        aj_wipe_with_pool(copy, (apr_size_t)len, pool);
        *text = copy;
    }
    BIO_free(bio);
    return done ? APR_SUCCESS : APR_EGENERAL;
}

apr_status_t aj_key_generate(const aj_alg_t *alg, apr_pool_t *pool, const char **text)
{
    EVP_PKEY *pair;
    apr_status_t rv;

    if (alg->kty == AJ_KTY_OCT) {
        return make_secret(alg, pool, text);
    }
    pair = make_pair(alg);
    rv = pair ? write_pem(pair, pool, text) : APR_EGENERAL;
    EVP_PKEY_free(pair);
    ERR_clear_error();
    return rv;
}
