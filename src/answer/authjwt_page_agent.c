/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_page: what a person calls the browser that a User-Agent names. No library: people know a few browsers, and
 * all others show what they call themselves. */
#include <string.h>
#include <httpd.h>
#include <apr_strings.h>

#include "authjwt_page_private.h"

/* What is shown of an agent that is none of these. */
#define SHOWN_MOST 60

typedef struct {
    const char *mark; /* what the agent holds */
    const char *name;
} pattern_t;

/* Most name Chrome and Safari too, so the first that is found counts. */
static const pattern_t browsers[] = { { "Edg/", "Edge" },
                                      { "EdgA/", "Edge" },
                                      { "EdgiOS/", "Edge" },
                                      { "OPR/", "Opera" },
                                      { "Vivaldi/", "Vivaldi" },
                                      { "SamsungBrowser/", "Samsung Internet" },
                                      { "YaBrowser/", "Yandex Browser" },
                                      { "DuckDuckGo/", "DuckDuckGo" },
                                      { "FxiOS/", "Firefox" },
                                      { "Firefox/", "Firefox" },
                                      { "CriOS/", "Chrome" },
                                      { "Chromium/", "Chromium" },
                                      { "Chrome/", "Chrome" },
                                      { "Version/", "Safari" },
                                      { "Trident/", "Internet Explorer" },
                                      { "curl/", "curl" },
                                      { "Wget/", "Wget" },
                                      { NULL, NULL } };

/* Android says Linux too, and an iPhone "like Mac OS X". */
static const pattern_t systems[] = { { "iPhone", "iPhone" },   { "iPad", "iPad" },
                                     { "Android", "Android" }, { "Windows", "Windows" },
                                     { "CrOS ", "ChromeOS" },  { "Macintosh", "macOS" },
                                     { "FreeBSD", "FreeBSD" }, { "OpenBSD", "OpenBSD" },
                                     { "Linux", "Linux" },     { NULL, NULL } };

/* @return NULL when none is found */
static const char *find(const pattern_t *patterns, const char *agent)
{
    int i;

    for (i = 0; patterns[i].mark; i++) {
        if (strstr(agent, patterns[i].mark)) {
            return patterns[i].name;
        }
    }
    return NULL;
}

const char *authjwt_page_agent(const char *agent, apr_pool_t *pool)
{
    const char *browser = find(browsers, agent);
    const char *system = find(systems, agent);

    if (!*agent) {
        return NULL;
    }
    if (!browser) {
        return strlen(agent) > SHOWN_MOST ? apr_pstrcat(pool, apr_pstrmemdup(pool, agent, SHOWN_MOST), "...", NULL)
                                          : agent;
    }
    return system ? apr_pstrcat(pool, browser, " (", system, ")", NULL) : browser;
}
