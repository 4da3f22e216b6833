/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens against a policy at a given time: one row per way to fail, beside the control that passes. */
#include "unit.h"

#define NOW    1700000000
#define LEEWAY 10

/* What a row changes of the ordinary policy. */
enum { ISSUER = 1, AUDIENCE = 2, REFRESH = 4, BOTH = 8, EXPIRED = 16, BY_EMAIL = 32, NESTED = 64, NO_TYPE = 128 };

#define EXP  "\"exp\":1700000900"
#define SUB  "\"sub\":\"ann\""
#define GOOD EXP "," SUB

typedef struct {
    const char *name;
    const char *payload;
    int policy;
    aj_error_e want;
    const char *tag;
    const char *detail;
} row_t;

static const row_t rows[] = {
    { "control", "{" GOOD "}", 0, AJ_OK, "AJ0101", NULL },
    { "control with everything",
      "{" GOOD ",\"iss\":\"x\",\"aud\":[\"b\",\"a\"],\"nbf\":1700000000,\"iat\":1700000000,\"jti\":\"j\","
      "\"sid\":\"s\",\"sid_exp\":1700000900,\"type\":\"access\",\"fresh\":true}",
      ISSUER | AUDIENCE, AJ_OK, "AJ0101", NULL },

    { "payload empty", "", 0, AJ_E_PAYLOAD_JSON, "AJ0113", "ends too early" },
    { "payload text", "Zm9v", 0, AJ_E_PAYLOAD_JSON, "AJ0113", "not JSON" },
    { "payload array", "[{" GOOD "}]", 0, AJ_E_PAYLOAD_JSON, "AJ0113", "not an object" },
    { "payload cut off", "{" GOOD, 0, AJ_E_PAYLOAD_JSON, "AJ0113", "ends too early" },
    { "two payloads", "{" GOOD "}{" GOOD "}", 0, AJ_E_PAYLOAD_JSON, "AJ0113", "text follows the object" },
    { "duplicate sub", "{" GOOD ",\"sub\":\"admin\"}", 0, AJ_E_PAYLOAD_JSON, "AJ0113", "a member appears twice" },
    { "duplicate exp", "{\"exp\":1,\"exp\":1700000900," SUB "}", 0, AJ_E_PAYLOAD_JSON, "AJ0113",
      "a member appears twice" },
    { "NUL in sub", "{" EXP ",\"sub\":\"admin\\u0000x\"}", 0, AJ_E_PAYLOAD_JSON, "AJ0113", "a string holds NUL" },
    { "payload not UTF-8", "{" EXP ",\"sub\":\"\xff\"}", 0, AJ_E_PAYLOAD_JSON, "AJ0113", "not UTF-8" },
    { "payload deep", "{" GOOD ",\"x\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}", 0,
      AJ_E_PAYLOAD_JSON, "AJ0113", "nested too deeply" },
    { "exp beyond 64 bits", "{\"exp\":99999999999999999999," SUB "}", 0, AJ_E_PAYLOAD_JSON, "AJ0113",
      "a number is out of range" },

    { "exp absent", "{" SUB "}", 0, AJ_E_EXP_ABSENT, "AJ0114", NULL },
    { "exp absent, expired allowed", "{" SUB "}", EXPIRED, AJ_E_EXP_ABSENT, "AJ0114", NULL },
    { "Exp", "{\"Exp\":1700000900," SUB "}", 0, AJ_E_EXP_ABSENT, "AJ0114", NULL },
    { "exp zero", "{\"exp\":0," SUB "}", 0, AJ_E_EXP_INSANE, "AJ0115", NULL },
    { "exp zero, expired allowed", "{\"exp\":0," SUB "}", EXPIRED, AJ_E_EXP_INSANE, "AJ0115", NULL },
    { "exp zero as a real", "{\"exp\":0.0," SUB "}", 0, AJ_E_EXP_INSANE, "AJ0115", NULL },
    { "exp negative", "{\"exp\":-1," SUB "}", 0, AJ_E_EXP_INSANE, "AJ0115", NULL },
    { "exp minus zero", "{\"exp\":-0.0," SUB "}", 0, AJ_E_EXP_INSANE, "AJ0115", NULL },
    { "exp a string", "{\"exp\":\"1700000900\"," SUB "}", 0, AJ_E_EXP_INSANE, "AJ0115", NULL },
    { "exp true", "{\"exp\":true," SUB "}", 0, AJ_E_EXP_INSANE, "AJ0115", NULL },
    { "exp null", "{\"exp\":null," SUB "}", 0, AJ_E_EXP_INSANE, "AJ0115", NULL },
    { "exp an array", "{\"exp\":[1700000900]," SUB "}", 0, AJ_E_EXP_INSANE, "AJ0115", NULL },
    { "exp 1e300", "{\"exp\":1e300," SUB "}", 0, AJ_E_EXP_INSANE, "AJ0115", NULL },
    { "exp tiny", "{\"exp\":1e-300," SUB "}", 0, AJ_E_EXP_INSANE, "AJ0115", NULL },
    { "exp 2^63 - 1", "{\"exp\":9223372036854775807," SUB "}", 0, AJ_E_EXP_INSANE, "AJ0115", NULL },
    { "exp in milliseconds", "{\"exp\":1700000900000," SUB "}", 0, AJ_E_EXP_INSANE, "AJ0115", NULL },
    { "exp in the year 9999", "{\"exp\":253402300799," SUB "}", 0, AJ_OK, "AJ0101", NULL },
    { "exp in the year 10000", "{\"exp\":253402300800," SUB "}", 0, AJ_E_EXP_INSANE, "AJ0115", NULL },
    { "exp real in the year 10000", "{\"exp\":253402300799.5," SUB "}", 0, AJ_E_EXP_INSANE, "AJ0115", NULL },
    { "exp with an exponent", "{\"exp\":1.7000009e9," SUB "}", 0, AJ_OK, "AJ0101", NULL },
    { "expired long ago", "{\"exp\":1," SUB "}", 0, AJ_E_EXPIRED, "AJ0116", "expired 1699999999 s ago" },
    { "expired 37 s ago", "{\"exp\":1699999963," SUB "}", 0, AJ_E_EXPIRED, "AJ0116", "expired 37 s ago" },
    { "expired at the leeway", "{\"exp\":1699999990," SUB "}", 0, AJ_E_EXPIRED, "AJ0116", "expired 10 s ago" },
    { "expired within the leeway", "{\"exp\":1699999991," SUB "}", 0, AJ_OK, "AJ0101", NULL },
    { "expired by a fraction", "{\"exp\":1699999989.999," SUB "}", 0, AJ_E_EXPIRED, "AJ0116", "expired 10 s ago" },
    { "not expired by a fraction", "{\"exp\":1699999990.001," SUB "}", 0, AJ_OK, "AJ0101", NULL },
    { "expired, allowed", "{\"exp\":1," SUB "}", EXPIRED, AJ_OK, "AJ0101", NULL },

    { "type access", "{" GOOD ",\"type\":\"access\"}", 0, AJ_OK, "AJ0101", NULL },
    { "type refresh wanted", "{" GOOD ",\"type\":\"refresh\"}", REFRESH, AJ_OK, "AJ0101", NULL },
    { "type refresh among both", "{" GOOD ",\"type\":\"refresh\"}", BOTH, AJ_OK, "AJ0101", NULL },
    { "type access among both", "{" GOOD "}", BOTH, AJ_OK, "AJ0101", NULL },
    { "refresh as access", "{" GOOD ",\"type\":\"refresh\"}", 0, AJ_E_TYPE_NOT_ACCESS, "AJ0118", NULL },
    { "access as refresh", "{" GOOD ",\"type\":\"access\"}", REFRESH, AJ_E_TYPE_NOT_REFRESH, "AJ0119", NULL },
    { "no type as refresh", "{" GOOD "}", REFRESH, AJ_E_TYPE_NOT_REFRESH, "AJ0119", NULL },
    { "access, no type wanted", "{" GOOD "}", NO_TYPE, AJ_E_TYPE_NOT_REFRESH, "AJ0119", NULL },
    { "refresh, no type wanted", "{" GOOD ",\"type\":\"refresh\"}", NO_TYPE, AJ_E_TYPE_NOT_ACCESS, "AJ0118", NULL },
    { "type unknown", "{" GOOD ",\"type\":\"id\"}", BOTH, AJ_E_TYPE_UNKNOWN, "AJ0117", NULL },
    { "type empty", "{" GOOD ",\"type\":\"\"}", BOTH, AJ_E_TYPE_UNKNOWN, "AJ0117", NULL },
    { "type in capitals", "{" GOOD ",\"type\":\"Access\"}", BOTH, AJ_E_TYPE_UNKNOWN, "AJ0117", NULL },
    { "type longer", "{" GOOD ",\"type\":\"accessx\"}", BOTH, AJ_E_TYPE_UNKNOWN, "AJ0117", NULL },
    { "type null", "{" GOOD ",\"type\":null}", BOTH, AJ_E_TYPE_UNKNOWN, "AJ0117", NULL },
    { "type an array", "{" GOOD ",\"type\":[\"access\"]}", BOTH, AJ_E_TYPE_UNKNOWN, "AJ0117", NULL },

    { "iss ours", "{" GOOD ",\"iss\":\"x\"}", ISSUER, AJ_OK, "AJ0101", NULL },
    { "iss not asked", "{" GOOD ",\"iss\":\"evil\"}", 0, AJ_OK, "AJ0101", NULL },
    { "iss absent", "{" GOOD "}", ISSUER, AJ_E_ISS, "AJ0120", "iss is not \"x\": it is absent" },
    { "iss another", "{" GOOD ",\"iss\":\"evil\"}", ISSUER, AJ_E_ISS, "AJ0120", "iss is not \"x\" but \"evil\"" },
    { "iss longer", "{" GOOD ",\"iss\":\"xx\"}", ISSUER, AJ_E_ISS, "AJ0120", "iss is not \"x\" but \"xx\"" },
    { "iss empty", "{" GOOD ",\"iss\":\"\"}", ISSUER, AJ_E_ISS, "AJ0120", "iss is not \"x\" but \"\"" },
    { "iss in capitals", "{" GOOD ",\"iss\":\"X\"}", ISSUER, AJ_E_ISS, "AJ0120", "iss is not \"x\" but \"X\"" },
    { "iss with a blank", "{" GOOD ",\"iss\":\"x \"}", ISSUER, AJ_E_ISS, "AJ0120", "iss is not \"x\" but \"x \"" },
    { "iss an array", "{" GOOD ",\"iss\":[\"x\"]}", ISSUER, AJ_E_ISS, "AJ0120", "iss is not \"x\": it is no string" },
    { "iss a number", "{" GOOD ",\"iss\":7}", ISSUER, AJ_E_ISS, "AJ0120", "iss is not \"x\": it is no string" },

    { "aud ours", "{" GOOD ",\"aud\":\"a\"}", AUDIENCE, AJ_OK, "AJ0101", NULL },
    { "aud our second", "{" GOOD ",\"aud\":\"b\"}", AUDIENCE, AJ_OK, "AJ0101", NULL },
    { "aud in an array", "{" GOOD ",\"aud\":[\"z\",\"b\"]}", AUDIENCE, AJ_OK, "AJ0101", NULL },
    { "aud not asked", "{" GOOD ",\"aud\":\"evil\"}", 0, AJ_OK, "AJ0101", NULL },
    { "aud absent", "{" GOOD "}", AUDIENCE, AJ_E_AUD, "AJ0121", "aud is none of \"a\" \"b\"" },
    { "aud another", "{" GOOD ",\"aud\":\"z\"}", AUDIENCE, AJ_E_AUD, "AJ0121", "aud \"z\" is none of \"a\" \"b\"" },
    { "aud an array of others", "{" GOOD ",\"aud\":[\"z\",\"y\"]}", AUDIENCE, AJ_E_AUD, "AJ0121",
      "aud \"z\" \"y\" is none of \"a\" \"b\"" },
    { "aud an empty array", "{" GOOD ",\"aud\":[]}", AUDIENCE, AJ_E_AUD, "AJ0121", "aud is none of \"a\" \"b\"" },
    { "aud with a number beside", "{" GOOD ",\"aud\":[\"a\",7]}", AUDIENCE, AJ_E_AUD, "AJ0121",
      "aud holds a value that is no string and is none of \"a\" \"b\"" },
    { "aud nested", "{" GOOD ",\"aud\":[[\"a\"]]}", AUDIENCE, AJ_E_AUD, "AJ0121",
      "aud holds a value that is no string and is none of \"a\" \"b\"" },
    { "aud an object", "{" GOOD ",\"aud\":{\"a\":1}}", AUDIENCE, AJ_E_AUD, "AJ0121", "aud is none of \"a\" \"b\"" },
    { "aud null", "{" GOOD ",\"aud\":null}", AUDIENCE, AJ_E_AUD, "AJ0121", "aud is none of \"a\" \"b\"" },
    { "aud longer", "{" GOOD ",\"aud\":\"ab\"}", AUDIENCE, AJ_E_AUD, "AJ0121", "aud \"ab\" is none of \"a\" \"b\"" },
    { "aud empty", "{" GOOD ",\"aud\":\"\"}", AUDIENCE, AJ_E_AUD, "AJ0121", "aud \"\" is none of \"a\" \"b\"" },

    { "aud escaped", "{" GOOD ",\"aud\":\"z\\n\"}", AUDIENCE, AJ_E_AUD, "AJ0121",
      "aud \"z\\x0a\" is none of \"a\" \"b\"" },
    { "aud cut", "{" GOOD ",\"aud\":\"0123456789012345678901234567890123456789012345678901234567890123456789\"}",
      AUDIENCE, AJ_E_AUD, "AJ0121",
      "aud \"0123456789012345678901234567890123456789012345678901234567890123...\" is none of \"a\" \"b\"" },
    { "aud of many", "{" GOOD ",\"aud\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"]}", AUDIENCE, AJ_E_AUD,
      "AJ0121", "aud \"1\" \"2\" \"3\" \"4\" \"5\" \"6\" \"7\" \"8\" ... is none of \"a\" \"b\"" },

    { "nbf at the leeway", "{" GOOD ",\"nbf\":1700000010}", 0, AJ_OK, "AJ0101", NULL },
    { "nbf zero", "{" GOOD ",\"nbf\":0}", 0, AJ_OK, "AJ0101", NULL },
    { "nbf beyond the leeway", "{" GOOD ",\"nbf\":1700000011}", 0, AJ_E_NBF, "AJ0122", "nbf is 11 s in the future" },
    { "nbf beyond by a fraction", "{" GOOD ",\"nbf\":1700000010.5}", 0, AJ_E_NBF, "AJ0122",
      "nbf is 11 s in the future" },
    { "nbf 20 s away", "{" GOOD ",\"nbf\":1700000020}", 0, AJ_E_NBF, "AJ0122", "nbf is 20 s in the future" },
    { "nbf far away", "{" GOOD ",\"nbf\":253402300799}", 0, AJ_E_NBF, "AJ0122", "nbf is 251702300799 s in the future" },
    { "nbf a string", "{" GOOD ",\"nbf\":\"0\"}", 0, AJ_E_NBF, "AJ0122", "nbf is not a date" },
    { "nbf null", "{" GOOD ",\"nbf\":null}", 0, AJ_E_NBF, "AJ0122", "nbf is not a date" },
    { "nbf negative", "{" GOOD ",\"nbf\":-1}", 0, AJ_E_NBF, "AJ0122", "nbf is not a date" },
    { "nbf wraps", "{" GOOD ",\"nbf\":9223372036854775807}", 0, AJ_E_NBF, "AJ0122", "nbf is not a date" },
    { "nbf in the future, expired allowed", "{\"exp\":1," SUB ",\"nbf\":1700000020}", EXPIRED, AJ_E_NBF, "AJ0122",
      "nbf is 20 s in the future" },

    { "iat at the leeway", "{" GOOD ",\"iat\":1700000010}", 0, AJ_OK, "AJ0101", NULL },
    { "iat zero", "{" GOOD ",\"iat\":0}", 0, AJ_OK, "AJ0101", NULL },
    { "iat real", "{" GOOD ",\"iat\":1699999999.25}", 0, AJ_OK, "AJ0101", NULL },
    { "iat beyond the leeway", "{" GOOD ",\"iat\":1700000011}", 0, AJ_E_IAT, "AJ0123", "iat is 11 s in the future" },
    { "iat a string", "{" GOOD ",\"iat\":\"now\"}", 0, AJ_E_IAT, "AJ0123", "iat is not a date" },
    { "iat false", "{" GOOD ",\"iat\":false}", 0, AJ_E_IAT, "AJ0123", "iat is not a date" },
    { "iat 1e300", "{" GOOD ",\"iat\":1e300}", 0, AJ_E_IAT, "AJ0123", "iat is not a date" },

    { "sub absent", "{" EXP "}", 0, AJ_E_IDENTITY, "AJ0124", "sub is absent" },
    { "sub empty", "{" EXP ",\"sub\":\"\"}", 0, AJ_E_IDENTITY, "AJ0124", "sub is empty" },
    { "sub a number", "{" EXP ",\"sub\":7}", 0, AJ_E_IDENTITY, "AJ0124", "sub is no string" },
    { "sub null", "{" EXP ",\"sub\":null}", 0, AJ_E_IDENTITY, "AJ0124", "sub is no string" },
    { "sub an object", "{" EXP ",\"sub\":{\"a\":\"b\"}}", 0, AJ_E_IDENTITY, "AJ0124", "sub is no string" },
    { "sub with a newline", "{" EXP ",\"sub\":\"a\\nb\"}", 0, AJ_E_IDENTITY, "AJ0124",
      "sub holds a control character" },
    { "sub with a tab", "{" EXP ",\"sub\":\"a\\tb\"}", 0, AJ_E_IDENTITY, "AJ0124", "sub holds a control character" },
    { "sub with DEL", "{" EXP ",\"sub\":\"a\\u007f\"}", 0, AJ_E_IDENTITY, "AJ0124", "sub holds a control character" },
    { "sub with U+0080", "{" EXP ",\"sub\":\"\\u0080a\"}", 0, AJ_E_IDENTITY, "AJ0124",
      "sub holds a control character" },
    { "sub with U+009F", "{" EXP ",\"sub\":\"a\\u009f\"}", 0, AJ_E_IDENTITY, "AJ0124",
      "sub holds a control character" },
    { "sub with U+00A0", "{" EXP ",\"sub\":\"a\\u00a0b\"}", 0, AJ_OK, "AJ0101", NULL },
    { "sub beyond Latin", "{" EXP ",\"sub\":\"\xe5\x90\x8d\xf0\x9f\x98\x80\"}", 0, AJ_OK, "AJ0101", NULL },
    { "sub with a blank", "{" EXP ",\"sub\":\"ad min\"}", 0, AJ_OK, "AJ0101", NULL },
    { "another claim", "{" EXP ",\"email\":\"a@b\"}", BY_EMAIL, AJ_OK, "AJ0101", NULL },
    { "another claim absent", "{" GOOD "}", BY_EMAIL, AJ_E_IDENTITY, "AJ0124", "email is absent" },
    { "claim by pointer", "{" EXP ",\"user\":{\"name\":\"ann\"}}", NESTED, AJ_OK, "AJ0101", NULL },
    { "claim by pointer absent", "{" GOOD ",\"user\":\"ann\"}", NESTED, AJ_E_IDENTITY, "AJ0124",
      "/user/name is absent" },

    { "jti a number", "{" GOOD ",\"jti\":7}", 0, AJ_E_CLAIM_MEMBER, "AJ0125", "jti is no string" },
    { "jti null", "{" GOOD ",\"jti\":null}", 0, AJ_E_CLAIM_MEMBER, "AJ0125", "jti is no string" },
    { "sid a number", "{" GOOD ",\"sid\":7}", 0, AJ_E_CLAIM_MEMBER, "AJ0125", "sid is no string" },
    { "sid_exp a string", "{" GOOD ",\"sid_exp\":\"7\"}", 0, AJ_E_CLAIM_MEMBER, "AJ0125", "sid_exp is not a date" },
    { "sid_exp zero", "{" GOOD ",\"sid_exp\":0}", 0, AJ_E_CLAIM_MEMBER, "AJ0125", "sid_exp is not a date" },
    { "sid_exp 1e300", "{" GOOD ",\"sid_exp\":1e300}", 0, AJ_E_CLAIM_MEMBER, "AJ0125", "sid_exp is not a date" },

    /* The order: what comes first is told. */
    { "expired before type", "{\"exp\":1,\"type\":\"id\"}", ISSUER | AUDIENCE, AJ_E_EXPIRED, "AJ0116",
      "expired 1699999999 s ago" },
    { "type before iss", "{" EXP ",\"type\":\"refresh\"}", ISSUER | AUDIENCE, AJ_E_TYPE_NOT_ACCESS, "AJ0118", NULL },
    { "iss before aud", "{" EXP ",\"nbf\":1800000000}", ISSUER | AUDIENCE, AJ_E_ISS, "AJ0120",
      "iss is not \"x\": it is absent" },
    { "aud before nbf", "{" EXP ",\"nbf\":1800000000}", AUDIENCE, AJ_E_AUD, "AJ0121", "aud is none of \"a\" \"b\"" },
    { "nbf before iat", "{" EXP ",\"nbf\":1700000020,\"iat\":1700000030}", 0, AJ_E_NBF, "AJ0122",
      "nbf is 20 s in the future" },
    { "iat before sub", "{" EXP ",\"iat\":1700000030}", 0, AJ_E_IAT, "AJ0123", "iat is 30 s in the future" },
    { "sub before jti", "{" EXP ",\"jti\":7}", 0, AJ_E_IDENTITY, "AJ0124", "sub is absent" },
};

