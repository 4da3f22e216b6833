/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_config: names that begin with __Host- or __Secure- must keep their promise, and each cookie has a name of its
 * own. Judged by the tree of directives. */
#include <httpd.h>
#include <http_config.h>
#include <http_log.h>

#include "authjwt_config.h"

APLOG_USE_MODULE(authjwt);

static const char *const names[] = { "AuthJWTAccessCookieName", "AuthJWTRefreshCookieName" };
static const char *const attributes[] = { "AuthJWTCookieSecure", "AuthJWTCookiePath", "AuthJWTCookieDomain" };

/* The last of several counts, as it does for httpd. */
static const ap_directive_t *find_in(const ap_directive_t *section, const char *name)
{
    const ap_directive_t *found = NULL;

    for (; section; section = section->next) {
        if (!ap_cstr_casecmp(section->directive, name)) {
            found = section;
        }
    }
    return found;
}

/* First directive of the section around the one that this directive begins. */
static const ap_directive_t *around(const ap_directive_t *first)
{
    if (!first->parent) {
        return NULL;
    }
    return first->parent->parent ? first->parent->parent->first_child : ap_conftree;
}

/* The directive in effect in a section: its own, or what stands around it, up to the main server. */
static const ap_directive_t *in_effect(const ap_directive_t *section, const char *name)
{
    const ap_directive_t *found = NULL;

    for (; section && !found; section = around(section)) {
        found = find_in(section, name);
    }
    return found;
}

static const char *argument_of(const ap_directive_t *directive, apr_pool_t *ptemp)
{
    const char *args = directive ? directive->args : NULL;

    return args ? ap_getword_conf(ptemp, &args) : NULL;
}

/* What a prefix asks of the attributes (RFC 6265bis 4.1.3), in upper or lower case: browsers make no difference (5.7),
 * so that no server that makes none is led astray. @return NULL, or a sentence */
static const char *check_prefix(const char *name, int secure, const char *path, const char *domain)
{
    if (!ap_cstr_casecmpn(name, "__Secure-", 9) && !secure) {
        return "a name that begins with __Secure- needs AuthJWTCookieSecure on";
    }
    if (!ap_cstr_casecmpn(name, "__Host-", 7) && (!secure || strcmp(path, "/") || domain)) {
        return "a name that begins with __Host- needs AuthJWTCookieSecure on, AuthJWTCookiePath / and no "
               "AuthJWTCookieDomain";
    }
    return NULL;
}

static int check_name(const ap_directive_t *section, const ap_directive_t *name, server_rec *s, apr_pool_t *ptemp)
{
    const char *value = argument_of(name, ptemp);
    const char *secure = argument_of(in_effect(section, attributes[0]), ptemp);
    const char *path = argument_of(in_effect(section, attributes[1]), ptemp);
    const char *domain = argument_of(in_effect(section, attributes[2]), ptemp);
    const char *error = check_prefix(value, !secure || ap_cstr_casecmp(secure, "off"), path ? path : "/", domain);

    if (!error) {
        return 0;
    }
    ap_log_error(APLOG_MARK, APLOG_ERR | APLOG_STARTUP, 0, s,
                 "AJ1781: %s %s (%s:%d): %s; in effect in the section at %s:%d", name->directive, value, name->filename,
                 name->line_num, error, section->filename, section->line_num);
    return 1;
}

static int is_word(const ap_directive_t *directive, const char *word, apr_pool_t *ptemp)
{
    return directive && !ap_cstr_casecmp(argument_of(directive, ptemp), word);
}

/* Browsers drop such cookies, so that everybody would sign in again and again. */
static int check_same_site(const ap_directive_t *section, server_rec *s, apr_pool_t *ptemp)
{
    const ap_directive_t *same_site = in_effect(section, "AuthJWTCookieSameSite");

    if ((!find_in(section, "AuthJWTCookieSameSite") && !find_in(section, attributes[0]))
        || !is_word(same_site, "None", ptemp) || !is_word(in_effect(section, attributes[0]), "off", ptemp)) {
        return 0;
    }
    ap_log_error(APLOG_MARK, APLOG_ERR | APLOG_STARTUP, 0, s,
                 "AJ1782: AuthJWTCookieSameSite None (%s:%d) needs AuthJWTCookieSecure on: browsers drop such cookies; "
                 "in effect in the section at %s:%d",
                 same_site->filename, same_site->line_num, section->filename, section->line_num);
    return 1;
}

/* The names that a cookie may not have: those of the other three that login sets. */
static const char *taken_by(const ap_directive_t *section, int which, const char *value, apr_pool_t *ptemp)
{
    const char *other = argument_of(in_effect(section, names[!which]), ptemp);
    const char *const defaults[] = { which ? "access_token_cookie" : "refresh_token_cookie",
                                     which ? "__Host-access_token_cookie" : "__Host-refresh_token_cookie" };

    if (!strcmp(value, "csrf_access_token") || !strcmp(value, "csrf_refresh_token")) {
        return "the cookie with the csrf value, which scripts can read";
    }
    if (other ? strcmp(value, other) : strcmp(value, defaults[0]) && strcmp(value, defaults[1])) {
        return NULL;
    }
    return which ? "the cookie with the access token" : "the cookie with the refresh token";
}

/* One cookie would write over the other, and nobody would stay signed in. */
static int check_different(const ap_directive_t *section, int which, server_rec *s, apr_pool_t *ptemp)
{
    const ap_directive_t *name = find_in(section, names[which]);
    const char *value = argument_of(name, ptemp);
    const char *owner = value ? taken_by(section, which, value, ptemp) : NULL;

    if (!owner) {
        return 0;
    }
    ap_log_error(APLOG_MARK, APLOG_ERR | APLOG_STARTUP, 0, s,
                 "AJ1793: %s %s (%s:%d): this is the name of %s; give each cookie a name of its own", name->directive,
                 value, name->filename, name->line_num, owner);
    return 1;
}

/* Only a section that says something new about cookies needs a look. */
static int speaks_of_cookies(const ap_directive_t *section)
{
    return find_in(section, names[0]) || find_in(section, names[1]) || find_in(section, attributes[0])
        || find_in(section, attributes[1]) || find_in(section, attributes[2]);
}

/* @param section  its first directive, or NULL when it is empty */
static int check_section(const ap_directive_t *section, server_rec *s, apr_pool_t *ptemp)
{
    const ap_directive_t *node;
    int faults = 0;
    int i;

    for (i = 0; i < 2 && speaks_of_cookies(section); i++) {
        const ap_directive_t *name = in_effect(section, names[i]);

        faults += name ? check_name(section, name, s, ptemp) : 0;
        faults += check_different(section, i, s, ptemp);
    }
    faults += section ? check_same_site(section, s, ptemp) : 0;
    for (node = section; node; node = node->next) {
        faults += check_section(node->first_child, s, ptemp);
    }
    return faults;
}

int authjwt_config_check_cookies(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    (void)pconf;
    (void)plog;
    return check_section(ap_conftree, s, ptemp) ? HTTP_INTERNAL_SERVER_ERROR : OK;
}
