/* SPDX-License-Identifier: Apache-2.0 */
/* Keys from PEM: every form is read, every misfit is refused with a sentence. */
#include "unit.h"

#define ALL_ALGS UNIT_ALGS

/* All forms of the key of an algorithm; the public ones last. */
static const struct {
    const char *suffix;
    int is_private;
} forms[] = {
    { ".pem", 1 },     { "-pkcs1.pem", 1 },     { "-sec1.pem", 1 }, { ".jwk", 1 },
    { "-pub.pem", 0 }, { "-pkcs1-pub.pem", 0 }, { "-cert.pem", 0 }, { "-pub.jwk", 0 },
};

static int exists(const char *name)
{
    FILE *file = fopen(apr_pstrcat(pool, "../vectors/keys/", name, NULL), "rb");

    if (file != NULL) {
        fclose(file);
    }
    return file != NULL;
}

/* One loop per algorithm: what each private form signs, each form verifies, and all have one kid. */
START_TEST(every_form_of_a_key_is_the_same_key)
{
    const aj_alg_t *alg = aj_alg_at(_i);
    const char *stem = unit_stem(alg), *kid = NULL;
    int i, k, read = 0;
    const char *tokens[ROWS(forms)] = { NULL };
    aj_keyset_t *rings[ROWS(forms)] = { NULL };

    if (stem == NULL) {
        return;
    }
    for (i = 0; i < ROWS(forms); i++) {
        const char *name = apr_pstrcat(pool, stem, forms[i].suffix, NULL);
        aj_key_t *key;

        if (!exists(name)) {
            continue;
        }
        key = unit_key(alg->name, name, NULL);
        read++;
        kid = kid == NULL ? aj_key_kid(key) : kid;
        ck_assert_str_eq(aj_key_kid(key), kid);
        ck_assert_ptr_eq(aj_key_alg(key), alg);
        ck_assert_int_eq(aj_key_is_secret(key), forms[i].is_private);
        ck_assert_int_eq(aj_key_can_sign(key), forms[i].is_private);
        rings[i] = unit_ring(key, NULL, NULL);
        if (forms[i].is_private) {
            ck_assert_int_eq(aj_jws_sign(key, "payload", 7, pool, &tokens[i]), APR_SUCCESS);
        }
    }
    ck_assert_int_ge(read, 4);
    for (i = 0; i < ROWS(forms); i++) {
        for (k = 0; k < ROWS(forms); k++) {
            if (tokens[i] != NULL && rings[k] != NULL) {
                ck_assert_int_eq(unit_verify(tokens[i], rings[k], NULL), AJ_OK);
            }
        }
    }
}
END_TEST

