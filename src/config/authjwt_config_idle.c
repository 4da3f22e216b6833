/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_config: sessions that are left alone: AuthJWTSessionIdle and what does not count as use. */
#include <httpd.h>
#include <http_config.h>
#include <http_log.h>
#include <apr_strings.h>

#include "authjwt_config_places.h"
#include "authjwt_config_values.h"
#include "authjwt_directives_private.h"

APLOG_USE_MODULE(authjwt);

/* Set while the configuration is read. Never reset: a stale 1 costs a look at some claims. */
static int knows_paths;

int authjwt_config_knows_idle_paths(void)
{
    return knows_paths;
}

const char *authjwt_directives_add_idle_paths(cmd_parms *cmd, void *dir, int argc, char *const argv[])
{
    authjwt_dir_conf_t *conf = dir;
    int i;

    if (!argc) {
        return "AuthJWTSessionIdleIgnore: needs at least one path, such as /app/poll";
    }
    if (!conf->idle_ignore) {
        conf->idle_ignore = apr_array_make(cmd->pool, argc, sizeof(const char *));
    }
    for (i = 0; i < argc; i++) {
        if (argv[i][0] != '/') {
            return apr_psprintf(cmd->pool, "AuthJWTSessionIdleIgnore: \"%s\" does not begin with /", argv[i]);
        }
        APR_ARRAY_PUSH(conf->idle_ignore, const char *) = argv[i];
    }
    knows_paths = 1;
    return NULL;
}

/* As <Location> does it. */
static int is_at_or_below(const char *path, const char *prefix)
{
    apr_size_t len = strlen(prefix);

    return !strncmp(path, prefix, len) && (prefix[len - 1] == '/' || !path[len] || path[len] == '/');
}

int authjwt_config_ignores_path(const authjwt_dir_conf_t *conf, const char *path)
{
    int i;

    for (i = 0; conf->idle_ignore && i < conf->idle_ignore->nelts; i++) {
        if (is_at_or_below(path, APR_ARRAY_IDX(conf->idle_ignore, i, const char *))) {
            return 1;
        }
    }
    return 0;
}

static void check_place(const authjwt_place_t *place, void *data, apr_pool_t *pool)
{
    int *faults = data;

    (void)pool;
    if (!place->said || !authjwt_config_session_idle(place->in_effect) || place->in_effect->rotation != 0
        || (place->said->session_idle < 0 && place->said->rotation < 0) || *faults) {
        return;
    }
    *faults = 1;
    ap_log_error(APLOG_MARK, APLOG_ERR | APLOG_STARTUP, 0, place->server,
                 "AJ1792: AuthJWTSessionIdle with AuthJWTRefreshRotation off in %s: the refresh token says when a "
                 "session was used last, so each refresh has to replace it; take one of the two away",
                 place->name);
}

int authjwt_config_check_idle(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *main_server)
{
    server_rec *s;
    int faults = 0;

    (void)pconf;
    (void)plog;
    for (s = main_server; s; s = s->next) {
        authjwt_config_each_place(s, check_place, &faults, ptemp);
    }
    return faults ? HTTP_INTERNAL_SERVER_ERROR : OK;
}
