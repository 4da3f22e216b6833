/* SPDX-License-Identifier: Apache-2.0 */
/* JWK Sets (RFC 7517 5). A set is somebody else's document: a member that cannot be used is skipped with a note and
   never costs the others. */
#include <string.h>

#include <apr_strings.h>

#include "aj_json.h"
#include "aj_key_private.h"
#include "aj_keyset.h"

/** One member of the set and what has been found out about it. */
typedef struct {
    const json_t *jwk;
    const aj_alg_t *alg;
    const char *skip; /**< why it is not for us, or NULL */
} member_t;

/** What the members are added to. */
typedef struct {
    aj_keyset_t *ring;              /**< keys that were there before; unchanged until the set is accepted */
    aj_keyset_t *found;             /**< keys of the set */
    const apr_array_header_t *algs; /**< for keys without `alg`, or NULL */
    apr_array_header_t *notes;      /**< aj_keyset_note_t */
    apr_pool_t *pool;               /**< owns the keys */
} reading_t;

/* The string of a member. @return NULL when it is absent or no string; the latter is told by *wrong */
static const char *text_of(const json_t *jwk, const char *name, const char **wrong)
{
    const json_t *value = json_object_get(jwk, name);

    if (value && !json_is_string(value)) {
        *wrong = "has a kty, crv, use or alg that is no string";
    }
    return json_string_value(value);
}

static int known_kty(const char *kty)
{
    return !strcmp(kty, "oct") || !strcmp(kty, "RSA") || !strcmp(kty, "EC") || !strcmp(kty, "OKP");
}

static int known_crv(const char *crv)
{
    int i;

    for (i = 0; aj_alg_at(i); i++) {
        if (aj_alg_at(i)->curve && !strcmp(aj_alg_at(i)->curve, crv)) {
            return 1;
        }
    }
    return 0;
}

/* `key_ops` that leaves verifying out: the key is for something else. A malformed one is judged with the key. */
static int not_for_verifying(const json_t *ops)
{
    size_t i;

    for (i = 0; i < json_array_size(ops); i++) {
        const char *op = json_string_value(json_array_get(ops, i));

        if (op && !strcmp(op, "verify")) {
            return 0;
        }
    }
    return json_is_array(ops);
}

/* Is this row for keys of that type and curve? */
static int fits(const aj_alg_t *alg, const char *kty, const char *crv)
{
    return !strcmp(aj_kty_name(alg->kty), kty) && (!alg->curve || (crv && !strcmp(alg->curve, crv)));
}

/* The row for a key that has no `alg` of its own. */
static const char *choose_alg(member_t *member, const char *kty, const char *crv, const apr_array_header_t *algs)
{
    int i;

    for (i = 0; algs && i < algs->nelts; i++) {
        const aj_alg_t *alg = APR_ARRAY_IDX(algs, i, const aj_alg_t *);

        if (!fits(alg, kty, crv) || (member->alg && aj_alg_same(alg, member->alg))) {
            continue;
        }
        if (member->alg) {
            return "has no alg, and algs= names more than one for its type";
        }
        member->alg = alg;
    }
    return member->alg ? NULL : "has no alg, and algs= names none for its type";
}

static const char *classify(member_t *member, const apr_array_header_t *algs)
{
    const json_t *jwk = member->jwk;
    const char *wrong = NULL;
    const char *kty = text_of(jwk, "kty", &wrong);
    const char *crv = text_of(jwk, "crv", &wrong);
    const char *use = text_of(jwk, "use", &wrong);
    const char *alg = text_of(jwk, "alg", &wrong);

    if (!json_is_object(jwk)) {
        wrong = "is no object";
    }
    else if (!wrong && !kty) {
        wrong = "has no kty";
    }
    if (wrong) {
        return wrong;
    }
    if (!known_kty(kty)) {
        member->skip = "its kty is unknown";
    }
    else if (use && strcmp(use, "sig")) {
        member->skip = "its use is not sig";
    }
    else if (not_for_verifying(json_object_get(jwk, "key_ops"))) {
        member->skip = "its key_ops has no verify";
    }
    else if (alg && !(member->alg = aj_alg_find(alg))) {
        member->skip = "its alg is unknown";
    }
    else if (crv && !known_crv(crv)) {
        member->skip = "its crv is unknown";
    }
    else if (!alg) {
        wrong = choose_alg(member, kty, crv, algs);
    }
    return wrong;
}

/* How a sentence names a key: by its place and, escaped, its kid. */
static const char *describe(const json_t *jwk, size_t index, apr_pool_t *pool)
{
    const json_t *kid = json_object_get(jwk, "kid");

    if (!json_is_string(kid)) {
        return apr_psprintf(pool, "key %" APR_SIZE_T_FMT " of the set", index + 1);
    }
    return apr_psprintf(pool, "key %" APR_SIZE_T_FMT " of the set (kid \"%s\")", index + 1,
                        aj_escape(json_string_value(kid), json_string_length(kid), pool));
}

