/* SPDX-License-Identifier: Apache-2.0 */
/* Questions and answers on one connection. The socket never blocks; each wait ends at a deadline. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <apr_strings.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "authjwt_valkey_private.h"

/* More elements than any answer to our questions has. */
#define ELEMENTS_MAX 1024

static const char no_answer[] = "the server did not answer in time";
static const char closed[] = "the server has closed the connection";

apr_time_t authjwt_valkey_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return apr_time_from_sec((apr_time_t)now.tv_sec) + now.tv_nsec / 1000;
}

const char *authjwt_valkey_wait(int fd, short events, apr_time_t deadline)
{
    struct pollfd one = { .fd = fd, .events = events };
    apr_time_t left;
    int rc;

    do {
        left = deadline - authjwt_valkey_now();
        rc = left > 0 ? poll(&one, 1, (int)(left / 1000) + 1) : 0;
    } while (rc < 0 && errno == EINTR);
    return rc == 0 ? no_answer : rc < 0 ? "the connection cannot be waited for" : NULL;
}

/* ---- a bounded reader ---- */

/* How many elements an array has is hiredis's int in some versions, and size_t in others. */
#if HIREDIS_MAJOR < 1
typedef int elements_t;
#else
typedef size_t elements_t;
#endif

static redisReplyObjectFunctions objects;
static void *(*create_any_array)(const redisReadTask *task, elements_t elements);

/* Room for the elements is taken before they have come, so a server must not name any number. */
static void *create_array(const redisReadTask *task, elements_t elements)
{
    return elements > ELEMENTS_MAX ? NULL : create_any_array(task, elements);
}

static void learn_objects(void)
{
    redisReader *reader = redisReaderCreate();

    if (reader) {
        objects = *reader->fn;
        create_any_array = objects.createArray;
        objects.createArray = create_array;
        redisReaderFree(reader);
    }
}

static redisReader *create_reader(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    redisReader *reader = redisReaderCreate();

    pthread_once(&once, learn_objects);
    if (reader && create_any_array) {
        reader->fn = &objects;
    }
    return reader;
}

/* ---- life ---- */

authjwt_valkey_link_t *authjwt_valkey_link_create(int fd)
{
    authjwt_valkey_link_t *link = calloc(1, sizeof(*link));

    if (link && (link->reader = create_reader()) == NULL) {
        free(link);
        return NULL;
    }
    if (link) {
        link->fd = fd;
    }
    return link;
}

void authjwt_valkey_link_close(authjwt_valkey_link_t *link)
{
    if (link) {
        SSL_free(link->ssl);
        ERR_clear_error();
        close(link->fd);
        redisReaderFree(link->reader);
        free(link);
    }
}

/* ---- bytes ---- */

static const char *settle_plain(authjwt_valkey_link_t *link, int rc, short events, apr_pool_t *pool)
{
    if (rc < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        return authjwt_valkey_wait(link->fd, events, link->deadline);
    }
    if (rc < 0 && errno == EINTR) {
        return NULL;
    }
    link->is_closed = rc == 0 || errno == EPIPE || errno == ECONNRESET;
    return link->is_closed ? closed : apr_psprintf(pool, "the connection has failed: %s", strerror(errno));
}

/* A server that does not like our certificate says so in an alert, and closes; our next write may be what fails. */
static const char *last_words(authjwt_valkey_link_t *link, apr_pool_t *pool)
{
    char byte;
    int rc;

    ERR_clear_error();
    rc = SSL_read(link->ssl, &byte, 1);
    if (rc <= 0 && SSL_get_error(link->ssl, rc) == SSL_ERROR_SSL) {
        return authjwt_valkey_tls_why(link->ssl, pool);
    }
    ERR_clear_error();
    return closed;
}

static const char *settle_tls(authjwt_valkey_link_t *link, int rc, apr_pool_t *pool)
{
    switch (SSL_get_error(link->ssl, rc)) {
    case SSL_ERROR_WANT_READ:
        return authjwt_valkey_wait(link->fd, POLLIN, link->deadline);
    case SSL_ERROR_WANT_WRITE:
        return authjwt_valkey_wait(link->fd, POLLOUT, link->deadline);
    case SSL_ERROR_ZERO_RETURN:
    case SSL_ERROR_SYSCALL:
        link->is_closed = 1;
        return last_words(link, pool);
    default:
        return authjwt_valkey_tls_why(link->ssl, pool);
    }
}

