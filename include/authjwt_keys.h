/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_keys: the key ring of each server: from which lines, when read, and which one a request uses. */
#ifndef AUTHJWT_KEYS_H
#define AUTHJWT_KEYS_H

#include "authjwt_config.h"

typedef struct authjwt_keyring_t authjwt_keyring_t;

/**
 * Hook check_config: read every key of every server while still privileged, so that `httpd -t` shows what is wrong.
 * Warns of secrets that others can read. Keys live and are wiped with pconf.
 * @return OK, or HTTP_INTERNAL_SERVER_ERROR after logging one sentence per fault
 */
int authjwt_keys_check_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s);

/** Hook child_init: this process judges tokens, so it keeps what judging needs each time. */
void authjwt_keys_child_init(apr_pool_t *pool, server_rec *s);

/** Has every server that issues or protects the keys for it? @return number of faults, each logged */
int authjwt_keys_check_needed(server_rec *main_server, apr_pool_t *ptemp);

/** @return non-zero when the keyring exists and has a key that can sign; for check_config */
int authjwt_keys_can_sign(const authjwt_keyring_t *keyring);

/** @return non-zero when a key is in both, whatever its source and kid; for check_config, once both have been read */
int authjwt_keys_have_common(const authjwt_keyring_t *a, const authjwt_keyring_t *b);

/** @return non-zero when both have the same keys in the same order; likewise */
int authjwt_keys_are_same(const authjwt_keyring_t *a, const authjwt_keyring_t *b);

/**
 * The ring a request uses: the same keys until the request ends, whatever changes meanwhile. At most every few seconds
 * and in one thread of a process, looks whether files of JWK Sets have changed and reads them anew.
 * @param number  set to a number that this process never gives to another ring, nor to this one with other keys; may be
 * NULL
 * @return borrowed until r->pool is cleared; NULL when the server has no keys
 */
const aj_keyset_t *authjwt_keys_ring(request_rec *r, apr_uint64_t *number);

/** The same of any server. */
const aj_keyset_t *authjwt_keys_ring_of(request_rec *r, const server_rec *s, apr_uint64_t *number);

#endif
