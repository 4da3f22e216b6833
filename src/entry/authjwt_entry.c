/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_entry: ids and values of the entries that revocation and chain keep in the store.
 *
 * A value begins with a byte that says its form; numbers follow, most significant byte first:
 *   1  a time (8 bytes): a mark of the first releases, and of whatever has only one time
 *   2  two times: a mark
 *   3  generation (4), seen (1), and two uses, each a time (8) and a name (8): a chain */
#include <string.h>

#include "authjwt_entry.h"

enum { FORM_TIME = 1, FORM_MARK = 2, FORM_CHAIN = 3 };

#define TIME_BYTES  9
#define MARK_BYTES  17
#define CHAIN_BYTES 38

apr_status_t authjwt_entry_id(authjwt_entry_kind_e kind, const char *issuer, const void *value, apr_size_t len,
                              apr_pool_t *pool, authjwt_store_id_t *id)
{
    apr_size_t issuer_len = strlen(issuer);
    char *text = apr_palloc(pool, 1 + issuer_len + 1 + len);

    text[0] = (char)kind;
    memcpy(text + 1, issuer, issuer_len + 1);
    memcpy(text + 1 + issuer_len + 1, value, len);
    return aj_sha256(text, 1 + issuer_len + 1 + len, id->bytes);
}

const char *authjwt_entry_issuer(const aj_claims_t *claims)
{
    const char *issuer = aj_claims_string(claims, "iss");

    return issuer ? issuer : "";
}

static void put_number(authjwt_store_value_t *value, int bytes, apr_uint64_t number)
{
    int i;

    for (i = bytes - 1; i >= 0; i--, number >>= 8) {
        value->bytes[value->len + i] = (unsigned char)number;
    }
    value->len += bytes;
}

static apr_uint64_t get_number(const unsigned char **at, int bytes)
{
    apr_uint64_t number = 0;

    for (; bytes > 0; bytes--) {
        number = number << 8 | *(*at)++;
    }
    return number;
}

apr_status_t authjwt_entry_name(const char *name, apr_uint64_t *number)
{
    unsigned char hash[AJ_SHA256_BYTES];
    const unsigned char *at = hash;
    apr_status_t rv = aj_sha256(name, strlen(name), hash);

    if (rv == APR_SUCCESS) {
        *number = get_number(&at, 8);
    }
    return rv;
}

void authjwt_entry_write_mark(const authjwt_entry_mark_t *mark, authjwt_store_value_t *value)
{
    value->len = 0;
    put_number(value, 1, FORM_MARK);
    put_number(value, 8, (apr_uint64_t)mark->ended);
    put_number(value, 8, (apr_uint64_t)mark->until);
}

void authjwt_entry_write_chain(const authjwt_entry_chain_t *chain, authjwt_store_value_t *value)
{
    value->len = 0;
    put_number(value, 1, FORM_CHAIN);
    put_number(value, 4, chain->used);
    put_number(value, 1, chain->is_seen != 0);
    put_number(value, 8, (apr_uint64_t)chain->last.first);
    put_number(value, 8, chain->last.name);
    put_number(value, 8, (apr_uint64_t)chain->before.first);
    put_number(value, 8, chain->before.name);
}

int authjwt_entry_mark_of(const authjwt_store_value_t *value, authjwt_entry_mark_t *mark)
{
    const unsigned char *at = value->bytes + 1;
    int has_two = value->len == MARK_BYTES && value->bytes[0] == FORM_MARK;

    if (!has_two && !(value->len == TIME_BYTES && value->bytes[0] == FORM_TIME)) {
        return 0;
    }
    mark->ended = (apr_time_t)get_number(&at, 8);
    mark->until = has_two ? (apr_time_t)get_number(&at, 8) : mark->ended;
    return 1;
}

int authjwt_entry_chain_of(const authjwt_store_value_t *value, authjwt_entry_chain_t *chain)
{
    const unsigned char *at = value->bytes + 1;

    if (value->len != CHAIN_BYTES || value->bytes[0] != FORM_CHAIN) {
        return 0;
    }
    chain->used = (apr_uint32_t)get_number(&at, 4);
    chain->is_seen = get_number(&at, 1) != 0;
    chain->last.first = (apr_time_t)get_number(&at, 8);
    chain->last.name = get_number(&at, 8);
    chain->before.first = (apr_time_t)get_number(&at, 8);
    chain->before.name = get_number(&at, 8);
    return 1;
}
