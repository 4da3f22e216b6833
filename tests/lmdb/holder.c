/* SPDX-License-Identifier: Apache-2.0 */
/* Holds something of a store until its standard input ends, as a process that hangs would: the write lock, or with a
 * second argument all reader slots that are left. */
#include <lmdb.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    MDB_env *env;
    MDB_txn *txn;
    int rc;

    if (argc < 2 || mdb_env_create(&env) || mdb_env_set_maxdbs(env, 4) || mdb_env_open(env, argv[1], MDB_NOTLS, 0600)) {
        return 1;
    }
    do {
        rc = mdb_txn_begin(env, NULL, argc > 2 ? MDB_RDONLY : 0, &txn);
    } while (rc == 0 && argc > 2);
    if (rc != (argc > 2 ? MDB_READERS_FULL : 0)) {
        return 1;
    }
    puts("held");
    fflush(stdout);
    while (getchar() != EOF) {
        ;
    }
    return 0;
}
