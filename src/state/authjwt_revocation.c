/* authjwt_revocation: what has been revoked. Entries and their meaning; authjwt_store.c keeps them. */
#include <httpd.h>
#include <http_log.h>
#include <apr_strings.h>

#include "aj_digest.h"
#include "authjwt_revocation.h"
#include "authjwt_store.h"

APLOG_USE_MODULE(authjwt);

/* What an entry is about; part of its id, so that no two kinds can be taken for each other. */
typedef enum {
    ENTRY_SESSION = 's',
    ENTRY_JTI = 'j',
    ENTRY_HASH = 'h',
    ENTRY_SUBJECT = 'm',
    ENTRY_USED = 'u'
} entry_kind_e;

/* Longer than any session may last: lifetimes may have been longer, here or on another host, when the sessions it ends
 * began. */
#define MARK_LIFE (apr_time_from_sec(10) * 366 * 24 * 3600)

/* Ids are SHA-256 of kind, issuer and value: of one length, evenly spread, and silent about users. */
static apr_status_t make_id(const authjwt_server_conf_t *conf, entry_kind_e kind, const void *value, apr_size_t len,
                            apr_pool_t *pool, authjwt_store_id_t *id)
{
    const char *issuer = conf->issuer ? conf->issuer : "";
    apr_size_t issuer_len = strlen(issuer);
    char *text = apr_palloc(pool, 1 + issuer_len + 1 + len);

    text[0] = (char)kind;
    memcpy(text + 1, issuer, issuer_len + 1);
    memcpy(text + 1 + issuer_len + 1, value, len);
    return aj_sha256(text, 1 + issuer_len + 1 + len, id->bytes);
}

static apr_status_t subject_id(const authjwt_server_conf_t *conf, const char *subject, apr_pool_t *pool,
                               authjwt_store_id_t *id)
{
    return make_id(conf, ENTRY_SUBJECT, subject, strlen(subject), pool, id);
}

/* A token is known by its session, else by its jti, else by its hash. */
static apr_status_t token_id(const authjwt_server_conf_t *conf, const aj_claims_t *claims, apr_pool_t *pool,
                             authjwt_store_id_t *id)
{
    const char *sid = aj_claims_string(claims, "sid");
    const char *jti = aj_claims_string(claims, "jti");

    if (sid) {
        return make_id(conf, ENTRY_SESSION, sid, strlen(sid), pool, id);
    }
    if (jti) {
        return make_id(conf, ENTRY_JTI, jti, strlen(jti), pool, id);
    }
    return make_id(conf, ENTRY_HASH, aj_claims_token_hash(claims), AJ_SHA256_BYTES, pool, id);
}

/* How long an entry must be remembered: as long as any token that it is about may live. */
static apr_time_t token_entry_expires(const authjwt_server_conf_t *conf, const aj_claims_t *claims, apr_time_t now)
{
    apr_time_t end = aj_claims_expires(claims);
    apr_time_t session_end = aj_claims_session_expires(claims);

    if (session_end > end) {
        end = session_end;
    }
    else if (aj_claims_string(claims, "sid") && !session_end) {
        /* A session of another issuer, whose refresh tokens we have not seen. */
        apr_time_t longest = now + authjwt_config_refresh_expires(conf);

        end = longest > end ? longest : end;
    }
    return end + authjwt_config_leeway(conf);
}

apr_time_t authjwt_revocation_session_birth(const aj_claims_t *claims)
{
    const char *sid = aj_claims_string(claims, "sid");
    apr_time_t issued = aj_claims_issued(claims);
    apr_time_t birth = 0;
    int i;

    /* Our own sids begin with sixteen digits, microseconds since 1970, and a dash; believed only if that fits iat. */
    for (i = 0; sid && i < 16 && sid[i] >= '0' && sid[i] <= '9'; i++) {
        birth = birth * 10 + (sid[i] - '0');
    }
    if (i == 16 && sid[16] == '-' && birth <= issued + apr_time_from_sec(1)) {
        return birth;
    }
    return issued;
}

