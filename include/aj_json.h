/* SPDX-License-Identifier: Apache-2.0 */
/* aj_json: the one door through which JSON text enters: strict, bounded, owned by a pool. */
#ifndef AJ_JSON_H
#define AJ_JSON_H

#include <apr_pools.h>
#include <jansson.h>
#include "aj_error.h"

/** Deepest nesting of arrays and objects that is read. */
#define AJ_JSON_MAX_DEPTH 32

/**
 * Read one JSON object (RFC 8259) and nothing else: UTF-8, no duplicate member at any depth, no NUL in a
 * string, nesting up to AJ_JSON_MAX_DEPTH, no trailing text.
 * @param text    needs no terminator
 * @param len     bytes of text
 * @param pool    owns the result
 * @param out     set on success: an object; borrowed, do not json_decref
 * @param detail  set on failure: a pool or literal string that says what is wrong, never quoting the text
 * @return non-zero on success, 0 when the text is refused
 */
int aj_json_read_object(const char *text, apr_size_t len, apr_pool_t *pool, json_t **out,
                        const char **detail) AJ_MUST_USE;

/**
 * Hand a new reference to a pool, which drops it when it is cleared.
 * @param json  a new reference, or NULL (allocation failed): then the process aborts as APR does without memory
 * @return json
 */
json_t *aj_json_own(json_t *json, apr_pool_t *pool);

/**
 * Write compactly: no blanks, members in the order they were set.
 * @return a NUL-terminated string owned by pool
 */
char *aj_json_write(const json_t *json, apr_pool_t *pool);

/** Can a member have this name, or is it a JSON Pointer with a '~' that no 0 or 1 follows (RFC 6901 3)? */
int aj_json_is_name(const char *name);

/**
 * Look a member up by name: a name that begins with '/' is a JSON Pointer (RFC 6901), any other is the
 * literal member name.
 * @return borrowed value, or NULL when absent or the pointer is malformed
 */
const json_t *aj_json_lookup(const json_t *object, const char *name);

/**
 * Can this be a string of JSON: is it UTF-8 (RFC 3629)?
 * @param text  NUL-terminated
 * @return non-zero when it is
 */
int aj_json_is_text(const char *text) AJ_MUST_USE;

#endif
