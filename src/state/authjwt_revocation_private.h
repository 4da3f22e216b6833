/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_revocation_private: what the files of revocation share. Nobody else includes it. */
#ifndef AUTHJWT_REVOCATION_PRIVATE_H
#define AUTHJWT_REVOCATION_PRIVATE_H

#include "authjwt_entry_private.h"
#include "authjwt_revocation.h"

/* Ids of entries. Each returns APR_SUCCESS, or as aj_sha256. */

/** The same by the identity claim in effect. */
apr_status_t authjwt_revocation_identity_id(request_rec *r, const char *issuer, const char *identity,
                                            authjwt_store_id_t *id);
/** Is the identity claim in effect another than `sub`? */
int authjwt_revocation_has_other_identity(request_rec *r);

#endif
