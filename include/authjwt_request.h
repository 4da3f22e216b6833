/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_request: what a request carries: which endpoint it is for, its token, and this module's state for it. */
#ifndef AUTHJWT_REQUEST_H
#define AUTHJWT_REQUEST_H

#include <httpd.h>
#include <http_core.h>
#include "aj_claims.h"
#include "authjwt_config.h"
#include "authjwt_endpoint.h"
#include "authjwt_verdict.h"

/** What became of a request, as far as is known. */
typedef enum { AUTHJWT_OUTCOME_NONE = 0, AUTHJWT_OUTCOME_MAY_BE_REFUSED, AUTHJWT_OUTCOME_REFUSED } authjwt_outcome_e;

/** State of one request_rec; zeroed when made. Each member belongs to the room named. */
typedef struct {
    const aj_claims_t *claims; /**< identity: verified for this request_rec */
    const char *auth_type; /**< identity: the authentication they were verified for: JWT, or Basic with provider jwt */
    struct authjwt_judgement_t *judgements; /**< judge, of the initial request: verdicts so far */
    int judged; /**< reply, of the initial request: a token was asked for, by it or one that came of it */
    const ap_conf_vector_t
        *protected_in;               /**< request: the per_dir_config with AuthType JWT, NULL before it was asked */
    int answering;                   /**< reply: httpd has put the filters of the answer together */
    int asked;                       /**< expr: how often an expression asked for a claim */
    int passed_preflight;            /**< authz: let in without a user, as a preflight */
    const apr_table_t *sent_headers; /**< request, of the initial request: its headers before this module changed them,
                                        NULL if it has not */
    const apr_array_header_t *managed_headers; /**< forward: AuthJWTRequestHeader lines that headers_in obeys */
    int owns_headers;                          /**< request: headers_in is a copy of ours */
    int password_cut; /**< forward, of the initial request: its Basic credentials were kept from an application */
    const apr_table_t *published;          /**< identity: environment that was set, NULL if none was */
    int in_authn_check;                    /**< authn_basic: inside its own call of the chain */
    int password_passed_on;                /**< authn_basic: another provider decides about the password */
    authjwt_verdict_e throttled;           /**< authn_basic: whether too many passwords have failed before */
    int store_failed;                      /**< authn_basic: the revocation store could not answer for the password */
    int in_auth_checker;                   /**< authz: inside its own call of the chain */
    int in_access_checker;                 /**< authz: likewise */
    int role_asked;                        /**< roles: a rule has asked for a role */
    const apr_array_header_t *roles;       /**< roles: of the user, NULL before a rule asks */
    const aj_claims_t *roles_of;           /**< roles: the claims that they were read from */
    const apr_array_header_t *roles_named; /**< roles: AuthJWTRoleClaim by which they were */
    apr_array_header_t *rules_unmet;       /**< authz: other rules of this module that stood in the way, or NULL */
    apr_array_header_t *roles_wanted; /**< authz: arguments of `Require jwt-role` lines that did not grant, or NULL */
    int fresh_denied;                 /**< authz: a jwt-fresh rule has refused */
    int suppose_fresh;                /**< authz: asking the rules what they would say of a fresh token */
    apr_array_header_t *scopes;       /**< authz: `const char *`, what jwt-scope rules have missed; NULL: nothing */
    const authjwt_endpoint_t
        *exempt; /**< authz: passed as this endpoint, so only that handler may answer; NULL if not */
    struct authjwt_looked_up_t *looked_up; /**< request: what httpd has looked up for it */
    int own_address;             /**< request: at the address of the endpoint itself: 1 yes, -1 no, 0 not judged yet */
    apr_table_t *env_before;     /**< request: environment before mod_rewrite of an .htaccess, at what issues tokens */
    apr_table_t *headers_before; /**< request: headers_in before mod_headers of an .htaccess, likewise */
    const apr_table_t *server_env;     /**< renewal, of the initial request: environment before any section spoke */
    const apr_table_t *server_headers; /**< renewal, likewise: its headers */
    const char *new_token; /**< renewal, of the initial request: access token that the answer's cookies carry */
    const char *new_csrf;  /**< renewal: `csrf` of the refresh token that it was renewed with */
    int renewing;          /**< renewal, of the initial request: it is under way */
    const char *directory_answered; /**< users: the provider whose directory has answered a question of this request */
    int group_file_failed;          /**< users: the rule that was asked last could not read its file */
    authjwt_verdict_e refused;      /**< reply: what has been refused here, 0 if nothing */
    authjwt_verdict_e passed_refused; /**< report: what was refused here and passed all the same, 0 if nothing */
    const char *refusal_reason; /**< report, of the initial request: what the log says of the last refusal, or NULL */
    int is_reported;            /**< report, of the initial request: it has its line */
    authjwt_outcome_e outcome;  /**< tally, of the initial request, like the next six */
    authjwt_verdict_e outcome_verdict; /**< tally: the refusal */
    int outcome_status;                /**< tally: status of the answer for which that counts */
    int is_answered;                   /**< tally: an endpoint answers */
    int is_known;                      /**< identity: a good token made it somebody's */
    int is_counted;                    /**< tally */
    int is_theft;                      /**< session: its refresh token was used by two */
    long retry_after; /**< throttle: seconds until the next login may be tried, for AUTHJWT_TOO_MANY_ATTEMPTS */
    int unreadable;   /**< body, of the initial request: httpd's own status, for AUTHJWT_BODY_UNREADABLE */
    const apr_array_header_t
        *cookies; /**< credential, of the initial request: its cookies, NULL before they are read */
    struct authjwt_read_ahead_t *read_ahead; /**< body, of the initial request: what csrf has looked into */
    int store_locked;                        /**< store: the request holds its mutex */
    int no_store;                            /**< reply, of the initial request: no cache may keep the answer */
    int refusal_audited;                     /**< audit, of the initial request: the refusal has its line */
    int varied;                              /**< caching: Vary names the places of tokens */
    int own_error;                           /**< reply: status whose body is ours, 0 if none */
    const char *own_error_type;              /**< reply: its Content-Type */
    int refused_below;                       /**< below: status of the refusal of what httpd has looked up for it */
    const apr_table_t *headers_below;        /**< below: headers of that refusal */
    const char *error_below;                 /**< below: code of that refusal, NULL if it has none */
    const char *login_below; /**< below: where a browser would be sent for that refusal, NULL for nowhere */
    int goes_to_login;       /**< below: it is sent there */
} authjwt_state_t;