/* Tokens of a key that only verifies: their issuer has its own claims. */
static const struct {
    const char *name, *payload;
    int policy;
    aj_error_e want;
    const char *detail;
} foreign[] = {
    { "control", "{" GOOD "}", 0, AJ_OK, NULL },
    { "type of an issuer's own", "{" GOOD ",\"type\":\"app\"}", 0, AJ_OK, NULL },
    { "type empty", "{" GOOD ",\"type\":\"\"}", 0, AJ_OK, NULL },
    { "type null", "{" GOOD ",\"type\":null}", 0, AJ_OK, NULL },
    { "type an array", "{" GOOD ",\"type\":[\"refresh\"]}", 0, AJ_OK, NULL },
    { "type of an issuer's own is no refresh token", "{" GOOD ",\"type\":\"app\"}", REFRESH, AJ_E_TYPE_NOT_REFRESH,
      NULL },
    { "type refresh", "{" GOOD ",\"type\":\"refresh\"}", 0, AJ_E_TYPE_NOT_ACCESS, NULL },
    { "type refresh wanted", "{" GOOD ",\"type\":\"refresh\"}", REFRESH, AJ_OK, NULL },
    { "typ Bearer", "{" GOOD ",\"typ\":\"Bearer\",\"token_type\":\"access\"}", 0, AJ_OK, NULL },
    { "typ no string", "{" GOOD ",\"typ\":7,\"token_type\":[\"ID\"]}", 0, AJ_OK, NULL },
    { "typ a word longer", "{" GOOD ",\"typ\":\"IDs\"}", 0, AJ_OK, NULL },
    { "typ Refresh", "{" GOOD ",\"typ\":\"Refresh\"}", 0, AJ_E_TYPE_FOREIGN, "typ \"Refresh\"" },
    { "typ OFFLINE", "{" GOOD ",\"typ\":\"OFFLINE\"}", 0, AJ_E_TYPE_FOREIGN, "typ \"OFFLINE\"" },
    { "typ id", "{" GOOD ",\"typ\":\"id\"}", BOTH, AJ_E_TYPE_FOREIGN, "typ \"id\"" },
    { "typ Logout", "{" GOOD ",\"typ\":\"Logout\"}", 0, AJ_E_TYPE_FOREIGN, "typ \"Logout\"" },
    { "token_type refresh", "{" GOOD ",\"token_type\":\"refresh\"}", 0, AJ_E_TYPE_FOREIGN, "token_type \"refresh\"" },
    { "token_type refresh, type access", "{" GOOD ",\"type\":\"access\",\"token_type\":\"refresh\"}", 0,
      AJ_E_TYPE_FOREIGN, "token_type \"refresh\"" },
    { "typ Refresh where refresh is wanted", "{" GOOD ",\"typ\":\"Refresh\",\"type\":\"refresh\"}", REFRESH,
      AJ_E_TYPE_FOREIGN, "typ \"Refresh\"" },
    { "jti and sid numbers", "{" GOOD ",\"jti\":7,\"sid\":8}", 0, AJ_OK, NULL },
    { "jti and sid null", "{" GOOD ",\"jti\":null,\"sid\":null}", 0, AJ_OK, NULL },
    { "sid_exp a string", "{" GOOD ",\"sid_exp\":\"7\"}", 0, AJ_E_CLAIM_MEMBER, "sid_exp is not a date" },
};

