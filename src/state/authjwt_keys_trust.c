/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_keys: a server that trusts somebody else's keys must say which of that issuer's tokens are meant for it. */
#include <httpd.h>
#include <http_config.h>
#include <http_log.h>

#include "authjwt_keys_private.h"
#include "authjwt_risks.h"

APLOG_USE_MODULE(authjwt);

/* A JWK Set, or a public key whose private half somebody else has. */
static int is_foreign(const authjwt_key_line_t *line)
{
    const aj_keyset_t *keys = line->batch->keys;
    int i;

    for (i = 0; i < aj_keyset_count(keys); i++) {
        if (!aj_key_is_secret(aj_keyset_at(keys, i))) {
            return 1;
        }
    }
    return line->spec->is_set;
}

/* The first line of a server with somebody else's keys. Under -t the keys of commands are unknown. */
static const authjwt_key_line_t *find_foreign(const authjwt_server_conf_t *conf)
{
    int i;

    for (i = 0; conf->keyring && i < conf->keyring->loaded->nelts; i++) {
        const authjwt_key_line_t *line = &APR_ARRAY_IDX(conf->keyring->loaded, i, authjwt_key_line_t);

        if (is_foreign(line)) {
            return line;
        }
    }
    return NULL;
}

/* AuthJWTAudience any: wanted, so no warning. */
static void accept_all(const authjwt_key_line_t *line, server_rec *s)
{
    if (authjwt_config_logs_now()) {
        authjwt_risk(
            s, APLOG_INFO,
            "AJ1011: AuthJWTAudience any, and %s (%s) brings keys of another issuer: a token that was made for "
            "any other client of that issuer is accepted; name the aud of the tokens that are meant for this "
            "server, if they have one",
            line->spec->name, line->spec->where);
    }
}

static int check_server(server_rec *s)
{
    const authjwt_server_conf_t *conf = authjwt_config_server(s);
    const authjwt_key_line_t *line = conf->audiences && conf->audiences->nelts ? NULL : find_foreign(conf);

    if (!line) {
        return 0;
    }
    if (conf->audiences) {
        accept_all(line, s);
        return 0;
    }
    ap_log_error(APLOG_MARK, APLOG_ERR | APLOG_STARTUP, 0, s,
                 "AJ1009: %s %s (%s) brings keys of another issuer, and their server has no AuthJWTAudience: a token "
                 "that was made for any other client of that issuer would be accepted. Write AuthJWTAudience with the "
                 "aud of the tokens that are meant for this server, or AuthJWTAudience any if all are welcome",
                 line->spec->is_set ? "AuthJWTKeySet" : "AuthJWTKey", line->spec->name, line->spec->where);
    return 1;
}

int authjwt_keys_check_trust(server_rec *main_server)
{
    const authjwt_server_conf_t *conf = authjwt_config_server(main_server);
    server_rec *s;
    int faults = check_server(main_server);

    for (s = main_server->next; s; s = s->next) {
        const authjwt_server_conf_t *own = authjwt_config_server(s);

        /* What a virtual host inherits whole has been complained of already. */
        if (!faults || own->key_specs != conf->key_specs) {
            faults += check_server(s);
        }
    }
    return faults;
}
