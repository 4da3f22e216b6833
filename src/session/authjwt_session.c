/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_session: start a session, renew its tokens, end it. */
#include <httpd.h>
#include <http_log.h>
#include <apr_strings.h>

#include "aj_base64url.h"
#include "aj_digest.h"
#include "aj_json.h"
#include "authjwt_audit.h"
#include "authjwt_chain.h"
#include "authjwt_config.h"
#include "authjwt_config_values.h"
#include "authjwt_count.h"
#include "authjwt_directory.h"
#include "authjwt_keys.h"
#include "authjwt_request.h"
#include "authjwt_revocation.h"
#include "authjwt_session_private.h"

APLOG_USE_MODULE(authjwt);

/* With this value scripts prove that they can read the cookies of this site. Tokens in headers need none. */
static const char *new_csrf(request_rec *r)
{
    return authjwt_config_cookies(authjwt_config_dir(r)) ? aj_random_id(r->pool) : NULL;
}

/* Issue an access token and, where one is due, a refresh token. */
static authjwt_verdict_e issue_pair(request_rec *r, const authjwt_session_t *session, int fresh,
                                    const authjwt_issue_t *refresh, authjwt_tokens_t *tokens)
{
    authjwt_issue_t access = { .type = AJ_TYPE_ACCESS, .fresh = fresh, .issued = session->now, .csrf = new_csrf(r) };
    authjwt_verdict_e verdict;

    memset(tokens, 0, sizeof(*tokens));
    tokens->now = session->now;
    tokens->sid = session->sid;
    tokens->keep = session->keep;
    tokens->issuer = session->issuer;
    tokens->ends = session->ends;
    tokens->access.csrf = access.csrf;
    verdict = authjwt_session_issue(r, session, &access, &tokens->access.text, &tokens->access.expires);
    if (verdict == AUTHJWT_OK && refresh) {
        tokens->refresh.csrf = refresh->csrf;
        verdict = authjwt_session_issue(r, session, refresh, &tokens->refresh.text, &tokens->refresh.expires);
    }
    return verdict;
}

/* Whoever wants to stay signed in has a session of its own length; whoever is asked and does not, the usual one. */
static void set_end(request_rec *r, int remember, authjwt_session_t *session)
{
    apr_interval_time_t remembered = authjwt_config_remember_me(authjwt_config_dir(r));

    if (remembered) {
        session->keep = remember ? AUTHJWT_KEEP_YES : AUTHJWT_KEEP_NO;
    }
    session->ends =
        session->now
        + (session->keep == AUTHJWT_KEEP_YES ? remembered
                                             : authjwt_config_session_expires(authjwt_config_server(r->server)));
}

authjwt_verdict_e authjwt_session_start(request_rec *r, const char *user, const apr_array_header_t *roles, int remember,
                                        authjwt_tokens_t *tokens)
{
    authjwt_issue_t refresh = { .type = AJ_TYPE_REFRESH };
    authjwt_session_t session = { .user = user };
    const char *nonce = aj_random_id(r->pool);
    authjwt_verdict_e verdict;
    apr_time_t birth;

    if (!nonce) {
        return authjwt_session_failed(r, "no random numbers");
    }
    if (!authjwt_session_signer(r)) {
        return authjwt_session_failed(r, "no key of this server can sign");
    }
    if (authjwt_revocation_birth(r, user, &birth) != APR_SUCCESS) {
        return AUTHJWT_STORE_UNAVAILABLE;
    }
    session.now = apr_time_now();
    session.issuer = authjwt_config_server(r->server)->issuer;
    session.sid = authjwt_session_sid_born(birth, nonce, r->pool);
    set_end(r, remember, &session);
    session.roles = authjwt_session_one_or_many(roles, r->pool);
    refresh.issued = session.now;
    refresh.csrf = new_csrf(r);
    verdict = authjwt_session_extra_claims(r, NULL, 1, &session.extra);
    if (verdict == AUTHJWT_OK) {
        verdict = issue_pair(r, &session, 1, &refresh, tokens);
    }
    if (verdict == AUTHJWT_OK) {
        ap_log_rerror(APLOG_MARK, APLOG_DEBUG, 0, r, "AJ1502: session started");
    }
    return verdict;
}

/* No leeway here either. A refresh token of another issuer may not say when it was issued. */
static authjwt_verdict_e check_idle(request_rec *r, const aj_claims_t *refresh, authjwt_session_t *session)
{
    if (aj_claims_issued(refresh)) {
        session->idle_ends = authjwt_session_idle_end(r, session->keep, aj_claims_issued(refresh));
    }
    if (session->idle_ends && session->idle_ends <= session->now) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                      "AJ1508: token refused: its session has been left alone for too long (AuthJWTSessionIdle)");
        return AUTHJWT_TOKEN_EXPIRED;
    }
    return AUTHJWT_OK;
}

