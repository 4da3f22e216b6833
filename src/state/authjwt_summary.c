/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_summary: the line at each start, and the words that it shares with the dump. */
#include <httpd.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <http_log.h>

#include "authjwt_config_values.h"
#include "authjwt_sources.h"
#include "authjwt_store.h"
#include "authjwt_summary.h"
#include "authjwt_summary_private.h"

APLOG_USE_MODULE(authjwt);

/* Keys that the line names; a JWK Set may have hundreds. */
#define KEYS_SHOWN 8

const char *authjwt_summary_word(const char *text, apr_pool_t *pool)
{
    int is_plain = *text && !text[strcspn(text, " \t\"\\'")];
    char *out = apr_palloc(pool, 4 * strlen(text) + 3), *to = out;

    if (!is_plain) {
        *to++ = '"';
    }
    for (; *text; text++) {
        if (apr_iscntrl(*text)) {
            to += apr_snprintf(to, 5, "\\x%02X", (unsigned char)*text);
            continue;
        }
        if (*text == '"' || *text == '\\') {
            *to++ = '\\';
        }
        *to++ = *text;
    }
    if (!is_plain) {
        *to++ = '"';
    }
    *to = '\0';
    return out;
}

const char *authjwt_summary_key(const authjwt_keyring_t *keyring, const aj_key_t *key, apr_pool_t *pool)
{
    const char *kid = aj_key_kid(key);
    int is_signer = key == aj_keyset_signer(keyring->current->ring);

    return apr_pstrcat(pool, aj_key_alg(key)->name, kid ? " kid=" : "", kid ? authjwt_summary_word(kid, pool) : "",
                       is_signer ? " signs" : " verifies", NULL);
}

const char *authjwt_summary_source(const char *source, const char *name, apr_pool_t *pool)
{
    const char *path = authjwt_source_path(source, pool);

    /* A name that log lines hide may be a secret. */
    return path && !strcmp(name, source) ? apr_pstrcat(pool, "file:", path, NULL) : name;
}

static const char *keys_of(const authjwt_keyring_t *keyring, apr_pool_t *pool)
{
    const aj_keyset_t *ring = keyring->current->ring;
    int count = aj_keyset_count(ring);
    const char *list = "";
    int i;

    for (i = 0; i < count && i < KEYS_SHOWN; i++) {
        list = apr_pstrcat(pool, list, i ? ", " : "", authjwt_summary_key(keyring, aj_keyset_at(ring, i), pool), NULL);
    }
    return i < count ? apr_psprintf(pool, "%s and %d more", list, count - i) : list;
}

static void say(server_rec *s, apr_pool_t *pool)
{
    const authjwt_server_conf_t *conf = authjwt_config_server(s);

    ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, s,
                 "AJ1014: server %s: keys %s; store %s; access tokens live %" APR_TIME_T_FMT
                 " s, refresh tokens %" APR_TIME_T_FMT " s, sessions %" APR_TIME_T_FMT " s",
                 s->server_hostname ? s->server_hostname : "main", keys_of(conf->keyring, pool),
                 authjwt_store_place(conf->store), apr_time_sec(authjwt_config_access_expires(conf)),
                 apr_time_sec(authjwt_config_refresh_expires(conf)),
                 apr_time_sec(authjwt_config_session_expires(conf)));
}

int authjwt_summary_post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *main_server)
{
    server_rec *s;

    (void)pconf;
    (void)plog;
    for (s = main_server; s && authjwt_config_logs_now(); s = s->next) {
        if (authjwt_config_server(s)->key_specs) {
            say(s, ptemp);
        }
    }
    return OK;
}
