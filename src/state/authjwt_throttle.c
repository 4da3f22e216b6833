/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_throttle: how many logins may fail. */
#include <httpd.h>
#include <http_log.h>

#include "aj_error.h"
#include "authjwt_config.h"
#include "authjwt_config_values.h"
#include "authjwt_count.h"
#include "authjwt_request.h"
#include "authjwt_throttle_private.h"

APLOG_USE_MODULE(authjwt);

/* An address may fail for this many users' worth of failures. */
#define ADDRESS_FACTOR 10

/* What the table knows about an attempt. */
typedef struct {
    authjwt_throttle_table_t *table;
    apr_time_t now;
    int allowed;                /* AuthJWTLoginThrottle; 0: off, and the next two are NULL */
    authjwt_counter_t *pair;    /* user and address */
    authjwt_counter_t *address; /* any user */
    int limit;                  /* AuthJWTLoginLock; 0: off, and `lock` is NULL */
    apr_interval_time_t time;   /* of a lock */
    authjwt_lock_t *lock;
    apr_uint64_t name, place; /* keys of the user, and of the user at this address */
} attempt_t;

/* Wait for the table and find what it knows. @return 0 when logins are not counted, or cannot be (logged) */
static int enter(request_rec *r, const char *user, attempt_t *attempt)
{
    const authjwt_server_conf_t *conf = authjwt_config_server(r->server);
    apr_interval_time_t window;
    apr_uint64_t pair, address;

    memset(attempt, 0, sizeof(*attempt));
    attempt->allowed = authjwt_config_throttle(conf, &window);
    attempt->limit = authjwt_config_lock(conf, &attempt->time);
    pair = authjwt_throttle_key(r, "pair", window, user, 1);
    address = authjwt_throttle_key(r, "address", window, NULL, 1);
    attempt->name = authjwt_throttle_key(r, "name", 0, user, 0);
    attempt->place = authjwt_throttle_key(r, "known", 0, user, 1);
    if (!pair || !(attempt->allowed || attempt->limit) || !(attempt->table = authjwt_throttle_enter(r))) {
        return 0;
    }
    attempt->now = apr_time_now();
    if (attempt->allowed) {
        attempt->pair = authjwt_throttle_counter(attempt->table, pair, attempt->now, window, NULL);
        attempt->address = authjwt_throttle_counter(attempt->table, address, attempt->now, window, attempt->pair);
    }
    if (attempt->limit) {
        attempt->lock =
            authjwt_throttle_lock(attempt->table, attempt->name, attempt->now, attempt->limit, attempt->time);
    }
    return 1;
}

/* @return seconds until the next attempt of this user from this address, or of anybody from there; 0: now */
static long throttle_wait(const attempt_t *attempt)
{
    long seconds = 0;

    if (attempt->allowed) {
        seconds = authjwt_throttle_counter_wait(attempt->pair, attempt->allowed, attempt->now);
    }
    if (attempt->allowed && !seconds) {
        seconds =
            authjwt_throttle_counter_wait(attempt->address, (double)attempt->allowed * ADDRESS_FACTOR, attempt->now);
    }
    return seconds;
}

/* @return seconds until the user may be tried again from addresses that are not the user's own; 0: now, or it is one */
static long lock_wait(const attempt_t *attempt)
{
    long seconds = 0;

    if (attempt->limit) {
        seconds = authjwt_throttle_lock_wait(attempt->lock, attempt->now, attempt->limit, attempt->time);
    }
    if (seconds && authjwt_throttle_is_known(attempt->table, attempt->name, attempt->place, attempt->now)) {
        return 0;
    }
    return seconds;
}

/* Failures from the user's own addresses do not prolong a lock. */
static void count(attempt_t *attempt)
{
    if (attempt->allowed) {
        attempt->pair->now++;
        attempt->address->now++;
    }
    if (attempt->limit && attempt->lock->failures < (apr_uint32_t)attempt->limit) {
        attempt->lock->failures++;
        attempt->lock->last = attempt->now;
    }
}

static void uncount(attempt_t *attempt)
{
    if (attempt->allowed) {
        attempt->pair->now -= attempt->pair->now > 0;
        attempt->address->now -= attempt->address->now > 0;
    }
    if (attempt->limit) {
        attempt->lock->failures -= attempt->lock->failures > 0;
    }
}

static authjwt_verdict_e refuse(request_rec *r, const char *user, long seconds)
{
    authjwt_count(r, AUTHJWT_COUNT_THROTTLED);
    authjwt_request_state(r)->retry_after = seconds;
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                  "AJ1903: login of user \"%s\" refused: too many logins have failed; the next is allowed in %ld s",
                  aj_escape(user, strlen(user), r->pool), seconds);
    return AUTHJWT_TOO_MANY_ATTEMPTS;
}

/* @param told  somebody else has been refused by this lock already; only the first line is for everybody to see */
static authjwt_verdict_e refuse_locked(request_rec *r, const char *user, int limit, long seconds, int told)
{
    authjwt_count(r, AUTHJWT_COUNT_THROTTLED);
    authjwt_request_state(r)->retry_after = seconds;
    ap_log_rerror(APLOG_MARK, told ? APLOG_INFO : APLOG_NOTICE, 0, r,
                  "AJ1905: login of user \"%s\" refused: %d logins in a row have failed; the next is allowed in %ld s, "
                  "or from an address "
                  "that the user has signed in from within 30 days",
                  aj_escape(user, strlen(user), r->pool), limit, seconds);
    return AUTHJWT_USER_LOCKED;
}

/* @param counts  does an attempt that may be made count as a failure for now? */
static authjwt_verdict_e judge(request_rec *r, const char *user, int counts)
{
    attempt_t attempt;
    long throttled, locked;
    int told = 1;

    if (!enter(r, user, &attempt)) {
        return AUTHJWT_OK;
    }
    throttled = throttle_wait(&attempt);
    locked = throttled ? 0 : lock_wait(&attempt);
    if (locked) {
        told = attempt.lock->told;
        attempt.lock->told = 1;
    }
    else if (!throttled && counts) {
        count(&attempt);
    }
    authjwt_throttle_leave();
    if (throttled) {
        return refuse(r, user, throttled);
    }
    return locked ? refuse_locked(r, user, attempt.limit, locked, told) : AUTHJWT_OK;
}

authjwt_verdict_e authjwt_throttle_begin(request_rec *r, const char *user)
{
    return judge(r, user, 1);
}

authjwt_verdict_e authjwt_throttle_look(request_rec *r, const char *user)
{
    return judge(r, user, 0);
}

void authjwt_throttle_failure(request_rec *r, const char *user)
{
    attempt_t attempt;

    if (enter(r, user, &attempt)) {
        count(&attempt);
        authjwt_throttle_leave();
    }
}

void authjwt_throttle_success(request_rec *r, const char *user, int begun)
{
    attempt_t attempt;

    if (!enter(r, user, &attempt)) {
        return;
    }
    if (attempt.allowed) {
        attempt.pair->now = attempt.pair->before = 0;
        attempt.address->now -= begun && attempt.address->now > 0;
    }
    if (attempt.limit) {
        attempt.lock->failures = attempt.lock->told = 0;
        authjwt_throttle_remember(attempt.table, attempt.name, attempt.place, attempt.now);
    }
    authjwt_throttle_leave();
}

void authjwt_throttle_undecided(request_rec *r, const char *user)
{
    attempt_t attempt;

    if (enter(r, user, &attempt)) {
        uncount(&attempt);
        authjwt_throttle_leave();
    }
}