/* Header's typ, with any key. */
static const struct {
    const char *typ;
    aj_error_e want;
    const char *detail;
} types[] = {
    { "\"JWT\"", AJ_OK, NULL },
    { "\"jwt\"", AJ_OK, NULL },
    { "\"at+jwt\"", AJ_OK, NULL },
    { "\"AT+JWT\"", AJ_OK, NULL },
    { "\"application/at+jwt\"", AJ_OK, NULL },
    { "\"Application/JWT\"", AJ_OK, NULL },
    { "\"\"", AJ_E_TYP, "typ \"\"" },
    { "\"JWT \"", AJ_E_TYP, "typ \"JWT \"" },
    { "\"text/jwt\"", AJ_E_TYP, "typ \"text/jwt\"" },
    { "\"application/application/jwt\"", AJ_E_TYP, "typ \"application/application/jwt\"" },
    { "\"application/\"", AJ_E_TYP, "typ \"application/\"" },
    { "\"logout+jwt\"", AJ_E_TYP, "typ \"logout+jwt\"" },
    { "\"secevent+jwt\"", AJ_E_TYP, "typ \"secevent+jwt\"" },
    { "\"dpop+jwt\"", AJ_E_TYP, "typ \"dpop+jwt\"" },
    { "\"a\\nb\"", AJ_E_TYP, "typ \"a\\x0ab\"" },
    { "null", AJ_E_TYP, "typ is no string" },
    { "[\"JWT\"]", AJ_E_TYP, "typ is no string" },
};

