/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_session: the claims of a token, and its signature. */
#include <httpd.h>
#include <http_log.h>
#include <apr_strings.h>

#include "aj_digest.h"
#include "aj_json.h"
#include "aj_jws.h"
#include "aj_jwt.h"
#include "authjwt_chain.h"
#include "authjwt_config.h"
#include "authjwt_config_values.h"
#include "authjwt_keys.h"
#include "authjwt_revocation.h"
#include "authjwt_session_private.h"

APLOG_USE_MODULE(authjwt);

authjwt_verdict_e authjwt_session_failed(request_rec *r, const char *what)
{
    ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "AJ1501: no token issued: %s", what);
    return AUTHJWT_FAILED;
}

/* A claim's value: the string when there is one, an array when several (RFC 7519 4.1.3 for aud), NULL for none. */
json_t *authjwt_session_one_or_many(const apr_array_header_t *strings, apr_pool_t *pool)
{
    json_t *array;
    int i;

    if (!strings || !strings->nelts) {
        return NULL;
    }
    if (strings->nelts == 1) {
        return aj_json_own(json_string(APR_ARRAY_IDX(strings, 0, const char *)), pool);
    }
    array = aj_json_own(json_array(), pool);
    for (i = 0; i < strings->nelts; i++) {
        json_array_append_new(array, json_string(APR_ARRAY_IDX(strings, i, const char *)));
    }
    return array;
}

/* Roles are issued under the first name of AuthJWTRoleClaim that is no JSON Pointer. */
const char *authjwt_session_role_claim(const request_rec *r)
{
    const apr_array_header_t *names = authjwt_config_role_claims(authjwt_config_dir(r));
    int i;

    for (i = 0; i < names->nelts; i++) {
        if (APR_ARRAY_IDX(names, i, const char *)[0] != '/') {
            return APR_ARRAY_IDX(names, i, const char *);
        }
    }
    return "role";
}

static json_t *make_claims(request_rec *r, const authjwt_session_t *session, const authjwt_issue_t *what,
                           const char *jti, apr_time_t expires)
{
    const authjwt_server_conf_t *server = authjwt_config_server(r->server);
    const char *identity = authjwt_config_identity_claim(authjwt_config_dir(r));
    json_t *claims = aj_json_own(json_object(), r->pool);
    json_t *audience = authjwt_session_one_or_many(server->audiences, r->pool);

    if (session->issuer) {
        json_object_set_new(claims, "iss", json_string(session->issuer));
    }
    if (audience) {
        json_object_set(claims, "aud", audience);
    }
    json_object_set_new(claims, "sub", json_string(session->user));
    if (*identity != '/') {
        json_object_set_new(claims, identity, json_string(session->user));
    }
    json_object_set_new(claims, "iat", json_integer(apr_time_sec(what->issued)));
    json_object_set_new(claims, "nbf", json_integer(apr_time_sec(what->issued)));
    json_object_set_new(claims, "exp", json_integer(apr_time_sec(expires)));
    json_object_set_new(claims, "jti", json_string(jti));
    json_object_set_new(claims, "type", json_string(what->type == AJ_TYPE_ACCESS ? "access" : "refresh"));
    json_object_set_new(claims, "fresh", json_boolean(what->fresh));
    json_object_set_new(claims, "sid", json_string(session->sid));
    json_object_set_new(claims, "sid_exp", json_integer(apr_time_sec(session->ends)));
    if (session->generation) {
        json_object_set_new(claims, AUTHJWT_CLAIM_GENERATION, json_integer(session->generation));
    }
    if (session->origin) {
        json_object_set_new(claims, AUTHJWT_CLAIM_ORIGIN, json_string(session->origin));
    }
    if (what->type == AJ_TYPE_REFRESH && session->keep != AUTHJWT_KEEP_AS_SET) {
        json_object_set_new(claims, AUTHJWT_CLAIM_REMEMBER, json_boolean(session->keep == AUTHJWT_KEEP_YES));
    }
    if (what->type == AJ_TYPE_ACCESS && session->is_idle) {
        json_object_set_new(claims, AUTHJWT_CLAIM_IDLE, json_true());
    }
    if (what->csrf) {
        json_object_set_new(claims, "csrf", json_string(what->csrf));
    }
    if (session->roles) {
        json_object_set(claims, authjwt_session_role_claim(r), session->roles);
    }
    /* Whatever the names of AuthJWTRoleClaim and AuthJWTIdentityClaim are, what was set above stays. */
    json_object_update_missing(claims, session->extra);
    return claims;
}

const aj_key_t *authjwt_session_signer(request_rec *r)
{
    const aj_keyset_t *ring = authjwt_keys_ring(r, NULL);

    return ring ? aj_keyset_signer(ring) : NULL;
}

apr_time_t authjwt_session_idle_end(request_rec *r, authjwt_keep_e keep, apr_time_t used)
{
    apr_interval_time_t idle = authjwt_config_session_idle(authjwt_config_dir(r));

    return idle && keep != AUTHJWT_KEEP_YES
             ? used + authjwt_config_access_expires(authjwt_config_server(r->server)) + idle
             : 0;
}

static apr_time_t earlier(apr_time_t one, apr_time_t other)
{
    return one < other ? one : other;
}

static apr_time_t access_end(request_rec *r, const authjwt_session_t *session, const authjwt_issue_t *what)
{
    apr_time_t end = what->issued + authjwt_config_access_expires(authjwt_config_server(r->server));

    return session->is_idle ? earlier(end, session->idle_ends) : end;
}

/* That of somebody who wants to stay signed in lives as long as the session. */
static apr_time_t refresh_end(request_rec *r, const authjwt_session_t *session, const authjwt_issue_t *what)
{
    apr_time_t end = what->issued + authjwt_config_refresh_expires(authjwt_config_server(r->server));
    apr_time_t idle = authjwt_session_idle_end(r, session->keep, what->issued);

    if (session->keep == AUTHJWT_KEEP_YES) {
        return session->ends;
    }
    return idle ? earlier(end, idle) : end;
}

/* With the session at the latest. */
static apr_time_t end_of(request_rec *r, const authjwt_session_t *session, const authjwt_issue_t *what)
{
    return earlier(session->ends,
                   what->type == AJ_TYPE_ACCESS ? access_end(r, session, what) : refresh_end(r, session, what));
}

authjwt_verdict_e authjwt_session_issue(request_rec *r, const authjwt_session_t *session, const authjwt_issue_t *what,
                                        const char **token, apr_time_t *expires)
{
    const aj_key_t *signer = authjwt_session_signer(r);
    const char *jti = what->jti ? what->jti : aj_random_id(r->pool);
    apr_time_t end = end_of(r, session, what);

    if (!signer) {
        return authjwt_session_failed(r, "no key of this server can sign");
    }
    if (!jti || aj_jwt_issue(signer, make_claims(r, session, what, jti, end), r->pool, token) != APR_SUCCESS) {
        return authjwt_session_failed(r, "signing failed");
    }
    if (strlen(*token) > AJ_JWS_MAX_LENGTH) {
        return authjwt_session_failed(
            r, "it would be longer than any token that is accepted; drop claims (AuthJWTGrantRole, AuthJWTClaim)");
    }
    if (expires) {
        *expires = end;
    }
    return AUTHJWT_OK;
}
