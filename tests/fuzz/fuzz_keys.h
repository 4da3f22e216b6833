/* SPDX-License-Identifier: Apache-2.0 */
/* Keys and signing inputs of RFC 7515 appendix A.1 to A.3 and RFC 8037 appendix A: whatever a fuzzer makes, only these
 * may verify. */
#ifndef FUZZ_KEYS_H
#define FUZZ_KEYS_H

static const char fuzz_key_set[] =
    "{\"keys\": [{\"kty\": \"oct\", \"k\": \"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3"
    "Yj0iPS4hcgUuTwjAzZr1Z9CAow\", \"alg\": \"HS256\"}, {\"kty\": \"RSA\", \"n\": \"ofgWCuLjybRlzo0tZWJjN"
    "iuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_Y"
    "pRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2Cap"
    "Hg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2P"
    "AcDTW9gb54h4FRWyuXpoQ\", \"e\": \"AQAB\", \"alg\": \"RS256\"}, {\"kty\": \"EC\", \"crv\": \"P-256\","
    " \"x\": \"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\", \"y\": \"x_FEzRu9m36HLN_tue659LNpXW6pCyStik"
    "YjKIWI5a0\", \"alg\": \"ES256\"}, {\"kty\": \"OKP\", \"crv\": \"Ed25519\", \"x\": \"11qYAYKxCrfVS_7T"
    "yWQHOg7hcvPapiMlrwIaaPcHURo\", \"alg\": \"EdDSA\"}]}";

static const char *const fuzz_signing_inputs[] = {
    "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9"
    "leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
    "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19"
    "yb290Ijp0cnVlfQ",
    "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19"
    "yb290Ijp0cnVlfQ",
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
};

#endif