/** State of a request_rec, to be written to; made on first use. */
authjwt_state_t *authjwt_request_state(request_rec *r);

/** What is known of most requests. */
extern const authjwt_state_t authjwt_request_nothing_known;

/** The same for whoever only reads: most requests are none of this module's business and never have a state.
 * @return all zero where nothing was written yet. Good until somebody calls authjwt_request_state */
static inline const authjwt_state_t *authjwt_request_known(const request_rec *r)
{
    const authjwt_state_t *state = ap_get_module_config(r->request_config, &authjwt_module);

    return state ? state : &authjwt_request_nothing_known;
}

/** Stands in for states that hold nothing else than `answering`; never written to. */
extern authjwt_state_t authjwt_request_only_answering;

/** Note that httpd puts the filters of the answer together (`answering`, once more after an error), without making a
 * state for that alone. */
static inline void authjwt_request_set_answering(request_rec *r)
{
    authjwt_state_t *state = ap_get_module_config(r->request_config, &authjwt_module);

    if (!state) {
        ap_set_module_config(r->request_config, &authjwt_module, &authjwt_request_only_answering);
    }
    else if (state != &authjwt_request_only_answering) {
        state->answering = 1;
        /* An error has headers of its own. */
        state->varied = 0;
    }
}

/** @return the state if one was made, else NULL: then nothing was done for this request_rec */
static inline authjwt_state_t *authjwt_request_made_state(const request_rec *r)
{
    authjwt_state_t *state = ap_get_module_config(r->request_config, &authjwt_module);

    return state != &authjwt_request_only_answering ? state : NULL;
}

/** @return non-zero when AuthType JWT is in effect for the request */
int authjwt_request_protects(request_rec *r);

/** @return non-zero when AuthType Basic is, where a token may come as a password */
int authjwt_request_is_basic(request_rec *r);

/** At login and refresh, no .htaccess writes to the environment: it is kept before mod_rewrite, where there is an
 * .htaccess. */
void authjwt_request_before_rewrite(request_rec *r);

/** After mod_rewrite it is as it was. */
void authjwt_request_after_rewrite(request_rec *r);

/** The same with request headers, before mod_headers. */
void authjwt_request_before_headers(request_rec *r);

/** The same with request headers, after mod_headers. */
void authjwt_request_after_headers(request_rec *r);

/** In fixups, after all others: tell the request above a subrequest of this one, which httpd may put in its place. */
void authjwt_request_hand_up(request_rec *r);

/** Has httpd put something that it looked up in the place of this request: an index file, a fallback, a variant?
 * @return the subrequest by which it was looked up, NULL when not */
const request_rec *authjwt_request_taken_from(const request_rec *r);

/** The request that the client sent, above all subrequests and internal redirects. */
static inline request_rec *authjwt_request_initial(request_rec *r)
{
    while (r->main || r->prev) {
        r = r->main ? r->main : r->prev;
    }
    return r;
}

/** The endpoint that a section's SetHandler names. @return NULL when it is none */
const authjwt_endpoint_t *authjwt_request_endpoint_of(request_rec *r, const core_dir_config *core);

/** Is the request for one of the endpoints? Judged by SetHandler, since r->handler is not set yet when access is
 * checked. @return NULL when it is for none */
static inline const authjwt_endpoint_t *authjwt_request_any_endpoint(request_rec *r)
{
    const core_dir_config *core = ap_get_core_module_config(r->per_dir_config);

    return core->handler || core->expr_handler ? authjwt_request_endpoint_of(r, core) : NULL;
}

