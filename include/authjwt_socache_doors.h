/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_socache_doors: what a provider may offer beside the functions of ap_socache_provider_t. Types only; which
 * provider has which door is said in src/state/authjwt_store_kinds.c, and whoever asks does without where there is
 * none. */
#ifndef AUTHJWT_SOCACHE_DOORS_H
#define AUTHJWT_SOCACHE_DOORS_H

#include <httpd.h>
#include <ap_socache.h>

/**
 * Store an entry, over one of the same id. The door `put_ending` is a store that also has room where ordinary entries
 * are refused.
 * @return as the provider's store: APR_SUCCESS once the entry is as safe as the provider can make it
 */
typedef apr_status_t authjwt_socache_store_fn(ap_socache_instance_t *instance, server_rec *s, const unsigned char *id,
                                              unsigned int idlen, apr_time_t expiry, unsigned char *data,
                                              unsigned int datalen, apr_pool_t *pool);

/**
 * Store an entry only if what is there now is what the caller has read, as one step against all other writers of the
 * store. The door `swap` is one for ordinary entries; `swap_ending` one that also has room where those are refused.
 * @param old  the bytes that the caller has read; NULL: there must be no entry. An expired entry is none. An entry is
 * compared by its bytes alone, not by its expiry
 * @param oldlen  number of bytes at old
 * @param expiry  microseconds since 1970, of the new entry
 * @param data  the new bytes
 * @return APR_SUCCESS; APR_EAGAIN when the entry is another by now, and nothing was changed; else as the provider's
 * store. After any other failure it may have been stored or not: whoever tries again reads first
 */
typedef apr_status_t authjwt_socache_swap_fn(ap_socache_instance_t *instance, server_rec *s, const unsigned char *id,
                                             unsigned int idlen, const unsigned char *old, unsigned int oldlen,
                                             apr_time_t expiry, unsigned char *data, unsigned int datalen,
                                             apr_pool_t *pool);

/** One entry that is looked up among others. */
typedef struct {
    const unsigned char *id; /**< as for the provider's retrieve */
    unsigned int idlen;
    unsigned char *data; /**< set on success */
    unsigned int len;    /**< room in data before; length of what was found after */
    apr_status_t status; /**< as the provider's retrieve returns it */
} authjwt_socache_question_t;

/**
 * Look several entries up in one go: one round trip, or one read transaction. The answer to the last question is no
 * older than the others.
 * @param questions  n of them; each status is set when it returns APR_SUCCESS
 * @return APR_SUCCESS when every question has its status; else why none was answered
 */
typedef apr_status_t authjwt_socache_retrieve_several_fn(ap_socache_instance_t *instance, server_rec *s,
                                                         authjwt_socache_question_t *questions, unsigned int n,
                                                         apr_pool_t *pool);

/**
 * Are there certainly none of these entries, expired ones included? Costs next to nothing while nothing has been
 * written to the store since they were found absent.
 * @param ids       n ids of idlen bytes each, one behind the other
 * @param snapshot  what a call for the same ids and instance has left here, or 0; set to what the next may have
 * @return non-zero when there are none; 0: retrieve each
 */
typedef int authjwt_socache_absent_fn(ap_socache_instance_t *instance, server_rec *s, const unsigned char *ids,
                                      unsigned int idlen, unsigned int n, apr_uint64_t *snapshot);

/**
 * How much the store holds.
 * @param entries  set on success; expired ones that are still there included
 * @param fill     set on success: 0 empty to 1 full; negative where there is no limit
 * @return APR_ENOTIMPL where nobody can say; else as the provider's retrieve
 */
typedef apr_status_t authjwt_socache_usage_fn(ap_socache_instance_t *instance, server_rec *s, apr_uint64_t *entries,
                                              double *fill, apr_pool_t *pool);

#endif
