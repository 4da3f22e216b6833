/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_chain: the refresh tokens of a session. */
#include <httpd.h>

#include "authjwt_chain.h"
#include "authjwt_entry_private.h"
#include "authjwt_revocation.h"

apr_uint32_t authjwt_chain_generation(const aj_claims_t *claims)
{
    const json_t *value = aj_claims_session_expires(claims) ? aj_claims_get(claims, AUTHJWT_CLAIM_GENERATION) : NULL;
    json_int_t number = json_integer_value(value);

    return number > 0 && number < APR_UINT32_MAX ? (apr_uint32_t)number : 0;
}

static apr_status_t chain_id(const char *issuer, const char *sid, apr_pool_t *pool, authjwt_store_id_t *id)
{
    return authjwt_entry_id(AUTHJWT_ENTRY_CHAIN, issuer, sid, strlen(sid), pool, id);
}

static authjwt_store_change_e record(request_rec *r, const authjwt_entry_chain_t *chain, apr_time_t ends,
                                     authjwt_store_value_t *value, apr_time_t *expires)
{
    authjwt_entry_write_chain(chain, value);
    *expires = authjwt_entry_expires(authjwt_config_server(r->server), ends);
    return AUTHJWT_STORE_RECORD;
}

/* ---- seen ---- */

/* Generations that this process knows to be seen or passed, so that each request need not look. A slot holds 64 bits of
 * a hash; what falls out is looked up again. */
#define KNOWN_SLOTS 4096
static apr_uint64_t known[KNOWN_SLOTS];

static apr_uint64_t *known_slot(request_rec *r, const authjwt_store_id_t *id, apr_uint32_t generation,
                                apr_uint64_t *tag)
{
    apr_uint64_t store = (apr_uint64_t)(apr_uintptr_t)authjwt_config_server(r->server)->store;
    apr_uint64_t words[2];

    memcpy(words, id->bytes, sizeof(words));
    *tag = words[0] ^ (store + generation) * APR_UINT64_C(0x9E3779B97F4A7C15);
    return &known[words[1] % KNOWN_SLOTS];
}

/* The generation before was used, and nothing has shown yet that its answer arrived. */
static int is_news(const authjwt_entry_chain_t *chain, apr_uint32_t generation)
{
    return !chain->is_seen && chain->used == generation - 1;
}

/** What has been seen. */
typedef struct {
    request_rec *r;
    apr_uint32_t generation;
    apr_time_t ends;
} seen_t;

/* The session may have moved on since it was looked at. */
static authjwt_store_change_e note_seen(void *ctx, const authjwt_store_value_t *old, authjwt_store_value_t *value,
                                        apr_time_t *expires)
{
    const seen_t *seen = ctx;
    authjwt_entry_chain_t chain;

    if (!old) {
        return AUTHJWT_STORE_LEAVE;
    }
    if (authjwt_entry_read_chain(seen->r, old, &chain) != APR_SUCCESS) {
        return AUTHJWT_STORE_FAIL;
    }
    if (!is_news(&chain, seen->generation)) {
        return AUTHJWT_STORE_LEAVE;
    }
    chain.is_seen = 1;
    return record(seen->r, &chain, seen->ends, value, expires);
}

static apr_status_t mark_seen(request_rec *r, const authjwt_store_id_t *id, apr_uint32_t generation, apr_time_t ends)
{
    seen_t seen = { r, generation, ends };

    return authjwt_store_update(authjwt_config_server(r->server)->store, r, id, note_seen, &seen,
                                AUTHJWT_STORE_ORDINARY);
}

