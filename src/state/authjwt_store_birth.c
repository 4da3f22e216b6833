/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_store: when a store was born, which is how it is noticed that it has lost its entries.
 *
 * An entry that is always there, the sentinel, holds the time (authjwt_entry_birth.h). 0: it has not lost anything.
 * Where it is missing it is written: with 0 where this host has not seen the store before, else with now. Form 1, of
 * the first release, is written again. */
#include <httpd.h>
#include <apr_atomic.h>
#include <http_log.h>

#include "authjwt_audit.h"
#include "authjwt_entry_birth.h"
#include "authjwt_lmdb.h"
#include "authjwt_log.h"
#include "authjwt_store_private.h"

APLOG_USE_MODULE(authjwt);

typedef struct {
    int form; /* 0: none */
    apr_time_t birth;
} sentinel_t;

static sentinel_t read_sentinel(const authjwt_socache_question_t *answered)
{
    sentinel_t sentinel = { 0, 0 };

    if (answered->status == APR_SUCCESS) {
        sentinel.form = authjwt_entry_birth_of(answered->data, answered->len, &sentinel.birth);
    }
    return sentinel;
}

static apr_status_t write_entry(authjwt_store_t *store, server_rec *s, const authjwt_store_id_t *id, apr_time_t birth,
                                apr_time_t expires, apr_pool_t *pool)
{
    authjwt_store_value_t value;

    authjwt_entry_write_birth(birth, &value);
    return store->provider->store(store->instance, s, id->bytes, sizeof(id->bytes),
                                  authjwt_store_expiry(store, expires), value.bytes, value.len, pool);
}

static sentinel_t ask_sentinel(authjwt_store_t *store, server_rec *s, apr_pool_t *pool)
{
    authjwt_store_value_t value;
    authjwt_socache_question_t question = authjwt_store_question(&authjwt_entry_sentinel, &value);

    authjwt_store_ask(store, s, &question, 1, pool);
    return read_sentinel(&question);
}

/* ---- what this process knows ---- */

apr_time_t authjwt_store_birth(const authjwt_store_t *store)
{
    return store ? __atomic_load_n(&store->birth, __ATOMIC_RELAXED) : 0;
}

static int is_ahead(apr_time_t birth)
{
    return birth > apr_time_now() + AUTHJWT_STORE_SKEW;
}

/* Hosts that find a loss at the same time each write a birth: the later one stays. One that is far ahead of the clock
 * never does. */
static apr_time_t latest(const authjwt_store_t *store, apr_time_t birth)
{
    apr_time_t known = authjwt_store_birth(store);

    return known > birth && !is_ahead(known) ? known : birth;
}

static int is_sound(const authjwt_store_t *store, const sentinel_t *sentinel)
{
    return sentinel->form >= AUTHJWT_ENTRY_BIRTH_FORM && !is_ahead(sentinel->birth)
        && latest(store, sentinel->birth) == sentinel->birth;
}

static void say_loss(const authjwt_store_t *store, server_rec *s, apr_time_t birth)
{
    int is_ignored = authjwt_config_server(store->server)->on_loss == AUTHJWT_ON_LOSS_IGNORE;
    char when[APR_RFC822_DATE_LEN];

    apr_rfc822_date(when, birth);
    ap_log_error(APLOG_MARK, APLOG_ERR, 0, s, "AJ1407: AuthJWTRevocationStore %s has lost its entries: %s%s%s",
                 store->spec,
                 is_ignored ? "revoked tokens are accepted again until they expire, as AuthJWTRevocationOnLoss ignore "
                              "says; change the signing key if that matters"
                            : "sessions that began before ",
                 is_ignored ? "" : when,
                 is_ignored ? "" : " are refused, since they may have been revoked; their users have to sign in again");
    authjwt_audit_server(s, AUTHJWT_EVENT_STORE_LOST, NULL);
}

void authjwt_store_learn_birth(authjwt_store_t *store, server_rec *s, apr_time_t birth)
{
    apr_time_t known = __atomic_exchange_n(&store->birth, birth, __ATOMIC_RELAXED);

    if (!apr_atomic_xchg32(&store->has_birth, 1)) {
        authjwt_store_note(store, s);
    }
    else if (birth > known) {
        ap_log_error(APLOG_MARK, APLOG_INFO, 0, s,
                     "AJ1412: AuthJWTRevocationStore %s has lost its entries, as another process or host has noticed",
                     store->spec);
        authjwt_audit_server(s, AUTHJWT_EVENT_STORE_LOST, NULL);
    }
}