/* Tokens that fail before their payload is read. */
static const struct {
    const char *name;
    const char *header; /* NULL: the token is given as it is */
    const char *token;
    aj_error_e want;
    const char *tag;
} forms[] = {
    { "no token", NULL, "", AJ_E_SEGMENTS, "AJ0103" },
    { "two segments", NULL, "e30.e30", AJ_E_SEGMENTS, "AJ0103" },
    { "base64", NULL, "e30=.e30.AAAA", AJ_E_BASE64URL, "AJ0104" },
    { "header no object", "[]", NULL, AJ_E_HEADER_JSON, "AJ0105" },
    { "no alg", "{}", NULL, AJ_E_HEADER_MEMBER, "AJ0106" },
    { "crit", "{\"alg\":\"HS256\",\"crit\":[\"x\"]}", NULL, AJ_E_CRIT, "AJ0107" },
    { "typ", "{\"alg\":\"HS256\",\"typ\":\"logout+jwt\"}", NULL, AJ_E_TYP, "AJ0128" },
    { "none", "{\"alg\":\"none\"}", NULL, AJ_E_ALG, "AJ0108" },
    { "unknown kid", "{\"alg\":\"HS384\",\"kid\":\"c\"}", NULL, AJ_E_KID, "AJ0109" },
    { "ambiguous", "{\"alg\":\"HS384\"}", NULL, AJ_E_KEY_AMBIGUOUS, "AJ0110" },
    { "length of another hash", "{\"alg\":\"HS384\",\"kid\":\"a\"}", NULL, AJ_E_SIGNATURE_LENGTH, "AJ0111" },
    { "signature of nobody", NULL, "eyJhbGciOiJIUzI1NiJ9.e30.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
      AJ_E_SIGNATURE, "AJ0112" },
};

