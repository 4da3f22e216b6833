/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_log: how often something may be logged. */
#ifndef AUTHJWT_LOG_H
#define AUTHJWT_LOG_H

#include <apr.h>

/**
 * For a line that every request could cause: at most once a second and process.
 * @param last  one for each kind of line, static and 0 at first
 * @return non-zero when the line may be written now; then no other thread may until the next second
 */
int authjwt_log_due(volatile apr_uint32_t *last);

#endif
