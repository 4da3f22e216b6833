/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_record: whether a session that is listed has ended. */
#include "authjwt_entry_birth.h"
#include "authjwt_record.h"
#include "authjwt_revocation_claims.h"

/* Where the sid does not tell when it began, the iat of its tokens counts, and the latest is of the last refresh. */
static apr_time_t began_at(const authjwt_record_t *record)
{
    apr_time_t birth = authjwt_revocation_birth_of_sid(record->sid);

    return birth ? birth : record->last;
}

int authjwt_record_is_marked(const authjwt_record_t *record, const authjwt_entry_mark_t *mark)
{
    int knows_instant = authjwt_revocation_birth_of_sid(record->sid) && !record->has_origin;

    return began_at(record) <= (knows_instant ? mark->until : mark->ended);
}

int authjwt_record_is_before(const authjwt_record_t *record, apr_time_t birth)
{
    return authjwt_entry_is_before(began_at(record), authjwt_revocation_birth_of_sid(record->sid) != 0, birth);
}