static const aj_jwt_policy_t *policy_of(int change)
{
    aj_jwt_policy_t *policy = apr_pcalloc(pool, sizeof(*policy));
    apr_array_header_t *audiences = apr_array_make(pool, 2, sizeof(const char *));

    policy->keys = unit_ring(unit_key("HS256", unit_secret, NULL), unit_key("HS384", unit_secret, "a"),
                             unit_key("HS384", unit_secret, "b"));
    policy->leeway = apr_time_from_sec(LEEWAY);
    policy->issuer = change & ISSUER ? "x" : NULL;
    policy->identity_claim = change & BY_EMAIL ? "email" : change & NESTED ? "/user/name" : "sub";
    policy->types = change & BOTH    ? AJ_TYPE_ACCESS | AJ_TYPE_REFRESH
                  : change & REFRESH ? AJ_TYPE_REFRESH
                                     : AJ_TYPE_ACCESS;
    policy->types = change & NO_TYPE ? 0 : policy->types;
    policy->allow_expired = change & EXPIRED;
    policy->audiences = audiences;
    if (change & AUDIENCE) {
        APR_ARRAY_PUSH(audiences, const char *) = "a";
        APR_ARRAY_PUSH(audiences, const char *) = "b";
    }
    return policy;
}

static aj_error_e judge(const aj_jwt_policy_t *policy, const char *token, apr_time_t now, const char **detail)
{
    const aj_claims_t *claims = NULL;
    aj_error_e verdict = aj_jwt_validate(policy, token, strlen(token), now, pool, &claims, detail);

    ck_assert_msg((claims != NULL) == (verdict == AJ_OK), "claims exist when the token passed, and only then");
    assert_no_openssl_error();
    return verdict;
}

