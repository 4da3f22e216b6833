/* SPDX-License-Identifier: Apache-2.0 */
/* Claims as variables of the environment. */
#include <string.h>

#include <apr_hash.h>

#include "aj_claims_private.h"

#define PREFIX_LEN (sizeof(AJ_VARIABLE_PREFIX) - 1)

/* Names of more claims than this are compared by a hash: pairs would cost the square. */
#define MANY_CLAIMS 16

/* Letters and digits of ASCII, whatever the locale is. */
static char upper(char c)
{
    if (c >= 'a' && c <= 'z') {
        return (char)(c - 'a' + 'A');
    }
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ? c : '_';
}

static char *name_of(const char *claim, apr_size_t len, apr_pool_t *pool)
{
    char *name = apr_palloc(pool, PREFIX_LEN + len + 1);
    apr_size_t i;

    memcpy(name, AJ_VARIABLE_PREFIX, PREFIX_LEN);
    for (i = 0; i < len; i++) {
        name[PREFIX_LEN + i] = upper(claim[i]);
    }
    name[PREFIX_LEN + len] = '\0';
    return name;
}

const char *aj_claims_variable_name(const char *claim, apr_pool_t *pool)
{
    return name_of(claim, strlen(claim), pool);
}

/* ---- two of one name ---- */

typedef struct {
    aj_variable_t variable; /* its text is NULL where it is left out */
    apr_size_t len;         /* of the name */
} candidate_t;

static void drop_equal_pairs(candidate_t *all, int count)
{
    int i, k;

    for (i = 1; i < count; i++) {
        for (k = 0; k < i; k++) {
            if (all[i].len == all[k].len
                && !memcmp(all[i].variable.name + PREFIX_LEN, all[k].variable.name + PREFIX_LEN,
                           all[i].len - PREFIX_LEN)) {
                all[i].variable.text = all[k].variable.text = NULL;
            }
        }
    }
}

static void drop_equal_by_hash(candidate_t *all, int count, apr_pool_t *pool)
{
    apr_hash_t *names = apr_hash_make(pool);
    int i;

    for (i = 0; i < count; i++) {
        candidate_t *first = apr_hash_get(names, all[i].variable.name, (apr_ssize_t)all[i].len);

        if (first) {
            all[i].variable.text = first->variable.text = NULL;
        }
        else {
            apr_hash_set(names, all[i].variable.name, (apr_ssize_t)all[i].len, &all[i]);
        }
    }
}

/* ---- all of them ---- */

typedef struct {
    apr_pool_t *pool;
    candidate_t *all;
    int count;
} collected_t;

static void collect(void *data, const char *claim, const char *text)
{
    collected_t *collected = data;
    candidate_t *one = &collected->all[collected->count++];
    apr_size_t len = strlen(claim);

    one->variable.name = name_of(claim, len, collected->pool);
    one->variable.text = text;
    one->len = PREFIX_LEN + len;
}

static void make(const aj_claims_t *claims)
{
    aj_claims_lazy_t *lazy = claims->lazy;
    /* One at least, since NULL says that nobody has asked yet. */
    apr_size_t room = aj_node_size(claims->doc.nodes) + 1;
    collected_t collected = { lazy->pool, apr_palloc(lazy->pool, room * sizeof(candidate_t)), 0 };
    int i;

    aj_claims_each(claims, lazy->pool, collect, &collected);
    if (collected.count <= MANY_CLAIMS) {
        drop_equal_pairs(collected.all, collected.count);
    }
    else {
        drop_equal_by_hash(collected.all, collected.count, lazy->pool);
    }
    lazy->variables = apr_palloc(lazy->pool, room * sizeof(aj_variable_t));
    for (i = 0; i < collected.count; i++) {
        if (collected.all[i].variable.text) {
            lazy->variables[lazy->variable_count++] = collected.all[i].variable;
        }
    }
}

const aj_variable_t *aj_claims_variables(const aj_claims_t *claims, int *count)
{
    if (!claims->lazy->variables) {
        make(claims);
    }
    *count = claims->lazy->variable_count;
    return claims->lazy->variables;
}
