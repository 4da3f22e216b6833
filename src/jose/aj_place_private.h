/* SPDX-License-Identifier: Apache-2.0 */
/* aj_place: places for OpenSSL contexts that nobody uses now. Making one anew costs more than hashing an id with it. */
#ifndef AJ_PLACE_PRIVATE_H
#define AJ_PLACE_PRIVATE_H

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>

/** Threads that work at the same time mostly find a place each; those that do not make a context of their own. */
#define AJ_PLACES 8

/** One context that nobody uses now, or NULL. Alone in its cache line, so that threads do not slow each other down. */
typedef struct {
    _Alignas(64) _Atomic(void *) spare;
} aj_place_t;

/** The place of this thread among AJ_PLACES. errno is the thread's own, so its address names the thread. */
static inline aj_place_t *aj_place_of_thread(aj_place_t *places)
{
    uint64_t spread = (uint64_t)(uintptr_t)&errno * 0x9e3779b97f4a7c15ULL;

    return &places[(spread >> 32) % AJ_PLACES];
}

#endif
