/* JWK Sets (RFC 7517 5). What is not for us is skipped with a note; what is for us and wrong refuses the set. */
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

        if (!fits(alg, kty, crv) || alg == member->alg) {
            continue;
        }
        if (member->alg) {
            return "has no alg, and algs= names more than one for its type";
        }
        member->alg = alg;
    }
    member->skip = member->alg ? NULL : "it has no alg, and algs= names none for its type";
    return NULL;
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

static const char *add_member(aj_keyset_t *ring, const json_t *jwk, size_t index, const apr_array_header_t *algs,
                              apr_array_header_t *skipped, apr_pool_t *pool)
{
    member_t member = { jwk, NULL, NULL };
    const char *wrong = classify(&member, algs);
    aj_key_t *key;

    if (!wrong && member.skip) {
        APR_ARRAY_PUSH(skipped, const char *) =
            apr_psprintf(pool, "%s is skipped: %s", describe(jwk, index, pool), member.skip);
    }
    else if (!wrong) {
        const aj_key_options_t options = { .alg = member.alg };

        wrong = aj_key_from_jwk(&key, jwk, &options, pool);
        wrong = wrong ? wrong : aj_keyset_add(ring, key);
    }
    return wrong ? apr_psprintf(pool, "%s %s", describe(jwk, index, pool), wrong) : NULL;
}

static apr_status_t wipe_set(void *keys)
{
    size_t i;

    for (i = 0; i < json_array_size(keys); i++) {
        aj_key_wipe_jwk(json_array_get(keys, i));
    }
    return APR_SUCCESS;
}

/* @param scratch  owns the parsed text, which may hold private parts */
static const char *add_text(aj_keyset_t *ring, const char *text, apr_size_t len, const apr_array_header_t *algs,
                            apr_array_header_t *skipped, apr_pool_t *pool, apr_pool_t *scratch)
{
    json_t *set, *keys;
    const char *wrong = NULL;
    size_t i;

    if (!aj_json_read_object(text, len, scratch, &set, &wrong)) {
        return apr_pstrcat(pool, "is no JWK Set: ", wrong, NULL);
    }
    keys = json_object_get(set, "keys");
    if (!json_is_array(keys)) {
        return "is no JWK Set: it has no array \"keys\"";
    }
    apr_pool_cleanup_register(scratch, keys, wipe_set, apr_pool_cleanup_null);
    for (i = 0; !wrong && i < json_array_size(keys); i++) {
        wrong = add_member(ring, json_array_get(keys, i), i, algs, skipped, pool);
    }
    return wrong;
}

/* Move what was collected; kids of the ring itself are compared only now. */
static const char *merge(aj_keyset_t *ring, const aj_keyset_t *found, apr_pool_t *pool)
{
    aj_keyset_t *all = aj_keyset_make(pool);
    const char *wrong = NULL;
    int i;

    for (i = 0; !wrong && i < aj_keyset_count(ring); i++) {
        wrong = aj_keyset_add(all, aj_keyset_at(ring, i));
    }
    for (i = 0; !wrong && i < aj_keyset_count(found); i++) {
        wrong = aj_keyset_add(all, aj_keyset_at(found, i));
    }
    for (i = 0; !wrong && i < aj_keyset_count(found); i++) {
        wrong = aj_keyset_add(ring, aj_keyset_at(found, i));
    }
    return wrong ? apr_pstrcat(pool, "holds a key that ", wrong, NULL) : NULL;
}

const char *aj_keyset_add_jwks(aj_keyset_t *ring, const char *text, apr_size_t len, const apr_array_header_t *algs,
                               apr_array_header_t *skipped, apr_pool_t *pool)
{
    apr_pool_t *own, *scratch;
    apr_array_header_t *notes = apr_array_make(pool, 4, sizeof(const char *));
    aj_keyset_t *found;
    const char *wrong;

    /* The keys have a pool of their own: those of a set that is refused are wiped at once. */
    apr_pool_create(&own, pool);
    apr_pool_create(&scratch, pool);
    found = aj_keyset_make(own);
    wrong = add_text(found, text, len, algs, notes, own, scratch);
    wrong = wrong ? wrong : merge(ring, found, own);
    apr_pool_destroy(scratch);
    if (wrong) {
        wrong = apr_pstrdup(pool, wrong);
        apr_pool_destroy(own);
    }
    else if (skipped) {
        apr_array_cat(skipped, notes);
    }
    return wrong;
}
