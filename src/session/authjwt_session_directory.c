/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_session: what the directory is told of a session: that it has begun, goes on, or has ended. */
#include <httpd.h>

#include "authjwt_config.h"
#include "authjwt_config_values.h"
#include "authjwt_directory.h"
#include "authjwt_request.h"
#include "authjwt_revocation.h"
#include "authjwt_session_private.h"

/* The request may be one that a renewal on the way has looked up. */
static const char *agent_of(request_rec *r)
{
    const char *agent = apr_table_get(authjwt_request_sent_headers(r), "User-Agent");

    return agent ? agent : "";
}

/* After an end of all sessions a sid says that it was born some seconds ahead, and the same for several: what is listed
 * meanwhile began when it was listed. */
static apr_status_t make_record(request_rec *r, const char *issuer, const authjwt_listed_t *listed,
                                authjwt_record_t *record)
{
    apr_time_t birth = authjwt_revocation_birth_of_sid(listed->sid);

    *record = (authjwt_record_t){ .sid = listed->sid,
                                  .begin = birth && birth < listed->now ? birth : listed->now,
                                  .last = listed->now,
                                  .ends = listed->ends,
                                  .client = authjwt_request_initial(r)->useragent_ip,
                                  .agent = agent_of(r) };
    return authjwt_revocation_session_id(issuer, listed->sid, r->pool, &record->id);
}

static const char *issuer_of(const char *issuer)
{
    return issuer ? issuer : "";
}

apr_time_t authjwt_session_listed_until(request_rec *r, apr_time_t access, apr_time_t refresh)
{
    return (access > refresh ? access : refresh) + authjwt_config_leeway(authjwt_config_server(r->server));
}

authjwt_verdict_e authjwt_session_record(request_rec *r, const authjwt_listed_t *listed, authjwt_record_t *record)
{
    return make_record(r, issuer_of(listed->issuer), listed, record) == APR_SUCCESS ? AUTHJWT_OK
                                                                                    : AUTHJWT_STORE_UNAVAILABLE;
}

/* A session whose sid does not say when it began keeps what its record says. */
static void keep_begin(request_rec *r, const authjwt_listed_t *listed, authjwt_record_t *record)
{
    const authjwt_record_t *old;

    if (!authjwt_revocation_birth_of_sid(listed->sid)
        && authjwt_directory_find(r, issuer_of(listed->issuer), listed->user, &record->id, &old) == APR_SUCCESS) {
        record->begin = old->begin;
    }
}

void authjwt_session_touch(request_rec *r, const authjwt_session_t *session, apr_time_t until)
{
    const authjwt_listed_t listed = { session->user, session->issuer, session->sid, session->now, session->ends };
    authjwt_record_t record;

    if (!authjwt_directory_is_on(r->server)
        || make_record(r, issuer_of(listed.issuer), &listed, &record) != APR_SUCCESS) {
        return;
    }
    keep_begin(r, &listed, &record);
    record.has_origin = authjwt_revocation_origin_of(session->origin, r->pool, &record.origin);
    (void)!authjwt_directory_write(r, issuer_of(listed.issuer), listed.user, &record, until);
}

void authjwt_session_mark_stolen(request_rec *r, const authjwt_session_t *session)
{
    const char *issuer = issuer_of(session->issuer);
    const authjwt_record_t *found;
    authjwt_record_t record;
    authjwt_store_id_t id;

    if (authjwt_directory_is_on(r->server)
        && authjwt_revocation_session_id(issuer, session->sid, r->pool, &id) == APR_SUCCESS
        && authjwt_directory_find(r, issuer, session->user, &id, &found) == APR_SUCCESS) {
        record = *found;
        record.ended = AUTHJWT_RECORD_THEFT;
        (void)!authjwt_directory_write(r, issuer, session->user, &record, record.ends);
    }
}

void authjwt_session_unlist(request_rec *r, const char *issuer, const char *user, const char *sid)
{
    authjwt_store_id_t id;

    if (authjwt_directory_is_on(r->server)
        && authjwt_revocation_session_id(issuer_of(issuer), sid, r->pool, &id) == APR_SUCCESS) {
        (void)!authjwt_directory_remove(r, issuer_of(issuer), user, &id);
    }
}
