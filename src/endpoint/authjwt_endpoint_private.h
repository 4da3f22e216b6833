/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_endpoint_private: one function an endpoint. Each is called with a method that the endpoint takes (HEAD is GET
 * to httpd), and returns OK or the HTTP status of the answer. docs/endpoints.md says what they take and give. */
#ifndef AUTHJWT_ENDPOINT_PRIVATE_H
#define AUTHJWT_ENDPOINT_PRIVATE_H

#include <httpd.h>

/** jwt-login: POST exchanges a name and password for tokens, GET shows the login page. */
int authjwt_login(request_rec *r);

/** jwt-refresh: exchange a refresh token for new tokens. */
int authjwt_refresh(request_rec *r);

/** jwt-logout: POST ends a session, GET shows a page with one button. */
int authjwt_logout(request_rec *r);

/** jwt-userinfo: show the verified claims of an access token. */
int authjwt_userinfo(request_rec *r);

/** jwt-jwks: publish the public keys (RFC 7517 5). */
int authjwt_jwks(request_rec *r);

/** jwt-introspect: tell a caller who is authenticated whether a token is good, and what it says (RFC 7662). */
int authjwt_introspect(request_rec *r);

/** jwt-revoke: end the session of the token in the body (RFC 7009). */
int authjwt_revoke(request_rec *r);

/** jwt-sessions: GET shows where a user is signed in, POST ends sessions. */
int authjwt_sessions(request_rec *r);

/** jwt-metrics: show the counters of all processes in the text format of Prometheus. */
int authjwt_metrics(request_rec *r);

#endif
