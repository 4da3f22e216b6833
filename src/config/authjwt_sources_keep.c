/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_sources: what the process keeps of a source, from one reading of the configuration to the next. */
#include <httpd.h>
#include <apr_strings.h>

#include "aj_digest.h"
#include "authjwt_sources_private.h"

/* What the process keeps of a source. */
typedef struct {
    int is_there;
    apr_size_t len;
    unsigned char bytes[AUTHJWT_SOURCE_MAX + 1];
} kept_t;

/* A note in the pool of the process outlives this module, which is unloaded at each restart: it holds plain memory, and
   nothing of this module is registered to clean it up. */
static const char *kept_name(const char *source, apr_pool_t *pool)
{
    return apr_pstrcat(pool, "authjwt-source:", source, NULL);
}

void authjwt_source_keep(const char *source, process_rec *process, apr_pool_t *pool, const authjwt_source_t *content)
{
    kept_t *kept = NULL;

    apr_pool_userdata_get((void **)&kept, kept_name(source, pool), process->pool);
    if (!kept) {
        kept = apr_pcalloc(process->pool, sizeof(*kept));
        apr_pool_userdata_set(kept, kept_name(source, pool), NULL, process->pool);
    }
    aj_wipe(kept->bytes, sizeof(kept->bytes));
    memcpy(kept->bytes, content->bytes, content->len);
    kept->len = content->len;
    kept->is_there = 1;
}

int authjwt_source_recall(const char *source, process_rec *process, apr_pool_t *pool, authjwt_source_t *out)
{
    kept_t *kept = NULL;

    apr_pool_userdata_get((void **)&kept, kept_name(source, pool), process->pool);
    if (!kept || !kept->is_there) {
        return 0;
    }
    memcpy(out->bytes, kept->bytes, kept->len);
    out->len = kept->len;
    out->bytes[out->len] = '\0';
    return 1;
}

void authjwt_source_forget(const char *source, process_rec *process, apr_pool_t *pool)
{
    kept_t *kept = NULL;

    apr_pool_userdata_get((void **)&kept, kept_name(source, pool), process->pool);
    if (kept) {
        aj_wipe(kept, sizeof(*kept));
    }
}
