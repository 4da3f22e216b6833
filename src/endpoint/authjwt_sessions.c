/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_sessions: the endpoint jwt-sessions. */
#include <string.h>
#include <httpd.h>
#include <http_log.h>
#include <apr_strings.h>

#include "aj_json.h"
#include "authjwt_body.h"
#include "authjwt_config.h"
#include "authjwt_credential.h"
#include "authjwt_csrf.h"
#include "authjwt_directory.h"
#include "authjwt_endpoint_private.h"
#include "authjwt_entry.h"
#include "authjwt_identity.h"
#include "authjwt_judge.h"
#include "authjwt_page.h"
#include "authjwt_reply.h"
#include "authjwt_request.h"
#include "authjwt_roles.h"
#include "authjwt_session.h"
#include "authjwt_tokens.h"
#include "authjwt_users.h"

APLOG_USE_MODULE(authjwt);

/** Who asks, and about whom. */
typedef struct {
    const aj_claims_t *claims; /* of who asks */
    const char *user;          /* whose sessions */
    const char *issuer;        /* of that user's tokens, as for authjwt_directory_list */
    int is_others;             /* somebody else's: who asks is an administrator */
    const apr_array_header_t *records;
} asked_t;

/* ---- who may ---- */

static authjwt_verdict_e ask_about(request_rec *r, const char *named, asked_t *asked)
{
    const char *self = aj_claims_identity(asked->claims);

    if (!named || !strcmp(named, self)) {
        asked->user = self;
        asked->issuer = authjwt_entry_issuer(asked->claims);
        return AUTHJWT_OK;
    }
    if (!authjwt_roles_have_any(r, asked->claims, authjwt_config_dir(r)->sessions_admin)) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                      "AJ1821: sessions of another user refused: user \"%s\" has no role of AuthJWTSessionsAdmin",
                      aj_escape(self, strlen(self), r->pool));
        return AUTHJWT_ACCESS_DENIED;
    }
    asked->user = named;
    asked->is_others = 1;
    return AUTHJWT_OK;
}

/* @param named  set: NULL when the request names nobody */
static authjwt_verdict_e find_name(request_rec *r, const json_t *fields, const char **named)
{
    const json_t *field = fields ? json_object_get(fields, "user") : NULL;

    *named = field ? authjwt_body_string(fields, "user") : authjwt_request_parameter(r->args, "user", 1, r->pool);
    if ((field || *named) && (!*named || !authjwt_users_is_identity(*named))) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, "AJ1822: sessions: the field user holds no user name");
        return AUTHJWT_INVALID_REQUEST;
    }
    return AUTHJWT_OK;
}

/* Where rules granted without a user, or none are set, the token is still what is asked about. */
static authjwt_verdict_e find_asker(request_rec *r, asked_t *asked)
{
    asked->claims = authjwt_identity_claims(r);
    return asked->claims ? AUTHJWT_OK : authjwt_judge(r, &asked->claims);
}

static authjwt_verdict_e find_records(request_rec *r, const json_t *fields, asked_t *asked)
{
    apr_array_header_t *records;
    const char *named;
    authjwt_verdict_e verdict = find_name(r, fields, &named);

    if (verdict == AUTHJWT_OK) {
        verdict = ask_about(r, named, asked);
    }
    if (verdict != AUTHJWT_OK) {
        return verdict;
    }
    if (authjwt_directory_list(r, asked->issuer, asked->user, &records) != APR_SUCCESS) {
        return AUTHJWT_STORE_UNAVAILABLE;
    }
    asked->records = records;
    return AUTHJWT_OK;
}

/* ---- what there is ---- */

static int is_current(request_rec *r, const asked_t *asked, const authjwt_record_t *record)
{
    return !asked->is_others && authjwt_directory_is_of(record, asked->claims, r->pool);
}

static const char *id_of(request_rec *r, const authjwt_record_t *record)
{
    const char *id = authjwt_record_public_id(&record->id, r->pool);

    return id ? id : "";
}

static json_t *as_json(request_rec *r, const asked_t *asked, const authjwt_record_t *record)
{
    json_t *one = json_pack("{s:s, s:b, s:I, s:I, s:s, s:s}", "id", id_of(r, record), "current",
                            is_current(r, asked, record), "begin", (json_int_t)apr_time_sec(record->begin), "last",
                            (json_int_t)apr_time_sec(record->last), "client", record->client, "agent", record->agent);

    if (record->ended == AUTHJWT_RECORD_THEFT) {
        json_object_set_new(one, "ended", json_string("theft"));
    }
    return one;
}

static int answer_json(request_rec *r, const asked_t *asked)
{
    json_t *list = json_array();
    int i;

    for (i = 0; i < asked->records->nelts; i++) {
        json_array_append_new(list, as_json(r, asked, &APR_ARRAY_IDX(asked->records, i, authjwt_record_t)));
    }
    return authjwt_reply_json(r, aj_json_own(json_pack("{s:o}", "sessions", list), r->pool));
}

static int answer_page(request_rec *r, const asked_t *asked)
{
    authjwt_page_sessions_t list = { .user = asked->user,
                                     .is_others = asked->is_others,
                                     .csrf = aj_claims_string(asked->claims, "csrf") };
    apr_array_header_t *sessions = apr_array_make(r->pool, asked->records->nelts, sizeof(authjwt_page_session_t));
    int i;

    for (i = 0; i < asked->records->nelts; i++) {
        const authjwt_record_t *record = &APR_ARRAY_IDX(asked->records, i, authjwt_record_t);

        APR_ARRAY_PUSH(sessions, authjwt_page_session_t) =
            (authjwt_page_session_t){ id_of(r, record), record, is_current(r, asked, record) };
    }
    list.sessions = sessions;
    return authjwt_page_sessions(r, &list);
}

