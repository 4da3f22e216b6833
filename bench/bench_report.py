# SPDX-License-Identifier: Apache-2.0
"""The table, in Markdown; the plot, in SVG."""
import html

HEAD = ("case", "requests/s", "user µs", "added user µs", "of mod_auth_openidc's", "system µs", "instructions", "added instructions", "MB")
ADDED = ('"Added" is against the server of the same kind that protects nothing and is sent the same header. User and system CPU time is the '
         "server's, for a request; instructions are of user space, counted by callgrind. One worker process on one CPU, the load on another.")

# By the reader's setting; the page is painted too, for whoever shows it on another ground.
STYLE = """<style>
text { fill: #1c1c1c } .page { fill: #ffffff } .own { fill: #1f6f8b } .other { fill: #a8a8a8 }
@media (prefers-color-scheme: dark) { text { fill: #e8e8e8 } .page { fill: #15191e } .own { fill: #5cb8d6 } .other { fill: #6b7075 } }
</style>"""


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
    if result["memory"]:
        lines += ["Memory of one process that checks tokens, %d threads:" % result["memory_threads"], ""]
        lines += table(("after requests", "MB"), ((number(row["requests"]), number(row["mb"], 1)) for row in result["memory"]))
    return "\n".join(lines + ["- " + note for note in result["notes"]]).rstrip() + "\n"


def svg(result):
    """Bars of the instructions that each case adds to a request, the fewest on top. Basic's bcrypt would dwarf all others, so its bar is cut."""
    rows = sorted((row for row in result["rows"] if (row.get("added_instructions") or 0) > 0), key=lambda row: row["added_instructions"])
    most = max((row["added_instructions"] for row in rows if "Basic" not in row["name"]), default=1)
    left, width, step = 430, 420, 26
    out = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="13" role="img">' % (
               left + width + 130, 60 + step * len(rows)),
           "<title>Instructions that protection adds to a request</title>", STYLE, '<rect class="page" width="100%" height="100%"/>',
           '<text x="12" y="24" font-size="16">Instructions that protection adds to a request (less is better)</text>']
    for index, row in enumerate(rows):
        y, cut = 44 + step * index, row["added_instructions"] > most
        bar = max(2, min(width, width * row["added_instructions"] / most))
        own = row["name"].startswith("mod_authjwt")
        out += ['<text x="%d" y="%d" text-anchor="end"%s>%s</text>' % (
                    left - 10, y + 14, ' font-weight="bold"' if own else "", html.escape(row["name"])),
                '<rect class="%s" x="%d" y="%d" width="%.1f" height="18"/>' % ("own" if own else "other", left, y, bar),
                '<text x="%.1f" y="%d">%s%s</text>' % (left + bar + 6, y + 14, number(row["added_instructions"]), " (cut)" if cut else "")]
    return "\n".join(out + ["</svg>", ""])
