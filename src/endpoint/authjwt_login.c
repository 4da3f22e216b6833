/* authjwt_login: the endpoint jwt-login. */
#include <httpd.h>
#include <http_log.h>
#include <apr_strings.h>

#include "authjwt_body.h"
#include "authjwt_config.h"
#include "authjwt_csrf.h"
#include "authjwt_judge.h"
#include "authjwt_login.h"
#include "authjwt_page.h"
#include "authjwt_reply.h"
#include "authjwt_request.h"
#include "authjwt_session.h"
#include "authjwt_tokens.h"
#include "authjwt_throttle.h"
#include "authjwt_users.h"

APLOG_USE_MODULE(authjwt);

/* What was sent, as far as it could be read. */
typedef struct {
    json_t *fields;
    const char *user;
    const char *password;
} credentials_t;

static int read_credentials(request_rec *r, credentials_t *out)
{
    const authjwt_dir_conf_t *conf = authjwt_config_dir(r);
    const char *user_field = conf->login_user_field ? conf->login_user_field : "username";
    const char *password_field = conf->login_password_field ? conf->login_password_field : "password";
    int status = authjwt_body_fields(r, &out->fields);

    if (status != OK) {
        return status;
    }
    if (!conf->login_user_field && !authjwt_body_string(out->fields, user_field)) {
        user_field = "email";
    }
    out->user = authjwt_body_string(out->fields, user_field);
    out->password = authjwt_body_string(out->fields, password_field);
    if (!out->user || !out->password || !authjwt_users_is_identity(out->user)) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, "AJ1601: login refused: %s",
                      out->user && out->password ? "the user name holds control characters or is not UTF-8"
                                                 : "the body has no user name or no password");
        return authjwt_reply_refuse_because(r, AUTHJWT_INVALID_REQUEST, "Username and password required");
    }
    return OK;
}

/* An attempt counts from its beginning, so that attempts at the same time count too. */
static int check_password(request_rec *r, const char *user, const char *password, const char **identity)
{
    int status = authjwt_throttle_begin(r, user);

    if (status != OK) {
        return status;
    }
    status = authjwt_users_check_password(r, user, password, identity);
    if (status == OK) {
        authjwt_throttle_success(r, user);
    }
    else if (status != HTTP_UNAUTHORIZED) {
        authjwt_throttle_undecided(r, user);
    }
    return status;
}

static int sign_in(request_rec *r, const char *user, authjwt_tokens_t *tokens)
{
    apr_array_header_t *roles = NULL;
    int status = authjwt_users_admit(r, user);

    if (status == OK) {
        status = authjwt_users_roles(r, user, &roles);
    }
    if (status == OK) {
        status = authjwt_session_start(r, user, roles, tokens);
    }
    return status == OK ? authjwt_tokens_set_cookies(r, tokens) : status;
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
    return authjwt_page_login(r, HTTP_OK, authjwt_page_next(r, NULL), NULL);
}

/* A person in front of a browser, who gets pages; without cookies a page could not keep the tokens. */
static int is_person(request_rec *r)
{
    return authjwt_config_cookies(authjwt_config_dir(r)) && authjwt_request_is_navigation(authjwt_request_initial(r))
        && strcmp(authjwt_config_login_page(authjwt_config_dir(r)), "off");
}

static int log_in(request_rec *r, credentials_t *credentials, authjwt_tokens_t *tokens)
{
    int status = authjwt_config_cookies(authjwt_config_dir(r)) ? authjwt_csrf_check_login(r) : OK;
    const char *identity = NULL;

    if (status == OK) {
        status = read_credentials(r, credentials);
    }
    if (status == OK) {
        status = check_password(r, credentials->user, credentials->password, &identity);
    }
    return status == OK ? sign_in(r, identity, tokens) : status;
}

static int is_page_status(int status)
{
    return status == HTTP_BAD_REQUEST || status == HTTP_UNAUTHORIZED || status == HTTP_FORBIDDEN
        || status == HTTP_TOO_MANY_REQUESTS || status == HTTP_SERVICE_UNAVAILABLE;
}

int authjwt_login_handler(request_rec *r)
{
    credentials_t credentials = { 0 };
    authjwt_tokens_t tokens;
    int has_page, status;

    if (!r->handler || ap_cstr_casecmp(r->handler, AUTHJWT_HANDLER_LOGIN)) {
        return DECLINED;
    }
    has_page = strcmp(authjwt_config_login_page(authjwt_config_dir(r)), "off") != 0;
    if (r->method_number == M_GET && has_page) {
        return show_page(r);
    }
    if (r->method_number != M_POST) {
        return authjwt_reply_method_not_allowed(r, M_POST, has_page);
    }
    if (!authjwt_request_may_issue(r)) {
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    status = log_in(r, &credentials, &tokens);
    if (status == OK) {
        return is_person(r) ? authjwt_page_see_other(r, authjwt_page_next(r, credentials.fields))
                            : authjwt_reply_json(r, authjwt_tokens_json(r, &tokens));
    }
    if (is_person(r) && is_page_status(status) && !authjwt_reply_is(r, AUTHJWT_CSRF_FAILED)) {
        return authjwt_page_login(r, status, authjwt_page_next(r, credentials.fields), credentials.user);
    }
    return status;
}
