/* SPDX-License-Identifier: Apache-2.0 */
/* authjwtctl sessions and end: what a user has, and an end to it. */
#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "aj_json.h"
#include "authjwt_revocation_claims.h"
#include "ctl_sessions.h"

/* As AuthJWTLeeway. */
#define LEEWAY "10s"

/* How often a mark is moved because the clock has gone on. */
#define MOVES_MOST 4

/* ---- sessions ---- */

static json_t *json_of(const authjwt_record_t *record, apr_pool_t *pool)
{
    const char *id = authjwt_record_public_id(&record->id, pool);
    json_t *one = json_object();

    json_object_set_new(one, "id", json_string(id ? id : ""));
    json_object_set_new(one, "sid", json_string(ctl_escape(record->sid, pool)));
    json_object_set_new(one, "begin", json_integer(apr_time_sec(record->begin)));
    json_object_set_new(one, "last", json_integer(apr_time_sec(record->last)));
    json_object_set_new(one, "ends", json_integer(apr_time_sec(record->ends)));
    json_object_set_new(one, "client", json_string(ctl_escape(record->client, pool)));
    json_object_set_new(one, "agent", json_string(ctl_escape(record->agent, pool)));
    if (record->ended) {
        json_object_set_new(one, "ended", json_string("theft"));
    }
    return one;
}

static const char *date_of(apr_time_t time, apr_pool_t *pool)
{
    apr_time_exp_t exp;
    char text[32];
    apr_size_t len;

    apr_time_exp_gmt(&exp, time);
    apr_strftime(text, &len, sizeof(text), "%Y-%m-%d %H:%M:%S", &exp);
    return apr_pstrdup(pool, text);
}

static void print_session(const authjwt_record_t *record, apr_pool_t *pool)
{
    printf("%s\n", ctl_escape(record->sid, pool));
    printf("  begin:  %s UTC\n", date_of(record->begin, pool));
    printf("  last:   %s UTC\n", date_of(record->last, pool));
    printf("  client: %s\n", ctl_escape(record->client, pool));
    printf("  agent:  %s\n", ctl_escape(record->agent, pool));
    if (record->ended) {
        printf("  ended:  theft\n");
    }
}

static void print_sessions(const ctl_options_t *options, const apr_array_header_t *sessions, apr_pool_t *pool)
{
    json_t *out = aj_json_own(json_object(), pool), *list = json_array();
    int i;

    json_object_set_new(out, "sessions", list);
    for (i = 0; i < sessions->nelts; i++) {
        const authjwt_record_t *record = &APR_ARRAY_IDX(sessions, i, authjwt_record_t);

        if (options->json) {
            json_array_append_new(list, json_of(record, pool));
        }
        else {
            print_session(record, pool);
        }
    }
    if (options->json) {
        printf("%s\n", aj_json_write(out, pool));
    }
}

/* Configuration, and the one word. */
static const char *prepare(ctl_options_t *options, apr_pool_t *pool)
{
    const char *error = options->word ? NULL
                                      : apr_psprintf(pool, "%s needs to know whose sessions: authjwtctl %s USER",
                                                     options->command, options->command);

    error = error || !options->config ? error : ctl_config_read(options, pool);
    return error ? error : ctl_store_check(options, pool);
}

ctl_exit_e ctl_sessions(ctl_options_t *options, apr_pool_t *pool)
{
    const char *error = prepare(options, pool);
    apr_array_header_t *sessions;
    ctl_store_t store;
    ctl_user_t user;

    if (error) {
        return ctl_say(CTL_USAGE, "%s", error);
    }
    user = ctl_user_of(options);
    error = ctl_store_open(options, pool, &store);
    error = error ? error : ctl_user_sessions(&store, &user, &sessions, pool);
    if (error) {
        return ctl_say(CTL_REFUSED, "%s", error);
    }
    print_sessions(options, sessions, pool);
    return sessions->nelts ? CTL_DONE
                           : ctl_say(CTL_REFUSED, "no session of this user is listed; is AuthJWTSessionDirectory on?");
}

/* ---- end ---- */

/* As logout everywhere: where only iat tells when a session began, which is in seconds, the mark must be of the second
 * in which it was recorded. */
static const char *move_mark(const ctl_store_t *store, const authjwt_store_id_t *id, apr_interval_time_t leeway,
                             apr_pool_t *pool)
{
    const char *error;
    apr_time_t begun;
    int moves = 0;

    do {
        authjwt_entry_mark_t mark;

        begun = apr_time_now();
        mark = authjwt_revocation_user_mark(leeway, begun);
        error = ctl_mark(store, id, &mark, mark.until + AUTHJWT_MARK_LIFE, pool);
    } while (!error && apr_time_sec(apr_time_now()) != apr_time_sec(begun) && ++moves < MOVES_MOST);
    return error;
}