static authjwt_revocation_e ended_all(request_rec *r, const authjwt_server_conf_t *conf, const aj_claims_t *claims)
{
    authjwt_store_id_t id;
    apr_time_t mark = 0;
    apr_status_t rv = subject_id(conf, aj_claims_identity(claims), r->pool, &id);

    if (rv == APR_SUCCESS) {
        rv = authjwt_store_get(conf->store, r, &id, &mark);
    }
    if (APR_STATUS_IS_NOTFOUND(rv)) {
        return AUTHJWT_REVOCATION_CLEAR;
    }
    if (rv != APR_SUCCESS) {
        return AUTHJWT_REVOCATION_UNKNOWN;
    }
    return authjwt_revocation_session_birth(claims) <= mark ? AUTHJWT_REVOCATION_REVOKED : AUTHJWT_REVOCATION_CLEAR;
}

authjwt_revocation_e authjwt_revocation_check(request_rec *r, const aj_claims_t *claims)
{
    const authjwt_server_conf_t *conf = authjwt_config_server(r->server);
    authjwt_store_id_t id;
    apr_time_t when;
    apr_status_t rv = token_id(conf, claims, r->pool, &id);

    if (rv == APR_SUCCESS) {
        rv = authjwt_store_get(conf->store, r, &id, &when);
    }
    if (rv == APR_SUCCESS) {
        return AUTHJWT_REVOCATION_REVOKED;
    }
    return APR_STATUS_IS_NOTFOUND(rv) ? ended_all(r, conf, claims) : AUTHJWT_REVOCATION_UNKNOWN;
}

apr_status_t authjwt_revocation_end(request_rec *r, const aj_claims_t *claims)
{
    const authjwt_server_conf_t *conf = authjwt_config_server(r->server);
    apr_time_t now = apr_time_now();
    authjwt_store_id_t id;
    apr_status_t rv = token_id(conf, claims, r->pool, &id);

    if (rv == APR_SUCCESS) {
        rv = authjwt_store_put(conf->store, r, &id, now, token_entry_expires(conf, claims, now));
    }
    return rv;
}

apr_status_t authjwt_revocation_end_session(request_rec *r, const char *sid, apr_time_t ends)
{
    const authjwt_server_conf_t *conf = authjwt_config_server(r->server);
    authjwt_store_id_t id;
    apr_status_t rv = make_id(conf, ENTRY_SESSION, sid, strlen(sid), r->pool, &id);

    if (rv == APR_SUCCESS) {
        rv = authjwt_store_put(conf->store, r, &id, apr_time_now(), ends + authjwt_config_leeway(conf));
    }
    return rv;
}

/* Read the mark and write a later one in one critical section, so that marks only ever move forward. */
static apr_status_t move_mark(request_rec *r, const authjwt_server_conf_t *conf, const authjwt_store_id_t *id)
{
    apr_time_t now = apr_time_now();
    apr_time_t mark = 0;
    apr_status_t rv = authjwt_store_get(conf->store, r, id, &mark);

    if (rv != APR_SUCCESS && !APR_STATUS_IS_NOTFOUND(rv)) {
        return rv;
    }
    mark = mark >= now ? mark : now;
    return authjwt_store_put(conf->store, r, id, mark, mark + MARK_LIFE);
}

apr_status_t authjwt_revocation_end_all(request_rec *r, const aj_claims_t *claims)
{
    const authjwt_server_conf_t *conf = authjwt_config_server(r->server);
    authjwt_store_id_t id;
    apr_status_t rv = subject_id(conf, aj_claims_identity(claims), r->pool, &id);

    if (rv == APR_SUCCESS && (rv = authjwt_store_lock(conf->store, r)) == APR_SUCCESS) {
        rv = move_mark(r, conf, &id);
        authjwt_store_unlock(conf->store, r);
    }
    return rv;
}

/* Look for an entry that says when something happened. @return as authjwt_store_get */
static apr_status_t find(request_rec *r, const authjwt_server_conf_t *conf, entry_kind_e kind, const char *value,
                         authjwt_store_id_t *id, apr_time_t *when)
{
    apr_status_t rv = make_id(conf, kind, value, strlen(value), r->pool, id);

    return rv == APR_SUCCESS ? authjwt_store_get(conf->store, r, id, when) : rv;
}

