/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_directory: which of the sessions that are listed have ended. */
#include <httpd.h>

#include "authjwt_directory_private.h"
#include "authjwt_entry_private.h"
#include "authjwt_revocation_private.h"

/** What is asked about a user's sessions: marks of the user first, then the entries of each session. */
typedef struct {
    request_rec *r;
    authjwt_store_question_t *questions;
    unsigned int n;
    unsigned int marks;
    authjwt_store_id_t mark_id[2];
} inquiry_t;

static void add(inquiry_t *inquiry, const authjwt_store_id_t *id)
{
    inquiry->questions[inquiry->n++].id = id;
}

static apr_status_t add_marks(inquiry_t *inquiry, const char *issuer, const char *user)
{
    request_rec *r = inquiry->r;
    apr_status_t rv = authjwt_revocation_subject_id(issuer, user, r->pool, &inquiry->mark_id[0]);

    add(inquiry, &inquiry->mark_id[0]);
    if (rv == APR_SUCCESS && authjwt_revocation_has_other_identity(r)) {
        rv = authjwt_revocation_identity_id(r, issuer, user, &inquiry->mark_id[1]);
        add(inquiry, &inquiry->mark_id[1]);
    }
    inquiry->marks = inquiry->n;
    return rv;
}

static apr_status_t ask(const inquiry_t *inquiry)
{
    authjwt_store_t *store = authjwt_config_server(inquiry->r->server)->store;
    apr_status_t rv = APR_SUCCESS;
    unsigned int done, count;

    for (done = 0; done < inquiry->n && rv == APR_SUCCESS; done += count) {
        count = inquiry->n - done < AUTHJWT_STORE_SEVERAL ? inquiry->n - done : AUTHJWT_STORE_SEVERAL;
        rv = authjwt_store_get_several(store, inquiry->r, &inquiry->questions[done], count);
    }
    return rv;
}

/* @return APR_NOTFOUND where the mark does not end the session; else as authjwt_entry_answered_mark */
static apr_status_t judge_mark(request_rec *r, const authjwt_record_t *record, const authjwt_store_question_t *answered)
{
    authjwt_entry_mark_t mark = { 0, 0 };
    apr_status_t rv = authjwt_entry_answered_mark(r, answered, &mark);

    return rv == APR_SUCCESS && !authjwt_record_is_marked(record, &mark) ? APR_NOTFOUND : rv;
}

static int is_distrusted(request_rec *r, const authjwt_record_t *record)
{
    const authjwt_server_conf_t *conf = authjwt_config_server(r->server);

    return conf->on_loss != AUTHJWT_ON_LOSS_IGNORE
        && authjwt_record_is_before(record, authjwt_store_birth(conf->store));
}

/* @param own  the answers about this session @return APR_SUCCESS: it is over; APR_NOTFOUND: it is not; else neither */
static apr_status_t judge(const inquiry_t *inquiry, const authjwt_record_t *record, const authjwt_store_question_t *own)
{
    apr_status_t rv = own->status;
    unsigned int i;

    for (i = 0; i < inquiry->marks && APR_STATUS_IS_NOTFOUND(rv); i++) {
        rv = judge_mark(inquiry->r, record, &inquiry->questions[i]);
    }
    if (APR_STATUS_IS_NOTFOUND(rv) && record->has_origin) {
        rv = judge_mark(inquiry->r, record, own + 1);
    }
    return APR_STATUS_IS_NOTFOUND(rv) && is_distrusted(inquiry->r, record) ? APR_SUCCESS : rv;
}

static apr_status_t judge_all(const inquiry_t *inquiry, const apr_array_header_t *all, char *is_over)
{
    const authjwt_store_question_t *own = &inquiry->questions[inquiry->marks];
    int i;

    for (i = 0; i < all->nelts; i++) {
        const authjwt_record_t *record = &APR_ARRAY_IDX(all, i, authjwt_record_t);
        apr_status_t rv = record->ended ? APR_NOTFOUND : judge(inquiry, record, own);

        if (rv != APR_SUCCESS && !APR_STATUS_IS_NOTFOUND(rv)) {
            return rv;
        }
        is_over[i] = rv == APR_SUCCESS;
        own += record->has_origin ? 2 : 1;
    }
    return APR_SUCCESS;
}

apr_status_t authjwt_directory_find_over(request_rec *r, const char *issuer, const char *user,
                                         const apr_array_header_t *all, char *is_over)
{
    inquiry_t inquiry = { .r = r };
    apr_status_t rv;
    int i;

    if (!all->nelts) {
        return APR_SUCCESS;
    }
    inquiry.questions = apr_palloc(r->pool, (2 + 2 * (apr_size_t)all->nelts) * sizeof(*inquiry.questions));
    rv = add_marks(&inquiry, issuer, user);
    for (i = 0; i < all->nelts; i++) {
        const authjwt_record_t *record = &APR_ARRAY_IDX(all, i, authjwt_record_t);

        add(&inquiry, &record->id);
        if (record->has_origin) {
            add(&inquiry, &record->origin);
        }
    }
    if (rv == APR_SUCCESS) {
        rv = ask(&inquiry);
    }
    return rv == APR_SUCCESS ? judge_all(&inquiry, all, is_over) : rv;
}
