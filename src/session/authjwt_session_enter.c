/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_session: a new session is listed, where AuthJWTSessionLimit allows one more. */
#include <httpd.h>
#include <http_log.h>

#include "aj_json.h"
#include "authjwt_config.h"
#include "authjwt_config_values.h"
#include "authjwt_directory.h"
#include "authjwt_session_private.h"

APLOG_USE_MODULE(authjwt);

/* How often other logins of the same user may be quicker: each time one of them has got in. */
#define TRIES_MOST 1000

/** A login on its way into the directory. */
typedef struct {
    request_rec *r;
    const char *issuer; /* never NULL */
    const char *user;
    const authjwt_record_t *record;
    apr_time_t until;
    unsigned int limit;
} entrance_t;

static int is_alive(const authjwt_record_t *record)
{
    return record->ended == AUTHJWT_RECORD_LIVES;
}

static unsigned int count_living(const apr_array_header_t *records)
{
    unsigned int living = 0;
    int i;

    for (i = 0; i < records->nelts; i++) {
        living += is_alive(&APR_ARRAY_IDX(records, i, authjwt_record_t));
    }
    return living;
}

static authjwt_verdict_e refuse(const entrance_t *entrance, unsigned int living)
{
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, entrance->r,
                  "AJ1520: login of user \"%s\" refused: %u sessions are open, and AuthJWTSessionLimit is %u",
                  aj_escape(entrance->user, strlen(entrance->user), entrance->r->pool), living, entrance->limit);
    return AUTHJWT_TOO_MANY_SESSIONS;
}

/* End the oldest, the last of the list, until one more may be. What was ended is put among the dead. */
static authjwt_verdict_e end_oldest(const entrance_t *entrance, const apr_array_header_t *records, unsigned int living,
                                    apr_array_header_t *dead)
{
    authjwt_verdict_e verdict = AUTHJWT_OK;
    int i;

    for (i = records->nelts - 1; i >= 0 && living >= entrance->limit && verdict == AUTHJWT_OK; i--) {
        const authjwt_record_t *record = &APR_ARRAY_IDX(records, i, authjwt_record_t);

        if (is_alive(record)) {
            verdict = authjwt_session_end_record(entrance->r, entrance->user, record, AUTHJWT_END_LIMIT);
            APR_ARRAY_PUSH(dead, authjwt_record_t) = *record;
            living--;
        }
    }
    return verdict;
}

/* Marks of theft stay, unless they would take the place of sessions. */
static unsigned int count_marks(const apr_array_header_t *records, unsigned int living, apr_array_header_t *dead)
{
    unsigned int marks = (unsigned int)records->nelts - living;
    int i;

    if (records->nelts < AUTHJWT_SESSIONS_MOST) {
        return marks;
    }
    for (i = 0; i < records->nelts; i++) {
        if (!is_alive(&APR_ARRAY_IDX(records, i, authjwt_record_t))) {
            APR_ARRAY_PUSH(dead, authjwt_record_t) = APR_ARRAY_IDX(records, i, authjwt_record_t);
        }
    }
    return 0;
}

/* @param again  set when somebody was quicker */
static authjwt_verdict_e try_once(const entrance_t *entrance, int *again)
{
    request_rec *r = entrance->r;
    apr_array_header_t *records, *dead;
    authjwt_verdict_e verdict;
    unsigned int living, marks;
    apr_status_t rv;

    if (authjwt_directory_sort(r, entrance->issuer, entrance->user, &records, &dead) != APR_SUCCESS) {
        return AUTHJWT_STORE_UNAVAILABLE;
    }
    living = count_living(records);
    if (living >= entrance->limit && authjwt_config_server(r->server)->session_limit_refuses) {
        return refuse(entrance, living);
    }
    verdict = end_oldest(entrance, records, living, dead);
    if (verdict != AUTHJWT_OK) {
        return verdict;
    }
    marks = count_marks(records, living, dead);
    rv = authjwt_directory_admit(r, entrance->issuer, entrance->user, entrance->record, entrance->until, dead,
                                 entrance->limit - 1 + marks);
    *again = APR_STATUS_IS_EAGAIN(rv);
    return rv == APR_SUCCESS ? AUTHJWT_OK : AUTHJWT_STORE_UNAVAILABLE;
}

static authjwt_verdict_e enter_within_limit(const entrance_t *entrance)
{
    authjwt_verdict_e verdict = AUTHJWT_STORE_UNAVAILABLE;
    int again = 1, tries;

    for (tries = 0; again && tries < TRIES_MOST; tries++) {
        again = 0;
        verdict = try_once(entrance, &again);
    }
    return verdict;
}

authjwt_verdict_e authjwt_session_enter(request_rec *r, const char *user, const authjwt_tokens_t *tokens)
{
    const authjwt_listed_t listed = { user, tokens->issuer, tokens->sid, tokens->now, tokens->ends };
    entrance_t entrance = { .r = r, .issuer = tokens->issuer ? tokens->issuer : "", .user = user };
    authjwt_record_t record;
    authjwt_verdict_e verdict;

    if (!authjwt_directory_is_on(r->server)) {
        return AUTHJWT_OK;
    }
    entrance.limit = authjwt_config_session_limit(authjwt_config_server(r->server));
    entrance.until = authjwt_session_listed_until(r, tokens->access.expires, tokens->refresh.expires);
    entrance.record = &record;
    verdict = authjwt_session_record(r, &listed, &record);
    if (verdict == AUTHJWT_OK && entrance.limit) {
        return enter_within_limit(&entrance);
    }
    if (verdict == AUTHJWT_OK) {
        (void)!authjwt_directory_write(r, entrance.issuer, user, &record, entrance.until);
    }
    return AUTHJWT_OK;
}

void authjwt_session_withdraw(request_rec *r, const char *user, const authjwt_tokens_t *tokens)
{
    authjwt_session_unlist(r, tokens->issuer, user, tokens->sid);
}