/* %-prefixed parts are literal text, the rest files; they are put together. */
static const struct {
    const char *name;
    const char *alg;
    const char *parts[3];
    const char *wrong; /* part of the sentence, NULL: accepted */
} pems[] = {
    { "control", "RS256", { "rsa.pem" }, NULL },
    { "text before the PEM", "RS256", { "%Bag Attributes\n  name: x\n", "rsa.pem" }, NULL },
    { "a chain after a private key", "RS256", { "rsa.pem", "rsa-cert.pem", "ec-p256-cert.pem" }, NULL },
    { "a chain after a certificate", "RS256", { "rsa-cert.pem", "ec-p256-cert.pem" }, NULL },
    { "PSS key for PS256", "PS256", { "rsa-pss.pem" }, NULL },
    { "PSS key for SHA-256 alone, PS256", "PS256", { "rsa-pss-sha256.pem" }, NULL },
    { "PSS key for SHA-256 alone, PS384", "PS384", { "rsa-pss-sha256.pem" }, "does not use for PS384" },
    { "PSS key for RS256", "RS256", { "rsa-pss.pem" }, "another type" },
    { "public key as HMAC secret", "HS256", { "rsa-pub.pem" }, "wants a shared secret" },
    { "private key as HMAC secret", "HS256", { "rsa.pem" }, "wants a shared secret" },
    { "certificate as HMAC secret", "HS512", { "rsa-cert.pem" }, "wants a shared secret" },
    { "PEM after text as HMAC secret", "HS256", { "%# my key\n", "ec-p256-pub.pem" }, "wants a shared secret" },
    { "PEM after a byte order mark as HMAC secret",
      "HS256",
      { "%\xef\xbb\xbf", "rsa-pub.pem" },
      "wants a shared secret" },
    { "PEM in one line as HMAC secret",
      "HS256",
      { "%key=-----BEGIN PUBLIC KEY-----\\nAAAA\\n-----END PUBLIC KEY-----" },
      "wants a shared secret" },
    { "PEM after a byte order mark", "RS256", { "%\xef\xbb\xbf", "rsa-pub.pem" }, NULL },
    { "EC key for RS256", "RS256", { "ec-p256.pem" }, "another type" },
    { "RSA key for ES256", "ES256", { "rsa.pem" }, "another type" },
    { "RSA key for EdDSA", "EdDSA", { "rsa.pem" }, "another type" },
    { "Ed25519 key for ES256", "ES256", { "ed25519.pem" }, "another type" },
    { "Ed448 key for EdDSA", "EdDSA", { "ed448.pem" }, "another type" },
    { "X25519 key for EdDSA", "EdDSA", { "x25519.pem" }, "another type" },
    { "P-256 for ES384", "ES384", { "ec-p256.pem" }, "another curve" },
    { "P-384 for ES256", "ES256", { "ec-p384.pem" }, "another curve" },
    { "P-256 for ES256K", "ES256K", { "ec-p256.pem" }, "another curve" },
    { "secp256k1 for ES256", "ES256", { "ec-k256.pem" }, "another curve" },
    { "P-224 for ES256", "ES256", { "ec-p224.pem" }, "another curve" },
    { "explicit parameters", "ES256", { "ec-p256-explicit.pem" }, "explicit parameters" },
    { "RSA of 1024 bits", "RS256", { "rsa-1024.pem" }, "1024 bits" },
    { "encrypted PKCS#8", "RS256", { "rsa-encrypted.pem" }, "pass phrase" },
    { "encrypted PKCS#1", "RS256", { "rsa-pkcs1-encrypted.pem" }, "pass phrase" },
    { "two private keys", "RS256", { "rsa.pem", "ec-p256.pem" }, "more than one key" },
    { "two public keys", "RS256", { "rsa-pub.pem", "rsa-pub.pem" }, "more than one key" },
    { "private key after a certificate", "RS256", { "rsa-cert.pem", "rsa.pem" }, "a certificate before the key" },
    { "a certificate before a public key", "RS256", { "rsa-cert.pem", "rsa-pub.pem" }, "a certificate before the key" },
    { "escaped newlines",
      "ES256",
      { "%-----BEGIN PRIVATE KEY-----\\nMIGHAgEAMBMGByqGSM49\\n-----END PRIVATE KEY-----\\n" },
      "the two characters \\n where lines should end" },
    { "OpenSSH private key",
      "EdDSA",
      { "%-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA\n-----END OPENSSH PRIVATE KEY-----\n" },
      "private key in OpenSSH's form" },
    { "OpenSSH public key",
      "EdDSA",
      { "%ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI me@host\n" },
      "public key in OpenSSH's form" },
    { "OpenSSH public key of ECDSA", "ES256", { "%ecdsa-sha2-nistp256 AAAAE2VjZHNhL me@host\n" }, "in OpenSSH's form" },
    { "OpenSSH public key as HMAC secret",
      "HS256",
      { "%ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQ me@host\n" },
      "in OpenSSH's form" },
    { "RFC 4716 public key", "RS256", { "%---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n" }, "in OpenSSH's form" },
    { "DER", "RS256", { "%\x30\x82\x01\x22\x30\x0d" }, "perhaps DER" },
    { "UTF-16", "RS256", { "%\xff\xfe-\1" }, "UTF-16" },
    { "parameters alone",
      "ES256",
      { "%-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n" },
      "without a key" },
    { "foreign block", "RS256", { "%-----BEGIN NONSENSE-----\nAAAA\n-----END NONSENSE-----\n" }, "neither a key" },
    { "rubbish inside", "RS256", { "%-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n" }, "cannot read" },
    { "rubbish inside a certificate",
      "RS256",
      { "%-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" },
      "cannot read" },
    { "no end", "RS256", { "%-----BEGIN PUBLIC KEY-----\nAAAA\n" }, "PEM" },
    { "label of another type",
      "RS256",
      { "%-----BEGIN RSA PRIVATE KEY-----\n"
        "MC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n-----END RSA PRIVATE KEY-----\n" },
      "cannot read" },
    { "bad base64", "RS256", { "%-----BEGIN PUBLIC KEY-----\n****\n-----END PUBLIC KEY-----\n" }, "PEM" },
    { "a secret for RS256", "RS256", { "%0123456789012345678901234567890123456789" }, "neither PEM nor a JWK" },
    { "nothing for RS256", "RS256", { "%" }, "neither PEM nor a JWK" },
};

