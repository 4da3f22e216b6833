/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_store: which stores this host has seen before. A store that has no entries is new if this host has not, and
 * has lost them if it has. An empty file in the state directory notes it, written by the first child that has seen the
 * store, as the httpd user. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <httpd.h>
#include <apr_strings.h>
#include <http_log.h>

#include "authjwt_lmdb.h"
#include "authjwt_store_private.h"

APLOG_USE_MODULE(authjwt);

/* Half of a hash tells stores apart. */
#define NAME_BYTES 16

static const char *note_name(const authjwt_store_t *store, apr_pool_t *pool)
{
    unsigned char hash[AJ_SHA256_BYTES];
    char *name = apr_pstrdup(pool, "seen-0123456789abcdef0123456789abcdef");
    int i;

    if (aj_sha256(store->place, strlen(store->place), hash) != APR_SUCCESS) {
        return NULL;
    }
    for (i = 0; i < NAME_BYTES; i++) {
        apr_snprintf(name + 5 + 2 * i, 3, "%02x", hash[i]);
    }
    return name;
}

/* The parent, often root, must not follow a link that somebody else has put there. */
static int is_file(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0 && S_ISREG(st.st_mode);
}

int authjwt_store_check_state_dir(server_rec *main_server, apr_pool_t *ptemp)
{
    const char *dir = authjwt_config_server(main_server)->state_dir;
    const char *why = dir ? authjwt_lmdb_foresee_directory(dir, ptemp) : NULL;

    authjwt_lmdb_set_home(dir);
    if (why) {
        ap_log_error(APLOG_MARK, APLOG_ERR | APLOG_STARTUP, 0, main_server, "AJ1410: AuthJWTStateDir: %s", why);
        return 1;
    }
    return 0;
}

int authjwt_store_make_state_dir(server_rec *main_server, int is_needed, const char **dir, apr_pool_t *pconf)
{
    int is_said = authjwt_config_server(main_server)->state_dir != NULL;
    const char *why;

    *dir = authjwt_lmdb_home();
    why = authjwt_lmdb_make_directory(*dir, pconf);
    if (!why) {
        return 1;
    }
    *dir = NULL;
    if (is_said) {
        ap_log_error(APLOG_MARK, APLOG_EMERG | APLOG_STARTUP, 0, main_server, "AJ1416: AuthJWTStateDir: %s", why);
        return 0;
    }
    if (is_needed) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, main_server,
                     "AJ1417: the state directory cannot be used, so that a store which has lost its entries while "
                     "httpd was stopped is taken for a new one; name a directory by AuthJWTStateDir: %s",
                     why);
    }
    return 1;
}

void authjwt_store_note_place(authjwt_store_t *store, const char *dir, apr_pool_t *pconf)
{
    const char *name = note_name(store, pconf);

    if (!dir && store->kind->expect) {
        dir = ap_strchr_c(store->place, ':') + 1; /* a store on this host's disk can note it itself */
    }
    store->note = dir && name ? apr_pstrcat(pconf, dir, "/", name, NULL) : NULL;
    if (store->note && store->kind->expect && is_file(authjwt_lmdb_outside(store->note, pconf))) {
        store->kind->expect(store->instance);
    }
}

int authjwt_store_is_noted(const authjwt_store_t *store)
{
    return store->note && is_file(store->note);
}

void authjwt_store_note(const authjwt_store_t *store, server_rec *s)
{
    int fd = store->note ? open(store->note, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600) : -1;

    if (fd >= 0) {
        close(fd);
    }
    else if (store->note && errno != EEXIST) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, errno, s,
                     "AJ1411: %s cannot be written, so that AuthJWTRevocationStore %s is taken for a new one if it "
                     "loses its entries while httpd is stopped; give the directory to the httpd user",
                     store->note, store->spec);
    }
}
