/* JSON of tokens, read in place. The text ends with NUL, which is no character of JSON, so that no loop needs to ask
   for the end: whatever reads on stops there. Nothing recurses: open arrays and objects are kept in an array. */
#include <stdlib.h>
#include <string.h>

#include "aj_json.h"
#include "aj_json_read.h"

/* More members than this are compared by sorting: pairs would cost the square. */
#define MANY_MEMBERS 16

typedef struct {
    char *text;
    char *at;
    const char *end;
    aj_node_t *nodes;
    apr_uint32_t count;
    apr_uint32_t room;
    apr_uint32_t open[AJ_JSON_MAX_DEPTH]; /**< the arrays and objects around, outermost first */
    int depth;
    apr_pool_t *pool;
    const char *why;
} reader_t;

/* Bytes that end the fast way through a string. */
static const unsigned char special[256] = {
    [0 ... 0x1f] = 1,
    ['"'] = 1,
    ['\\'] = 1,
    [0x80 ... 0xff] = 1,
};

static int fail(reader_t *reader, const char *why)
{
    reader->why = why;
    return 0;
}

/* What stands here cannot. At the end something is missing, elsewhere something is wrong. */
static int fail_here(reader_t *reader)
{
    return fail(reader, reader->at == reader->end ? "ends too early" : "not JSON");
}

static void skip_blanks(reader_t *reader)
{
    while (*reader->at == ' ' || *reader->at == '\n' || *reader->at == '\t' || *reader->at == '\r') {
        reader->at++;
    }
}

/* --- strings ------------------------------------------------------------------------------------- */

static int is_between(char byte, unsigned low, unsigned high)
{
    return (unsigned char)byte >= low && (unsigned char)byte <= high;
}

