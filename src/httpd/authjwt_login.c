/* authjwt_login: the endpoint jwt-login. */
#include <httpd.h>
#include <http_log.h>
#include <apr_strings.h>

#include "authjwt_body.h"
#include "authjwt_config.h"
#include "authjwt_login.h"
#include "authjwt_reply.h"
#include "authjwt_request.h"
#include "authjwt_session.h"
#include "authjwt_throttle.h"
#include "authjwt_users.h"

APLOG_USE_MODULE(authjwt);

/* The name goes into a token and into REMOTE_USER, so it must be text without control characters. */
static int is_identity(const json_t *fields, const char *name)
{
    const json_t *value = json_object_get(fields, name);
    const unsigned char *p = (const unsigned char *)json_string_value(value);
    json_t *checked = json_string((const char *)p);
    int is_text = checked != NULL;

    json_decref(checked);
    for (; is_text && *p; p++) {
        is_text = *p >= 0x20 && *p != 0x7f && !(*p == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f);
    }
    return is_text;
}

static int read_credentials(request_rec *r, const char **user, const char **password)
{
    const authjwt_dir_conf_t *conf = authjwt_config_dir(r);
    const char *user_field = conf->login_user_field ? conf->login_user_field : "username";
    const char *password_field = conf->login_password_field ? conf->login_password_field : "password";
    json_t *fields;
    int status = authjwt_body_fields(r, &fields);

    if (status != OK) {
        return status;
    }
    if (!conf->login_user_field && !authjwt_body_string(fields, user_field)) {
        user_field = "email";
    }
    *user = authjwt_body_string(fields, user_field);
    *password = authjwt_body_string(fields, password_field);
    if (!*user || !*password || !is_identity(fields, user_field)) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, "AJ1601: login refused: %s",
                      *user && *password ? "the user name holds control characters or is not UTF-8"
                                         : "the body has no user name or no password");
        return authjwt_reply_refuse_because(r, AUTHJWT_INVALID_REQUEST, "Username and password required");
    }
    return OK;
}

/* An attempt counts from its beginning, so that attempts at the same time count too. */
static int check_password(request_rec *r, const char *user, const char *password)
{
    int status = authjwt_throttle_begin(r, user);

    if (status != OK) {
        return status;
    }
    status = authjwt_users_check_password(r, user, password);
    if (status == OK) {
        authjwt_throttle_success(r, user);
    }
    else if (status != HTTP_UNAUTHORIZED) {
        authjwt_throttle_undecided(r, user);
    }
    return status;
}

static int sign_in(request_rec *r, const char *user, json_t **answer)
{
    apr_array_header_t *roles = NULL;
    int status = authjwt_users_admit(r, user);

    if (status == OK) {
        status = authjwt_users_roles(r, user, &roles);
    }
    return status == OK ? authjwt_session_start(r, user, roles, answer) : status;
}

int authjwt_login_handler(request_rec *r)
{
    const char *user, *password;
    json_t *answer;
    int status;

    if (!r->handler || ap_cstr_casecmp(r->handler, AUTHJWT_HANDLER_LOGIN)) {
        return DECLINED;
    }
    if (r->method_number != M_POST) {
        return authjwt_reply_method_not_allowed(r, M_POST);
    }
    status = read_credentials(r, &user, &password);
    if (status == OK) {
        status = check_password(r, user, password);
    }
    if (status == OK) {
        status = sign_in(r, user, &answer);
    }
    return status == OK ? authjwt_reply_json(r, answer) : status;
}
