/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_users_private: what the files of the users room share. Nobody else includes it. */
#ifndef AUTHJWT_USERS_PRIVATE_H
#define AUTHJWT_USERS_PRIVATE_H

#include "authjwt_users.h"

/**
 * Some providers say "no such user" or "not in the group" when they could not ask. After such an answer:
 * could the database that was asked for this request answer? True if none was asked.
 */
int authjwt_users_database_answers(request_rec *r);

/**
 * Can the directory (AuthLDAPURL) answer that an authn provider asks? Asked once a request while it can.
 * @param name  the provider: ldap, or an alias of it
 */
int authjwt_users_directory_answers(request_rec *r, const char *name);

/** The provider that an AuthnProviderAlias of this name is made of; the name itself if it is none. */
const char *authjwt_users_made_of(const char *name);

/** Does any line say AuthLDAPInitialBindAsUser on? Then a bind that fails is a user's, and not the service account's.
 */
int authjwt_users_bind_as_user(void);

/** Does any AuthBasicProvider line of the server's configuration name ldap, or an alias of it? */
int authjwt_users_basic_asks_ldap(void);

/** Is this the name of one of mod_authnz_ldap's authz providers? */
int authjwt_users_is_ldap(const char *name);

#endif
