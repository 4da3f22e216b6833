/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_summary_private: what the start-up line and the dump share. Nobody else includes it. */
#ifndef AUTHJWT_SUMMARY_PRIVATE_H
#define AUTHJWT_SUMMARY_PRIVATE_H

#include "authjwt_keys_private.h"

/** What a key of a server is: `HS256 kid=ID signs`. @param keyring  of the server @return owned by pool */
const char *authjwt_summary_key(const authjwt_keyring_t *keyring, const aj_key_t *key, apr_pool_t *pool);

/** A word that may hold anything, on one line: quoted where it has blanks or quotes, control characters as \xHH. */
const char *authjwt_summary_word(const char *text, apr_pool_t *pool);

/**
 * A source: as log lines name it, but files with their whole path.
 * @param name  of the source in log lines
 * @return owned by pool
 */
const char *authjwt_summary_source(const char *source, const char *name, apr_pool_t *pool);

#endif
