/* SPDX-License-Identifier: Apache-2.0 */
/* Verdicts: tags and sentences. A tag is never reused: new verdicts get new numbers at the end. */
#include <string.h>

#include "aj_error.h"

#define ESCAPE_MAX_BYTES 64

typedef struct {
    const char *tag;
    const char *text;
} verdict_t;

static const verdict_t verdicts[AJ_E_COUNT] = {
    [AJ_REFUSED] = { "AJ0100", "no verdict was reached" },
    [AJ_OK] = { "AJ0101", "accepted" },
    [AJ_E_TOO_LONG] = { "AJ0102", "token is too long" },
    [AJ_E_SEGMENTS] = { "AJ0103", "token does not have three segments" },
    [AJ_E_BASE64URL] = { "AJ0104", "a segment is not strict base64url" },
    [AJ_E_HEADER_JSON] = { "AJ0105", "header is not one JSON object without duplicate members" },
    [AJ_E_HEADER_MEMBER] = { "AJ0106", "header member alg or kid is missing or no string" },
    [AJ_E_CRIT] = { "AJ0107", "header asks for an extension that is not understood" },
    [AJ_E_TYP] = { "AJ0128", "header's typ says that this is no access token" },
    [AJ_E_ALG] = { "AJ0108", "no key for the algorithm" },
    [AJ_E_KID] = { "AJ0109", "no key with this kid" },
    [AJ_E_KEY_AMBIGUOUS] = { "AJ0110", "several keys fit and the token names none" },
    [AJ_E_SIGNATURE_LENGTH] = { "AJ0111", "signature has a length that the algorithm does not allow" },
    [AJ_E_SIGNATURE] = { "AJ0112", "signature does not match" },
    [AJ_E_PAYLOAD_JSON] = { "AJ0113", "payload is not one JSON object without duplicate members" },
    [AJ_E_EXP_ABSENT] = { "AJ0114", "exp is absent" },
    [AJ_E_EXP_INSANE] = { "AJ0115", "exp is not a date" },
    [AJ_E_EXPIRED] = { "AJ0116", "token has expired" },
    [AJ_E_TYPE_UNKNOWN] = { "AJ0117", "type is neither access nor refresh" },
    [AJ_E_TYPE_FOREIGN] = { "AJ0129", "the issuer made this token for something else than access" },
    [AJ_E_TYPE_NOT_ACCESS] = { "AJ0118", "refresh token where an access token is wanted" },
    [AJ_E_TYPE_NOT_REFRESH] = { "AJ0119", "access token where a refresh token is wanted" },
    [AJ_E_ISS] = { "AJ0120", "iss is not the issuer" },
    [AJ_E_AUD] = { "AJ0121", "aud names none of the audiences" },
    [AJ_E_NBF] = { "AJ0122", "nbf is in the future or not a date" },
    [AJ_E_IAT] = { "AJ0123", "iat is in the future or not a date" },
    [AJ_E_IDENTITY] = { "AJ0124", "identity claim is not usable" },
    [AJ_E_CLAIM_MEMBER] = { "AJ0125", "jti, sid or sid_exp has the wrong type" },
    [AJ_E_REVOKED] = { "AJ0126", "token has been revoked" },
    [AJ_E_CRYPTO] = { "AJ0127", "the cryptographic library failed" },
};

/* Compared as unsigned, so that a negative value gives the row of AJ_REFUSED too. */
static const verdict_t *find(aj_error_e error)
{
    return &verdicts[(unsigned)error < AJ_E_COUNT ? (unsigned)error : AJ_REFUSED];
}

const char *aj_error_tag(aj_error_e error)
{
    return find(error)->tag;
}

const char *aj_error_text(aj_error_e error)
{
    return find(error)->text;
}

const char *aj_escape(const char *untrusted, apr_size_t len, apr_pool_t *pool)
{
    static const char hex[] = "0123456789abcdef";
    const int is_cut = len > ESCAPE_MAX_BYTES;
    const apr_size_t shown = is_cut ? ESCAPE_MAX_BYTES : len;
    apr_size_t i;
    char *text = apr_palloc(pool, 4 * shown + sizeof("..."));
    char *end = text;

    for (i = 0; i < shown; i++) {
        unsigned char c = (unsigned char)untrusted[i];

        if (c >= 0x20 && c < 0x7f && c != '"' && c != '\'' && c != '\\') {
            *end++ = (char)c;
        }
        else {
            *end++ = '\\';
            *end++ = 'x';
            *end++ = hex[c >> 4];
            *end++ = hex[c & 15];
        }
    }
    strcpy(end, is_cut ? "..." : "");
    return text;
}
