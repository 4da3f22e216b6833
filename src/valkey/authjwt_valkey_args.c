/* SPDX-License-Identifier: Apache-2.0 */
/* The provider's arguments: read, and written in one spelling. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include <apr_lib.h>
#include <apr_strings.h>
#include <apr_tables.h>

#include "authjwt_valkey_args.h"

#define FORMS "HOST[:PORT][/DB], unix:/PATH[/DB] or sentinel:MASTER@HOST[:PORT],HOST...[/DB]"

/* What a message repeats of an argument. */
#define SHOWN "%.60s"

static int is_number(const char *text)
{
    return *text && !text[strspn(text, "0123456789")];
}

/* Cut the database off the end: a last part of digits alone. */
static const char *take_db(char *text, unsigned *db, apr_pool_t *pool)
{
    char *slash = strrchr(text, '/');

    *db = 0;
    if (!slash || !is_number(slash + 1)) {
        return NULL;
    }
    if (strlen(slash + 1) > 6) {
        return apr_psprintf(pool, "\"" SHOWN "\" is no number of a database", slash + 1);
    }
    *db = (unsigned)atoi(slash + 1);
    *slash = '\0';
    return NULL;
}

static const char *read_port(const char *text, unsigned *port, apr_pool_t *pool)
{
    if (!is_number(text) || strlen(text) > 5 || atoi(text) < 1 || atoi(text) > 65535) {
        return apr_psprintf(pool, "\"" SHOWN "\" is no port; write a number from 1 to 65535", text);
    }
    *port = (unsigned)atoi(text);
    return NULL;
}

static int is_host_name(const char *name)
{
    const char *p;

    for (p = name; apr_isalnum(*p) || *p == '-' || *p == '.' || *p == '_'; p++) {
        ;
    }
    return *name && !*p && p - name <= AUTHJWT_VALKEY_HOST_MAX;
}

/* [ADDRESS]:PORT. @return the address, and *port_text behind it or NULL; NULL when it is none */
static char *bracketed(char *text, char **port_text)
{
    char *end = strchr(text, ']');
    unsigned char address[16];

    if (!end || (end[1] && end[1] != ':')) {
        return NULL;
    }
    *end = '\0';
    *port_text = end[1] ? end + 2 : NULL;
    return inet_pton(AF_INET6, text + 1, address) == 1 ? text + 1 : NULL;
}

static const char *read_host(char *text, unsigned port, authjwt_valkey_host_t *host, apr_pool_t *pool)
{
    char *colon = strchr(text, ':'), *name = text, *port_text = colon ? colon + 1 : NULL;
    const char *shown = apr_pstrdup(pool, text);
    char *p;

    if (*text == '[') {
        name = bracketed(text, &port_text);
    }
    else if (colon && strchr(colon + 1, ':')) {
        return apr_psprintf(pool, "\"" SHOWN "\": write an IPv6 address in brackets, as in [::1]:%u", shown, port);
    }
    else if (colon) {
        *colon = '\0';
    }
    if (!name || (*text != '[' && !is_host_name(name))) {
        return apr_psprintf(pool, "\"" SHOWN "\" is no host; write " FORMS, shown);
    }
    for (p = name; *p; p++) {
        *p = apr_tolower(*p);
    }
    host->name = name;
    host->port = port;
    return port_text ? read_port(port_text, &host->port, pool) : NULL;
}

/* Not repeated: this is where somebody writes a password. */
static const char *check_no_url(const char *text, const char *form, apr_pool_t *pool)
{
    return strchr(text, '@') || strstr(text, "//")
             ? apr_psprintf(pool, "is no URL; write %s, and user and password with AuthJWTStoreAuth", form)
             : NULL;
}

static const char *read_one(char *text, authjwt_valkey_address_t *out, apr_pool_t *pool)
{
    authjwt_valkey_host_t *host = apr_pcalloc(pool, sizeof(*host));
    const char *error = check_no_url(text, "HOST[:PORT][/DB]", pool);

    if (error) {
        return error;
    }
    if (strchr(text, ',')) {
        return "names several servers; name the one that takes writes, or ask Sentinel with "
               "sentinel:MASTER@HOST[:PORT],HOST...";
    }
    out->hosts = host;
    out->count = 1;
    return read_host(text, AUTHJWT_VALKEY_PORT, host, pool);
}

