/* authjwt_verify: judge the token of a request: form, signature, claims, revocation. One sentence in the log, one
 * refusal to the client. */
#ifndef AUTHJWT_VERIFY_H
#define AUTHJWT_VERIFY_H

#include <httpd.h>
#include <apr_tables.h>
#include "aj_claims.h"

/** What is wanted of the token. */
typedef struct {
    unsigned types;    /**< mask of aj_token_type_e */
    int allow_expired; /**< genuine but expired is good enough (logout) */
} authjwt_verify_t;

/**
 * Judge tokens; the first that verifies wins, else the refusal is that of the first.
 * @param tokens  `const char *` array, or NULL for "the request carries none"
 * @param claims  set on OK, owned by r->pool
 * @return OK, or an HTTP status to return, the answer being prepared and the reason logged
 */
int authjwt_verify(request_rec *r, const apr_array_header_t *tokens, const authjwt_verify_t *wanted,
                   const aj_claims_t **claims);

#endif
