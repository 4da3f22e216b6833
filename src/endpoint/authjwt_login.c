/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_login: the endpoint jwt-login. */
#include <httpd.h>
#include <http_log.h>
#include <apr_strings.h>

#include "authjwt_audit.h"
#include "authjwt_body.h"
#include "authjwt_config.h"
#include "authjwt_config_values.h"
#include "authjwt_count.h"
#include "authjwt_credential.h"
#include "authjwt_csrf.h"
#include "authjwt_endpoint_private.h"
#include "authjwt_judge.h"
#include "authjwt_page.h"
#include "authjwt_reply.h"
#include "authjwt_request.h"
#include "authjwt_session.h"
#include "authjwt_throttle.h"
#include "authjwt_tokens.h"
#include "authjwt_users.h"
#include "authjwt_verify.h"

APLOG_USE_MODULE(authjwt);

/* What was sent, as far as it could be read. */
typedef struct {
    json_t *fields;
    const char *user;
    const char *password;
} credentials_t;

static authjwt_verdict_e read_credentials(request_rec *r, credentials_t *out)
{
    const authjwt_dir_conf_t *conf = authjwt_config_dir(r);
    const char *user_field = conf->login_user_field ? conf->login_user_field : "username";
    const char *password_field = conf->login_password_field ? conf->login_password_field : "password";
    authjwt_verdict_e verdict = authjwt_body_fields(r, &out->fields);

    if (verdict != AUTHJWT_OK) {
        return verdict;
    }
    if (!conf->login_user_field && !authjwt_body_string(out->fields, user_field)) {
        user_field = "email";
    }
    out->user = authjwt_body_string(out->fields, user_field);
    out->password = authjwt_body_string(out->fields, password_field);
    if (!out->user || !out->password || !authjwt_users_is_identity(out->user)) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, "AJ1601: login of user \"%s\" refused: %s",
                      out->user ? aj_escape(out->user, strlen(out->user), r->pool) : "",
                      out->user && out->password ? "the user name holds control characters or is not UTF-8"
                                                 : "the body has no user name or no password");
        return AUTHJWT_CREDENTIALS_MISSING;
    }
    return AUTHJWT_OK;
}

/* An attempt counts from its beginning, so that attempts at the same time count too. */
static authjwt_verdict_e check_password(request_rec *r, const char *user, const char *password, const char **identity)
{
    const char *counted = authjwt_users_counted_as(r, user);
    authjwt_verdict_e verdict = authjwt_throttle_begin(r, counted);

    if (verdict != AUTHJWT_OK) {
        return verdict;
    }
    verdict = authjwt_users_check_password(r, user, password, identity);
    if (verdict == AUTHJWT_OK) {
        authjwt_throttle_success(r, counted, 1);
    }
    else if (verdict != AUTHJWT_INVALID_CREDENTIALS) {
        authjwt_throttle_undecided(r, counted);
    }
    return verdict;
}

/* The browser is about to forget the cookies that it sent, so nobody could end their sessions any more. What is no good
 * in them ends nothing and is no reason against the login. */
static authjwt_verdict_e end_replaced(request_rec *r)
{
    static const authjwt_wanted_t wanted = { .types = AJ_TYPE_ACCESS | AJ_TYPE_REFRESH, .allow_expired = 1 };
    apr_array_header_t *claims;
    authjwt_verdict_e verdict;

    verdict = authjwt_verify_all(r, authjwt_credential_session_cookies(r), &wanted, &claims);
    if (verdict == AUTHJWT_OK) {
        return authjwt_session_end_all(r, claims, AUTHJWT_END_LOGIN);
    }
    return authjwt_verdict_refusal(verdict)->status == HTTP_UNAUTHORIZED ? AUTHJWT_OK : verdict;
}

/* The session is listed before anybody has its tokens. */
static authjwt_verdict_e enter(request_rec *r, const char *user, const authjwt_tokens_t *tokens)
{
    authjwt_verdict_e verdict = authjwt_session_enter(r, user, tokens);

    if (verdict == AUTHJWT_OK && (verdict = authjwt_tokens_set_cookies(r, tokens)) != AUTHJWT_OK) {
        authjwt_session_withdraw(r, user, tokens);
    }
    return verdict;
}

static authjwt_verdict_e sign_in(request_rec *r, const char *user, int remember, authjwt_tokens_t *tokens)
{
    apr_array_header_t *roles = NULL;
    authjwt_verdict_e verdict = authjwt_users_admit(r, user);

    if (verdict == AUTHJWT_OK) {
        verdict = authjwt_users_roles(r, user, &roles);
    }
    if (verdict == AUTHJWT_OK) {
        verdict = authjwt_session_start(r, user, roles, remember, tokens);
    }
    if (verdict == AUTHJWT_OK && authjwt_config_cookies(authjwt_config_dir(r))) {
        verdict = end_replaced(r);
    }
    if (verdict == AUTHJWT_OK) {
        verdict = enter(r, user, tokens);
    }
    if (verdict == AUTHJWT_OK) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, "AJ1602: user \"%s\" has logged in",
                      aj_escape(user, strlen(user), r->pool));
        authjwt_audit(r, AUTHJWT_EVENT_LOGIN, NULL, user, tokens->sid);
    }
    return verdict;
}

