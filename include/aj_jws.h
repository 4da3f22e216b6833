/* SPDX-License-Identifier: Apache-2.0 */
/* aj_jws: compact serialization: take apart, verify, sign (RFC 7515). */
#ifndef AJ_JWS_H
#define AJ_JWS_H

#include <apr_pools.h>
#include <jansson.h>
#include "aj_keyset.h"
#include "aj_observer.h"

/** Longest token that is looked at, in bytes. */
#define AJ_JWS_MAX_LENGTH 16384

/** A JWS whose form is right and whose signature nobody has checked. Nothing of it may be believed. */
typedef struct {
    const char *alg;           /**< of the header, escaped nowhere: untrusted */
    const char *kid;           /**< of the header, or NULL; untrusted */
    const char *signing_input; /**< header '.' payload as sent */
    apr_size_t signing_input_len;
    const unsigned char *signature;
    apr_size_t signature_len;
    char *payload; /**< decoded, NUL follows; may be empty; aj_json_read may have it */
    apr_size_t payload_len;
} aj_jws_t;

/**
 * Take a compact JWS apart: length, three segments, strict base64url, header one JSON object without duplicates,
 * `alg` a string, `kid` absent or a string, no `crit`, `typ` absent, JWT or at+jwt. Members that carry or point to keys
 * are ignored (RFC 8725 3.10).
 * @param detail  set on failure where there is more to say, else NULL; printable ASCII of at most about 100 bytes
 * @return AJ_OK, or why not
 */
aj_error_e aj_jws_parse(const char *token, apr_size_t len, apr_pool_t *pool, aj_jws_t *jws,
                        const char **detail) AJ_MUST_USE;

/** The same, and an observer sees each check. @param observer  NULL: nobody looks */
aj_error_e aj_jws_parse_observed(const char *token, apr_size_t len, apr_pool_t *pool, aj_jws_t *jws,
                                 const char **detail, const aj_observer_t *observer) AJ_MUST_USE;

/**
 * Verify with the one key of the ring that fits. The algorithm is the key's, never the token's.
 * @param key     set on success or on AJ_E_SIGNATURE*: the key that was used; may be NULL if not wanted
 * @param detail  as aj_jws_parse; untrusted alg and kid appear escaped and cut to 64 bytes
 * @return AJ_OK, or why not
 */
aj_error_e aj_jws_verify(const aj_jws_t *jws, const aj_keyset_t *ring, apr_pool_t *pool, const aj_key_t **key,
                         const char **detail) AJ_MUST_USE;

/** The same, and an observer sees each check. @param observer  NULL: nobody looks */
aj_error_e aj_jws_verify_observed(const aj_jws_t *jws, const aj_keyset_t *ring, apr_pool_t *pool, const aj_key_t **key,
                                  const char **detail, const aj_observer_t *observer) AJ_MUST_USE;

/**
 * Make a compact JWS with header {"typ":"JWT","alg":…[,"kid":…]}.
 * @param compact  set on success, owned by pool
 * @return as aj_key_sign
 */
apr_status_t aj_jws_sign(const aj_key_t *key, const char *payload, apr_size_t payload_len, apr_pool_t *pool,
                         const char **compact) AJ_MUST_USE;

#endif