/* ---- finding out ---- */

static apr_time_t choose_birth(const authjwt_store_t *store, server_rec *s, const sentinel_t *found, int had_one)
{
    static volatile apr_uint32_t last;

    if (!found->form) {
        return had_one ? apr_time_now() : 0;
    }
    if (!is_ahead(found->birth)) {
        return latest(store, found->birth);
    }
    if (authjwt_log_due(&last)) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s,
                     "AJ1413: AuthJWTRevocationStore %s lost its entries %" APR_TIME_T_FMT " s from now, says a host "
                     "with another clock; now counts instead. Set the clocks of this host and the others",
                     store->spec, apr_time_sec(found->birth - apr_time_now()));
    }
    return apr_time_now();
}

/* With the lock. Whether this host has seen the store is asked before the sentinel, since a process that writes a first
 * sentinel notes the store after that. A dead server may answer "not found"; so nothing is believed to be missing
 * before something has been written. */
static apr_status_t mend(authjwt_store_t *store, server_rec *s, apr_pool_t *pool)
{
    int had_one = apr_atomic_read32(&store->has_birth) || authjwt_store_is_noted(store);
    apr_status_t rv = write_entry(store, s, &authjwt_entry_probe, 0, apr_time_now() + apr_time_from_sec(60), pool);
    sentinel_t found, again;
    apr_time_t birth;

    if (rv != APR_SUCCESS) {
        return rv;
    }
    found = ask_sentinel(store, s, pool);
    if (is_sound(store, &found)) {
        authjwt_store_learn_birth(store, s, found.birth);
        return APR_SUCCESS;
    }
    birth = choose_birth(store, s, &found, had_one);
    rv = write_entry(store, s, &authjwt_entry_sentinel, birth, apr_time_now() + AUTHJWT_ENTRY_BIRTH_LIFE, pool);
    again = ask_sentinel(store, s, pool);
    if (rv != APR_SUCCESS || !again.form) {
        return rv != APR_SUCCESS ? rv : APR_EGENERAL;
    }
    if (!found.form && had_one) {
        say_loss(store, s, birth);
        __atomic_store_n(&store->birth, again.birth, __ATOMIC_RELAXED);
    }
    authjwt_store_learn_birth(store, s, again.birth);
    return APR_SUCCESS;
}

apr_status_t authjwt_store_settle_birth(authjwt_store_t *store, server_rec *s,
                                        const authjwt_socache_question_t *answered, int is_locked, apr_pool_t *pool)
{
    sentinel_t found = read_sentinel(answered);
    apr_status_t rv;

    if (is_sound(store, &found)) {
        if (found.birth != authjwt_store_birth(store) || !apr_atomic_read32(&store->has_birth)) {
            authjwt_store_learn_birth(store, s, found.birth);
        }
        return APR_SUCCESS;
    }
    rv = is_locked ? APR_SUCCESS : authjwt_mutex_lock(store->mutex);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = mend(store, s, pool);
    if (!is_locked) {
        authjwt_mutex_unlock(store->mutex);
    }
    return rv == APR_SUCCESS ? APR_SUCCESS : APR_EGENERAL; /* never "not found", as a dead server may say of a write */
}

/* ---- at start ---- */

void authjwt_store_birth_post_config(authjwt_store_t *store)
{
    int is_lost = 0;
    apr_time_t birth = store->kind->birth ? store->kind->birth(store->instance, &is_lost) : 0;

    store->birth = birth;
    if (is_lost) {
        say_loss(store, store->server, birth);
    }
}

/* A store on this host has lost its entries at this start, not at the first request. */
void authjwt_store_birth_child_init(authjwt_store_t *store, apr_pool_t *pchild)
{
    authjwt_store_value_t value;
    authjwt_socache_question_t question = authjwt_store_question(&authjwt_entry_sentinel, &value);

    if (store->kind->birth) {
        authjwt_store_learn_birth(store, store->server, store->birth);
    }
    else if (store->kind->is_local && authjwt_mutex_lock(store->mutex) == APR_SUCCESS) {
        authjwt_store_ask(store, store->server, &question, 1, pchild);
        (void)!authjwt_store_settle_birth(store, store->server, &question, 1, pchild);
        authjwt_mutex_unlock(store->mutex);
    }
}
