/* SPDX-License-Identifier: Apache-2.0 */
/* mod_authjwt: JWT authentication for any web application. The face: hooks and the module record; no logic, no state.
 */
#include <httpd.h>
#include <ap_config.h>
#include <http_config.h>
#include <http_protocol.h>
#include <http_request.h>

#include "authjwt_audit.h"
#include "authjwt_authn.h"
#include "authjwt_authn_basic.h"
#include "authjwt_authz.h"
#include "authjwt_body.h"
#include "authjwt_cache.h"
#include "authjwt_caching.h"
#include "authjwt_config.h"
#include "authjwt_count.h"
#include "authjwt_dispatch.h"
#include "authjwt_expr.h"
#include "authjwt_forward.h"
#include "authjwt_hooks.h"
#include "authjwt_keys.h"
#include "authjwt_page.h"
#include "authjwt_reply.h"
#include "authjwt_risks.h"
#include "authjwt_lmdb.h"
#include "authjwt_status.h"
#include "authjwt_store.h"
#include "authjwt_texts.h"
#include "authjwt_summary.h"
#include "authjwt_throttle.h"
#include "authjwt_unheard.h"
#include "authjwt_users.h"
#include "authjwt_valkey.h"

/* What happens at a start: configuration is checked, what outlives requests is made. */
static void register_start(void)
{
    ap_hook_pre_config(authjwt_unheard_pre_config, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_pre_config(authjwt_risks_pre_config, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_pre_config(authjwt_store_pre_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_pre_config(authjwt_texts_pre_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_pre_config(authjwt_throttle_pre_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_check_config(authjwt_keys_check_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_check_config(authjwt_config_check_cookies, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_check_config(authjwt_config_check_idle, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_check_config(authjwt_config_warn, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_check_config(authjwt_config_find_logout, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_check_config(authjwt_store_check_config, NULL, NULL, APR_HOOK_LAST);
    ap_hook_open_logs(authjwt_unheard_open_logs, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_open_logs(authjwt_audit_open_logs, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(authjwt_store_post_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(authjwt_count_post_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(authjwt_throttle_post_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(authjwt_users_post_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(authjwt_page_post_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_child_init(authjwt_keys_child_init, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(authjwt_summary_post_config, NULL, NULL, APR_HOOK_LAST);
    ap_hook_test_config(authjwt_summary_test_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_child_init(authjwt_throttle_child_init, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_child_init(authjwt_store_child_init, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_child_init(authjwt_cache_child_init, NULL, NULL, APR_HOOK_MIDDLE);
}

static void register_hooks(apr_pool_t *pool)
{
    /* SSLOptions +FakeBasicAuth writes over the Authorization of whoever has a client certificate. */
    static const char *const before_ssl[] = { "mod_ssl.c", NULL };

    authjwt_lmdb_register(pool);
    authjwt_valkey_register(pool);
    register_start();
    ap_hook_check_authn(authjwt_authn_basic_check, NULL, NULL, APR_HOOK_REALLY_FIRST, AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_check_authn(authjwt_authn_check, NULL, before_ssl, APR_HOOK_MIDDLE, AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_force_authn(authjwt_authn_force, NULL, NULL, APR_HOOK_MIDDLE);
    authjwt_authn_basic_register(pool);
    authjwt_authz_register(pool);
    authjwt_expr_register(pool);
    authjwt_forward_register(pool);
    authjwt_hooks_register(pool);
    ap_hook_error_log(authjwt_unheard_error_log, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_error_log(authjwt_users_error_log, NULL, NULL, APR_HOOK_MIDDLE);
    authjwt_body_register(pool);
    authjwt_reply_register(pool);
    authjwt_status_register();
    authjwt_caching_register(pool);

    /* First of all handlers: mod_proxy takes what it proxies whatever SetHandler says. */
    ap_hook_handler(authjwt_dispatch, NULL, NULL, APR_HOOK_REALLY_FIRST);
}

/* The one symbol this module exports; everything else is built hidden. */
#pragma GCC visibility push(default)
AP_DECLARE_MODULE(authjwt) = {
    STANDARD20_MODULE_STUFF,     authjwt_config_create_dir, authjwt_config_merge_dir, authjwt_config_create_server,
    authjwt_config_merge_server, authjwt_config_directives, register_hooks,
#ifdef AP_MODULE_HAS_FLAGS
    AP_MODULE_FLAG_NONE
#endif
};
#pragma GCC visibility pop
