/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_store: look entries up and record them, for all processes. */
#include <httpd.h>
#include <apr_atomic.h>
#include <http_log.h>

#include "authjwt_log.h"
#include "authjwt_request.h"
#include "authjwt_store_private.h"

APLOG_USE_MODULE(authjwt);

/* The sentinel is written again when it has expired. memcached takes more than 30 days for a date, long past. */
#define SENTINEL_LIFE apr_time_from_sec(25 * 24 * 3600)

/* The longest lifetime that memcached takes for one. */
#define MEMCACHED_LONGEST apr_time_from_sec(30 * 24 * 3600)

/* The last date that it takes: 19 January 2038. */
#define LAST_DATE apr_time_from_sec(APR_INT32_MAX)

/* The sentinel's value: a version and a time of 0. */
#define SENTINEL_VERSION 1
#define SENTINEL_BYTES   9

static volatile apr_uint32_t last_complaint;

apr_status_t authjwt_store_complain(const authjwt_store_t *store, request_rec *r, const char *what, apr_status_t rv)
{
    if (authjwt_log_due(&last_complaint)) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, rv, r, "AJ1406: AuthJWTRevocationStore %s cannot %s", store->spec, what);
    }
    return rv;
}

static int needs_mutex(const authjwt_store_t *store)
{
    return (store->provider->flags & AP_SOCACHE_FLAG_NOTMPSAFE) != 0;
}

/* A provider that needs a mutex gets it around each call, unless a critical section already holds it. */
static apr_status_t enter(const authjwt_store_t *store, request_rec *r)
{
    return needs_mutex(store) && !authjwt_request_state(r)->store_locked ? authjwt_mutex_lock(store->mutex)
                                                                         : APR_SUCCESS;
}

static void leave(const authjwt_store_t *store, request_rec *r)
{
    if (needs_mutex(store) && !authjwt_request_state(r)->store_locked) {
        authjwt_mutex_unlock(store->mutex);
    }
}

apr_status_t authjwt_store_lock(authjwt_store_t *store, request_rec *r)
{
    apr_status_t rv = authjwt_mutex_lock(store->mutex);

    if (rv != APR_SUCCESS) {
        return authjwt_store_complain(store, r, "be locked", rv);
    }
    authjwt_request_state(r)->store_locked = 1;
    return APR_SUCCESS;
}

void authjwt_store_unlock(authjwt_store_t *store, request_rec *r)
{
    authjwt_request_state(r)->store_locked = 0;
    authjwt_mutex_unlock(store->mutex);
}

static apr_status_t retrieve(authjwt_store_t *store, request_rec *r, const authjwt_store_id_t *id, unsigned char *data,
                             unsigned int *len)
{
    return store->provider->retrieve(store->instance, r->server, id->bytes, sizeof(id->bytes), data, len, r->pool);
}

/* Look-ups in one go where the provider can, else one by one. */
static void ask(authjwt_store_t *store, request_rec *r, authjwt_socache_question_t *asked, unsigned int n)
{
    apr_status_t rv = APR_SUCCESS;
    unsigned int i;

    if (store->kind->retrieve_several) {
        rv = store->kind->retrieve_several(store->instance, r->server, asked, n, r->pool);
    }
    for (i = 0; i < n; i++) {
        if (!store->kind->retrieve_several) {
            asked[i].status = store->provider->retrieve(store->instance, r->server, asked[i].id, asked[i].idlen,
                                                        asked[i].data, &asked[i].len, r->pool);
        }
        else if (rv != APR_SUCCESS) {
            asked[i].status = rv;
        }
    }
}

static authjwt_socache_question_t question_of(const authjwt_store_id_t *id, authjwt_store_value_t *value)
{
    return (authjwt_socache_question_t){ id->bytes, sizeof(id->bytes), value->bytes, sizeof(value->bytes),
                                         APR_EGENERAL };
}

/* The sentinel is missing: write it, and read it back. */
static int write_sentinel(authjwt_store_t *store, request_rec *r, const authjwt_store_id_t *id)
{
    authjwt_store_value_t value = { { SENTINEL_VERSION }, SENTINEL_BYTES };
    authjwt_socache_question_t again = question_of(id, &value);

    if (store->provider->store(store->instance, r->server, id->bytes, sizeof(id->bytes), apr_time_now() + SENTINEL_LIFE,
                               value.bytes, value.len, r->pool)
        != APR_SUCCESS) {
        return 0;
    }
    ask(store, r, &again, 1);
    if (again.status == APR_SUCCESS && apr_atomic_xchg32(&store->has_sentinel, 1)) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      "AJ1407: AuthJWTRevocationStore %s has lost its entries: revoked tokens may be accepted "
                      "again until they expire",
                      store->spec);
    }
    return again.status == APR_SUCCESS;
}

static int may_be_absent(apr_status_t rv)
{
    return APR_STATUS_IS_NOTFOUND(rv) || rv == APR_EGENERAL;
}

/* For some providers "not found" may mean "cannot answer": dbm mixes the two up both ways, and a dead Redis or
 * memcached says "not found" through APR. Believe it only if the sentinel, an entry that is always there, can be read
 * after it: it is asked for last. */
