/* authjwt_body: the fields of a small request body. */
#include <httpd.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <apr_strings.h>

#include "aj_digest.h"
#include "aj_json.h"
#include "authjwt_body_private.h"
#include "authjwt_config.h"
#include "authjwt_reply.h"

APLOG_USE_MODULE(authjwt);

static int malformed(request_rec *r, const char *why)
{
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, "AJ1101: request body refused: %s", why);
    return authjwt_reply_refuse(r, AUTHJWT_INVALID_REQUEST);
}

static int too_large(request_rec *r)
{
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, "AJ1102: request body refused: longer than %d bytes", AUTHJWT_BODY_MAX);
    return authjwt_reply_refuse(r, AUTHJWT_BODY_TOO_LARGE);
}

int authjwt_body_unreadable(request_rec *r, apr_status_t rv)
{
    int status = ap_map_http_request_error(rv, HTTP_BAD_REQUEST);

    ap_log_rerror(APLOG_MARK, APLOG_INFO, rv, r, "AJ1103: request body could not be read");
    if (status == HTTP_REQUEST_ENTITY_TOO_LARGE) {
        return authjwt_reply_refuse(r, AUTHJWT_BODY_TOO_LARGE);
    }
    return status == HTTP_BAD_REQUEST ? authjwt_reply_refuse(r, AUTHJWT_INVALID_REQUEST) : status;
}

/* Append what a brigade holds. @return APR_ENOSPC when that is too much */
static apr_status_t append(apr_bucket_brigade *brigade, char *buffer, apr_size_t *len, int *ended)
{
    apr_bucket *bucket;

    for (bucket = APR_BRIGADE_FIRST(brigade); bucket != APR_BRIGADE_SENTINEL(brigade);
         bucket = APR_BUCKET_NEXT(bucket)) {
        const char *data;
        apr_size_t data_len;
        apr_status_t rv;

        if (APR_BUCKET_IS_EOS(bucket)) {
            *ended = 1;
            return APR_SUCCESS;
        }
        if (APR_BUCKET_IS_METADATA(bucket)) {
            continue;
        }
        rv = apr_bucket_read(bucket, &data, &data_len, APR_BLOCK_READ);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        if (data_len > AUTHJWT_BODY_MAX - *len) {
            return APR_ENOSPC;
        }
        memcpy(buffer + *len, data, data_len);
        *len += data_len;
    }
    return APR_SUCCESS;
}

/* A length over the limit is refused before the body has come. httpd has checked the header's form. */
static int promises_too_much(request_rec *r)
{
    const char *length = apr_table_get(r->headers_in, "Content-Length");

    return length && apr_strtoi64(length, NULL, 10) > AUTHJWT_BODY_MAX;
}

/* Read to the end, whole or chunked, however slowly it comes (mod_reqtimeout says how slow is too slow). */
static int read_all(request_rec *r, char **body, apr_size_t *body_len)
{
    apr_bucket_brigade *brigade = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    char *buffer = apr_palloc(r->pool, AUTHJWT_BODY_MAX + 1);
    apr_status_t rv = APR_SUCCESS;
    apr_size_t len = 0;
    int ended = 0;

    if (promises_too_much(r)) {
        return too_large(r);
    }
    aj_wipe_with_pool(buffer, AUTHJWT_BODY_MAX + 1, r->pool);
    while (!ended && rv == APR_SUCCESS) {
        rv = ap_get_brigade(r->input_filters, brigade, AP_MODE_READBYTES, APR_BLOCK_READ, HUGE_STRING_LEN);
        if (rv == APR_SUCCESS) {
            rv = append(brigade, buffer, &len, &ended);
        }
        apr_brigade_cleanup(brigade);
    }
    if (rv == APR_ENOSPC) {
        return too_large(r);
    }
    if (rv != APR_SUCCESS) {
        return authjwt_body_unreadable(r, rv);
    }
    buffer[len] = '\0';
    *body = buffer;
    *body_len = len;
    return OK;
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

int authjwt_body_fields(request_rec *r, json_t **fields)
{
    const char *type = media_type(r);
    const char *error = NULL;
    json_t *object = aj_json_own(json_object(), r->pool);
    char *body = NULL;
    apr_size_t len = 0;
    int status = read_all(r, &body, &len);

    if (status != OK) {
        return status;
    }
    if (!*type) {
        type = body[strspn(body, " \t\r\n")] == '{' ? "application/json" : "application/x-www-form-urlencoded";
    }
    if (!len) {
        *fields = object;
        return OK;
    }
    if (!strcmp(type, "application/json")) {
        if (!aj_json_read_object(body, len, r->pool, &object, &error) && !error) {
            error = "not one JSON object";
        }
    }
    else if (!strcmp(type, "application/x-www-form-urlencoded")) {
        error = authjwt_body_read_form(body, len, object);
    }
    else {
        error = "Content-Type is neither application/json nor application/x-www-form-urlencoded";
    }
    if (error) {
        return malformed(r, error);
    }
    *fields = object;
    return OK;
}

const char *authjwt_body_string(const json_t *fields, const char *name)
{
    const char *value = json_string_value(json_object_get(fields, name));

    return value && *value ? value : NULL;
}

apr_array_header_t *authjwt_body_token(const json_t *fields, const char *name, apr_pool_t *pool)
{
    const char *value = authjwt_body_string(fields, name);
    apr_array_header_t *tokens;

    if (!value) {
        return NULL;
    }
    tokens = apr_array_make(pool, 1, sizeof(const char *));
    APR_ARRAY_PUSH(tokens, const char *) = value;
    return tokens;
}

int authjwt_body_flag(const json_t *fields, const char *name)
{
    const json_t *value = json_object_get(fields, name);
    const char *text = json_string_value(value);

    return json_is_true(value)
        || (text && (!strcmp(text, "true") || !strcmp(text, "1") || !strcmp(text, "on") || !strcmp(text, "yes")));
}
