/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_audit: what a line says of an event and of the request. */
#include <httpd.h>
#include <http_config.h>
#include <apr_strings.h>

#include "authjwt_audit.h"
#include "authjwt_audit_private.h"
#include "authjwt_request.h"

/* Bytes that members may take, so that the longest line fits whatever is sent. */
#define WORD_MOST   32
#define ID_MOST     128
#define CLIENT_MOST 64
#define USER_MOST   320
#define VHOST_MOST  256
#define PATH_MOST   512
#define AGENT_MOST  384

#define NAMES \
    "{\"time\":\"event\":\"reason\":\"client\":\"user\":\"sid\":\"vhost\":\"path\":\"agent\":\"request_id\":\""
#define ENDS "\",\",\",\",\",\",\",\",\",\"}\n"

_Static_assert(3 * WORD_MOST + CLIENT_MOST + USER_MOST + 2 * ID_MOST + VHOST_MOST + PATH_MOST + AGENT_MOST
                       + sizeof(NAMES) + sizeof(ENDS)
                   <= AUTHJWT_AUDIT_LINE,
               "the longest line must fit");

/* What the client asked for, whatever mod_rewrite has made of it. Its query may hold a token, also where the question
 * mark was sent as %3F. */
static const char *path_of(const request_rec *initial)
{
    const char *path = initial->parsed_uri.path ? initial->parsed_uri.path : initial->uri;

    return path ? apr_pstrmemdup(initial->pool, path, strcspn(path, "?")) : NULL;
}

/* @return the log of a server, NULL where it does not want the event */
static const authjwt_audit_log_t *log_for(const server_rec *s, authjwt_event_e event)
{
    const authjwt_audit_log_t *log = authjwt_config_server(s)->audit_log;

    return log && log->file && (log->events & AUTHJWT_EVENT_BIT(event)) ? log : NULL;
}

/* The time is as RFC 3339 has it, UTC. */
static void begin(authjwt_audit_line_t *line, authjwt_event_e event, const char *reason)
{
    char now[WORD_MOST];
    apr_time_exp_t t;

    apr_time_exp_gmt(&t, apr_time_now());
    apr_snprintf(now, sizeof(now), "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday,
                 t.tm_hour, t.tm_min, t.tm_sec, t.tm_usec);
    line->len = 0;
    authjwt_audit_line_add(line, "time", now, WORD_MOST);
    authjwt_audit_line_add(line, "event", authjwt_event_name(event), WORD_MOST);
    authjwt_audit_line_add(line, "reason", reason, WORD_MOST);
}

/* The members before `user` hold nothing that a client could have chosen: programs that read lines by a pattern can
 * tie it to the beginning of the line. */
void authjwt_audit(request_rec *r, authjwt_event_e event, const char *reason, const char *user, const char *sid)
{
    const authjwt_audit_log_t *log = log_for(r->server, event);
    request_rec *initial = authjwt_request_initial(r);
    authjwt_audit_line_t line;

    if (!log) {
        return;
    }
    begin(&line, event, reason);
    authjwt_audit_line_add(&line, "client", initial->useragent_ip, CLIENT_MOST);
    authjwt_audit_line_add(&line, "user", user, USER_MOST);
    authjwt_audit_line_add(&line, "sid", sid, ID_MOST);
    authjwt_audit_line_add(&line, "vhost", r->server->server_hostname, VHOST_MOST);
    authjwt_audit_line_add(&line, "path", path_of(initial), PATH_MOST);
    authjwt_audit_line_add(&line, "agent", apr_table_get(authjwt_request_sent_headers(r), "User-Agent"), AGENT_MOST);
    authjwt_audit_line_add(&line, "request_id", apr_table_get(initial->subprocess_env, "UNIQUE_ID"), ID_MOST);
    authjwt_audit_line_end(&line);
    authjwt_audit_write(r->server, log, &line);
}

void authjwt_audit_server(server_rec *s, authjwt_event_e event, const char *reason)
{
    const authjwt_audit_log_t *log = log_for(s, event);
    authjwt_audit_line_t line;

    if (!log) {
        return;
    }
    begin(&line, event, reason);
    authjwt_audit_line_add(&line, "vhost", s->server_hostname, VHOST_MOST);
    authjwt_audit_line_end(&line);
    authjwt_audit_write(s, log, &line);
}

static const char *code_of(authjwt_verdict_e verdict)
{
    const char *code = authjwt_verdict_refusal(verdict)->code;

    return code ? code : "error";
}

void authjwt_audit_login(request_rec *r, const char *user, authjwt_verdict_e verdict)
{
    authjwt_event_e event = verdict == AUTHJWT_TOO_MANY_ATTEMPTS ? AUTHJWT_EVENT_LOGIN_THROTTLED
                          : verdict == AUTHJWT_USER_LOCKED       ? AUTHJWT_EVENT_LOGIN_LOCKED
                          : verdict == AUTHJWT_ACCESS_DENIED || verdict == AUTHJWT_TOO_MANY_SESSIONS
                              ? AUTHJWT_EVENT_LOGIN_DENIED
                              : AUTHJWT_EVENT_LOGIN_FAILED;

    authjwt_audit(r, event, code_of(verdict), user, NULL);
}

/* @return AUTHJWT_EVENTS where it is none */
static authjwt_event_e refusal_event(authjwt_verdict_e verdict)
{
    switch (verdict) {
    case AUTHJWT_TOKEN_INVALID:
    case AUTHJWT_TOKEN_EXPIRED:
    case AUTHJWT_TOKEN_REVOKED:
    case AUTHJWT_ONLY_ACCESS_TOKENS:
    case AUTHJWT_ONLY_REFRESH_TOKENS:
        return AUTHJWT_EVENT_TOKEN_REFUSED;
    case AUTHJWT_FRESH_TOKEN_REQUIRED:
    case AUTHJWT_ACCESS_DENIED:
    case AUTHJWT_CSRF_FAILED:
        return AUTHJWT_EVENT_ACCESS_DENIED;
    default:
        return AUTHJWT_EVENTS;
    }
}

void authjwt_audit_refusal(request_rec *r, authjwt_verdict_e verdict, const char *user, const char *sid)
{
    authjwt_state_t *initial = authjwt_request_state(authjwt_request_initial(r));
    const authjwt_endpoint_t *endpoint = authjwt_request_endpoint(r);
    authjwt_event_e event = refusal_event(verdict);

    if (event == AUTHJWT_EVENTS || initial->refusal_audited || (endpoint && endpoint->id == AUTHJWT_ENDPOINT_LOGIN)) {
        return;
    }
    initial->refusal_audited = 1;
    authjwt_audit(r, event, code_of(verdict), user, sid);
}
