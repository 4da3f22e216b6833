/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_entry_birth: the entry of a store that says when it has lost its entries. Without httpd. */
#ifndef AUTHJWT_ENTRY_BIRTH_H
#define AUTHJWT_ENTRY_BIRTH_H

#include "authjwt_entry.h"

/** The form that is written; a later release may write a later one, which begins alike. Form 1 is of the first release:
 * it always said 0, and went after some days. */
#define AUTHJWT_ENTRY_BIRTH_FORM 2

/** How long it is kept: as long as the marks of revocation. */
#define AUTHJWT_ENTRY_BIRTH_LIFE (apr_time_from_sec(10) * 366 * 24 * 3600)

/** Id of the entry, which is always there: the sentinel. */
extern const authjwt_store_id_t authjwt_entry_sentinel;

/** Id of an entry that is written to find out whether the store is alive. */
extern const authjwt_store_id_t authjwt_entry_probe;

/** Write a birth, microseconds since 1970; 0: the store has lost nothing. */
void authjwt_entry_write_birth(apr_time_t birth, authjwt_store_value_t *value);

/**
 * Read it.
 * @param birth  set in any case; 0 where it is none
 * @return its form; 0 if it is none
 */
int authjwt_entry_birth_of(const unsigned char *bytes, apr_size_t len, apr_time_t *birth);

/**
 * Did a session begin before the store lost its entries?
 * @param began   when it began, microseconds since 1970
 * @param is_sid  its sid says so, to the microsecond. Else it is the `iat` of a token, a whole second, within which
 *                nobody knows what came first; then a token of the second of the loss counts as one issued after it
 * @param birth   when the store lost them, or 0
 */
int authjwt_entry_is_before(apr_time_t began, int is_sid, apr_time_t birth);

#endif
