/* SPDX-License-Identifier: Apache-2.0 */
/* A token that was judged before: what may have changed since is the time. */
#include "aj_claims_private.h"
#include "aj_jwt.h"

int aj_jwt_recall(const aj_jwt_policy_t *policy, const char *token, const void *block, apr_time_t now, apr_pool_t *pool,
                  const aj_claims_t **claims)
{
    const aj_claims_t *known = aj_claims_unpack(block, token, pool);

    if (aj_claims_is_over(known->expires, policy->leeway, now)
        || aj_claims_is_ahead(known->not_before, policy->leeway, now)
        || aj_claims_is_ahead(known->issued, policy->leeway, now)) {
        return 0;
    }
    *claims = known;
    return 1;
}
