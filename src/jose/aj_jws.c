/* SPDX-License-Identifier: Apache-2.0 */
/* Compact JWS (RFC 7515 7.1): parse, verify with a key of the ring, sign. */
#include <string.h>
#include <strings.h>

#include <apr_strings.h>

#include "aj_base64url.h"
#include "aj_json.h"
#include "aj_json_read.h"
#include "aj_jws.h"

/** A piece of the token as sent. */
typedef struct {
    const char *text;
    apr_size_t len;
} segment_t;

static aj_error_e check_length(apr_size_t len, apr_pool_t *pool, const char **detail)
{
    if (len <= AJ_JWS_MAX_LENGTH) {
        return AJ_OK;
    }
    *detail = apr_psprintf(pool, "%" APR_SIZE_T_FMT " bytes, at most %d", len, AJ_JWS_MAX_LENGTH);
    return AJ_E_TOO_LONG;
}

/* Cut at the dots: exactly two of them. Empty segments are segments too. */
static aj_error_e split(const char *token, apr_size_t len, segment_t parts[3])
{
    const char *end = token + len, *at = token;
    int i;

    for (i = 0; i < 3; i++) {
        const char *dot = memchr(at, '.', (size_t)(end - at));

        if ((dot == NULL) != (i == 2)) {
            return AJ_E_SEGMENTS;
        }
        parts[i].text = at;
        parts[i].len = (apr_size_t)((dot ? dot : end) - at);
        at = dot ? dot + 1 : end;
    }
    return AJ_OK;
}

static aj_error_e decode(const segment_t *part, const char *name, apr_pool_t *pool, unsigned char **out,
                         apr_size_t *out_len, const char **detail)
{
    aj_error_e verdict = aj_base64url_decode(part->text, part->len, pool, out, out_len);

    if (verdict != AJ_OK) {
        *detail = name;
    }
    return verdict;
}

/** The segments, decoded. */
typedef struct {
    unsigned char *bytes[3];
    apr_size_t len[3];
} decoded_t;

static aj_error_e decode_all(const segment_t parts[3], apr_pool_t *pool, decoded_t *out, const char **detail)
{
    static const char *const names[] = { "the header", "the payload", "the signature" };
    aj_error_e verdict = AJ_OK;
    int i;

    for (i = 0; i < 3 && verdict == AJ_OK; i++) {
        verdict = decode(&parts[i], names[i], pool, &out->bytes[i], &out->len[i], detail);
    }
    return verdict;
}

/* RFC 9068 2.1, RFC 8725 3.11: logout tokens, DPoP proofs and security events name themselves, and are no access
   tokens. A media type is compared without case, and its "application/" may be left out (RFC 7515 4.1.9). */
static int is_access_token(const char *text)
{
    static const char prefix[] = "application/";

    if (text && !strncasecmp(text, prefix, sizeof(prefix) - 1)) {
        text += sizeof(prefix) - 1;
    }
    return text && (!strcasecmp(text, "JWT") || !strcasecmp(text, "at+jwt"));
}

static aj_error_e check_typ(const aj_json_doc_t *header, apr_pool_t *pool, const char **detail)
{
    const aj_node_t *typ = aj_node_member(header, header->nodes, "typ");
    const char *text = aj_node_string(header, typ);

    if (!typ || is_access_token(text)) {
        return AJ_OK;
    }
    *detail = text ? apr_psprintf(pool, "typ \"%s\"", aj_escape(text, strlen(text), pool)) : "typ is no string";
    return AJ_E_TYP;
}

static aj_error_e check_crit(const aj_json_doc_t *header, const char **detail)
{
    const aj_node_t *b64 = aj_node_member(header, header->nodes, "b64");

    if (aj_node_member(header, header->nodes, "crit")) {
        *detail = "crit is present";
        return AJ_E_CRIT;
    }
    /* b64 must be listed in crit (RFC 7797 6). Refuse it also where the sender forgot to list it: such a payload is
       not base64url, so it would be read wrongly. */
    if (b64 && b64->type != AJ_NODE_TRUE) {
        *detail = "b64 is present";
        return AJ_E_CRIT;
    }
    return AJ_OK;
}

/* `alg`, `kid`. jku, jwk, x5u, x5c and the like are never looked at: a token does not bring its own key. */
static aj_error_e read_members(const aj_json_doc_t *header, aj_jws_t *jws, const char **detail)
{
    const aj_node_t *alg = aj_node_member(header, header->nodes, "alg");
    const aj_node_t *kid = aj_node_member(header, header->nodes, "kid");

    jws->alg = aj_node_string(header, alg);
    jws->kid = aj_node_string(header, kid);
    if (!jws->alg) {
        *detail = alg ? "alg is no string" : "alg is absent";
        return AJ_E_HEADER_MEMBER;
    }
    if (kid && !jws->kid) {
        *detail = "kid is no string";
        return AJ_E_HEADER_MEMBER;
    }
    return AJ_OK;
}

static aj_error_e read_header(unsigned char *text, apr_size_t len, apr_pool_t *pool, aj_jws_t *jws, const char **detail,
                              const aj_observer_t *observer)
{
    aj_json_doc_t header;
    aj_error_e verdict;
    /* Strings are decoded in place, so whoever wants to see the text needs a copy. */
    const char *shown = observer ? apr_pstrmemdup(pool, (const char *)text, len) : NULL;

    verdict = aj_json_read((char *)text, len, pool, &header, detail) ? AJ_OK : AJ_E_HEADER_JSON;
    if ((verdict = aj_observe(observer, "header", verdict, shown)) == AJ_OK
        && (verdict = aj_observe(observer, "crit", check_crit(&header, detail), NULL)) == AJ_OK
        && (verdict = aj_observe(observer, "alg and kid", read_members(&header, jws, detail), NULL)) == AJ_OK) {
        verdict = aj_observe(observer, "typ", check_typ(&header, pool, detail),
                             aj_node_string(&header, aj_node_member(&header, header.nodes, "typ")));
    }
    return verdict;
}

