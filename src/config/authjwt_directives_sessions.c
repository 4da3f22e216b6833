/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_config: the setters of AuthJWTSessionDirectory and its kin. */
#include <httpd.h>
#include <http_config.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "authjwt_directives_private.h"

const char *authjwt_directives_set_session_directory(cmd_parms *cmd, void *dir, int flag)
{
    (void)dir;
    authjwt_config_server(cmd->server)->session_directory = flag;
    return NULL;
}

static const char *set_limit(cmd_parms *cmd, int limit, int refuses)
{
    authjwt_server_conf_t *conf = authjwt_config_server(cmd->server);

    conf->session_limit = limit;
    conf->session_limit_refuses = refuses;
    return NULL;
}

const char *authjwt_directives_set_session_limit(cmd_parms *cmd, void *dir, const char *number, const char *word)
{
    char *end = NULL;
    apr_int64_t limit = apr_isdigit(*number) ? apr_strtoi64(number, &end, 10) : 0;
    int refuses = word && !ap_cstr_casecmp(word, "refuse");

    (void)dir;
    if (!ap_cstr_casecmp(number, "off")) {
        return word ? "AuthJWTSessionLimit: off stands alone" : set_limit(cmd, 0, 0);
    }
    if (!end || *end || limit < 1 || limit > AUTHJWT_SESSIONS_MOST) {
        return apr_psprintf(cmd->pool, "AuthJWTSessionLimit: \"%s\" is neither off nor a number from 1 to %d", number,
                            AUTHJWT_SESSIONS_MOST);
    }
    if (word && !refuses && ap_cstr_casecmp(word, "oldest")) {
        return apr_psprintf(cmd->pool,
                            "AuthJWTSessionLimit: \"%s\" is neither oldest (the next login ends the oldest session) "
                            "nor refuse (it is refused)",
                            word);
    }
    return set_limit(cmd, (int)limit, refuses);
}
