/* SPDX-License-Identifier: Apache-2.0 */
/* fill_store DIRECTORY COUNT: put so many live entries into a store of the lmdb provider that httpd has made and left.
 * Layout as in src/lmdb/authjwt_lmdb_write.c: entries id -> expiry, data; expiry expiry, id -> nothing. */
#include <lmdb.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define STAMP 8
#define ID    32
#define DATA  9
#define BATCH 10000

static void must(int rc, const char *what)
{
    if (rc != 0) {
        fprintf(stderr, "fill_store: %s: %s\n", what, mdb_strerror(rc));
        exit(1);
    }
}

/* splitmix64: ids as evenly spread as hashes, and the same in every run. */
static uint64_t next(uint64_t *state)
{
    uint64_t z = (*state += 0x9E3779B97F4A7C15ull);

    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
}

static void stamp(unsigned char *to, uint64_t v)
{
    int i;

    for (i = STAMP - 1; i >= 0; i--, v >>= 8) {
        to[i] = (unsigned char)v;
    }
}

int main(int argc, char **argv)
{
    unsigned char id[ID], value[STAMP + DATA] = { 0 }, index[STAMP + ID];
    uint64_t state = 1, now = (uint64_t)time(NULL) * 1000000, word;
    long i, count;
    int j;
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi entries, expiry;

    if (argc != 3 || (count = atol(argv[2])) < 0) {
        fprintf(stderr, "usage: fill_store DIRECTORY COUNT\n");
        return 2;
    }
    must(mdb_env_create(&env), "create");
    must(mdb_env_set_maxdbs(env, 4), "maxdbs");
    must(mdb_env_open(env, argv[1], MDB_NOSYNC, 0600), "open");
    for (i = 0; i < count;) {
        must(mdb_txn_begin(env, NULL, 0, &txn), "begin");
        must(mdb_dbi_open(txn, "entries", 0, &entries), "entries");
        must(mdb_dbi_open(txn, "expiry", 0, &expiry), "expiry");
        do {
            MDB_val k = { ID, id }, v = { sizeof value, value }, x = { sizeof index, index }, none = { 0, (void *)"" };

            for (j = 0; j < ID; j += 8) {
                word = next(&state);
                memcpy(id + j, &word, 8);
            }
            stamp(value, now + (10 + (uint64_t)i % 20) * 86400 * 1000000 + (uint64_t)i);
            value[STAMP] = 1;
            stamp(value + STAMP + 1, now);
            memcpy(index, value, STAMP);
            memcpy(index + STAMP, id, ID);
            must(mdb_put(txn, entries, &k, &v, 0), "put an entry");
            must(mdb_put(txn, expiry, &x, &none, 0), "put its expiry");
        } while (++i < count && i % BATCH);
        must(mdb_txn_commit(txn), "commit");
    }
    must(mdb_env_sync(env, 1), "sync");
    mdb_env_close(env);
    return 0;
}