START_TEST(claims_are_judged)
{
    const row_t *row = &rows[_i];
    const aj_jwt_policy_t *policy = policy_of(row->policy);
    const char *token = unit_token(aj_keyset_at(policy->keys, 0), "{\"alg\":\"HS256\"}", row->payload), *why = "unset";
    aj_error_e verdict = judge(policy, token, apr_time_from_sec(NOW), &why);

    assert_row(verdict == row->want, row->name, "%s %s", aj_error_text(verdict), why ? why : "");
    ck_assert_str_eq(aj_error_tag(verdict), row->tag);
    assert_row((why == NULL) == (row->detail == NULL), row->name, "detail is %s", why ? why : "absent");
    ck_assert(why == NULL || strcmp(why, row->detail) == 0);
}
END_TEST

/* A token with a foreign signature says nothing of its claims, whatever they are. */
START_TEST(nothing_is_read_before_the_signature_is_checked)
{
    const row_t *row = &rows[_i];
    const aj_jwt_policy_t *policy = policy_of(row->policy);
    const char *token = unit_token(unit_key("HS256", unit_secret + 1, NULL), "{\"alg\":\"HS256\"}", row->payload), *why;

    ck_assert_int_eq(judge(policy, token, apr_time_from_sec(NOW), &why), AJ_E_SIGNATURE);
    ck_assert_ptr_null(why);
}
END_TEST

