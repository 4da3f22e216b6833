/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_config: what may be a logo. In a page an image runs no script and loads nothing; an SVG that tries to is
 * refused all the same, since it has other uses too. */
#include <string.h>
#include <httpd.h>
#include <ap_regex.h>
#include <apr_strings.h>

#include "aj_json.h"
#include "authjwt_directives_private.h"

static const char png_begin[] = "\x89PNG\r\n\x1a\n";

/* What an SVG must not hold, in any case. Names of elements may have a prefix of a namespace. */
static const struct {
    const char *pattern;
    const char *what;
} unwanted[] = {
    { "<([a-z0-9_.-]+:)?(script|handler|listener)[^a-z0-9_.-]", "a script" },
    { "<([a-z0-9_.-]+:)?(foreignobject|iframe|object|embed|audio|video)[^a-z0-9_.-]", "foreignObject or its like" },
    { "[\"'/[:space:]]on[a-z]+[[:space:]]*=", "an attribute that runs a script (on...=)" },
    { "<!(doctype|entity)", "a <!DOCTYPE or an entity" },
    { "<\\?xml-stylesheet", "a style sheet from elsewhere" },
    { "(^|[:[:space:]\"'/])(href|src|base)[[:space:]]*=[[:space:]]*([^\"'[:space:]]|[\"']?[[:space:]]*"
      "(?!#|data:image/(png|jpeg|gif|webp)[;,])[^\"'[:space:]])",
      "an address outside of it" },
    { "attributename[[:space:]]*=[[:space:]]*[\"']?[[:space:]]*(xlink:)?href", "an animation of an address" },
    { "url\\([[:space:]]*[\"']?[[:space:]]*(?!#)[^\"'[:space:]]", "an address outside of it (url)" },
    { "@import", "a style sheet from elsewhere (@import)" }
};

static const char *check_svg(const char *text, apr_pool_t *pool)
{
    apr_size_t i;

    for (i = 0; i < sizeof(unwanted) / sizeof(unwanted[0]); i++) {
        ap_regex_t *regex = ap_pregcomp(pool, unwanted[i].pattern, AP_REG_ICASE);

        if (!regex) {
            return "the check of an SVG failed";
        }
        if (!ap_regexec(regex, text, 0, NULL, 0)) {
            return apr_pstrcat(pool, "the SVG holds ", unwanted[i].what, "; save it as plain SVG without that", NULL);
        }
    }
    return NULL;
}

/* The first element, behind a declaration and comments. */
static int begins_as_svg(const char *text)
{
    const char *p = text + strspn(text, " \t\r\n");

    while (*p == '<' && (p[1] == '?' || !strncmp(p, "<!--", 4))) {
        const char *end = strstr(p, p[1] == '?' ? "?>" : "-->");

        p = end ? end + (p[1] == '?' ? 2 : 3) : "";
        p += strspn(p, " \t\r\n");
    }
    return !strncmp(p, "<svg", 4) || !strncmp(p, "<svg:svg", 8) || !strncmp(p, "<!", 2);
}

const char *authjwt_logo_check(const char *bytes, apr_size_t len, const char **type, apr_pool_t *pool)
{
    if (len > 24 && !memcmp(bytes, png_begin, sizeof(png_begin) - 1) && !memcmp(bytes + 12, "IHDR", 4)) {
        *type = "image/png";
        return NULL;
    }
    if (memchr(bytes, '\0', len) || !aj_json_is_text(bytes) || !begins_as_svg(bytes)) {
        return "it is neither a PNG nor an SVG in UTF-8";
    }
    *type = "image/svg+xml";
    return check_svg(bytes, pool);
}
