/* authjwt_forward: the environment. Included parts begin with that of the page, and what a redirect leads to has it
 * behind REDIRECT_: a section above may have let pass what this one keeps away. And a RewriteRule that PHP applications
 * bring along puts Authorization there. */
#include <httpd.h>

#include "authjwt_config.h"
#include "authjwt_cookies_read.h"
#include "authjwt_forward_private.h"
#include "authjwt_request.h"

static const char *variable_name(const char *key)
{
    while (!strncmp(key, "REDIRECT_", sizeof("REDIRECT_") - 1)) {
        key += sizeof("REDIRECT_") - 1;
    }
    return key;
}

/* @return name of the header that a variable was made of, NULL if of none */
static const char *header_of_variable(const char *name)
{
    return !strncmp(name, "HTTP_", 5) ? name + 5 : NULL;
}

void authjwt_forward_env_remove(request_rec *r, const apr_array_header_t *headers)
{
    const apr_array_header_t *all = apr_table_elts(r->subprocess_env);
    int i;

    for (i = r->main || r->prev ? all->nelts - 1 : -1; i >= 0; i--) {
        const char *key = APR_ARRAY_IDX(all, i, apr_table_entry_t).key;
        const char *header = header_of_variable(variable_name(key));

        if (header && authjwt_forward_is_managed(header, strlen(header), headers)) {
            apr_table_unset(r->subprocess_env, key);
            i = i < all->nelts ? i : all->nelts;
        }
    }
}

/* @return value itself when it holds no token, NULL when it is nothing else */
static const char *without_token(const char *variable, char *value, const authjwt_dir_conf_t *conf, apr_pool_t *pool)
{
    const char *header = header_of_variable(variable);
    const char *query_name = authjwt_config_query_name(conf);

    if (!strcmp(variable, "QUERY_STRING") || !strcmp(variable, "QUERY_STRING_UNESCAPED")
        || !strcmp(variable, "DOCUMENT_ARGS")) {
        const char *cut = authjwt_request_cut_parameter(value, query_name, pool);

        return cut ? cut : value;
    }
    if (!strcmp(variable, "REQUEST_URI")) {
        return authjwt_request_cut_from_address(value, query_name, pool);
    }
    if (!strcmp(variable, "HTTP_COOKIE")) {
        return authjwt_cookies_without(authjwt_cookies_without(value, authjwt_config_access_cookie(conf), pool),
                                       authjwt_config_refresh_cookie(conf), pool);
    }
    return header && authjwt_forward_looks_like(header, strlen(header), authjwt_config_header_name(conf))
                && authjwt_forward_holds_token(value, authjwt_config_header_type(conf), pool)
             ? NULL
             : value;
}

void authjwt_forward_env_cut(request_rec *r, const authjwt_dir_conf_t *conf)
{
    const apr_array_header_t *all = apr_table_elts(r->subprocess_env);
    int i;

    for (i = all->nelts - 1; i >= 0; i--) {
        const apr_table_entry_t *entry = &APR_ARRAY_IDX(all, i, apr_table_entry_t);
        const char *key = entry->key;
        const char *kept = without_token(variable_name(key), entry->val, conf, r->pool);

        if (!kept) {
            apr_table_unset(r->subprocess_env, key);
        }
        else if (kept != entry->val) {
            apr_table_setn(r->subprocess_env, key, kept);
        }
        i = i < all->nelts ? i : all->nelts;
    }
}
