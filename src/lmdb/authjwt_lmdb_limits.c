/* SPDX-License-Identifier: Apache-2.0 */
/* What the MPM may need of a store. */
#include <ap_mpm.h>

#include "authjwt_lmdb_private.h"

/* Number of readers when the MPM does not tell its limits, and the upper bound: each takes 64 bytes of the lock file.
 */
#define SOME_READERS 4096
#define MOST_READERS 1000000

static unsigned limit_of(int query)
{
    int n = 0;

    return ap_mpm_query(query, &n) == APR_SUCCESS && n > 0 ? (unsigned)n : 0;
}

/* Twice the limit, because old and new children run at the same time during a graceful restart. */
unsigned authjwt_lmdb_readers(void)
{
    apr_uint64_t n = (apr_uint64_t)limit_of(AP_MPMQ_HARD_LIMIT_DAEMONS) * limit_of(AP_MPMQ_HARD_LIMIT_THREADS);

    n = n == 0 ? SOME_READERS : 2 * n + 64;
    return n > MOST_READERS ? MOST_READERS : (unsigned)n;
}

unsigned authjwt_lmdb_threads(void)
{
    return limit_of(AP_MPMQ_HARD_LIMIT_THREADS);
}
