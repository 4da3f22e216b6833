/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_config: the setters of times, and of failures in a time. */
#include <stdlib.h>

#include <httpd.h>
#include <http_config.h>
#include <apr_strings.h>

#include "authjwt_directives_private.h"

static const char *set_time(cmd_parms *cmd, apr_interval_time_t *slot, const char *text, int zero_allowed)
{
    apr_interval_time_t value = 0;
    const char *error = authjwt_config_parse_time(cmd->pool, text, &value);

    if (!error && !value && !zero_allowed) {
        error = "must be longer than 0";
    }
    if (error) {
        return apr_pstrcat(cmd->pool, cmd->cmd->name, ": ", error, NULL);
    }
    *slot = value;
    return NULL;
}

const char *authjwt_directives_set_leeway(cmd_parms *cmd, void *dir, const char *text)
{
    (void)dir;
    return set_time(cmd, &authjwt_config_server(cmd->server)->leeway, text, 1);
}

const char *authjwt_directives_set_check_interval(cmd_parms *cmd, void *dir, const char *text)
{
    (void)dir;
    return set_time(cmd, &authjwt_config_server(cmd->server)->check_interval, text, 1);
}

const char *authjwt_directives_set_access_expires(cmd_parms *cmd, void *dir, const char *text)
{
    (void)dir;
    return set_time(cmd, &authjwt_config_server(cmd->server)->access_expires, text, 0);
}

const char *authjwt_directives_set_refresh_expires(cmd_parms *cmd, void *dir, const char *text)
{
    (void)dir;
    return set_time(cmd, &authjwt_config_server(cmd->server)->refresh_expires, text, 0);
}

const char *authjwt_directives_set_session_expires(cmd_parms *cmd, void *dir, const char *text)
{
    (void)dir;
    return set_time(cmd, &authjwt_config_server(cmd->server)->session_expires, text, 0);
}

const char *authjwt_directives_set_grace(cmd_parms *cmd, void *dir, const char *text)
{
    return set_time(cmd, &((authjwt_dir_conf_t *)dir)->grace, text, 1);
}

/* TIME, or off, which is 0. */
static const char *set_time_or_off(cmd_parms *cmd, apr_interval_time_t *slot, const char *text)
{
    if (!ap_cstr_casecmp(text, "off")) {
        *slot = 0;
        return NULL;
    }
    return set_time(cmd, slot, text, 0);
}

const char *authjwt_directives_set_remember_me(cmd_parms *cmd, void *dir, const char *text)
{
    return set_time_or_off(cmd, &((authjwt_dir_conf_t *)dir)->remember_me, text);
}

const char *authjwt_directives_set_session_idle(cmd_parms *cmd, void *dir, const char *text)
{
    return set_time_or_off(cmd, &((authjwt_dir_conf_t *)dir)->session_idle, text);
}

/* FAILURES TIME, or off. @return NULL and both set, or what to write instead */
static const char *set_failures(cmd_parms *cmd, const char *failures, const char *time, const char *example, int *count,
                                apr_interval_time_t *out)
{
    char *end;
    long number = strtol(failures, &end, 10);

    if (!time && !ap_cstr_casecmp(failures, "off")) {
        *count = 0;
        return NULL;
    }
    if (!time || *end || number < 1 || number > 1000000) {
        return apr_psprintf(cmd->pool, "%s: write %s, or off", cmd->cmd->name, example);
    }
    *count = (int)number;
    return set_time(cmd, out, time, 0);
}

const char *authjwt_directives_set_throttle(cmd_parms *cmd, void *dir, const char *failures, const char *window)
{
    authjwt_server_conf_t *conf = authjwt_config_server(cmd->server);

    (void)dir;
    return set_failures(cmd, failures, window, "FAILURES WINDOW, such as 10 60s", &conf->throttle_failures,
                        &conf->throttle_window);
}

const char *authjwt_directives_set_lock(cmd_parms *cmd, void *dir, const char *failures, const char *time)
{
    authjwt_server_conf_t *conf = authjwt_config_server(cmd->server);

    (void)dir;
    return set_failures(cmd, failures, time, "FAILURES TIME, such as 100 1h", &conf->lock_failures, &conf->lock_time);
}
