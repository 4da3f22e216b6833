/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of authjwt_valkey_server share. Nobody else includes it. */
#ifndef AUTHJWT_VALKEY_SERVER_PRIVATE_H
#define AUTHJWT_VALKEY_SERVER_PRIVATE_H

#include "authjwt_valkey_commands.h"

struct authjwt_valkey_server_t {
    ap_socache_instance_t inst;
    authjwt_valkey_link_t *link;
};

/** A sentence, with the server's name before it. @param why  NULL: none */
const char *authjwt_valkey_server_said(const authjwt_valkey_server_t *server, const char *why, apr_pool_t *pool);

/** An error of the server as a sentence. */
const char *authjwt_valkey_server_refused(const authjwt_valkey_server_t *server, const redisReply *error,
                                          apr_pool_t *pool);

/** Send a batch and read its answers, as authjwt_valkey_talk. */
const char *authjwt_valkey_server_talk(authjwt_valkey_server_t *server, const authjwt_valkey_batch_t *batch,
                                       redisReply **replies) AUTHJWT_VALKEY_MUST_USE;

#endif