static const char *end_user(const ctl_store_t *store, const ctl_options_t *options, apr_interval_time_t leeway,
                            int *listed, apr_pool_t *pool)
{
    ctl_user_t user = ctl_user_of(options);
    apr_array_header_t *sessions = NULL;
    authjwt_store_id_t ids[2];
    unsigned n = 0, i;
    const char *error = ctl_user_marks(&user, ids, &n, pool);

    /* That a user of the store may not ask is no reason not to end them. */
    *listed = error || ctl_user_sessions(store, &user, &sessions, pool) ? 0 : sessions->nelts;
    for (i = 0; i < n && !error; i++) {
        error = move_mark(store, &ids[i], leeway, pool);
    }
    return error;
}

/* Its refresh tokens have an entry that is kept as long as the end must be; where there is none, nobody knows. */
static const char *end_of(const ctl_store_t *store, const char *issuer, const char *sid, apr_time_t *expires,
                          apr_pool_t *pool)
{
    authjwt_store_id_t id;
    ctl_change_t chain = { .entry = { .id = id.bytes, .idlen = sizeof(id.bytes) } };
    const char *error;

    if (authjwt_entry_id(AUTHJWT_ENTRY_CHAIN, issuer, sid, strlen(sid), pool, &id) != APR_SUCCESS) {
        return "OpenSSL cannot hash";
    }
    error = ctl_store_get(store, &chain, 1, pool);
    *expires =
        !error && chain.entry.data && chain.entry.expiry ? chain.entry.expiry : apr_time_now() + AUTHJWT_MARK_LIFE;
    return error;
}

static const char *end_session(const ctl_store_t *store, const ctl_options_t *options, apr_pool_t *pool)
{
    const char *issuer = options->issuer ? options->issuer : "";
    apr_time_t now = apr_time_now(), expires = 0;
    authjwt_entry_mark_t mark = { now, now };
    authjwt_store_id_t id;
    const char *error = end_of(store, issuer, options->word, &expires, pool);

    if (!error && authjwt_revocation_session_id(issuer, options->word, pool, &id) != APR_SUCCESS) {
        error = "OpenSSL cannot hash";
    }
    return error ? error : ctl_mark(store, &id, &mark, expires, pool);
}

/* A line that says whom it was about may stand alone in a log. */
static void print_ended_json(const ctl_options_t *options, int is_session, int listed, apr_pool_t *pool)
{
    json_t *out = aj_json_own(json_object(), pool);

    json_object_set_new(out, "ended", json_string(is_session ? "session" : "user"));
    json_object_set_new(out, is_session ? "sid" : "user", json_string(ctl_escape(options->word, pool)));
    if (options->issuer) {
        json_object_set_new(out, "issuer", json_string(ctl_escape(options->issuer, pool)));
    }
    if (!is_session) {
        json_object_set_new(out, "listed", json_integer(listed));
    }
    printf("%s\n", aj_json_write(out, pool));
}

static void print_ended(const ctl_options_t *options, int is_session, int listed, apr_pool_t *pool)
{
    if (options->json) {
        print_ended_json(options, is_session, listed, pool);
    }
    else if (is_session) {
        printf("ended: the session\n");
    }
    else {
        printf("ended: all sessions of the user; %d were listed\n", listed);
    }
}

ctl_exit_e ctl_end(ctl_options_t *options, apr_pool_t *pool)
{
    const char *error = prepare(options, pool);
    apr_interval_time_t leeway = 0;
    int is_session, listed = 0;
    ctl_store_t store;

    if (!error && options->is_user && options->is_sid) {
        error = "--user and --sid exclude each other";
    }
    error = error ? error : ctl_time(options->leeway ? options->leeway : LEEWAY, &leeway, pool);
    if (error) {
        return ctl_say(CTL_USAGE, "%s", error);
    }
    is_session = !options->is_user && (options->is_sid || authjwt_revocation_birth_of_sid(options->word));
    error = ctl_store_open(options, pool, &store);
    if (!error) {
        error = is_session ? end_session(&store, options, pool) : end_user(&store, options, leeway, &listed, pool);
    }
    if (error) {
        return ctl_say(CTL_REFUSED, "%s", error);
    }
    print_ended(options, is_session, listed, pool);
    return CTL_DONE;
}
