/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_config: the setters that say which pages are trusted, and what their scripts may read. */
#include <httpd.h>
#include <http_config.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "authjwt_directives_private.h"

/* host[:port] of an origin as browsers write it: letters, digits, '-', '_' and dots, or an address in brackets. */
static int is_authority(const char *host)
{
    const char *p = host;

    if (*p == '[') {
        p++;
        while (apr_isxdigit(*p) || *p == ':' || *p == '.') {
            p++;
        }
        if (*p++ != ']') {
            return 0;
        }
    }
    else {
        while (apr_isalnum(*p) || *p == '-' || *p == '_' || (*p == '.' && p > host && p[-1] != '.')) {
            p++;
        }
    }
    if (p == host || p[-1] == '.') {
        return 0;
    }
    return !*p || (*p == ':' && apr_isdigit(p[1]) && !p[1 + strspn(p + 1, "0123456789")] && strlen(p) <= 6);
}

/* One label may be a star. What it stands before must hold a dot: nobody owns all of a top-level domain. */
static int is_host(const char *host)
{
    return strncmp(host, "*.", 2) ? is_authority(host) : is_authority(host + 2) && ap_strchr_c(host + 2, '.');
}

/* @return the origin without the port that its scheme has anyway, as browsers send it; NULL when it is none */
static const char *read_origin(const char *text, apr_pool_t *pool)
{
    int is_https = !ap_cstr_casecmpn(text, "https://", 8);
    const char *port = is_https ? ":443" : ":80";
    apr_size_t len = strlen(text);
    apr_size_t port_len = strlen(port);

    if ((!is_https && ap_cstr_casecmpn(text, "http://", 7)) || !is_host(text + (is_https ? 8 : 7))) {
        return NULL;
    }
    return !strcmp(text + len - port_len, port) ? apr_pstrmemdup(pool, text, len - port_len) : text;
}

const char *authjwt_directives_add_trusted_origins(cmd_parms *cmd, void *dir, int argc, char *const argv[])
{
    authjwt_dir_conf_t *conf = dir;
    int i;

    if (!argc) {
        return "AuthJWTTrustedOrigin: needs at least one origin, such as https://app.example.com";
    }
    if (!conf->trusted_origins) {
        conf->trusted_origins = apr_array_make(cmd->pool, argc, sizeof(const char *));
    }
    for (i = 0; i < argc; i++) {
        const char *origin = read_origin(argv[i], cmd->pool);

        if (!origin) {
            return apr_psprintf(
                cmd->pool,
                "AuthJWTTrustedOrigin: \"%s\" is no origin; write scheme, host and port without a path, "
                "such as https://app.example.com or https://*.example.com",
                argv[i]);
        }
        APR_ARRAY_PUSH(conf->trusted_origins, const char *) = origin;
    }
    return NULL;
}

const char *authjwt_directives_set_tokens_in_body(cmd_parms *cmd, void *dir, const char *word)
{
    static const struct {
        const char *name;
        authjwt_in_body_e value;
    } known[] = { { "auto", AUTHJWT_IN_BODY_AUTO }, { "on", AUTHJWT_IN_BODY_ON }, { "off", AUTHJWT_IN_BODY_OFF } };
    apr_size_t i;

    for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (!ap_cstr_casecmp(word, known[i].name)) {
            ((authjwt_dir_conf_t *)dir)->tokens_in_body = known[i].value;
            return NULL;
        }
    }
    return apr_psprintf(cmd->pool, "AuthJWTTokensInBody: \"%s\" is none of auto, on, off", word);
}
