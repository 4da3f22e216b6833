/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_revocation: what has ended. authjwt_entry says how it is written, authjwt_store keeps it. */
#include <httpd.h>
#include <apr_strings.h>

#include "authjwt_entry_private.h"
#include "authjwt_revocation_private.h"

/* Longer than any session may last: lifetimes may have been longer, here or on another host, when the sessions it ends
 * began; and of another issuer's sessions nobody here knows how long they last. */
#define MARK_LIFE (apr_time_from_sec(10) * 366 * 24 * 3600)

static authjwt_revocation_e answer_of(apr_status_t rv)
{
    return rv == APR_SUCCESS          ? AUTHJWT_REVOCATION_REVOKED
         : APR_STATUS_IS_NOTFOUND(rv) ? AUTHJWT_REVOCATION_CLEAR
                                      : AUTHJWT_REVOCATION_UNKNOWN;
}

/* ---- ids ---- */

static apr_status_t session_id(const char *issuer, const char *sid, apr_pool_t *pool, authjwt_store_id_t *id)
{
    return authjwt_entry_id(AUTHJWT_ENTRY_SESSION, issuer, sid, strlen(sid), pool, id);
}

/* A token is known by its session, else by its jti, else by its hash. */
static apr_status_t token_id(const aj_claims_t *claims, apr_pool_t *pool, authjwt_store_id_t *id)
{
    const char *issuer = authjwt_entry_issuer(claims);
    const char *sid = aj_claims_string(claims, "sid");
    const char *jti = sid ? NULL : aj_claims_string(claims, "jti");

    if (sid) {
        return session_id(issuer, sid, pool, id);
    }
    if (jti) {
        return authjwt_entry_id(AUTHJWT_ENTRY_JTI, issuer, jti, strlen(jti), pool, id);
    }
    return authjwt_entry_id(AUTHJWT_ENTRY_HASH, issuer, aj_claims_token_hash(claims), AJ_SHA256_BYTES, pool, id);
}

/* All sessions of a user: by `sub`. */
static apr_status_t subject_id(const char *issuer, const char *subject, apr_pool_t *pool, authjwt_store_id_t *id)
{
    return authjwt_entry_id(AUTHJWT_ENTRY_SUBJECT, issuer, subject, strlen(subject), pool, id);
}

/* The same by the identity claim in effect. @return 0 where that is `sub` itself */
static int has_other_identity(request_rec *r)
{
    return strcmp(authjwt_config_identity_claim(authjwt_config_dir(r)), "sub") != 0;
}

static apr_status_t identity_id(request_rec *r, const char *issuer, const char *identity, authjwt_store_id_t *id)
{
    const char *name = authjwt_config_identity_claim(authjwt_config_dir(r));
    apr_size_t name_len = strlen(name) + 1, len = strlen(identity);
    char *text = apr_palloc(r->pool, name_len + len);

    memcpy(text, name, name_len);
    memcpy(text + name_len, identity, len);
    return authjwt_entry_id(AUTHJWT_ENTRY_IDENTITY, issuer, text, name_len + len, r->pool, id);
}

apr_status_t authjwt_revocation_ids(request_rec *r, const aj_claims_t *claims, authjwt_revocation_ids_t *ids)
{
    const char *issuer = authjwt_entry_issuer(claims);
    const char *subject = aj_claims_text_of(claims, "sub", r->pool);
    apr_status_t rv = token_id(claims, r->pool, &ids->id[0]);
    int has_origin = authjwt_revocation_origin_id(claims, r->pool, &ids->id[1]);
    apr_time_t birth = authjwt_revocation_birth_in_sid(claims);

    ids->count = has_origin ? 2 : 1;
    if (rv == APR_SUCCESS && subject) {
        rv = subject_id(issuer, subject, r->pool, &ids->id[ids->count++]);
    }
    if (rv == APR_SUCCESS && has_other_identity(r)) {
        rv = identity_id(r, issuer, aj_claims_identity(claims), &ids->id[ids->count++]);
    }
    ids->issued = aj_claims_issued(claims);
    ids->began = birth ? birth : ids->issued;
    ids->is_foreign = authjwt_revocation_is_foreign_session(claims);
    ids->knows_instant = birth && !has_origin;
    return rv;
}

/* ---- look-ups ---- */

/* The same user may sign in again in a session of another issuer that has been ended here. */
static int outlives_its_end(const authjwt_revocation_ids_t *ids, const authjwt_entry_mark_t *mark)
{
    return ids->is_foreign && ids->issued > mark->ended;
}

/* Sessions of other issuers, and those begun from them, know only the second of their beginning: a login right after
 * the mark is told from those before it by nothing else. Ours are born behind `until`. */
