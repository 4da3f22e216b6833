/* SPDX-License-Identifier: Apache-2.0 */
/* Preloaded into httpd: a file system of another type, and a disk that fails.
 *
 * FAULT_FSTYPE=hex        what fstatfs says
 * FAULT_META=path         while that file exists, LMDB's short write of its meta page fails with EIO */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/vfs.h>
#include <unistd.h>

#pragma GCC visibility push(default)

int fstatfs(int fd, struct statfs *fs)
{
    int (*real)(int, struct statfs *) = (int (*)(int, struct statfs *))dlsym(RTLD_NEXT, "fstatfs");
    const char *type = getenv("FAULT_FSTYPE");
    int rc = real(fd, fs);

    if (rc == 0 && type != NULL) {
        fs->f_type = (__typeof__(fs->f_type))strtoul(type, NULL, 16);
    }
    return rc;
}

static int fails(size_t len)
{
    const char *path = getenv("FAULT_META");

    if (path == NULL || len >= 512 || access(path, F_OK) != 0) {
        return 0;
    }
    errno = EIO;
    return 1;
}

ssize_t pwrite(int fd, const void *buf, size_t len, off_t at)
{
    ssize_t (*real)(int, const void *, size_t, off_t) =
        (ssize_t(*)(int, const void *, size_t, off_t))dlsym(RTLD_NEXT, "pwrite");

    return fails(len) ? -1 : real(fd, buf, len, at);
}

ssize_t pwrite64(int fd, const void *buf, size_t len, off64_t at)
{
    ssize_t (*real)(int, const void *, size_t, off64_t) =
        (ssize_t(*)(int, const void *, size_t, off64_t))dlsym(RTLD_NEXT, "pwrite64");

    return fails(len) ? -1 : real(fd, buf, len, at);
}
