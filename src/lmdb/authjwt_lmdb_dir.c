/* SPDX-License-Identifier: Apache-2.0 */
/* The directory of an lmdb store, seen by the parent process, usually root: make it, judge it, give it to the httpd
 * user. As root nothing that lies inside is opened or changed: the httpd user could have put anything there. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/vfs.h>
#endif

#include <apr_strings.h>
#include <unixd.h>

#include "authjwt_lmdb.h"
#include "authjwt_lmdb_private.h"

#ifdef __linux__
/* Their locks and maps are not shared between hosts, or not reliably. Numbers from statfs(2) and the file systems' own
 * sources. */
static const struct {
    unsigned long magic;
    const char *name;
} network_fs[] = {
    { 0x6969, "NFS" },     { 0x517B, "SMB" },        { 0xFF534D42, "CIFS" }, { 0xFE534D42, "SMB2" },
    { 0x5346414F, "AFS" }, { 0x6B414653, "AFS" },    { 0x73757245, "Coda" }, { 0x00C36400, "Ceph" },
    { 0x01021997, "9p" },  { 0x0BD00BD0, "Lustre" }, { 0x01161970, "GFS2" }, { 0x7461636F, "OCFS2" },
    { 0x564C, "NCP" },     { 0x19830326, "BeeGFS" }, { 0x47504653, "GPFS" },
};
#define FUSE_MAGIC 0x65735546ul
#endif

/* Ask by descriptor: a path could lead elsewhere the next time it is looked up. */
static const char *judge_fs(int fd, const char *dir, const char **warning, apr_pool_t *pool)
{
#ifdef __linux__
    struct statfs fs;
    unsigned long magic;
    size_t i;

    if (fstatfs(fd, &fs) != 0) {
        return apr_psprintf(pool, "cannot ask for the file system of %s: %s", dir, strerror(errno));
    }
    magic = (unsigned long)fs.f_type & 0xFFFFFFFFul;
    for (i = 0; i < sizeof network_fs / sizeof *network_fs; i++) {
        if (magic == network_fs[i].magic) {
            return apr_psprintf(
                pool,
                "%s is on a network file system (%s), where a shared memory map is not safe; name a local "
                "directory",
                dir, network_fs[i].name);
        }
    }
    if (magic == FUSE_MAGIC) {
        *warning = apr_psprintf(
            pool, "%s is on a FUSE file system; if that is a network behind it, the store will be damaged", dir);
    }
#else
    (void)fd, (void)dir, (void)warning, (void)pool;
#endif
    return NULL;
}

/* @return 1, 0, or -1 when it cannot be read */
static int is_empty(int fd)
{
    int own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), empty = 1;
    DIR *dir = own < 0 ? NULL : fdopendir(own);
    struct dirent *entry;

    if (dir == NULL) {
        if (own >= 0) {
            close(own);
        }
        return -1;
    }
    while (empty && (entry = readdir(dir)) != NULL) {
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    }
    closedir(dir);
    return empty;
}

/* Change the owner only of a new or empty directory, so that a mistyped path does not give /etc to the httpd user. */
static const char *give(int fd, const char *dir, const struct stat *st, apr_pool_t *pool)
{
    if (geteuid() != 0 || st->st_uid == ap_unixd_config.user_id) {
        return NULL;
    }
    if (is_empty(fd) != 1) {
        return apr_psprintf(
            pool,
            "%s is not empty and belongs to user %ld; name a directory of its own, or give this one and what is "
            "in it to %s (chown -R)",
            dir, (long)st->st_uid, ap_unixd_config.user_name);
    }
    if (fchmod(fd, 0700) != 0 || fchown(fd, ap_unixd_config.user_id, ap_unixd_config.group_id) != 0) {
        return apr_psprintf(pool, "cannot give %s to %s: %s", dir, ap_unixd_config.user_name, strerror(errno));
    }
    return NULL;
}

static const char *judge(int fd, const char *dir, struct stat *st, const char **warning, apr_pool_t *pool)
{
    const char *why;

    if (fstat(fd, st) != 0) {
        return apr_psprintf(pool, "cannot look at %s: %s", dir, strerror(errno));
    }
    if ((st->st_mode & S_IWOTH) != 0) {
        return apr_psprintf(
            pool,
            "%s can be written by everybody, so anybody could replace the store; name a directory of its own or "
            "chmod it to 0700",
            dir);
    }
    if ((why = judge_fs(fd, dir, warning, pool)) == NULL) {
        why = give(fd, dir, st, pool);
    }
    return why;
}

