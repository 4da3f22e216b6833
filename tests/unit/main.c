/* SPDX-License-Identifier: Apache-2.0 */
/* Runs every suite; the exit status says whether all passed. */
#include <stdio.h>
#include <stdlib.h>

#include <openssl/crypto.h>

#include "unit.h"

apr_pool_t *pool;

const char unit_secret[65] = "0123456789abcdefghijklmnopqrstuvwxyz-0123456789ABCDEFGHIJKLMNOPQ";

/* By position in the table of algorithms; read before the first test, and so before Check forks. */
static aj_key_t *signers[16];

/* Allocations until the one that fails; 0: none will. */
static int countdown;

static int fails_now(void)
{
    return countdown > 0 && --countdown == 0;
}

static void *counted_malloc(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return size == 0 || fails_now() ? NULL : malloc(size);
}

static void *counted_realloc(void *old, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    if (size == 0) {
        free(old);
        return NULL;
    }
    return fails_now() ? NULL : realloc(old, size);
}

static void counted_free(void *old, const char *file, int line)
{
    (void)file;
    (void)line;
    free(old);
}

void unit_fail_allocation(int n)
{
    countdown = n;
}

int unit_allocations_left(void)
{
    return countdown;
}

int unit_step(void)
{
    const char *text = getenv("UNIT_STEP");
    int step = text == NULL ? 1 : atoi(text);

    return step > 0 ? step : 1;
}

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
    ERR_clear_error();
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
}

const aj_key_t *unit_signer(const aj_alg_t *alg)
{
    int i;

    for (i = 0; aj_alg_at(i) != alg; i++) {
        ck_assert_int_lt(i, ROWS(signers));
    }
    return signers[i];
}

/* Runs in the process that forks the tests; its keys live as long as that does. */
static void read_signers(void)
{
    int i;

    if (signers[0] != NULL) {
        return;
    }
    apr_pool_create(&pool, NULL);
    for (i = 0; aj_alg_at(i) != NULL; i++) {
        const char *stem = unit_stem(aj_alg_at(i));

        signers[i] =
            unit_key(aj_alg_at(i)->name, stem == NULL ? unit_secret : apr_pstrcat(pool, stem, ".pem", NULL), NULL);
    }
}

TCase *unit_case(Suite *suite, const char *name)
{
    TCase *tcase = tcase_create(name);

    tcase_add_unchecked_fixture(tcase, read_signers, NULL);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    /* Valgrind is slow; a test that hangs is still ended. */
    tcase_set_timeout(tcase, 600);
    suite_add_tcase(suite, tcase);
    return tcase;
}

const char *unit_file(const char *name, apr_size_t *len)
{
    const char *path = apr_pstrcat(pool, "../vectors/", name, NULL);
    FILE *file = fopen(path, "rb");
    char *text;
    long size;

    ck_assert_msg(file != NULL, "%s cannot be read: run from tests/unit", path);
    fseek(file, 0, SEEK_END);
    size = ftell(file);
    rewind(file);
    text = apr_pcalloc(pool, (apr_size_t)size + 1);
    ck_assert_uint_eq(fread(text, 1, (size_t)size, file), size);
    fclose(file);
    if (len != NULL) {
        *len = (apr_size_t)size;
    }
    return text;
}

const json_t *unit_json(const char *name)
{
    apr_size_t len;
    const char *text = unit_file(name, &len);

    return aj_json_own(json_loadb(text, len, 0, NULL), pool);
}

const char *unit_read(const char *alg, const char *bytes, apr_size_t len, const char *kid, aj_key_t **key)
{
    const aj_key_options_t options = { .alg = aj_alg_find(alg), .kid = kid };
    const char *wrong;

    ck_assert_ptr_nonnull(options.alg);
    *key = NULL;
    wrong = aj_key_read(key, (const unsigned char *)bytes, len, &options, pool);
    ck_assert_msg((wrong == NULL) == (*key != NULL), "a sentence or a key, never both: %s", wrong ? wrong : "none");
    assert_no_openssl_error();
    return wrong;
}