static void ask_and_confirm(authjwt_store_t *store, request_rec *r, authjwt_socache_question_t *asked, unsigned int n)
{
    static const authjwt_store_id_t sentinel = { "mod_authjwt sentinel 0123456789." };
    authjwt_store_value_t value;
    unsigned int i, doubtful = 0;
    int is_there;

    asked[n] = question_of(&sentinel, &value);
    ask(store, r, asked, store->kind->retrieve_several ? n + 1 : n);
    for (i = 0; i < n; i++) {
        doubtful += may_be_absent(asked[i].status);
    }
    if (!doubtful) {
        return;
    }
    if (!store->kind->retrieve_several) {
        ask(store, r, &asked[n], 1);
    }
    is_there = asked[n].status == APR_SUCCESS;
    if (is_there) {
        apr_atomic_set32(&store->has_sentinel, 1);
    }
    else {
        is_there = write_sentinel(store, r, &sentinel);
    }
    for (i = 0; i < n; i++) {
        if (may_be_absent(asked[i].status)) {
            asked[i].status = is_there ? APR_NOTFOUND : APR_EGENERAL;
        }
    }
}

static apr_status_t answer_questions(authjwt_store_t *store, request_rec *r, authjwt_store_question_t *questions,
                                     unsigned int n)
{
    authjwt_socache_question_t asked[AUTHJWT_STORE_SEVERAL + 1];
    apr_status_t rv = APR_SUCCESS;
    unsigned int i;

    for (i = 0; i < n; i++) {
        asked[i] = question_of(questions[i].id, &questions[i].value);
    }
    if (store->kind->is_exact) {
        ask(store, r, asked, n);
    }
    else {
        ask_and_confirm(store, r, asked, n);
    }
    for (i = 0; i < n; i++) {
        questions[i].value.len = asked[i].len;
        questions[i].status = APR_STATUS_IS_NOTFOUND(asked[i].status) ? APR_NOTFOUND : asked[i].status;
        if (questions[i].status != APR_SUCCESS && questions[i].status != APR_NOTFOUND) {
            rv = questions[i].status;
        }
    }
    return rv;
}

static void refuse_all(authjwt_store_question_t *questions, unsigned int n, apr_status_t rv)
{
    unsigned int i;

    for (i = 0; i < n; i++) {
        questions[i].status = rv;
    }
}

apr_status_t authjwt_store_get_several(authjwt_store_t *store, request_rec *r, authjwt_store_question_t *questions,
                                       unsigned int n)
{
    apr_status_t rv = store ? enter(store, r) : APR_EGENERAL;

    if (rv != APR_SUCCESS) {
        refuse_all(questions, n, rv);
        return store ? authjwt_store_complain(store, r, "be locked", rv) : rv;
    }
    rv = answer_questions(store, r, questions, n);
    leave(store, r);
    return rv == APR_SUCCESS ? APR_SUCCESS : authjwt_store_complain(store, r, "answer", rv);
}

apr_status_t authjwt_store_get(authjwt_store_t *store, request_rec *r, const authjwt_store_id_t *id,
                               authjwt_store_value_t *value)
{
    authjwt_store_question_t question;

    question.id = id;
    if (authjwt_store_get_several(store, r, &question, 1) == APR_SUCCESS && question.status == APR_SUCCESS) {
        value->len = question.value.len;
        memcpy(value->bytes, question.value.bytes, value->len);
    }
    return question.status;
}

/* memcached takes lifetimes over 30 days for dates since 1970, and mod_socache_memcache sends it the difference to now.
 * So for those the difference must be the date; one beyond 31 bits would be refused or taken for the past. */
static apr_time_t provider_expiry(const authjwt_store_t *store, apr_time_t expires)
{
    apr_time_t now = apr_time_now();

    if (!store->kind->takes_dates || expires - now <= MEMCACHED_LONGEST) {
        return expires;
    }
    return now + (expires < LAST_DATE ? expires : LAST_DATE);
}

/* A provider may say yes to what it drops at once: too large for it, or expired by its own clock. */
static apr_status_t read_back(authjwt_store_t *store, request_rec *r, const authjwt_store_id_t *id,
                              const authjwt_store_value_t *value)
{
    authjwt_store_value_t found = { .len = sizeof(found.bytes) };
    apr_status_t rv = retrieve(store, r, id, found.bytes, &found.len);

    if (rv == APR_SUCCESS && (found.len != value->len || memcmp(found.bytes, value->bytes, value->len))) {
        rv = APR_EGENERAL;
    }
    return rv;
}

apr_status_t authjwt_store_put(authjwt_store_t *store, request_rec *r, const authjwt_store_id_t *id,
                               const authjwt_store_value_t *value, apr_time_t expires, authjwt_store_purpose_e purpose)
{
    authjwt_socache_store_fn *put = store->provider->store;
    authjwt_store_value_t copy = *value;
    apr_status_t rv = enter(store, r);

    if (rv != APR_SUCCESS) {
        return authjwt_store_complain(store, r, "be locked", rv);
    }
    if (purpose == AUTHJWT_STORE_ENDING && store->kind->put_ending) {
        put = store->kind->put_ending;
    }
    rv = put(store->instance, r->server, id->bytes, sizeof(id->bytes), provider_expiry(store, expires), copy.bytes,
             copy.len, r->pool);
    if (rv == APR_SUCCESS && !store->kind->is_exact) {
        rv = read_back(store, r, id, value);
    }
    leave(store, r);
    return rv == APR_SUCCESS ? APR_SUCCESS : authjwt_store_complain(store, r, "record", rv);
}
