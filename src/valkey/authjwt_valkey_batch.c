/* SPDX-License-Identifier: Apache-2.0 */
/* Commands as bytes, by hiredis's formatter. */
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "authjwt_valkey_private.h"

static apr_status_t wipe(void *data)
{
    const authjwt_valkey_word_t *bytes = data;

    OPENSSL_cleanse((void *)(uintptr_t)bytes->at, bytes->len);
    return APR_SUCCESS;
}

/* The bytes may hold a password, so they are wiped with the pool. */
static char *take_room(apr_pool_t *pool, apr_size_t len)
{
    authjwt_valkey_word_t *room = apr_palloc(pool, sizeof(*room));

    *room = (authjwt_valkey_word_t){ apr_palloc(pool, len), len };
    apr_pool_cleanup_register(pool, room, wipe, apr_pool_cleanup_null);
    return (char *)(uintptr_t)room->at;
}

/* Doubled each time, so that a long batch is not copied for each of its commands. */
static void make_room(authjwt_valkey_batch_t *batch, apr_size_t more)
{
    char *bytes;

    if (batch->len + more <= batch->room) {
        return;
    }
    batch->room = 2 * batch->room > batch->len + more ? 2 * batch->room : batch->len + more;
    bytes = take_room(batch->pool, batch->room);
    memcpy(bytes, batch->bytes ? batch->bytes : "", batch->len);
    batch->bytes = bytes;
}

void authjwt_valkey_add(authjwt_valkey_batch_t *batch, const authjwt_valkey_word_t *words, unsigned count)
{
    const char *at[AUTHJWT_VALKEY_WORDS_MAX];
    size_t len[AUTHJWT_VALKEY_WORDS_MAX];
    char *command;
    long long size;
    unsigned i;

    for (i = 0; i < count && i < AUTHJWT_VALKEY_WORDS_MAX; i++) {
        at[i] = words[i].at;
        len[i] = words[i].len;
    }
    size = redisFormatCommandArgv(&command, (int)i, at, len);
    if (size < 0) {
        abort();
    }
    make_room(batch, (apr_size_t)size);
    memcpy(batch->bytes + batch->len, command, (size_t)size);
    OPENSSL_cleanse(command, (size_t)size);
    redisFreeCommand(command);
    batch->len += (apr_size_t)size;
    batch->count++;
}

void authjwt_valkey_add_texts(authjwt_valkey_batch_t *batch, const char *const *texts, unsigned count)
{
    authjwt_valkey_word_t words[AUTHJWT_VALKEY_WORDS_MAX] = { { NULL, 0 } };
    unsigned i;

    for (i = 0; i < count && i < AUTHJWT_VALKEY_WORDS_MAX; i++) {
        words[i] = AUTHJWT_VALKEY_TEXT(texts[i]);
    }
    authjwt_valkey_add(batch, words, i);
}
