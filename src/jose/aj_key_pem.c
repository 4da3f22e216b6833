/* SPDX-License-Identifier: Apache-2.0 */
/* Keys in PEM (RFC 7468): the first key in the text, without asking anybody for a pass phrase. */
#include <string.h>

#include <openssl/decoder.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "aj_key_private.h"

/** One kind of block. */
typedef struct {
    const char *label;
    const char *structure; /**< OpenSSL's name of the encoding, NULL for a certificate */
    const char *type;      /**< of the key, NULL where the encoding says it */
    int selection;
} block_t;

static const block_t blocks[] = {
    { "PRIVATE KEY", "PrivateKeyInfo", NULL, EVP_PKEY_KEYPAIR },
    { "RSA PRIVATE KEY", "type-specific", "RSA", EVP_PKEY_KEYPAIR },
    { "EC PRIVATE KEY", "type-specific", "EC", EVP_PKEY_KEYPAIR },
    { "PUBLIC KEY", "SubjectPublicKeyInfo", NULL, EVP_PKEY_PUBLIC_KEY },
    { "RSA PUBLIC KEY", "type-specific", "RSA", EVP_PKEY_PUBLIC_KEY },
    { "CERTIFICATE", NULL, NULL, EVP_PKEY_PUBLIC_KEY },
};

/** What has been found so far. */
typedef struct {
    EVP_PKEY *pkey;
    int is_private;
    int is_certificate;
} found_t;

static const block_t *find_block(const char *label)
{
    size_t i;

    for (i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
        if (!strcmp(blocks[i].label, label)) {
            return &blocks[i];
        }
    }
    return NULL;
}

static EVP_PKEY *decode_certificate(const unsigned char *der, long len)
{
    const unsigned char *at = der;
    X509 *certificate = d2i_X509(NULL, &at, len);
    EVP_PKEY *pkey = certificate && at == der + len ? X509_get_pubkey(certificate) : NULL;

    X509_free(certificate);
    return pkey;
}

/* Refuses a block that holds more bytes than the key. */
static EVP_PKEY *decode_key(const block_t *block, const unsigned char *der, size_t len)
{
    EVP_PKEY *pkey = NULL;
    OSSL_DECODER_CTX *decoder =
        OSSL_DECODER_CTX_new_for_pkey(&pkey, "DER", block->structure, block->type, block->selection, NULL, NULL);

    if (decoder && (!OSSL_DECODER_from_data(decoder, &der, &len) || len != 0)) {
        EVP_PKEY_free(pkey);
        pkey = NULL;
    }
    OSSL_DECODER_CTX_free(decoder);
    return pkey;
}

/* Judge one block. A chain may follow a private key or a certificate; it says nothing about the key. */
static const char *take(found_t *found, const char *label, const char *header, const unsigned char *der, long len)
{
    const block_t *block = find_block(label);
    int is_certificate = block && !block->structure;

    if (!strcmp(label, "ENCRYPTED PRIVATE KEY") || strstr(header, "ENCRYPTED")) {
        return "is encrypted PEM, protected by a pass phrase, and nobody is there to type it: "
               "store the key without one (openssl pkey) and restrict who can read the file";
    }
    if (!strcmp(label, "OPENSSH PRIVATE KEY")) {
        return "is a private key in OpenSSH's form; convert a copy with ssh-keygen -p -m PKCS8, "
               "or make a key with openssl genpkey";
    }
    if (!strcmp(label, "EC PARAMETERS")) {
        return NULL;
    }
    if (!block) {
        return "holds a PEM block that is neither a key nor a certificate";
    }
    if (found->is_certificate && !is_certificate) {
        return "holds a certificate before the key; put the key first, or leave the certificate out";
    }
    if (found->pkey) {
        return is_certificate && (found->is_private || found->is_certificate) ? NULL : "holds more than one key";
    }
    found->pkey = is_certificate ? decode_certificate(der, len) : decode_key(block, der, (size_t)len);
    if (!found->pkey) {
        return "is PEM that OpenSSL cannot read as a key";
    }
    found->is_private = block->selection == EVP_PKEY_KEYPAIR;
    found->is_certificate = is_certificate;
    return NULL;
}

/* PEM_read_bio never asks for a pass phrase, unlike the functions that return keys. */
static const char *take_all(found_t *found, BIO *bio)
{
    const char *wrong = NULL;
    char *label, *header;
    unsigned char *der;
    long len;

    while (!wrong && PEM_read_bio(bio, &label, &header, &der, &len)) {
        wrong = take(found, label, header, der, len);
        OPENSSL_free(label);
        OPENSSL_free(header);
        OPENSSL_clear_free(der, (size_t)len);
    }
    if (!wrong && ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) {
        wrong = "is damaged PEM";
    }
    if (!wrong && !found->pkey) {
        wrong = "is PEM without a key";
    }
    return wrong;
}

/* A PEM that went through JSON, YAML or a variable may hold the two characters \n where lines should end. */
static int has_escaped_newlines(const unsigned char *text, apr_size_t len)
{
    apr_size_t i;

    for (i = 0; i + 1 < len; i++) {
        if (text[i] == '\\' && text[i + 1] == 'n') {
            return 1;
        }
    }
    return 0;
}

const char *aj_key_pem(const unsigned char *text, apr_size_t len, EVP_PKEY **pkey, int *is_private)
{
    found_t found = { NULL, 0, 0 };
    BIO *bio = BIO_new_mem_buf(text, (int)len);
    const char *wrong = bio ? take_all(&found, bio) : "OpenSSL has no memory";

    BIO_free(bio);
    if (!wrong) {
        *pkey = found.pkey;
        *is_private = found.is_private;
    }
    else {
        EVP_PKEY_free(found.pkey);
        if (has_escaped_newlines(text, len)) {
            wrong = "is PEM with the two characters \\n where lines should end; write real line breaks";
        }
    }
    return wrong;
}
