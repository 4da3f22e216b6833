/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_keys: which keys two servers have in common. The keys themselves are compared: one may lie in two files, or
 * be named in two ways, and a token does not tell from where its key was read. */
#include "authjwt_keys_private.h"

int authjwt_keys_have_common(const authjwt_keyring_t *a, const authjwt_keyring_t *b)
{
    const aj_keyset_t *ours = a->current->ring, *theirs = b->current->ring;
    int i, j;

    for (i = 0; i < aj_keyset_count(ours); i++) {
        for (j = 0; j < aj_keyset_count(theirs); j++) {
            if (aj_key_same(aj_keyset_at(ours, i), aj_keyset_at(theirs, j))) {
                return 1;
            }
        }
    }
    return 0;
}

int authjwt_keys_are_same(const authjwt_keyring_t *a, const authjwt_keyring_t *b)
{
    const aj_keyset_t *ours = a->current->ring, *theirs = b->current->ring;
    int count = aj_keyset_count(ours);
    int i;

    for (i = 0; i < count && count == aj_keyset_count(theirs); i++) {
        if (!aj_key_same(aj_keyset_at(ours, i), aj_keyset_at(theirs, i))) {
            return 0;
        }
    }
    return count == aj_keyset_count(theirs);
}
