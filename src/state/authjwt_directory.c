/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_directory: the list of a user's sessions. */
#include <httpd.h>

#include "authjwt_directory.h"
#include "authjwt_revocation.h"

int authjwt_directory_is_on(const server_rec *s)
{
    (void)s;
    return 0;
}

apr_status_t authjwt_directory_list(request_rec *r, const char *issuer, const char *user, apr_array_header_t **records)
{
    (void)r, (void)issuer, (void)user, (void)records;
    return APR_ENOTIMPL;
}

int authjwt_directory_is_of(const authjwt_record_t *record, const aj_claims_t *claims, apr_pool_t *pool)
{
    authjwt_store_id_t id;

    return authjwt_revocation_token_id(claims, pool, &id) == APR_SUCCESS
        && !memcmp(id.bytes, record->id.bytes, sizeof(id.bytes));
}
