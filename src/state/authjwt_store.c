/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_store: look entries up and record them, for all processes. */
#include <httpd.h>
#include <apr_atomic.h>
#include <http_log.h>

#include "authjwt_config_values.h"
#include "authjwt_count.h"
#include "authjwt_entry_birth.h"
#include "authjwt_log.h"
#include "authjwt_request.h"
#include "authjwt_store_private.h"

APLOG_USE_MODULE(authjwt);

static volatile apr_uint32_t last_complaint;

apr_status_t authjwt_store_complain(authjwt_store_t *store, request_rec *r, const char *what, apr_status_t rv)
{
    int is_said = store->kind->says_why && rv == APR_EGENERAL;

    authjwt_count(r, AUTHJWT_COUNT_STORE_ERRORS);
    if (!is_said && authjwt_log_due(&last_complaint)) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, rv, r, "AJ1406: AuthJWTRevocationStore %s cannot %s", store->spec, what);
    }
    authjwt_store_is_down(store, r, strcmp(what, "record") ? AUTHJWT_STORE_READS : AUTHJWT_STORE_WRITES);
    return rv;
}

static int needs_mutex(const authjwt_store_t *store)
{
    return (store->provider->flags & AP_SOCACHE_FLAG_NOTMPSAFE) != 0;
}

/* A provider that needs a mutex gets it around each call, unless a critical section already holds it. */
static apr_status_t enter(const authjwt_store_t *store, request_rec *r)
{
    if (store->kind->begin) {
        store->kind->begin(r->pool, authjwt_request_initial(r)->pool);
    }
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

static int may_be_absent(apr_status_t rv)
{
    return APR_STATUS_IS_NOTFOUND(rv) || rv == APR_EGENERAL;
}

static int is_any_absent(const authjwt_socache_question_t *asked, unsigned int n)
{
    unsigned int i;

    for (i = 0; i < n && !may_be_absent(asked[i].status); i++) {
        ;
    }
    return i < n;
}

/* For some providers "not found" may mean "cannot answer": dbm mixes the two up both ways, and a dead Redis or
 * memcached says "not found" through APR. Believe it only if the sentinel, an entry that is always there, can be read
 * after it: it is asked for last. */
static apr_status_t ask_and_confirm(authjwt_store_t *store, request_rec *r, authjwt_socache_question_t *asked,
                                    unsigned int n)
{
    int is_locked = needs_mutex(store) || authjwt_request_state(r)->store_locked;
    int in_one_go = store->kind->retrieve_several != NULL;
    authjwt_store_value_t value;
    apr_status_t rv;
    unsigned int i;

    asked[n] = authjwt_store_question(&authjwt_entry_sentinel, &value);
    authjwt_store_ask(store, r->server, asked, in_one_go ? n + 1 : n, r->pool);
    if (n == 1 && apr_atomic_read32(&store->has_birth) && (store->kind->is_exact || !is_any_absent(asked, n))) {
        return APR_SUCCESS; /* one entry, for which the birth does not matter */
    }
    if (!in_one_go) {
        authjwt_store_ask(store, r->server, &asked[n], 1, r->pool);
    }
    rv = authjwt_store_settle_birth(store, r->server, &asked[n], is_locked, r->pool);
    for (i = 0; i < n; i++) {
        if (may_be_absent(asked[i].status) && (rv != APR_SUCCESS || !store->kind->is_exact)) {
            asked[i].status = rv == APR_SUCCESS ? APR_NOTFOUND : rv;
        }
    }
    return rv;
}

static apr_status_t answer_questions(authjwt_store_t *store, request_rec *r, authjwt_store_question_t *questions,
                                     unsigned int n)
{
    authjwt_socache_question_t asked[AUTHJWT_STORE_SEVERAL + 1];
    apr_status_t rv = APR_SUCCESS;
    unsigned int i;

    for (i = 0; i < n; i++) {
        asked[i] = authjwt_store_question(questions[i].id, &questions[i].value);
    }
    if (store->kind->birth) {
        authjwt_store_ask(store, r->server, asked, n, r->pool);
    }
    else {
        rv = ask_and_confirm(store, r, asked, n);
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
    authjwt_count(r, AUTHJWT_COUNT_STORE_LOOKUPS);
    rv = answer_questions(store, r, questions, n);
    leave(store, r);
    if (rv != APR_SUCCESS) {
        return authjwt_store_complain(store, r, "answer", rv);
    }
    authjwt_store_is_up(store, r, AUTHJWT_STORE_READS);
    return APR_SUCCESS;
}

static apr_status_t ask_and_keep(authjwt_store_t *store, request_rec *r, authjwt_store_question_t *questions,
                                 unsigned int n, apr_time_t now)
{
    apr_uint32_t changes[AUTHJWT_STORE_SEVERAL];
    apr_status_t rv;
    unsigned int i;

    for (i = 0; i < n; i++) {
        changes[i] = authjwt_beliefs_changes(questions[i].id);
    }
    rv = authjwt_store_get_several(store, r, questions, n);
    for (i = 0; rv == APR_SUCCESS && i < n; i++) {
        authjwt_beliefs_keep(store, &questions[i], now, changes[i]);
    }
    return rv;
}

apr_status_t authjwt_store_get_believed(authjwt_store_t *store, request_rec *r, authjwt_store_question_t *questions,
                                        unsigned int n)
{
    apr_interval_time_t interval = authjwt_config_check_interval(authjwt_config_server(r->server));
    apr_time_t now;

    if (!interval || !store || store->kind->is_local) {
        return authjwt_store_get_several(store, r, questions, n);
    }
    now = apr_time_now();
    return authjwt_beliefs_find(store, questions, n, now, interval) ? APR_SUCCESS
                                                                    : ask_and_keep(store, r, questions, n, now);
}

const char *authjwt_store_place(const authjwt_store_t *store)
{
    return store->place;
}

apr_status_t authjwt_store_get(authjwt_store_t *store, request_rec *r, const authjwt_store_id_t *id,
                               authjwt_store_value_t *value)
{
    authjwt_store_question_t question;
    apr_status_t rv;

    question.id = id;
    rv = authjwt_store_get_several(store, r, &question, 1);
    if (rv == APR_SUCCESS && (rv = question.status) == APR_SUCCESS) {
        value->len = question.value.len;
        memcpy(value->bytes, question.value.bytes, value->len);
    }
    return rv;
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
    rv = put(store->instance, r->server, id->bytes, sizeof(id->bytes), authjwt_store_expiry(store, expires), copy.bytes,
             copy.len, r->pool);
    if (rv == APR_SUCCESS && !store->kind->is_exact) {
        rv = read_back(store, r, id, value);
    }
    leave(store, r);
    authjwt_beliefs_forget(store, id);
    if (rv != APR_SUCCESS) {
        return authjwt_store_complain(store, r, "record", rv);
    }
    authjwt_store_is_up(store, r, AUTHJWT_STORE_READS | AUTHJWT_STORE_WRITES);
    return APR_SUCCESS;
}