int authjwt_chain_seen(request_rec *r, const aj_claims_t *claims)
{
    apr_uint32_t generation = authjwt_chain_generation(claims);
    const char *sid = generation ? aj_claims_string(claims, "sid") : NULL;
    authjwt_entry_chain_t chain;
    apr_uint64_t *slot, tag;
    authjwt_store_id_t id;
    apr_status_t rv;

    if (!sid) {
        return 1;
    }
    if (chain_id(authjwt_entry_issuer(claims), sid, r->pool, &id) != APR_SUCCESS) {
        return 0;
    }
    slot = known_slot(r, &id, generation, &tag);
    if (__atomic_load_n(slot, __ATOMIC_RELAXED) == tag) {
        return 1;
    }
    rv = authjwt_entry_get_chain(r, &id, &chain);
    if (rv == APR_SUCCESS && is_news(&chain, generation)) {
        rv = mark_seen(r, &id, generation, aj_claims_session_expires(claims));
    }
    /* An entry that is not there, or behind, may come from another host yet. */
    if (rv != APR_SUCCESS || chain.used + 1 < generation) {
        return 0;
    }
    __atomic_store_n(slot, tag, __ATOMIC_RELAXED);
    return 1;
}

/* ---- use ---- */

/** One use that is being judged. */
typedef struct {
    request_rec *r;
    const authjwt_use_t *use;
    apr_uint32_t generation; /* of the token */
    authjwt_entry_use_t now; /* this use */
    authjwt_entry_chain_t chain;
    authjwt_successor_t *successor;
    authjwt_use_e answer;
} judged_t;

/* Clocks of hosts differ, and may be set back. */
static int within(apr_interval_time_t grace, apr_time_t first, apr_time_t now)
{
    return (now < first ? first - now : now - first) <= grace;
}

/* The answer, where nothing is to be recorded for it. */
static authjwt_store_change_e answer(judged_t *judged, authjwt_use_e use)
{
    judged->answer = use;
    return use == AUTHJWT_USE_UNKNOWN ? AUTHJWT_STORE_FAIL : AUTHJWT_STORE_LEAVE;
}

static authjwt_store_change_e grant(judged_t *judged, apr_time_t issued)
{
    judged->successor->issued = issued;
    judged->successor->generation = judged->use->rotates ? judged->generation + 1 : judged->generation;
    return answer(judged, AUTHJWT_USE_GRANTED);
}

/* The token of a new generation. Without rotation nothing moves, but that it has come back is worth knowing. */
static authjwt_store_change_e move(judged_t *judged, int is_known)
{
    authjwt_entry_chain_t *chain = &judged->chain;
    int is_next = is_known && judged->generation == chain->used + 1;
    int must_put = judged->use->rotates;

    if (must_put) {
        chain->before = is_next ? chain->last : (authjwt_entry_use_t){ 0, 0 };
        chain->last = judged->now;
        chain->used = judged->generation;
        chain->is_seen = 0;
    }
    else if (is_next && !chain->is_seen) {
        chain->is_seen = must_put = 1;
    }
    (void)grant(judged, judged->now.first);
    return must_put ? AUTHJWT_STORE_RECORD : AUTHJWT_STORE_LEAVE;
}

/* A token that was used before: tabs that raced, an answer that was lost, or theft. */
static authjwt_store_change_e judge_again(judged_t *judged)
{
    const authjwt_entry_chain_t *chain = &judged->chain;
    int is_last = judged->generation == chain->used;
    const authjwt_entry_use_t *first = is_last ? &chain->last : &chain->before;

    if ((is_last || judged->generation + 1 == chain->used) && first->name == judged->now.name
        && (within(judged->use->grace, first->first, judged->now.first) || (is_last && !chain->is_seen))) {
        return grant(judged, first->first);
    }
    return answer(judged, AUTHJWT_USE_THEFT);
}

static apr_status_t find_used(request_rec *r, const char *jti, authjwt_entry_mark_t *mark)
{
    const char *issuer = authjwt_config_server(r->server)->issuer;
    authjwt_store_id_t id;
    apr_status_t rv = authjwt_entry_id(AUTHJWT_ENTRY_USED, issuer ? issuer : "", jti, strlen(jti), r->pool, &id);

    return rv == APR_SUCCESS ? authjwt_entry_get_mark(r, &id, mark) : rv;
}

