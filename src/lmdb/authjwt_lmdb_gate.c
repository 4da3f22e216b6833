/* SPDX-License-Identifier: Apache-2.0 */
/* The gate of an environment. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stdlib.h>

#include "authjwt_lmdb_private.h"

#define STRIPES 16

struct authjwt_lmdb_stripe_t {
    pthread_rwlock_t lock;
} __attribute__((aligned(64)));

authjwt_lmdb_stripe_t *authjwt_lmdb_gate_make(void)
{
    pthread_rwlockattr_t attr;
    void *room = NULL;
    authjwt_lmdb_stripe_t *gate;
    int i;

    if (posix_memalign(&room, sizeof(*gate), STRIPES * sizeof(*gate)) != 0) {
        return NULL;
    }
    gate = room;
    pthread_rwlockattr_init(&attr);
#ifdef __GLIBC__ /* or a stream of look-ups would keep a repair out for ever */
    pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
#endif
    for (i = 0; i < STRIPES && pthread_rwlock_init(&gate[i].lock, &attr) == 0; i++) {
        ;
    }
    pthread_rwlockattr_destroy(&attr);
    if (i < STRIPES) {
        free(gate);
        return NULL;
    }
    return gate;
}

unsigned authjwt_lmdb_of_thread(unsigned n)
{
    return (unsigned)((((apr_uint64_t)pthread_self() >> 12) * 0x9E3779B97F4A7C15ull) >> 32) % n;
}

/* Always the same for a thread, so that it leaves where it came in. */
static pthread_rwlock_t *own(authjwt_lmdb_env_t *env)
{
    return &env->gate[authjwt_lmdb_of_thread(STRIPES)].lock;
}

void authjwt_lmdb_gate_enter(authjwt_lmdb_env_t *env)
{
    pthread_rwlock_rdlock(own(env));
}

void authjwt_lmdb_gate_leave(authjwt_lmdb_env_t *env)
{
    pthread_rwlock_unlock(own(env));
}

/* In one order, so that two who close it never wait for each other. */
void authjwt_lmdb_gate_close(authjwt_lmdb_env_t *env)
{
    int i;

    for (i = 0; i < STRIPES; i++) {
        pthread_rwlock_wrlock(&env->gate[i].lock);
    }
}

void authjwt_lmdb_gate_open(authjwt_lmdb_env_t *env)
{
    int i;

    for (i = 0; i < STRIPES; i++) {
        pthread_rwlock_unlock(&env->gate[i].lock);
    }
}
