/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_session: what follows from a refresh token: its session, and the ids of its successor. */
#include <httpd.h>
#include <apr_strings.h>

#include "aj_base64url.h"
#include "aj_digest.h"
#include "authjwt_config.h"
#include "authjwt_revocation.h"
#include "authjwt_session_private.h"

/* What the key that successors are derived with is for (RFC 5869 `info`). */
#define SUCCESSOR_LABEL "mod_authjwt successor"

/* The time of birth is finer than iat, so that a login right after the end of all sessions is told from those. */
const char *authjwt_session_sid_born(apr_time_t birth, const char *id, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%016" APR_TIME_T_FMT "-%s", birth, id);
}

/* An id that follows from others: all hosts that share the key derive the same, and nobody else can. */
static const char *derive_id(const aj_key_t *secret, const char *purpose, const char *sid, const char *jti,
                             apr_pool_t *pool)
{
    unsigned char key[AJ_SHA256_BYTES];
    unsigned char mac[AJ_SHA256_BYTES];
    const char *text = apr_pstrcat(pool, purpose, "\n", sid, "\n", jti, NULL);
    apr_status_t rv = aj_key_derive(secret, SUCCESSOR_LABEL, key, sizeof(key));

    if (rv == APR_SUCCESS) {
        rv = aj_hmac_sha256(key, sizeof(key), text, strlen(text), mac);
    }
    aj_wipe(key, sizeof(key));
    return rv == APR_SUCCESS ? aj_base64url_encode(mac, 24, pool) : NULL;
}

const char *authjwt_session_token_name(const aj_claims_t *refresh, apr_pool_t *pool)
{
    const char *jti = aj_claims_string(refresh, "jti");

    return jti ? jti : aj_base64url_encode(aj_claims_token_hash(refresh), AJ_SHA256_BYTES, pool);
}

const char *authjwt_session_sid_of(const aj_claims_t *refresh, const aj_key_t *secret, apr_pool_t *pool)
{
    const char *sid = aj_claims_string(refresh, "sid");
    const char *id;

    if (sid && !authjwt_revocation_is_foreign_session(refresh)) {
        return sid;
    }
    id = derive_id(secret, "sid", sid ? sid : "", authjwt_session_token_name(refresh, pool), pool);
    return id && sid ? authjwt_session_sid_born(aj_claims_issued(refresh), id, pool) : id;
}

const char *authjwt_session_issuer_of(request_rec *r, const aj_claims_t *refresh)
{
    const char *ours = authjwt_config_server(r->server)->issuer;

    return ours || !aj_claims_session_expires(refresh) ? ours : aj_claims_string(refresh, "iss");
}

const aj_key_t *authjwt_session_deriving_key(request_rec *r, const aj_claims_t *refresh)
{
    return aj_key_is_secret(aj_claims_key(refresh)) ? aj_claims_key(refresh) : authjwt_session_signer(r);
}

apr_time_t authjwt_session_end_of(const aj_claims_t *refresh)
{
    apr_time_t ends = aj_claims_session_expires(refresh);

    return ends ? ends : aj_claims_expires(refresh);
}

authjwt_keep_e authjwt_session_keep_of(const aj_claims_t *refresh)
{
    const json_t *value = aj_claims_session_expires(refresh) ? aj_claims_get(refresh, AUTHJWT_CLAIM_REMEMBER) : NULL;

    if (!json_is_boolean(value)) {
        return AUTHJWT_KEEP_AS_SET;
    }
    return json_is_true(value) ? AUTHJWT_KEEP_YES : AUTHJWT_KEEP_NO;
}

const char *authjwt_session_derive(const aj_key_t *secret, const char *purpose, const authjwt_session_t *session,
                                   const aj_claims_t *refresh, apr_pool_t *pool)
{
    return derive_id(secret, purpose, session->sid, authjwt_session_token_name(refresh, pool), pool);
}