/** The same with those alone that look after authentication themselves: login, refresh, logout, jwks, revoke. */
static inline const authjwt_endpoint_t *authjwt_request_endpoint(request_rec *r)
{
    const authjwt_endpoint_t *endpoint = authjwt_request_any_endpoint(r);

    return endpoint && endpoint->is_exempt ? endpoint : NULL;
}

/**
 * The request that this one is to answer in the place of. What mod_dir and MultiViews look up, by GET, answers for the
 * request above it, with that one's method and body. What a handler looks up is something else: an included part.
 * @return r itself where it answers for no other
 */
request_rec *authjwt_request_looked_up_for(request_rec *r);

/**
 * Is the request for the address of the endpoint that its section names, and not for one below it? `<Location
 * "/refresh">` also matches /refresh/ and /refresh/x, where a section with the rules for /refresh may not match.
 * @return non-zero when it is
 */
int authjwt_request_at_own_address(request_rec *r);

/**
 * May an endpoint that issues answer this request? Only where SetHandler names it in the server's own configuration,
 * and no .htaccess on the way says anything about users, claims or the environment: whoever writes an .htaccess (or a
 * handler by suffix or RewriteRule) would else bring a password file of his own and be anybody.
 * @return non-zero when it may; logged when not
 */
int authjwt_request_may_issue(request_rec *r);

/** authjwt_request_is_preflight, of a request that is none at first sight only if it is no subrequest. */
int authjwt_request_is_preflight_or_part(request_rec *r);

/**
 * Does an .htaccess on the way to the file of the request say by which claim a user has a name, or roles? What concerns
 * all users of the server must not hang on that.
 * @return NULL when none does, else a sentence that says which
 */
const char *authjwt_request_named_by(request_rec *r);

/** Is it a CORS preflight that needs no identity: AuthJWTAllowPreflight, or of AuthJWTTrustedOrigin to an endpoint? Or
 * a subrequest by which httpd looks up, before the handler, what is to answer one (mod_dir, MultiViews)? */
static inline int authjwt_request_is_preflight(request_rec *r)
{
    return (r->main || r->method_number == M_OPTIONS) && authjwt_request_is_preflight_or_part(r);
}

/** Is httpd asked as a forward proxy? Then `Authorization` is for the origin, and what is for us stands in
 * `Proxy-Authorization` (RFC 9110 11.7). */
int authjwt_request_is_forward_proxied(request_rec *r);

/** Headers as the client sent them, whatever was taken from headers_in since. */
const apr_table_t *authjwt_request_sent_headers(request_rec *r);

/** headers_in of this request alone, to be changed: subrequests and redirects share the table otherwise. */
apr_table_t *authjwt_request_own_headers(request_rec *r);

/**
 * A parameter of a query or of a form (application/x-www-form-urlencoded).
 * @param pairs  "a=1&b=2", or NULL
 * @param plus   non-zero: '+' is a blank, as in forms
 * @return first value of that name that is not empty, decoded, owned by pool; "" when it cannot be decoded, NULL when
 * there is none
 */
const char *authjwt_request_parameter(const char *pairs, const char *name, int plus, apr_pool_t *pool);

/** A query without the parameters of a name. @return owned by pool; NULL when it holds none */
char *authjwt_request_cut_parameter(const char *query, const char *name, apr_pool_t *pool);

/** The same for what has an address in it: request line, URI, "proxy:http://…". @param text  may be NULL @return text
 * itself when it holds none */
char *authjwt_request_cut_from_address(char *text, const char *name, apr_pool_t *pool);

/**
 * Credentials of a header field (RFC 9110 11.4): what follows the scheme, without blanks around it.
 * @param scheme  compared without case; "" for a field that is the token and nothing else
 * @return within value or owned by pool; NULL when the scheme is another or nothing follows it: that is for somebody
 * else
 */
const char *authjwt_request_credentials(const char *value, const char *scheme, apr_pool_t *pool);

/**
 * Would an application take the name of a header for this one? Applications read X-Remote-User, x-remote-user and
 * X_Remote_User alike.
 * @param len  bytes of sent
 */
int authjwt_request_reads_as(const char *sent, apr_size_t len, const char *name);

/** The name of a variable of the environment before redirects put REDIRECT_ in front of it. @return points into key */
const char *authjwt_request_variable(const char *key);

/** The header that a variable was made of: X_USER for HTTP_X_USER. @return points into variable, NULL: none */
const char *authjwt_request_header_of(const char *variable);

/**
 * The language that a client likes best (RFC 9110 12.5.4): "de" also for who asks for "de-AT".
 * @param accepted   value of Accept-Language, or NULL; malformed parts are passed over
 * @param languages  `const char *` tags of what there is, at least one, the one to take in doubt first
 * @return index of one of them
 */
int authjwt_request_language(const char *accepted, const apr_array_header_t *languages);

/** Is the request a navigation of a browser (rather than fetch, XHR, curl)? docs/endpoints.md#errors says what counts.
 */
int authjwt_request_is_navigation(const request_rec *r);

#endif
