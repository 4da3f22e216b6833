/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_sources_private: what the files of the sources room share. Nobody else includes it. */
#ifndef AUTHJWT_SOURCES_PRIVATE_H
#define AUTHJWT_SOURCES_PRIVATE_H

#include "authjwt_sources.h"

/**
 * Keep the content of a source for the life of the process, across restarts. Replaces what was kept of it.
 * @param pool  for what is needed meanwhile, as in the functions below
 */
void authjwt_source_keep(const char *source, process_rec *process, apr_pool_t *pool, const authjwt_source_t *content);

/** Take what the process keeps of a source; it stays there. @return zero when there is nothing */
int authjwt_source_recall(const char *source, process_rec *process, apr_pool_t *pool, authjwt_source_t *out);

/** Overwrite what the process keeps of a source, if anything. */
void authjwt_source_forget(const char *source, process_rec *process, apr_pool_t *pool);

/**
 * Run the command of a source, or take its output from the preflight pass of the same start.
 * @return NULL, or a sentence fragment that repeats neither output nor arguments
 */
const char *authjwt_source_run(const char *source, process_rec *process, apr_pool_t *pool,
                               authjwt_source_t *out) AP_FN_ATTR_WARN_UNUSED_RESULT;

#endif