START_TEST(pem_is_judged)
{
    const char *text = "", *wrong;
    aj_key_t *key;
    int i;

    for (i = 0; i < 3 && pems[_i].parts[i] != NULL; i++) {
        const char *part = pems[_i].parts[i];

        text = apr_pstrcat(pool, text,
                           *part == '%' ? part + 1 : unit_file(apr_pstrcat(pool, "keys/", part, NULL), NULL), NULL);
    }
    wrong = unit_read(pems[_i].alg, text, strlen(text), NULL, &key);
    assert_row((wrong == NULL) == (pems[_i].wrong == NULL), pems[_i].name, "%s", wrong ? wrong : "accepted");
    if (wrong != NULL) {
        assert_row(strstr(wrong, pems[_i].wrong) != NULL, pems[_i].name, "%s", wrong);
    }
}
END_TEST

/* Cut anywhere, a key is refused; it never hangs, asks or leaves errors behind. */
START_TEST(a_truncated_pem_is_refused)
{
    apr_size_t len, cut;
    const char *text = unit_file("keys/ec-p256.pem", &len);
    aj_key_t *key;

    for (cut = 0; cut + 2 < len; cut += (apr_size_t)unit_step()) {
        ck_assert_ptr_nonnull(unit_read("ES256", text, cut, NULL, &key));
    }
    ck_assert_ptr_null(unit_read("ES256", text, len, NULL, &key));
}
END_TEST

START_TEST(line_ends_of_windows_are_fine)
{
    apr_size_t len;
    const char *text = unit_file("keys/ec-p256.pem", &len), *c;
    char *windows = apr_pcalloc(pool, 2 * len + 1), *end = windows;
    aj_key_t *key;

    for (c = text; *c != '\0'; c++) {
        if (*c == '\n') {
            *end++ = '\r';
        }
        *end++ = *c;
    }
    ck_assert_ptr_null(unit_read("ES256", windows, strlen(windows), NULL, &key));
}
END_TEST

START_TEST(encoding_is_for_secrets_alone)
{
    apr_size_t len;
    const char *text = unit_file("keys/rsa.pem", &len);
    aj_key_options_t options = { .alg = aj_alg_find("RS256"), .encoding = AJ_ENCODING_BASE64 };
    aj_key_t *key;

    ck_assert_ptr_nonnull(strstr(aj_key_read(&key, (const unsigned char *)text, len, &options, pool), "encoding="));
    text = unit_file("keys/rsa.jwk", &len);
    ck_assert_ptr_nonnull(strstr(aj_key_read(&key, (const unsigned char *)text, len, &options, pool), "encoding="));
    options.encoding = AJ_ENCODING_RAW;
    ck_assert_ptr_null(aj_key_read(&key, (const unsigned char *)text, len, &options, pool));
}
END_TEST

