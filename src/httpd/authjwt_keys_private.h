/* authjwt_keys_private: what the files of the keys room share. Nobody else includes it. */
#ifndef AUTHJWT_KEYS_PRIVATE_H
#define AUTHJWT_KEYS_PRIVATE_H

#include "authjwt_keys.h"

/**
 * Read a line's keys into a ring of their own.
 * @param out  set on success, owned by pool
 * @return NULL, or a sentence owned by pool
 */
const char *authjwt_keys_read(const authjwt_key_spec_t *spec, server_rec *s, apr_pool_t *pool, aj_keyset_t **out);

/** Log what is wrong with a line's keys. @param consequence  end of the sentence, may be empty */
void authjwt_keys_complain(const authjwt_key_spec_t *spec, server_rec *s, const char *error, const char *consequence);

#endif
