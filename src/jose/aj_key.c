/* What can be asked of a key. */
#include "aj_key_private.h"

const aj_alg_t *aj_key_alg(const aj_key_t *key)
{
    return key->alg;
}

const char *aj_key_kid(const aj_key_t *key)
{
    return key->kid;
}

int aj_key_can_sign(const aj_key_t *key)
{
    return key->is_secret && !key->verify_only;
}

int aj_key_is_secret(const aj_key_t *key)
{
    return key->is_secret;
}
