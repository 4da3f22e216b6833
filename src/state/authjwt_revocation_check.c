/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_revocation: has a token been ended? */
#include <httpd.h>
#include <http_log.h>

#include "authjwt_entry_birth.h"
#include "authjwt_entry_private.h"
#include "authjwt_revocation_private.h"

APLOG_USE_MODULE(authjwt);

static authjwt_revocation_e answer_of(apr_status_t rv)
{
    return rv == APR_SUCCESS          ? AUTHJWT_REVOCATION_REVOKED
         : APR_STATUS_IS_NOTFOUND(rv) ? AUTHJWT_REVOCATION_CLEAR
                                      : AUTHJWT_REVOCATION_UNKNOWN;
}

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

/* Had the session begun before the store lost its entries? Then it may have been ended, and nobody knows. */
static int is_distrusted(request_rec *r, const authjwt_revocation_ids_t *ids)
{
    const authjwt_server_conf_t *conf = authjwt_config_server(r->server);

    if (conf->on_loss == AUTHJWT_ON_LOSS_IGNORE
        || !authjwt_entry_is_before(ids->began, ids->is_sid, authjwt_store_birth(conf->store))) {
        return 0;
    }
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                  "AJ1414: the token's session began before the revocation store lost its entries, so it counts as "
                  "revoked (AuthJWTRevocationOnLoss)");
    return 1;
}

typedef apr_status_t look_up_fn(authjwt_store_t *store, request_rec *r, authjwt_store_question_t *questions,
                                unsigned int n);

/* @param session  another session whose end ends the token, or NULL */
static authjwt_revocation_e check(request_rec *r, const authjwt_revocation_ids_t *ids,
                                  const authjwt_store_id_t *session, look_up_fn *look_up)
{
    authjwt_store_question_t questions[AUTHJWT_REVOCATION_IDS + 1];
    authjwt_revocation_e answer = AUTHJWT_REVOCATION_CLEAR;
    authjwt_entry_mark_t mark;
    apr_status_t rv;
    unsigned int i;

    for (i = 0; i < ids->count; i++) {
        questions[i].id = &ids->id[i];
    }
    questions[ids->count].id = session;
    rv = look_up(authjwt_config_server(r->server)->store, r, questions, session ? ids->count + 1 : ids->count);
    for (i = 0; i < ids->count && answer == AUTHJWT_REVOCATION_CLEAR; i++) {
        answer = judge(r, ids, i, &questions[i]);
    }
    if (answer == AUTHJWT_REVOCATION_CLEAR && session) {
        answer = answer_of(authjwt_entry_answered_mark(r, &questions[ids->count], &mark));
    }
    if (answer != AUTHJWT_REVOCATION_CLEAR) {
        return answer;
    }
    return rv != APR_SUCCESS ? AUTHJWT_REVOCATION_UNKNOWN : is_distrusted(r, ids) ? AUTHJWT_REVOCATION_REVOKED : answer;
}

authjwt_revocation_e authjwt_revocation_check_ids(request_rec *r, const authjwt_revocation_ids_t *ids,
                                                  apr_uint64_t *snapshot)
{
    if (!ids->count) {
        return AUTHJWT_REVOCATION_UNKNOWN;
    }
    if (authjwt_store_absent(authjwt_config_server(r->server)->store, r, ids->id, ids->count, snapshot)) {
        return is_distrusted(r, ids) ? AUTHJWT_REVOCATION_REVOKED : AUTHJWT_REVOCATION_CLEAR;
    }
    return check(r, ids, NULL, authjwt_store_get_believed);
}

authjwt_revocation_e authjwt_revocation_check(request_rec *r, const aj_claims_t *claims)
{
    authjwt_revocation_ids_t ids;
    apr_uint64_t snapshot = 0;

    return authjwt_revocation_ids(r, claims, &ids) == APR_SUCCESS ? authjwt_revocation_check_ids(r, &ids, &snapshot)
                                                                  : AUTHJWT_REVOCATION_UNKNOWN;
}

authjwt_revocation_e authjwt_revocation_check_session(request_rec *r, const aj_claims_t *claims, const char *issuer,
                                                      const char *sid)
{
    const char *own = aj_claims_string(claims, "sid");
    int is_own = own && !strcmp(own, sid);
    authjwt_revocation_ids_t ids;
    authjwt_store_id_t id;

    if (authjwt_revocation_ids(r, claims, &ids) != APR_SUCCESS
        || (!is_own && authjwt_revocation_session_id(issuer, sid, r->pool, &id) != APR_SUCCESS)) {
        return AUTHJWT_REVOCATION_UNKNOWN;
    }
    return check(r, &ids, is_own ? NULL : &id, authjwt_store_get_several);
}
