/* authjwt_reply: every answer of this module. */
#include <httpd.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>
#include <apr_strings.h>
#include <util_filter.h>

#include "aj_json.h"
#include "authjwt_config.h"
#include "authjwt_reply.h"
#include "authjwt_request.h"

APLOG_USE_MODULE(authjwt);

#define HEADERS_FILTER "AUTHJWT_HEADERS"
#define CACHING_FILTER "AUTHJWT_CACHING"

#define RETRY_AFTER_SECONDS "5"
#define LARGEST_FILE        (256 * 1024)

/* quoted-string of RFC 9110 5.6.4. */
static const char *quote(const char *text, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, 2 * strlen(text) + 3);
    char *p = out;

    *p++ = '"';
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') {
            *p++ = '\\';
        }
        *p++ = *text;
    }
    *p++ = '"';
    *p = '\0';
    return out;
}

/* WWW-Authenticate as RFC 6750 3 says: no error where no token was sent. */
static void challenge(request_rec *r, const authjwt_problem_t *problem)
{
    const char *type = authjwt_config_header_type(authjwt_config_dir(r));
    const char *realm = ap_auth_name(r);
    const char *value = apr_pstrcat(r->pool, *type ? type : "Bearer", " realm=",
                                    quote(realm                        ? realm
                                          : r->server->server_hostname ? r->server->server_hostname
                                                                       : "jwt",
                                          r->pool),
                                    NULL);

    if (problem->challenge) {
        value = apr_pstrcat(r->pool, value, ", error=\"", problem->challenge,
                            "\", error_description=", quote(problem->message, r->pool), NULL);
    }
    apr_table_setn(r->err_headers_out,
                   authjwt_request_is_forward_proxied(r) ? "Proxy-Authenticate" : "WWW-Authenticate", value);
}

static const char *error_body(const authjwt_problem_t *problem, const char *error, apr_pool_t *pool)
{
    json_t *body = aj_json_own(json_pack("{s:s, s:s, s:s}", "error", error ? error : problem->error, "message",
                                         problem->message, "code", problem->code),
                               pool);

    return apr_pstrcat(pool, aj_json_write(body, pool), "\n", NULL);
}

const char *authjwt_reply_read_file(request_rec *r, const char *directive, const char *path)
{
    apr_file_t *file;
    apr_status_t rv = apr_file_open(&file, path, APR_FOPEN_READ | APR_FOPEN_BINARY, APR_FPROT_OS_DEFAULT, r->pool);
    char *text = apr_palloc(r->pool, LARGEST_FILE + 1);
    apr_size_t len = 0;

    if (rv == APR_SUCCESS) {
        rv = apr_file_read_full(file, text, LARGEST_FILE, &len);
        rv = rv == APR_SUCCESS ? APR_ENOSPC : rv;
        apr_file_close(file);
    }
    if (rv != APR_SUCCESS && !APR_STATUS_IS_EOF(rv)) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, rv, r, "AJ1772: %s %s cannot be read, or has more than %d bytes",
                      directive, path, LARGEST_FILE - 1);
        return NULL;
    }
    text[len] = '\0';
    return text;
}

/* @return non-zero when there is a document for this problem */
static int give_document(request_rec *r, const authjwt_problem_t *problem)
{
    const authjwt_error_document_t *document =
        authjwt_config_error_document(authjwt_config_dir(r), problem->code, problem->status);
    const char *body = document ? authjwt_reply_read_file(r, "AuthJWTErrorDocument", document->path) : NULL;

    if (body) {
        authjwt_reply_body(r, problem->status, document->type, body);
    }
    return body != NULL;
}

int authjwt_reply_refuse_because(request_rec *r, authjwt_problem_e number, const char *error)
{
    const authjwt_problem_t *problem = authjwt_problem(number);

    /* One refusal takes the place of another. Known before AuthName is evaluated, which may ask for a claim. */
    authjwt_reply_withdraw(r);
    authjwt_request_state(r)->problem = (int)number + 1;
    apr_table_setn(r->notes, "jwt-error", problem->code);
    /* A login that is refused to a known user presents no token, so there is nothing to challenge. */
    if (problem->status == HTTP_UNAUTHORIZED || (problem->challenge && r->ap_auth_type)) {
        challenge(r, problem);
    }
    if (problem->status == HTTP_SERVICE_UNAVAILABLE) {
        apr_table_setn(r->err_headers_out, "Retry-After", RETRY_AFTER_SECONDS);
    }
    if (authjwt_request_state(r)->exempt) {
        apr_table_setn(r->err_headers_out, "Cache-Control", "no-store");
    }
    if (!give_document(r, problem) && !authjwt_request_is_navigation(authjwt_request_initial(r))) {
        authjwt_reply_body(r, problem->status, "application/json", error_body(problem, error, r->pool));
    }
    return problem->status;
}

