#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An application as old as CGI, with a form that posts to itself. It knows REMOTE_USER and a role, and nothing of tokens.
# Whatever comes from outside is escaped before it goes into the page.
set -f
LC_ALL=C
export LC_ALL

html() {
    printf '%s' "$1" | sed -e 's/&/\&amp;/g' -e 's/</\&lt;/g' -e 's/>/\&gt;/g' -e 's/"/\&quot;/g' -e "s/'/\&#39;/g"
}

# field NAME: its value in the form that was posted, decoded and escaped in one go, so that nothing is between the two.
field() {
    printf '%s' "$body" | awk -v name="$1" '
        BEGIN {
            RS = "&"
            special["&"] = "&amp;"; special["<"] = "&lt;"; special[">"] = "&gt;"
            special["\""] = "&quot;"; special["\047"] = "&#39;"
        }
        function digit(c) {
            return index("0123456789abcdef", tolower(c)) - 1
        }
        !found && index($0, name "=") == 1 {
            found = 1
            text = substr($0, length(name) + 2)
            for (i = 1; i <= length(text); i++) {
                c = substr(text, i, 1)
                if (c == "+") {
                    c = " "
                }
                else if (c == "%" && substr(text, i + 1, 2) ~ /^[0-9A-Fa-f][0-9A-Fa-f]$/) {
                    code = 16 * digit(substr(text, i + 1, 1)) + digit(substr(text, i + 2, 1))
                    c = code < 32 && code != 10 ? "" : sprintf("%c", code)
                    i += 2
                }
                printf "%s", (c in special) ? special[c] : c
            }
        }'
}

body=
if [ "$REQUEST_METHOD" = POST ]; then
    body=$(dd bs=1 count=4096 2>/dev/null | tr -d '\000')
fi

cat <<HEAD
Content-Type: text/html; charset=utf-8

<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Old application</title>
<style>:root{color-scheme:light dark}body{max-width:40rem;margin:2rem auto;padding:0 1rem;font:1rem/1.5 system-ui,sans-serif}</style>
</head>
<body>
<h1>Old application</h1>
<p>Signed in: <b id="user">$(html "$REMOTE_USER")</b>, role: <b id="role">$(html "${JWT_CLAIM_ROLE:-none}")</b></p>
HEAD

if [ "$REQUEST_METHOD" = POST ]; then
    cat <<POSTED
<p>You posted:</p>
<dl>
<dt>Subject</dt><dd id="subject_posted">$(field subject)</dd>
<dt>Text</dt><dd id="text_posted" style="white-space:pre-wrap">$(field text)</dd>
</dl>
POSTED
fi

cat <<FORM
<form method="post" action="$(html "$SCRIPT_NAME")">
<p><label for="subject">Subject</label><br><input id="subject" name="subject"></p>
<p><label for="text">Text</label><br><textarea id="text" name="text" rows="4" cols="40"></textarea></p>
<p><button type="submit">Post</button></p>
</form>
<p><a href="/">Start page</a> | <a href="/logout">Sign out</a></p>
</body>
</html>
FORM
