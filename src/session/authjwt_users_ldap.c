/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_users: is the directory there? mod_authnz_ldap's authz providers deny where it does not answer. */
#include <httpd.h>
#include <ap_provider.h>
#include <http_config.h>
#include <http_log.h>
#include <mod_auth.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "aj_digest.h"
#include "authjwt_config.h"
#include "authjwt_request.h"
#include "authjwt_users_private.h"

APLOG_USE_MODULE(authjwt);

static int asks_directory(const apr_array_header_t *list)
{
    int i;

    for (i = 0; list && i < list->nelts; i++) {
        if (!strcmp(authjwt_users_made_of(APR_ARRAY_IDX(list, i, authjwt_provider_t).name), "ldap")) {
            return 1;
        }
    }
    return 0;
}

/* RFC 4518: case is folded, blanks at the ends do not count, several are one. Only for ASCII, which is what names
 * that somebody can spell in many ways are mostly made of. */
static const char *in_one_spelling(const char *user, apr_pool_t *pool)
{
    char *name, *end;

    name = end = apr_pstrdup(pool, user);
    for (; *user; user++) {
        if (*user != ' ') {
            *end++ = apr_tolower(*user);
        }
        else if (end > name && end[-1] != ' ') {
            *end++ = ' ';
        }
    }
    end -= end > name && end[-1] == ' ';
    *end = '\0';
    return name;
}

const char *authjwt_users_counted_as(request_rec *r, const char *user)
{
    return asks_directory(authjwt_config_dir(r)->providers) ? in_one_spelling(user, r->pool) : user;
}

const char *authjwt_users_counted_as_basic(request_rec *r, const char *user)
{
    return authjwt_users_basic_asks_ldap() ? in_one_spelling(user, r->pool) : user;
}

/* A name that no user has, so that the search tries no password and locks no account. */
static authn_status ask_for_nobody(request_rec *r, const char *name, const authn_provider *ldap)
{
    const char *nobody = aj_random_id(r->pool);
    authn_status answer;

    if (!nobody) {
        return AUTH_GENERAL_ERROR;
    }
    /* An alias finds itself by the note. */
    apr_table_setn(r->notes, AUTHN_PROVIDER_NAME_NOTE, name);
    answer = ldap->check_password(r, nobody, nobody);
    apr_table_unset(r->notes, AUTHN_PROVIDER_NAME_NOTE);
    return answer;
}

int authjwt_users_directory_answers(request_rec *r, const char *name)
{
    const authn_provider *ldap = ap_lookup_provider(AUTHN_PROVIDER_GROUP, name, AUTHN_PROVIDER_VERSION);
    module *owner = ap_find_linked_module("mod_authnz_ldap.c");
    authjwt_state_t *state = authjwt_request_state(r);
    authn_status answer;
    char *user = r->user;
    void *found;

    if (state->directory_answered && !strcmp(state->directory_answered, name)) {
        return 1;
    }
    if (!ldap || !owner) {
        return 0;
    }
    /* What the module knows of the user of this request is not to be mixed up with nobody. */
    found = ap_get_module_config(r->request_config, owner);
    answer = ask_for_nobody(r, name, ldap);
    ap_set_module_config(r->request_config, owner, found);
    r->user = user;
    if (answer == AUTH_GENERAL_ERROR) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "AJ1210: the directory does not answer");
    }
    else if (answer == AUTH_DENIED && !authjwt_users_bind_as_user()) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      "AJ1214: the directory refuses AuthLDAPBindDN, or its AuthLDAPBindPassword");
        answer = AUTH_GENERAL_ERROR;
    }
    state->directory_answered = answer == AUTH_GENERAL_ERROR ? NULL : name;
    return answer != AUTH_GENERAL_ERROR;
}