/* Length of the UTF-8 sequence here (RFC 3629 section 4). @return 0 when it is none */
static int sequence_length(const char *at)
{
    unsigned char first = (unsigned char)*at;

    if (first >= 0xc2 && first <= 0xdf) {
        return is_between(at[1], 0x80, 0xbf) ? 2 : 0;
    }
    if (first >= 0xe0 && first <= 0xef) {
        unsigned low = first == 0xe0 ? 0xa0 : 0x80, high = first == 0xed ? 0x9f : 0xbf;

        return is_between(at[1], low, high) && is_between(at[2], 0x80, 0xbf) ? 3 : 0;
    }
    if (first >= 0xf0 && first <= 0xf4) {
        unsigned low = first == 0xf0 ? 0x90 : 0x80, high = first == 0xf4 ? 0x8f : 0xbf;

        return is_between(at[1], low, high) && is_between(at[2], 0x80, 0xbf) && is_between(at[3], 0x80, 0xbf) ? 4 : 0;
    }
    return 0;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Four hexadecimal digits. @return -1 when they are none */
static int read_hex(reader_t *reader)
{
    int code = 0, i;

    for (i = 0; i < 4; i++) {
        int value = hex_value(*reader->at);

        if (value < 0) {
            return -1;
        }
        code = code << 4 | value;
        reader->at++;
    }
    return code;
}

static char *write_utf8(char *to, unsigned code)
{
    if (code < 0x80) {
        *to++ = (char)code;
        return to;
    }
    if (code < 0x800) {
        *to++ = (char)(0xc0 | code >> 6);
    }
    else {
        if (code < 0x10000) {
            *to++ = (char)(0xe0 | code >> 12);
        }
        else {
            *to++ = (char)(0xf0 | code >> 18);
            *to++ = (char)(0x80 | (code >> 12 & 0x3f));
        }
        *to++ = (char)(0x80 | (code >> 6 & 0x3f));
    }
    *to++ = (char)(0x80 | (code & 0x3f));
    return to;
}

/* Behind "\u". A surrogate needs its other half (RFC 8259 section 7). */
static int read_code(reader_t *reader, char **to)
{
    int code = read_hex(reader), low;

    if (code < 0) {
        return fail_here(reader);
    }
    if (code == 0) {
        return fail(reader, "a string holds NUL");
    }
    if (code >= 0xd800 && code <= 0xdfff) {
        if (code > 0xdbff || reader->at[0] != '\\' || reader->at[1] != 'u') {
            return fail_here(reader);
        }
        reader->at += 2;
        low = read_hex(reader);
        if (low < 0xdc00 || low > 0xdfff) {
            return fail_here(reader);
        }
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    *to = write_utf8(*to, (unsigned)code);
    return 1;
}

static int read_escape(reader_t *reader, char **to)
{
    static const char escapes[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    char which = *++reader->at;
    const char *found = which ? strchr(escapes, which) : NULL;

    if (which == 'u') {
        reader->at++;
        return read_code(reader, to);
    }
    if (!found) {
        return fail_here(reader);
    }
    *(*to)++ = meanings[found - escapes];
    reader->at++;
    return 1;
}

/* One character of a string, any but the quote that ends it. */
static int read_character(reader_t *reader, char **to)
{
    int len = 1;

    if (*reader->at == '\\') {
        return read_escape(reader, to);
    }
    if (is_between(*reader->at, 0, 0x1f)) {
        return fail_here(reader);
    }
    if (is_between(*reader->at, 0x80, 0xff) && !(len = sequence_length(reader->at))) {
        return fail(reader, "not UTF-8");
    }
    while (len-- > 0) {
        *(*to)++ = *reader->at++;
    }
    return 1;
}

/* Decoding never makes a string longer, so what is written stays behind what is read. */
static int read_string(reader_t *reader, aj_json_slice_t *string)
{
    char *from = ++reader->at, *to;

    while (!special[(unsigned char)*reader->at]) {
        reader->at++;
    }
    to = reader->at;
    while (*reader->at != '"') {
        if (!read_character(reader, &to)) {
            return 0;
        }
    }
    reader->at++;
    *to = '\0';
    string->at = (apr_uint32_t)(from - reader->text);
    string->len = (apr_uint32_t)(to - from);
    return 1;
}

/* --- numbers, words ------------------------------------------------------------------------------ */

/* One digit at least. */
static int skip_digits(reader_t *reader)
{
    char *from = reader->at;

    while (is_between(*reader->at, '0', '9')) {
        reader->at++;
    }
    return reader->at > from || fail_here(reader);
}

/* Digits of an integer. @return 0 when it does not fit into 64 bits */
static int to_integer(const char *at, const char *end, apr_int64_t *out)
{
    int negative = *at == '-';
    apr_int64_t value = 0;

    for (at += negative; at < end; at++) {
        int digit = *at - '0';

        if (__builtin_mul_overflow(value, 10, &value)
            || __builtin_add_overflow(value, negative ? -digit : digit, &value)) {
            return 0;
        }
    }
    *out = value;
    return 1;
}

/* By jansson, which knows about locales and rounds as everywhere else. Tokens rarely hold one. */
static int to_real(const char *at, const char *end, double *out)
{
    json_t *json = json_loadb(at, (size_t)(end - at), JSON_DECODE_ANY, NULL);
    int ok = json_is_real(json);

    *out = ok ? json_real_value(json) : 0;
    json_decref(json);
    return ok;
}

/* RFC 8259 section 6. */
static int read_number(reader_t *reader, aj_node_t *node)
{
    char *from = reader->at;
    int fits;

    reader->at += *from == '-';
    if (*reader->at == '0') {
        reader->at++;
    }
    else if (!skip_digits(reader)) {
        return 0;
    }
    node->type = AJ_NODE_INTEGER;
    if (*reader->at == '.') {
        node->type = AJ_NODE_REAL;
        reader->at++;
        if (!skip_digits(reader)) {
            return 0;
        }
    }
    if (*reader->at == 'e' || *reader->at == 'E') {
        node->type = AJ_NODE_REAL;
        reader->at++;
        reader->at += *reader->at == '+' || *reader->at == '-';
        if (!skip_digits(reader)) {
            return 0;
        }
    }
    fits = node->type == AJ_NODE_INTEGER ? to_integer(from, reader->at, &node->value.integer)
                                         : to_real(from, reader->at, &node->value.real);
    return fits || fail(reader, "a number is out of range");
}

static int read_word(reader_t *reader, aj_node_t *node, const char *word, aj_node_type_e type)
{
    for (; *word; word++, reader->at++) {
        if (*reader->at != *word) {
            return fail_here(reader);
        }
    }
    node->type = type;
    return 1;
}

/* --- duplicates ---------------------------------------------------------------------------------- */

typedef struct {
    const char *text;
    apr_uint32_t len;
} name_t;

static int compare_names(const void *one, const void *two)
{
    const name_t *a = one, *b = two;

    return a->len != b->len ? (a->len < b->len ? -1 : 1) : memcmp(a->text, b->text, a->len);
}

static int has_equal_neighbours(const name_t *names, apr_uint32_t count)
{
    apr_uint32_t i;

    for (i = 1; i < count; i++) {
        if (!compare_names(&names[i - 1], &names[i])) {
            return 1;
        }
    }
    return 0;
}

static int has_equal_pair(const name_t *names, apr_uint32_t count)
{
    apr_uint32_t i, k;

    for (i = 1; i < count; i++) {
        for (k = 0; k < i; k++) {
            if (names[i].len == names[k].len && !memcmp(names[i].text, names[k].text, names[i].len)) {
                return 1;
            }
        }
    }
    return 0;
}

/* By comparing, not by hashing: the header is read before its signature is checked, and a hash can be flooded. */
static int has_duplicates(const reader_t *reader, apr_uint32_t object)
{
    apr_uint32_t size = reader->nodes[object].value.size, i, k;
    name_t few[MANY_MEMBERS];
    name_t *names = size > MANY_MEMBERS ? apr_palloc(reader->pool, size * sizeof(*names)) : few;

    for (i = 0, k = object + 1; i < size; i++, k = reader->nodes[k].end) {
        names[i].text = reader->text + reader->nodes[k].name.at;
        names[i].len = reader->nodes[k].name.len;
    }
    if (size <= MANY_MEMBERS) {
        return has_equal_pair(names, size);
    }
    qsort(names, size, sizeof(*names), compare_names);
    return has_equal_neighbours(names, size);
}

/* --- values -------------------------------------------------------------------------------------- */

/* A new node at the end; it counts in what is open. Pointers to nodes are good until the next one. */
static aj_node_t *add_node(reader_t *reader)
{
    aj_node_t *node;

    if (reader->count == reader->room) {
        aj_node_t *more = apr_palloc(reader->pool, 2 * reader->room * sizeof(*more));

        memcpy(more, reader->nodes, reader->room * sizeof(*more));
        reader->nodes = more;
        reader->room *= 2;
    }
    if (reader->depth > 0) {
        reader->nodes[reader->open[reader->depth - 1]].value.size++;
    }
    node = &reader->nodes[reader->count++];
    node->end = reader->count;
    node->name.at = node->name.len = 0;
    return node;
}

static int open_container(reader_t *reader, aj_node_t *node)
{
    if (reader->depth == AJ_JSON_MAX_DEPTH) {
        return fail(reader, "nested too deeply");
    }
    node->type = *reader->at == '{' ? AJ_NODE_OBJECT : AJ_NODE_ARRAY;
    node->value.size = 0;
    reader->open[reader->depth++] = reader->count - 1;
    reader->at++;
    return 1;
}

static int read_value(reader_t *reader, aj_node_t *node)
{
    switch (*reader->at) {
    case '"':
        node->type = AJ_NODE_STRING;
        return read_string(reader, &node->value.string);
    case '{':
    case '[':
        return open_container(reader, node);
    case 't':
        return read_word(reader, node, "true", AJ_NODE_TRUE);
    case 'f':
        return read_word(reader, node, "false", AJ_NODE_FALSE);
    case 'n':
        return read_word(reader, node, "null", AJ_NODE_NULL);
    default:
        return read_number(reader, node);
    }
}

static int in_object(const reader_t *reader)
{
    return reader->depth > 0 && reader->nodes[reader->open[reader->depth - 1]].type == AJ_NODE_OBJECT;
}

static int read_name(reader_t *reader, aj_json_slice_t *name)
{
    if (*reader->at != '"') {
        return fail_here(reader);
    }
    if (!read_string(reader, name)) {
        return 0;
    }
    skip_blanks(reader);
    if (*reader->at != ':') {
        return fail_here(reader);
    }
    reader->at++;
    skip_blanks(reader);
    return 1;
}

static int read_member(reader_t *reader)
{
    int named = in_object(reader);
    aj_node_t *node = add_node(reader);

    skip_blanks(reader);
    return (!named || read_name(reader, &node->name)) && read_value(reader, node);
}

/* Does the innermost array or object end here? */
static int ends_here(const reader_t *reader)
{
    return reader->depth > 0 && *reader->at == (in_object(reader) ? '}' : ']');
}

static int close_container(reader_t *reader)
{
    apr_uint32_t which = reader->open[reader->depth - 1];

    if (in_object(reader) && has_duplicates(reader, which)) {
        return fail(reader, "a member appears twice");
    }
    reader->nodes[which].end = reader->count;
    reader->depth--;
    reader->at++;
    return 1;
}

/* Behind a value: close what ends here. @return 1 when another value follows, or when all is closed (depth 0) */
static int read_ends(reader_t *reader)
{
    for (;;) {
        skip_blanks(reader);
        if (reader->depth == 0) {
            return 1;
        }
        if (*reader->at == ',') {
            reader->at++;
            return 1;
        }
        if (!ends_here(reader)) {
            return fail_here(reader);
        }
        if (!close_container(reader)) {
            return 0;
        }
    }
}

static int read_text(reader_t *reader)
{
    int depth;

    do {
        depth = reader->depth;
        if (!read_member(reader)) {
            return 0;
        }
        skip_blanks(reader);
        /* An array or object that has just been opened, and is not empty, begins with a value. */
        if ((reader->depth == depth || ends_here(reader)) && !read_ends(reader)) {
            return 0;
        }
    } while (reader->depth > 0);
    return reader->at == reader->end || fail(reader, "text follows the object");
}

int aj_json_read(char *text, apr_size_t len, apr_pool_t *pool, aj_json_doc_t *doc, const char **detail)
{
    reader_t reader;

    reader.text = reader.at = text;
    reader.end = text + len;
    reader.count = 0;
    reader.room = (apr_uint32_t)(len / 16 + 8);
    reader.nodes = apr_palloc(pool, reader.room * sizeof(*reader.nodes));
    reader.depth = 0;
    reader.pool = pool;
    if (read_text(&reader) && (reader.nodes[0].type == AJ_NODE_OBJECT || fail(&reader, "not an object"))) {
        doc->text = text;
        doc->nodes = reader.nodes;
        doc->count = reader.count;
        return 1;
    }
    *detail = reader.why;
    return 0;
}
