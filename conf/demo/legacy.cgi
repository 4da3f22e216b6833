#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An application as old as CGI: it knows REMOTE_USER and its roles, and nothing of tokens.
json() {
    printf '%s' "$1" | sed 's/[\\"]/\\&/g'
}
printf 'Content-Type: application/json\n\n'
printf '{"message": "Hello %s", "role": "%s", "path": "%s"}\n' \
    "$(json "$REMOTE_USER")" "$(json "${JWT_CLAIM_ROLE:-user}")" "$(json "$SCRIPT_NAME$PATH_INFO")"
