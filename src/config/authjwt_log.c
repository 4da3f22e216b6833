/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_log: one line a second. */
#include <apr_atomic.h>
#include <apr_time.h>

#include "authjwt_log.h"

int authjwt_log_due(volatile apr_uint32_t *last)
{
    apr_uint32_t now = (apr_uint32_t)apr_time_sec(apr_time_now());
    apr_uint32_t before = apr_atomic_read32(last);

    return now != before && apr_atomic_cas32(last, now, before) == before;
}
