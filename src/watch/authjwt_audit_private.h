/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_audit_private: what the files of the audit log share. Nobody else includes it. */
#ifndef AUTHJWT_AUDIT_PRIVATE_H
#define AUTHJWT_AUDIT_PRIVATE_H

#include <httpd.h>

#include "authjwt_config.h"

/** Longest line, with its newline. Less than PIPE_BUF, so that a pipe takes it whole. */
#define AUTHJWT_AUDIT_LINE 2048

/** A line that is being made. */
typedef struct {
    char text[AUTHJWT_AUDIT_LINE];
    apr_size_t len;
} authjwt_audit_line_t;

/**
 * Add a member to the line; an empty one is left out. The value is untrusted: what is no UTF-8 becomes U+FFFD, what
 * could be taken for the end of a line or hide what stands there is escaped, and what looks like a token becomes
 * "[token]".
 * @param value  NULL is empty
 * @param most   bytes it may take in the line; a longer one is cut between two characters and ends with "..."
 */
void authjwt_audit_line_add(authjwt_audit_line_t *line, const char *name, const char *value, apr_size_t most);

/** End the line. */
void authjwt_audit_line_end(authjwt_audit_line_t *line);

/** Append the line in one write. What goes wrong is logged, at most once a second. */
void authjwt_audit_write(server_rec *s, const authjwt_audit_log_t *log, const authjwt_audit_line_t *line);

#endif
