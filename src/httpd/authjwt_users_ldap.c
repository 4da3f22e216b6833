/* authjwt_users: is the directory there? mod_authnz_ldap's authz providers deny where it does not answer. */
#include <httpd.h>
#include <ap_provider.h>
#include <http_config.h>
#include <http_log.h>
#include <mod_auth.h>

#include "aj_digest.h"
#include "aj_base64url.h"
#include "authjwt_users_private.h"

APLOG_USE_MODULE(authjwt);

int authjwt_users_is_ldap(const char *name)
{
    return !strncmp(name, "ldap-", 5);
}

/* A user that there is not: found or not, nobody's password is tried, and no account is locked. */
static authn_status ask_for_nobody(request_rec *r, const authn_provider *ldap)
{
    unsigned char bytes[16];
    const char *nobody;

    if (aj_random(bytes, sizeof(bytes)) != APR_SUCCESS) {
        return AUTH_GENERAL_ERROR;
    }
    nobody = aj_base64url_encode(bytes, sizeof(bytes), r->pool);
    return ldap->check_password(r, nobody, nobody);
}

int authjwt_users_directory_answers(request_rec *r)
{
    const authn_provider *ldap = ap_lookup_provider(AUTHN_PROVIDER_GROUP, "ldap", AUTHN_PROVIDER_VERSION);
    module *owner = ap_find_linked_module("mod_authnz_ldap.c");
    authn_status answer;
    char *user = r->user;
    void *found;

    if (!ldap || !owner) {
        return 0;
    }
    /* What the module knows of the user of this request is not to be mixed up with nobody. */
    found = ap_get_module_config(r->request_config, owner);
    answer = ask_for_nobody(r, ldap);
    ap_set_module_config(r->request_config, owner, found);
    r->user = user;
    if (answer == AUTH_GENERAL_ERROR) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "AJ1210: the directory does not answer");
    }
    return answer != AUTH_GENERAL_ERROR;
}
