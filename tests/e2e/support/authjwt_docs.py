# SPDX-License-Identifier: Apache-2.0
"""Blocks of the pages in docs/, and a private httpd for a configuration that stands there, as written but for a visible list of
replacements.

    block("migrate/from-mod_auth_form.md", "Before", "SetHandler")      the one block below a heading that has a word
    Documented("migrate/from-mod_auth_form.md", "Before")               httpd for the site below a heading
"""
import pathlib
import re
import textwrap

from authjwt_env import Known
from authjwt_examples import REPLACED, OnDebian, names_after_a2enmod

DOCS = pathlib.Path(__file__).resolve().parents[3] / "docs"
SITE = "<VirtualHost"


def text_of(page):
    return (DOCS / page).read_text()


def outside_fences(lines):
    """(line, whether it is text and not in a fenced block) for each line."""
    fenced = False
    for line in lines:
        mark = line.startswith("```")
        yield line, not fenced and not mark
        fenced ^= mark


def section(page, heading):
    """Text below a heading, less the #, with the headings below it; the whole page without one."""
    if heading is None:
        return text_of(page)
    found, level = [], None
    for line, is_text in outside_fences(text_of(page).splitlines()):
        match = re.match(r"(#+) (.*)", line) if is_text else None
        if match and level is None and match.group(2).strip() == heading:
            level = len(match.group(1))
        elif match and level is not None and len(match.group(1)) <= level:
            break
        elif level is not None:
            found.append(line)
    assert level is not None, "%s has no heading %r" % (page, heading)
    return "\n".join(found) + "\n"


def blocks(page, heading=None):
    """The blocks of code below a heading, in order: fenced ones, and those indented by four blanks after an empty line."""
    made, current, fenced, after_empty = [], None, False, True
    for line in section(page, heading).splitlines() + [""]:
        if line.startswith("```"):
            if fenced:
                made.append("\n".join(current) + "\n")
            fenced, current = not fenced, []
        elif fenced:
            current.append(line)
        elif line.startswith("    ") and (current or after_empty):
            current = (current or []) + [line]
        elif not line.strip() and current:
            current.append("")
        elif current:
            made.append(textwrap.dedent("\n".join(current)).strip("\n") + "\n")
            current = None
        if not fenced:
            current = current or None
            after_empty = not line.strip()
    if current:
        made.append(textwrap.dedent("\n".join(current)).strip("\n") + "\n")
    return made


def block(page, heading, having=""):
    """The one block below a heading that has a word."""
    found = [one for one in blocks(page, heading) if having in one]
    assert len(found) == 1, "%s has %d blocks with %r below %r" % (page, len(found), having, heading)
    return found[0]


def rows(page, heading):
    """The rows of the tables below a heading as lists of cells, without head and line."""
    table = [line for line in section(page, heading).splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in table]
    return [row for row, below in zip(cells, cells[1:] + [[""]]) if not is_line(row) and not is_line(below)]


def is_line(row):
    return all(re.fullmatch(r":?-+:?", cell) for cell in row)


def commands(page, heading, having):
    """What stands in the blocks below a heading on lines with a word."""
    return [line for one in blocks(page, heading) for line in one.splitlines() if having in line]


class Documented(OnDebian):
    """httpd for the block with a VirtualHost below a heading of a page, with the modules that an a2enmod line below the same
    heading names. modules_of: another heading to take that line from. Paths of REPLACED that the block does not have need not
    be there; those given must."""

    def __init__(self, page, heading, replaced=None, groups=Known.groups, files=None, defined="", modules_of=None, having=SITE):
        text = block(page, heading, having)
        usual = {old: new for old, new in REPLACED.items() if old in text}
        named = names_after_a2enmod("\n".join(blocks(page, modules_of or heading)))
        super().__init__(text, named, {**usual, **(replaced or {})}, groups, files, defined)
