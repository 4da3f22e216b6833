/* SPDX-License-Identifier: Apache-2.0 */
/* aj_json_read_private: what the two halves of the reader share: values and their order; strings, numbers and words. */
#ifndef AJ_JSON_READ_PRIVATE_H
#define AJ_JSON_READ_PRIVATE_H

#include "aj_json.h"
#include "aj_json_read.h"

/** A text that is being read. It ends with NUL, which is no character of JSON, so that no loop needs to ask for the
 * end: whatever reads on stops there. */
typedef struct {
    char *text;
    char *at;
    const char *end;
    aj_node_t *nodes;
    apr_uint32_t count;
    apr_uint32_t room;
    apr_uint32_t open[AJ_JSON_MAX_DEPTH]; /**< the arrays and objects around, outermost first */
    int depth;
    apr_pool_t *pool;
    const char *why;
} aj_json_reader_t;

/** Refuse the text. @return 0 */
int aj_json_fail(aj_json_reader_t *reader, const char *why);

/** Refuse what stands here: at the end something is missing, elsewhere something is wrong. @return 0 */
int aj_json_fail_here(aj_json_reader_t *reader);

/** Read a string from its first quote on, and decode it in place. @return 0 when it is refused */
int aj_json_read_string(aj_json_reader_t *reader, aj_json_slice_t *string) AJ_MUST_USE;

/** Read a number (RFC 8259 section 6). @return 0 when it is refused, or is none */
int aj_json_read_number(aj_json_reader_t *reader, aj_node_t *node) AJ_MUST_USE;

/** Read true, false or null. @return 0 when something else is here */
int aj_json_read_word(aj_json_reader_t *reader, aj_node_t *node, const char *word, aj_node_type_e type) AJ_MUST_USE;

#endif
