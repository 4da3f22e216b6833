/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSSL's settings and errors. The error queue belongs to mod_ssl too, so it is emptied after each failure. */
#include <string.h>

#include <apr_strings.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "authjwt_valkey_private.h"

static const char *openssl_says(void)
{
    unsigned long code = ERR_peek_last_error();
    const char *text = ERR_reason_error_string(code);

    /* A failed system call, such as a file that is not there. */
    if (code && ERR_SYSTEM_ERROR(code)) {
        text = strerror(ERR_GET_REASON(code));
    }
    ERR_clear_error();
    return text ? text : "OpenSSL does not say why";
}

static const char *read_files(SSL_CTX *tls, const authjwt_valkey_options_t *options, apr_pool_t *pool)
{
    ERR_clear_error();
    if (options->ca ? SSL_CTX_load_verify_locations(tls, options->ca, NULL) != 1
                    : SSL_CTX_set_default_verify_paths(tls) != 1) {
        return apr_psprintf(pool, "the certificates of %s cannot be read: %s", options->ca ? options->ca : "the system",
                            openssl_says());
    }
    if (options->cert && SSL_CTX_use_certificate_chain_file(tls, options->cert) != 1) {
        return apr_psprintf(pool, "the certificate %s cannot be read: %s", options->cert, openssl_says());
    }
    if (options->key
        && (SSL_CTX_use_PrivateKey_file(tls, options->key, SSL_FILETYPE_PEM) != 1
            || SSL_CTX_check_private_key(tls) != 1)) {
        return apr_psprintf(pool, "the private key %s cannot be used with the certificate: %s", options->key,
                            openssl_says());
    }
    return NULL;
}

/* A key with a passphrase would be asked for at the terminal. */
static int no_passphrase(char *buffer, int size, int writing, void *data)
{
    (void)buffer, (void)size, (void)writing, (void)data;
    return -1;
}

const char *authjwt_valkey_tls_create(const authjwt_valkey_options_t *options, SSL_CTX **out, apr_pool_t *pool)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_client_method());
    const char *why;

    if (!tls) {
        return apr_psprintf(pool, "OpenSSL cannot be used: %s", openssl_says());
    }
    SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION);
    SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_default_passwd_cb(tls, no_passphrase);
    why = read_files(tls, options, pool);
    if (why) {
        SSL_CTX_free(tls);
        return why;
    }
    *out = tls;
    return NULL;
}

/* A certificate is for a name or for an address; only names are told to the server (RFC 6066 3). */
static int expect_host(SSL *ssl, const char *host)
{
    if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1) {
        return 1;
    }
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set1_host(ssl, host) == 1 && SSL_set_tlsext_host_name(ssl, host) == 1;
}

SSL *authjwt_valkey_tls_attach(SSL_CTX *tls, const char *host, int fd)
{
    SSL *ssl = SSL_new(tls);

    if (!ssl || !expect_host(ssl, host) || SSL_set_fd(ssl, fd) != 1) {
        SSL_free(ssl);
        ssl = NULL;
    }
    ERR_clear_error();
    return ssl;
}

const char *authjwt_valkey_tls_why(const SSL *ssl, apr_pool_t *pool)
{
    long verified = SSL_get_verify_result(ssl);

    if (verified != X509_V_OK) {
        ERR_clear_error();
        return apr_psprintf(pool, "the server's certificate is not accepted: %s",
                            X509_verify_cert_error_string(verified));
    }
    return apr_psprintf(pool, "TLS has failed: %s", openssl_says());
}
