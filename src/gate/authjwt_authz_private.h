/* authjwt_authz_private: the room's two files. */
#ifndef AUTHJWT_AUTHZ_PRIVATE_H
#define AUTHJWT_AUTHZ_PRIVATE_H

/** Register the hooks around httpd's own authorization. */
void authjwt_authz_register_hooks(void);

#endif
