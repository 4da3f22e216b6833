/* SPDX-License-Identifier: Apache-2.0 */
/* authjwtctl: the face. A table of commands. */
#include <stdio.h>
#include <string.h>

#include <apr_general.h>

#include "ctl_private.h"

static const ctl_command_t commands[] = {
    { "keygen", CTL_KEYGEN, ctl_keygen, "keygen ALG --out FILE [--kid ID]" },
    { "mint", CTL_MINT, ctl_mint,
      "mint --key \"ALG SOURCE [kid=ID]\" --sub USER [--claim NAME=VALUE]... [--expires TIME] [--type "
      "access|refresh]" },
    { "explain", CTL_EXPLAIN, ctl_explain,
      "explain [-] --key \"ALG SOURCE [kid=ID]\" | --keyset SOURCE | --config FILE  <TOKEN" },
    { "revoke", CTL_REVOKE, ctl_revoke, "revoke [-] KEYS --store STORE | --config FILE  <TOKEN" },
    { "sessions", CTL_SESSIONS, ctl_sessions, "sessions USER --store STORE --issuer NAME | --config FILE" },
    { "end", CTL_END, ctl_end, "end USER|SID [--user|--sid] --store STORE --issuer NAME | --config FILE" },
    { "stats", CTL_STATS, ctl_stats, "stats --store STORE | --config FILE" },
    { "export", CTL_EXPORT, ctl_export, "export --store STORE | --config FILE  >DUMP" },
    { "import", CTL_IMPORT, ctl_import, "import --store STORE | --config FILE  <DUMP" },
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static ctl_exit_e usage(FILE *out, ctl_exit_e status)
{
    size_t i;

    fputs("authjwtctl makes keys and tokens for mod_authjwt, explains why a token is refused, and ends sessions.\n",
          out);
    for (i = 0; i < COMMANDS; i++) {
        fprintf(out, "  authjwtctl %s\n", commands[i].usage);
    }
    fputs("All take --config FILE [--server NAME] [--httpd PROGRAM], --issuer NAME, --store PROVIDER:ARGS, --json.\n"
          "STORE is lmdb:DIRECTORY or valkey:HOST[:PORT], the latter with --store-auth and its kin.\n"
          "See authjwtctl(8).\n",
          out);
    return status;
}

static ctl_exit_e run(int argc, const char *const *argv, apr_pool_t *pool)
{
    ctl_options_t options = { 0 };
    size_t i;

    if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "help"))) {
        return usage(stdout, CTL_DONE);
    }
    for (i = 0; argc > 1 && i < COMMANDS; i++) {
        if (!strcmp(argv[1], commands[i].name)) {
            const char *error = ctl_options_read(&options, &commands[i], argc - 2, argv + 2, pool);

            return error ? ctl_say(CTL_USAGE, "%s", error) : commands[i].run(&options, pool);
        }
    }
    return argc > 1 ? ctl_say(CTL_USAGE, "there is no such command; authjwtctl --help names them")
                    : usage(stderr, CTL_USAGE);
}

int main(int argc, const char *const *argv)
{
    ctl_exit_e status;
    apr_pool_t *pool;

    if (apr_app_initialize(&argc, &argv, NULL) != APR_SUCCESS || apr_pool_create(&pool, NULL) != APR_SUCCESS) {
        return CTL_REFUSED;
    }
    status = run(argc, argv, pool);
    if (fflush(stdout) || ferror(stdout)) {
        status = ctl_say(CTL_REFUSED, "stdout cannot be written");
    }
    /* Wipes what was read of keys. */
    apr_pool_destroy(pool);
    apr_terminate();
    return status;
}
