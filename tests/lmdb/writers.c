/* SPDX-License-Identifier: Apache-2.0 */
/* Many threads and processes that write to one store through the group (authjwt_lmdb_group.c), without httpd, so that
 * it can run under ThreadSanitizer. Usage: writers DIR SIZE MODE THREADS [NUMBER]
 *
 *   queue    the threads' writes wait while somebody has the write lock; answers how many commits they took
 *   spoilt   the same, and one of them is no valid entry, and one is larger than the store
 *   hammer   two processes; each thread stores, counts by swap, removes NUMBER times; everything is checked
 *   promise  writes without end; the number of each entry is printed once it is acknowledged
 *   check    all entries whose numbers come on standard input must be there */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../src/lmdb/authjwt_lmdb_private.h"

#define MUST(call)                                                                     \
    do {                                                                               \
        int must_rc = (call);                                                          \
        if (must_rc != 0) {                                                            \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, mdb_strerror(must_rc)); \
            exit(1);                                                                   \
        }                                                                              \
    } while (0)

#define THREADS_MOST 128
#define READERS      2048

static authjwt_lmdb_env_t *env;
static int threads, rounds;

static void make_store(const char *dir, size_t size)
{
    MDB_env *mdb;
    MDB_txn *txn;
    MDB_dbi dbi;

    MUST(mdb_env_create(&mdb));
    MUST(mdb_env_set_maxdbs(mdb, 4));
    MUST(mdb_env_set_mapsize(mdb, size));
    MUST(mdb_env_open(mdb, dir, MDB_NOTLS, 0600));
    MUST(mdb_txn_begin(mdb, NULL, 0, &txn));
    MUST(mdb_dbi_open(txn, "entries", MDB_CREATE, &dbi));
    MUST(mdb_dbi_open(txn, "expiry", MDB_CREATE, &dbi));
    MUST(mdb_txn_commit(txn));
    mdb_env_close(mdb);
}

static void open_store(const char *dir)
{
    authjwt_lmdb_ids_t ids;

    MUST(authjwt_lmdb_identify(dir, &ids));
    env = authjwt_lmdb_env_create(dir, &ids, READERS, THREADS_MOST);
    assert(env);
    MUST(authjwt_lmdb_repair(env, MDB_PANIC));
}

static int run(const authjwt_lmdb_job_t *job, authjwt_lmdb_write_t *write)
{
    int rc;

    write->now = apr_time_now();
    write->expiry = write->now + apr_time_from_sec(3600);
    authjwt_lmdb_gate_enter(env);
    rc = job->work(env, write);
    authjwt_lmdb_gate_leave(env);
    return rc;
}

static int store(const char *id, const char *data)
{
    authjwt_lmdb_write_t write = { .id = { strlen(id), (void *)id }, .data = { strlen(data), (void *)data } };
    int rc = run(&authjwt_lmdb_store_job, &write);

    assert(rc != 0 || write.answer == APR_SUCCESS);
    return rc;
}

static apr_status_t take_out(const char *id)
{
    authjwt_lmdb_write_t write = { .kind = AUTHJWT_LMDB_REMOVE, .id = { strlen(id), (void *)id } };

    MUST(run(&authjwt_lmdb_remove_job, &write));
    return write.answer;
}

/* @return the length, -1 if there is none */
static int find(const char *id, char *data, size_t room)
{
    authjwt_socache_question_t question = { .id = (const unsigned char *)id, .idlen = (unsigned)strlen(id) };
    authjwt_lmdb_get_t get = { .now = apr_time_now(), .questions = &question, .n = 1 };

    question.data = (unsigned char *)data;
    question.len = (unsigned)room;
    authjwt_lmdb_gate_enter(env);
    MUST(authjwt_lmdb_get_job.work(env, &get));
    authjwt_lmdb_gate_leave(env);
    return question.status == APR_SUCCESS ? (int)question.len : -1;
}

static size_t commits(void)
{
    MDB_envinfo info;

    MUST(mdb_env_info(env->mdb, &info));
    return info.me_last_txnid;
}

static void in_threads(void *(*work)(void *))
{
    pthread_t thread[THREADS_MOST];
    long i;

    for (i = 0; i < threads; i++) {
        MUST(pthread_create(&thread[i], NULL, work, (void *)i));
    }
    for (i = 0; i < threads; i++) {
        MUST(pthread_join(thread[i], NULL));
    }
}

/* ---- queue, spoilt ---- */

static int is_spoilt, failed;

static void *one_write(void *number)
{
    char id[32];
    int rc;

    snprintf(id, sizeof id, "q%ld", (long)number);
    if (is_spoilt && (long)number == 3) {
        rc = store("", "an entry needs an id");
    }
    else if (is_spoilt && (long)number == 5) {
        char *large = calloc(1, 8 << 20);

        memset(large, 'x', (8 << 20) - 1);
        rc = store(id, large);
        free(large);
    }
    else {
        rc = store(id, "v");
    }
    __atomic_fetch_add(&failed, rc != 0, __ATOMIC_RELAXED);
    return NULL;
}