aj_error_e aj_jws_parse_observed(const char *token, apr_size_t len, apr_pool_t *pool, aj_jws_t *jws,
                                 const char **detail, const aj_observer_t *observer)
{
    segment_t parts[3] = { { NULL, 0 } };
    decoded_t decoded = { { NULL }, { 0 } };
    aj_jws_t parsed = { 0 };
    const char *why = NULL;
    const char *length = observer ? apr_psprintf(pool, "%" APR_SIZE_T_FMT " bytes", len) : NULL;
    aj_error_e verdict;

    if ((verdict = aj_observe(observer, "length", check_length(len, pool, &why), length)) == AJ_OK
        && (verdict = aj_observe(observer, "segments", split(token, len, parts), NULL)) == AJ_OK
        && (verdict = aj_observe(observer, "base64url", decode_all(parts, pool, &decoded, &why), NULL)) == AJ_OK
        && (verdict = read_header(decoded.bytes[0], decoded.len[0], pool, &parsed, &why, observer)) == AJ_OK) {
        parsed.payload = (char *)decoded.bytes[1];
        parsed.payload_len = decoded.len[1];
        parsed.signature = decoded.bytes[2];
        parsed.signature_len = decoded.len[2];
        parsed.signing_input = token;
        parsed.signing_input_len = parts[0].len + 1 + parts[1].len;
        *jws = parsed;
    }
    *detail = verdict == AJ_OK ? NULL : why;
    return verdict;
}

aj_error_e aj_jws_parse(const char *token, apr_size_t len, apr_pool_t *pool, aj_jws_t *jws, const char **detail)
{
    return aj_jws_parse_observed(token, len, pool, jws, detail, NULL);
}

static const char *not_found(aj_error_e verdict, const aj_jws_t *jws, apr_pool_t *pool)
{
    switch (verdict) {
    case AJ_E_ALG:
        return apr_psprintf(pool, "alg \"%s\" has no key", aj_escape(jws->alg, strlen(jws->alg), pool));
    case AJ_E_KID:
        return apr_psprintf(pool, "kid \"%s\" unknown", aj_escape(jws->kid, strlen(jws->kid), pool));
    case AJ_E_KEY_AMBIGUOUS:
        return apr_psprintf(pool, "several keys for alg \"%s\"", aj_escape(jws->alg, strlen(jws->alg), pool));
    default:
        return NULL;
    }
}

/* Is there a key of the algorithm, and which is the one? */
static aj_error_e find_key(const aj_jws_t *jws, const aj_keyset_t *ring, const aj_key_t **found,
                           const aj_observer_t *observer)
{
    aj_error_e verdict = aj_keyset_find(ring, jws->alg, jws->kid, found);
    aj_error_e of_alg = aj_observe(observer, "alg", verdict == AJ_E_ALG ? AJ_E_ALG : AJ_OK, jws->alg);

    return of_alg == AJ_OK ? aj_observe(observer, "kid", verdict, jws->kid) : of_alg;
}

aj_error_e aj_jws_verify_observed(const aj_jws_t *jws, const aj_keyset_t *ring, apr_pool_t *pool, const aj_key_t **key,
                                  const char **detail, const aj_observer_t *observer)
{
    const aj_key_t *found = NULL;
    aj_error_e verdict = find_key(jws, ring, &found, observer);

    *detail = not_found(verdict, jws, pool);
    if (verdict == AJ_OK) {
        verdict = aj_key_verify(found, jws->signing_input, jws->signing_input_len, jws->signature, jws->signature_len);
        verdict = aj_observe(observer, "signature", verdict, NULL);
        if (verdict == AJ_E_SIGNATURE_LENGTH) {
            *detail =
                apr_psprintf(pool, "%" APR_SIZE_T_FMT " bytes for %s", jws->signature_len, aj_key_alg(found)->name);
        }
        if (key && verdict != AJ_E_CRYPTO) {
            *key = found;
        }
    }
    return verdict;
}

aj_error_e aj_jws_verify(const aj_jws_t *jws, const aj_keyset_t *ring, apr_pool_t *pool, const aj_key_t **key,
                         const char **detail)
{
    return aj_jws_verify_observed(jws, ring, pool, key, detail, NULL);
}

static const char *make_header(const aj_key_t *key, apr_pool_t *pool)
{
    json_t *header = aj_json_own(json_object(), pool);

    json_object_set_new(header, "typ", json_string("JWT"));
    json_object_set_new(header, "alg", json_string(aj_key_alg(key)->name));
    if (aj_key_kid(key)) {
        json_object_set_new(header, "kid", json_string(aj_key_kid(key)));
    }
    return aj_json_write(header, pool);
}

apr_status_t aj_jws_sign(const aj_key_t *key, const char *payload, apr_size_t payload_len, apr_pool_t *pool,
                         const char **compact)
{
    const char *header = make_header(key, pool);
    const char *input = apr_pstrcat(pool, aj_base64url_encode((const unsigned char *)header, strlen(header), pool), ".",
                                    aj_base64url_encode((const unsigned char *)payload, payload_len, pool), NULL);
    unsigned char *sig;
    apr_size_t sig_len;
    apr_status_t status = aj_key_sign(key, input, strlen(input), pool, &sig, &sig_len);

    if (status == APR_SUCCESS) {
        *compact = apr_pstrcat(pool, input, ".", aj_base64url_encode(sig, sig_len, pool), NULL);
    }
    return status;
}