static const char *read_path(char *text, authjwt_valkey_address_t *out, apr_pool_t *pool)
{
    if (*text != '/' || !text[1]) {
        return "a unix socket needs an absolute path, as in unix:/run/valkey/valkey.sock";
    }
    if (strlen(text) >= sizeof(((struct sockaddr_un *)0)->sun_path)) {
        return apr_psprintf(pool, "the path of a unix socket has at most %d characters",
                            (int)sizeof(((struct sockaddr_un *)0)->sun_path) - 1);
    }
    out->path = text;
    return NULL;
}

static int by_name(const void *one, const void *two)
{
    const authjwt_valkey_host_t *a = one, *b = two;
    int order = strcmp(a->name, b->name);

    return order ? order : (int)a->port - (int)b->port;
}

/* Sentinels vote, so each is named once. */
static const char *sort(authjwt_valkey_host_t *hosts, unsigned count, apr_pool_t *pool)
{
    unsigned i;

    qsort(hosts, count, sizeof(*hosts), by_name);
    for (i = 1; i < count; i++) {
        if (!by_name(&hosts[i - 1], &hosts[i])) {
            return apr_psprintf(pool, "names the Sentinel \"" SHOWN "\" twice", hosts[i].name);
        }
    }
    return NULL;
}

static const char *read_sentinels(char *text, authjwt_valkey_address_t *out, apr_pool_t *pool)
{
    authjwt_valkey_host_t *hosts = apr_pcalloc(pool, AUTHJWT_VALKEY_SENTINELS_MAX * sizeof(*hosts));
    char *at = strchr(text, '@'), *end;
    const char *error;

    if (!at || at == text || strcspn(text, " ,/") < (apr_size_t)(at - text)) {
        return "write sentinel:MASTER@HOST[:PORT],HOST..., with MASTER as in Sentinel's configuration";
    }
    *at = '\0';
    out->master = text;
    out->hosts = hosts;
    error = check_no_url(at + 1, "sentinel:MASTER@HOST[:PORT],HOST...[/DB]", pool);
    for (text = at + 1; !error && text; text = end) {
        if ((end = strchr(text, ',')) != NULL) {
            *end++ = '\0';
        }
        if (out->count == AUTHJWT_VALKEY_SENTINELS_MAX) {
            return apr_psprintf(pool, "names more than %d Sentinels", AUTHJWT_VALKEY_SENTINELS_MAX);
        }
        error = read_host(text, AUTHJWT_VALKEY_SENTINEL_PORT, &hosts[out->count++], pool);
    }
    return error ? error : sort(hosts, out->count, pool);
}

const char *authjwt_valkey_parse(const char *args, authjwt_valkey_address_t *out, apr_pool_t *pool)
{
    char *text = apr_pstrdup(pool, args ? args : "");
    authjwt_valkey_address_t address = { 0 };
    const char *error;

    if (!*text) {
        return "say where the server is: write " FORMS;
    }
    error = take_db(text, &address.db, pool);
    if (!error && !strncmp(text, "unix:", 5)) {
        error = read_path(text + 5, &address, pool);
    }
    else if (!error && !strncmp(text, "sentinel:", 9)) {
        error = read_sentinels(text + 9, &address, pool);
    }
    else if (!error) {
        error = read_one(text, &address, pool);
    }
    if (!error) {
        *out = address;
    }
    return error;
}

const char *authjwt_valkey_spell(const authjwt_valkey_address_t *address, apr_pool_t *pool)
{
    const char *text = address->path   ? apr_pstrcat(pool, "unix:", address->path, NULL)
                     : address->master ? apr_pstrcat(pool, "sentinel:", address->master, "@", NULL)
                                       : "";
    unsigned i;

    for (i = 0; i < address->count; i++) {
        const authjwt_valkey_host_t *host = &address->hosts[i];
        int is_ipv6 = strchr(host->name, ':') != NULL;

        text = apr_psprintf(pool, "%s%s%s%s%s:%u", text, i ? "," : "", is_ipv6 ? "[" : "", host->name,
                            is_ipv6 ? "]" : "", host->port);
    }
    return apr_psprintf(pool, "%s/%u", text, address->db);
}