void authjwt_reply_body(request_rec *r, int status, const char *type, const char *body)
{
    int renewing = authjwt_request_state(authjwt_request_initial(r))->renewing;

    /* What httpd makes of it later. */
    if (status == HTTP_UNAUTHORIZED && authjwt_request_is_forward_proxied(r)) {
        status = HTTP_PROXY_AUTHENTICATION_REQUIRED;
    }
    /* Also on the request above a subrequest: mod_dir passes on what it was told of an index file, but not the body.
     * What a renewal on the way was told is nobody's answer. */
    for (; r; r = renewing ? NULL : r->main) {
        authjwt_state_t *state = authjwt_request_state(r);

        /* What looks like an address would be taken for one. */
        ap_custom_response(r, status, *body == '/' || ap_is_url(body) ? apr_pstrcat(r->pool, "\n", body, NULL) : body);
        state->own_error = status;
        state->own_error_type = type;
    }
}

/* So that a handler that answers with the same status later does not get a body of ours. */
static void drop_body(request_rec *r, int status)
{
    core_request_config *core = ap_get_core_module_config(r->request_config);

    if (status && core && core->response_code_strings) {
        core->response_code_strings[ap_index_of_response(status)] = NULL;
    }
}

void authjwt_reply_withdraw(request_rec *r)
{
    int renewing = authjwt_request_state(authjwt_request_initial(r))->renewing;

    apr_table_unset(r->notes, "jwt-error");
    apr_table_unset(r->err_headers_out, "WWW-Authenticate");
    apr_table_unset(r->err_headers_out, "Proxy-Authenticate");
    apr_table_unset(r->err_headers_out, "Retry-After");
    authjwt_request_state(r)->problem = 0;
    /* From wherever authjwt_reply_body has put it. */
    for (; r; r = renewing ? NULL : r->main) {
        authjwt_state_t *state = authjwt_request_state(r);

        drop_body(r, state->own_error);
        state->own_error = 0;
    }
}

int authjwt_reply_is(request_rec *r, authjwt_problem_e problem)
{
    return authjwt_request_state(r)->problem == (int)problem + 1;
}

int authjwt_reply_refuse(request_rec *r, authjwt_problem_e number)
{
    return authjwt_reply_refuse_because(r, number, NULL);
}

int authjwt_reply_method_not_allowed(request_rec *r, int allowed, int and_get)
{
    ap_allow_standard_methods(r, REPLACE_ALLOW, allowed, and_get ? M_GET : -1, -1);
    if (authjwt_request_is_preflight(r)) {
        /* The headers that the preflight asks for are mod_headers' business. */
        r->status = HTTP_NO_CONTENT;
        return OK;
    }
    return authjwt_reply_refuse(r, AUTHJWT_METHOD_NOT_ALLOWED);
}

int authjwt_reply_json(request_rec *r, const json_t *body)
{
    ap_set_content_type(r, "application/json");
    authjwt_reply_no_store(r);
    ap_rputs(aj_json_write(body, r->pool), r);
    ap_rputs("\n", r);
    return OK;
}

/* Where a token is asked for, was asked for before mod_dir put another file in the place of this one, or an expression
 * asked about it. */
static int hangs_here(request_rec *r)
{
    const authjwt_state_t *state = authjwt_request_state(r);

    return authjwt_config_protects(r) || state->claims || state->asked;
}

/* Or it was asked about on the way: before a RewriteRule or ErrorDocument led here, or for what a listing leaves out.
 */
static int hangs_on_token(request_rec *r)
{
    return hangs_here(r) || authjwt_request_state(authjwt_request_initial(r))->judged;
}

static void add_vary(request_rec *r, const authjwt_dir_conf_t *conf)
{
    const authjwt_location_e *locations;
    int count = authjwt_config_locations(conf, &locations);
    int i;

    for (i = 0; i < count; i++) {
        const char *name = locations[i] == AUTHJWT_IN_HEADER ? authjwt_request_token_header(r)
                         : locations[i] == AUTHJWT_IN_COOKIE ? "Cookie"
                                                             : NULL;
        const char *vary = apr_table_get(r->headers_out, "Vary");

        if (name && !(vary && (ap_find_token(r->pool, vary, name) || ap_find_token(r->pool, vary, "*")))) {
            apr_table_mergen(r->headers_out, "Vary", name);
        }
    }
}

