/* SPDX-License-Identifier: Apache-2.0 */
/* authjwtctl explain: each check of a token, as the core makes it. */
#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "aj_json.h"
#include "aj_jws.h"
#include "ctl_private.h"

/* As AuthJWTLeeway. */
#define LEEWAY "10s"

/** What the observer fills. */
typedef struct {
    json_t *checks; /**< NULL: print text */
    apr_pool_t *pool;
} seen_t;

/* A date after the number, for people. */
static const char *date_of(const char *check, const char *found, apr_pool_t *pool)
{
    apr_int64_t seconds = found ? apr_atoi64(found) : 0;

    if ((strcmp(check, "exp") && strcmp(check, "nbf") && strcmp(check, "iat")) || seconds <= 0
        || seconds > CTL_LAST_SECOND) {
        return "";
    }
    return apr_pstrcat(pool, " (", ctl_date(apr_time_from_sec(seconds), pool), ")", NULL);
}

static void see(void *ctx, const char *check, aj_error_e verdict, const char *found)
{
    seen_t *seen = ctx;
    const char *text = found ? ctl_escape(found, seen->pool) : NULL;

    if (seen->checks) {
        json_t *one = json_object();

        json_object_set_new(one, "check", json_string(check));
        json_object_set_new(one, "ok", json_boolean(verdict == AJ_OK));
        if (text) {
            json_object_set_new(one, "found", json_string(text));
        }
        json_array_append_new(seen->checks, one);
        return;
    }
    if (text) {
        printf("%-12s %-8s %s%s\n", check, verdict == AJ_OK ? "ok" : "REFUSED", text,
               date_of(check, found, seen->pool));
    }
    else {
        printf("%-12s %s\n", check, verdict == AJ_OK ? "ok" : "REFUSED");
    }
}

/* The commonest mistake with a secret: it is base64, and was read as it stands. @return NULL when it is not that */
static const char *hint_of(const aj_jwt_policy_t *policy, const char *token, apr_size_t len, apr_pool_t *pool)
{
    const aj_key_t *key;
    const char *detail, *encoding;
    aj_jws_t jws;

    if (aj_jws_parse(token, len, pool, &jws, &detail) != AJ_OK
        || aj_keyset_find(policy->keys, jws.alg, jws.kid, &key) != AJ_OK) {
        return NULL;
    }
    encoding = aj_key_encoding_hint(key, jws.signing_input, jws.signing_input_len, jws.signature, jws.signature_len);
    return encoding ? apr_psprintf(pool, "It matches if the secret is read as %s: add encoding=%s", encoding, encoding)
                    : NULL;
}

static ctl_exit_e conclude(const seen_t *seen, aj_error_e verdict, const char *detail, const char *hint)
{
    int is_good = verdict == AJ_OK;

    if (seen->checks) {
        json_t *out = aj_json_own(json_object(), seen->pool);

        json_object_set_new(out, "verdict", json_string(is_good ? "accepted" : "refused"));
        if (!is_good) {
            json_object_set_new(out, "tag", json_string(aj_error_tag(verdict)));
            json_object_set_new(out, "reason", json_string(aj_error_text(verdict)));
        }
        if (detail) {
            json_object_set_new(out, "detail", json_string(detail));
        }
        if (hint) {
            json_object_set_new(out, "hint", json_string(hint));
        }
        json_object_set(out, "checks", seen->checks);
        printf("%s\n", aj_json_write(out, seen->pool));
    }
    else if (is_good) {
        printf("accepted: every check but revocation, which is not asked\n");
    }
    else {
        printf("refused: %s %s%s%s\n", aj_error_tag(verdict), aj_error_text(verdict), detail ? ": " : "",
               detail ? detail : "");
    }
    if (hint && !seen->checks) {
        printf("%s\n", hint);
    }
    return is_good ? CTL_DONE : CTL_REFUSED;
}

static const char *read_types(const char *type, unsigned *types)
{
    *types = AJ_TYPE_ACCESS | AJ_TYPE_REFRESH;
    if (type && !strcmp(type, "access")) {
        *types = AJ_TYPE_ACCESS;
    }
    else if (type && !strcmp(type, "refresh")) {
        *types = AJ_TYPE_REFRESH;
    }
    else if (type) {
        return "--type is access or refresh";
    }
    return NULL;
}

const char *ctl_policy(ctl_options_t *options, apr_pool_t *pool, aj_jwt_policy_t *policy)
{
    aj_keyset_t *ring = NULL;
    const char *error = read_types(options->type, &policy->types);

    error = error ? error : ctl_ring(options, pool, &ring);
    error = error ? error : ctl_time(options->leeway ? options->leeway : LEEWAY, &policy->leeway, pool);
    policy->keys = ring;
    policy->issuer = options->issuer;
    policy->audiences = options->audiences;
    policy->identity_claim = options->identity ? options->identity : "sub";
    return error;
}

ctl_exit_e ctl_explain(ctl_options_t *options, apr_pool_t *pool)
{
    seen_t seen = { options->json ? aj_json_own(json_array(), pool) : NULL, pool };
    aj_observer_t observer = { see, &seen };
    aj_jwt_policy_t policy = { .observer = &observer };
    const aj_claims_t *claims;
    const char *token, *detail, *error;
    aj_error_e verdict;
    apr_size_t len;

    if (options->word && strcmp(options->word, "-")) {
        return ctl_say(CTL_USAGE, "explain reads the token from stdin, so that none stays in the history of a shell");
    }
    error = ctl_policy(options, pool, &policy);
    error = error ? error : ctl_stdin(pool, &token, &len);
    if (error) {
        return ctl_say(CTL_USAGE, "%s", error);
    }
    verdict = aj_jwt_validate(&policy, token, len, apr_time_now(), pool, &claims, &detail);
    return conclude(&seen, verdict, detail, verdict == AJ_E_SIGNATURE ? hint_of(&policy, token, len, pool) : NULL);
}
