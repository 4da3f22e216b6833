/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_revocation: the ids of the entries that can end a token. */
#include <httpd.h>

#include "authjwt_config_values.h"
#include "authjwt_entry_private.h"
#include "authjwt_revocation_private.h"

/* The same by the identity claim in effect. @return 0 where that is `sub` itself */
int authjwt_revocation_has_other_identity(request_rec *r)
{
    return strcmp(authjwt_config_identity_claim(authjwt_config_dir(r)), "sub") != 0;
}

apr_status_t authjwt_revocation_identity_id(request_rec *r, const char *issuer, const char *identity,
                                            authjwt_store_id_t *id)
{
    return authjwt_revocation_claimed_id(issuer, authjwt_config_identity_claim(authjwt_config_dir(r)), identity,
                                         r->pool, id);
}

apr_status_t authjwt_revocation_ids(request_rec *r, const aj_claims_t *claims, authjwt_revocation_ids_t *ids)
{
    const char *issuer = authjwt_entry_issuer(claims);
    const char *subject = aj_claims_text_of(claims, "sub", r->pool);
    apr_status_t rv = authjwt_revocation_token_id(claims, r->pool, &ids->id[0]);
    int has_origin = authjwt_revocation_origin_id(claims, r->pool, &ids->id[1]);
    apr_time_t birth = authjwt_revocation_birth_in_sid(claims);

    ids->count = has_origin ? 2 : 1;
    if (rv == APR_SUCCESS && subject) {
        rv = authjwt_revocation_subject_id(issuer, subject, r->pool, &ids->id[ids->count++]);
    }
    if (rv == APR_SUCCESS && authjwt_revocation_has_other_identity(r)) {
        rv = authjwt_revocation_identity_id(r, issuer, aj_claims_identity(claims), &ids->id[ids->count++]);
    }
    ids->issued = aj_claims_issued(claims);
    ids->began = birth ? birth : ids->issued;
    ids->is_foreign = authjwt_revocation_is_foreign_session(claims);
    ids->is_sid = birth != 0;
    ids->knows_instant = birth && !has_origin;
    return rv;
}
