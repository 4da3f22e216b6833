/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_keys: read the keys of all servers, then see whether each has what it needs. */
#include <httpd.h>
#include <http_config.h>

#include "aj_digest.h"
#include "authjwt_keys_private.h"

/* Servers that inherit their keys share the list, and so the keyring. */
static authjwt_keyring_t *keyring_of_same_keys(const server_rec *main_server, const server_rec *s)
{
    const server_rec *other;

    for (other = main_server; other != s; other = other->next) {
        if (authjwt_config_server(other)->key_specs == authjwt_config_server(s)->key_specs) {
            return authjwt_config_server(other)->keyring;
        }
    }
    return NULL;
}

int authjwt_keys_check_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *main_server)
{
    server_rec *s;
    int faults = 0;

    (void)plog;
    for (s = main_server; s; s = s->next) {
        authjwt_server_conf_t *conf = authjwt_config_server(s);

        if (conf->key_specs) {
            conf->keyring = keyring_of_same_keys(main_server, s);
            faults += conf->keyring ? 0 : authjwt_keys_make(conf, s, pconf);
        }
    }
    if (!faults) {
        faults = authjwt_keys_check_needed(main_server, ptemp) + authjwt_keys_check_trust(main_server);
    }
    if (!faults && authjwt_config_logs_now()) {
        authjwt_keys_warn_of_issuers(main_server);
        authjwt_keys_warn_of_idle(main_server);
    }
    return faults ? HTTP_INTERNAL_SERVER_ERROR : OK;
}

void authjwt_keys_child_init(apr_pool_t *pool, server_rec *s)
{
    (void)s;
    aj_digest_keep(pool);
}
