/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_config: the places of a configuration, each with what is in effect there, for what is judged at start. */
#ifndef AUTHJWT_CONFIG_PLACES_H
#define AUTHJWT_CONFIG_PLACES_H

#include <httpd.h>
#include <http_core.h>

#include "authjwt_config.h"
#include "authjwt_endpoint.h"

/** A section, or a server outside all sections. */
typedef struct {
    server_rec *server;
    const char *name;                    /**< for messages: `<Location "/app">`, or the server's name */
    ap_conf_vector_t *own;               /**< what stands in it */
    ap_conf_vector_t *effective;         /**< with what stands around it and in other sections for its address */
    const authjwt_dir_conf_t *said;      /**< this module's part of own; NULL when it says nothing */
    const authjwt_dir_conf_t *in_effect; /**< this module's part of effective */
    int is_server;                       /**< outside all sections */
    const char *address;                 /**< that it is for; NULL where there are several, or that is not known */
    int knows_address; /**< effective is all that is in effect: not for patterns that match several addresses */
} authjwt_place_t;

typedef void authjwt_place_fn(const authjwt_place_t *place, void *data, apr_pool_t *pool);

/**
 * Call for each place of a server: outside all sections, then each section, also <Files> and <If> within others.
 * @param pool  for what is merged on the way
 */
void authjwt_config_each_place(server_rec *s, authjwt_place_fn *fn, void *data, apr_pool_t *pool);

/** What is in effect for an address of a server, as far as that is known without a request. @param path  may have a
 * query
 * @return never NULL, owned by pool */
ap_conf_vector_t *authjwt_config_at(server_rec *s, const char *path, apr_pool_t *pool);

/** What SetHandler says. @return NULL when it says nothing */
const char *authjwt_config_handler_of(ap_conf_vector_t *config, apr_pool_t *pool);

/** The endpoint that SetHandler names. @return NULL when it names none */
const authjwt_endpoint_t *authjwt_config_endpoint_of(ap_conf_vector_t *config, apr_pool_t *pool);

/** Does SetHandler name this endpoint? */
int authjwt_config_is_endpoint(ap_conf_vector_t *config, authjwt_endpoint_e id, apr_pool_t *pool);

#endif
