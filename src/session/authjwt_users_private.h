/* authjwt_users_private: what the files of the users room share. Nobody else includes it. */
#ifndef AUTHJWT_USERS_PRIVATE_H
#define AUTHJWT_USERS_PRIVATE_H

#include "authjwt_users.h"

/**
 * Some providers say "no such user" or "not in the group" when they could not ask. After such an answer:
 * could the database that was asked for this request answer? True if none was asked.
 */
int authjwt_users_database_answers(request_rec *r);

/** Can the directory of this location (AuthLDAPURL) answer, asked through the authn provider ldap? Asked once a request
 * while it can. */
int authjwt_users_directory_answers(request_rec *r);

/** Is this the authn provider ldap, or an alias of it? Then a wrong password costs the directory time, and httpd none.
 */
int authjwt_users_is_directory(const char *name);

/** Is this the name of one of mod_authnz_ldap's authz providers? */
int authjwt_users_is_ldap(const char *name);

#endif
