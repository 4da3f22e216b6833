/* SPDX-License-Identifier: Apache-2.0 */
/* aj_claims_private: how claims are made. Only aj_jwt and aj_claims include it. */
#ifndef AJ_CLAIMS_PRIVATE_H
#define AJ_CLAIMS_PRIVATE_H

#include "aj_claims.h"
#include "aj_digest.h"

struct aj_claims_t {
    const json_t *object;
    const char *identity;
    const aj_key_t *key;
    aj_token_type_e type;
    apr_time_t expires;
    apr_time_t issued;          /**< 0 when absent */
    apr_time_t session_expires; /**< 0 when absent */
    unsigned char token_hash[AJ_SHA256_BYTES];
};

/** Read a NumericDate (RFC 7519 2) in microseconds. @return 0 when the value is none, or beyond the year 9999 */
int aj_claims_read_date(const json_t *value, apr_time_t *out);

#endif
