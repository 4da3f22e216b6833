/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_keys: one shared secret under several issuers. Whoever has it for one of them can make tokens of the others.
 */
#include <httpd.h>
#include <http_config.h>

#include "authjwt_keys_private.h"
#include "authjwt_risks.h"

static int is_shared_secret(const authjwt_key_spec_t *spec)
{
    return !spec->is_set && spec->options.alg->kty == AJ_KTY_OCT;
}

/* A secret of the server that the other one names too. @return NULL when there is none */
static const authjwt_key_spec_t *common_secret(const authjwt_server_conf_t *a, const authjwt_server_conf_t *b)
{
    int i, j;

    for (i = 0; i < a->key_specs->nelts; i++) {
        const authjwt_key_spec_t *one = &APR_ARRAY_IDX(a->key_specs, i, authjwt_key_spec_t);

        for (j = 0; j < b->key_specs->nelts; j++) {
            const authjwt_key_spec_t *two = &APR_ARRAY_IDX(b->key_specs, j, authjwt_key_spec_t);

            if (is_shared_secret(one) && is_shared_secret(two) && !strcmp(one->source, two->source)) {
                return one;
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
