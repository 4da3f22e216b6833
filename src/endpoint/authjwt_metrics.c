/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_metrics: the endpoint jwt-metrics. The text format 0.0.4 of Prometheus: for each metric its HELP, its TYPE,
 * and one line for each value of its label. Every value of a label is a word of this module, so none needs escaping. */
#include <httpd.h>
#include <http_main.h>
#include <http_protocol.h>

#include "aj_alg.h"
#include "aj_keyset.h"
#include "authjwt_caching.h"
#include "authjwt_config.h"
#include "authjwt_count.h"
#include "authjwt_endpoint_private.h"
#include "authjwt_keys.h"
#include "authjwt_store.h"

#define CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"
#define MOST_VALUES  8

/* Counters of one metric. */
typedef struct {
    const char *name, *help;
    const char *label; /* NULL: there is one counter */
    struct {
        const char *value; /* NULL: the end */
        authjwt_counter_e counter;
    } of[MOST_VALUES];
} metric_t;

static const metric_t metrics[] = {
    { "authjwt_logins_total",
      "Logins, by result",
      "result",
      { { "ok", AUTHJWT_COUNT_LOGIN_OK },
        { "failed", AUTHJWT_COUNT_LOGIN_FAILED },
        { "throttled", AUTHJWT_COUNT_LOGIN_THROTTLED },
        { "locked", AUTHJWT_COUNT_LOGIN_LOCKED },
        { "denied", AUTHJWT_COUNT_LOGIN_DENIED },
        { "error", AUTHJWT_COUNT_LOGIN_ERROR } } },
    { "authjwt_refreshes_total",
      "Refreshes, also on the way, by result",
      "result",
      { { "ok", AUTHJWT_COUNT_REFRESH_OK },
        { "expired", AUTHJWT_COUNT_REFRESH_EXPIRED },
        { "revoked", AUTHJWT_COUNT_REFRESH_REVOKED },
        { "theft", AUTHJWT_COUNT_REFRESH_THEFT },
        { "denied", AUTHJWT_COUNT_REFRESH_DENIED },
        { "error", AUTHJWT_COUNT_REFRESH_ERROR } } },
    { "authjwt_logouts_total",
      "Logouts, by result",
      "result",
      { { "ok", AUTHJWT_COUNT_LOGOUT_OK },
        { "everywhere", AUTHJWT_COUNT_LOGOUT_EVERYWHERE },
        { "error", AUTHJWT_COUNT_LOGOUT_ERROR } } },
    { "authjwt_sessions_ended_total",
      "Sessions ended before their time, by reason; everywhere counts once for all sessions of a user",
      "reason",
      { { "logout", AUTHJWT_COUNT_ENDED_LOGOUT },
        { "everywhere", AUTHJWT_COUNT_ENDED_EVERYWHERE },
        { "theft", AUTHJWT_COUNT_ENDED_THEFT },
        { "login", AUTHJWT_COUNT_ENDED_LOGIN },
        { "limit", AUTHJWT_COUNT_ENDED_LIMIT },
        { "user", AUTHJWT_COUNT_ENDED_USER },
        { "admin", AUTHJWT_COUNT_ENDED_ADMIN },
        { "revoke", AUTHJWT_COUNT_ENDED_REVOKE } } },
    { "authjwt_cache_total",
      "Tokens looked for among those verified before, by result",
      "result",
      { { "hit", AUTHJWT_COUNT_CACHE_HIT }, { "miss", AUTHJWT_COUNT_CACHE_MISS } } },
    { "authjwt_store_lookups_total",
      "Look-ups in the revocation store",
      NULL,
      { { "", AUTHJWT_COUNT_STORE_LOOKUPS } } },
    { "authjwt_store_errors_total",
      "What the revocation store could not answer or record",
      NULL,
      { { "", AUTHJWT_COUNT_STORE_ERRORS } } },
    { "authjwt_throttled_total",
      "Logins refused because too many had failed",
      NULL,
      { { "", AUTHJWT_COUNT_THROTTLED } } },
};

