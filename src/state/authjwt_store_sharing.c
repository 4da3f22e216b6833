/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_store: which servers may share a store, and which must. */
#include <httpd.h>
#include <http_log.h>

#include "authjwt_keys.h"
#include "authjwt_store_private.h"

APLOG_USE_MODULE(authjwt);

/* Can a token have an audience that both servers accept? A server without AuthJWTAudience accepts any. */
static int have_common_audience(const apr_array_header_t *a, const apr_array_header_t *b)
{
    int i, j;

    if (!a || !b) {
        return 1;
    }
    for (i = 0; i < a->nelts; i++) {
        for (j = 0; j < b->nelts; j++) {
            if (!strcmp(APR_ARRAY_IDX(a, i, const char *), APR_ARRAY_IDX(b, j, const char *))) {
                return 1;
            }
        }
    }
    return 0;
}

static const char *issuer_of(const authjwt_server_conf_t *conf)
{
    return conf->issuer ? conf->issuer : "";
}

/* Is there a token that both servers accept? */
static int accept_the_same(const authjwt_server_conf_t *a, const authjwt_server_conf_t *b)
{
    return (!a->issuer || !b->issuer || !strcmp(a->issuer, b->issuer))
        && authjwt_keys_have_common(a->keyring, b->keyring) && have_common_audience(a->audiences, b->audiences);
}

static int check_pair(server_rec *one, server_rec *two)
{
    const authjwt_server_conf_t *a = authjwt_config_server(one);
    const authjwt_server_conf_t *b = authjwt_config_server(two);
    int same_store = !strcmp(a->store->place, b->store->place);

    /* Equal names of users in one store would be one user. */
    if (same_store && !strcmp(issuer_of(a), issuer_of(b)) && !authjwt_keys_are_same(a->keyring, b->keyring)) {
        ap_log_error(APLOG_MARK, APLOG_ERR | APLOG_STARTUP, 0, two,
                     "AJ1401: servers %s and %s have different keys but share the store \"%s\" and the issuer; "
                     "give them different AuthJWTIssuer or AuthJWTRevocationStore",
                     one->server_hostname, two->server_hostname, b->store->spec);
        return 1;
    }
    if (!same_store && accept_the_same(a, b)) {
        ap_log_error(APLOG_MARK, APLOG_ERR | APLOG_STARTUP, 0, two,
                     "AJ1408: servers %s and %s have a key in common but not the store (\"%s\" and \"%s\"): a token "
                     "that was revoked at one would still be accepted at the other; give them one "
                     "AuthJWTRevocationStore, or different keys, AuthJWTIssuer or AuthJWTAudience",
                     one->server_hostname, two->server_hostname, a->store->spec, b->store->spec);
        return 1;
    }
    return 0;
}

int authjwt_store_check_sharing(server_rec *main_server, server_rec *s)
{
    server_rec *other;
    int fault = 0;

    for (other = main_server; other != s && !fault; other = other->next) {
        if (authjwt_config_server(other)->store) {
            fault = check_pair(other, s);
        }
    }
    return fault;
}
