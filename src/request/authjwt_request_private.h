/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_request: the sections of httpd's configuration that a request falls under. */
#ifndef AUTHJWT_REQUEST_PRIVATE_H
#define AUTHJWT_REQUEST_PRIVATE_H

#include <httpd.h>
#include <http_core.h>

/** What a section is about. An <If> is about what the section around it is about. */
typedef enum {
    AUTHJWT_SECTION_SERVER,    /**< none: the server or virtual host itself */
    AUTHJWT_SECTION_URL,       /**< <Location>, <LocationMatch> */
    AUTHJWT_SECTION_DIRECTORY, /**< <Directory>, <DirectoryMatch> */
    AUTHJWT_SECTION_FILES,     /**< <Files>, <FilesMatch> */
    AUTHJWT_SECTION_IF,        /**< <If> in no other section */
    AUTHJWT_SECTION_HTACCESS   /**< an .htaccess file */
} authjwt_section_e;

/** A section of the configuration. */
typedef struct {
    authjwt_section_e kind;
    const core_dir_config *core;            /**< core's part: path or pattern; for an <If> that of the section around */
    const struct htaccess_result *htaccess; /**< the .htaccess file it stands in, NULL when in none */
} authjwt_section_t;

/**
 * The section whose SetHandler is in effect for a request.
 * @param found  set on success
 * @return non-zero when there is one
 */
int authjwt_request_find_section(request_rec *r, authjwt_section_t *found);

/**
 * Does an .htaccess file on the way to the file of the request hold a directive that could decide for whom a token is
 * issued: of this module, of a module for authentication or authorization, of mod_setenvif or mod_env? Or, where an
 * internal redirect led here, on the way to what it came from: of mod_headers?
 * @return NULL when none does, else a sentence that says which
 */
const char *authjwt_request_steered_by(request_rec *r);

/** The .htaccess files in effect for a request: its own, or those of the index file, fallback or variant that httpd has
 * put in its place. @return the first, NULL when there is none */
const struct htaccess_result *authjwt_request_htaccess(const request_rec *r);

#endif
