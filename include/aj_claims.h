/* SPDX-License-Identifier: Apache-2.0 */
/* aj_claims: read-only view of claims that have been verified; only aj_jwt makes one. */
#ifndef AJ_CLAIMS_H
#define AJ_CLAIMS_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_time.h>
#include <jansson.h>
#include "aj_key.h"

typedef struct aj_claims_t aj_claims_t;

/** What a token is good for (`type`, as Flask-JWT-Extended writes it; absent counts as access). */
typedef enum { AJ_TYPE_ACCESS = 1, AJ_TYPE_REFRESH = 2 } aj_token_type_e;

/** All claims as one JSON object, borrowed. Never modify it. */
const json_t *aj_claims_object(const aj_claims_t *claims);

/** Claim by literal name or, beginning with '/', JSON Pointer. @return borrowed, NULL when absent */
const json_t *aj_claims_get(const aj_claims_t *claims, const char *name);

/** Claim that is a string. @return borrowed, NULL when absent or of another type */
const char *aj_claims_string(const aj_claims_t *claims, const char *name);

/** Identity: value of the policy's identity claim; non-empty, without control characters. */
const char *aj_claims_identity(const aj_claims_t *claims);

/** Type of the token. */
aj_token_type_e aj_claims_type(const aj_claims_t *claims);

/** End of the token's life (`exp`), in microseconds since 1970. */
apr_time_t aj_claims_expires(const aj_claims_t *claims);

/** Time of issue (`iat`), in microseconds since 1970; 0 when absent. */
apr_time_t aj_claims_issued(const aj_claims_t *claims);

/** End of the session (`sid_exp`), in microseconds since 1970; 0 when absent. */
apr_time_t aj_claims_session_expires(const aj_claims_t *claims);

/** The key that verified the token; lives as long as the policy's ring. */
const aj_key_t *aj_claims_key(const aj_claims_t *claims);

/** SHA-256 of what is signed, header '.' payload as sent, 32 bytes, borrowed. Two signatures of one token share it.
 * Made when it is asked for, by validating only where the token has no jti. @return NULL when OpenSSL fails */
const unsigned char *aj_claims_token_hash(const aj_claims_t *claims);

/**
 * Collect the strings of several claims, each a string or an array of strings; others are ignored.
 * @param names  `const char *`
 * @return `const char *` array owned by pool, in order, without duplicates; may be empty
 */
apr_array_header_t *aj_claims_strings(const aj_claims_t *claims, const apr_array_header_t *names, apr_pool_t *pool);

/** Is the text one of those that aj_claims_strings would collect? Costs less than a list, for whoever asks once. */
int aj_claims_has_string(const aj_claims_t *claims, const apr_array_header_t *names, const char *text);

/** Is there a control character in UTF-8 text: below 0x20, 0x7f, or U+0080 to U+009F (C2 80 to C2 9F)? */
int aj_claims_has_control(const char *text);

/**
 * Text of a value for environments and headers: a string as it is, numbers and booleans as JSON text, an array of such
 * comma-joined, anything else compact JSON.
 * @return owned by pool; NULL for null and for text with a control character
 */
const char *aj_claims_text(const json_t *value, apr_pool_t *pool);

/**
 * Text of a claim, as aj_claims_text gives it, by literal name or JSON Pointer.
 * @return borrowed from the claims or owned by pool; NULL when the claim is absent, too
 */
const char *aj_claims_text_of(const aj_claims_t *claims, const char *name, apr_pool_t *pool);

/** @param text  of the claim, as from aj_claims_text_of; NULL where it has none */
typedef void aj_claims_visit_t(void *data, const char *name, const char *text);

/** Visit each claim, in the order of the token. Names and texts are borrowed from the claims or owned by pool. */
void aj_claims_each(const aj_claims_t *claims, apr_pool_t *pool, aj_claims_visit_t *visit, void *data);

/** What the names of variables begin with. */
#define AJ_VARIABLE_PREFIX "JWT_CLAIM_"

/** A claim as a variable of the environment. */
typedef struct {
    const char *name;
    const char *text; /**< as aj_claims_text_of gives it */
} aj_variable_t;

/** Name of a claim's variable: AJ_VARIABLE_PREFIX and the claim in upper case, `_` for all but letters and digits. */
const char *aj_claims_variable_name(const char *claim, apr_pool_t *pool);

/**
 * All claims that have a text, as variables. Two whose names become one are both left out, so that nobody can pass for
 * the other.
 * @param count  set to the number of them
 * @return borrowed, in the order of the token
 */
const aj_variable_t *aj_claims_variables(const aj_claims_t *claims, int *count);

/**
 * Bytes that aj_claims_pack needs, a multiple of eight.
 * @param most  more are not wanted; then no text is made for variables
 * @return 0 when it would be more than most
 */
apr_size_t aj_claims_packed_size(const aj_claims_t *claims, apr_size_t most);

/**
 * Write claims, and their variables, into one block that may be copied anywhere within the process. aj_jwt_recall makes
 * claims of it. It holds neither header nor signature of the token.
 * @param size   of aj_claims_packed_size
 * @param block  so many bytes, aligned for any type
 */
void aj_claims_pack(const aj_claims_t *claims, apr_size_t size, void *block);

/**
 * Is the value this text, or an array with such an element? Strings are compared byte for byte; numbers and booleans by
 * the text that aj_claims_text gives them. null, objects and arrays within arrays are no text, nor is an absent value
 * (NULL).
 * @param pool  for the text of numbers
 */
int aj_claims_holds(const json_t *value, const char *text, apr_pool_t *pool);

/**
 * Is the word in the value: a string of words with blanks between them (`scope`, RFC 8693 4.2, RFC 6749 3.3), or an
 * array of strings, each one word? "" is no word.
 */
int aj_claims_holds_word(const json_t *value, const char *word);

/**
 * Does the token come from a login rather than from a refresh? Its claim `fresh` is true, or a NumericDate: fresh until
 * then.
 * @param age  how long ago it may have been issued (`iat`, which is needed then), in microseconds; below 0: no limit. A
 * token from the future, which the policy's leeway lets pass, is new.
 */
int aj_claims_is_fresh(const aj_claims_t *claims, apr_interval_time_t age, apr_time_t now);

#endif