START_TEST(a_key_marked_verify_does_not_sign)
{
    apr_size_t len;
    const char *text = unit_file("keys/rsa.pem", &len);
    const aj_key_options_t options = { .alg = aj_alg_find("RS256"), .verify_only = 1 };
    unsigned char *sig;
    apr_size_t sig_len;
    aj_key_t *key;

    ck_assert_ptr_null(aj_key_read(&key, (const unsigned char *)text, len, &options, pool));
    ck_assert(!aj_key_can_sign(key));
    ck_assert(aj_key_is_secret(key));
    ck_assert_int_eq(aj_key_sign(key, "x", 1, pool, &sig, &sig_len), APR_EINVAL);
}
END_TEST

static const struct {
    const char *kid;
    const char *wrong;
} kids[] = {
    { "k1", NULL },         { "caf\xc3\xa9", NULL }, { "../../etc/passwd", NULL },
    { "", "kid is empty" }, { "\xff", "not UTF-8" }, { "\xc0\xaf", "not UTF-8" },
};

START_TEST(a_kid_must_be_writable_as_json)
{
    apr_size_t len;
    const char *text = unit_file("keys/ed25519-pub.pem", &len), *wrong;
    aj_key_t *key;

    wrong = unit_read("EdDSA", text, len, kids[_i].kid, &key);
    ck_assert_int_eq(wrong == NULL, kids[_i].wrong == NULL);
    if (wrong == NULL) {
        ck_assert_str_eq(aj_key_kid(key), kids[_i].kid);
    }
    else {
        ck_assert_ptr_nonnull(strstr(wrong, kids[_i].wrong));
    }
}
END_TEST

/* Whatever allocation of OpenSSL fails, there is a sentence or a whole key, and nothing in the error queue. */
static const struct {
    const char *alg;
    const char *file;
} sources[] = {
    { "EdDSA", "ed25519.jwk" },
    { "EdDSA", "ed25519-pub.pem" },
    { "ES256", "ec-p256-pub.jwk" },
    { "PS256", "rsa-pub.jwk" },
    { "HS256", NULL },
};

START_TEST(lost_memory_makes_no_half_key)
{
    apr_size_t len = strlen(unit_secret);
    const char *text =
        sources[_i].file == NULL ? unit_secret : unit_file(apr_pstrcat(pool, "keys/", sources[_i].file, NULL), &len);
    aj_key_t *key;
    int n, done = 0, refused = 0;

    /* What OpenSSL allocates once is not what is asked here. */
    ck_assert_ptr_null(unit_read(sources[_i].alg, text, len, NULL, &key));
    for (n = 1; !done; n += n < 50 ? 1 : unit_step()) {
        ck_assert_int_lt(n, 100000);
        unit_fail_allocation(n);
        refused += unit_read(sources[_i].alg, text, len, NULL, &key) != NULL;
        done = unit_allocations_left() > 0;
        unit_fail_allocation(0);
    }
    ck_assert_int_gt(refused, 0);
    ck_assert_ptr_nonnull(key);
}
END_TEST

START_TEST(a_huge_source_is_no_key)
{
    apr_size_t len = 2 * 1024 * 1024;
    aj_key_t *key;

    ck_assert_ptr_nonnull(strstr(unit_read("HS256", memset(apr_palloc(pool, len), 'x', len), len, NULL, &key), "1 MB"));
}
END_TEST

Suite *suite_key(void)
{
    Suite *suite = suite_create("aj_key");
    TCase *tcase = unit_case(suite, "pem");

    tcase_add_loop_test(tcase, every_form_of_a_key_is_the_same_key, 0, ALL_ALGS);
    tcase_add_loop_test(tcase, pem_is_judged, 0, ROWS(pems));
    tcase_add_test(tcase, a_truncated_pem_is_refused);
    tcase_add_test(tcase, line_ends_of_windows_are_fine);
    tcase_add_test(tcase, encoding_is_for_secrets_alone);
    tcase_add_test(tcase, a_key_marked_verify_does_not_sign);
    tcase_add_loop_test(tcase, a_kid_must_be_writable_as_json, 0, ROWS(kids));
    tcase_add_loop_test(tcase, lost_memory_makes_no_half_key, 0, ROWS(sources));
    tcase_add_test(tcase, a_huge_source_is_no_key);
    return suite;
}
