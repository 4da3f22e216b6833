/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_config: the setters that say what applications and clients see. */
#include <httpd.h>
#include <http_config.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "authjwt_config_values.h"
#include "authjwt_directives_private.h"
#include "authjwt_verdict.h"

/* Claims that this module sets itself mean something else. A JSON Pointer may lead to one too. @param but  the one that
 * fits @return NULL, or a sentence */
static const char *refuse_own_claim(cmd_parms *cmd, const char *name, const char *but)
{
    const char *member = *name == '/' ? apr_pstrmemdup(cmd->pool, name + 1, strcspn(name + 1, "/")) : name;
    const char *error = authjwt_config_check_claim(cmd->pool, cmd->cmd->name, name);

    if (error) {
        return error;
    }
    return authjwt_config_is_own_claim(member) && strcmp(member, but)
             ? apr_psprintf(cmd->pool,
                            "%s: the claim %s is set by this module and means something else; the default is %s",
                            cmd->cmd->name, member, but)
             : NULL;
}

const char *authjwt_directives_set_identity_claim(cmd_parms *cmd, void *dir, const char *name)
{
    const char *error = refuse_own_claim(cmd, name, "sub");

    return error ? error : ap_set_string_slot(cmd, dir, name);
}

const char *authjwt_directives_set_role_claims(cmd_parms *cmd, void *dir, int argc, char *const argv[])
{
    authjwt_server_conf_t *server = authjwt_config_server(cmd->server);
    apr_array_header_t *names = apr_array_make(cmd->pool, argc, sizeof(const char *));
    int i;

    for (i = 0; i < argc; i++) {
        const char *error = refuse_own_claim(cmd, argv[i], "role");

        if (error) {
            return error;
        }
        authjwt_directives_list_name(cmd, &server->role_names, argv[i]);
        APR_ARRAY_PUSH(names, const char *) = argv[i];
    }
    if (!argc) {
        return "AuthJWTRoleClaim: needs at least one name";
    }
    ((authjwt_dir_conf_t *)dir)->role_claims = names;
    return NULL;
}

const char *authjwt_directives_set_sessions_admin(cmd_parms *cmd, void *dir, int argc, char *const argv[])
{
    apr_array_header_t *roles = apr_array_make(cmd->pool, argc, sizeof(const char *));
    int i;

    for (i = 0; i < argc; i++) {
        APR_ARRAY_PUSH(roles, const char *) = argv[i];
    }
    if (!argc) {
        return "AuthJWTSessionsAdmin: needs at least one role";
    }
    ((authjwt_dir_conf_t *)dir)->sessions_admin = roles;
    return NULL;
}

const char *authjwt_directives_set_export(cmd_parms *cmd, void *dir, int argc, char *const argv[])
{
    authjwt_dir_conf_t *conf = dir;
    const char *error;
    int i;

    conf->export = AUTHJWT_EXPORT_NAMED;
    conf->export_names = apr_array_make(cmd->pool, argc, sizeof(const char *));
    for (i = 0; i < argc; i++) {
        int all = !ap_cstr_casecmp(argv[i], "all");

        if (all || !ap_cstr_casecmp(argv[i], "none")) {
            if (argc > 1) {
                return apr_psprintf(cmd->pool, "AuthJWTExportClaims: \"%s\" stands alone, without other names",
                                    argv[i]);
            }
            conf->export = all ? AUTHJWT_EXPORT_ALL : AUTHJWT_EXPORT_NONE;
        }
        error = authjwt_config_check_claim(cmd->pool, "AuthJWTExportClaims", argv[i]);
        if (error) {
            return error;
        }
        APR_ARRAY_PUSH(conf->export_names, const char *) = argv[i];
    }
    return argc ? NULL : "AuthJWTExportClaims: write all, none, or names of claims";
}

const char *authjwt_directives_set_forward(cmd_parms *cmd, void *dir, const char *word)
{
    static const struct {
        const char *name;
        authjwt_forward_e value;
    } known[] = { { "on", AUTHJWT_FORWARD_ON }, { "off", AUTHJWT_FORWARD_OFF }, { "all", AUTHJWT_FORWARD_ALL } };
    apr_size_t i;

    for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (!ap_cstr_casecmp(word, known[i].name)) {
            ((authjwt_dir_conf_t *)dir)->forward_token = known[i].value;
            return NULL;
        }
    }
    return apr_psprintf(cmd->pool, "AuthJWTForwardToken: \"%s\" is none of on, off, all", word);
}