static void note(reading_t *reading, size_t index, const json_t *jwk, const char *why, int odd)
{
    aj_keyset_note_t *made = apr_array_push(reading->notes);
    apr_pool_t *pool = reading->notes->pool;

    made->text = apr_psprintf(pool, "%s is skipped: %s%s", describe(jwk, index, pool), odd ? "it " : "", why);
    made->odd = odd;
}

/* A key that is there already counts once. @return NULL, or why the key cannot be told from another */
static const char *add_key(reading_t *reading, const aj_key_t *key)
{
    if (aj_keyset_holds(reading->found, key)) {
        return NULL;
    }
    if (aj_keyset_namesake(reading->ring, key) || aj_keyset_namesake(reading->found, key)) {
        return "has the algorithm and kid of another key";
    }
    return aj_keyset_add(reading->found, key);
}

static void add_member(reading_t *reading, json_t *jwk, size_t index)
{
    member_t member = { jwk, NULL, NULL };
    aj_key_options_t options = { 0 };
    const char *wrong;
    aj_key_t *key;

    aj_key_strip_jwk(jwk);
    wrong = classify(&member, reading->algs);
    if (!wrong && member.skip) {
        note(reading, index, jwk, member.skip, 0);
        return;
    }
    options.alg = member.alg;
    if (!wrong && !(wrong = aj_key_from_jwk(&key, jwk, &options, reading->pool))) {
        wrong = add_key(reading, key);
    }
    if (wrong) {
        note(reading, index, jwk, wrong, 1);
    }
}

static apr_status_t wipe_set(void *keys)
{
    size_t i;

    for (i = 0; i < json_array_size(keys); i++) {
        aj_key_wipe_jwk(json_array_get(keys, i));
    }
    return APR_SUCCESS;
}

/* A PEM file or a single JWK is a common mistake, and the directive for it is another one. */
static const char *no_set(const char *text, apr_size_t len, const char *wrong, apr_pool_t *pool)
{
    static const char pem_begin[] = "-----BEGIN ";

    if (len >= sizeof(pem_begin) - 1 && !memcmp(text, pem_begin, sizeof(pem_begin) - 1)) {
        return "is no JWK Set but PEM; name this file with AuthJWTKey";
    }
    return apr_pstrcat(pool, "is no JWK Set: ", wrong, NULL);
}

/* @param scratch  owns the parsed text, which may hold private parts */
static const char *add_text(reading_t *reading, const char *text, apr_size_t len, apr_pool_t *scratch)
{
    json_t *set, *keys;
    const char *wrong = NULL;
    size_t i;

    if (!aj_json_read_object(text, len, scratch, &set, &wrong)) {
        return no_set(text, len, wrong, reading->pool);
    }
    keys = json_object_get(set, "keys");
    if (!json_is_array(keys)) {
        return json_object_get(set, "kty")
                 ? "is a single JWK, not a set with an array \"keys\"; name this file with AuthJWTKey"
                 : "is no JWK Set: it has no array \"keys\"";
    }
    apr_pool_cleanup_register(scratch, keys, wipe_set, apr_pool_cleanup_null);
    for (i = 0; i < json_array_size(keys); i++) {
        add_member(reading, json_array_get(keys, i), i);
    }
    return NULL;
}

/* @return NULL, or a sentence that tells the first reason */
static const char *check_found(const reading_t *reading)
{
    if (aj_keyset_count(reading->found) > 0) {
        return NULL;
    }
    if (reading->notes->nelts == 0) {
        return "holds no key that can be used: \"keys\" is empty";
    }
    return apr_psprintf(reading->pool, "holds no key that can be used (%s)",
                        APR_ARRAY_IDX(reading->notes, 0, aj_keyset_note_t).text);
}

/* The kids of the ring have been compared already. */
static const char *merge(aj_keyset_t *ring, const aj_keyset_t *found)
{
    const char *wrong = NULL;
    int i;

    for (i = 0; !wrong && i < aj_keyset_count(found); i++) {
        wrong = aj_keyset_add(ring, aj_keyset_at(found, i));
    }
    return wrong;
}

const char *aj_keyset_add_jwks(aj_keyset_t *ring, const char *text, apr_size_t len, const apr_array_header_t *algs,
                               apr_array_header_t *notes, apr_pool_t *pool)
{
    reading_t reading = { ring, NULL, algs, notes, NULL };
    apr_pool_t *scratch;
    const char *wrong;

    /* The keys have a pool of their own: those of a set that is refused are wiped at once. */
    apr_pool_create(&reading.pool, pool);
    apr_pool_create(&scratch, pool);
    reading.found = aj_keyset_make(reading.pool);
    if (!notes) {
        reading.notes = apr_array_make(reading.pool, 4, sizeof(aj_keyset_note_t));
    }
    wrong = add_text(&reading, text, len, scratch);
    wrong = wrong ? wrong : check_found(&reading);
    wrong = wrong ? wrong : merge(ring, reading.found);
    apr_pool_destroy(scratch);
    if (wrong) {
        wrong = apr_pstrdup(pool, wrong);
        apr_pool_destroy(reading.pool);
    }
    return wrong;
}
