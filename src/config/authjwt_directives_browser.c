/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_config: the setters that say what browsers get: cookies, pages, the proof that a cookie needs. */
#include <httpd.h>
#include <http_config.h>
#include <apr_strings.h>

#include "authjwt_config_values.h"
#include "authjwt_directives_private.h"

const char *authjwt_directives_set_same_site(cmd_parms *cmd, void *dir, const char *word)
{
    static const char *const values[] = { "Lax", "Strict", "None" };
    apr_size_t i;

    for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        if (!ap_cstr_casecmp(word, values[i])) {
            return ap_set_string_slot(cmd, dir, values[i]);
        }
    }
    return apr_psprintf(cmd->pool, "AuthJWTCookieSameSite: \"%s\" is none of Lax, Strict, None", word);
}

/* What ends up in a Set-Cookie attribute: nothing that ends it (RFC 6265 4.1.1). */
const char *authjwt_directives_set_cookie_attribute(cmd_parms *cmd, void *dir, const char *value)
{
    const char *p;

    for (p = value; *p > 0x20 && *p < 0x7f && *p != ';' && *p != ','; p++) {
        continue;
    }
    return *value && !*p
             ? ap_set_string_slot(cmd, dir, value)
             : apr_psprintf(cmd->pool, "%s: \"%s\" cannot be an attribute of a cookie", cmd->cmd->name, value);
}

const char *authjwt_directives_set_cookie_path(cmd_parms *cmd, void *dir, const char *path)
{
    return *path == '/' ? authjwt_directives_set_cookie_attribute(cmd, dir, path)
                        : apr_psprintf(cmd->pool, "AuthJWTCookiePath: \"%s\" does not begin with /", path);
}

/* A path of this host, which browsers are sent to. */
const char *authjwt_directives_set_local_path(cmd_parms *cmd, void *dir, const char *path)
{
    const char *p;

    for (p = path; *p > 0x20 && *p < 0x7f && *p != '\\' && *p != '#'; p++) {
        continue;
    }
    if (path[0] != '/' || path[1] == '/' || *p) {
        return apr_psprintf(cmd->pool, "%s: \"%s\" is no path of this host; write one that begins with a single /",
                            cmd->cmd->name, path);
    }
    return ap_set_string_slot(cmd, dir, path);
}

/* Set while the configuration is read, or an .htaccess. Never reset: a stale 1 only costs a copy of some tables. */
static int renews;

int authjwt_config_renews(void)
{
    return renews;
}

const char *authjwt_directives_set_auto_refresh(cmd_parms *cmd, void *dir, const char *path)
{
    renews = 1;
    return ap_cstr_casecmp(path, "off") ? authjwt_directives_set_local_path(cmd, dir, path)
                                        : ap_set_string_slot(cmd, dir, "off");
}

const char *authjwt_directives_set_login_page(cmd_parms *cmd, void *dir, const char *page)
{
    const char *path;

    if (!ap_cstr_casecmp(page, "builtin") || !ap_cstr_casecmp(page, "off")) {
        return ap_set_string_slot(cmd, dir, ap_cstr_casecmp(page, "off") ? "builtin" : "off");
    }
    path = authjwt_directives_file(cmd, page);
    return path
             ? ap_set_string_slot(cmd, dir, path)
             : apr_psprintf(cmd->pool,
                            "AuthJWTLoginPage: %s is no file; write builtin, off, or the path of an HTML file", page);
}

const char *authjwt_directives_set_csrf(cmd_parms *cmd, void *dir, const char *word)
{
    static const struct {
        const char *name;
        authjwt_csrf_e value;
    } known[] = { { "auto", AUTHJWT_CSRF_AUTO },
                  { "token", AUTHJWT_CSRF_TOKEN },
                  { "origin", AUTHJWT_CSRF_ORIGIN },
                  { "off", AUTHJWT_CSRF_OFF },
                  { "on", AUTHJWT_CSRF_TOKEN } };
    apr_size_t i;

    for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (!ap_cstr_casecmp(word, known[i].name)) {
            ((authjwt_dir_conf_t *)dir)->csrf = known[i].value;
            return NULL;
        }
    }
    return apr_psprintf(cmd->pool, "AuthJWTCookieCSRFProtect: \"%s\" is none of auto, token, origin, off", word);
}
