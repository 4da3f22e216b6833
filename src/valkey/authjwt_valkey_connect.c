/* SPDX-License-Identifier: Apache-2.0 */
/* A socket to one host, with TLS where wanted. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <apr_strings.h>

#include "authjwt_valkey_private.h"

static const char *finish(int fd, apr_time_t deadline, int *error)
{
    socklen_t len = sizeof(*error);
    const char *why = authjwt_valkey_wait(fd, POLLOUT, deadline);

    if (!why && getsockopt(fd, SOL_SOCKET, SO_ERROR, error, &len)) {
        *error = errno;
    }
    return why ? "it did not answer in time" : NULL;
}

/* No program that httpd starts inherits the socket. */
static const char *connect_to(const struct sockaddr *address, socklen_t len, apr_time_t deadline, int *out,
                              apr_pool_t *pool)
{
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), error = 0, on = 1;
    const char *why = NULL;

    if (fd < 0) {
        return apr_psprintf(pool, "a socket cannot be made: %s", strerror(errno));
    }
    if (address->sa_family != AF_UNIX) {
        (void)!setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    }
    if (connect(fd, address, len)) {
        error = errno;
        if (error == EINPROGRESS) {
            error = 0;
            why = finish(fd, deadline, &error);
        }
    }
    if (error) {
        why = strerror(error);
    }
    if (why) {
        close(fd);
        return apr_pstrdup(pool, why);
    }
    *out = fd;
    return NULL;
}

static const char *connect_path(const char *path, apr_time_t deadline, int *fd, apr_pool_t *pool)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    apr_cpystrn(address.sun_path, path, sizeof(address.sun_path));
    return connect_to((const struct sockaddr *)&address, sizeof(address), deadline, fd, pool);
}

/* A host may have several addresses; each gets its share of the time that is left. */
static const char *connect_host(const authjwt_valkey_host_t *host, apr_time_t deadline, int *fd, apr_pool_t *pool)
{
    struct addrinfo *list = NULL, *one;
    const char *why = authjwt_valkey_resolve(host, deadline, &list, pool);
    int left = 0;

    for (one = list; one; one = one->ai_next) {
        left++;
    }
    for (one = list; one; one = one->ai_next, left--) {
        apr_time_t now = authjwt_valkey_now();

        why = connect_to(one->ai_addr, one->ai_addrlen, now + (deadline - now) / left, fd, pool);
        if (!why) {
            break;
        }
    }
    if (list) {
        freeaddrinfo(list);
    }
    return why;
}

const char *authjwt_valkey_connect(const ap_socache_instance_t *inst, const authjwt_valkey_host_t *host,
                                   apr_time_t deadline, authjwt_valkey_link_t **out, apr_pool_t *pool)
{
    const char *why;
    authjwt_valkey_link_t *link;
    int fd = -1;

    why = host ? connect_host(host, deadline, &fd, pool) : connect_path(inst->address.path, deadline, &fd, pool);
    if (why) {
        return apr_psprintf(pool, "cannot connect: %s", why);
    }
    link = authjwt_valkey_link_create(fd);
    if (!link) {
        close(fd);
        return "there is no memory for a connection";
    }
    link->deadline = deadline;
    why = inst->tls && host ? authjwt_valkey_link_encrypt(link, inst->tls, host->name, pool) : NULL;
    if (why) {
        authjwt_valkey_link_close(link);
        return why;
    }
    *out = link;
    return NULL;
}
