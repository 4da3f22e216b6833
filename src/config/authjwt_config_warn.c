/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_config: what starts and cannot be meant. One warning each at start, which names the section and the cure. */
#include <httpd.h>
#include <ap_listen.h>
#include <http_config.h>
#include <http_log.h>
#include <apr_hash.h>
#include <apr_strings.h>

#include "authjwt_config_places.h"
#include "authjwt_config_values.h"
#include "authjwt_endpoint.h"
#include "authjwt_risks.h"

/* What is known of a server before its places are judged. */
typedef struct {
    apr_hash_t *warned;  /* what has been said: sections that stand outside all virtual hosts are in effect in each */
    int cookie_places;   /* other than login, refresh and logout: places with AuthJWTCookies on or `cookie` among the
                            token locations */
    int providers;       /* places with AuthJWTProvider */
    int login_elsewhere; /* places for files or conditions with jwt-login: which addresses those are is not known */
    int refresh_elsewhere;
} survey_t;

/* @param about  what the warning is about; said once for each */
static int is_new(survey_t *survey, const void *about, const char *tag, apr_pool_t *pool)
{
    const char *key = apr_psprintf(pool, "%s %pp", tag, about);

    if (apr_hash_get(survey->warned, key, APR_HASH_KEY_STRING)) {
        return 0;
    }
    apr_hash_set(survey->warned, key, APR_HASH_KEY_STRING, about);
    return 1;
}

static void survey_place(const authjwt_place_t *place, void *data, apr_pool_t *pool)
{
    survey_t *survey = data;
    const authjwt_endpoint_t *endpoint = authjwt_config_endpoint_of(place->effective, pool);
    int is_exempt = endpoint && endpoint->is_exempt;

    const char *handler = authjwt_config_handler_of(place->own, pool);
    int is_unknown = handler && strchr(handler, '%');

    survey->cookie_places +=
        !is_exempt && place->said && authjwt_config_has_location(place->in_effect, AUTHJWT_IN_COOKIE);
    survey->providers += place->said && place->said->providers;
    survey->login_elsewhere +=
        is_unknown || (!place->knows_address && authjwt_config_is_endpoint(place->own, AUTHJWT_ENDPOINT_LOGIN, pool));
    survey->refresh_elsewhere +=
        is_unknown || (!place->knows_address && authjwt_config_is_endpoint(place->own, AUTHJWT_ENDPOINT_REFRESH, pool));
}

/* A rule about names or groups is asked at a refresh too, so whoever is taken off the list is out. */
static int lists_users(const apr_array_header_t *rules)
{
    static const char *const names[] = { "user", "group", "dbm-group", "dbd-group", "ldap-user", "ldap-group" };
    apr_size_t i;
    int rule;

    for (rule = 0; rules && rule < rules->nelts; rule++) {
        for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
            if (!strcmp(APR_ARRAY_IDX(rules, rule, authjwt_rule_t).name, names[i])) {
                return 1;
            }
        }
    }
    return 0;
}

/* A refresh does not ask for the password, so without a provider or a list nobody notices that a user is gone. */
static void warn_of_provider(const authjwt_place_t *place, survey_t *survey, apr_pool_t *pool)
{
    if (authjwt_config_is_endpoint(place->own, AUTHJWT_ENDPOINT_REFRESH, pool) && !place->in_effect->providers
        && !lists_users(place->in_effect->login_requires) && (place->knows_address || !survey->providers)
        && is_new(survey, place->own, "AJ1783", pool)) {
        authjwt_risk(
            place->server, APLOG_WARNING,
            "AJ1783: jwt-refresh in %s has no AuthJWTProvider, so users that have been deleted still get new tokens; "
            "name the providers of the login there, such as AuthJWTProvider file with its AuthUserFile",
            place->name);
    }
}

/* Who signs in there gets tokens as text, and is sent to sign in again. */
static void warn_of_login_url(const authjwt_place_t *place, survey_t *survey, apr_pool_t *pool)
{
    const char *url = place->said->login_url;

    if (!url) {
        return;
    }
    if (!authjwt_config_has_location(place->in_effect, AUTHJWT_IN_COOKIE)
        && !(place->is_server && survey->cookie_places) && is_new(survey, url, "AJ1784", pool)) {
        authjwt_risk(
            place->server, APLOG_WARNING,
            "AJ1784: AuthJWTLoginURL %s in %s without AuthJWTCookies: browsers would not keep the tokens of a "
            "login, and would be sent to sign in again and again; add AuthJWTCookies on, best outside all sections",
            url, place->name);
    }
    if (!authjwt_config_is_endpoint(authjwt_config_at(place->server, url, pool), AUTHJWT_ENDPOINT_LOGIN, pool)
        && !survey->login_elsewhere && is_new(survey, url, "AJ1785", pool)) {
        authjwt_risk(
            place->server, APLOG_WARNING,
            "AJ1785: AuthJWTLoginURL %s in %s: no jwt-login answers there; add <Location \"%s\"> with SetHandler "
            "jwt-login, and AuthJWTLoginPage there for a page of your own",
            url, place->name, apr_pstrmemdup(pool, url, strcspn(url, "?")));
    }
}

