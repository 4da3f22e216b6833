# SPDX-License-Identifier: Apache-2.0
"""The table, in Markdown; the plot, in SVG."""
import html

HEAD = ("case", "requests/s", "user µs", "added user µs", "of mod_auth_openidc's", "system µs", "instructions", "added instructions", "MB")
ADDED = ('"Added" is against the server of the same kind that protects nothing and is sent the same header. User and system CPU time is the '
         "server's, for a request; instructions are of user space, counted by callgrind. One worker process on one CPU, the load on another.")


def number(value, digits=0):
    return "" if value is None else "{:,.{}f}".format(value, digits)


def table(head, rows):
    return ["| %s |" % " | ".join(head), "|---|%s" % ("---:|" * (len(head) - 1))] + ["| %s |" % " | ".join(row) for row in rows] + [""]


def cells(row):
    wrong = " (%d wrong answers)" % row["wrong"] if row["wrong"] else ""
    user = "%s (%s–%s)" % tuple(number(value, 1) for value in (row["user_us"], *row["user_us_range"]))
    return (row["name"] + wrong, number(row["rps"]), user, number(row.get("added_user_us"), 1), number(row.get("of_peer"), 2),
            number(row["system_us"], 1), number(row.get("instructions")), number(row.get("added_instructions")), number(row["memory_mb"], 1))


def markdown(result):
    lines = ["# mod_authjwt beside its peers", "", result["machine"], ""] + table(HEAD, map(cells, result["rows"])) + [ADDED, ""]
    if result["growth"]:
        lines += ["How the cost of a request grows:", ""]
        lines += table(("what grows", "to", "instructions"), ((row["what"], number(row["value"]), number(row["instructions"])) for row in result["growth"]))
    if result["threads"]:
        lines += ["HS256, one token, two connections a thread:", ""]
        lines += table(("threads", "requests/s", "user µs"), (("%d" % row["threads"], number(row["rps"]), number(row["user_us"], 1))
                                                              for row in result["threads"]))
    return "\n".join(lines + ["- " + note for note in result["notes"]]).rstrip() + "\n"


def svg(result):
    """Bars of the instructions that each case adds to a request, the fewest on top. Basic's bcrypt would dwarf all others, so its bar is cut."""
    rows = sorted((row for row in result["rows"] if (row.get("added_instructions") or 0) > 0), key=lambda row: row["added_instructions"])
    most = max((row["added_instructions"] for row in rows if "Basic" not in row["name"]), default=1)
    left, width, step = 430, 420, 26
    out = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="13" role="img">' % (
               left + width + 130, 60 + step * len(rows)),
           "<title>Instructions that protection adds to a request</title>",
           '<rect width="100%" height="100%" fill="#ffffff"/>',
           '<text x="12" y="24" font-size="16" fill="#222222">Instructions that protection adds to a request (less is better)</text>']
    for index, row in enumerate(rows):
        y, cut = 44 + step * index, row["added_instructions"] > most
        bar = max(2, min(width, width * row["added_instructions"] / most))
        own = row["name"].startswith("mod_authjwt")
        out += ['<text x="%d" y="%d" text-anchor="end" fill="#222222"%s>%s</text>' % (
                    left - 10, y + 14, ' font-weight="bold"' if own else "", html.escape(row["name"])),
                '<rect x="%d" y="%d" width="%.1f" height="18" fill="%s"/>' % (left, y, bar, "#1f6f8b" if own else "#b8b8b8"),
                '<text x="%.1f" y="%d" fill="#222222">%s%s</text>' % (left + bar + 6, y + 14, number(row["added_instructions"]), " (cut)" if cut else "")]
    return "\n".join(out + ["</svg>", ""])
