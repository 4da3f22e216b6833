/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_credential: find the tokens of a request. */
#include <httpd.h>
#include <apr_strings.h>

#include "authjwt_config_values.h"
#include "authjwt_cookies_read.h"
#include "authjwt_credential.h"
#include "authjwt_request.h"

const char *authjwt_credential_header(request_rec *r)
{
    const char *name = authjwt_config_header_name(authjwt_config_dir(r));

    return authjwt_request_is_forward_proxied(r) && !ap_cstr_casecmp(name, "Authorization") ? "Proxy-Authorization"
                                                                                            : name;
}

const char *authjwt_credential_vary(request_rec *r, authjwt_location_e location)
{
    switch (location) {
    case AUTHJWT_IN_HEADER:
        return authjwt_credential_header(r);
    case AUTHJWT_IN_COOKIE:
        return "Cookie";
    default:
        return NULL;
    }
}

apr_array_header_t *authjwt_credential_list(const char *token, apr_pool_t *pool)
{
    apr_array_header_t *tokens = apr_array_make(pool, 1, sizeof(const char *));

    APR_ARRAY_PUSH(tokens, const char *) = token;
    return tokens;
}

static void find_in_header(request_rec *r, apr_array_header_t *tokens)
{
    const char *value = apr_table_get(authjwt_request_sent_headers(r), authjwt_credential_header(r));
    const char *type = authjwt_config_header_type(authjwt_config_dir(r));
    const char *token = value ? authjwt_request_credentials(value, type, r->pool) : NULL;

    if (token) {
        APR_ARRAY_PUSH(tokens, const char *) = token;
    }
}

static void find_in_query(request_rec *r, const authjwt_dir_conf_t *conf, apr_array_header_t *tokens)
{
    /* As it was sent, whatever rewrote or cut the query since; a '+' is no blank in a token. */
    const char *token = authjwt_request_parameter(authjwt_request_initial(r)->parsed_uri.query,
                                                  authjwt_config_query_name(conf), 0, r->pool);

    if (token) {
        APR_ARRAY_PUSH(tokens, const char *) = token;
    }
}

/* The Cookie header is read once a request, however many subrequests and locations ask. */
static void find_in_cookies(request_rec *r, const char *name, apr_array_header_t *tokens)
{
    request_rec *initial = authjwt_request_initial(r);
    authjwt_state_t *state = authjwt_request_state(initial);
    int i;

    if (!state->cookies) {
        state->cookies = authjwt_cookies_read(apr_table_get(authjwt_request_sent_headers(r), "Cookie"), initial->pool);
    }
    for (i = 0; i < state->cookies->nelts; i++) {
        const authjwt_cookie_pair_t *pair = &APR_ARRAY_IDX(state->cookies, i, authjwt_cookie_pair_t);

        if (!strcmp(pair->name, name)) {
            APR_ARRAY_PUSH(tokens, const char *) = pair->value;
        }
    }
}

int authjwt_credential_has_cookie(request_rec *r, const char *name)
{
    apr_array_header_t *values = apr_array_make(r->pool, 1, sizeof(const char *));

    find_in_cookies(r, name, values);
    return values->nelts > 0;
}

/* Under the name in effect, and under the default of earlier releases, which an upgrade leaves behind. */
static void find_in_cookies_of_old_too(request_rec *r, const char *name, apr_array_header_t *tokens)
{
    const char *plain = authjwt_config_plain_cookie(name);

    find_in_cookies(r, name, tokens);
    if (plain) {
        find_in_cookies(r, plain, tokens);
    }
}

apr_array_header_t *authjwt_credential_session_cookies(request_rec *r)
{
    const authjwt_dir_conf_t *conf = authjwt_config_dir(r);
    apr_array_header_t *tokens = apr_array_make(r->pool, 2, sizeof(const char *));

    find_in_cookies_of_old_too(r, authjwt_config_refresh_cookie(conf), tokens);
    find_in_cookies_of_old_too(r, authjwt_config_access_cookie(conf), tokens);
    return tokens->nelts ? tokens : NULL;
}

apr_array_header_t *authjwt_credential_refresh_cookies(request_rec *r)
{
    apr_array_header_t *tokens = apr_array_make(r->pool, 1, sizeof(const char *));

    find_in_cookies(r, authjwt_config_refresh_cookie(authjwt_config_dir(r)), tokens);
    return tokens->nelts ? tokens : NULL;
}

apr_array_header_t *authjwt_credential_find(request_rec *r, aj_token_type_e type, authjwt_location_e *from)
{
    const authjwt_dir_conf_t *conf = authjwt_config_dir(r);
    apr_array_header_t *tokens = apr_array_make(r->pool, 1, sizeof(const char *));
    const authjwt_location_e *locations;
    int count = authjwt_config_locations(conf, &locations);
    int i;

    for (i = 0; i < count && !tokens->nelts; i++) {
        if (locations[i] == AUTHJWT_IN_HEADER) {
            find_in_header(r, tokens);
        }
        else if (locations[i] == AUTHJWT_IN_QUERY) {
            find_in_query(r, conf, tokens);
        }
        else {
            find_in_cookies(
                r, type == AJ_TYPE_REFRESH ? authjwt_config_refresh_cookie(conf) : authjwt_config_access_cookie(conf),
                tokens);
        }
        if (tokens->nelts && from) {
            *from = locations[i];
        }
    }
    return tokens->nelts ? tokens : NULL;
}

/* A header without our scheme is the commonest mistake of clients. */
static const char *name_header(request_rec *r, const authjwt_dir_conf_t *conf)
{
    const char *name = authjwt_credential_header(r);
    const char *type = authjwt_config_header_type(conf);
    const char *scheme = *type ? apr_pstrcat(r->pool, " (", type, ")", NULL) : "";
    int is_sent = apr_table_get(authjwt_request_sent_headers(r), name) != NULL;

    return apr_pstrcat(r->pool, "the header ", name, scheme, is_sent ? ", which held something else" : "", NULL);
}

const char *authjwt_credential_places(request_rec *r)
{
    const authjwt_dir_conf_t *conf = authjwt_config_dir(r);
    const authjwt_location_e *locations;
    int count = authjwt_config_locations(conf, &locations);
    const char *text = "";
    int i;

    for (i = 0; i < count; i++) {
        text = apr_pstrcat(r->pool, text, i ? ", " : "",
                           locations[i] == AUTHJWT_IN_HEADER ? name_header(r, conf)
                           : locations[i] == AUTHJWT_IN_COOKIE
                               ? apr_pstrcat(r->pool, "the cookie ", authjwt_config_access_cookie(conf), NULL)
                               : apr_pstrcat(r->pool, "the query parameter ", authjwt_config_query_name(conf), NULL),
                           NULL);
    }
    return text;
}
