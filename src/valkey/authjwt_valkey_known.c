/* SPDX-License-Identifier: Apache-2.0 */
/* The addresses that names of hosts had when they were last found out, for the time when the resolver does not answer.
 * Children begin with what their parent knows. */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#include "authjwt_valkey_private.h"

/** A name with its addresses; count 0: a free place. */
typedef struct {
    char name[AUTHJWT_VALKEY_HOST_MAX + 1];
    authjwt_valkey_addresses_t addresses;
} known_t;

/* One for each Sentinel and some primaries. */
#define KNOWN_MAX 48

static known_t table[KNOWN_MAX];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static known_t *find(const char *name)
{
    unsigned i = 0;

    while (i < KNOWN_MAX && (!table[i].addresses.count || strcmp(table[i].name, name))) {
        i++;
    }
    return i < KNOWN_MAX ? &table[i] : NULL;
}

/* A free place, or else that of another name. */
static known_t *take_place(void)
{
    static unsigned next;
    unsigned i = 0;

    while (i < KNOWN_MAX && table[i].addresses.count) {
        i++;
    }
    return i < KNOWN_MAX ? &table[i] : &table[next++ % KNOWN_MAX];
}

void authjwt_valkey_remember(const char *name, const authjwt_valkey_addresses_t *addresses)
{
    known_t *known;

    pthread_mutex_lock(&lock);
    known = find(name);
    known = known ? known : take_place();
    apr_cpystrn(known->name, name, sizeof(known->name));
    known->addresses = *addresses;
    pthread_mutex_unlock(&lock);
}

int authjwt_valkey_recall(const char *name, authjwt_valkey_addresses_t *out)
{
    const known_t *known;

    pthread_mutex_lock(&lock);
    known = find(name);
    if (known) {
        *out = known->addresses;
    }
    pthread_mutex_unlock(&lock);
    return known != NULL;
}

void authjwt_valkey_known_write(int fd)
{
    while (write(fd, table, sizeof(table)) < 0 && errno == EINTR) {
        ;
    }
}

/* The process that wrote it may have been told anything by the network, so nothing of it is taken on trust. */
void authjwt_valkey_known_read(int fd)
{
    static known_t read_table[KNOWN_MAX];
    apr_size_t got = 0, i;
    ssize_t n;

    do {
        n = read(fd, (char *)read_table + got, sizeof(read_table) - got);
        got += n > 0 ? (apr_size_t)n : 0;
    } while (n > 0 || (n < 0 && errno == EINTR));
    if (got != sizeof(read_table)) {
        return;
    }
    memcpy(table, read_table, sizeof(table));
    for (i = 0; i < KNOWN_MAX; i++) {
        table[i].name[AUTHJWT_VALKEY_HOST_MAX] = '\0';
        if (table[i].addresses.count > AUTHJWT_VALKEY_ADDRESSES_MAX) {
            table[i].addresses.count = 0;
        }
    }
}
