/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_authz: `Require expr` with claims in it. httpd asks the rules once without a user. An expression on
 * %{jwt:...} may be false then and true for the user that the token names, so its "no" is not final. httpd itself says
 * the same of expressions on %{REMOTE_USER}. */
#include <httpd.h>
#include <ap_provider.h>
#include <http_config.h>
#include <http_request.h>
#include <mod_auth.h>

#include "authjwt_authz_private.h"
#include "authjwt_config.h"
#include "authjwt_request.h"

/* mod_authz_core's, which does the work. Set before the configuration is read. */
static const authz_provider *core_provider;

static authz_status check(request_rec *r, const char *line, const void *parsed)
{
    int asked = authjwt_request_known(r)->asked;
    authz_status status = core_provider->check_authorization(r, line, parsed);

    return status == AUTHZ_DENIED && !r->user && authjwt_request_known(r)->asked != asked
                && (authjwt_request_protects(r) || authjwt_request_is_basic(r))
             ? AUTHZ_DENIED_NO_USER
             : status;
}

static const char *parse(cmd_parms *cmd, const char *line, const void **parsed)
{
    return core_provider->parse_require_line(cmd, line, parsed);
}

static const authz_provider provider = { check, parse };

/* Whatever the order of LoadModule: all modules have registered their providers, and no Require line has been read. */
int authjwt_authz_pre_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp)
{
    const authz_provider *found = ap_lookup_provider(AUTHZ_PROVIDER_GROUP, "expr", AUTHZ_PROVIDER_VERSION);

    (void)plog;
    (void)ptemp;
    if (found && found != &provider) {
        core_provider = found;
        ap_register_auth_provider(pconf, AUTHZ_PROVIDER_GROUP, "expr", AUTHZ_PROVIDER_VERSION, &provider,
                                  AP_AUTH_INTERNAL_PER_CONF);
    }
    return OK;
}
