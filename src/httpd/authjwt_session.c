/* authjwt_session: issue the tokens of a session, renew, end. */
#include <httpd.h>
#include <http_log.h>
#include <apr_strings.h>

#include "aj_base64url.h"
#include "aj_digest.h"
#include "aj_json.h"
#include "aj_jwt.h"
#include "authjwt_config.h"
#include "authjwt_keys.h"
#include "authjwt_reply.h"
#include "authjwt_revocation.h"
#include "authjwt_session.h"

APLOG_USE_MODULE(authjwt);

#define RANDOM_BYTES 16

/* What all tokens of a session have in common. */
typedef struct {
    const char *user;
    const char *sid;      /* NULL when the refresh token names no session */
    apr_time_t  now;
    apr_time_t  ends;
    json_t     *roles;    /* borrowed; NULL when there are none */
} session_t;

static int failed(request_rec *r, const char *what)
{
    ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "AJ1501: no token issued: %s", what);
    return HTTP_INTERNAL_SERVER_ERROR;
}

static const char *random_id(apr_pool_t *pool)
{
    unsigned char bytes[RANDOM_BYTES];

    return aj_random(bytes, sizeof(bytes)) == APR_SUCCESS ? aj_base64url_encode(bytes, sizeof(bytes), pool) : NULL;
}

/* A claim's value: the string when there is one, an array when several (RFC 7519 4.1.3 for aud), NULL for none. */
static json_t *one_or_many(const apr_array_header_t *strings, apr_pool_t *pool)
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
static const char *role_claim(const request_rec *r)
{
    const apr_array_header_t *names = authjwt_config_role_claims(authjwt_config_dir(r), r->pool);
    int i;

    for (i = 0; i < names->nelts; i++) {
        if (APR_ARRAY_IDX(names, i, const char *)[0] != '/') {
            return APR_ARRAY_IDX(names, i, const char *);
        }
    }
    return "role";
}

static json_t *make_claims(request_rec *r, const session_t *session, aj_token_type_e type, int fresh, apr_time_t expires,
                           const char *jti)
{
    const authjwt_server_conf_t *server = authjwt_config_server(r->server);
    const char *identity = authjwt_config_identity_claim(authjwt_config_dir(r));
    json_t *claims = aj_json_own(json_object(), r->pool);
    json_t *audience = one_or_many(server->audiences, r->pool);

    if (server->issuer) {
        json_object_set_new(claims, "iss", json_string(server->issuer));
    }
    if (audience) {
        json_object_set(claims, "aud", audience);
    }
    json_object_set_new(claims, "sub", json_string(session->user));
    if (*identity != '/') {
        json_object_set_new(claims, identity, json_string(session->user));
    }
    json_object_set_new(claims, "iat", json_integer(apr_time_sec(session->now)));
    json_object_set_new(claims, "nbf", json_integer(apr_time_sec(session->now)));
    json_object_set_new(claims, "exp", json_integer(apr_time_sec(expires)));
    json_object_set_new(claims, "jti", json_string(jti));
    json_object_set_new(claims, "type", json_string(type == AJ_TYPE_ACCESS ? "access" : "refresh"));
    json_object_set_new(claims, "fresh", json_boolean(fresh));
    if (session->sid) {
        json_object_set_new(claims, "sid", json_string(session->sid));
        json_object_set_new(claims, "sid_exp", json_integer(apr_time_sec(session->ends)));
    }
    if (session->roles) {
        json_object_set(claims, role_claim(r), session->roles);
    }
    return claims;
}

/* Sign one token; its life ends with the session at the latest. */
static int issue(request_rec *r, const session_t *session, aj_token_type_e type, int fresh, const char **token,
                 apr_time_t *expires)
{
    const authjwt_server_conf_t *server = authjwt_config_server(r->server);
    const aj_keyset_t *ring = authjwt_keys_ring(r);
    const aj_key_t *signer = ring ? aj_keyset_signer(ring) : NULL;
    const char *jti = random_id(r->pool);
    apr_time_t end = session->now + (type == AJ_TYPE_ACCESS ? authjwt_config_access_expires(server)
                                                            : authjwt_config_refresh_expires(server));

    if (!signer) {
        return failed(r, "no AuthJWTKey of this server can sign");
    }
    end = end > session->ends ? session->ends : end;
    if (!jti || aj_jwt_issue(signer, make_claims(r, session, type, fresh, end, jti), r->pool, token) != APR_SUCCESS) {
        return failed(r, "signing failed");
    }
    *expires = end;
    return OK;
}

static int answer_with_access(request_rec *r, const session_t *session, int fresh, json_t **answer)
{
    const char *access;
    apr_time_t expires;
    int status = issue(r, session, AJ_TYPE_ACCESS, fresh, &access, &expires);

    if (status == OK) {
        *answer = aj_json_own(json_pack("{s:s, s:s, s:I}", "access_token", access, "token_type", "Bearer", "expires_in",
                                        (json_int_t)(apr_time_sec(expires) - apr_time_sec(session->now))), r->pool);
    }
    return status;
}

int authjwt_session_start(request_rec *r, const char *user, const apr_array_header_t *roles, json_t **answer)
{
    session_t session = { 0 };
    const char *nonce = random_id(r->pool);
    const char *refresh;
    apr_time_t birth, expires;
    int status;

    if (!nonce) {
        return failed(r, "no random numbers");
    }
    if (authjwt_revocation_birth(r, user, &birth) != APR_SUCCESS) {
        return authjwt_reply_refuse(r, AUTHJWT_STORE_UNAVAILABLE);
    }
    session.user = user;
    session.now = birth;
    session.sid = apr_psprintf(r->pool, "%016" APR_TIME_T_FMT "-%s", birth, nonce);
    session.ends = birth + authjwt_config_session_expires(authjwt_config_server(r->server));
    session.roles = one_or_many(roles, r->pool);
    status = answer_with_access(r, &session, 1, answer);
    if (status == OK) {
        status = issue(r, &session, AJ_TYPE_REFRESH, 0, &refresh, &expires);
    }
    if (status == OK) {
        json_object_set_new(*answer, "refresh_token", json_string(refresh));
        ap_log_rerror(APLOG_MARK, APLOG_DEBUG, 0, r, "AJ1502: session started");
    }
    return status;
}

int authjwt_session_renew(request_rec *r, const aj_claims_t *refresh, const apr_array_header_t *roles, json_t **answer)
{
    session_t session = { 0 };
    apr_time_t ends = aj_claims_session_expires(refresh);

    session.user = aj_claims_identity(refresh);
    session.now = apr_time_now();
    /* A token of another issuer may have no session; then its access tokens have none either, and end when it does. */
    session.sid = aj_claims_string(refresh, "sid");
    session.ends = ends ? ends : aj_claims_expires(refresh);
    session.roles = roles ? one_or_many(roles, r->pool) : (json_t *)aj_claims_get(refresh, role_claim(r));
    return answer_with_access(r, &session, 0, answer);
}

int authjwt_session_end(request_rec *r, const aj_claims_t *claims, int everywhere)
{
    apr_status_t rv = authjwt_revocation_end(r, claims);

    if (rv == APR_SUCCESS && everywhere) {
        rv = authjwt_revocation_end_all(r, claims);
    }
    if (rv != APR_SUCCESS) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, rv, r, "AJ1503: logout not recorded: the revocation store refused it");
        return authjwt_reply_refuse(r, AUTHJWT_STORE_UNAVAILABLE);
    }
    ap_log_rerror(APLOG_MARK, APLOG_DEBUG, 0, r, "AJ1504: session ended%s", everywhere ? ", and all others of the user" : "");
    return OK;
}