START_TEST(tokens_of_a_key_that_only_verifies_are_judged_as_somebody_elses)
{
    aj_jwt_policy_t policy = *policy_of(foreign[_i].policy);
    const char *token = unit_token(unit_key("ES256", "ec-p256.pem", NULL), "{\"alg\":\"ES256\"}", foreign[_i].payload),
               *why;
    aj_error_e verdict;

    policy.keys = unit_ring(unit_key("HS256", unit_secret, NULL), unit_key("ES256", "ec-p256-pub.pem", NULL), NULL);
    verdict = judge(&policy, token, apr_time_from_sec(NOW), &why);
    assert_row(verdict == foreign[_i].want, foreign[_i].name, "%s %s", aj_error_text(verdict), why ? why : "");
    assert_row((why == NULL) == (foreign[_i].detail == NULL), foreign[_i].name, "detail is %s", why ? why : "absent");
    ck_assert(why == NULL || strcmp(why, foreign[_i].detail) == 0);
}
END_TEST

START_TEST(typ_says_what_a_token_is_for)
{
    const aj_jwt_policy_t *policy = policy_of(0);
    const char *header = apr_pstrcat(pool, "{\"alg\":\"HS256\",\"typ\":", types[_i].typ, "}", NULL), *why;
    aj_error_e verdict =
        judge(policy, unit_token(aj_keyset_at(policy->keys, 0), header, "{" GOOD "}"), apr_time_from_sec(NOW), &why);

    assert_row(verdict == types[_i].want, types[_i].typ, "%s %s", aj_error_text(verdict), why ? why : "");
    ck_assert(why ? types[_i].detail && !strcmp(why, types[_i].detail) : !types[_i].detail);
}
END_TEST

/* An ECDSA signature (r, s) has a twin (r, n - s), and each signing makes another: revocation must not see them. */
START_TEST(a_token_signed_twice_has_one_hash)
{
    const aj_key_t *key = unit_key("ES256", "ec-p256.pem", NULL);
    aj_jwt_policy_t policy = *policy_of(0);
    const aj_claims_t *claims[3];
    const char *token, *why;
    unsigned char hash[AJ_SHA256_BYTES];
    int i;

    policy.keys = unit_ring(key, NULL, NULL);
    for (i = 0; i < 3; i++) {
        token = unit_token(key, "{\"alg\":\"ES256\"}", i < 2 ? "{" GOOD "}" : "{" GOOD ",\"x\":1}");
        ck_assert_int_eq(aj_jwt_validate(&policy, token, strlen(token), apr_time_from_sec(NOW), pool, &claims[i], &why),
                         AJ_OK);
    }
    ck_assert_mem_eq(aj_claims_token_hash(claims[0]), aj_claims_token_hash(claims[1]), AJ_SHA256_BYTES);
    ck_assert_mem_ne(aj_claims_token_hash(claims[0]), aj_claims_token_hash(claims[2]), AJ_SHA256_BYTES);
    ck_assert_int_eq(aj_sha256(token, (apr_size_t)(strrchr(token, '.') - token), hash), APR_SUCCESS);
    ck_assert_mem_eq(aj_claims_token_hash(claims[2]), hash, sizeof(hash));
}
END_TEST

/* RFC 9864: whichever of the two names the key or the token has. */
START_TEST(eddsa_and_ed25519_are_one_algorithm)
{
    static const char *const names[] = { "EdDSA", "Ed25519" };
    int i, k;

    for (i = 0; i < 2; i++) {
        const aj_key_t *key = unit_key(names[i], "ed25519.pem", NULL);
        const char *token, *why;
        aj_jwt_policy_t policy = *policy_of(0);

        policy.keys = unit_ring(key, unit_key("ES256", "ec-p256.pem", NULL), NULL);
        for (k = 0; k < 2; k++) {
            token = unit_token(key, apr_pstrcat(pool, "{\"alg\":\"", names[k], "\"}", NULL), "{" GOOD "}");
            ck_assert_int_eq(judge(&policy, token, apr_time_from_sec(NOW), &why), AJ_OK);
        }
        token = unit_token(key, "{\"alg\":\"ES256\"}", "{" GOOD "}");
        ck_assert_int_eq(judge(&policy, token, apr_time_from_sec(NOW), &why), AJ_E_SIGNATURE);
    }
}
END_TEST

START_TEST(the_form_is_judged_first)
{
    const aj_jwt_policy_t *policy = policy_of(0);
    const char *token = forms[_i].token, *why;
    aj_error_e verdict;

    if (forms[_i].header != NULL) {
        token = unit_token(aj_keyset_at(policy->keys, 0), forms[_i].header, "{" GOOD "}");
    }
    verdict = judge(policy, token, apr_time_from_sec(NOW), &why);
    assert_row(verdict == forms[_i].want, forms[_i].name, "%s %s", aj_error_text(verdict), why ? why : "");
    ck_assert_str_eq(aj_error_tag(verdict), forms[_i].tag);
}
END_TEST

