/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_revocation_claims: by which entries a token can be ended, and what its claims say of its session. */
#include <string.h>

#include "aj_base64url.h"
#include "authjwt_revocation_claims.h"

apr_status_t authjwt_revocation_session_id(const char *issuer, const char *sid, apr_pool_t *pool,
                                           authjwt_store_id_t *id)
{
    return authjwt_entry_id(AUTHJWT_ENTRY_SESSION, issuer, sid, strlen(sid), pool, id);
}

/* A token is known by its session, else by its jti, else by its hash. */
apr_status_t authjwt_revocation_token_id(const aj_claims_t *claims, apr_pool_t *pool, authjwt_store_id_t *id)
{
    const char *issuer = authjwt_entry_issuer(claims);
    const char *sid = aj_claims_string(claims, "sid");
    const char *jti = sid ? NULL : aj_claims_string(claims, "jti");

    if (sid) {
        return authjwt_revocation_session_id(issuer, sid, pool, id);
    }
    if (jti) {
        return authjwt_entry_id(AUTHJWT_ENTRY_JTI, issuer, jti, strlen(jti), pool, id);
    }
    return authjwt_entry_id(AUTHJWT_ENTRY_HASH, issuer, aj_claims_token_hash(claims), AJ_SHA256_BYTES, pool, id);
}

/* All sessions of a user: by `sub`. */
apr_status_t authjwt_revocation_subject_id(const char *issuer, const char *subject, apr_pool_t *pool,
                                           authjwt_store_id_t *id)
{
    return authjwt_entry_id(AUTHJWT_ENTRY_SUBJECT, issuer, subject, strlen(subject), pool, id);
}

apr_status_t authjwt_revocation_claimed_id(const char *issuer, const char *claim, const char *identity,
                                           apr_pool_t *pool, authjwt_store_id_t *id)
{
    apr_size_t name_len = strlen(claim) + 1, len = strlen(identity);
    char *text = apr_palloc(pool, name_len + len);

    memcpy(text, claim, name_len);
    memcpy(text + name_len, identity, len);
    return authjwt_entry_id(AUTHJWT_ENTRY_IDENTITY, issuer, text, name_len + len, pool, id);
}

int authjwt_revocation_is_foreign_session(const aj_claims_t *claims)
{
    return !aj_claims_session_expires(claims) && aj_claims_string(claims, "sid");
}

apr_status_t authjwt_revocation_origin(const aj_claims_t *refresh, apr_pool_t *pool, const char **origin)
{
    const char *sid = aj_claims_string(refresh, "sid");
    authjwt_store_id_t id;
    apr_status_t rv;

    if (!authjwt_revocation_is_foreign_session(refresh)) {
        *origin = aj_claims_session_expires(refresh) ? aj_claims_string(refresh, AUTHJWT_CLAIM_ORIGIN) : NULL;
        return APR_SUCCESS;
    }
    rv = authjwt_entry_id(AUTHJWT_ENTRY_SESSION, authjwt_entry_issuer(refresh), sid, strlen(sid), pool, &id);
    if (rv == APR_SUCCESS) {
        *origin = aj_base64url_encode(id.bytes, sizeof(id.bytes), pool);
    }
    return rv;
}

int authjwt_revocation_origin_of(const char *text, apr_pool_t *pool, authjwt_store_id_t *id)
{
    unsigned char *bytes;
    apr_size_t len;

    if (!text || aj_base64url_decode(text, strlen(text), pool, &bytes, &len) != AJ_OK || len != sizeof(id->bytes)) {
        return 0;
    }
    memcpy(id->bytes, bytes, sizeof(id->bytes));
    return 1;
}

int authjwt_revocation_origin_id(const aj_claims_t *claims, apr_pool_t *pool, authjwt_store_id_t *id)
{
    const char *text = aj_claims_session_expires(claims) ? aj_claims_string(claims, AUTHJWT_CLAIM_ORIGIN) : NULL;

    return authjwt_revocation_origin_of(text, pool, id);
}

/* ---- when sessions began ---- */

/* Our own sids begin with sixteen digits, microseconds since 1970, and a dash. */
apr_time_t authjwt_revocation_birth_of_sid(const char *sid)
{
    apr_time_t birth = 0;
    int i;

    for (i = 0; i < 16 && sid[i] >= '0' && sid[i] <= '9'; i++) {
        birth = birth * 10 + (sid[i] - '0');
    }
    return i == 16 && sid[16] == '-' ? birth : 0;
}

/* Believed only if that fits iat, which may be behind by what marks are set ahead, and by how far the clock of the host
 * is ahead that has set one. */
apr_time_t authjwt_revocation_birth_in_sid(const aj_claims_t *claims)
{
    const char *sid = aj_claims_string(claims, "sid");
    apr_time_t birth = sid ? authjwt_revocation_birth_of_sid(sid) : 0;

    return birth <= aj_claims_issued(claims) + apr_time_from_sec(1) + 2 * AUTHJWT_SKEW_MOST ? birth : 0;
}

apr_time_t authjwt_revocation_session_birth(const aj_claims_t *claims)
{
    apr_time_t birth = authjwt_revocation_birth_in_sid(claims);

    return birth ? birth : aj_claims_issued(claims);
}

/* ---- marks ---- */

/* Issuers' clocks may be ahead within the leeway: the token that asks is ended itself. */
authjwt_entry_mark_t authjwt_revocation_mark(const aj_claims_t *claims, apr_interval_time_t leeway, apr_time_t now)
{
    apr_time_t birth = authjwt_revocation_session_birth(claims);
    authjwt_entry_mark_t mark = { now, now + (leeway < AUTHJWT_SKEW_MOST ? leeway : AUTHJWT_SKEW_MOST) };

    if (authjwt_revocation_is_foreign_session(claims) || !authjwt_revocation_birth_in_sid(claims)) {
        mark.ended = aj_claims_issued(claims) > now ? aj_claims_issued(claims) : now;
    }
    mark.until = birth > mark.until ? birth : mark.until;
    return mark;
}

void authjwt_revocation_move(authjwt_entry_mark_t *mark, const authjwt_entry_mark_t *least)
{
    mark->ended = mark->ended > least->ended ? mark->ended : least->ended;
    mark->until = mark->until >= least->until ? mark->until + 1 : least->until;
}

authjwt_entry_mark_t authjwt_revocation_user_mark(apr_interval_time_t leeway, apr_time_t now)
{
    return (authjwt_entry_mark_t){ now, now + (leeway < AUTHJWT_SKEW_MOST ? leeway : AUTHJWT_SKEW_MOST) };
}
