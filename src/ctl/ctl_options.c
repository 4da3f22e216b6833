/* SPDX-License-Identifier: Apache-2.0 */
/* The options of authjwtctl, as one table. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "ctl_private.h"

typedef enum { FLAG, TEXT, LIST } kind_e;

#define EVERY (~0U)

/* The longest time that directives take, too: ten years. */
#define TIME_MAX (10 * 365 * 86400LL)

/* The longest that a store is waited for, as in the module. */
#define WAIT_MAX apr_time_from_sec(60)

static const struct {
    const char *name;
    kind_e kind;
    size_t at;
    unsigned commands;
} table[] = {
    { "--config", TEXT, offsetof(ctl_options_t, config), EVERY },
    { "--server", TEXT, offsetof(ctl_options_t, server), EVERY },
    { "--httpd", TEXT, offsetof(ctl_options_t, httpd), EVERY },
    { "--store", TEXT, offsetof(ctl_options_t, store), EVERY },
    { "--store-auth", TEXT, offsetof(ctl_options_t, store_auth), EVERY },
    { "--store-tls", TEXT, offsetof(ctl_options_t, store_tls), EVERY },
    { "--store-replicas", TEXT, offsetof(ctl_options_t, store_replicas), EVERY },
    { "--store-timeout", TEXT, offsetof(ctl_options_t, store_timeout), EVERY },
    { "--issuer", TEXT, offsetof(ctl_options_t, issuer), EVERY },
    { "--json", FLAG, offsetof(ctl_options_t, json), EVERY },
    { "--user", FLAG, offsetof(ctl_options_t, is_user), CTL_END },
    { "--sid", FLAG, offsetof(ctl_options_t, is_sid), CTL_END },
    { "--key", LIST, offsetof(ctl_options_t, keys), CTL_MINT | CTL_EXPLAIN | CTL_REVOKE },
    { "--keyset", LIST, offsetof(ctl_options_t, keysets), CTL_EXPLAIN | CTL_REVOKE },
    { "--audience", LIST, offsetof(ctl_options_t, audiences), CTL_MINT | CTL_EXPLAIN | CTL_REVOKE },
    { "--leeway", TEXT, offsetof(ctl_options_t, leeway), CTL_EXPLAIN | CTL_REVOKE | CTL_END },
    { "--identity", TEXT, offsetof(ctl_options_t, identity),
      CTL_MINT | CTL_EXPLAIN | CTL_REVOKE | CTL_SESSIONS | CTL_END },
    { "--type", TEXT, offsetof(ctl_options_t, type), CTL_MINT | CTL_EXPLAIN },
    { "--out", TEXT, offsetof(ctl_options_t, out), CTL_KEYGEN },
    { "--kid", TEXT, offsetof(ctl_options_t, kid), CTL_KEYGEN },
    { "--sub", TEXT, offsetof(ctl_options_t, sub), CTL_MINT },
    { "--claim", LIST, offsetof(ctl_options_t, claims), CTL_MINT },
    { "--expires", TEXT, offsetof(ctl_options_t, expires), CTL_MINT },
};

#define OPTIONS (sizeof(table) / sizeof(table[0]))

/* --name=value too. @return OPTIONS when there is none of the name for the command */
static size_t find(const char *word, unsigned command, const char **value)
{
    size_t length = strcspn(word, "=");
    size_t i;

    *value = word[length] ? word + length + 1 : NULL;
    for (i = 0; i < OPTIONS; i++) {
        if (strlen(table[i].name) == length && !strncmp(table[i].name, word, length) && table[i].commands & command) {
            return i;
        }
    }
    return OPTIONS;
}

static const char *set(ctl_options_t *options, size_t i, const char *value, apr_pool_t *pool)
{
    char *at = (char *)options + table[i].at;

    if (table[i].kind == FLAG) {
        *(int *)at = 1;
        return value ? apr_psprintf(pool, "%s takes no value", table[i].name) : NULL;
    }
    if (!value || !*value) {
        return apr_psprintf(pool, "%s needs a value", table[i].name);
    }
    if (table[i].kind == LIST) {
        apr_array_header_t **list = (apr_array_header_t **)at;

        *list = *list ? *list : apr_array_make(pool, 2, sizeof(const char *));
        APR_ARRAY_PUSH(*list, const char *) = value;
        return NULL;
    }
    if (*(const char **)at) {
        return apr_psprintf(pool, "%s is there twice", table[i].name);
    }
    *(const char **)at = value;
    return NULL;
}

static const char *set_word(ctl_options_t *options, const char *word)
{
    if (options->word) {
        return "there are too many words";
    }
    if (!*word) {
        return "there is an empty word";
    }
    options->word = word;
    return NULL;
}

const char *ctl_options_read(ctl_options_t *options, const ctl_command_t *command, int argc, const char *const *argv,
                             apr_pool_t *pool)
{
    const char *error = NULL;
    int i;

    options->command = command->name;
    for (i = 0; i < argc && !error; i++) {
        const char *value;
        size_t option;

        if (strncmp(argv[i], "--", 2)) {
            error = set_word(options, argv[i]);
            continue;
        }
        option = find(argv[i], command->bit, &value);
        if (option == OPTIONS) {
            error = apr_psprintf(pool, "%s has no option %.*s", command->name, (int)strcspn(argv[i], "="), argv[i]);
            continue;
        }
        if (table[option].kind != FLAG && !value && i + 1 < argc) {
            value = argv[++i];
        }
        error = set(options, option, value, pool);
    }
    return error;
}

const char *ctl_time(const char *text, apr_interval_time_t *out, apr_pool_t *pool)
{
    static const struct {
        const char *unit;
        apr_int64_t seconds;
    } units[] = { { "", 1 }, { "s", 1 }, { "m", 60 }, { "h", 3600 }, { "d", 86400 } };
    size_t digits = strspn(text, "0123456789");
    apr_int64_t number = digits && digits < 12 ? apr_atoi64(text) : -1;
    size_t i;

    for (i = 0; number >= 0 && i < sizeof(units) / sizeof(units[0]); i++) {
        if (!strcmp(text + digits, units[i].unit) && number <= TIME_MAX / units[i].seconds) {
            *out = apr_time_from_sec(number * units[i].seconds);
            return NULL;
        }
    }
    return apr_psprintf(pool, "\"%s\" is no time; write 900, 900s, 15m, 1h or 30d, at most ten years", text);
}

const char *ctl_wait(const char *text, apr_interval_time_t *out, apr_pool_t *pool)
{
    size_t digits = strspn(text, "0123456789");

    if (digits && digits < 9 && !strcmp(text + digits, "ms")) {
        *out = apr_time_from_msec(apr_atoi64(text));
    }
    else if (ctl_time(text, out, pool)) {
        *out = 0;
    }
    return *out > 0 && *out <= WAIT_MAX ? NULL
                                        : apr_psprintf(pool, "\"%s\" is no time up to a minute; write 500ms, 2s", text);
}