/* After a call that has moved nothing: wait for what it needs. @return NULL to try again */
static const char *settle(authjwt_valkey_link_t *link, int rc, short events, apr_pool_t *pool)
{
    return link->ssl ? settle_tls(link, rc, pool) : settle_plain(link, rc, events, pool);
}

const char *authjwt_valkey_link_encrypt(authjwt_valkey_link_t *link, SSL_CTX *tls, const char *host, apr_pool_t *pool)
{
    const char *why = NULL;
    int rc;

    link->ssl = authjwt_valkey_tls_attach(tls, host, link->fd);
    if (!link->ssl) {
        return "there is no memory for TLS";
    }
    ERR_clear_error();
    while (!why && (rc = SSL_connect(link->ssl)) != 1) {
        why = settle_tls(link, rc, pool);
    }
    return why == closed ? "the server has closed the connection when TLS began; does it speak TLS on this port?" : why;
}

static const char *send_all(authjwt_valkey_link_t *link, const char *bytes, apr_size_t len, apr_pool_t *pool)
{
    const char *why = NULL;
    int rc;

    ERR_clear_error();
    while (!why && len > 0) {
        rc = link->ssl ? SSL_write(link->ssl, bytes, (int)len) : (int)send(link->fd, bytes, len, MSG_NOSIGNAL);
        if (rc > 0) {
            bytes += rc;
            len -= (apr_size_t)rc;
        }
        else {
            why = settle(link, rc, POLLOUT, pool);
        }
    }
    return why;
}

static const char *receive_some(authjwt_valkey_link_t *link, apr_pool_t *pool)
{
    const char *why = NULL;
    char bytes[4096];
    int rc;

    ERR_clear_error();
    do {
        rc = link->ssl ? SSL_read(link->ssl, bytes, sizeof(bytes)) : (int)recv(link->fd, bytes, sizeof(bytes), 0);
        why = rc > 0 ? NULL : settle(link, rc, POLLIN, pool);
    } while (!why && rc <= 0);
    if (!why) {
        link->received += (apr_size_t)rc;
        why = link->received > AUTHJWT_VALKEY_ANSWER_MAX ? "the server's answer is too long" : NULL;
    }
    if (!why && redisReaderFeed(link->reader, bytes, (size_t)rc) != REDIS_OK) {
        why = "there is no memory for an answer";
    }
    return why;
}

/* ---- answers ---- */

static const char *receive_reply(authjwt_valkey_link_t *link, redisReply **reply, apr_pool_t *pool)
{
    const char *why = NULL;
    void *got = NULL;

    while (!why && !got) {
        if (redisReaderGetReply(link->reader, &got) != REDIS_OK) {
            return apr_psprintf(pool, "the answer is not one of Valkey or Redis (%s)", link->reader->errstr);
        }
        if (!got) {
            why = receive_some(link, pool);
        }
    }
    *reply = got;
    return why;
}

void authjwt_valkey_forget(redisReply **replies, unsigned count)
{
    unsigned i;

    for (i = 0; i < count; i++) {
        if (replies[i]) {
            freeReplyObject(replies[i]);
            replies[i] = NULL;
        }
    }
}

const char *authjwt_valkey_talk(authjwt_valkey_link_t *link, const authjwt_valkey_batch_t *batch, redisReply **replies,
                                apr_time_t deadline, apr_pool_t *pool)
{
    const char *why;
    unsigned i;

    memset(replies, 0, batch->count * sizeof(*replies));
    link->deadline = deadline;
    link->received = 0;
    why = send_all(link, batch->bytes, batch->len, pool);
    for (i = 0; !why && i < batch->count; i++) {
        why = receive_reply(link, &replies[i], pool);
    }
    /* What nobody has asked for could be taken for the answer to the next question. */
    if (!why && link->reader->pos < link->reader->len) {
        why = "the server has answered more than it was asked";
    }
    if (why) {
        authjwt_valkey_forget(replies, batch->count);
    }
    return why;
}

int authjwt_valkey_link_is_quiet(authjwt_valkey_link_t *link)
{
    char byte;
    int quiet;

    if (!link->ssl) {
        return recv(link->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    }
    /* Reading takes in what belongs to TLS alone, such as session tickets. */
    ERR_clear_error();
    quiet = SSL_get_error(link->ssl, SSL_read(link->ssl, &byte, 1)) == SSL_ERROR_WANT_READ;
    ERR_clear_error();
    return quiet;
}
