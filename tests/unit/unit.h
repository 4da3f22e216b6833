/* SPDX-License-Identifier: Apache-2.0 */
/* unit: what the unit tests share. */
#ifndef UNIT_H
#define UNIT_H

#include <check.h>
#include <string.h>

#include <apr_general.h>
#include <apr_pools.h>
#include <apr_strings.h>
#include <apr_tables.h>
#include <jansson.h>
#include <openssl/err.h>

#include "aj_alg.h"
#include "aj_base64url.h"
#include "aj_claims.h"
#include "aj_digest.h"
#include "aj_error.h"
#include "aj_json.h"
#include "aj_jws.h"
#include "aj_jwt.h"
#include "aj_key.h"
#include "aj_keyset.h"

/** Rows of the table of algorithms. */
#define UNIT_ALGS 15

#define ROWS(table) ((int)(sizeof(table) / sizeof((table)[0])))

/** Nothing of ours stays in the thread's error queue. */
#define assert_no_openssl_error() ck_assert_uint_eq(ERR_peek_error(), 0)

/** Says which row of a table failed. */
#define assert_row(condition, name, ...) \
    ck_assert_msg(condition, "row \"%s\": %s", name, apr_psprintf(pool, __VA_ARGS__))

/** Pool of the running test. */
extern apr_pool_t *pool;

/** A test case whose tests have a pool. @return it, already in the suite */
TCase *unit_case(Suite *suite, const char *name);

/** Content of a file below tests/vectors. */
const char *unit_file(const char *name, apr_size_t *len);

/** JSON of a file below tests/vectors. */
const json_t *unit_json(const char *name);

/** Read a key from bytes. @return the sentence, NULL on success */
const char *unit_read(const char *alg, const char *bytes, apr_size_t len, const char *kid, aj_key_t **key);

/** Read a key that must be good: a file of tests/vectors/keys, or any other text as a secret. */
aj_key_t *unit_key(const char *alg, const char *source, const char *kid);

/** The private key of an algorithm, read once for all tests: checking an RSA key takes long. */
const aj_key_t *unit_signer(const aj_alg_t *alg);

/** A ring of the keys that are not NULL. */
aj_keyset_t *unit_ring(const aj_key_t *a, const aj_key_t *b, const aj_key_t *c);

/** Sign a token whose header and payload are any text, with any key that can sign. */
const char *unit_token(const aj_key_t *key, const char *header, const char *payload);

/** Parse and verify. */
aj_error_e unit_verify(const char *token, const aj_keyset_t *ring, const char **detail);

/** Name of the private key's file that fits an algorithm, without suffix; NULL for HS. */
const char *unit_stem(const aj_alg_t *alg);

/** 64 bytes of text, long enough for every HS algorithm. */
extern const char unit_secret[65];

/** Stride of the long loops: 1, or UNIT_STEP of the environment, for runs under valgrind. */
int unit_step(void);

/** From now on let OpenSSL's n-th allocation fail; 0: none. */
void unit_fail_allocation(int n);

/** How many allocations are left until the failing one; 0 when it has happened. */
int unit_allocations_left(void);

Suite *suite_error(void);
Suite *suite_base64url(void);
Suite *suite_json(void);
Suite *suite_json_read(void);
Suite *suite_digest(void);
Suite *suite_alg(void);
Suite *suite_key(void);
Suite *suite_key_jwk(void);
Suite *suite_key_secret(void);
Suite *suite_key_sign(void);
Suite *suite_key_derive(void);
Suite *suite_keyset(void);
Suite *suite_jwks(void);
Suite *suite_jws(void);
Suite *suite_claims(void);
Suite *suite_claims_variables(void);
Suite *suite_jwt(void);
Suite *suite_claims_pack(void);
Suite *suite_record(void);
Suite *suite_siphash(void);
Suite *suite_cache_ring(void);
Suite *suite_throttle(void);
Suite *suite_vectors(void);
Suite *suite_valkey_args(void);

#endif
