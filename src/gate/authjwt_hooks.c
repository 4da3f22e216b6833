/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_hooks: moments of a request at which several rooms have something to do. Every request on the server pays for
 * each hook, whether this module is used there or not, so there is one for each moment, and its steps stand in order.
 */
#include <httpd.h>
#include <http_config.h>
#include <http_protocol.h>
#include <http_request.h>

#include "authjwt_authz_private.h"
#include "authjwt_config_values.h"
#include "authjwt_cors.h"
#include "authjwt_forward.h"
#include "authjwt_hooks.h"
#include "authjwt_identity.h"
#include "authjwt_renewal.h"
#include "authjwt_request.h"

static int remove_headers(request_rec *r)
{
    authjwt_forward_remove(r);
    return DECLINED;
}

/* <Directory> and .htaccess are known, and before mod_setenvif neither has had a say. */
static int header_parser(request_rec *r)
{
    if (authjwt_config_renews()) {
        authjwt_renewal_keep_start(r);
    }
    authjwt_forward_remove(r);
    if (authjwt_request_any_endpoint(r)) {
        authjwt_cors_allow(r);
    }
    return DECLINED;
}

/* Of most requests on a server both are false, and fixups have nothing to do: there is no .htaccess, no user and no
 * state of this module, and the application gets what was sent. */
static int is_known(const request_rec *r)
{
    return r->htaccess || r->user || authjwt_request_known(r) != &authjwt_request_nothing_known;
}

static int is_concerned(const request_rec *r)
{
    return is_known(r) || authjwt_forward_changes(r);
}

AUTHJWT_SELDOM static int begin(request_rec *r, const request_rec *above)
{
    int status = above ? authjwt_authz_check_after_preflight(r, above) : DECLINED;

    if (status != DECLINED) {
        return status;
    }
    if (authjwt_forward_changes(r)) {
        authjwt_forward_fixups_first(r);
    }
    authjwt_request_before_rewrite(r);
    return DECLINED;
}

static int fixups_first(request_rec *r)
{
    const request_rec *above = r->main ? r->main : r->prev;

    return above || is_concerned(r) ? begin(r, above) : DECLINED;
}

static int fixups_after_rewrite(request_rec *r)
{
    if (is_known(r)) {
        authjwt_request_after_rewrite(r);
        authjwt_request_before_headers(r);
        authjwt_identity_fixups(r);
    }
    if (r->finfo.filetype == APR_DIR) {
        authjwt_authz_hide_directory(r);
    }
    return DECLINED;
}

AUTHJWT_SELDOM static void finish(request_rec *r)
{
    authjwt_request_after_headers(r);
    authjwt_identity_take_over(r);
    authjwt_identity_fixups(r);
    /* mod_dir may have made another request of this one since, with the configuration of an index file. */
    if (authjwt_forward_changes(r)) {
        authjwt_forward_fixups_last(r);
    }
    authjwt_authz_hold_endpoint(r);
    authjwt_request_hand_up(r);
}

static int fixups_last(request_rec *r)
{
    if (is_concerned(r)) {
        finish(r);
    }
    return DECLINED;
}

/* First where the server itself speaks, after what mod_headers does early; then where <Location> is known. */
static void register_request_headers(void)
{
    const char *now = apr_hook_debug_current;

    /* By this name httpd knows whose hooks they are. */
    apr_hook_debug_current = authjwt_module.name;
    ap_hook_post_read_request(remove_headers, NULL, NULL, APR_HOOK_FIRST + 1);
    ap_hook_translate_name(remove_headers, NULL, NULL, APR_HOOK_REALLY_FIRST);
    apr_hook_debug_current = now;
}

void authjwt_hooks_register(apr_pool_t *pool)
{
    static const char *const rewrite[] = { "mod_rewrite.c", NULL };
    static const char *const headers[] = { "mod_headers.c", NULL };

    (void)pool;
    authjwt_config_on_request_header(register_request_headers);
    ap_hook_header_parser(header_parser, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_fixups(fixups_first, NULL, rewrite, APR_HOOK_REALLY_FIRST - 1);
    ap_hook_fixups(fixups_after_rewrite, rewrite, NULL, APR_HOOK_FIRST);
    ap_hook_fixups(fixups_last, headers, NULL, APR_HOOK_REALLY_LAST);
}