/* Runs when the headers are complete, once, and before caches and mod_headers look at them. */
static apr_status_t headers_filter(ap_filter_t *f, apr_bucket_brigade *brigade)
{
    request_rec *r = f->r;
    request_rec *from;

    for (from = hangs_on_token(r) && !authjwt_request_endpoint(r) ? r : NULL; from; from = from->prev) {
        if (from == r || hangs_here(from)) {
            add_vary(r, authjwt_config_dir(from));
        }
    }
    if (authjwt_request_state(r)->own_error && authjwt_request_state(r)->own_error == r->status) {
        ap_set_content_type(r, authjwt_request_state(r)->own_error_type);
    }
    ap_remove_output_filter(f);
    return ap_pass_brigade(f->next, brigade);
}

static int may_store(request_rec *r)
{
    return !authjwt_request_state(authjwt_request_initial(r))->no_store;
}

/* After mod_headers, which may say how long to keep what a directory holds, and before caches. */
static apr_status_t caching_filter(ap_filter_t *f, apr_bucket_brigade *brigade)
{
    request_rec *r = f->r;

    if (!may_store(r)) {
        apr_table_unset(r->err_headers_out, "Cache-Control");
        apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    }
    else if (!authjwt_request_endpoint(r) && !apr_table_get(r->headers_out, "Cache-Control")
             && !apr_table_get(r->err_headers_out, "Cache-Control")) {
        apr_table_setn(r->headers_out, "Cache-Control", "private");
    }
    ap_remove_output_filter(f);
    return ap_pass_brigade(f->next, brigade);
}

void authjwt_reply_no_store(request_rec *r)
{
    authjwt_request_state(authjwt_request_initial(r))->no_store = 1;
    /* In a handler the hook has been. */
    ap_add_output_filter(CACHING_FILTER, NULL, r, r->connection);
}

static void add_filters(request_rec *r)
{
    ap_add_output_filter(HEADERS_FILTER, NULL, r, r->connection);
    ap_add_output_filter(CACHING_FILTER, NULL, r, r->connection);
}

void authjwt_reply_hangs_on_token(request_rec *r)
{
    authjwt_state_t *initial = authjwt_request_state(authjwt_request_initial(r));
    request_rec *page = r;

    while (page->main) {
        page = page->main;
    }
    /* A listing asks about its files when the hook has been. */
    if (!initial->judged && authjwt_request_state(page)->answering) {
        add_filters(page);
    }
    initial->judged = 1;
}

/* Subrequests have no headers of their own to send. */
static void insert_filter(request_rec *r)
{
    authjwt_request_state(r)->answering = 1;
    if (!r->main && (hangs_on_token(r) || authjwt_request_state(r)->own_error)) {
        ap_add_output_filter(HEADERS_FILTER, NULL, r, r->connection);
    }
    if (!r->main && (hangs_on_token(r) || !may_store(r))) {
        ap_add_output_filter(CACHING_FILTER, NULL, r, r->connection);
    }
}

/* Logs read the notes of the request that was answered in the end, such as an ErrorDocument's. */
static int hand_notes_on(request_rec *r)
{
    static const char *const names[] = { "jwt-sub", "jwt-jti", "jwt-error" };
    request_rec *last = r;
    request_rec *from;
    apr_size_t i;

    while (last->next) {
        last = last->next;
    }
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        for (from = last->prev; from && !apr_table_get(last->notes, names[i]); from = from->prev) {
            const char *note = apr_table_get(from->notes, names[i]);

            if (note) {
                apr_table_setn(last->notes, names[i], note);
            }
        }
    }
    return DECLINED;
}

void authjwt_reply_register(apr_pool_t *pool)
{
    static const char *const after[] = { "mod_headers.c", NULL };

    (void)pool;
    ap_register_output_filter(HEADERS_FILTER, headers_filter, NULL, AP_FTYPE_CONTENT_SET - 2);
    ap_register_output_filter(CACHING_FILTER, caching_filter, NULL, AP_FTYPE_CONTENT_SET);
    ap_hook_insert_filter(insert_filter, after, NULL, APR_HOOK_LAST);
    ap_hook_log_transaction(hand_notes_on, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_insert_error_filter(insert_filter, after, NULL, APR_HOOK_LAST);
}
