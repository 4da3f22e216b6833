/* SPDX-License-Identifier: Apache-2.0 */
/* What the fuzz targets share. Each target defines LLVMFuzzerTestOneInput; replay.c runs the same targets over the
 * corpora in `make test`. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>
#include <apr_pools.h>
#include <apr_strings.h>
#include <openssl/err.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An invariant of the core: breaking it is a finding like a crash. */
#define HOLDS(condition)                                                                   \
    do {                                                                                   \
        if (!(condition)) {                                                                \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
            abort();                                                                       \
        }                                                                                  \
    } while (0)

static inline apr_pool_t *fuzz_pool(void)
{
    static int ready;
    apr_pool_t *pool;

    if (!ready) {
        apr_initialize();
        ready = 1;
    }
    apr_pool_create(&pool, NULL);
    return pool;
}

/* Every target ends here: OpenSSL's error queue belongs to mod_ssl too and must be empty. */
static inline int fuzz_done(apr_pool_t *pool)
{
    HOLDS(ERR_peek_error() == 0);
    apr_pool_destroy(pool);
    return 0;
}

#endif
