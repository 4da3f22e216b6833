/* SPDX-License-Identifier: Apache-2.0 */
/* authjwtctl revoke: end the session of a token, as jwt-revoke does. */
#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "aj_json.h"
#include "authjwt_revocation_claims.h"
#include "ctl_store.h"

/* As the module ends what a token stands for: see docs/revocation.md. */
static const char *end(const ctl_store_t *store, const aj_claims_t *claims, apr_interval_time_t leeway,
                       apr_pool_t *pool)
{
    apr_time_t now = apr_time_now();
    apr_time_t last = aj_claims_session_expires(claims);
    authjwt_entry_mark_t mark = authjwt_revocation_mark(claims, leeway, now), ended = { now, now };
    int is_foreign = authjwt_revocation_is_foreign_session(claims);
    authjwt_store_id_t id, origin;
    const char *error;

    if (authjwt_revocation_token_id(claims, pool, &id) != APR_SUCCESS) {
        return "OpenSSL cannot hash";
    }
    last = last > aj_claims_expires(claims) ? last : aj_claims_expires(claims);
    error = ctl_mark(store, &id, is_foreign ? &mark : &ended,
                     is_foreign ? mark.until + AUTHJWT_MARK_LIFE : last + leeway + AUTHJWT_ENTRY_SLACK, pool);
    if (!error && authjwt_revocation_origin_id(claims, pool, &origin)) {
        error = ctl_mark(store, &origin, &mark, mark.until + AUTHJWT_MARK_LIFE, pool);
    }
    return error;
}

/* A line that says whom it was about may stand alone in a log. */
static void print_revoked(const ctl_options_t *options, const aj_claims_t *claims, apr_pool_t *pool)
{
    static const char *const names[] = { "iss", "sub", "sid" };
    json_t *out = aj_json_own(json_object(), pool);
    size_t i;

    if (!options->json) {
        printf("revoked\n");
        return;
    }
    json_object_set_new(out, "revoked", json_true());
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *value = aj_claims_string(claims, names[i]);

        if (value) {
            json_object_set_new(out, names[i], json_string(ctl_escape(value, pool)));
        }
    }
    printf("%s\n", aj_json_write(out, pool));
}

ctl_exit_e ctl_revoke(ctl_options_t *options, apr_pool_t *pool)
{
    aj_jwt_policy_t policy = { .allow_expired = 1 };
    const char *token, *detail, *error;
    const aj_claims_t *claims;
    ctl_store_t store;
    aj_error_e verdict;
    apr_size_t len;

    if (options->word && strcmp(options->word, "-")) {
        return ctl_say(CTL_USAGE, "revoke reads the token from stdin, so that none stays in the history of a shell");
    }
    error = ctl_policy(options, pool, &policy);
    error = error ? error : ctl_store_check(options, pool);
    error = error ? error : ctl_stdin(pool, &token, &len);
    if (error) {
        return ctl_say(CTL_USAGE, "%s", error);
    }
    verdict = aj_jwt_validate(&policy, token, len, apr_time_now(), pool, &claims, &detail);
    if (verdict != AJ_OK) {
        return ctl_say(CTL_REFUSED, "the token is not genuine: %s %s%s%s", aj_error_tag(verdict),
                       aj_error_text(verdict), detail ? ": " : "", detail ? detail : "");
    }
    error = ctl_store_open(options, pool, &store);
    error = error ? error : end(&store, claims, policy.leeway, pool);
    if (error) {
        return ctl_say(CTL_REFUSED, "%s", error);
    }
    print_revoked(options, claims, pool);
    return CTL_DONE;
}
