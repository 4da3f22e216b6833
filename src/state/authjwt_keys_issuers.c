/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_keys: one shared secret under several issuers. Whoever has it for one of them can make tokens of the others.
 */
#include <httpd.h>
#include <http_config.h>

#include "authjwt_keys_private.h"
#include "authjwt_risks.h"

static const aj_key_t *shared_secret_of(const authjwt_key_line_t *line)
{
    return !line->spec->is_set && line->spec->options.alg->kty == AJ_KTY_OCT ? aj_keyset_at(line->batch->keys, 0)
                                                                             : NULL;
}

/* A secret of the server that the other one has too, be it from another source. @return NULL when there is none */
static const authjwt_key_spec_t *common_secret(const authjwt_server_conf_t *a, const authjwt_server_conf_t *b)
{
    const apr_array_header_t *ours = a->keyring->loaded, *theirs = b->keyring->loaded;
    int i, j;

    for (i = 0; i < ours->nelts; i++) {
        const authjwt_key_line_t *line = &APR_ARRAY_IDX(ours, i, authjwt_key_line_t);
        const aj_key_t *one = shared_secret_of(line);

        for (j = 0; one && j < theirs->nelts; j++) {
            const aj_key_t *two = shared_secret_of(&APR_ARRAY_IDX(theirs, j, authjwt_key_line_t));

            if (two && aj_key_same(one, two)) {
                return line->spec;
            }
        }
    }
    return NULL;
}

/* The first server before this one that has the secret for another issuer: one warning a server is enough. */
static void check_server(server_rec *main_server, server_rec *s)
{
    const authjwt_server_conf_t *conf = authjwt_config_server(s);
    const authjwt_key_spec_t *spec = NULL;
    server_rec *other;

    for (other = main_server; conf->key_specs && conf->issuer && other != s && !spec; other = other->next) {
        const authjwt_server_conf_t *theirs = authjwt_config_server(other);

        spec = theirs->key_specs && theirs->issuer && strcmp(theirs->issuer, conf->issuer) ? common_secret(conf, theirs)
                                                                                           : NULL;
        if (spec) {
            authjwt_risk(s, APLOG_WARNING,
                         "AJ1012: the secret %s (%s) signs for the issuers \"%s\" and \"%s\": whoever has it for one "
                         "can make tokens of the other; give each issuer a secret of its own",
                         spec->name, spec->where, theirs->issuer, conf->issuer);
        }
    }
}

void authjwt_keys_warn_of_issuers(server_rec *main_server)
{
    server_rec *s;

    for (s = main_server->next; s; s = s->next) {
        check_server(main_server, s);
    }
}