/* A token without a generation in a session without a chain: from a login, or from the time before chains, when each
 * used token left an entry. Such a one is judged as it was then, and its successor has no generation either. */
static authjwt_store_change_e begin(judged_t *judged)
{
    authjwt_entry_mark_t used, successor;
    apr_status_t rv = find_used(judged->r, judged->use->name, &used);

    if (APR_STATUS_IS_NOTFOUND(rv)) {
        return move(judged, 0);
    }
    if (rv != APR_SUCCESS) {
        return answer(judged, AUTHJWT_USE_UNKNOWN);
    }
    rv = find_used(judged->r, judged->use->successor_jti, &successor);
    if (rv == APR_SUCCESS && !within(judged->use->grace, used.ended, judged->now.first)) {
        return answer(judged, AUTHJWT_USE_THEFT);
    }
    if (rv != APR_SUCCESS && !APR_STATUS_IS_NOTFOUND(rv)) {
        return answer(judged, AUTHJWT_USE_UNKNOWN);
    }
    judged->successor->issued = used.ended;
    judged->successor->generation = 0;
    return answer(judged, AUTHJWT_USE_GRANTED);
}

/* An entry may be lost, or behind where another host has written last: a later generation is genuine all the same. */
static authjwt_store_change_e judge(judged_t *judged, int is_known)
{
    if (!is_known && !judged->generation) {
        return begin(judged);
    }
    return !is_known || judged->generation > judged->chain.used ? move(judged, is_known) : judge_again(judged);
}

static authjwt_store_change_e judge_use(void *ctx, const authjwt_store_value_t *old, authjwt_store_value_t *value,
                                        apr_time_t *expires)
{
    judged_t *judged = ctx;
    authjwt_store_change_e change;

    judged->chain = (authjwt_entry_chain_t){ 0 };
    if (old && authjwt_entry_read_chain(judged->r, old, &judged->chain) != APR_SUCCESS) {
        return answer(judged, AUTHJWT_USE_UNKNOWN);
    }
    judged->now.first = apr_time_now();
    change = judge(judged, old != NULL);
    return change == AUTHJWT_STORE_RECORD ? record(judged->r, &judged->chain, judged->use->ends, value, expires)
                                          : change;
}

static authjwt_use_e end_stolen(request_rec *r, const authjwt_use_t *use)
{
    return authjwt_revocation_end_session(r, use->issuer, use->sid, use->ends) == APR_SUCCESS ? AUTHJWT_USE_THEFT
                                                                                              : AUTHJWT_USE_UNKNOWN;
}

/* Whether the session has ended is asked again here, since a logout may have been answered after the token was
 * verified. One that is answered still later than this needs no lock: what is issued now is of the session that it
 * ends. */
authjwt_use_e authjwt_chain_use(request_rec *r, const authjwt_use_t *use, authjwt_successor_t *successor)
{
    authjwt_revocation_e ended = authjwt_revocation_check_session(r, use->claims, use->issuer, use->sid);
    judged_t judged = { .r = r, .use = use, .successor = successor };
    authjwt_store_id_t id;

    if (ended != AUTHJWT_REVOCATION_CLEAR) {
        return ended == AUTHJWT_REVOCATION_REVOKED ? AUTHJWT_USE_ENDED : AUTHJWT_USE_UNKNOWN;
    }
    judged.generation = authjwt_chain_generation(use->claims);
    if (chain_id(use->issuer, use->sid, r->pool, &id) != APR_SUCCESS
        || authjwt_entry_name(use->name, &judged.now.name) != APR_SUCCESS
        || authjwt_store_update(authjwt_config_server(r->server)->store, r, &id, judge_use, &judged,
                                AUTHJWT_STORE_ORDINARY)
               != APR_SUCCESS) {
        return AUTHJWT_USE_UNKNOWN;
    }
    return judged.answer == AUTHJWT_USE_THEFT ? end_stolen(r, use) : judged.answer;
}