/* Headers that say how to read the request or to whom it goes, and those that carry credentials of their own. */
static int is_taken(const char *header)
{
    static const char *const names[] = { "Authorization",    "Connection",
                                         "Content-Encoding", "Content-Length",
                                         "Content-Type",     "Cookie",
                                         "Expect",           "Host",
                                         "Keep-Alive",       "Proxy-Authorization",
                                         "Proxy-Connection", "TE",
                                         "Trailer",          "Transfer-Encoding",
                                         "Upgrade" };
    apr_size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (!ap_cstr_casecmp(header, names[i])) {
            return 1;
        }
    }
    return 0;
}

static authjwt_config_listener_fn *on_request_header;

void authjwt_config_on_request_header(authjwt_config_listener_fn *listener)
{
    on_request_header = listener;
}

/* The first time, and not from within an .htaccess. */
static void tell_of_request_header(cmd_parms *cmd)
{
    authjwt_config_listener_fn *listener = on_request_header;

    if (listener && !ap_check_cmd_context(cmd, NOT_IN_HTACCESS)) {
        on_request_header = NULL;
        listener();
    }
}

const char *authjwt_directives_add_request_header(cmd_parms *cmd, void *dir, const char *header, const char *claim)
{
    authjwt_dir_conf_t *conf = dir;
    authjwt_request_header_t entry = { header, claim };
    const char *error;
    const char *p;

    for (p = header; apr_isalnum(*p) || *p == '-'; p++) {
        continue;
    }
    /* Applications see others as something else or not at all: CGI turns - into _ and drops the rest. */
    if (*p || p == header) {
        return apr_psprintf(cmd->pool,
                            "AuthJWTRequestHeader: \"%s\" is no name for a header; use letters, digits and -", header);
    }
    if (is_taken(header)) {
        return apr_psprintf(
            cmd->pool, "AuthJWTRequestHeader: %s means something else to HTTP; choose a name such as X-Remote-User",
            header);
    }
    error = authjwt_config_check_claim(cmd->pool, "AuthJWTRequestHeader", claim);
    if (error) {
        return error;
    }
    if (!conf->request_headers) {
        conf->request_headers = apr_array_make(cmd->pool, 2, sizeof(authjwt_request_header_t));
    }
    APR_ARRAY_PUSH(conf->request_headers, authjwt_request_header_t) = entry;
    tell_of_request_header(cmd);
    return NULL;
}

const char *authjwt_directives_file(cmd_parms *cmd, const char *file)
{
    const char *path = ap_server_root_relative(cmd->pool, file);
    apr_finfo_t info;

    return path && apr_stat(&info, path, APR_FINFO_TYPE, cmd->temp_pool) == APR_SUCCESS && info.filetype == APR_REG
             ? path
             : NULL;
}

/* @return NULL for a suffix that says nothing */
static const char *type_of(const char *path)
{
    static const struct {
        const char *suffix;
        const char *type;
    } known[] = { { ".json", "application/json" },        { ".html", "text/html; charset=utf-8" },
                  { ".htm", "text/html; charset=utf-8" }, { ".xhtml", "application/xhtml+xml" },
                  { ".xml", "application/xml" },          { ".txt", "text/plain; charset=utf-8" } };
    const char *suffix = ap_strrchr_c(path, '.');
    apr_size_t i;

    for (i = 0; suffix && i < sizeof(known) / sizeof(known[0]); i++) {
        if (!ap_cstr_casecmp(suffix, known[i].suffix)) {
            return known[i].type;
        }
    }
    return NULL;
}

const char *authjwt_directives_add_error_document(cmd_parms *cmd, void *dir, const char *code, const char *file)
{
    authjwt_dir_conf_t *conf = dir;
    authjwt_error_document_t entry = { 0 };

    if (apr_isdigit(*code)) {
        entry.status = atoi(code);
    }
    else {
        entry.code = code;
    }
    if (entry.code ? !authjwt_verdict_is_code(code) : strlen(code) != 3 || !authjwt_verdict_is_status(entry.status)) {
        return apr_psprintf(
            cmd->pool,
            "AuthJWTErrorDocument: \"%s\" is no code of a refusal; write one such as token_expired, or a status "
            "such as 401",
            code);
    }
    entry.path = authjwt_directives_file(cmd, file);
    if (!entry.path) {
        return apr_psprintf(cmd->pool, "AuthJWTErrorDocument %s: %s is no file", code, file);
    }
    entry.type = type_of(entry.path);
    if (!entry.type) {
        return apr_psprintf(
            cmd->pool,
            "AuthJWTErrorDocument %s: %s ends in none of .json, .html, .xhtml, .xml, .txt, so its type is unknown",
            code, file);
    }
    if (!conf->error_documents) {
        conf->error_documents = apr_array_make(cmd->pool, 2, sizeof(authjwt_error_document_t));
    }
    APR_ARRAY_PUSH(conf->error_documents, authjwt_error_document_t) = entry;
    return NULL;
}
