/* SPDX-License-Identifier: Apache-2.0 */
/* authjwt_status: our section of mod_status. */
#ifndef AUTHJWT_STATUS_H
#define AUTHJWT_STATUS_H

/** Register the optional hook of mod_status: counters on its page, and lines with ?auto. */
void authjwt_status_register(void);

#endif
