/* SPDX-License-Identifier: Apache-2.0 */
/* What a server's errors mean. Their first word is their kind. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <string.h>

#include <apr_strings.h>

#include "authjwt_valkey_private.h"

static const struct {
    const char *kind;
    authjwt_valkey_fate_e fate;
    const char *meaning;
} errors[] = {
    { "READONLY", AUTHJWT_VALKEY_DOWN,
      "it is a replica, which takes no writes; name the primary, or ask Sentinel with sentinel:MASTER@HOST" },
    { "LOADING", AUTHJWT_VALKEY_DOWN, "it is reading its data from disk; it answers when it has" },
    { "MASTERDOWN", AUTHJWT_VALKEY_DOWN, "it is a replica that has lost its primary" },
    { "CLUSTERDOWN", AUTHJWT_VALKEY_DOWN, "it is a part of a cluster, and that is down" },
    { "MOVED", AUTHJWT_VALKEY_DOWN,
      "it is in cluster mode, which is not supported; use one primary, with replicas and Sentinel" },
    { "ASK", AUTHJWT_VALKEY_DOWN,
      "it is in cluster mode, which is not supported; use one primary, with replicas and Sentinel" },
    { "CROSSSLOT", AUTHJWT_VALKEY_DOWN,
      "it is in cluster mode, which is not supported; use one primary, with replicas and Sentinel" },
    { "NOREPLICAS", AUTHJWT_VALKEY_DROP,
      "it has fewer replicas than its min-replicas-to-write asks for, so it takes no writes" },
    { "UNBLOCKED", AUTHJWT_VALKEY_DOWN, "it has become a replica" },
    { "NOAUTH", AUTHJWT_VALKEY_DOWN, "it asks for a password; set AuthJWTStoreAuth" },
    { "WRONGPASS", AUTHJWT_VALKEY_DOWN, "it does not accept the user or the password of AuthJWTStoreAuth" },
    { "NOPERM", AUTHJWT_VALKEY_KEEP,
      "the user of AuthJWTStoreAuth may not do this; see the ACL line in docs/revocation.md" },
    { "OOM", AUTHJWT_VALKEY_KEEP, "its memory is full (maxmemory)" },
    { "MISCONF", AUTHJWT_VALKEY_KEEP, "it cannot write to its disk, so it takes no writes" },
    { "BUSY", AUTHJWT_VALKEY_KEEP, "it is busy with a script of somebody else" },
};

static int is_kind(const redisReply *error, const char *kind)
{
    size_t len = strlen(kind);

    return error->len >= len && !memcmp(error->str, kind, len) && (error->len == len || error->str[len] == ' ');
}

/* What a server repeats of a command that it does not know. */
#define REPEATED ", with args"

/* Bytes of a password that are looked for: a server may repeat its beginning alone. */
#define BEGINNING 8

/* Printable, and not longer than a log line may be. */
static char *said(const redisReply *error, apr_pool_t *pool)
{
    char *text = apr_pstrmemdup(pool, error->str, error->len < 160 ? error->len : 160), *p;

    for (p = text; *p; p++) {
        if ((unsigned char)*p < ' ' || (unsigned char)*p > '~') {
            *p = '?';
        }
    }
    return text;
}

static const char *explain(const redisReply *error, char *text, apr_pool_t *pool)
{
    char *repeated = strstr(text, REPEATED);
    apr_size_t i;

    if (repeated) {
        *repeated = '\0';
    }
    for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        if (is_kind(error, errors[i].kind)) {
            return apr_psprintf(pool, "the server refuses: %s (%s)", errors[i].meaning, text);
        }
    }
    return apr_psprintf(pool, "the server refuses: %s", text);
}

const char *authjwt_valkey_explain(const redisReply *error, apr_pool_t *pool)
{
    return explain(error, said(error, pool), pool);
}

/* Servers put what they repeat in quotes of some kind, and proxies say what they like. */
const char *authjwt_valkey_explain_auth(const redisReply *error, const authjwt_valkey_options_t *options,
                                        apr_pool_t *pool)
{
    apr_size_t len = options->password_len < BEGINNING ? options->password_len : BEGINNING;
    char *text = said(error, pool);

    text[strcspn(text, "'\"`")] = '\0';
    if (memmem(text, strlen(text), options->password, len)) {
        text = apr_pstrdup(pool, "AUTH, in words that hold the password");
    }
    return explain(error, text, pool);
}

authjwt_valkey_fate_e authjwt_valkey_fate(const redisReply *error)
{
    apr_size_t i;

    for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        if (is_kind(error, errors[i].kind)) {
            return errors[i].fate;
        }
    }
    return AUTHJWT_VALKEY_KEEP;
}
