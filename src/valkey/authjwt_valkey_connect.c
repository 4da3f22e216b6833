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

/* @return the length of the address, with its port */
static socklen_t set_port(authjwt_valkey_addresses_t *addresses, unsigned i, unsigned port)
{
    if (addresses->at[i].any.sa_family == AF_INET6) {
        addresses->at[i].v6.sin6_port = htons((in_port_t)port);
        return sizeof(addresses->at[i].v6);
    }
    addresses->at[i].v4.sin_port = htons((in_port_t)port);
    return sizeof(addresses->at[i].v4);
}

/* A host may have several addresses; each gets its share of the time that is left. */
static const char *connect_host(const authjwt_valkey_host_t *host, apr_time_t deadline, int *fd, apr_pool_t *pool)
{
    authjwt_valkey_addresses_t addresses = { .count = 0 };
    const char *why = authjwt_valkey_resolve(host, deadline, &addresses, pool);
    unsigned i;

    for (i = 0; i < addresses.count; i++) {
        apr_time_t now = authjwt_valkey_now();
        socklen_t len = set_port(&addresses, i, host->port);

        why = connect_to(&addresses.at[i].any, len, now + (deadline - now) / (addresses.count - i), fd, pool);
        if (!why) {
            return NULL;
        }
    }
    return why && addresses.is_old
             ? apr_psprintf(pool, "%s (at the last known address; the resolver does not answer)", why)
             : why;
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