static void head(request_rec *r, const char *name, const char *help, const char *type)
{
    ap_rprintf(r, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void line(request_rec *r, const char *name, const char *label, const char *value, apr_uint64_t number)
{
    if (label) {
        ap_rprintf(r, "%s{%s=\"%s\"} %" APR_UINT64_T_FMT "\n", name, label, value, number);
    }
    else {
        ap_rprintf(r, "%s %" APR_UINT64_T_FMT "\n", name, number);
    }
}

static void show_metric(request_rec *r, const metric_t *metric)
{
    int i;

    head(r, metric->name, metric->help, "counter");
    for (i = 0; i < MOST_VALUES && metric->of[i].value; i++) {
        line(r, metric->name, metric->label, metric->of[i].value, authjwt_count_sum(metric->of[i].counter));
    }
}

static void show_codes(request_rec *r, const char *name, const char *help, authjwt_counter_e first)
{
    int verdict;

    head(r, name, help, "counter");
    for (verdict = 0; verdict < AUTHJWT_VERDICTS; verdict++) {
        apr_uint64_t sum;
        int is_first = authjwt_count_sum_code(first, (authjwt_verdict_e)verdict, &sum);

        if (is_first && (sum || !authjwt_count_is_rare((authjwt_verdict_e)verdict))
            && !(first == AUTHJWT_COUNT_REPORTED && verdict == AUTHJWT_OK)) {
            line(r, name, "code", authjwt_count_code((authjwt_verdict_e)verdict), sum);
        }
    }
}

static void show_login_times(request_rec *r)
{
    static const char name[] = "authjwt_login_seconds";
    apr_uint64_t sum = 0;
    int i;

    head(r, name, "How long logins took", "histogram");
    for (i = 0; i < AUTHJWT_COUNT_BUCKETS; i++) {
        sum += authjwt_count_sum((authjwt_counter_e)(AUTHJWT_COUNT_LOGIN_BUCKET + i));
        ap_rprintf(r, "%s_bucket{le=\"%s\"} %" APR_UINT64_T_FMT "\n", name, authjwt_count_bucket(i), sum);
    }
    ap_rprintf(r, "%s_sum %.6f\n%s_count %" APR_UINT64_T_FMT "\n", name,
               (double)authjwt_count_sum(AUTHJWT_COUNT_LOGIN_TIME) / APR_USEC_PER_SEC, name, sum);
}

/* What a provider cannot tell is absent. */
static void show_store(request_rec *r)
{
    apr_uint64_t entries;
    double fill;

    if (!authjwt_store_usage(ap_server_conf, &entries, &fill, r->pool)) {
        return;
    }
    head(r, "authjwt_store_entries", "Entries in the revocation stores, those not yet removed included", "gauge");
    line(r, "authjwt_store_entries", NULL, NULL, entries);
    if (fill >= 0) {
        head(r, "authjwt_store_fill_ratio", "Part of the fullest revocation store that is in use", "gauge");
        ap_rprintf(r, "authjwt_store_fill_ratio %.6f\n", fill);
    }
}

/* @return number of keys of this algorithm in all servers; those that share a key ring count once */
static int count_keys(request_rec *r, const aj_alg_t *alg)
{
    const struct authjwt_keyring_t *before = NULL;
    const server_rec *s;
    int found = 0, i;

    for (s = ap_server_conf; s; s = s->next) {
        const struct authjwt_keyring_t *keyring = authjwt_config_server(s)->keyring;
        const aj_keyset_t *ring = keyring && keyring != before ? authjwt_keys_ring_of(r, s, NULL) : NULL;

        for (i = 0; ring && i < aj_keyset_count(ring); i++) {
            found += aj_key_alg(aj_keyset_at(ring, i)) == alg;
        }
        before = keyring ? keyring : before;
    }
    return found;
}

static void show_keys(request_rec *r)
{
    const aj_alg_t *alg;
    int i;

    head(r, "authjwt_keys", "Keys in use, by algorithm", "gauge");
    for (i = 0; (alg = aj_alg_at(i)) != NULL; i++) {
        int found = count_keys(r, alg);

        if (found) {
            line(r, "authjwt_keys", "alg", alg->name, (apr_uint64_t)found);
        }
    }
}

int authjwt_metrics(request_rec *r)
{
    apr_size_t i;

    ap_set_content_type(r, CONTENT_TYPE);
    authjwt_caching_no_store(r);
    show_codes(r, "authjwt_requests_total", "Requests with a good token, answers of endpoints, and refusals, by code",
               AUTHJWT_COUNT_REQUESTS);
    for (i = 0; i < sizeof(metrics) / sizeof(*metrics); i++) {
        show_metric(r, &metrics[i]);
    }
    show_codes(r, "authjwt_report_only_total", "Requests that AuthJWTReportOnly let pass, by the code of the refusal",
               AUTHJWT_COUNT_REPORTED);
    show_login_times(r);
    show_store(r);
    show_keys(r);
    return OK;
}
