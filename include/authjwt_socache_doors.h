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

/* ---- a directory beside the entries: records, each of an owner ---- */

/** Bytes of an owner, and of the id of a record: both are hashes. */
#define AUTHJWT_SOCACHE_NAME 32

/** The most bytes of a record's data, and the most records of one owner. */
#define AUTHJWT_SOCACHE_RECORD_MAX  1024
#define AUTHJWT_SOCACHE_RECORDS_MAX 256

/** One record. */
typedef struct {
    const unsigned char *id; /**< AUTHJWT_SOCACHE_NAME bytes */
    const unsigned char *data;
    unsigned int len;
    apr_time_t order;  /**< the smaller, the older; microseconds since 1970 */
    apr_time_t expiry; /**< likewise; from then on there is no such record */
} authjwt_socache_record_t;

/** A change of one owner's records. */
typedef struct {
    const unsigned char *owner;             /**< AUTHJWT_SOCACHE_NAME bytes */
    const authjwt_socache_record_t *record; /**< is written, over one of the same id; NULL: none */
    const unsigned char *drop;              /**< ids of records that go, one behind the other; NULL: none */
    unsigned int drops;                     /**< how many; at most AUTHJWT_SOCACHE_RECORDS_MAX */
    unsigned int most; /**< how many records the owner may have then; at most AUTHJWT_SOCACHE_RECORDS_MAX */
    int yields;        /**< where there would be more the oldest go, or the new one if it is the oldest */
} authjwt_socache_filing_t;

/**
 * Change an owner's records, as one step against all other writers of the store. Those that have expired go along.
 * Entries come first: a provider may refuse a record for want of room where it would still take an entry, and may
 * remove records to make room for entries.
 * @return APR_SUCCESS; APR_EAGAIN when the owner has too many records and the change does not yield, so that the new
 * one was not written; APR_ENOSPC when there is no room for it; after these two what was to go has gone. Else as the
 * provider's store
 */
typedef apr_status_t authjwt_socache_file_fn(ap_socache_instance_t *instance, server_rec *s,
                                             const authjwt_socache_filing_t *filing, apr_pool_t *pool);

/**
 * All records of an owner that have not expired, in any order.
 * @param records  set on success, owned by pool
 * @param n        set on success; at most AUTHJWT_SOCACHE_RECORDS_MAX
 * @return as the provider's retrieve, but an owner without records is APR_SUCCESS
 */
typedef apr_status_t authjwt_socache_list_fn(ap_socache_instance_t *instance, server_rec *s, const unsigned char *owner,
                                             authjwt_socache_record_t **records, unsigned int *n, apr_pool_t *pool);

#endif
