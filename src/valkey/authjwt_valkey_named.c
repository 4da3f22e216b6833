/* SPDX-License-Identifier: Apache-2.0 */
/* Which primary Sentinel has named, and when. A primary that is cut off from the others, together with this host,
 * closes none of its connections; so Sentinel is asked again while they are kept. */
#include <string.h>

#include <apr_strings.h>

#include "authjwt_valkey_private.h"

/* How often Sentinel is asked, and how old its answer may be. */
#define EVERY   apr_time_from_sec(2)
#define AT_MOST apr_time_from_sec(5)

void authjwt_valkey_named_begin(authjwt_valkey_named_t *named)
{
    pthread_mutex_init(&named->lock, NULL);
}

void authjwt_valkey_note_named(authjwt_valkey_named_t *named, const char *primary, apr_time_t asked)
{
    pthread_mutex_lock(&named->lock);
    apr_cpystrn(named->primary, primary, sizeof(named->primary));
    named->answered = asked;
    named->asked = asked;
    pthread_mutex_unlock(&named->lock);
}

/** What is known of the primary. */
typedef enum {
    STALE = 0, /* nothing any more */
    DUE,       /* it counts still, but it is time to ask */
    SAME,      /* it was named a moment ago */
    OTHER      /* another was */
} known_e;

/* Of several that come when it is time to ask, one gets DUE. */
static known_e look(authjwt_valkey_named_t *named, const char *primary, apr_time_t now)
{
    known_e known = STALE;

    pthread_mutex_lock(&named->lock);
    if (now - named->answered < AT_MOST) {
        known = strcmp(named->primary, primary) != 0 ? OTHER : now - named->asked >= EVERY ? DUE : SAME;
    }
    if (known == DUE) {
        named->asked = now;
    }
    pthread_mutex_unlock(&named->lock);
    return known;
}

int authjwt_valkey_is_named(const ap_socache_instance_t *inst, authjwt_valkey_named_t *named, const char *primary,
                            apr_time_t deadline, apr_pool_t *pool)
{
    apr_time_t now = authjwt_valkey_now();
    known_e known = look(named, primary, now);
    authjwt_valkey_host_t host;
    const char *answer;

    if (known == SAME || known == OTHER) {
        return known == SAME;
    }
    if (authjwt_valkey_find_primary(inst, deadline, &host, pool)) {
        return known == DUE;
    }
    answer = apr_psprintf(pool, "%s:%u", host.name, host.port);
    authjwt_valkey_note_named(named, answer, now);
    return !strcmp(answer, primary);
}
