/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_entry_birth: a byte that says the form, and eight bytes, most significant first, of microseconds. */
#include "authjwt_entry_birth.h"

#define BIRTH_BYTES 9

const authjwt_store_id_t authjwt_entry_sentinel = { "mod_authjwt sentinel 0123456789." };
const authjwt_store_id_t authjwt_entry_probe = { "mod_authjwt probe 0123456789abcd" };

void authjwt_entry_write_birth(apr_time_t birth, authjwt_store_value_t *value)
{
    apr_uint64_t number = (apr_uint64_t)birth;
    int i;

    for (i = BIRTH_BYTES - 1; i > 0; i--, number >>= 8) {
        value->bytes[i] = (unsigned char)number;
    }
    value->bytes[0] = AUTHJWT_ENTRY_BIRTH_FORM;
    value->len = BIRTH_BYTES;
}

int authjwt_entry_birth_of(const unsigned char *bytes, apr_size_t len, apr_time_t *birth)
{
    apr_uint64_t number = 0;
    int i;

    *birth = 0;
    if (len < BIRTH_BYTES) {
        return 0;
    }
    for (i = 1; i < BIRTH_BYTES; i++) {
        number = number << 8 | bytes[i];
    }
    *birth = (apr_time_t)number;
    return bytes[0];
}

int authjwt_entry_is_before(apr_time_t began, int is_sid, apr_time_t birth)
{
    return is_sid ? began < birth : apr_time_sec(began) < apr_time_sec(birth);
}
