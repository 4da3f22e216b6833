/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_body: the fields of a small request body, JSON or form, whole or chunked. */
#ifndef AUTHJWT_BODY_H
#define AUTHJWT_BODY_H

#include <httpd.h>
#include <jansson.h>
#include "authjwt_verdict.h"

/** Longest body that is read, in bytes. */
#define AUTHJWT_BODY_MAX 65536

/**
 * Read the body as named fields. application/json: one object without duplicates; application/x-www-form-urlencoded:
 * each value a string, no name twice. No Content-Type: what it looks like. An empty body has no fields. Bytes are wiped
 * with the request.
 * @param fields  set on AUTHJWT_OK: object owned by r->pool; strings of a form may be other than UTF-8
 * @return AUTHJWT_OK, or why not (logged)
 */
authjwt_verdict_e authjwt_body_fields(request_rec *r, json_t **fields) AUTHJWT_MUST_USE;

/**
 * Read a form that holds one token (RFC 7009 2.1, RFC 7662 2.1). Other types of body are refused, and no field may
 * occur twice.
 * @param name    of its field
 * @param tokens  set on AUTHJWT_OK: the list of one token that authjwt_verify takes
 * @return AUTHJWT_OK, AUTHJWT_TOKEN_FIELD_MISSING, or why the body cannot be read (logged)
 */
authjwt_verdict_e authjwt_body_form_token(request_rec *r, const char *name,
                                          apr_array_header_t **tokens) AUTHJWT_MUST_USE;

/**
 * Look into a form that somebody else will read: its first AUTHJWT_BODY_MAX bytes are kept, and replayed to the
 * handler.
 * @param value  set on AUTHJWT_OK: that of the field, owned by the request's pool; NULL when the body is no form or
 * does not hold it
 * @return AUTHJWT_OK, or as authjwt_body_fields when the body cannot be read
 */
authjwt_verdict_e authjwt_body_peek(request_rec *r, const char *name, const char **value) AUTHJWT_MUST_USE;

/** Register the input filter that replays what has been looked into. */
void authjwt_body_register(apr_pool_t *pool);

/** Insert it, where something was looked into; anew for each request that a redirect makes. Not for subrequests. */
void authjwt_body_insert_filter(request_rec *r);

/** Field that is a non-empty string without NUL. @return borrowed, or NULL */
const char *authjwt_body_string(const json_t *fields, const char *name);

/** A field as the list of one token that authjwt_verify takes. @return NULL when it is absent or empty */
apr_array_header_t *authjwt_body_token(const json_t *fields, const char *name, apr_pool_t *pool);

/** Field that says yes: JSON true, or in a form "true", "1", "on", "yes". */
int authjwt_body_flag(const json_t *fields, const char *name);

#endif