aj_key_t *unit_key(const char *alg, const char *source, const char *kid)
{
    aj_key_t *key;
    apr_size_t len = strlen(source);
    const char *text = source;
    const char *wrong;

    if (strstr(source, ".pem") != NULL || strstr(source, ".jwk") != NULL) {
        text = unit_file(apr_pstrcat(pool, "keys/", source, NULL), &len);
    }
    wrong = unit_read(alg, text, len, kid, &key);
    ck_assert_msg(wrong == NULL, "%s as %s %s", source, alg, wrong ? wrong : "");
    return key;
}

aj_keyset_t *unit_ring(const aj_key_t *a, const aj_key_t *b, const aj_key_t *c)
{
    const aj_key_t *keys[3] = { a, b, c };
    aj_keyset_t *ring = aj_keyset_make(pool);
    int i;

    for (i = 0; i < 3; i++) {
        ck_assert(keys[i] == NULL || aj_keyset_add(ring, keys[i]) == NULL);
    }
    return ring;
}

const char *unit_token(const aj_key_t *key, const char *header, const char *payload)
{
    const char *input = apr_pstrcat(pool, aj_base64url_encode((const unsigned char *)header, strlen(header), pool), ".",
                                    aj_base64url_encode((const unsigned char *)payload, strlen(payload), pool), NULL);
    unsigned char *sig;
    apr_size_t sig_len;

    ck_assert_int_eq(aj_key_sign(key, input, strlen(input), pool, &sig, &sig_len), APR_SUCCESS);
    return apr_pstrcat(pool, input, ".", aj_base64url_encode(sig, sig_len, pool), NULL);
}

aj_error_e unit_verify(const char *token, const aj_keyset_t *ring, const char **detail)
{
    aj_jws_t jws;
    const char *why;
    aj_error_e verdict = aj_jws_parse(token, strlen(token), pool, &jws, &why);

    if (verdict == AJ_OK) {
        verdict = aj_jws_verify(&jws, ring, pool, NULL, &why);
    }
    assert_no_openssl_error();
    if (detail != NULL) {
        *detail = why;
    }
    return verdict;
}

const char *unit_stem(const aj_alg_t *alg)
{
    if (alg->kty == AJ_KTY_RSA) {
        return "rsa";
    }
    if (alg->kty == AJ_KTY_OKP) {
        return "ed25519";
    }
    if (alg->kty == AJ_KTY_OCT) {
        return NULL;
    }
    return strcmp(alg->name, "ES256") == 0 ? "ec-p256"
         : strcmp(alg->name, "ES384") == 0 ? "ec-p384"
         : strcmp(alg->name, "ES512") == 0 ? "ec-p521"
                                           : "ec-k256";
}

int main(void)
{
    SRunner *runner;
    int failed;

    /* Before OpenSSL's first allocation, or not at all. */
    if (!CRYPTO_set_mem_functions(counted_malloc, counted_realloc, counted_free)) {
        fputs("OpenSSL has allocated already\n", stderr);
        return EXIT_FAILURE;
    }
    apr_initialize();
    runner = srunner_create(suite_error());
    srunner_add_suite(runner, suite_base64url());
    srunner_add_suite(runner, suite_json());
    srunner_add_suite(runner, suite_json_read());
    srunner_add_suite(runner, suite_digest());
    srunner_add_suite(runner, suite_alg());
    srunner_add_suite(runner, suite_key());
    srunner_add_suite(runner, suite_key_jwk());
    srunner_add_suite(runner, suite_key_secret());
    srunner_add_suite(runner, suite_key_sign());
    srunner_add_suite(runner, suite_key_derive());
    srunner_add_suite(runner, suite_keyset());
    srunner_add_suite(runner, suite_jwks());
    srunner_add_suite(runner, suite_jws());
    srunner_add_suite(runner, suite_claims());
    srunner_add_suite(runner, suite_claims_variables());
    srunner_add_suite(runner, suite_jwt());
    srunner_add_suite(runner, suite_claims_pack());
    srunner_add_suite(runner, suite_record());
    srunner_add_suite(runner, suite_siphash());
    srunner_add_suite(runner, suite_cache_ring());
    srunner_add_suite(runner, suite_throttle());
    srunner_add_suite(runner, suite_vectors());
    srunner_add_suite(runner, suite_valkey_args());
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    apr_terminate();
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
