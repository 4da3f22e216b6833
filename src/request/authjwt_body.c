/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_body: the fields of a small request body. */
#include <httpd.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <apr_strings.h>

#include "aj_json.h"
#include "authjwt_body_private.h"
#include "authjwt_config.h"
#include "authjwt_credential.h"
#include "authjwt_request.h"

APLOG_USE_MODULE(authjwt);

#define JSON "application/json"
#define FORM "application/x-www-form-urlencoded"

static authjwt_verdict_e malformed(request_rec *r, const char *why)
{
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, "AJ1101: request body refused: %s", why);
    return AUTHJWT_INVALID_REQUEST;
}

static authjwt_verdict_e too_large(request_rec *r)
{
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, "AJ1102: request body refused: longer than %d bytes", AUTHJWT_BODY_MAX);
    return AUTHJWT_BODY_TOO_LARGE;
}

authjwt_verdict_e authjwt_body_unreadable(request_rec *r, apr_status_t rv)
{
    int status = ap_map_http_request_error(rv, HTTP_BAD_REQUEST);

    ap_log_rerror(APLOG_MARK, APLOG_INFO, rv, r, "AJ1103: request body could not be read");
    if (status == HTTP_REQUEST_ENTITY_TOO_LARGE) {
        return AUTHJWT_BODY_TOO_LARGE;
    }
    if (status == HTTP_BAD_REQUEST) {
        return AUTHJWT_INVALID_REQUEST;
    }
    authjwt_request_state(authjwt_request_initial(r))->unreadable = status;
    return AUTHJWT_BODY_UNREADABLE;
}

/* A length over the limit is refused before the body has come. httpd has checked the header's form. */
static int promises_too_much(request_rec *r)
{
    const char *length = apr_table_get(r->headers_in, "Content-Length");

    return length && apr_strtoi64(length, NULL, 10) > AUTHJWT_BODY_MAX;
}

/* To the end, whole or chunked, however slowly it comes (mod_reqtimeout says how slow is too slow). */
static authjwt_verdict_e read_all(request_rec *r, authjwt_body_bytes_t *body)
{
    apr_status_t rv;

    if (promises_too_much(r)) {
        return too_large(r);
    }
    rv = authjwt_body_read(r, AUTHJWT_BODY_MAX + 1, AUTHJWT_BODY_MAX, r->pool, body);
    if (rv == APR_ENOSPC) {
        return too_large(r);
    }
    return rv == APR_SUCCESS ? AUTHJWT_OK : authjwt_body_unreadable(r, rv);
}

/* Media type without parameters, in lower case; "" when there is none. */
static const char *media_type(request_rec *r)
{
    const char *header = apr_table_get(r->headers_in, "Content-Type");
    char *type = apr_pstrdup(r->pool, header ? header : "");

    type += strspn(type, " \t");
    type[strcspn(type, "; \t")] = '\0';
    ap_str_tolower(type);
    return type;
}

/* Without a Content-Type: what it looks like. */
static const char *type_of(request_rec *r, const authjwt_body_bytes_t *body)
{
    const char *type = media_type(r);

    if (*type) {
        return type;
    }
    return body->bytes[strspn(body->bytes, " \t\r\n")] == '{' ? JSON : FORM;
}

/* @return NULL, or what is wrong with the body */
static const char *parse(const char *type, authjwt_body_bytes_t *body, apr_pool_t *pool, json_t **object)
{
    const char *error = NULL;

    if (!strcmp(type, FORM)) {
        return authjwt_body_read_form(body->bytes, body->len, *object);
    }
    if (strcmp(type, JSON)) {
        return "Content-Type is neither " JSON " nor " FORM;
    }
    if (aj_json_read_object(body->bytes, body->len, pool, object, &error)) {
        return NULL;
    }
    return error ? error : "not one JSON object";
}

authjwt_verdict_e authjwt_body_fields(request_rec *r, json_t **fields)
{
    json_t *object = aj_json_own(json_object(), r->pool);
    authjwt_body_bytes_t body;
    authjwt_verdict_e verdict = read_all(r, &body);
    const char *error;

    if (verdict != AUTHJWT_OK) {
        return verdict;
    }
    error = body.len ? parse(type_of(r, &body), &body, r->pool, &object) : NULL;
    if (error) {
        return malformed(r, error);
    }
    *fields = object;
    return AUTHJWT_OK;
}

static const char *parse_form(request_rec *r, authjwt_body_bytes_t *body, json_t *fields)
{
    return !body->len || !strcmp(type_of(r, body), FORM) ? authjwt_body_read_form(body->bytes, body->len, fields)
                                                         : "Content-Type is not " FORM;
}

authjwt_verdict_e authjwt_body_form_token(request_rec *r, const char *name, apr_array_header_t **tokens)
{
    json_t *fields = aj_json_own(json_object(), r->pool);
    authjwt_body_bytes_t body;
    authjwt_verdict_e verdict = read_all(r, &body);
    const char *error;

    if (verdict != AUTHJWT_OK) {
        return verdict;
    }
    error = parse_form(r, &body, fields);
    *tokens = error ? NULL : authjwt_body_token(fields, name, r->pool);
    if (!*tokens) {
        (void)malformed(r, error ? error : apr_psprintf(r->pool, "the form has no field %s", name));
        return AUTHJWT_TOKEN_FIELD_MISSING;
    }
    return AUTHJWT_OK;
}

const char *authjwt_body_string(const json_t *fields, const char *name)
{
    const char *value = json_string_value(json_object_get(fields, name));

    return value && *value ? value : NULL;
}

apr_array_header_t *authjwt_body_token(const json_t *fields, const char *name, apr_pool_t *pool)
{
    const char *value = authjwt_body_string(fields, name);

    return value ? authjwt_credential_list(value, pool) : NULL;
}

int authjwt_body_flag(const json_t *fields, const char *name)
{
    const json_t *value = json_object_get(fields, name);
    const char *text = json_string_value(value);

    return json_is_true(value)
        || (text && (!strcmp(text, "true") || !strcmp(text, "1") || !strcmp(text, "on") || !strcmp(text, "yes")));
}
