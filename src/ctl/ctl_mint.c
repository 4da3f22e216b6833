/* SPDX-License-Identifier: Apache-2.0 */
/* authjwtctl mint: a token, for tests and for programs that have no login. */
#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "aj_digest.h"
#include "aj_json.h"
#include "ctl_private.h"

/* As AuthJWTAccessTokenExpires. */
#define EXPIRES "15m"

static json_t *audiences_of(const apr_array_header_t *list)
{
    json_t *all;
    int i;

    if (list->nelts == 1) {
        return json_string(APR_ARRAY_IDX(list, 0, const char *));
    }
    all = json_array();
    for (i = 0; i < list->nelts; i++) {
        json_array_append_new(all, json_string(APR_ARRAY_IDX(list, i, const char *)));
    }
    return all;
}

/* NAME=VALUE: VALUE as JSON where it is, else as a string. What options and the clock say is not said twice. */
static const char *set_claim(json_t *claims, const char *text, apr_pool_t *pool)
{
    const char *equal = strchr(text, '=');
    const char *name = equal ? apr_pstrmemdup(pool, text, (apr_size_t)(equal - text)) : "";
    json_t *value;

    if (!*name) {
        return "--claim: write NAME=VALUE";
    }
    if (json_object_get(claims, name)) {
        return apr_psprintf(pool, "--claim: %s is there already; see --sub, --issuer, --audience, --expires, --type",
                            ctl_escape(name, pool));
    }
    value = json_loads(equal + 1, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
    value = value ? value : json_string(equal + 1);
    return value && !json_object_set_new(claims, name, value) ? NULL : "--claim: it is not UTF-8";
}

static const char *set_claims(json_t *claims, const apr_array_header_t *list, apr_pool_t *pool)
{
    const char *error = NULL;
    int i;

    for (i = 0; list && i < list->nelts && !error; i++) {
        error = set_claim(claims, APR_ARRAY_IDX(list, i, const char *), pool);
    }
    return error;
}

/* As login does: the name stands under another identity claim too, unless that is a JSON Pointer, or --claim says it.
 */
static void set_identity(json_t *claims, const ctl_options_t *options)
{
    if (options->identity && *options->identity != '/' && !json_object_get(claims, options->identity)) {
        json_object_set_new(claims, options->identity, json_string(options->sub));
    }
}

static const char *make_claims(const ctl_options_t *options, apr_pool_t *pool, json_t *claims)
{
    apr_time_t now = apr_time_sec(apr_time_now());
    const char *jti = aj_random_id(pool);
    const char *type = options->type ? options->type : "access";
    apr_interval_time_t life;
    const char *error = ctl_time(options->expires ? options->expires : EXPIRES, &life, pool);

    if (error || !jti) {
        return error ? error : "OpenSSL has no random bytes";
    }
    if (!life) {
        return "--expires must be longer than 0";
    }
    if (options->issuer) {
        json_object_set_new(claims, "iss", json_string(options->issuer));
    }
    if (options->audiences && options->audiences->nelts) {
        json_object_set_new(claims, "aud", audiences_of(options->audiences));
    }
    if (json_object_set_new(claims, "sub", json_string(options->sub))) {
        return "--sub: it is not UTF-8";
    }
    json_object_set_new(claims, "iat", json_integer(now));
    json_object_set_new(claims, "nbf", json_integer(now));
    json_object_set_new(claims, "exp", json_integer(now + apr_time_sec(life)));
    json_object_set_new(claims, "jti", json_string(jti));
    json_object_set_new(claims, "type", json_string(type));
    error = set_claims(claims, options->claims, pool);
    set_identity(claims, options);
    return error;
}

ctl_exit_e ctl_mint(ctl_options_t *options, apr_pool_t *pool)
{
    json_t *claims = aj_json_own(json_object(), pool);
    aj_keyset_t *ring;
    const char *token, *error;

    if (!options->sub || options->word || aj_claims_has_control(options->sub)) {
        return ctl_say(CTL_USAGE, "mint needs --sub USER, without control characters, and takes no other word");
    }
    if (options->type && strcmp(options->type, "access") && strcmp(options->type, "refresh")) {
        return ctl_say(CTL_USAGE, "--type is access or refresh");
    }
    error = ctl_ring(options, pool, &ring);
    if (!error) {
        error = make_claims(options, pool, claims);
    }
    if (error) {
        return ctl_say(CTL_USAGE, "%s", error);
    }
    if (!aj_keyset_signer(ring)) {
        return ctl_say(CTL_REFUSED, "none of the keys can sign");
    }
    if (aj_jwt_issue(aj_keyset_signer(ring), claims, pool, &token) != APR_SUCCESS) {
        return ctl_say(CTL_REFUSED, "OpenSSL cannot sign");
    }
    printf(options->json ? "{\"token\":\"%s\"}\n" : "%s\n", token);
    return CTL_DONE;
}
