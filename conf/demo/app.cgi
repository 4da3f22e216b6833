#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A guest book as old as CGI: a list, and a form that posts to itself. It knows REMOTE_USER and a role, and nothing of tokens.
# Whatever comes from outside is escaped before it goes into a page or a file. An entry is a file in the folder entries.
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

# Entries that are shown, and kept.
keep=20
entries=$(dirname "$SCRIPT_FILENAME")/entries
address=$(html "$SCRIPT_NAME")

is_admin() {
    case ",$JWT_CLAIM_ROLE," in *,admin,*) return 0 ;; esac
    return 1
}

newest_first() {
    # Names are digits alone, so there is nothing to quote.
    ls -r "$entries" | grep -E '^[0-9]+$'
}

add() {
    subject=$(field subject | tr '\n' ' ')
    text=$(field text)
    { [ -n "$subject" ] || [ -n "$text" ]; } || return 0
    name=$(date -u +%Y%m%d%H%M%S)$(printf %07d "$$")
    printf '%s\n' "${subject:-No subject}" "$(html "$REMOTE_USER")" "$(date -u '+%Y-%m-%d %H:%M')" "$text" >"$entries/.$name" &&
        mv "$entries/.$name" "$entries/$name"
    newest_first | tail -n +$((keep + 1)) | while read -r old; do
        rm -f "$entries/$old"
    done
}

remove() {
    name=$(field remove)
    case $name in '' | *[!0-9]*) return 0 ;; esac
    rm -f "$entries/$name"
}

show() {
    {
        read -r subject
        read -r user
        read -r time
        text=$(cat)
    } <"$entries/$1" || return 0
    printf '<li>\n<h3>%s</h3>\n<p>%s</p>\n<small>%s, <time>%s</time> UTC</small>\n' "$subject" "$text" "$user" "$time"
    if is_admin; then
        printf '<form method="post" action="%s"><button class="quiet" name="remove" value="%s" aria-label="Remove: %s">Remove</button></form>\n' \
            "$address" "$1" "$subject"
    fi
    printf '</li>\n'
}

body=
if [ "$REQUEST_METHOD" = POST ]; then
    body=$(dd bs=1 count=4096 2>/dev/null | tr -d '\000')
fi

done=
if [ -n "$(field remove)" ] && is_admin; then
    remove
    done='<p class="done" role="status">The entry was removed.</p>'
elif [ -n "$(field remove)" ]; then
    printf 'Status: 403 Forbidden\n'
    done='<p class="done" role="alert">Only the role admin may remove entries.</p>'
elif [ "$REQUEST_METHOD" = POST ]; then
    add
    done="<p class=\"done\" role=\"status\">You posted:</p>
<dl class=\"card\">
<dt>Subject</dt><dd id=\"subject_posted\">$(field subject)</dd>
<dt>Text</dt><dd id=\"text_posted\" style=\"white-space:pre-wrap\">$(field text)</dd>
</dl>"
fi

cat <<PAGE
Content-Type: text/html; charset=utf-8

<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Guest book</title>
<link rel="stylesheet" href="/style.css">
</head>
<body>
<header>
<h1>Guest book</h1>
<p>Signed in: <b id="user">$(html "$REMOTE_USER")</b>, role: <b id="role">$(html "${JWT_CLAIM_ROLE:-none}")</b></p>
<form method="post" action="/logout"><button class="quiet" id="out">Sign out</button></form>
</header>
<main>
$done
<h2>Write something</h2>
<form method="post" action="$address" class="card">
<label for="subject">Subject</label>
<input id="subject" name="subject" maxlength="200">
<label for="text">Text</label>
<textarea id="text" name="text" rows="3"></textarea>
<p><button type="submit" id="post">Post</button></p>
</form>
<h2>Entries</h2>
<ul class="entries" id="entries">
$(newest_first | head -n "$keep" | while read -r name; do show "$name"; done)
</ul>
<p><a href="/">Start page</a></p>
</main>
</body>
</html>
PAGE
