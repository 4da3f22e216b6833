/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_store: what this process has read of a remote store a moment ago, and may believe without asking again
 * (AuthJWTRevocationCheckInterval). A table of fixed size: an id has one place in it, and what falls out is asked for
 * again. What this process records is forgotten here, so it never lags behind itself. */
#include <pthread.h>
#include <string.h>

#include <httpd.h>

#include "authjwt_store_private.h"

#define PLACES 8192
/* A place is guarded by one of these; held for the time of a copy. */
#define LOCKS 64
/* The longest value worth remembering: that of a mark. */
#define VALUE_MOST 24

typedef struct {
    const authjwt_store_t *store; /* NULL: nothing is known */
    apr_time_t asked;             /* when the answer was asked for */
    authjwt_store_id_t id;
    apr_status_t status; /* APR_SUCCESS or APR_NOTFOUND */
    unsigned int len;
    unsigned char value[VALUE_MOST];
} belief_t;

typedef struct {
    pthread_mutex_t mutex;
    apr_uint32_t changes; /* how often something was recorded that this lock guards */
} lock_t;

static belief_t beliefs[PLACES];
static lock_t locks[LOCKS] = { [0 ... LOCKS - 1] = { PTHREAD_MUTEX_INITIALIZER, 0 } };

static unsigned int place_of(const authjwt_store_id_t *id)
{
    unsigned int number;

    memcpy(&number, id->bytes, sizeof(number)); /* ids are hashes */
    return number % PLACES;
}

static lock_t *lock_of(unsigned int place)
{
    lock_t *lock = &locks[place % LOCKS];

    pthread_mutex_lock(&lock->mutex);
    return lock;
}

static int is_about(const belief_t *belief, const authjwt_store_t *store, const authjwt_store_id_t *id)
{
    return belief->store == store && !memcmp(belief->id.bytes, id->bytes, sizeof(id->bytes));
}

/* A clock that was set back makes old what seems to come from the future. */
static int find(const authjwt_store_t *store, authjwt_store_question_t *question, apr_time_t now,
                apr_interval_time_t interval)
{
    unsigned int place = place_of(question->id);
    const belief_t *belief = &beliefs[place];
    lock_t *lock = lock_of(place);
    int found = is_about(belief, store, question->id) && belief->asked <= now && now - belief->asked < interval;

    if (found) {
        question->status = belief->status;
        question->value.len = belief->len;
        memcpy(question->value.bytes, belief->value, belief->len);
    }
    pthread_mutex_unlock(&lock->mutex);
    return found;
}

int authjwt_beliefs_find(const authjwt_store_t *store, authjwt_store_question_t *questions, unsigned int n,
                         apr_time_t now, apr_interval_time_t interval)
{
    unsigned int i;

    for (i = 0; i < n && find(store, &questions[i], now, interval); i++) {
        ;
    }
    return i == n;
}

apr_uint32_t authjwt_beliefs_changes(const authjwt_store_id_t *id)
{
    lock_t *lock = lock_of(place_of(id));
    apr_uint32_t changes = lock->changes;

    pthread_mutex_unlock(&lock->mutex);
    return changes;
}

/* What another thread has recorded since may be newer than the answer. */
void authjwt_beliefs_keep(const authjwt_store_t *store, const authjwt_store_question_t *answered, apr_time_t asked,
                          apr_uint32_t changes)
{
    unsigned int place = place_of(answered->id), len = answered->status == APR_SUCCESS ? answered->value.len : 0;
    belief_t *belief = &beliefs[place];
    lock_t *lock;

    if (len > VALUE_MOST) {
        return;
    }
    lock = lock_of(place);
    if (lock->changes == changes) {
        belief->store = store;
        belief->asked = asked;
        belief->id = *answered->id;
        belief->status = answered->status;
        belief->len = len;
        memcpy(belief->value, answered->value.bytes, len);
    }
    pthread_mutex_unlock(&lock->mutex);
}

void authjwt_beliefs_forget(const authjwt_store_t *store, const authjwt_store_id_t *id)
{
    unsigned int place = place_of(id);
    lock_t *lock = lock_of(place);

    lock->changes++;
    if (is_about(&beliefs[place], store, id)) {
        beliefs[place].store = NULL;
    }
    pthread_mutex_unlock(&lock->mutex);
}
