/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_keys: shared secrets that no token can be verified with. */
#include <httpd.h>
#include <http_config.h>

#include "authjwt_keys_private.h"
#include "authjwt_risks.h"

static int is_only_one(const aj_keyset_t *ring, const aj_key_t *key)
{
    int i, count = 0;

    for (i = 0; i < aj_keyset_count(ring); i++) {
        count += aj_alg_same(aj_key_alg(aj_keyset_at(ring, i)), aj_key_alg(key));
    }
    return count == 1;
}

/* Without a kid a key is found only if it is the one of its algorithm, or signs. */
static void check_line(const authjwt_key_line_t *line, const aj_keyset_t *ring, server_rec *s)
{
    const aj_keyset_t *keys = line->batch->keys;
    const aj_key_t *key = line->spec->is_set || !aj_keyset_count(keys) ? NULL : aj_keyset_at(keys, 0);

    if (!key || aj_key_kid(key) || key == aj_keyset_signer(ring) || is_only_one(ring, key)) {
        return;
    }
    authjwt_risk(s, APLOG_WARNING,
                 "AJ1015: AuthJWTKey %s %s (%s) has no kid, and another %s key signs: no token is verified with this "
                 "one, so those that it has signed are refused; give each a kid= before its first token is issued",
                 aj_key_alg(key)->name, line->spec->name, line->spec->where, aj_key_alg(key)->name);
}

static int is_first_with(const server_rec *main_server, const server_rec *s)
{
    const server_rec *other = main_server;

    while (other != s && authjwt_config_server(other)->keyring != authjwt_config_server(s)->keyring) {
        other = other->next;
    }
    return other == s;
}

void authjwt_keys_warn_of_idle(server_rec *main_server)
{
    server_rec *s;
    int i;

    for (s = main_server; s; s = s->next) {
        const authjwt_keyring_t *keyring = authjwt_config_server(s)->keyring;

        for (i = 0; keyring && is_first_with(main_server, s) && i < keyring->loaded->nelts; i++) {
            check_line(&APR_ARRAY_IDX(keyring->loaded, i, authjwt_key_line_t), keyring->current->ring, s);
        }
    }
}
