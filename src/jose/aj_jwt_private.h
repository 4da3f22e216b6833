/* SPDX-License-Identifier: Apache-2.0 */
/* aj_jwt_private: what the checks of one token share. Only aj_jwt includes it. */
#ifndef AJ_JWT_PRIVATE_H
#define AJ_JWT_PRIVATE_H

#include "aj_claims_private.h"
#include "aj_jwt.h"

/** One token that is judged. */
typedef struct {
    const aj_jwt_policy_t *policy;
    apr_time_t now;
    apr_pool_t *pool;
    aj_claims_t *claims;
    const char *detail;
} aj_judge_t;

/** A claim by its literal name. @return NULL when absent */
const aj_node_t *aj_judge_claim(const aj_judge_t *judge, const char *name);

/** The string that a claim is. @param node  may be NULL @return NULL when it is none */
const char *aj_judge_string(const aj_judge_t *judge, const aj_node_t *node);

/** Check the claims of a token whose signature is good, one after the other. @return AJ_OK, or of the first that fails
 */
aj_error_e aj_judge_claims(aj_judge_t *judge) AJ_MUST_USE;

#endif
