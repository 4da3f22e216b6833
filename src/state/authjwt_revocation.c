/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_revocation: what has ended. authjwt_entry says how it is written, authjwt_store keeps it. */
#include <httpd.h>

#include "authjwt_config_values.h"
#include "authjwt_entry_private.h"
#include "authjwt_revocation_private.h"

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

/* How often a mark is moved because the clock has gone on; a disk that is slower still has other troubles. */
#define MOVES_MOST 4

/** A mark on its way forward. */
typedef struct {
    request_rec *r;
    authjwt_entry_mark_t least;
} moved_t;

/* A session that was born behind the mark of before, which may be ahead of the clock, is ended too. */
static authjwt_store_change_e later_mark(void *ctx, const authjwt_store_value_t *old, authjwt_store_value_t *value,
                                         apr_time_t *expires)
{
    const moved_t *moved = ctx;
    const authjwt_entry_mark_t *least = &moved->least;
    authjwt_entry_mark_t mark = { 0, 0 };

    if (old && authjwt_entry_read_mark(moved->r, old, &mark) != APR_SUCCESS) {
        return AUTHJWT_STORE_FAIL;
    }
    authjwt_revocation_move(&mark, least);
    authjwt_entry_write_mark(&mark, value);
    *expires = mark.until + AUTHJWT_MARK_LIFE;
    return AUTHJWT_STORE_RECORD;
}

/* Marks only ever move forward, also where several ask at once. Until this one is recorded, refreshes go on; where only
 * iat tells when a session began, which is in seconds, the mark must be of the second in which it was recorded. */
static apr_status_t move_mark(request_rec *r, const authjwt_store_id_t *id, const authjwt_entry_mark_t *least)
{
    moved_t moved = { r, *least };
    apr_time_t begun;
    apr_status_t rv;
    int moves = 0;

    do {
        begun = apr_time_now();
        moved.least.ended = begun > moved.least.ended ? begun : moved.least.ended;
        moved.least.until = moved.least.ended > moved.least.until ? moved.least.ended : moved.least.until;
        rv = authjwt_store_update(authjwt_config_server(r->server)->store, r, id, later_mark, &moved,
                                  AUTHJWT_STORE_ENDING);
    } while (rv == APR_SUCCESS && apr_time_sec(apr_time_now()) != apr_time_sec(begun) && ++moves < MOVES_MOST);
    return rv;
}

static authjwt_entry_mark_t mark_for(request_rec *r, const aj_claims_t *claims)
{
    return authjwt_revocation_mark(claims, authjwt_config_leeway(authjwt_config_server(r->server)), apr_time_now());
}

static apr_status_t end_token(request_rec *r, const aj_claims_t *claims)
{
    apr_time_t end = aj_claims_expires(claims);
    authjwt_entry_mark_t mark;
    authjwt_store_id_t id;
    apr_status_t rv = authjwt_revocation_token_id(claims, r->pool, &id);

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
    apr_status_t rv = authjwt_revocation_session_id(issuer, sid, r->pool, &id);

    return rv == APR_SUCCESS ? put_end(r, &id, ends) : rv;
}

/** An end that somebody else may record at the same moment. */
typedef struct {
    request_rec *r;
    apr_time_t ends;
    int is_first;
} end_t;

static authjwt_store_change_e end_once(void *ctx, const authjwt_store_value_t *old, authjwt_store_value_t *value,
                                       apr_time_t *expires)
{
    end_t *end = ctx;
    apr_time_t now = apr_time_now();
    authjwt_entry_mark_t mark = { now, now };

    end->is_first = !old;
    authjwt_entry_write_mark(&mark, value);
    *expires = authjwt_entry_expires(authjwt_config_server(end->r->server), end->ends);
    return old ? AUTHJWT_STORE_LEAVE : AUTHJWT_STORE_RECORD;
}

apr_status_t authjwt_revocation_end_by_id(request_rec *r, const authjwt_store_id_t *id,
                                          const authjwt_store_id_t *origin, apr_time_t ends, int *is_first)
{
    apr_time_t now = apr_time_now();
    authjwt_entry_mark_t mark = { now, now };
    end_t end = { r, ends, 0 };
    apr_status_t rv =
        authjwt_store_update(authjwt_config_server(r->server)->store, r, id, end_once, &end, AUTHJWT_STORE_ENDING);

    *is_first = end.is_first;
    return rv == APR_SUCCESS && origin ? move_mark(r, origin, &mark) : rv;
}

/* @param subject  NULL: none @param identity  by the identity claim in effect */
static apr_status_t move_marks(request_rec *r, const char *issuer, const char *subject, const char *identity,
                               const authjwt_entry_mark_t *mark)
{
    authjwt_store_id_t id;
    apr_status_t rv = APR_SUCCESS;

    if (subject && (rv = authjwt_revocation_subject_id(issuer, subject, r->pool, &id)) == APR_SUCCESS) {
        rv = move_mark(r, &id, mark);
    }
    if (rv == APR_SUCCESS && authjwt_revocation_has_other_identity(r)
        && (rv = authjwt_revocation_identity_id(r, issuer, identity, &id)) == APR_SUCCESS) {
        rv = move_mark(r, &id, mark);
    }
    return rv;
}

apr_status_t authjwt_revocation_end_all(request_rec *r, const aj_claims_t *claims)
{
    authjwt_entry_mark_t mark = mark_for(r, claims);

    return move_marks(r, authjwt_entry_issuer(claims), aj_claims_text_of(claims, "sub", r->pool),
                      aj_claims_identity(claims), &mark);
}

apr_status_t authjwt_revocation_end_user(request_rec *r, const char *issuer, const char *user)
{
    apr_interval_time_t leeway = authjwt_config_leeway(authjwt_config_server(r->server));
    authjwt_entry_mark_t mark = authjwt_revocation_user_mark(leeway, apr_time_now());

    return move_marks(r, issuer, user, user, &mark);
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
    apr_status_t rv = authjwt_revocation_subject_id(issuer, subject, r->pool, &id);

    if (rv == APR_SUCCESS) {
        rv = move_behind(r, &id, &found);
    }
    if (rv == APR_SUCCESS && authjwt_revocation_has_other_identity(r)
        && (rv = authjwt_revocation_identity_id(r, issuer, subject, &id)) == APR_SUCCESS) {
        rv = move_behind(r, &id, &found);
    }
    if (rv == APR_SUCCESS) {
        *birth = found > authjwt_store_birth(conf->store) ? found : authjwt_store_birth(conf->store);
    }
    return rv;
}