static void warn_of_login_cookies(const authjwt_place_t *place, survey_t *survey, apr_pool_t *pool)
{
    if (authjwt_config_is_endpoint(place->own, AUTHJWT_ENDPOINT_LOGIN, pool) && authjwt_config_cookies(place->in_effect)
        && !survey->cookie_places && is_new(survey, place->own, "AJ1786", pool)) {
        authjwt_risk(place->server, APLOG_WARNING,
                     "AJ1786: AuthJWTCookies is on for jwt-login in %s and nowhere else: no other place would read the "
                     "cookies that it sets; write AuthJWTCookies on outside all sections",
                     place->name);
    }
}

static void warn_of_auto_refresh(const authjwt_place_t *place, survey_t *survey, apr_pool_t *pool)
{
    const char *path = place->said->auto_refresh ? authjwt_config_auto_refresh(place->said) : NULL;
    ap_conf_vector_t *at = path ? authjwt_config_at(place->server, path, pool) : NULL;

    if (at && !authjwt_config_is_endpoint(at, AUTHJWT_ENDPOINT_REFRESH, pool) && !survey->refresh_elsewhere
        && is_new(survey, place->said->auto_refresh, "AJ1787", pool)) {
        authjwt_risk(
            place->server, APLOG_WARNING,
            "AJ1787: AuthJWTCookieAutoRefresh %s in %s: no jwt-refresh answers there, so nothing is renewed; add "
            "<Location \"%s\"> with SetHandler jwt-refresh",
            path, place->name, path);
    }
}

/* Forgotten, it leaves the place open. */
static void warn_of_report_only(const authjwt_place_t *place, survey_t *survey, apr_pool_t *pool)
{
    if (place->said->report_only > 0 && is_new(survey, place->said, "AJ1789", pool)) {
        authjwt_risk(place->server, APLOG_WARNING,
                     "AJ1789: AuthJWTReportOnly is on in %s: requests that would be refused there pass without "
                     "identity; turn it off once the log names none that should pass",
                     place->name);
    }
}

/* Nobody but this machine can listen there, so there is nothing to protect. */
static int listens_at_loopback_only(void)
{
    const ap_listen_rec *listener;
    char *ip;

    for (listener = ap_listeners; listener; listener = listener->next) {
        if (apr_sockaddr_ip_get(&ip, listener->bind_addr) != APR_SUCCESS
            || (strncmp(ip, "127.", 4) && strcmp(ip, "::1"))) {
            return 0;
        }
    }
    return 1;
}

static void warn_of_plain_cookies(const authjwt_place_t *place, survey_t *survey, apr_pool_t *pool)
{
    if (place->said && authjwt_config_cookies(place->in_effect) && !authjwt_config_cookie_secure(place->in_effect)
        && !listens_at_loopback_only() && is_new(survey, place->server, "AJ1791", pool)) {
        authjwt_risk(place->server, APLOG_WARNING,
                     "AJ1791: AuthJWTCookies with AuthJWTCookieSecure off in %s: browsers send the tokens over plain "
                     "http too, where anybody on the way can read them; use https, and take AuthJWTCookieSecure off "
                     "away",
                     place->name);
    }
}

static void judge_place(const authjwt_place_t *place, void *data, apr_pool_t *pool)
{
    warn_of_provider(place, data, pool);
    warn_of_login_cookies(place, data, pool);
    warn_of_plain_cookies(place, data, pool);
    if (place->said) {
        warn_of_login_url(place, data, pool);
        warn_of_auto_refresh(place, data, pool);
        warn_of_report_only(place, data, pool);
    }
}

/* A slip of the pen: httpd would serve a file, or nothing. */
static void warn_of_handlers(const ap_directive_t *node, server_rec *s, apr_pool_t *pool)
{
    for (; node; node = node->next) {
        const char *args = node->args ? node->args : "";
        const char *word = ap_getword_conf(pool, &args);

        if ((!ap_cstr_casecmp(node->directive, "SetHandler") || !ap_cstr_casecmp(node->directive, "AddHandler"))
            && !ap_cstr_casecmpn(word, "jwt", 3) && !authjwt_endpoint_find(word)) {
            authjwt_risk(s, APLOG_WARNING,
                         "AJ1788: %s %s (%s:%d): there is no such handler; write jwt-login, jwt-refresh, jwt-logout, "
                         "jwt-userinfo, jwt-jwks, jwt-introspect, jwt-revoke, jwt-sessions or jwt-metrics",
                         node->directive, word, node->filename, node->line_num);
        }
        warn_of_handlers(node->first_child, s, pool);
    }
}

int authjwt_config_warn(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *main_server)
{
    apr_hash_t *warned = apr_hash_make(ptemp);
    server_rec *s;

    (void)pconf;
    (void)plog;
    if (!authjwt_config_logs_now()) {
        return OK;
    }
    warn_of_handlers(ap_conftree, main_server, ptemp);
    /* What stands outside all virtual hosts is mostly meant for them. */
    for (s = main_server->next ? main_server->next : main_server; s; s = s->next) {
        survey_t survey = { .warned = warned };

        authjwt_config_each_place(s, survey_place, &survey, ptemp);
        authjwt_config_each_place(s, judge_place, &survey, ptemp);
    }
    return OK;
}
