/* SPDX-License-Identifier: Apache-2.0 */
/* Shared secrets of the HS algorithms: how they are written down, and the MAC context made of them. */
#include <string.h>

#include <apr_strings.h>
#include <openssl/core_names.h>
#include <openssl/err.h>

#include "aj_base64url.h"
#include "aj_digest.h"
#include "aj_key_private.h"

static const char *const encoding_names[] = { "raw", "base64", "base64url", "hex" };

static int is_space(unsigned char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* An editor's or echo's newline at the end is not part of the secret; a second one is. */
static apr_size_t without_newline(const unsigned char *text, apr_size_t len)
{
    if (len > 0 && text[len - 1] == '\n') {
        len--;
        if (len > 0 && text[len - 1] == '\r') {
            len--;
        }
    }
    return len;
}

/* The text as base64url without padding, in a buffer of len bytes. @return its length, or len + 1 when the
   alphabet is the wrong one. Line breaks are dropped, since `openssl rand -base64 64` writes two lines. */
static apr_size_t normalise(const unsigned char *text, apr_size_t len, aj_encoding_e encoding, char *out)
{
    const char *from = encoding == AJ_ENCODING_BASE64 ? "+/" : "-_";
    const char *never = encoding == AJ_ENCODING_BASE64 ? "-_" : "+/";
    apr_size_t i, n = 0, significant;

    for (i = 0; i < len; i++) {
        unsigned char c = text[i];

        if (c == (unsigned char)never[0] || c == (unsigned char)never[1]) {
            return len + 1;
        }
        if (c != '\r' && c != '\n') {
            out[n++] = c == (unsigned char)from[0] ? '-' : c == (unsigned char)from[1] ? '_' : (char)c;
        }
    }
    significant = n;
    if (n % 4 == 0) {
        while (significant > 0 && n - significant < 2 && out[significant - 1] == '=') {
            significant--;
        }
    }
    return significant;
}

static int decode_base64(const unsigned char *text, apr_size_t len, aj_encoding_e encoding, apr_pool_t *pool,
                         unsigned char **out, apr_size_t *out_len)
{
    char *copy = apr_palloc(pool, len + 1);
    apr_size_t copy_len = normalise(text, len, encoding, copy);
    int ok = copy_len <= len && aj_base64url_decode(copy, copy_len, pool, out, out_len) == AJ_OK;

    aj_wipe(copy, len);
    return ok;
}

static int hex_digit(unsigned char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int decode_hex(const unsigned char *text, apr_size_t len, apr_pool_t *pool, unsigned char **out,
                      apr_size_t *out_len)
{
    unsigned char *bytes = apr_palloc(pool, len / 2 + 1);
    int ok = len % 2 == 0;
    apr_size_t i;

    for (i = 0; ok && i < len / 2; i++) {
        int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

        ok = high >= 0 && low >= 0;
        bytes[i] = (unsigned char)((high & 15) << 4 | (low & 15));
    }
    if (!ok) {
        aj_wipe(bytes, i);
    }
    *out = bytes;
    *out_len = len / 2;
    return ok;
}

/* Read the text of a secret. The bytes belong to pool; the caller wipes them. */
static int decode(const unsigned char *text, apr_size_t len, aj_encoding_e encoding, apr_pool_t *pool,
                  unsigned char **out, apr_size_t *out_len)
{
    if (encoding == AJ_ENCODING_RAW) {
        *out_len = without_newline(text, len);
        *out = apr_pmemdup(pool, text, *out_len + (*out_len == 0));
        return 1;
    }
    while (len > 0 && is_space(text[0])) {
        text++;
        len--;
    }
    while (len > 0 && is_space(text[len - 1])) {
        len--;
    }
    return encoding == AJ_ENCODING_HEX ? decode_hex(text, len, pool, out, out_len)
                                       : decode_base64(text, len, encoding, pool, out, out_len);
}

const char *aj_key_set_text(aj_key_t *key, const unsigned char *text, apr_size_t len, aj_encoding_e encoding,
                            apr_pool_t *pool)
{
    unsigned char *bytes;
    apr_size_t bytes_len;

    if (len == 0) {
        return "is empty";
    }
    if (!decode(text, len, encoding, pool, &bytes, &bytes_len)) {
        return apr_psprintf(pool, "is not %s", encoding_names[encoding]);
    }
    key->secret_is_raw = encoding == AJ_ENCODING_RAW;
    return aj_key_set_secret(key, bytes, bytes_len, pool);
}

/* A MAC context that has taken up the secret. @return NULL when OpenSSL fails */
static EVP_MAC_CTX *start_mac(const aj_alg_t *alg, const unsigned char *secret, apr_size_t len)
{
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *mac = hmac ? EVP_MAC_CTX_new(hmac) : NULL;
    OSSL_PARAM params[2];

    params[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)alg->digest, 0);
    params[1] = OSSL_PARAM_construct_end();
    if (mac && !EVP_MAC_init(mac, secret, len, params)) {
        EVP_MAC_CTX_free(mac);
        mac = NULL;
    }
    EVP_MAC_free(hmac);
    return mac;
}

const char *aj_key_set_secret(aj_key_t *key, unsigned char *bytes, apr_size_t len, apr_pool_t *pool)
{
    EVP_MAC_CTX *prepared;

    aj_wipe_with_pool(bytes, len, pool);
    if (len == 0) {
        return "is an empty secret";
    }
    if (len < key->alg->digest_bytes) {
        return apr_psprintf(
            pool, "is a secret of %" APR_SIZE_T_FMT " bytes; %s needs at least %" APR_SIZE_T_FMT " (RFC 7518 3.2)", len,
            key->alg->name, key->alg->digest_bytes);
    }
    prepared = start_mac(key->alg, bytes, len);
    if (!prepared) {
        return "OpenSSL refuses it";
    }
    key->mac = aj_key_mac_make(prepared, pool);
    key->secret = bytes;
    key->secret_len = len;
    key->sig_len = key->alg->digest_bytes;
    key->is_secret = 1;
    return NULL;
}

/* Does the secret, read in this encoding, make the signature? */
static int would_match(const aj_key_t *key, aj_encoding_e encoding, const void *in, apr_size_t in_len,
                       const unsigned char *sig, apr_pool_t *pool)
{
    unsigned char *bytes, made[EVP_MAX_MD_SIZE];
    apr_size_t len, made_len = 0;
    EVP_MAC_CTX *mac;
    int ok;

    if (!decode(key->secret, key->secret_len, encoding, pool, &bytes, &len)) {
        return 0;
    }
    aj_wipe_with_pool(bytes, len, pool);
    mac = start_mac(key->alg, bytes, len);
    ok = mac && EVP_MAC_update(mac, in, in_len) && EVP_MAC_final(mac, made, &made_len, sizeof(made))
      && made_len == key->sig_len && aj_equal(made, sig, made_len);
    EVP_MAC_CTX_free(mac);
    return ok;
}

const char *aj_key_encoding_hint(const aj_key_t *key, const void *in, apr_size_t in_len, const unsigned char *sig,
                                 apr_size_t sig_len)
{
    static const aj_encoding_e others[] = { AJ_ENCODING_HEX, AJ_ENCODING_BASE64, AJ_ENCODING_BASE64URL };
    const char *hint = NULL;
    apr_pool_t *scratch;
    apr_size_t i;

    if (!key->secret_is_raw || sig_len != key->sig_len) {
        return NULL;
    }
    /* No parent: the key's pool is not this thread's. */
    apr_pool_create(&scratch, NULL);
    for (i = 0; !hint && i < sizeof(others) / sizeof(others[0]); i++) {
        if (would_match(key, others[i], in, in_len, sig, scratch)) {
            hint = encoding_names[others[i]];
        }
    }
    apr_pool_destroy(scratch);
    ERR_clear_error();
    return hint;
}