static authjwt_verdict_e find_session(request_rec *r, const aj_claims_t *refresh, const aj_key_t *secret,
                                      authjwt_session_t *session)
{
    session->user = aj_claims_identity(refresh);
    session->now = apr_time_now();
    session->ends = authjwt_session_end_of(refresh);
    session->keep = authjwt_session_keep_of(refresh);
    session->sid = authjwt_session_sid_of(refresh, secret, r->pool);
    session->issuer = authjwt_session_issuer_of(r, refresh);
    if (!session->sid || authjwt_revocation_origin(refresh, r->pool, &session->origin) != APR_SUCCESS) {
        return authjwt_session_failed(r, "key derivation failed");
    }
    if (session->ends <= session->now) {
        /* No leeway here: a token that is issued now would be expired at once. */
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, "AJ1507: token refused: its session is over");
        return AUTHJWT_TOKEN_EXPIRED;
    }
    return check_idle(r, refresh, session);
}

static authjwt_verdict_e session_has_ended(request_rec *r)
{
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, "AJ1505: token refused: its session has been ended");
    return AUTHJWT_TOKEN_REVOKED;
}

/* What nobody used keeps its refresh token, and with it the time of its last use. */
static int rotates(request_rec *r, const authjwt_session_t *session)
{
    return authjwt_config_rotation(authjwt_config_dir(r)) && !session->is_idle;
}

/* Without rotation too: a token that has been exchanged elsewhere may be a thief's copy. */
static authjwt_verdict_e use_refresh_token(request_rec *r, const aj_claims_t *refresh, authjwt_session_t *session,
                                           authjwt_issue_t *successor)
{
    const authjwt_dir_conf_t *conf = authjwt_config_dir(r);
    authjwt_use_t use = { .claims = refresh,
                          .issuer = session->issuer ? session->issuer : "",
                          .sid = session->sid,
                          .name = authjwt_session_token_name(refresh, r->pool),
                          .successor_jti = successor->jti,
                          .ends = session->ends,
                          .grace = authjwt_config_grace(conf),
                          .rotates = rotates(r, session) };
    authjwt_successor_t found = { 0, 0 };

    switch (authjwt_chain_use(r, &use, &found)) {
    case AUTHJWT_USE_GRANTED:
        successor->issued = found.issued;
        session->generation = found.generation;
        return AUTHJWT_OK;
    case AUTHJWT_USE_ENDED:
        return session_has_ended(r);
    case AUTHJWT_USE_THEFT:
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r,
                      "AJ1506: theft: a refresh token of user \"%s\" was used again after the tokens it was "
                      "exchanged for; session %s has been ended",
                      aj_escape(session->user, strlen(session->user), r->pool),
                      aj_escape(session->sid, strlen(session->sid), r->pool));
        authjwt_audit(r, AUTHJWT_EVENT_THEFT, "token_revoked", session->user, session->sid);
        authjwt_request_state(authjwt_request_initial(r))->is_theft = 1;
        authjwt_count(r, AUTHJWT_COUNT_ENDED_THEFT);
        authjwt_session_mark_stolen(r, session);
        return AUTHJWT_TOKEN_REVOKED;
    default:
        return AUTHJWT_STORE_UNAVAILABLE;
    }
}

static authjwt_verdict_e find_successor(request_rec *r, const aj_claims_t *refresh, const aj_key_t *secret,
                                        authjwt_session_t *session, authjwt_issue_t *successor)
{
    successor->jti = authjwt_session_derive(secret, "jti", session, refresh, r->pool);
    if (!successor->jti) {
        return authjwt_session_failed(r, "key derivation failed");
    }
    if (authjwt_config_cookies(authjwt_config_dir(r))) {
        successor->csrf = authjwt_session_derive(secret, "csrf", session, refresh, r->pool);
    }
    return use_refresh_token(r, refresh, session, successor);
}

/* In the list: used now. Without rotation the refresh token that was sent stays good. */
static void touch(request_rec *r, const aj_claims_t *refresh, const authjwt_session_t *session,
                  const authjwt_tokens_t *tokens)
{
    apr_time_t expires = tokens->refresh.text ? tokens->refresh.expires : aj_claims_expires(refresh);

    authjwt_session_touch(r, session, authjwt_session_listed_until(r, tokens->access.expires, expires));
}

