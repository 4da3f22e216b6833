/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_config: the setters that make the built-in pages the administrator's: logo, style, sentences. The files are
 * read here, so that what is wrong with them is said at start and not to visitors. */
#include <httpd.h>
#include <http_config.h>
#include <apr_base64.h>
#include <apr_file_io.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "aj_json.h"
#include "authjwt_directives_private.h"
#include "authjwt_texts.h"

#define LARGEST_FILE (64 * 1024)

/* @param text  set to its bytes with NUL behind them, without a byte order mark. @return NULL, or a sentence */
static const char *read_file(cmd_parms *cmd, const char *name, const char **text, apr_size_t *len)
{
    const char *path = authjwt_directives_file(cmd, name);
    char *bytes = apr_palloc(cmd->pool, LARGEST_FILE + 2);
    apr_file_t *file;
    apr_status_t rv;

    if (!path) {
        return apr_psprintf(cmd->pool, "%s: %s is no file", cmd->cmd->name, name);
    }
    rv = apr_file_open(&file, path, APR_FOPEN_READ | APR_FOPEN_BINARY, APR_FPROT_OS_DEFAULT, cmd->temp_pool);
    if (rv == APR_SUCCESS) {
        rv = apr_file_read_full(file, bytes, LARGEST_FILE + 1, len);
        apr_file_close(file);
    }
    if (rv == APR_SUCCESS) {
        return apr_psprintf(cmd->pool, "%s: %s has more than %d bytes", cmd->cmd->name, path, LARGEST_FILE);
    }
    if (!APR_STATUS_IS_EOF(rv)) {
        return apr_psprintf(cmd->pool, "%s: %s cannot be read: %pm", cmd->cmd->name, path, &rv);
    }
    bytes[*len] = '\0';
    *text = bytes;
    if (!strncmp(bytes, "\xef\xbb\xbf", 3)) {
        *text += 3;
        *len -= 3;
    }
    return NULL;
}

const char *authjwt_directives_set_login_logo(cmd_parms *cmd, void *dir, const char *file)
{
    const char *bytes, *wrong, *type;
    apr_size_t len;

    wrong = read_file(cmd, file, &bytes, &len);
    if (!wrong) {
        wrong = authjwt_logo_check(bytes, len, &type, cmd->pool);
        wrong = wrong ? apr_psprintf(cmd->pool, "AuthJWTLoginPageLogo: %s: %s", file, wrong) : NULL;
    }
    if (!wrong) {
        char *coded = apr_palloc(cmd->pool, apr_base64_encode_len((int)len));

        apr_base64_encode_binary(coded, (const unsigned char *)bytes, (int)len);
        ((authjwt_dir_conf_t *)dir)->login_logo = apr_pstrcat(cmd->pool, "data:", type, ";base64,", coded, NULL);
    }
    return wrong;
}

/* What would end the style in the page: the parser of HTML looks for it in any case. */
static int ends_style(const char *css)
{
    for (; (css = ap_strchr_c(css, '<')) != NULL; css++) {
        if (!ap_cstr_casecmpn(css, "</style", 7)) {
            return 1;
        }
    }
    return 0;
}

const char *authjwt_directives_set_login_style(cmd_parms *cmd, void *dir, const char *file)
{
    const char *css, *wrong;
    apr_size_t len;

    wrong = read_file(cmd, file, &css, &len);
    if (wrong) {
        return wrong;
    }
    if (strlen(css) != len || !aj_json_is_text(css)) {
        return apr_psprintf(cmd->pool, "AuthJWTLoginPageStyle: %s is not UTF-8", file);
    }
    if (ends_style(css)) {
        return apr_psprintf(cmd->pool, "AuthJWTLoginPageStyle: %s holds </style, which would end the style of the page",
                            file);
    }
    ((authjwt_dir_conf_t *)dir)->login_style = css;
    return NULL;
}

/* Language-Tag of RFC 5646 2.1, as far as its form goes: "de", "pt-BR", "zh-Hant". */
static int is_language(const char *tag)
{
    apr_size_t len;
    const char *p = tag;

    do {
        for (len = 0; apr_isalpha(p[len]) || (p > tag && apr_isdigit(p[len])); len++) {
            continue;
        }
        if (len < (p == tag ? 2 : 1) || len > 8) {
            return 0;
        }
        p += len;
    } while (*p++ == '-');
    return !p[-1];
}

const char *authjwt_directives_add_login_text(cmd_parms *cmd, void *dir, const char *lang, const char *file)
{
    authjwt_dir_conf_t *conf = dir;
    authjwt_texts_t texts = { .lang = lang };
    const char *json, *wrong;
    apr_size_t len;

    if (!is_language(lang)) {
        return apr_psprintf(cmd->pool, "AuthJWTLoginPageText: \"%s\" is no tag of a language, such as de or pt-BR",
                            lang);
    }
    wrong = read_file(cmd, file, &json, &len);
    if (wrong) {
        return wrong;
    }
    wrong = authjwt_texts_read(json, len, cmd->pool, &texts);
    if (wrong) {
        return apr_psprintf(cmd->pool, "AuthJWTLoginPageText %s: %s: %s", lang, file, wrong);
    }
    if (!conf->login_texts) {
        conf->login_texts = apr_array_make(cmd->pool, 2, sizeof(texts));
    }
    APR_ARRAY_PUSH(conf->login_texts, authjwt_texts_t) = texts;
    return NULL;
}
