/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_risks: one home for what starts and is a risk. */
#include <httpd.h>
#include <http_core.h>
#include <http_log.h>
#include <apr_strings.h>

#include "authjwt_config.h"
#include "authjwt_risks.h"

APLOG_USE_MODULE(authjwt);

/* Two letters and four digits. A colon and a blank follow. */
#define TAG_LENGTH 6

static apr_array_header_t *risks;

int authjwt_risks_pre_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp)
{
    (void)plog;
    (void)ptemp;
    risks = apr_array_make(pconf, 4, sizeof(authjwt_risk_t));
    return OK;
}

void authjwt_risk(server_rec *s, int level, const char *format, ...)
{
    char text[MAX_STRING_LEN];
    va_list args;

    va_start(args, format);
    apr_vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    text[TAG_LENGTH] = '\0';
    ap_log_error(APLOG_MARK, level, 0, s, "%s: %s", text, text + TAG_LENGTH + 2);
    text[TAG_LENGTH] = ':';
    /* While httpd runs threads come here too, when a JWK Set has changed: nothing is kept then. */
    if (authjwt_config_logs_now()) {
        authjwt_risk_t *risk = apr_array_push(risks);

        risk->server = s;
        risk->text = apr_pstrdup(risks->pool, text);
    }
}

const apr_array_header_t *authjwt_risks(void)
{
    return risks;
}