/* Also who would be after a renewal, where that is configured here too. */
static int is_signed_in(request_rec *r)
{
    return authjwt_config_cookies(authjwt_config_dir(r)) && authjwt_judge_quietly(r);
}

/* Whoever is signed in is sent on, unless the sign-in is too old for where they come from, or they come from a refusal.
 */
static int show_page(request_rec *r)
{
    if (!authjwt_page_wants_fresh(r) && !authjwt_page_is_error_document(r) && is_signed_in(r)) {
        return authjwt_page_see_other(r, authjwt_page_next(r, NULL));
    }
    return authjwt_page_login(r, AUTHJWT_OK, authjwt_page_next(r, NULL), NULL, 0);
}

/* A person in front of a browser, who gets pages. */
static int is_person(request_rec *r)
{
    return authjwt_request_is_navigation(authjwt_request_initial(r))
        && strcmp(authjwt_config_login_page(authjwt_config_dir(r)), "off");
}

/* The box of the login page. */
static int wants_to_stay(const json_t *fields)
{
    return fields && authjwt_body_flag(fields, "remember");
}

static authjwt_verdict_e judge_login(request_rec *r, credentials_t *credentials, authjwt_tokens_t *tokens)
{
    authjwt_verdict_e verdict =
        authjwt_config_cookies(authjwt_config_dir(r)) ? authjwt_csrf_check_login(r) : AUTHJWT_OK;
    const char *identity = NULL;

    if (verdict == AUTHJWT_OK) {
        verdict = read_credentials(r, credentials);
    }
    if (verdict == AUTHJWT_OK) {
        verdict = check_password(r, credentials->user, credentials->password, &identity);
    }
    return verdict == AUTHJWT_OK ? sign_in(r, identity, wants_to_stay(credentials->fields), tokens) : verdict;
}

/* What is the client's fault and has nothing to do with the password is denied; an error is ours. */
static authjwt_counter_e counter_of(authjwt_verdict_e verdict)
{
    switch (verdict) {
    case AUTHJWT_OK:
        return AUTHJWT_COUNT_LOGIN_OK;
    case AUTHJWT_INVALID_CREDENTIALS:
        return AUTHJWT_COUNT_LOGIN_FAILED;
    case AUTHJWT_TOO_MANY_ATTEMPTS:
        return AUTHJWT_COUNT_LOGIN_THROTTLED;
    case AUTHJWT_USER_LOCKED:
        return AUTHJWT_COUNT_LOGIN_LOCKED;
    default:
        return authjwt_verdict_refusal(verdict)->status < HTTP_INTERNAL_SERVER_ERROR ? AUTHJWT_COUNT_LOGIN_DENIED
                                                                                     : AUTHJWT_COUNT_LOGIN_ERROR;
    }
}

static authjwt_verdict_e log_in(request_rec *r, credentials_t *credentials, authjwt_tokens_t *tokens)
{
    apr_time_t begin = apr_time_now();
    authjwt_verdict_e verdict = judge_login(r, credentials, tokens);

    authjwt_count(r, counter_of(verdict));
    authjwt_count_login_time(r, apr_time_now() - begin);
    return verdict;
}

/* Refusals that the login page can explain to a person. */
static int has_page(authjwt_verdict_e verdict)
{
    int status = authjwt_verdict_refusal(verdict)->status;

    return verdict != AUTHJWT_CSRF_FAILED && verdict != AUTHJWT_BODY_UNREADABLE
        && (status == HTTP_BAD_REQUEST || status == HTTP_UNAUTHORIZED || status == HTTP_FORBIDDEN
            || status == HTTP_TOO_MANY_REQUESTS || status == HTTP_SERVICE_UNAVAILABLE);
}

int authjwt_login(request_rec *r)
{
    credentials_t credentials = { 0 };
    authjwt_tokens_t tokens;
    authjwt_verdict_e verdict;

    if (r->method_number == M_GET) {
        return show_page(r);
    }
    if (is_person(r) && !authjwt_config_cookies(authjwt_config_dir(r))) {
        return authjwt_page_no_cookies(r, HTTP_BAD_REQUEST);
    }
    verdict = log_in(r, &credentials, &tokens);
    if (verdict == AUTHJWT_OK) {
        return is_person(r) ? authjwt_page_see_other(r, authjwt_page_next(r, credentials.fields))
                            : authjwt_reply_json(r, authjwt_tokens_json(r, &tokens, AUTHJWT_IN_HEADER));
    }
    /* Whoever is denied has proved who it is. */
    authjwt_audit_login(
        r, verdict == AUTHJWT_ACCESS_DENIED || verdict == AUTHJWT_TOO_MANY_SESSIONS ? r->user : credentials.user,
        verdict);
    if (!is_person(r) || !has_page(verdict)) {
        return authjwt_reply_refuse(r, verdict);
    }
    (void)authjwt_reply_headers(r, verdict);
    return authjwt_page_login(r, verdict, authjwt_page_next(r, credentials.fields), credentials.user,
                              wants_to_stay(credentials.fields));
}
