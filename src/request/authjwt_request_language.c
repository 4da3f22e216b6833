/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_request: the language that a client likes best of those there are. Needs no httpd at run time, so that a
 * fuzzer links it alone. */
#include <string.h>
#include <apr_cstr.h>
#include <apr_lib.h>

#include "authjwt_request.h"

/* Nobody speaks more; what comes after them is not read. */
#define RANGES_MAX 32

/* language-range of RFC 4647 2.1 with its weight. */
typedef struct {
    const char *text;
    apr_size_t len;
    int weight; /* in thousandths */
} range_t;

/* How well a language is liked, where in the header that is said, and how much of its tag that names: of "de-AT" all
 * that "de" has, and more. */
typedef struct {
    int weight;
    int at;
    apr_size_t len;
} liking_t;

static const char *skip_blanks(const char *p)
{
    return p + strspn(p, " \t");
}

/* qvalue of RFC 9110 12.4.2. @return thousandths, -1 when malformed */
static int read_weight(const char *p, const char *end)
{
    int whole = *p == '1' ? 1000 : 0;
    int part = 0;
    int unit = 100;

    if (p == end || (*p != '0' && *p != '1')) {
        return -1;
    }
    p++;
    if (p < end && *p == '.') {
        for (p++; p < end && apr_isdigit(*p) && unit; p++) {
            part += unit * (*p - '0');
            unit /= 10;
        }
    }
    while (p < end && (*p == ' ' || *p == '\t')) {
        p++;
    }
    return p == end && whole + part <= 1000 ? whole + part : -1;
}

/* @param end  of the element, where a comma or nothing is. @return non-zero when it is well-formed */
static int read_range(const char *p, const char *end, range_t *out)
{
    p = skip_blanks(p);
    out->text = p;
    out->weight = 1000;
    while (p < end && (apr_isalnum(*p) || *p == '-' || *p == '*')) {
        p++;
    }
    out->len = p - out->text;
    p = skip_blanks(p);
    if (p < end && *p == ';') {
        p = skip_blanks(p + 1);
        if (end - p < 3 || (*p != 'q' && *p != 'Q') || p[1] != '=') {
            return 0;
        }
        out->weight = read_weight(p + 2, end);
        p = end;
    }
    return out->len && p >= end && out->weight >= 0;
}

/* Is the first the second, or what stands before a '-' of it? "de" of "de-AT". */
static int is_begin_of(const char *one, apr_size_t one_len, const char *other, apr_size_t other_len)
{
    return one_len <= other_len && !apr_cstr_casecmpn(one, other, one_len)
        && (one_len == other_len || other[one_len] == '-');
}

/* What is said of the language itself counts, or of a wider one ("de" of "de-AT"). Somebody who asks for "de-AT" is
 * also served by "de" (RFC 4647 3.4), unless that is refused. "*" is for what nothing else is said of. */
static liking_t liking_of(const char *tag, const range_t *ranges, int count)
{
    liking_t narrow = { -1, count, 0 }, wide = { -1, count, 0 }, any = { -1, count, 0 };
    apr_size_t len = strlen(tag);
    int i;

    for (i = 0; i < count; i++) {
        const range_t *one = &ranges[i];

        if (one->len == 1 && *one->text == '*') {
            any = any.weight < 0 ? (liking_t){ one->weight, i, 0 } : any;
        }
        else if (is_begin_of(one->text, one->len, tag, len) && one->len > narrow.len) {
            narrow = (liking_t){ one->weight, i, one->len };
        }
        else if (one->len > len && is_begin_of(tag, len, one->text, one->len) && one->weight > wide.weight) {
            wide = (liking_t){ one->weight, i, len };
        }
    }
    if (narrow.weight >= 0) {
        return narrow.weight && wide.weight > narrow.weight ? wide : narrow;
    }
    return wide.weight > 0 ? wide : any;
}

static int is_liked_more(liking_t one, liking_t other)
{
    if (one.weight != other.weight) {
        return one.weight > other.weight;
    }
    return one.at < other.at || (one.at == other.at && one.len > other.len);
}

int authjwt_request_language(const char *accepted, const apr_array_header_t *languages)
{
    range_t ranges[RANGES_MAX];
    liking_t best = { 0, 0, 0 };
    int count = 0, found = 0, i;
    const char *p = accepted ? accepted : "";

    while (*p && count < RANGES_MAX) {
        const char *end = p + strcspn(p, ",");

        count += read_range(p, end, &ranges[count]);
        p = *end ? end + 1 : end;
    }
    for (i = 0; i < languages->nelts; i++) {
        liking_t liking = liking_of(APR_ARRAY_IDX(languages, i, const char *), ranges, count);

        if (liking.weight > 0 && is_liked_more(liking, best)) {
            best = liking;
            found = i;
        }
    }
    return found;
}
