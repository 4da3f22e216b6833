/* SPDX-License-Identifier: Apache-2.0 */
/* ctl_sessions: the sessions of a user, as the directory lists them and the revocation store judges them. */
#ifndef CTL_SESSIONS_H
#define CTL_SESSIONS_H

#include "authjwt_record.h"
#include "ctl_store.h"

/** Whose they are. */
typedef struct {
    const char *issuer; /**< "" for none */
    const char *user;
    const char *claim;  /**< AuthJWTIdentityClaim; NULL: `sub` */
    int ignores_losses; /**< AuthJWTRevocationOnLoss ignore */
} ctl_user_t;

/** The user that the command is about. */
ctl_user_t ctl_user_of(const ctl_options_t *options);

/**
 * Ids of the marks that end all sessions of the user: by `sub`, and by the identity claim where that is another.
 * @param n  set to 1 or 2
 */
const char *ctl_user_marks(const ctl_user_t *user, authjwt_store_id_t ids[2], unsigned *n, apr_pool_t *pool);

/**
 * The sessions that go on, and those that were ended for theft and are listed as such; newest first.
 * @param sessions  authjwt_record_t, set on success
 */
const char *ctl_user_sessions(const ctl_store_t *store, const ctl_user_t *user, apr_array_header_t **sessions,
                              apr_pool_t *pool);

#endif
