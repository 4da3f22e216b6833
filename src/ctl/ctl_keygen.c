/* SPDX-License-Identifier: Apache-2.0 */
/* authjwtctl keygen: a new key in a new file. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_file_info.h>
#include <apr_strings.h>

#include "aj_json.h"
#include "aj_key_generate.h"
#include "ctl_private.h"

static int write_all(int fd, const char *text)
{
    size_t left = strlen(text);

    while (left) {
        ssize_t written = write(fd, text, left);

        if (written < 0 && errno != EINTR) {
            return 0;
        }
        text += written > 0 ? written : 0;
        left -= written > 0 ? (size_t)written : 0;
    }
    return fsync(fd) == 0;
}

/* Never over a file that is there, nor through a link. What could not be written whole is removed. */
static const char *write_new(const char *path, const char *text, apr_pool_t *pool)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
    int done;

    if (fd < 0) {
        return apr_psprintf(pool, "%s cannot be made: %s", path, strerror(errno));
    }
    done = fchmod(fd, S_IRUSR | S_IWUSR) == 0 && write_all(fd, text);
    if (close(fd) || !done) {
        unlink(path);
        return apr_psprintf(pool, "%s cannot be written: %s", path, strerror(errno));
    }
    return NULL;
}

static const char *quoted(const char *prefix, const char *text, apr_pool_t *pool)
{
    return strpbrk(text, " \t") ? apr_pstrcat(pool, "\"", prefix, text, "\"", NULL)
                                : apr_pstrcat(pool, prefix, text, NULL);
}

/* The line for the configuration. A thumbprint is written down, so that tokens of this key name it for ever. */
static const char *directive_of(const aj_key_t *key, const char *path, apr_pool_t *pool)
{
    const char *kid = aj_key_kid(key);

    return apr_pstrcat(pool, "AuthJWTKey ", aj_key_alg(key)->name, " ", quoted("file:", path, pool), kid ? " " : "",
                       kid ? quoted("kid=", kid, pool) : "",
                       aj_key_alg(key)->kty == AJ_KTY_OCT ? " encoding=base64" : "", NULL);
}

static ctl_exit_e print(const ctl_options_t *options, const aj_key_t *key, const char *path, apr_pool_t *pool)
{
    const char *directive = directive_of(key, path, pool);
    json_t *jwk = aj_key_public_jwk(key, pool);

    if (options->json) {
        json_t *out = aj_json_own(json_object(), pool);

        json_object_set_new(out, "directive", json_string(directive));
        if (jwk) {
            json_object_set(out, "jwk", jwk);
        }
        printf("%s\n", aj_json_write(out, pool));
        return CTL_DONE;
    }
    printf("%s\n", directive);
    if (jwk) {
        printf("%s\n", aj_json_write(jwk, pool));
    }
    return CTL_DONE;
}

/* A kid that the line of the configuration cannot carry, or that is hard to read. */
static int is_kid(const char *kid)
{
    const char *p;

    for (p = kid; *p; p++) {
        if (*p < 0x20 || *p > 0x7e || *p == '"' || *p == '\\') {
            return 0;
        }
    }
    return 1;
}

ctl_exit_e ctl_keygen(ctl_options_t *options, apr_pool_t *pool)
{
    const aj_alg_t *alg = options->word ? aj_alg_find(options->word) : NULL;
    aj_key_options_t how = { .alg = alg, .kid = options->kid };
    const char *text, *error;
    char *path;
    aj_key_t *key;

    if (!alg || !options->out) {
        return ctl_say(CTL_USAGE, "keygen needs an algorithm, such as ES256, and --out FILE");
    }
    if (options->kid && !is_kid(options->kid)) {
        return ctl_say(CTL_USAGE, "--kid: printable ASCII without quotes and backslashes");
    }
    if (apr_filepath_merge(&path, NULL, options->out, APR_FILEPATH_TRUENAME, pool) != APR_SUCCESS) {
        return ctl_say(CTL_USAGE, "--out: the path is malformed");
    }
    how.encoding = alg->kty == AJ_KTY_OCT ? AJ_ENCODING_BASE64 : AJ_ENCODING_RAW;
    if (aj_key_generate(alg, pool, &text) != APR_SUCCESS) {
        return ctl_say(CTL_REFUSED, "OpenSSL cannot make a key");
    }
    error = aj_key_read(&key, (const unsigned char *)text, strlen(text), &how, pool);
    if (!error) {
        error = write_new(path, text, pool);
    }
    return error ? ctl_say(CTL_REFUSED, "%s", error) : print(options, key, path, pool);
}
