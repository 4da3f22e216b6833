/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_record: records of the session directory as bytes.
 *
 * The first byte is the form, 1. Numbers follow, most significant byte first: why it has ended (1), begin (8), last
 * (8), ends (8); then sid, client, agent and origin, each a length (1) and so many bytes. What a later release adds
 * behind them is passed over. */
#include <string.h>

#include <apr_strings.h>

#include "aj_base64url.h"
#include "authjwt_record.h"

#define FORM 1

/* Bytes of the name that people get: nobody can make two sessions meet by trying. */
#define PUBLIC_BYTES 16

apr_status_t authjwt_record_owner(const char *issuer, const char *user, apr_pool_t *pool, authjwt_store_id_t *id)
{
    return authjwt_entry_id(AUTHJWT_ENTRY_OWNER, issuer, user, strlen(user), pool, id);
}

const char *authjwt_record_public_id(const authjwt_store_id_t *id, apr_pool_t *pool)
{
    authjwt_store_id_t public_id;

    return authjwt_entry_id(AUTHJWT_ENTRY_PUBLIC, "", id->bytes, sizeof(id->bytes), pool, &public_id) == APR_SUCCESS
             ? aj_base64url_encode(public_id.bytes, PUBLIC_BYTES, pool)
             : NULL;
}

/* ---- writing ---- */

static unsigned char *put_number(unsigned char *at, int bytes, apr_uint64_t number)
{
    int i;

    for (i = bytes - 1; i >= 0; i--, number >>= 8) {
        at[i] = (unsigned char)number;
    }
    return at + bytes;
}

static unsigned char *put_bytes(unsigned char *at, const void *bytes, apr_size_t len)
{
    *at++ = (unsigned char)len;
    memcpy(at, bytes, len);
    return at + len;
}

/* A browser's name is ASCII; a list for people must not hold what changes how it is shown. */
static unsigned char *put_text(unsigned char *at, const char *text, apr_size_t most)
{
    apr_size_t len = text ? strlen(text) : 0, i;

    len = len < most ? len : most;
    *at++ = (unsigned char)len;
    for (i = 0; i < len; i++) {
        *at++ = text[i] >= ' ' && text[i] <= '~' ? (unsigned char)text[i] : '?';
    }
    return at;
}

apr_size_t authjwt_record_write(const authjwt_record_t *record, unsigned char bytes[AUTHJWT_RECORD_MAX])
{
    unsigned char *at = bytes;
    apr_size_t sid_len = strlen(record->sid);

    if (sid_len > AUTHJWT_RECORD_SID_MAX) {
        return 0;
    }
    at = put_number(at, 1, FORM);
    at = put_number(at, 1, record->ended);
    at = put_number(at, 8, (apr_uint64_t)record->begin);
    at = put_number(at, 8, (apr_uint64_t)record->last);
    at = put_number(at, 8, (apr_uint64_t)record->ends);
    at = put_bytes(at, record->sid, sid_len);
    at = put_text(at, record->client, AUTHJWT_RECORD_CLIENT_MAX);
    at = put_text(at, record->agent, AUTHJWT_RECORD_AGENT_MAX);
    at = put_bytes(at, record->origin.bytes, record->has_origin ? sizeof(record->origin.bytes) : 0);
    return (apr_size_t)(at - bytes);
}

_Static_assert(2 + 3 * 8 + 4 + AUTHJWT_RECORD_SID_MAX + AUTHJWT_RECORD_CLIENT_MAX + AUTHJWT_RECORD_AGENT_MAX
                       + AJ_SHA256_BYTES
                   <= AUTHJWT_RECORD_MAX,
               "the longest record must fit");

/* ---- reading ---- */

/** What is left to be read. `at` is NULL once there was too little. */
typedef struct {
    const unsigned char *at, *end;
} rest_t;

static const unsigned char *take(rest_t *rest, apr_size_t len)
{
    const unsigned char *at = rest->at;

    if (!at || (apr_size_t)(rest->end - at) < len) {
        rest->at = NULL;
        return NULL;
    }
    rest->at = at + len;
    return at;
}

static apr_uint64_t take_number(rest_t *rest, int bytes)
{
    const unsigned char *at = take(rest, (apr_size_t)bytes);
    apr_uint64_t number = 0;

    for (; at && bytes > 0; bytes--) {
        number = number << 8 | *at++;
    }
    return number;
}

static const char *take_text(rest_t *rest, apr_pool_t *pool)
{
    apr_size_t len = (apr_size_t)take_number(rest, 1);
    const unsigned char *at = take(rest, len);

    return at ? apr_pstrmemdup(pool, (const char *)at, len) : "";
}

int authjwt_record_read(const unsigned char *bytes, apr_size_t len, apr_pool_t *pool, authjwt_record_t *record)
{
    rest_t rest = { bytes, bytes + len };
    const unsigned char *origin;

    if (take_number(&rest, 1) != FORM) {
        return 0;
    }
    record->ended = take_number(&rest, 1) ? AUTHJWT_RECORD_THEFT : AUTHJWT_RECORD_LIVES;
    record->begin = (apr_time_t)take_number(&rest, 8);
    record->last = (apr_time_t)take_number(&rest, 8);
    record->ends = (apr_time_t)take_number(&rest, 8);
    record->sid = take_text(&rest, pool);
    record->client = take_text(&rest, pool);
    record->agent = take_text(&rest, pool);
    record->has_origin = take_number(&rest, 1) == sizeof(record->origin.bytes);
    origin = record->has_origin ? take(&rest, sizeof(record->origin.bytes)) : NULL;
    if (origin) {
        memcpy(record->origin.bytes, origin, sizeof(record->origin.bytes));
    }
    return rest.at != NULL;
}