static int is_person(request_rec *r)
{
    return authjwt_request_is_navigation(authjwt_request_initial(r));
}

static int show(request_rec *r, asked_t *asked)
{
    authjwt_verdict_e verdict = find_records(r, NULL, asked);

    if (verdict != AUTHJWT_OK) {
        return authjwt_reply_refuse(r, verdict);
    }
    return is_person(r) ? answer_page(r, asked) : answer_json(r, asked);
}

/* ---- ending ---- */

/** What has been ended. */
typedef struct {
    int count;   /* living sessions */
    int current; /* the one that asked is among them */
    int found;   /* there is such a session */
} ended_t;

static authjwt_end_e why(const asked_t *asked)
{
    return asked->is_others ? AUTHJWT_END_ADMIN : AUTHJWT_END_USER;
}

static int is_meant(request_rec *r, const asked_t *asked, const char *end, const authjwt_record_t *record)
{
    return !strcmp(end, "others") ? !record->ended && !is_current(r, asked, record) : !strcmp(end, id_of(r, record));
}

/* @param end  "others" or an id */
static authjwt_verdict_e end_some(request_rec *r, const asked_t *asked, const char *end, ended_t *ended)
{
    authjwt_verdict_e verdict = AUTHJWT_OK;
    int i;

    ended->found = !strcmp(end, "others");
    for (i = 0; i < asked->records->nelts && verdict == AUTHJWT_OK; i++) {
        const authjwt_record_t *record = &APR_ARRAY_IDX(asked->records, i, authjwt_record_t);

        if (is_meant(r, asked, end, record)) {
            verdict = authjwt_session_end_listed(r, asked->issuer, asked->user, record, why(asked));
            ended->count += !record->ended;
            ended->current |= is_current(r, asked, record);
            ended->found = 1;
        }
    }
    return verdict;
}

static authjwt_verdict_e end_meant(request_rec *r, const asked_t *asked, const char *end, ended_t *ended)
{
    if (strcmp(end, "all")) {
        return end_some(r, asked, end, ended);
    }
    ended->found = 1;
    ended->current = !asked->is_others;
    return authjwt_session_end_user(r, asked->issuer, asked->user, asked->is_others ? NULL : asked->claims, why(asked),
                                    &ended->count);
}

/* The cookies of a session that has ended help nobody. */
static void forget_current(request_rec *r)
{
    authjwt_location_e from = AUTHJWT_IN_HEADER;

    if (authjwt_credential_find(r, AJ_TYPE_ACCESS, &from) && from == AUTHJWT_IN_COOKIE) {
        authjwt_tokens_clear_cookies(r);
    }
}

/* Back to the page, about the same user. */
static int go_back(request_rec *r, const asked_t *asked)
{
    const char *path = authjwt_page_own_path(r);

    if (asked->is_others) {
        path = apr_pstrcat(r->pool, path, "?user=", authjwt_page_parameter(r, asked->user), NULL);
    }
    return authjwt_page_see_other(r, *path ? path : "/");
}

static authjwt_verdict_e read_end(request_rec *r, json_t **fields, const char **end)
{
    authjwt_verdict_e verdict = authjwt_body_fields(r, fields);

    *end = verdict == AUTHJWT_OK ? authjwt_body_string(*fields, "end") : NULL;
    if (verdict == AUTHJWT_OK && !*end) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                      "AJ1823: sessions: the field end is missing: it holds the id of a session, others, or all");
        return AUTHJWT_INVALID_REQUEST;
    }
    return verdict;
}

/* The token came as the password of AuthType Basic, or of mod_auth_form, which keeps it in a cookie of its own. */
static int is_password(request_rec *r)
{
    return authjwt_identity_claims(r) && !authjwt_request_protects(r);
}

static int end(request_rec *r, asked_t *asked)
{
    ended_t ended = { 0 };
    const char *meant;
    json_t *fields;
    authjwt_verdict_e verdict = is_password(r) ? authjwt_csrf_check_password(r) : AUTHJWT_OK;

    if (verdict == AUTHJWT_OK) {
        verdict = read_end(r, &fields, &meant);
    }
    if (verdict == AUTHJWT_OK) {
        verdict = find_records(r, fields, asked);
    }
    if (verdict == AUTHJWT_OK) {
        verdict = end_meant(r, asked, meant, &ended);
    }
    if (verdict != AUTHJWT_OK) {
        return authjwt_reply_refuse(r, verdict);
    }
    if (!ended.found) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, "AJ1824: sessions: user has no living session of that id");
        return HTTP_NOT_FOUND;
    }
    if (ended.current) {
        forget_current(r);
    }
    return is_person(r) ? go_back(r, asked)
                        : authjwt_reply_json(r, aj_json_own(json_pack("{s:i}", "ended", ended.count), r->pool));
}

int authjwt_sessions(request_rec *r)
{
    asked_t asked = { 0 };
    authjwt_verdict_e verdict = find_asker(r, &asked);

    if (verdict != AUTHJWT_OK) {
        return authjwt_reply_refuse(r, verdict);
    }
    if (!authjwt_directory_is_on(r->server)) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                      "AJ1825: jwt-sessions has no list to show: write AuthJWTSessionDirectory on in this server");
        return HTTP_NOT_FOUND;
    }
    return r->method_number == M_GET ? show(r, &asked) : end(r, &asked);
}
