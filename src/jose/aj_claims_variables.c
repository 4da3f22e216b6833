/* SPDX-License-Identifier: Apache-2.0 */
/* Claims as variables of the environment. */
#include <string.h>

#include <apr_strings.h>

#include "aj_claims_private.h"

#define PREFIX_LEN (sizeof(AJ_VARIABLE_PREFIX) - 1)

static char folded(char c)
{
    if (c >= 'a' && c <= 'z') {
        return (char)(c - 'a' + 'A');
    }
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ? c : '_';
}

/* @param hash  of the name (FNV-1a), for whoever compares many */
static const char *make_name(const char *claim, apr_pool_t *pool, apr_uint32_t *hash)
{
    char *name = apr_palloc(pool, PREFIX_LEN + strlen(claim) + 1);
    char *at = name + PREFIX_LEN;

    *hash = 2166136261U;
    memcpy(name, AJ_VARIABLE_PREFIX, PREFIX_LEN);
    for (; *claim; claim++, at++) {
        *at = folded(*claim);
        *hash = (*hash ^ (unsigned char)*at) * 16777619U;
    }
    *at = '\0';
    return name;
}

const char *aj_claims_variable_name(const char *claim, apr_pool_t *pool)
{
    apr_uint32_t hash;

    return make_name(claim, pool, &hash);
}

/* A token holds some thousand claims at most, and its issuer has signed them: whoever makes all hashes alike costs a
 * few milliseconds. */
typedef struct {
    apr_pool_t *pool;
    aj_variable_t *all; /* one of each name */
    apr_uint32_t *hashes;
    int count;
    apr_uint32_t
        *places; /* a variable's place in all, counted from 1; 0: free. By the last bits of its hash, or behind */
    apr_uint32_t mask;
} collected_t;

/* @return where a variable of this name is in places, or shall be */
static apr_uint32_t *place_of(const collected_t *collected, const char *name, apr_uint32_t hash)
{
    apr_uint32_t i, place;

    for (i = hash & collected->mask; (place = collected->places[i]) != 0; i = (i + 1) & collected->mask) {
        if (collected->hashes[place - 1] == hash && !strcmp(collected->all[place - 1].name, name)) {
            break;
        }
    }
    return &collected->places[i];
}

static void collect(void *data, const char *claim, const char *text)
{
    collected_t *collected = data;
    apr_uint32_t hash;
    const char *name = make_name(claim, collected->pool, &hash);
    apr_uint32_t *place = place_of(collected, name, hash);

    if (*place) {
        collected->all[*place - 1].text = NULL;
        return;
    }
    collected->all[collected->count] = (aj_variable_t){ name, text };
    collected->hashes[collected->count++] = hash;
    *place = (apr_uint32_t)collected->count;
}

static void make(const aj_claims_t *claims)
{
    aj_claims_lazy_t *lazy = claims->lazy;
    apr_uint32_t most = aj_node_size(claims->doc.nodes);
    collected_t collected = { .pool = lazy->pool, .mask = 31 };
    int i;

    while (collected.mask < 2 * most) {
        collected.mask = collected.mask * 2 + 1;
    }
    collected.all = apr_palloc(lazy->pool, (most + 1) * sizeof(*collected.all));
    collected.hashes = apr_palloc(lazy->pool, (most + 1) * sizeof(*collected.hashes));
    collected.places = apr_pcalloc(lazy->pool, ((apr_size_t)collected.mask + 1) * sizeof(*collected.places));
    aj_claims_each(claims, lazy->pool, collect, &collected);
    for (i = 0; i < collected.count; i++) {
        if (collected.all[i].text) {
            collected.all[lazy->variable_count++] = collected.all[i];
        }
    }
    lazy->variables = collected.all;
}

const aj_variable_t *aj_claims_variables(const aj_claims_t *claims, int *count)
{
    if (!claims->lazy->variables) {
        make(claims);
    }
    *count = claims->lazy->variable_count;
    return claims->lazy->variables;
}
