/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_entry_merge: what two stores say of one entry. */
#include "authjwt_entry.h"

static apr_time_t later(apr_time_t a, apr_time_t b)
{
    return a > b ? a : b;
}

/* A chain that has got further knows what the other one knew; where both are as far, either may know that the answer
 * has arrived. */
static void merge_chains(authjwt_entry_chain_t *known, const authjwt_entry_chain_t *other)
{
    if (other->used > known->used) {
        *known = *other;
    }
    else if (other->used == known->used) {
        known->is_seen |= other->is_seen;
    }
}

void authjwt_entry_merge(authjwt_store_value_t *known, const authjwt_store_value_t *other)
{
    authjwt_entry_mark_t mark, other_mark;
    authjwt_entry_chain_t chain, other_chain;

    if (authjwt_entry_mark_of(known, &mark) && authjwt_entry_mark_of(other, &other_mark)) {
        mark.ended = later(mark.ended, other_mark.ended);
        mark.until = later(mark.until, other_mark.until);
        authjwt_entry_write_mark(&mark, known);
    }
    else if (authjwt_entry_chain_of(known, &chain) && authjwt_entry_chain_of(other, &other_chain)) {
        merge_chains(&chain, &other_chain);
        authjwt_entry_write_chain(&chain, known);
    }
}
