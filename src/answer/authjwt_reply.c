/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_reply: every answer of this module. */
#include <httpd.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>
#include <apr_strings.h>

#include "aj_json.h"
#include "authjwt_audit.h"
#include "authjwt_caching.h"
#include "authjwt_config.h"
#include "authjwt_config_values.h"
#include "authjwt_identity.h"
#include "authjwt_reply.h"
#include "authjwt_request.h"
#include "authjwt_tally.h"

APLOG_USE_MODULE(authjwt);

#define RETRY_AFTER_SECONDS 5
#define LARGEST_FILE        (256 * 1024)

/* quoted-string of RFC 9110 5.6.4. What is escaped already stays as it is: AuthName comes as the administrator wrote
 * it, and mod_auth_basic sends it so. */
static const char *quote(const char *text, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, 2 * strlen(text) + 3);
    char *p = out;

    *p++ = '"';
    for (; *text; text++) {
        if (*text == '\\' && text[1]) {
            *p++ = *text++;
        }
        else if (*text == '"' || *text == '\\') {
            *p++ = '\\';
        }
        *p++ = *text;
    }
    *p++ = '"';
    *p = '\0';
    return out;
}

/* WWW-Authenticate as RFC 6750 3 says: no error where no token was sent. */
static void challenge(request_rec *r, const authjwt_refusal_t *refusal, const apr_array_header_t *scopes)
{
    const char *type = authjwt_config_header_type(authjwt_config_dir(r));
    const char *realm = ap_auth_name(r);
    const char *value = apr_pstrcat(r->pool, *type ? type : "Bearer", " realm=",
                                    quote(realm                        ? realm
                                          : r->server->server_hostname ? r->server->server_hostname
                                                                       : "jwt",
                                          r->pool),
                                    NULL);

    if (refusal->challenge) {
        value = apr_pstrcat(r->pool, value, ", error=\"", refusal->challenge,
                            "\", error_description=", quote(refusal->message, r->pool), NULL);
    }
    if (scopes) {
        value = apr_pstrcat(r->pool, value, ", scope=\"", apr_array_pstrcat(r->pool, scopes, ' '), "\"", NULL);
    }
    apr_table_setn(r->err_headers_out,
                   authjwt_request_is_forward_proxied(r) ? "Proxy-Authenticate" : "WWW-Authenticate", value);
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

void authjwt_reply_body(request_rec *r, int status, const char *type, const char *body)
{
    /* What httpd makes of it later. */
    if (status == HTTP_UNAUTHORIZED && authjwt_request_is_forward_proxied(r)) {
        status = HTTP_PROXY_AUTHENTICATION_REQUIRED;
    }
    /* Also on the request above a subrequest: mod_dir passes on what it was told of an index file, but not the body. */
    for (; r; r = r->main) {
        authjwt_state_t *state = authjwt_request_state(r);

        /* httpd takes a text that begins like an address for one. */
        ap_custom_response(r, status, *body == '/' || ap_is_url(body) ? apr_pstrcat(r->pool, "\n", body, NULL) : body);
        state->own_error = status;
        state->own_error_type = type;
    }
}

/* A refresh that AuthJWTLoginRequire denies has proved whose it is, and nothing of it is the request's identity. */
void authjwt_reply_audit(request_rec *r, authjwt_verdict_e verdict)
{
    const aj_claims_t *claims = authjwt_identity_claims(r);

    if (claims) {
        authjwt_audit_refusal(r, verdict, aj_claims_identity(claims), aj_claims_string(claims, "sid"));
    }
    else {
        int is_known = verdict == AUTHJWT_ACCESS_DENIED && authjwt_request_state(r)->exempt;

        authjwt_audit_refusal(r, verdict, is_known ? r->user : NULL, NULL);
    }
}

int authjwt_reply_headers(request_rec *r, authjwt_verdict_e verdict)
{
    const authjwt_refusal_t *refusal = authjwt_verdict_refusal(verdict);
    authjwt_state_t *state = authjwt_request_state(r);

    authjwt_reply_audit(r, verdict);
    authjwt_tally_refused(r, verdict);
    if (verdict == AUTHJWT_BODY_UNREADABLE) {
        return authjwt_request_state(authjwt_request_initial(r))->unreadable;
    }
    if (!refusal->code) {
        return refusal->status;
    }
    /* Set before AuthName is evaluated: its expression may ask for a claim. */
    state->refused = verdict;
    apr_table_setn(r->notes, "jwt-error", refusal->code);
    /* A login that is refused to a known user presents no token, so there is nothing to challenge. */
    if (refusal->status == HTTP_UNAUTHORIZED || (refusal->challenge && r->ap_auth_type)) {
        challenge(r, refusal, verdict == AUTHJWT_ACCESS_DENIED ? state->scopes : NULL);
    }
    if (refusal->status == HTTP_TOO_MANY_REQUESTS || refusal->status == HTTP_SERVICE_UNAVAILABLE) {
        long seconds = refusal->status == HTTP_TOO_MANY_REQUESTS ? state->retry_after : RETRY_AFTER_SECONDS;

        apr_table_setn(r->err_headers_out, "Retry-After", apr_ltoa(r->pool, seconds));
    }
    if (state->exempt) {
        apr_table_setn(r->err_headers_out, "Cache-Control", "no-store");
    }
    return refusal->status;
}

int authjwt_reply_json(request_rec *r, const json_t *body)
{
    ap_set_content_type(r, "application/json");
    authjwt_caching_no_store(r);
    ap_rputs(aj_json_write(body, r->pool), r);
    ap_rputs("\n", r);
    return OK;
}

/* Logs read the notes of the request that was answered in the end, such as an ErrorDocument's. */
AUTHJWT_SELDOM static void copy_notes(request_rec *r)
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
}

static int hand_notes_on(request_rec *r)
{
    if (r->next || r->prev) {
        copy_notes(r);
    }
    /* For answers that have passed no filter of ours. Without a state it was none of our business. */
    if (r->next || r->prev || authjwt_request_made_state(r)) {
        authjwt_tally(r);
    }
    return DECLINED;
}

void authjwt_reply_register(apr_pool_t *pool)
{
    (void)pool;
    ap_hook_log_transaction(hand_notes_on, NULL, NULL, APR_HOOK_FIRST);
}
