/* SPDX-License-Identifier: Apache-2.0 */
/* What modules of tests have in common that open the functions of a provider to requests: each function is a path, its
 * arguments are in the query, and the first word of the answer is what it has returned. */
#ifndef DOORS_H
#define DOORS_H

#include <httpd.h>
#include <apr_strings.h>

/** A function that a request may call. */
typedef struct {
    const char *path;
    void (*run)(request_rec *r);
} door_t;

/** @return NULL when the request is for none of them */
static inline const door_t *door_of(const request_rec *r, const door_t *doors, apr_size_t n)
{
    apr_size_t i;

    for (i = 0; i < n; i++) {
        if (!strcmp(r->uri, doors[i].path)) {
            return &doors[i];
        }
    }
    return NULL;
}

/** The value of name= in the query; nothing is decoded. @return NULL if absent */
static inline const char *door_argument(request_rec *r, const char *name)
{
    char *last, *pair = apr_strtok(apr_pstrdup(r->pool, r->args ? r->args : ""), "&", &last);
    apr_size_t len = strlen(name);

    for (; pair; pair = apr_strtok(NULL, "&", &last)) {
        if (!strncmp(pair, name, len) && pair[len] == '=') {
            return pair + len + 1;
        }
    }
    return NULL;
}

/** What a function has returned, for an answer. */
static inline const char *door_word(apr_status_t rv)
{
    return rv == APR_SUCCESS  ? "ok"
         : rv == APR_NOTFOUND ? "notfound"
         : rv == APR_EAGAIN   ? "eagain"
         : rv == APR_ENOSPC   ? "enospc"
         : rv == APR_EINVAL   ? "einval"
         : rv == APR_EGENERAL ? "egeneral"
         : rv == APR_ENOTIMPL ? "enotimpl"
                              : "other";
}

#endif