static int began_after(const authjwt_revocation_ids_t *ids, const authjwt_entry_mark_t *mark)
{
    return ids->began > (ids->knows_instant ? mark->until : mark->ended);
}

/* What one look-up says of the token. @param which  of ids it was for */
static authjwt_revocation_e judge(request_rec *r, const authjwt_revocation_ids_t *ids, unsigned int which,
                                  const authjwt_store_question_t *answered)
{
    authjwt_entry_mark_t mark = { 0, 0 };
    apr_status_t rv = authjwt_entry_answered_mark(r, answered, &mark);

    if (rv == APR_SUCCESS && (which ? began_after(ids, &mark) : outlives_its_end(ids, &mark))) {
        return AUTHJWT_REVOCATION_CLEAR;
    }
    return answer_of(rv);
}

/* @param session  another session whose end ends the token, or NULL */
static authjwt_revocation_e check(request_rec *r, const authjwt_revocation_ids_t *ids,
                                  const authjwt_store_id_t *session)
{
    authjwt_store_question_t questions[AUTHJWT_REVOCATION_IDS + 1];
    authjwt_revocation_e answer = AUTHJWT_REVOCATION_CLEAR;
    authjwt_entry_mark_t mark;
    unsigned int i;

    for (i = 0; i < ids->count; i++) {
        questions[i].id = &ids->id[i];
    }
    questions[ids->count].id = session;
    (void)!authjwt_store_get_several(authjwt_config_server(r->server)->store, r, questions,
                                     session ? ids->count + 1 : ids->count);
    for (i = 0; i < ids->count && answer == AUTHJWT_REVOCATION_CLEAR; i++) {
        answer = judge(r, ids, i, &questions[i]);
    }
    if (answer == AUTHJWT_REVOCATION_CLEAR && session) {
        answer = answer_of(authjwt_entry_answered_mark(r, &questions[ids->count], &mark));
    }
    return answer;
}

authjwt_revocation_e authjwt_revocation_check_ids(request_rec *r, const authjwt_revocation_ids_t *ids)
{
    return check(r, ids, NULL);
}

authjwt_revocation_e authjwt_revocation_check(request_rec *r, const aj_claims_t *claims)
{
    authjwt_revocation_ids_t ids;

    return authjwt_revocation_ids(r, claims, &ids) == APR_SUCCESS ? check(r, &ids, NULL) : AUTHJWT_REVOCATION_UNKNOWN;
}

authjwt_revocation_e authjwt_revocation_check_session(request_rec *r, const aj_claims_t *claims, const char *issuer,
                                                      const char *sid)
{
    const char *own = aj_claims_string(claims, "sid");
    int is_own = own && !strcmp(own, sid);
    authjwt_revocation_ids_t ids;
    authjwt_store_id_t id;

    if (authjwt_revocation_ids(r, claims, &ids) != APR_SUCCESS
        || (!is_own && session_id(issuer, sid, r->pool, &id) != APR_SUCCESS)) {
        return AUTHJWT_REVOCATION_UNKNOWN;
    }
    return check(r, &ids, is_own ? NULL : &id);
}

/* ---- ending ---- */

static apr_status_t put_mark(request_rec *r, const authjwt_store_id_t *id, const authjwt_entry_mark_t *mark,
                             apr_time_t expires)
{
    authjwt_store_value_t value;

    authjwt_entry_write_mark(mark, &value);
    return authjwt_store_put(authjwt_config_server(r->server)->store, r, id, &value, expires, AUTHJWT_STORE_ENDING);
}

/* Ended for good: such an entry is never read for its time. */
static apr_status_t put_end(request_rec *r, const authjwt_store_id_t *id, apr_time_t end)
{
    apr_time_t now = apr_time_now();
    authjwt_entry_mark_t mark = { now, now };

    return put_mark(r, id, &mark, authjwt_entry_expires(authjwt_config_server(r->server), end));
}

/** A mark on its way forward. */
typedef struct {
    request_rec *r;
    const authjwt_entry_mark_t *least;
} moved_t;

/* A session that was born behind the mark of before, which may be ahead of the clock, is ended too. */
static authjwt_store_change_e later_mark(void *ctx, const authjwt_store_value_t *old, authjwt_store_value_t *value,
                                         apr_time_t *expires)
{
    const moved_t *moved = ctx;
    const authjwt_entry_mark_t *least = moved->least;
    authjwt_entry_mark_t mark = { 0, 0 };

    if (old && authjwt_entry_read_mark(moved->r, old, &mark) != APR_SUCCESS) {
        return AUTHJWT_STORE_FAIL;
    }
    mark.ended = mark.ended > least->ended ? mark.ended : least->ended;
    mark.until = mark.until >= least->until ? mark.until + 1 : least->until;
    authjwt_entry_write_mark(&mark, value);
    *expires = mark.until + MARK_LIFE;
    return AUTHJWT_STORE_RECORD;
}