authjwt_verdict_e authjwt_session_renew(request_rec *r, const aj_claims_t *refresh, const apr_array_header_t *roles,
                                        int is_idle, authjwt_tokens_t *tokens)
{
    const aj_key_t *secret = authjwt_session_deriving_key(r, refresh);
    authjwt_issue_t successor = { .type = AJ_TYPE_REFRESH };
    authjwt_session_t session = { 0 };
    authjwt_verdict_e verdict;

    if (!secret) {
        return authjwt_session_failed(r, "no key of this server can sign");
    }
    verdict = find_session(r, refresh, secret, &session);
    if (verdict == AUTHJWT_OK) {
        verdict = authjwt_session_extra_claims(r, refresh, roles != NULL, &session.extra);
    }
    if (verdict != AUTHJWT_OK) {
        return verdict;
    }
    session.roles = roles ? authjwt_session_one_or_many(roles, r->pool)
                          : (json_t *)aj_claims_get(refresh, authjwt_session_role_claim(r));
    session.is_idle = is_idle && session.idle_ends;
    verdict = find_successor(r, refresh, secret, &session, &successor);
    if (verdict == AUTHJWT_OK) {
        verdict = issue_pair(r, &session, 0, rotates(r, &session) ? &successor : NULL, tokens);
    }
    if (verdict == AUTHJWT_OK && !session.is_idle) {
        touch(r, refresh, &session, tokens);
    }
    return verdict;
}

/* A refresh token of another issuer may have been exchanged here, by its owner or by a thief: that session ends with
 * it. */
static apr_status_t end_exchanged(request_rec *r, const aj_claims_t *claims)
{
    const char *issuer = authjwt_session_issuer_of(r, claims);
    const aj_key_t *secret = authjwt_session_deriving_key(r, claims);
    const char *sid;

    if (!secret || aj_claims_type(claims) != AJ_TYPE_REFRESH || aj_claims_session_expires(claims)) {
        return APR_SUCCESS;
    }
    sid = authjwt_session_sid_of(claims, secret, r->pool);
    return sid ? authjwt_revocation_end_session(r, issuer ? issuer : "", sid, authjwt_session_end_of(claims))
               : APR_EGENERAL;
}

/* Is the token's session over by itself, beyond all leeway? Of a session of another issuer nobody here knows the end.
 */
static int is_over(request_rec *r, const aj_claims_t *claims)
{
    apr_time_t ends = authjwt_session_end_of(claims) > aj_claims_expires(claims) ? authjwt_session_end_of(claims)
                                                                                 : aj_claims_expires(claims);

    if (authjwt_revocation_is_foreign_session(claims)) {
        return 0;
    }
    return ends + authjwt_config_leeway(authjwt_config_server(r->server)) <= apr_time_now();
}

/* The list follows. A session that an exchange has begun here is named by what follows from the token. */
static void forget(request_rec *r, const aj_claims_t *claims, int everywhere)
{
    const char *issuer = authjwt_session_issuer_of(r, claims);
    const aj_key_t *secret = authjwt_session_deriving_key(r, claims);
    const char *sid = aj_claims_session_expires(claims) ? aj_claims_string(claims, "sid")
                    : secret                            ? authjwt_session_sid_of(claims, secret, r->pool)
                                                        : NULL;

    if (!authjwt_directory_is_on(r->server)) {
        return;
    }
    if (everywhere) {
        (void)!authjwt_directory_clear(r, issuer ? issuer : "", aj_claims_identity(claims));
    }
    else if (sid) {
        authjwt_session_unlist(r, issuer, aj_claims_identity(claims), sid);
    }
}

authjwt_verdict_e authjwt_session_end(request_rec *r, const aj_claims_t *claims, authjwt_end_e why)
{
    int everywhere = why == AUTHJWT_END_EVERYWHERE;
    apr_status_t rv;

    if (is_over(r, claims)) {
        /* There is nothing left to end; and an old token found somewhere shall not end what is alive. */
        return everywhere ? AUTHJWT_TOKEN_EXPIRED : AUTHJWT_OK;
    }
    rv = authjwt_revocation_end(r, claims);

    if (rv == APR_SUCCESS) {
        rv = end_exchanged(r, claims);
    }
    if (rv == APR_SUCCESS && everywhere) {
        rv = authjwt_revocation_end_all(r, claims);
    }
    if (rv != APR_SUCCESS) {
        /* At INFO only: the store has logged its fault as an error already, at most once a second. */
        ap_log_rerror(APLOG_MARK, APLOG_INFO, rv, r,
                      "AJ1503: the revocation store could not record the logout, so the session goes on");
        return AUTHJWT_STORE_UNAVAILABLE;
    }
    ap_log_rerror(APLOG_MARK, APLOG_DEBUG, 0, r, "AJ1504: session ended%s",
                  everywhere ? ", and all others of the user" : "");
    forget(r, claims, everywhere);
    authjwt_session_note_end(r, aj_claims_identity(claims), aj_claims_string(claims, "sid"), why);
    return AUTHJWT_OK;
}
