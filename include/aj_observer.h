/* SPDX-License-Identifier: Apache-2.0 */
/* aj_observer: whoever wants to see each check of a token as it is made, to explain a refusal. */
#ifndef AJ_OBSERVER_H
#define AJ_OBSERVER_H

#include "aj_error.h"

/** Called after each check, in order, up to and with the one that refuses. */
typedef struct {
    /**
     * @param check    what was checked, a literal
     * @param verdict  AJ_OK, or why it refuses
     * @param found    what the token says: unverified text of any kind, to be escaped before it is shown; NULL where
     *                 there is nothing to show
     */
    void (*see)(void *ctx, const char *check, aj_error_e verdict, const char *found);
    void *ctx;
} aj_observer_t;

/** Tell an observer of a check. @param observer  NULL: nobody looks @return verdict */
aj_error_e aj_observe(const aj_observer_t *observer, const char *check, aj_error_e verdict,
                      const char *found) AJ_MUST_USE;

#endif
