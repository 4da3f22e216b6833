/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_sources: read the bytes of a key source: file:PATH, env:NAME, exec:COMMAND. */
#ifndef AUTHJWT_SOURCES_H
#define AUTHJWT_SOURCES_H

#include <httpd.h>

/** Longest content of a key source, in bytes. */
#define AUTHJWT_SOURCE_MAX 65536

/** Content of a key source. */
typedef struct {
    unsigned char *bytes; /**< NUL follows; wiped with the pool */
    apr_size_t len;
    int readable_by_others; /**< a file with a permission bit for "other" readers */
    int writable_by_others; /**< a file with a permission bit for writers of its group, or for "other" ones */
} authjwt_source_t;

/** Is the form of a source right? @return NULL, or a sentence fragment that does not repeat it */
const char *authjwt_source_check(const char *source);

/**
 * Path of a file source, relative to ServerRoot.
 * @param pool  owns the result; NULL: only ask
 * @return NULL when it is no file (or the path is malformed); without a pool any non-NULL string
 */
const char *authjwt_source_path(const char *source, apr_pool_t *pool);

/** @return non-zero when the source is a command, which is not run under -t */
int authjwt_source_is_command(const char *source);

/**
 * How log lines name a source: without what may be a secret, that is the arguments of a command, and a name of a
 * variable or file that does not look like one.
 * @return source or owned by pool
 */
const char *authjwt_source_name(const char *source, apr_pool_t *pool);

/**
 * Read a source. A command is split at blanks, run without a shell as the starting user, for at most 10 s, and once for
 * the two configuration passes of a start. A variable is removed from the environment when it is read first.
 * @param pool     owns the content
 * @param process  of the server; keeps a command's output between the passes, and a variable's value
 * @return NULL, or a sentence fragment; never repeats content
 */
const char *authjwt_source_read(const char *source, process_rec *process, apr_pool_t *pool,
                                authjwt_source_t *out) AP_FN_ATTR_WARN_UNUSED_RESULT;

#endif
