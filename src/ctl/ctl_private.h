/* SPDX-License-Identifier: Apache-2.0 */
/* ctl_private: what the files of authjwtctl share. Nobody else includes it. */
#ifndef CTL_PRIVATE_H
#define CTL_PRIVATE_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_time.h>

#include "aj_jwt.h"

/** Exit status. */
typedef enum {
    CTL_DONE = 0,
    CTL_REFUSED = 1, /**< also: not found, or it cannot be done */
    CTL_USAGE = 2    /**< of the program */
} ctl_exit_e;

/** What the command line says. NULL: nothing. */
typedef struct {
    const char *command;
    apr_array_header_t *keys;      /**< const char *, "ALG SOURCE [kid=ID]" */
    apr_array_header_t *keysets;   /**< const char *, "SOURCE [algs=A,B]" */
    apr_array_header_t *audiences; /**< const char * */
    apr_array_header_t *claims;    /**< const char *, "NAME=VALUE" */
    const char *issuer;
    const char *leeway;
    const char *identity; /**< AuthJWTIdentityClaim */
    const char *config;
    const char *server; /**< which one of config */
    const char *httpd;  /**< program that reads config */
    const char *store;
    const char *store_auth;     /**< "[USER] SOURCE" */
    const char *store_tls;      /**< "on [ca=FILE] [cert=FILE key=FILE]" */
    const char *store_replicas; /**< "N [TIME]" */
    const char *store_timeout;
    const char *out;
    const char *kid;
    const char *sub;
    const char *expires;
    const char *type;
    const char *word;    /**< what is no option */
    const char *on_loss; /**< AuthJWTRevocationOnLoss, of config */
    int is_user, is_sid; /**< what word is */
    int json;
} ctl_options_t;

/** A command. */
typedef struct {
    const char *name;
    unsigned bit; /**< in the table of options */
    ctl_exit_e (*run)(ctl_options_t *options, apr_pool_t *pool);
    const char *usage;
} ctl_command_t;

/* Commands, as bits. */
#define CTL_KEYGEN   1U
#define CTL_MINT     2U
#define CTL_EXPLAIN  4U
#define CTL_REVOKE   8U
#define CTL_STATS    16U
#define CTL_EXPORT   32U
#define CTL_IMPORT   64U
#define CTL_SESSIONS 128U
#define CTL_END      256U

ctl_exit_e ctl_keygen(ctl_options_t *options, apr_pool_t *pool);
ctl_exit_e ctl_mint(ctl_options_t *options, apr_pool_t *pool);
ctl_exit_e ctl_explain(ctl_options_t *options, apr_pool_t *pool);
ctl_exit_e ctl_revoke(ctl_options_t *options, apr_pool_t *pool);
ctl_exit_e ctl_stats(ctl_options_t *options, apr_pool_t *pool);
ctl_exit_e ctl_export(ctl_options_t *options, apr_pool_t *pool);
ctl_exit_e ctl_import(ctl_options_t *options, apr_pool_t *pool);
ctl_exit_e ctl_sessions(ctl_options_t *options, apr_pool_t *pool);
ctl_exit_e ctl_end(ctl_options_t *options, apr_pool_t *pool);

/* ---- options ---- */

/**
 * Read the arguments after the command.
 * @return NULL, or what is wrong; never repeats a word that is no option, which may be a token
 */
const char *ctl_options_read(ctl_options_t *options, const ctl_command_t *command, int argc, const char *const *argv,
                             apr_pool_t *pool);

/** Read a time as directives write it: 900, 900s, 15m, 1h, 30d. @return NULL, or what is wrong */
const char *ctl_time(const char *text, apr_interval_time_t *out, apr_pool_t *pool);

/** The same for short ones: 500ms too. */
const char *ctl_wait(const char *text, apr_interval_time_t *out, apr_pool_t *pool);

/* ---- printing ---- */

/** Say on stderr what is wrong. @return status */
ctl_exit_e ctl_say(ctl_exit_e status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Untrusted text for a terminal: printable ASCII as it is, all else as \xHH. */
const char *ctl_escape(const char *text, apr_pool_t *pool);

/** The last second of the year 9999. */
#define CTL_LAST_SECOND APR_INT64_C(253402300799)

/**
 * A date for people, as RFC 822 writes it.
 * @param time  of any source: APR writes years that have no four digits as other characters, also control characters
 */
const char *ctl_date(apr_time_t time, apr_pool_t *pool);

/** Split into words at blanks; "..." holds blanks, \ takes the next character as it is. @return const char * array */
apr_array_header_t *ctl_words(const char *text, apr_pool_t *pool);

/* ---- keys ---- */

/**
 * Take what --config says of a server into the options, where they do not say it themselves.
 * @return NULL, or what is wrong
 */
const char *ctl_config_read(ctl_options_t *options, apr_pool_t *pool);

/** The keys of --key and --keyset. @return NULL, or what is wrong; nothing of a key's content is repeated */
const char *ctl_keys_read(const ctl_options_t *options, apr_pool_t *pool, aj_keyset_t **ring);

/** Config, then keys. @return NULL, or what is wrong */
const char *ctl_ring(ctl_options_t *options, apr_pool_t *pool, aj_keyset_t **ring);

/** What the options ask of a token, but for expired ones. @return NULL, or what is wrong */
const char *ctl_policy(ctl_options_t *options, apr_pool_t *pool, aj_jwt_policy_t *policy);

/** A key source: file:PATH or env:NAME. */
typedef struct {
    unsigned char *bytes; /**< wiped with the pool */
    apr_size_t len;
} ctl_content_t;

/** Read what a source holds, at most 64 KB. @return NULL, or what is wrong; nothing of the content is repeated */
const char *ctl_source_read(const char *source, apr_pool_t *pool, ctl_content_t *out);

/* ---- reading ---- */

/** Read stdin, without blanks around it. @return NULL, or what is wrong */
const char *ctl_stdin(apr_pool_t *pool, const char **text, apr_size_t *len);

#endif
