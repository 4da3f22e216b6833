/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_config: times as directives write them. */
#include <apr_lib.h>
#include <apr_strings.h>

#include "authjwt_config.h"

/* Ten years; keeps every sum with a clock value far from overflow. */
#define LONGEST_SECONDS (APR_INT64_C(10) * 366 * 24 * 3600)

const char *authjwt_config_parse_time(apr_pool_t *pool, const char *text, apr_interval_time_t *out)
{
    static const struct {
        char unit;
        apr_int64_t seconds;
    } units[] = { { '\0', 1 }, { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
    char *end = NULL;
    apr_int64_t count;
    apr_size_t i;

    errno = 0;
    count = apr_isdigit(*text) ? apr_strtoi64(text, &end, 10) : 0;
    for (i = 0; end && !errno && i < sizeof(units) / sizeof(units[0]); i++) {
        if (end[0] == units[i].unit && (!end[0] || !end[1])) {
            if (count > LONGEST_SECONDS / units[i].seconds) {
                return apr_pstrcat(pool, "\"", text, "\" is too long, at most ten years", NULL);
            }
            *out = apr_time_from_sec(count * units[i].seconds);
            return NULL;
        }
    }
    return apr_pstrcat(pool, "\"", text, "\" is no time; write a whole number with s, m, h or d, such as 15m", NULL);
}

/* Longer waits keep threads from serving others. */
#define LONGEST_WAIT apr_time_from_sec(60)

const char *authjwt_config_parse_wait(apr_pool_t *pool, const char *text, apr_interval_time_t *out)
{
    apr_size_t digits = strspn(text, "0123456789");
    apr_interval_time_t value = 0;

    if (digits && digits <= 9 && !strcmp(text + digits, "ms")) {
        value = apr_time_from_msec(apr_atoi64(text));
    }
    else if (authjwt_config_parse_time(pool, text, &value)) {
        return apr_pstrcat(pool, "\"", text, "\" is no time; write a whole number with ms, s or m, such as 500ms",
                           NULL);
    }
    if (value <= 0 || value > LONGEST_WAIT) {
        return apr_pstrcat(pool, "\"", text, "\" must be longer than 0, and at most one minute", NULL);
    }
    *out = value;
    return NULL;
}
