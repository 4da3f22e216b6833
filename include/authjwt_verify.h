/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_verify: judge the token of a request: form, signature, claims, revocation. One sentence in the log, one
 * refusal to the client. */
#ifndef AUTHJWT_VERIFY_H
#define AUTHJWT_VERIFY_H

#include <httpd.h>
#include <apr_tables.h>
#include "aj_claims.h"
#include "authjwt_verdict.h"

/** What is wanted of the token. */
typedef struct {
    unsigned types;    /**< mask of aj_token_type_e */
    int allow_expired; /**< genuine but expired is good enough (logout) */
} authjwt_wanted_t;

/**
 * Judge tokens. The first that is genuine, in time and not revoked wins; else the refusal is that of the first, or of
 * one that has expired or been revoked.
 * @param tokens  `const char *` array, or NULL for "the request carries none"
 * @param claims  set on AUTHJWT_OK, owned by r->pool
 * @return AUTHJWT_OK, or why not (logged)
 */
authjwt_verdict_e authjwt_verify(request_rec *r, const apr_array_header_t *tokens, const authjwt_wanted_t *wanted,
                                 const aj_claims_t **claims) AUTHJWT_MUST_USE;

/**
 * The same, for all of them.
 * @param claims  set: `const aj_claims_t *` array of those that are good, owned by r->pool
 * @return AUTHJWT_OK when any is good
 */
authjwt_verdict_e authjwt_verify_all(request_rec *r, const apr_array_header_t *tokens, const authjwt_wanted_t *wanted,
                                     apr_array_header_t **claims) AUTHJWT_MUST_USE;

#endif
