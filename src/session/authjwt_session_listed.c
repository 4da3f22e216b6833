/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_session: end sessions that the directory lists. */
#include <httpd.h>
#include <http_log.h>

#include "authjwt_config.h"
#include "authjwt_directory.h"
#include "authjwt_revocation.h"
#include "authjwt_session_private.h"

APLOG_USE_MODULE(authjwt);

static authjwt_verdict_e not_recorded(request_rec *r, apr_status_t rv)
{
    ap_log_rerror(APLOG_MARK, APLOG_INFO, rv, r,
                  "AJ1521: the revocation store could not record that a session has ended, so it goes on");
    return AUTHJWT_STORE_UNAVAILABLE;
}

authjwt_verdict_e authjwt_session_end_record(request_rec *r, const char *user, const authjwt_record_t *record,
                                             authjwt_end_e why)
{
    int is_first;
    apr_status_t rv = authjwt_revocation_end_by_id(r, &record->id, record->has_origin ? &record->origin : NULL,
                                                   record->ends, &is_first);

    if (rv != APR_SUCCESS) {
        return not_recorded(r, rv);
    }
    if (is_first) {
        authjwt_session_note_end(r, user, record->sid, why);
    }
    return AUTHJWT_OK;
}

static const char *issuer_of(request_rec *r, const char *issuer)
{
    const char *ours = authjwt_config_server(r->server)->issuer;

    return issuer ? issuer : ours ? ours : "";
}

authjwt_verdict_e authjwt_session_end_listed(request_rec *r, const char *issuer, const char *user,
                                             const authjwt_record_t *record, authjwt_end_e why)
{
    authjwt_verdict_e verdict =
        record->ended == AUTHJWT_RECORD_LIVES ? authjwt_session_end_record(r, user, record, why) : AUTHJWT_OK;

    if (verdict == AUTHJWT_OK) {
        (void)!authjwt_directory_remove(r, issuer, user, &record->id);
    }
    return verdict;
}

authjwt_verdict_e authjwt_session_end_user(request_rec *r, const char *issuer, const char *user,
                                           const aj_claims_t *claims, authjwt_end_e why, int *ended)
{
    apr_array_header_t *records;
    apr_status_t rv = authjwt_directory_list(r, issuer, user, &records);
    int i;

    if (rv == APR_SUCCESS) {
        rv =
            claims ? authjwt_revocation_end_all(r, claims) : authjwt_revocation_end_user(r, issuer_of(r, issuer), user);
    }
    if (rv != APR_SUCCESS) {
        return not_recorded(r, rv);
    }
    (void)!authjwt_directory_clear(r, issuer, user);
    for (*ended = i = 0; i < records->nelts; i++) {
        const authjwt_record_t *record = &APR_ARRAY_IDX(records, i, authjwt_record_t);

        if (record->ended == AUTHJWT_RECORD_LIVES) {
            authjwt_session_note_end(r, user, record->sid, why);
            ++*ended;
        }
    }
    return AUTHJWT_OK;
}
