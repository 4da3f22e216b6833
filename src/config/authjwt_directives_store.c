/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_config: the setters of AuthJWTStoreAuth and its kin. They look at the line only; the password is read when
 * the store is set up. */
#include <stdlib.h>

#include <httpd.h>
#include <http_config.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "authjwt_directives_private.h"
#include "authjwt_sources.h"

/* More replicas than anybody waits for. */
#define REPLICAS_MAX 1000

const char *authjwt_directives_set_store_auth(cmd_parms *cmd, void *dir, const char *first, const char *second)
{
    authjwt_store_auth_t *auth = apr_pcalloc(cmd->pool, sizeof(*auth));
    const char *error;

    (void)dir;
    auth->user = second ? first : NULL;
    auth->source = second ? second : first;
    error = authjwt_source_check(auth->source);
    if (error) {
        return apr_pstrcat(cmd->pool, "AuthJWTStoreAuth: ", error, NULL);
    }
    if (auth->user && !*auth->user) {
        return "AuthJWTStoreAuth: the name of the user is empty; leave it out for the default user";
    }
    auth->name = authjwt_source_name(auth->source, cmd->pool);
    authjwt_config_server(cmd->server)->store_auth = auth;
    return NULL;
}

static const char *set_file(cmd_parms *cmd, const char *file, const char **slot)
{
    if (*slot) {
        return "AuthJWTStoreTLS: an option is there twice; write each of ca=FILE, cert=FILE, key=FILE once";
    }
    *slot = authjwt_directives_file(cmd, file);
    return *slot ? NULL : apr_psprintf(cmd->pool, "AuthJWTStoreTLS: there is no file \"%s\"", file);
}

static const char *add_tls_option(cmd_parms *cmd, const char *word, authjwt_store_tls_t *tls)
{
    if (!strncmp(word, "ca=", 3)) {
        return set_file(cmd, word + 3, &tls->ca);
    }
    if (!strncmp(word, "cert=", 5)) {
        return set_file(cmd, word + 5, &tls->cert);
    }
    if (!strncmp(word, "key=", 4)) {
        return set_file(cmd, word + 4, &tls->key);
    }
    return apr_psprintf(cmd->pool, "AuthJWTStoreTLS: \"%s\" is none of ca=FILE, cert=FILE, key=FILE", word);
}

const char *authjwt_directives_set_store_tls(cmd_parms *cmd, void *dir, int argc, char *const argv[])
{
    authjwt_store_tls_t *tls = apr_pcalloc(cmd->pool, sizeof(*tls));
    const char *error = NULL;
    int i;

    (void)dir;
    if (!argc || (ap_cstr_casecmp(argv[0], "on") && ap_cstr_casecmp(argv[0], "off"))) {
        return "AuthJWTStoreTLS: write off, or on [ca=FILE] [cert=FILE key=FILE]";
    }
    tls->is_on = !ap_cstr_casecmp(argv[0], "on");
    if (!tls->is_on && argc > 1) {
        return "AuthJWTStoreTLS: off stands alone";
    }
    for (i = 1; !error && i < argc; i++) {
        error = add_tls_option(cmd, argv[i], tls);
    }
    if (!error && !tls->cert != !tls->key) {
        error = "AuthJWTStoreTLS: cert= and key= belong together; write both, or neither";
    }
    authjwt_config_server(cmd->server)->store_tls = tls;
    return error;
}

const char *authjwt_directives_set_store_replicas(cmd_parms *cmd, void *dir, const char *count, const char *time)
{
    authjwt_server_conf_t *conf = authjwt_config_server(cmd->server);
    const char *error = NULL;
    char *end;
    long number = strtol(count, &end, 10);

    (void)dir;
    if (!apr_isdigit(*count) || *end || number > REPLICAS_MAX) {
        return apr_psprintf(
            cmd->pool, "AuthJWTStoreReplicas: \"%s\" is no number of replicas; write N [TIME], such as 1 1s", count);
    }
    conf->store_replicas_time = 0;
    if (time) {
        error = authjwt_config_parse_wait(cmd->pool, time, &conf->store_replicas_time);
    }
    conf->store_replicas = (int)number;
    return error ? apr_pstrcat(cmd->pool, "AuthJWTStoreReplicas: ", error, NULL) : NULL;
}

const char *authjwt_directives_set_store_timeout(cmd_parms *cmd, void *dir, const char *time)
{
    const char *error = authjwt_config_parse_wait(cmd->pool, time, &authjwt_config_server(cmd->server)->store_timeout);

    (void)dir;
    return error ? apr_pstrcat(cmd->pool, "AuthJWTStoreTimeout: ", error, NULL) : NULL;
}
