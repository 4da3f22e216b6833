/* SPDX-License-Identifier: Apache-2.0 */
/* What administrators put into key files by mistake. Some of it is no key at all, some is accepted as a shared secret,
   since any bytes are one, and deserves a warning. */
#include <string.h>
#include <strings.h>

#include <apr_lib.h>

#include "aj_key_private.h"

static int begins(const unsigned char *text, apr_size_t len, const char *with)
{
    return len >= strlen(with) && !strncasecmp((const char *)text, with, strlen(with));
}

static int begins_with_one_of(const unsigned char *text, apr_size_t len, const char *const *words)
{
    for (; *words; words++) {
        if (begins(text, len, *words)) {
            return 1;
        }
    }
    return 0;
}

static int is_openssh(const unsigned char *text, apr_size_t len)
{
    static const char *const words[] = {
        "ssh-rsa ", "ssh-ed25519 ", "ssh-dss ", "ecdsa-sha2-", "---- BEGIN SSH2", NULL
    };

    return begins_with_one_of(text, len, words);
}

/* Text of two bytes a character: with its mark, or ASCII with a NUL beside each letter. */
static int is_utf16(const unsigned char *text, apr_size_t len)
{
    apr_size_t i, nul[2] = { 0, 0 };

    if (len >= 2 && (!memcmp(text, "\xff\xfe", 2) || !memcmp(text, "\xfe\xff", 2))) {
        return 1;
    }
    for (i = 0; i < len; i++) {
        nul[i % 2] += text[i] == '\0';
    }
    return len >= 8 && len % 2 == 0 && (nul[0] == len / 2) != (nul[1] == len / 2);
}

const char *aj_key_mistake(const unsigned char *text, apr_size_t len, const aj_alg_t *alg)
{
    if (is_openssh(text, len)) {
        return "is a public key in OpenSSH's form; convert it with ssh-keygen -e -m PKCS8";
    }
    if (alg->kty == AJ_KTY_OCT) {
        return NULL;
    }
    if (is_utf16(text, len)) {
        return "is UTF-16 text; save it as ASCII or UTF-8";
    }
    if (len > 1 && text[0] == 0x30 && (text[1] & 0x80)) {
        return "is binary, perhaps DER; convert it to PEM with openssl pkey -inform DER (-pubin for a public key)";
    }
    return NULL;
}

static int is_markup(const unsigned char *text, apr_size_t len)
{
    static const char *const words[] = { "<!doctype", "<html", "<head", "<body", "<?xml", NULL };

    while (len > 0 && apr_isspace(*text)) {
        text++;
        len--;
    }
    return begins_with_one_of(text, len, words);
}

static int is_one_byte(const unsigned char *text, apr_size_t len)
{
    while (len > 0 && apr_isspace(text[len - 1])) {
        len--;
    }
    return len > 1 && !memcmp(text, text + 1, len - 1);
}

static int is_blank(const unsigned char *text, apr_size_t len)
{
    while (len > 0 && apr_isspace(text[len - 1])) {
        len--;
    }
    return len == 0;
}

/* NAME=VALUE, as shells and .env files write it. The = at the end of base64 has no value behind it. */
static int is_assignment(const unsigned char *text, apr_size_t len)
{
    apr_size_t i = begins(text, len, "export ") ? strlen("export ") : 0, begin = i, upper = 0, lower = 0;

    for (; i < len && (apr_isalnum(text[i]) || text[i] == '_'); i++) {
        upper += apr_isupper(text[i]) != 0;
        lower += apr_islower(text[i]) != 0;
    }
    return i >= begin + 3 && i + 1 < len && text[i] == '=' && text[i + 1] != '=' && !apr_isspace(text[i + 1])
        && !apr_isdigit(text[begin]) && (!upper || !lower);
}

static int is_quoted(const unsigned char *text, apr_size_t len)
{
    while (len > 0 && apr_isspace(text[len - 1])) {
        len--;
    }
    return len > 2 && (text[0] == '"' || text[0] == '\'') && text[len - 1] == text[0];
}

const char *aj_key_doubt_text(const unsigned char *text, apr_size_t len)
{
    if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) {
        return "begins with the bytes EF BB BF, a byte order mark, which count as part of it";
    }
    if (is_utf16(text, len)) {
        return "looks like UTF-16 text, whose bytes FF, FE and 00 count as part of it; save it as ASCII or UTF-8";
    }
    if (is_markup(text, len)) {
        return "looks like a page of HTML or XML, perhaps the error message of a download";
    }
    if (is_blank(text, len)) {
        return "is nothing but blanks";
    }
    if (is_one_byte(text, len)) {
        return "is one character repeated, which anybody can guess";
    }
    if (is_assignment(text, len)) {
        return "looks like NAME=VALUE, and the name counts as part of it; write the value alone";
    }
    if (is_quoted(text, len)) {
        return "stands in quotes, which count as part of it";
    }
    if (text[len - 1] == '\r') {
        return "ends with the byte 0D, a carriage return, which counts as part of it";
    }
    return len > 1 && !memcmp(text + len - 2, "\r\n", 2)
             ? "ends with the bytes 0D 0A; they are left out here, but another program may count the 0D"
             : NULL;
}
