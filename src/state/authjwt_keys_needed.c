/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_keys: a server that issues or protects must have the keys to do so. Judged by the tree of directives. */
#include <httpd.h>
#include <http_config.h>
#include <http_log.h>

#include "authjwt_endpoint.h"
#include "authjwt_keys.h"
#include "authjwt_sources.h"

APLOG_USE_MODULE(authjwt);

/* The virtual host a directive stands in, or the main server. */
static const server_rec *server_of(const ap_directive_t *node, const server_rec *main_server)
{
    const server_rec *s;

    for (; node; node = node->parent) {
        if (ap_cstr_casecmp(node->directive, "<VirtualHost")) {
            continue;
        }
        for (s = main_server->next; s; s = s->next) {
            if (s->defn_line_number == (unsigned)node->line_num && s->defn_name
                && !strcmp(s->defn_name, node->filename)) {
                return s;
            }
        }
    }
    return main_server;
}

/* What a directive needs of its server. */
static authjwt_need_e need_of(const ap_directive_t *node, apr_pool_t *ptemp)
{
    const char *args = node->args ? node->args : "";
    const char *word = ap_getword_conf(ptemp, &args);
    const authjwt_endpoint_t *endpoint;

    if (!ap_cstr_casecmp(node->directive, "AuthType")) {
        return ap_cstr_casecmp(word, "JWT") ? AUTHJWT_NEEDS_NOTHING : AUTHJWT_NEEDS_KEY;
    }
    if (!ap_cstr_casecmp(node->directive, "AuthBasicProvider")) {
        while (*word && strcmp(word, AUTHJWT_AUTHN_PROVIDER)) {
            word = ap_getword_conf(ptemp, &args);
        }
        return *word ? AUTHJWT_NEEDS_KEY : AUTHJWT_NEEDS_NOTHING;
    }
    endpoint = ap_cstr_casecmp(node->directive, "SetHandler") ? NULL : authjwt_endpoint_find(word);
    return endpoint ? endpoint->need : AUTHJWT_NEEDS_NOTHING;
}

/* Under -t the keys of commands are unknown and count as present. */
static int meets(const server_rec *s, authjwt_need_e need)
{
    const authjwt_server_conf_t *conf = authjwt_config_server(s);
    int i;

    if (!conf->key_specs) {
        return 0;
    }
    /* Which keys a command or a JWK Set gives may change while httpd runs, so naming one is enough to verify. */
    for (i = 0; i < conf->key_specs->nelts; i++) {
        const authjwt_key_spec_t *spec = &APR_ARRAY_IDX(conf->key_specs, i, authjwt_key_spec_t);

        if (need == AUTHJWT_NEEDS_KEY || (authjwt_source_is_command(spec->source) && !spec->options.verify_only)) {
            return 1;
        }
    }
    return authjwt_keys_can_sign(conf->keyring);
}

/* What stands outside all virtual hosts serves the main server and each virtual host; enough if all the hosts can. */
static int meets_everywhere(const server_rec *main_server, authjwt_need_e need)
{
    const server_rec *s;

    if (meets(main_server, need)) {
        return 1;
    }
    for (s = main_server->next; s; s = s->next) {
        if (!meets(s, need)) {
            return 0;
        }
    }
    return main_server->next != NULL;
}

/* The end of the sentence: what is missing, or what is wrong with what is there. */
static const char *lack_of(const server_rec *s, authjwt_need_e need)
{
    if (need == AUTHJWT_NEEDS_KEY) {
        return "needs a key, but its server has none; add AuthJWTKey";
    }
    if (!authjwt_config_server(s)->key_specs) {
        return "needs a key that can sign, but its server has none; add AuthJWTKey";
    }
    return "needs a key that can sign, but the keys of its server are only public ones, or marked verify; "
           "add AuthJWTKey with a private key or a shared secret";
}

static int check_node(const ap_directive_t *node, const server_rec *main_server, apr_pool_t *ptemp)
{
    authjwt_need_e need = need_of(node, ptemp);
    const server_rec *s;

    if (need == AUTHJWT_NEEDS_NOTHING) {
        return 0;
    }
    s = server_of(node, main_server);
    if (s == main_server ? meets_everywhere(main_server, need) : meets(s, need)) {
        return 0;
    }
    ap_log_error(APLOG_MARK, APLOG_ERR | APLOG_STARTUP, 0, s, "AJ1004: %s %s (%s:%d) %s", node->directive, node->args,
                 node->filename, node->line_num, lack_of(s, need));
    return 1;
}

static int check_tree(const ap_directive_t *node, const server_rec *main_server, apr_pool_t *ptemp)
{
    int faults = 0;

    for (; node; node = node->next) {
        faults += check_node(node, main_server, ptemp);
        faults += check_tree(node->first_child, main_server, ptemp);
    }
    return faults;
}

int authjwt_keys_check_needed(server_rec *main_server, apr_pool_t *ptemp)
{
    return check_tree(ap_conftree, main_server, ptemp);
}
