/* SPDX-License-Identifier: Apache-2.0 */
/* HMAC contexts of a key. Copying the prepared one costs a fifth of a MAC, so used ones are kept and begun anew. */
#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>

#include "aj_key_private.h"

/* Threads that work at the same time mostly find a place each; those that do not copy. */
#define PLACES 8

/** One context that nobody uses now, or NULL. Alone in its cache line, so that threads do not slow each other down. */
typedef struct {
    _Alignas(64) _Atomic(EVP_MAC_CTX *) spare;
} place_t;

struct aj_key_mac_t {
    EVP_MAC_CTX *prepared; /**< never used itself */
    place_t *places;
};

static apr_status_t free_all(void *data)
{
    aj_key_mac_t *mac = data;
    int i;

    for (i = 0; i < PLACES; i++) {
        EVP_MAC_CTX_free(atomic_load(&mac->places[i].spare));
    }
    EVP_MAC_CTX_free(mac->prepared);
    return APR_SUCCESS;
}

aj_key_mac_t *aj_key_mac_make(EVP_MAC_CTX *prepared, apr_pool_t *pool)
{
    aj_key_mac_t *mac = apr_pcalloc(pool, sizeof(*mac));
    char *memory = apr_pcalloc(pool, (PLACES + 1) * sizeof(place_t));

    mac->prepared = prepared;
    mac->places = (place_t *)(memory + sizeof(place_t) - (uintptr_t)memory % sizeof(place_t));
    apr_pool_cleanup_register(pool, mac, free_all, apr_pool_cleanup_null);
    return mac;
}

/* errno is the thread's own, so its address names the thread. */
static place_t *place_of_thread(const aj_key_mac_t *mac)
{
    uint64_t spread = (uint64_t)(uintptr_t)&errno * 0x9e3779b97f4a7c15ULL;

    return &mac->places[(spread >> 32) % PLACES];
}

EVP_MAC_CTX *aj_key_mac_take(const aj_key_mac_t *mac)
{
    EVP_MAC_CTX *ctx = atomic_exchange(&place_of_thread(mac)->spare, NULL);

    /* Without a key, init begins anew with the one it has. */
    if (ctx && !EVP_MAC_init(ctx, NULL, 0, NULL)) {
        EVP_MAC_CTX_free(ctx);
        ctx = NULL;
    }
    return ctx ? ctx : EVP_MAC_CTX_dup(mac->prepared);
}

void aj_key_mac_give(const aj_key_mac_t *mac, EVP_MAC_CTX *ctx)
{
    EVP_MAC_CTX_free(atomic_exchange(&place_of_thread(mac)->spare, ctx));
}