static int open_dir(const char *dir)
{
    return open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Make one directory (the store's own or its parent) and check it. */
static const char *make(const char *dir, apr_pool_t *pool)
{
    const char *why = NULL, *warning;
    struct stat st;
    int fd;

    if (mkdir(dir, 0700) != 0 && errno != EEXIST) {
        return apr_psprintf(pool, "cannot make %s: %s", dir, strerror(errno));
    }
    if ((fd = open_dir(dir)) < 0) {
        return apr_psprintf(pool, "cannot open %s: %s", dir, strerror(errno));
    }
    why = judge(fd, dir, &st, &warning, pool);
    close(fd);
    return why;
}

static const char *make_with_parent(const char *dir, apr_pool_t *pool)
{
    const char *slash = strrchr(dir, '/'), *parent, *why;
    struct stat st;

    if (slash != dir) {
        parent = apr_pstrmemdup(pool, dir, slash - dir);
        if (stat(parent, &st) != 0 && errno == ENOENT && (why = make(parent, pool)) != NULL) {
            return why;
        }
    }
    return make(dir, pool);
}

/* A directory that this user may not look into is not an error here; the start will find out. */
static const char *foresee_missing(const char *dir, int levels, apr_pool_t *pool)
{
    const char *slash = strrchr(dir, '/');
    const char *parent = slash == dir ? "/" : apr_pstrmemdup(pool, dir, slash - dir);
    struct stat st;

    if (stat(parent, &st) == 0) {
        return S_ISDIR(st.st_mode) ? NULL : apr_psprintf(pool, "%s is not a directory", parent);
    }
    if (errno == ENOENT && levels > 0) {
        return foresee_missing(parent, levels - 1, pool);
    }
    return errno == EACCES ? NULL
                           : apr_psprintf(pool, "%s is not there and will not be made: %s", parent, strerror(errno));
}

const char *authjwt_lmdb_dir_foresee(const char *dir, apr_pool_t *pool)
{
    struct stat st;

    if (lstat(dir, &st) == 0) {
        if (S_ISLNK(st.st_mode)) {
            return apr_psprintf(pool, "%s is a symbolic link; name the directory itself", dir);
        }
        return S_ISDIR(st.st_mode) ? NULL : apr_psprintf(pool, "%s is not a directory", dir);
    }
    if (errno == EACCES) {
        return NULL;
    }
    return errno == ENOENT ? foresee_missing(dir, 1, pool) : apr_psprintf(pool, "%s: %s", dir, strerror(errno));
}

const char *authjwt_lmdb_dir_prepare(const char *dir, authjwt_lmdb_ids_t *ids, int *made, const char **warning,
                                     apr_pool_t *pool)
{
    const char *why;
    struct stat st;
    int fd = open_dir(dir);

    *warning = NULL;
    *made = fd < 0 && errno == ENOENT;
    if (*made) {
        if ((why = make_with_parent(dir, pool)) != NULL) {
            return why;
        }
        fd = open_dir(dir);
    }
    if (fd < 0) {
        int err = errno;

        if (lstat(dir, &st) == 0 && S_ISLNK(st.st_mode)) {
            return apr_psprintf(pool, "%s is a symbolic link; name the directory itself", dir);
        }
        return apr_psprintf(pool, "cannot open the directory %s: %s", dir, strerror(err));
    }
    why = judge(fd, dir, &st, warning, pool);
    close(fd);
    if (why == NULL) {
        ids->dev = st.st_dev;
        ids->dir = st.st_ino;
    }
    return why;
}

const char *authjwt_lmdb_outside(const char *path, apr_pool_t *pool)
{
    return geteuid() == 0 && ap_unixd_config.chroot_dir != NULL
             ? apr_pstrcat(pool, ap_unixd_config.chroot_dir, path, NULL)
             : path;
}

const char *authjwt_lmdb_foresee_directory(const char *dir, apr_pool_t *pool)
{
    return ap_unixd_config.chroot_dir == NULL ? authjwt_lmdb_dir_foresee(dir, pool) : NULL;
}

const char *authjwt_lmdb_make_directory(const char *dir, apr_pool_t *pool)
{
    const char *warning;
    authjwt_lmdb_ids_t ids;
    int made;

    return authjwt_lmdb_dir_prepare(authjwt_lmdb_outside(dir, pool), &ids, &made, &warning, pool);
}
