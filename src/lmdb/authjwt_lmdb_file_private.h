/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of authjwt_lmdb_file share. Like authjwt_lmdb_private.h, which nobody outside this folder includes. */
#ifndef AUTHJWT_LMDB_FILE_PRIVATE_H
#define AUTHJWT_LMDB_FILE_PRIVATE_H

#include "authjwt_lmdb_file.h"
#include "authjwt_lmdb_txn_private.h"

struct authjwt_lmdb_file_t {
    authjwt_lmdb_env_t *env;
};

/** Do a job; once more where another process has enlarged the store, or has died in it. @return rc */
int authjwt_lmdb_file_run(authjwt_lmdb_file_t *file, const authjwt_lmdb_job_t *job, void *ctx) AUTHJWT_LMDB_MUST_USE;

/** What an rc is for the caller. */
apr_status_t authjwt_lmdb_file_status(int rc);

#endif
