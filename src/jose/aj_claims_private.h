/* SPDX-License-Identifier: Apache-2.0 */
/* aj_claims_private: how claims are made. Only aj_jwt and aj_claims include it. */
#ifndef AJ_CLAIMS_PRIVATE_H
#define AJ_CLAIMS_PRIVATE_H

#include "aj_claims.h"
#include "aj_digest.h"
#include "aj_json_read.h"

/** What is made when it is first asked for. */
typedef struct {
    apr_pool_t *pool;
    json_t **values;          /**< by index of node: what jansson has made of it; NULL until one is asked for */
    aj_variable_t *variables; /**< NULL until they are asked for */
    int variable_count;
    int is_hashed;
    unsigned char token_hash[AJ_SHA256_BYTES];
} aj_claims_lazy_t;

struct aj_claims_t {
    aj_json_doc_t doc;
    apr_size_t text_len; /**< bytes of doc.text */
    aj_claims_lazy_t *lazy;
    const char *signed_text; /**< header '.' payload as sent */
    apr_size_t signed_len;
    const char *identity;
    const aj_key_t *key;
    aj_token_type_e type;
    apr_time_t expires;
    apr_time_t not_before;      /**< 0 when absent */
    apr_time_t issued;          /**< 0 when absent */
    apr_time_t session_expires; /**< 0 when absent */
};

/** Read a NumericDate (RFC 7519 2) in microseconds. @return 0 when the value is none, or beyond the year 9999 */
int aj_claims_read_date(const aj_node_t *value, apr_time_t *out);

/** Is a token over whose `exp` is this (RFC 7519 4.1.4)? */
int aj_claims_is_over(apr_time_t expires, apr_interval_time_t leeway, apr_time_t now);

/** Does an `nbf` or `iat` lie in the future (RFC 7519 4.1.5, 4.1.6)? */
int aj_claims_is_ahead(apr_time_t date, apr_interval_time_t leeway, apr_time_t now);

/** Claims from what aj_claims_pack has written. @param block  must live as long as the claims @param token  likewise */
const aj_claims_t *aj_claims_unpack(const void *block, const char *token, apr_pool_t *pool);

#endif
