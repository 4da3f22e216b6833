/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_config: the setter of AuthJWTAuditLog. */
#include <httpd.h>
#include <apr_strings.h>

#include "authjwt_directives_private.h"

static const char *all_names(apr_pool_t *pool)
{
    const char *text = "";
    int event;

    for (event = 0; event < AUTHJWT_EVENTS; event++) {
        text = apr_pstrcat(pool, text, event ? " " : "", authjwt_event_name((authjwt_event_e)event), NULL);
    }
    return text;
}

const char *authjwt_directives_set_audit_log(cmd_parms *cmd, void *dir, int argc, char *const argv[])
{
    authjwt_audit_log_t *log = apr_pcalloc(cmd->pool, sizeof(*log));
    int i;

    (void)dir;
    if (!argc || !*argv[0] || !strcmp(argv[0], "|")) {
        return "AuthJWTAuditLog: write FILE or \"|COMMAND\", and after it the events if not all; or off";
    }
    if (argc > 1 && !strcmp(argv[0], "off")) {
        return "AuthJWTAuditLog: off stands alone; a file of that name is ./off";
    }
    for (i = 1; i < argc; i++) {
        authjwt_event_e event = authjwt_event_find(argv[i]);

        if (event == AUTHJWT_EVENTS) {
            return apr_psprintf(cmd->pool, "AuthJWTAuditLog: there is no event \"%s\"; the events are %s", argv[i],
                                all_names(cmd->pool));
        }
        log->events |= AUTHJWT_EVENT_BIT(event);
    }
    log->target = argv[0];
    log->events = log->events ? log->events : AUTHJWT_EVENTS_DEFAULT;
    authjwt_config_server(cmd->server)->audit_log = log;
    return NULL;
}