/* Marks only ever move forward, also where several ask at once. */
static apr_status_t move_mark(request_rec *r, const authjwt_store_id_t *id, const authjwt_entry_mark_t *least)
{
    moved_t moved = { r, least };

    return authjwt_store_update(authjwt_config_server(r->server)->store, r, id, later_mark, &moved,
                                AUTHJWT_STORE_ENDING);
}

/* Issuers' clocks may be ahead within the leeway: the token that asks is ended itself. */
static authjwt_entry_mark_t mark_for(request_rec *r, const aj_claims_t *claims)
{
    apr_interval_time_t skew = authjwt_config_leeway(authjwt_config_server(r->server));
    apr_time_t now = apr_time_now();
    apr_time_t birth = authjwt_revocation_session_birth(claims);
    authjwt_entry_mark_t mark = { now, now + (skew < AUTHJWT_SKEW_MOST ? skew : AUTHJWT_SKEW_MOST) };

    if (authjwt_revocation_is_foreign_session(claims) || !authjwt_revocation_birth_in_sid(claims)) {
        mark.ended = aj_claims_issued(claims) > now ? aj_claims_issued(claims) : now;
    }
    mark.until = birth > mark.until ? birth : mark.until;
    return mark;
}

static apr_status_t end_token(request_rec *r, const aj_claims_t *claims)
{
    apr_time_t end = aj_claims_expires(claims);
    authjwt_entry_mark_t mark;
    authjwt_store_id_t id;
    apr_status_t rv = token_id(claims, r->pool, &id);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (authjwt_revocation_is_foreign_session(claims)) {
        mark = mark_for(r, claims);
        return move_mark(r, &id, &mark);
    }
    return put_end(r, &id, aj_claims_session_expires(claims) > end ? aj_claims_session_expires(claims) : end);
}

apr_status_t authjwt_revocation_end(request_rec *r, const aj_claims_t *claims)
{
    authjwt_entry_mark_t mark = mark_for(r, claims);
    authjwt_store_id_t id;
    apr_status_t rv = end_token(r, claims);

    return rv == APR_SUCCESS && authjwt_revocation_origin_id(claims, r->pool, &id) ? move_mark(r, &id, &mark) : rv;
}

apr_status_t authjwt_revocation_end_session(request_rec *r, const char *issuer, const char *sid, apr_time_t ends)
{
    authjwt_store_id_t id;
    apr_status_t rv = session_id(issuer, sid, r->pool, &id);

    return rv == APR_SUCCESS ? put_end(r, &id, ends) : rv;
}

apr_status_t authjwt_revocation_end_all(request_rec *r, const aj_claims_t *claims)
{
    const char *issuer = authjwt_entry_issuer(claims);
    const char *subject = aj_claims_text_of(claims, "sub", r->pool);
    authjwt_entry_mark_t mark = mark_for(r, claims);
    authjwt_store_id_t id;
    apr_status_t rv = APR_SUCCESS;

    if (subject && (rv = subject_id(issuer, subject, r->pool, &id)) == APR_SUCCESS) {
        rv = move_mark(r, &id, &mark);
    }
    if (rv == APR_SUCCESS && has_other_identity(r)
        && (rv = identity_id(r, issuer, aj_claims_identity(claims), &id)) == APR_SUCCESS) {
        rv = move_mark(r, &id, &mark);
    }
    return rv;
}

/* ---- new sessions ---- */

static apr_status_t move_behind(request_rec *r, const authjwt_store_id_t *id, apr_time_t *birth)
{
    authjwt_entry_mark_t mark = { 0, 0 };
    apr_status_t rv = authjwt_entry_get_mark(r, id, &mark);

    if (mark.until >= *birth) {
        *birth = mark.until + 1;
    }
    return APR_STATUS_IS_NOTFOUND(rv) ? APR_SUCCESS : rv;
}

apr_status_t authjwt_revocation_birth(request_rec *r, const char *subject, apr_time_t *birth)
{
    const authjwt_server_conf_t *conf = authjwt_config_server(r->server);
    const char *issuer = conf->issuer ? conf->issuer : "";
    apr_time_t found = apr_time_now();
    authjwt_store_id_t id;
    apr_status_t rv = subject_id(issuer, subject, r->pool, &id);

    if (rv == APR_SUCCESS) {
        rv = move_behind(r, &id, &found);
    }
    if (rv == APR_SUCCESS && has_other_identity(r) && (rv = identity_id(r, issuer, subject, &id)) == APR_SUCCESS) {
        rv = move_behind(r, &id, &found);
    }
    if (rv == APR_SUCCESS) {
        *birth = found;
    }
    return rv;
}