START_TEST(a_long_token_is_not_looked_at)
{
    char *token = apr_pcalloc(pool, AJ_JWS_MAX_LENGTH + 2);
    const char *why;

    memset(token, 'A', AJ_JWS_MAX_LENGTH + 1);
    ck_assert_int_eq(judge(policy_of(0), token, 0, &why), AJ_E_TOO_LONG);
    ck_assert_str_eq(aj_error_tag(AJ_E_TOO_LONG), "AJ0102");
    token[AJ_JWS_MAX_LENGTH] = '\0';
    ck_assert_int_eq(judge(policy_of(0), token, 0, &why), AJ_E_SEGMENTS);
}
END_TEST

/* AJ_REFUSED is nobody's, AJ_E_REVOKED the revocation room's, AJ_E_CRYPTO in test_key_sign.c, AJ_E_TOO_LONG above. */
START_TEST(every_verdict_has_a_row)
{
    int seen[AJ_E_COUNT] = { [AJ_REFUSED] = 1, [AJ_E_REVOKED] = 1, [AJ_E_CRYPTO] = 1, [AJ_E_TOO_LONG] = 1 };
    int i;

    for (i = 0; i < ROWS(rows); i++) {
        seen[rows[i].want] = 1;
    }
    for (i = 0; i < ROWS(foreign); i++) {
        seen[foreign[i].want] = 1;
    }
    for (i = 0; i < ROWS(forms); i++) {
        seen[forms[i].want] = 1;
    }
    for (i = 0; i < AJ_E_COUNT; i++) {
        ck_assert_msg(seen[i], "%s has no row", aj_error_tag((aj_error_e)i));
    }
}
END_TEST

/* To the microsecond: dead from exp + leeway on. */
START_TEST(a_token_dies_at_its_microsecond)
{
    const aj_jwt_policy_t *policy = policy_of(0);
    const char *token = unit_token(aj_keyset_at(policy->keys, 0), "{\"alg\":\"HS256\"}", "{" GOOD "}"), *why;
    const apr_time_t end = apr_time_from_sec(1700000900 + LEEWAY);

    ck_assert_int_eq(judge(policy, token, end - 1, &why), AJ_OK);
    ck_assert_int_eq(judge(policy, token, end, &why), AJ_E_EXPIRED);
    ck_assert_int_eq(judge(policy, token, end + 1, &why), AJ_E_EXPIRED);
    ck_assert_int_eq(judge(policy, token, 0, &why), AJ_OK);
    ck_assert_int_eq(judge(policy, token, APR_INT64_MAX, &why), AJ_E_EXPIRED);
}
END_TEST

START_TEST(names_are_escaped_in_details)
{
    aj_jwt_policy_t policy = *policy_of(0);
    const char *token =
                   unit_token(aj_keyset_at(policy.keys, 0), "{\"alg\":\"HS256\"}", "{" GOOD ",\"iss\":\"one\\n\"}"),
               *why;

    policy.issuer = "caf\xc3\xa9\n";
    ck_assert_int_eq(judge(&policy, token, apr_time_from_sec(NOW), &why), AJ_E_ISS);
    ck_assert_str_eq(why, "iss is not \"caf\\xc3\\xa9\\x0a\" but \"one\\x0a\"");
}
END_TEST

START_TEST(what_is_issued_is_accepted)
{
    const aj_alg_t *alg = aj_alg_at(_i);
    const char *token, *why;
    const aj_key_t *key = unit_signer(alg);
    aj_jwt_policy_t policy = *policy_of(0);
    json_t *claims = aj_json_own(json_pack("{s:i, s:s, s:s}", "exp", 1700000900, "sub", "ann", "jti", "j"), pool);
    const aj_claims_t *read;

    policy.keys = unit_ring(key, NULL, NULL);
    ck_assert_int_eq(aj_jwt_issue(key, claims, pool, &token), APR_SUCCESS);
    ck_assert_int_eq(aj_jwt_validate(&policy, token, strlen(token), apr_time_from_sec(NOW), pool, &read, &why), AJ_OK);
    ck_assert_str_eq(aj_json_write(aj_claims_object(read), pool), "{\"exp\":1700000900,\"sub\":\"ann\",\"jti\":\"j\"}");
}
END_TEST

Suite *suite_jwt(void)
{
    Suite *suite = suite_create("aj_jwt");
    TCase *tcase = unit_case(suite, "policy");

    tcase_add_loop_test(tcase, claims_are_judged, 0, ROWS(rows));
    tcase_add_loop_test(tcase, nothing_is_read_before_the_signature_is_checked, 0, ROWS(rows));
    tcase_add_loop_test(tcase, tokens_of_a_key_that_only_verifies_are_judged_as_somebody_elses, 0, ROWS(foreign));
    tcase_add_loop_test(tcase, typ_says_what_a_token_is_for, 0, ROWS(types));
    tcase_add_test(tcase, a_token_signed_twice_has_one_hash);
    tcase_add_test(tcase, eddsa_and_ed25519_are_one_algorithm);
    tcase_add_loop_test(tcase, the_form_is_judged_first, 0, ROWS(forms));
    tcase_add_test(tcase, a_long_token_is_not_looked_at);
    tcase_add_test(tcase, every_verdict_has_a_row);
    tcase_add_test(tcase, a_token_dies_at_its_microsecond);
    tcase_add_test(tcase, names_are_escaped_in_details);
    tcase_add_loop_test(tcase, what_is_issued_is_accepted, 0, UNIT_ALGS);
    return suite;
}
