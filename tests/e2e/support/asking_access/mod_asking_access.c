/* SPDX-License-Identifier: Apache-2.0 */
/* For tests: a module of somebody else that looks at an expression when access is checked, and says no whatever it is.
 */
#include <httpd.h>
#include <ap_expr.h>
#include <http_config.h>
#include <http_log.h>
#include <http_request.h>

extern module asking_access_module;

typedef struct {
    const ap_expr_info_t *expr;
    int early; /* in the hook access_checker, not access_checker_ex */
} conf_t;

static void *create(apr_pool_t *pool, char *dir)
{
    (void)dir;
    return apr_pcalloc(pool, sizeof(conf_t));
}

static const char *set(cmd_parms *cmd, void *dir, const char *hook, const char *text)
{
    conf_t *conf = dir;
    const char *error = NULL;

    conf->early = !strcmp(hook, "access_checker");
    conf->expr = ap_expr_parse_cmd(cmd, text, 0, &error, NULL);
    return error;
}

static int refuse(request_rec *r, int early)
{
    conf_t *conf = ap_get_module_config(r->per_dir_config, &asking_access_module);
    const char *error = NULL;

    if (!conf->expr || conf->early != early) {
        return DECLINED;
    }
    (void)ap_expr_exec(r, conf->expr, &error);
    return HTTP_FORBIDDEN;
}

static int access_checker(request_rec *r)
{
    return refuse(r, 1);
}

static int access_checker_ex(request_rec *r)
{
    return refuse(r, 0);
}

static const command_rec commands[] = { AP_INIT_TAKE2("AskAndRefuse", set, NULL, ACCESS_CONF, "HOOK EXPR"),
                                        { .name = NULL } };

static void hooks(apr_pool_t *pool)
{
    (void)pool;
    ap_hook_check_access(access_checker, NULL, NULL, APR_HOOK_MIDDLE, AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_check_access_ex(access_checker_ex, NULL, NULL, APR_HOOK_MIDDLE, AP_AUTH_INTERNAL_PER_CONF);
}

AP_DECLARE_MODULE(asking_access) = { STANDARD20_MODULE_STUFF, create, NULL, NULL, NULL, commands, hooks };
