/* SPDX-License-Identifier: Apache-2.0 */
/* HMAC contexts of a key. Copying the prepared one costs a fifth of a MAC, so used ones are kept and begun anew. */
#include "aj_key_private.h"
#include "aj_place_private.h"

struct aj_key_mac_t {
    EVP_MAC_CTX *prepared; /**< never used itself */
    aj_place_t *places;
};

static apr_status_t free_all(void *data)
{
    aj_key_mac_t *mac = data;
    int i;

    for (i = 0; i < AJ_PLACES; i++) {
        EVP_MAC_CTX_free(atomic_load(&mac->places[i].spare));
    }
    EVP_MAC_CTX_free(mac->prepared);
    return APR_SUCCESS;
}

aj_key_mac_t *aj_key_mac_make(EVP_MAC_CTX *prepared, apr_pool_t *pool)
{
    aj_key_mac_t *mac = apr_pcalloc(pool, sizeof(*mac));
    char *memory = apr_pcalloc(pool, (AJ_PLACES + 1) * sizeof(aj_place_t));

    mac->prepared = prepared;
    mac->places = (aj_place_t *)(memory + sizeof(aj_place_t) - (uintptr_t)memory % sizeof(aj_place_t));
    apr_pool_cleanup_register(pool, mac, free_all, apr_pool_cleanup_null);
    return mac;
}

EVP_MAC_CTX *aj_key_mac_take(const aj_key_mac_t *mac)
{
    EVP_MAC_CTX *ctx = atomic_exchange(&aj_place_of_thread(mac->places)->spare, NULL);

    /* Without a key, init begins anew with the one it has. */
    if (ctx && !EVP_MAC_init(ctx, NULL, 0, NULL)) {
        EVP_MAC_CTX_free(ctx);
        ctx = NULL;
    }
    return ctx ? ctx : EVP_MAC_CTX_dup(mac->prepared);
}

void aj_key_mac_give(const aj_key_mac_t *mac, EVP_MAC_CTX *ctx)
{
    EVP_MAC_CTX_free(atomic_exchange(&aj_place_of_thread(mac->places)->spare, ctx));
}