authjwt_revocation_e authjwt_revocation_check_session(request_rec *r, const aj_claims_t *claims, const char *sid)
{
    authjwt_revocation_e answer = authjwt_revocation_check(r, claims);
    authjwt_store_id_t id;
    apr_time_t when;
    apr_status_t rv;

    if (answer != AUTHJWT_REVOCATION_CLEAR) {
        return answer;
    }
    rv = find(r, authjwt_config_server(r->server), ENTRY_SESSION, sid, &id, &when);
    return rv == APR_SUCCESS          ? AUTHJWT_REVOCATION_REVOKED
         : APR_STATUS_IS_NOTFOUND(rv) ? AUTHJWT_REVOCATION_CLEAR
                                      : AUTHJWT_REVOCATION_UNKNOWN;
}

/* A refresh token that comes again: tabs that raced, an answer that was lost, or theft. */
static authjwt_use_e judge_again(request_rec *r, const authjwt_server_conf_t *conf, const authjwt_use_t *use,
                                 apr_time_t now, apr_time_t first_use)
{
    authjwt_store_id_t id;
    apr_time_t when;
    apr_status_t rv;

    if (now - first_use <= use->grace) {
        return AUTHJWT_USE_GRANTED;
    }
    rv = find(r, conf, ENTRY_USED, use->successor_jti, &id, &when);
    if (APR_STATUS_IS_NOTFOUND(rv)) {
        return AUTHJWT_USE_GRANTED;
    }
    if (rv == APR_SUCCESS) {
        rv = authjwt_revocation_end_session(r, use->sid, use->ends);
    }
    return rv == APR_SUCCESS ? AUTHJWT_USE_THEFT : AUTHJWT_USE_UNKNOWN;
}

static authjwt_use_e check_and_mark(request_rec *r, const authjwt_server_conf_t *conf, const authjwt_use_t *use,
                                    apr_time_t *first_use)
{
    apr_time_t now = apr_time_now();
    /* Again, since a logout may have been answered after the token was verified. */
    authjwt_revocation_e ended = authjwt_revocation_check_session(r, use->claims, use->sid);
    authjwt_store_id_t id;
    apr_status_t rv;

    if (ended != AUTHJWT_REVOCATION_CLEAR) {
        return ended == AUTHJWT_REVOCATION_REVOKED ? AUTHJWT_USE_ENDED : AUTHJWT_USE_UNKNOWN;
    }
    rv = find(r, conf, ENTRY_USED, use->jti, &id, first_use);
    if (rv == APR_SUCCESS) {
        return judge_again(r, conf, use, now, *first_use);
    }
    if (!APR_STATUS_IS_NOTFOUND(rv)) {
        return AUTHJWT_USE_UNKNOWN;
    }
    *first_use = now;
    rv = authjwt_store_put(conf->store, r, &id, now, use->ends + authjwt_config_leeway(conf));
    return rv == APR_SUCCESS ? AUTHJWT_USE_GRANTED : AUTHJWT_USE_UNKNOWN;
}

authjwt_use_e authjwt_revocation_use(request_rec *r, const authjwt_use_t *use, apr_time_t *first_use)
{
    const authjwt_server_conf_t *conf = authjwt_config_server(r->server);
    authjwt_use_e answer;

    if (authjwt_store_lock(conf->store, r) != APR_SUCCESS) {
        return AUTHJWT_USE_UNKNOWN;
    }
    answer = check_and_mark(r, conf, use, first_use);
    authjwt_store_unlock(conf->store, r);
    return answer;
}

apr_status_t authjwt_revocation_birth(request_rec *r, const char *subject, apr_time_t *birth)
{
    const authjwt_server_conf_t *conf = authjwt_config_server(r->server);
    authjwt_store_id_t id;
    apr_time_t mark = 0;
    apr_status_t rv = subject_id(conf, subject, r->pool, &id);

    if (rv == APR_SUCCESS) {
        rv = authjwt_store_get(conf->store, r, &id, &mark);
    }
    if (rv == APR_SUCCESS || APR_STATUS_IS_NOTFOUND(rv)) {
        apr_time_t now = apr_time_now();

        *birth = now > mark ? now : mark + 1;
        rv = APR_SUCCESS;
    }
    return rv;
}