static int waiting(void)
{
    authjwt_lmdb_write_t *write;
    int n = 0;

    pthread_mutex_lock(&env->group.lock);
    for (write = env->group.first; write; write = write->next) {
        n++;
    }
    pthread_mutex_unlock(&env->group.lock);
    return n;
}

static void *release(void *held)
{
    MDB_txn *txn;

    MUST(mdb_txn_begin(env->mdb, NULL, 0, &txn));
    __atomic_store_n((int *)held, 1, __ATOMIC_RELEASE);
    while (waiting() < threads) {
        usleep(1000);
    }
    mdb_txn_abort(txn);
    return NULL;
}

static void queue(void)
{
    size_t before = commits();
    pthread_t holder;
    int i, held = 0, there = 0;
    char id[32], data[8];

    MUST(pthread_create(&holder, NULL, release, &held));
    while (!__atomic_load_n(&held, __ATOMIC_ACQUIRE)) {
        usleep(1000);
    }
    in_threads(one_write);
    MUST(pthread_join(holder, NULL));
    for (i = 0; i < threads; i++) {
        snprintf(id, sizeof id, "q%d", i);
        there += find(id, data, sizeof data) == 1;
    }
    printf("%d there, %d failed, %zu commits\n", there, failed, commits() - before);
}

/* ---- hammer ---- */

/* Count up by swap until nobody was quicker. */
static void count_up(void)
{
    authjwt_lmdb_write_t write = { .answer = APR_EAGAIN };
    char data[16], next[16];

    while (write.answer != APR_SUCCESS) {
        int len = find("counter", data, sizeof data - 1);

        data[len < 0 ? 0 : len] = '\0';
        snprintf(next, sizeof next, "%d", len < 0 ? 1 : atoi(data) + 1);
        write = (authjwt_lmdb_write_t){ .kind = AUTHJWT_LMDB_SWAP,
                                        .id = { 7, (void *)"counter" },
                                        .old = { len < 0 ? 0 : (size_t)len, len < 0 ? NULL : data },
                                        .data = { strlen(next), next } };
        MUST(run(&authjwt_lmdb_store_job, &write));
    }
}

static void *hammer_thread(void *number)
{
    char id[64], data[64];
    int i;

    for (i = 0; i < rounds; i++) {
        snprintf(id, sizeof id, "h%d-%ld-%d", (int)getpid(), (long)number, i);
        MUST(store(id, id));
        assert(find(id, data, sizeof data) == (int)strlen(id) && memcmp(data, id, strlen(id)) == 0);
        count_up();
        if (i % 2) {
            assert(take_out(id) == APR_SUCCESS);
            assert(take_out(id) == APR_NOTFOUND);
            assert(find(id, data, sizeof data) < 0);
        }
    }
    return NULL;
}

static void hammer(const char *dir)
{
    char data[16] = { 0 };
    pid_t child = fork(); /* before anything is opened */
    int status = 0;

    open_store(dir);
    in_threads(hammer_thread);
    if (child == 0) {
        exit(0);
    }
    assert(waitpid(child, &status, 0) == child && status == 0);
    assert(find("counter", data, sizeof data - 1) > 0);
    printf("counted %s of %d, %d left waiting, led %d\n", data, 2 * threads * rounds, waiting(), env->group.is_led);
}

/* ---- promise, check ---- */

static void *promise_thread(void *number)
{
    char id[64];
    int i;

    for (i = 0;; i++) {
        int len = snprintf(id, sizeof id, "p%d-%ld-%d\n", (int)getpid(), (long)number, i);

        id[len - 1] = '\0';
        MUST(store(id, id));
        id[len - 1] = '\n';
        if (write(STDOUT_FILENO, id, (size_t)len) != len) {
            exit(1);
        }
    }
    return NULL;
}

static void check(void)
{
    char id[64], data[64];
    int n = 0, lost = 0;

    while (fgets(id, sizeof id, stdin) && strchr(id, '\n')) {
        *strchr(id, '\n') = '\0';
        n++;
        lost += find(id, data, sizeof data) < 0;
    }
    printf("%d lost of %s\n", lost, n ? "many" : "none");
}

int main(int argc, char **argv)
{
    const char *mode = argc > 4 ? argv[3] : "";

    if (argc < 5 || (threads = atoi(argv[4])) > THREADS_MOST) {
        return 2;
    }
    rounds = argc > 5 ? atoi(argv[5]) : 0;
    make_store(argv[1], strtoul(argv[2], NULL, 10));
    if (strcmp(mode, "hammer") == 0) {
        hammer(argv[1]);
        return 0;
    }
    if (strcmp(mode, "promise") == 0) {
        (void)!fork();
    }
    open_store(argv[1]);
    if (strcmp(mode, "promise") == 0) {
        in_threads(promise_thread);
    }
    is_spoilt = strcmp(mode, "spoilt") == 0;
    strcmp(mode, "check") == 0 ? check() : queue();
    return 0;
}
