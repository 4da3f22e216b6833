/* SPDX-License-Identifier: Apache-2.0 */
/* One key: which form its source has, and how each form is read. */
#include <string.h>

#include <apr_strings.h>
#include <openssl/err.h>

#include "aj_json.h"
#include "aj_key_private.h"

/* No key is longer, and OpenSSL takes lengths as int. */
#define MAX_SOURCE_BYTES (1024 * 1024)

typedef enum { FORM_SECRET, FORM_PEM, FORM_JWK } form_e;

static const char pem_begin[] = "-----BEGIN ";
static const char byte_order_mark[] = "\xef\xbb\xbf";

/* Look everywhere: other text often precedes a key (openssl's -text, bag attributes, a byte order mark), and no random
   secret holds this mark. */
static int is_pem(const unsigned char *bytes, apr_size_t len)
{
    const apr_size_t mark = sizeof(pem_begin) - 1;
    apr_size_t i;

    for (i = 0; i + mark <= len; i++) {
        if (!memcmp(bytes + i, pem_begin, mark)) {
            return 1;
        }
    }
    return 0;
}

static int is_space(unsigned char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* A '{' begins a JWK, unless control characters say that it is the first of some random bytes. After a byte order
   mark it does too, to be refused: a secret would have been made of the text. */
static int is_json(const unsigned char *bytes, apr_size_t len)
{
    apr_size_t i = len >= 3 && !memcmp(bytes, byte_order_mark, 3) ? 3 : 0;

    while (i < len && is_space(bytes[i])) {
        i++;
    }
    if (i == len || bytes[i] != '{') {
        return 0;
    }
    while (i < len && (bytes[i] >= 0x20 || is_space(bytes[i]))) {
        i++;
    }
    return i == len;
}

static form_e form_of(const unsigned char *bytes, apr_size_t len)
{
    if (is_pem(bytes, len)) {
        return FORM_PEM;
    }
    return is_json(bytes, len) ? FORM_JWK : FORM_SECRET;
}

static const char *read_pem(aj_key_t *key, const unsigned char *bytes, apr_size_t len, apr_pool_t *pool)
{
    EVP_PKEY *pkey;
    int is_private;
    const char *wrong;

    if (key->alg->kty == AJ_KTY_OCT) {
        /* Whoever has the public key could sign with it (RFC 8725 2.1). */
        return apr_psprintf(pool, "is PEM, but %s wants a shared secret", key->alg->name);
    }
    wrong = aj_key_pem(bytes, len, &pkey, &is_private);
    return wrong ? wrong : aj_key_set_pkey(key, pkey, is_private, pool);
}

/* A kid is written into headers and JWK Sets, and JSON has no way to say what is not UTF-8. */
static const char *set_kid(aj_key_t *key, const char *kid, apr_pool_t *pool)
{
    const char *wrong = NULL;

    if (!kid) {
        if (key->alg->kty != AJ_KTY_OCT && !(key->kid = aj_key_thumbprint(key, pool))) {
            wrong = "OpenSSL cannot compute a SHA-256";
        }
        key->kid_is_default = 1;
    }
    else if (*kid == '\0') {
        wrong = "its kid is empty";
    }
    else if (!aj_json_is_text(kid)) {
        wrong = "its kid is not UTF-8";
    }
    else {
        key->kid = apr_pstrdup(pool, kid);
    }
    return wrong;
}

/* `kid` of a JWK (RFC 7517 4.5), where the administrator names none. */
static const char *fill_from_jwk(aj_key_t *key, const json_t *jwk, const char *kid, apr_pool_t *pool)
{
    const json_t *own = json_object_get(jwk, "kid");
    const char *wrong;

    if (own && !json_is_string(own)) {
        wrong = "its kid is no string";
    }
    else if (!(wrong = aj_key_fill_jwk(key, jwk, pool))) {
        wrong = set_kid(key, !kid && own ? json_string_value(own) : kid, pool);
    }
    return wrong;
}

static int is_set(const json_t *jwk)
{
    return json_object_get(jwk, "keys") && !json_object_get(jwk, "kty");
}

static apr_status_t wipe_jwk(void *jwk)
{
    const json_t *keys = json_object_get(jwk, "keys");
    size_t i;

    aj_key_wipe_jwk(jwk);
    for (i = 0; i < json_array_size(keys); i++) {
        aj_key_wipe_jwk(json_array_get(keys, i));
    }
    return APR_SUCCESS;
}

static const char *read_jwk(aj_key_t *key, const unsigned char *bytes, apr_size_t len, const char *kid,
                            apr_pool_t *pool)
{
    apr_pool_t *scratch;
    json_t *jwk;
    const char *wrong;

    if (bytes[0] == (unsigned char)byte_order_mark[0]) {
        return "has a byte order mark (the bytes EF BB BF) before the JWK; save it as UTF-8 without one";
    }
    apr_pool_create(&scratch, pool);
    if (!aj_json_read_object((const char *)bytes, len, scratch, &jwk, &wrong)) {
        wrong = apr_pstrcat(pool, "begins like a JWK, but is not one: ", wrong, NULL);
    }
    else {
        /* Runs before the cleanup that drops the object: the last one registered comes first. */
        apr_pool_cleanup_register(scratch, jwk, wipe_jwk, apr_pool_cleanup_null);
        wrong = is_set(jwk) ? "is a JWK Set; name it with AuthJWTKeySet" : fill_from_jwk(key, jwk, kid, pool);
    }
    apr_pool_destroy(scratch);
    return wrong;
}

static const char *read_secret(aj_key_t *key, const unsigned char *bytes, apr_size_t len,
                               const aj_key_options_t *options, apr_pool_t *pool)
{
    const char *wrong = aj_key_mistake(bytes, len, key->alg);

    if (wrong) {
        return wrong;
    }
    if (key->alg->kty != AJ_KTY_OCT) {
        return apr_psprintf(pool, "is neither PEM nor a JWK, and %s wants a key of type %s", key->alg->name,
                            aj_kty_name(key->alg->kty));
    }
    wrong = aj_key_set_text(key, bytes, len, options->encoding, pool);
    if (!wrong && options->encoding == AJ_ENCODING_RAW) {
        key->doubt = aj_key_doubt_text(bytes, len);
    }
    return wrong ? wrong : set_kid(key, options->kid, pool);
}

static const char *read_any(aj_key_t *key, const unsigned char *bytes, apr_size_t len, const aj_key_options_t *options,
                            apr_pool_t *pool)
{
    form_e form = form_of(bytes, len);
    const char *wrong;

    if (len > MAX_SOURCE_BYTES) {
        return "is longer than 1 MB, which no key is";
    }
    if (form == FORM_SECRET) {
        return read_secret(key, bytes, len, options, pool);
    }
    if (options->encoding != AJ_ENCODING_RAW) {
        return "is PEM or a JWK: encoding= is for shared secrets alone";
    }
    if (form == FORM_JWK) {
        return read_jwk(key, bytes, len, options->kid, pool);
    }
    wrong = read_pem(key, bytes, len, pool);
    return wrong ? wrong : set_kid(key, options->kid, pool);
}

/* A key has its own pool, so that one that is refused is wiped at once. */
static aj_key_t *make(const aj_key_options_t *options, apr_pool_t *parent, apr_pool_t **pool)
{
    aj_key_t *key;

    (void)ERR_set_mark();
    apr_pool_create(pool, parent);
    key = apr_pcalloc(*pool, sizeof(*key));
    key->alg = options->alg;
    key->verify_only = options->verify_only;
    key->publish = options->publish;
    return key;
}

/* Return the key, or destroy it and keep the sentence. Reading leaves errors in OpenSSL's queue even when it succeeds
   (the end of a PEM is one); remove them, since mod_ssl looks at the same queue. */
static const char *settle(aj_key_t **out, aj_key_t *key, const char *wrong, apr_pool_t *own, apr_pool_t *parent)
{
    if (!wrong) {
        *out = key;
        (void)ERR_pop_to_mark();
    }
    else {
        wrong = apr_pstrdup(parent, wrong);
        apr_pool_destroy(own);
        ERR_clear_error();
    }
    return wrong;
}

const char *aj_key_read(aj_key_t **key, const unsigned char *bytes, apr_size_t len, const aj_key_options_t *options,
                        apr_pool_t *pool)
{
    apr_pool_t *own;
    aj_key_t *made = make(options, pool, &own);

    return settle(key, made, read_any(made, bytes, len, options, own), own, pool);
}

const char *aj_key_from_jwk(aj_key_t **key, const json_t *jwk, const aj_key_options_t *options, apr_pool_t *pool)
{
    apr_pool_t *own;
    aj_key_t *made = make(options, pool, &own);

    return settle(key, made, fill_from_jwk(made, jwk, options->kid, own), own, pool);
}
