/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_config: the setters that say where tokens are in a request. */
#include <httpd.h>
#include <http_config.h>
#include <http_log.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "authjwt_directives_private.h"
#include "authjwt_risks.h"

APLOG_USE_MODULE(authjwt);

/* Whatever AuthJWTCookies says, which may stand before or after. */
static int is_listed(const apr_array_header_t *locations, authjwt_location_e location)
{
    int i;

    for (i = 0; i < locations->nelts; i++) {
        if (APR_ARRAY_IDX(locations, i, authjwt_location_e) == location) {
            return 1;
        }
    }
    return 0;
}

const char *authjwt_directives_set_locations(cmd_parms *cmd, void *dir, int argc, char *const argv[])
{
    /* The second spelling is Flask-JWT-Extended's. */
    static const struct {
        const char *name;
        authjwt_location_e location;
    } known[] = { { "header", AUTHJWT_IN_HEADER }, { "headers", AUTHJWT_IN_HEADER },
                  { "cookie", AUTHJWT_IN_COOKIE }, { "cookies", AUTHJWT_IN_COOKIE },
                  { "query", AUTHJWT_IN_QUERY },   { "query_string", AUTHJWT_IN_QUERY } };
    authjwt_dir_conf_t *conf = dir;
    apr_size_t k;
    int i;

    if (!argc) {
        return "AuthJWTTokenLocation: needs at least one of header, cookie, query";
    }
    conf->locations = apr_array_make(cmd->pool, argc, sizeof(authjwt_location_e));
    for (i = 0; i < argc; i++) {
        for (k = 0; k < sizeof(known) / sizeof(known[0]) && strcmp(argv[i], known[k].name); k++) {
            continue;
        }
        if (k == sizeof(known) / sizeof(known[0])) {
            return apr_psprintf(cmd->pool, "AuthJWTTokenLocation: \"%s\" is none of header, cookie, query", argv[i]);
        }
        if (is_listed(conf->locations, known[k].location)) {
            return apr_psprintf(cmd->pool, "AuthJWTTokenLocation: %s is named twice", argv[i]);
        }
        APR_ARRAY_PUSH(conf->locations, authjwt_location_e) = known[k].location;
    }
    conf->locations_and_cookie = apr_array_copy(cmd->pool, conf->locations);
    if (!is_listed(conf->locations, AUTHJWT_IN_COOKIE)) {
        APR_ARRAY_PUSH(conf->locations_and_cookie, authjwt_location_e) = AUTHJWT_IN_COOKIE;
    }
    if (is_listed(conf->locations, AUTHJWT_IN_QUERY) && authjwt_config_logs_now() && cmd->directive) {
        authjwt_risk(cmd->server, APLOG_WARNING,
                     "AJ1001: AuthJWTTokenLocation query (%s:%d): tokens in addresses end up in access logs, histories "
                     "and Referer headers",
                     cmd->directive->filename, cmd->directive->line_num);
    }
    return NULL;
}

/* Name of a header, cookie, query or form field: an HTTP token (RFC 9110 5.6.2), so that it needs no escaping anywhere.
 */
const char *authjwt_directives_set_name(cmd_parms *cmd, void *dir, const char *name)
{
    const char *p;

    for (p = name; *p; p++) {
        if (!apr_isalnum(*p) && !strchr("!#$%&'*+-.^_`|~", *p)) {
            break;
        }
    }
    if (p == name || *p) {
        return apr_psprintf(cmd->pool, "%s: \"%s\" is no name; use letters, digits, - and _", cmd->cmd->name, name);
    }
    return ap_set_string_slot(cmd, dir, name);
}

/* Parameters are looked for as written, so their name must be what nobody needs to escape. */
const char *authjwt_directives_set_query_name(cmd_parms *cmd, void *dir, const char *name)
{
    return name[strcspn(name, "&=+%#")]
             ? apr_psprintf(cmd->pool, "%s: \"%s\" is no name; use letters, digits, - and _", cmd->cmd->name, name)
             : authjwt_directives_set_name(cmd, dir, name);
}

/* Takes the line as it is: httpd's own splitting takes "" for no argument at all. */
const char *authjwt_directives_set_header_type(cmd_parms *cmd, void *dir, const char *line)
{
    const char *type;

    if (!*line) {
        return "AuthJWTHeaderType: write the scheme before the token, such as Bearer, or \"\" for none";
    }
    type = ap_getword_conf(cmd->pool, &line);
    if (*line) {
        return "AuthJWTHeaderType: takes one argument";
    }
    return *type ? authjwt_directives_set_name(cmd, dir, type) : ap_set_string_slot(cmd, dir, type);
}
