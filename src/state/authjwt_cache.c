/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_cache: what is kept of a token, and when it may be used again. authjwt_cache_ring keeps the bytes.
 *
 * A block begins with entry_t; the name of the identity claim, padded to eight bytes, and the packed claims follow. */
#include <httpd.h>
#include <http_log.h>
#include <apr_strings.h>

#include "aj_digest.h"
#include "aj_jws.h"
#include "aj_siphash.h"
#include "authjwt_cache.h"
#include "authjwt_cache_ring_private.h"
#include "authjwt_config_values.h"
#include "authjwt_count.h"

APLOG_USE_MODULE(authjwt);

#define FLAG_SEEN 1u

typedef struct {
    authjwt_revocation_ids_t ids;
    apr_uint32_t claims_at;
} entry_t;

/* Of this process; NULL: no server wants it. Tokens are known by a hash under the secret, so that nobody can find one
 * by the time that an answer takes, and no token stands in memory. */
static authjwt_ring_t *ring;
static apr_uint64_t secret[2];

static apr_size_t entries_wanted(const server_rec *s)
{
    apr_size_t most = 0;

    for (; s; s = s->next) {
        const authjwt_server_conf_t *conf = authjwt_config_server(s);
        apr_size_t wanted = conf->keyring ? (apr_size_t)authjwt_config_cache(conf) : 0;

        most = wanted > most ? wanted : most;
    }
    return most;
}

void authjwt_cache_child_init(apr_pool_t *pchild, server_rec *s)
{
    apr_size_t entries = entries_wanted(s);

    (void)pchild;
    ring = NULL;
    if (!entries) {
        return;
    }
    if (aj_random((unsigned char *)secret, sizeof(secret)) == APR_SUCCESS) {
        ring = authjwt_ring_make(entries);
    }
    if (!ring) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s,
                     "AJ1309: AuthJWTCache %" APR_SIZE_T_FMT ": no memory or no random bytes for it; this process "
                     "checks the signature of each token each time",
                     entries);
    }
}

static int is_on(request_rec *r)
{
    return ring && authjwt_config_cache(authjwt_config_server(r->server)) > 0;
}

static authjwt_ring_name_t name_of(request_rec *r, const authjwt_cache_question_t *question,
                                   const authjwt_cache_known_t *known)
{
    authjwt_ring_name_t name = { .server = (apr_uintptr_t)authjwt_config_server(r->server), .keys = question->keys };

    memcpy(name.hash, known->hash, sizeof(name.hash));
    return name;
}

/* ---- finding ---- */

static const char *identity_claim_of(const entry_t *entry)
{
    return (const char *)(entry + 1);
}

/* @return 0 when it is of another place, has been overwritten, or its dates no longer hold */
static int recall(request_rec *r, const authjwt_cache_question_t *question, const authjwt_ring_place_t *place,
                  authjwt_cache_known_t *known)
{
    entry_t *entry = apr_palloc(r->pool, place->size);

    if (!authjwt_ring_read(ring, place, entry)
        || strcmp(identity_claim_of(entry), question->policy->identity_claim) != 0
        || !aj_jwt_recall(question->policy, question->token, (const char *)entry + entry->claims_at, question->now,
                          r->pool, &known->claims)) {
        return 0;
    }
    known->ids = entry->ids;
    known->snapshot = place->note.snapshot;
    known->is_seen = (place->note.flags & FLAG_SEEN) != 0;
    known->place = place;
    return 1;
}

int authjwt_cache_find(request_rec *r, const authjwt_cache_question_t *question, authjwt_cache_known_t *known)
{
    authjwt_ring_place_t *place;
    authjwt_ring_name_t name;
    int way = 0;

    if (!is_on(r)) {
        return 0;
    }
    if (question->len > AJ_JWS_MAX_LENGTH) {
        authjwt_count(r, AUTHJWT_COUNT_CACHE_MISS);
        return 0;
    }
    aj_siphash(secret, question->token, question->len, known->hash);
    name = name_of(r, question, known);
    place = apr_palloc(r->pool, sizeof(*place));
    while (authjwt_ring_find(ring, &name, &way, place)) {
        if (recall(r, question, place, known)) {
            ap_log_rerror(APLOG_MARK, APLOG_DEBUG, 0, r, "AJ1310: token known: its signature was checked before");
            authjwt_count(r, AUTHJWT_COUNT_CACHE_HIT);
            return 1;
        }
    }
    authjwt_count(r, AUTHJWT_COUNT_CACHE_MISS);
    return 0;
}

/* ---- keeping ---- */

static void put(request_rec *r, const authjwt_cache_question_t *question, const authjwt_cache_known_t *known,
                const authjwt_ring_note_t *note)
{
    const char *claim = question->policy->identity_claim;
    apr_size_t claims_at = APR_ALIGN_DEFAULT(sizeof(entry_t) + strlen(claim) + 1);
    apr_size_t most = authjwt_ring_most(ring);
    apr_size_t size = claims_at < most ? aj_claims_packed_size(known->claims, most - claims_at) : 0;
    authjwt_ring_name_t name;
    entry_t *entry;

    if (!size) {
        return;
    }
    entry = apr_palloc(r->pool, claims_at + size);
    memset(entry, 0, claims_at);
    entry->ids = known->ids;
    entry->claims_at = (apr_uint32_t)claims_at;
    memcpy(entry + 1, claim, strlen(claim) + 1);
    aj_claims_pack(known->claims, size, (char *)entry + claims_at);
    name = name_of(r, question, known);
    authjwt_ring_put(ring, &name, entry, (apr_uint32_t)(claims_at + size), note);
}

void authjwt_cache_keep(request_rec *r, const authjwt_cache_question_t *question, const authjwt_cache_known_t *known)
{
    authjwt_ring_note_t note = { .snapshot = known->snapshot, .flags = known->is_seen ? FLAG_SEEN : 0 };
    const authjwt_ring_place_t *place = known->place;

    if (!is_on(r)) {
        return;
    }
    if (!place) {
        put(r, question, known, &note);
    }
    else if (note.snapshot != place->note.snapshot || note.flags != place->note.flags) {
        authjwt_ring_set_note(place, &note);
    }
}

void authjwt_cache_drop(const authjwt_cache_known_t *known)
{
    if (known->place) {
        authjwt_ring_drop(known->place);
    }
}
