/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_count: sums by code. */
#include <string.h>

#include "authjwt_count.h"

const char *authjwt_count_code(authjwt_verdict_e verdict)
{
    const char *code = authjwt_verdict_refusal(verdict)->code;

    return verdict == AUTHJWT_OK ? "ok" : code ? code : "error";
}

int authjwt_count_is_rare(authjwt_verdict_e verdict)
{
    return verdict != AUTHJWT_OK && !authjwt_verdict_refusal(verdict)->code;
}

int authjwt_count_sum_code(authjwt_counter_e first, authjwt_verdict_e verdict, apr_uint64_t *sum)
{
    const char *code = authjwt_count_code(verdict);
    int is_first = 1;
    int other;

    *sum = 0;
    for (other = 0; other < AUTHJWT_VERDICTS; other++) {
        if (!strcmp(authjwt_count_code((authjwt_verdict_e)other), code)) {
            is_first = is_first && other >= (int)verdict;
            *sum += authjwt_count_sum((authjwt_counter_e)(first + other));
        }
    }
    return is_first;
}
