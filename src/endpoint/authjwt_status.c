/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_status: our section of mod_status. */
#include <httpd.h>
#include <http_protocol.h>
#include <mod_status.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "authjwt_count.h"
#include "authjwt_status.h"

typedef struct {
    const char *name;  /* of the line with ?auto */
    const char *words; /* for people */
    authjwt_counter_e counter[8];
    int count;
} row_t;

static const row_t rows[] = {
    { "AuthJWTLogins", "logins", { AUTHJWT_COUNT_LOGIN_OK }, 1 },
    { "AuthJWTLoginFailures",
      "failed logins",
      { AUTHJWT_COUNT_LOGIN_FAILED, AUTHJWT_COUNT_LOGIN_THROTTLED, AUTHJWT_COUNT_LOGIN_LOCKED },
      3 },
    { "AuthJWTRefreshes", "refreshes", { AUTHJWT_COUNT_REFRESH_OK }, 1 },
    { "AuthJWTLogouts", "logouts", { AUTHJWT_COUNT_LOGOUT_OK, AUTHJWT_COUNT_LOGOUT_EVERYWHERE }, 2 },
    { "AuthJWTCacheHits", "tokens known from before", { AUTHJWT_COUNT_CACHE_HIT }, 1 },
    { "AuthJWTStoreErrors", "errors of the revocation store", { AUTHJWT_COUNT_STORE_ERRORS }, 1 },
    { "AuthJWTRevocations",
      "sessions ended",
      { AUTHJWT_COUNT_ENDED_LOGOUT, AUTHJWT_COUNT_ENDED_EVERYWHERE, AUTHJWT_COUNT_ENDED_THEFT,
        AUTHJWT_COUNT_ENDED_LOGIN, AUTHJWT_COUNT_ENDED_LIMIT, AUTHJWT_COUNT_ENDED_USER, AUTHJWT_COUNT_ENDED_ADMIN,
        AUTHJWT_COUNT_ENDED_REVOKE },
      8 },
};

static void show(request_rec *r, int is_short, const char *name, const char *words, apr_uint64_t number)
{
    ap_rprintf(r, is_short ? "%s: %" APR_UINT64_T_FMT "\n" : "<tr><td>%s</td><td>%" APR_UINT64_T_FMT "</td></tr>\n",
               is_short ? name : words, number);
}

/* token_missing becomes AuthJWTRequestsTokenMissing. */
static const char *name_of_code(const char *code, apr_pool_t *pool)
{
    char *name = apr_pstrcat(pool, "AuthJWTRequests", code, NULL);
    char *to = name + strlen("AuthJWTRequests");
    int begins = 1;

    for (; *code; code++) {
        if (*code == '_') {
            begins = 1;
        }
        else {
            *to++ = begins ? (char)apr_toupper(*code) : *code;
            begins = 0;
        }
    }
    *to = '\0';
    return name;
}

static void show_requests(request_rec *r, int is_short)
{
    int verdict;

    for (verdict = 0; verdict < AUTHJWT_VERDICTS; verdict++) {
        apr_uint64_t sum;
        const char *code = authjwt_count_code((authjwt_verdict_e)verdict);

        if (authjwt_count_sum_code(AUTHJWT_COUNT_REQUESTS, (authjwt_verdict_e)verdict, &sum)
            && (sum || !authjwt_count_is_rare((authjwt_verdict_e)verdict))) {
            show(r, is_short, name_of_code(code, r->pool), apr_pstrcat(r->pool, "requests: ", code, NULL), sum);
        }
    }
}

static int show_status(request_rec *r, int flags)
{
    int is_short = (flags & AP_STATUS_SHORT) != 0;
    apr_size_t i;

    if (!is_short) {
        ap_rputs("<hr>\n<h1>JWT authentication (mod_authjwt)</h1>\n<table border=\"0\">\n", r);
    }
    show_requests(r, is_short);
    for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        apr_uint64_t sum = 0;
        int k;

        for (k = 0; k < rows[i].count; k++) {
            sum += authjwt_count_sum(rows[i].counter[k]);
        }
        show(r, is_short, rows[i].name, rows[i].words, sum);
    }
    if (!is_short) {
        ap_rputs("</table>\n", r);
    }
    return OK;
}

void authjwt_status_register(void)
{
    APR_OPTIONAL_HOOK(ap, status_hook, show_status, NULL, NULL, APR_HOOK_MIDDLE);
}
