/* SPDX-License-Identifier: Apache-2.0 */
/* Telling an observer of a check. */
#include <stddef.h>

#include "aj_observer.h"

aj_error_e aj_observe(const aj_observer_t *observer, const char *check, aj_error_e verdict, const char *found)
{
    if (observer) {
        observer->see(observer->ctx, check, verdict, found);
    }
    return verdict;
}
