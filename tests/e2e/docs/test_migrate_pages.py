# SPDX-License-Identifier: Apache-2.0
"""What all pages of docs/migrate promise: directives, links and hashes that exist."""
import re
import subprocess

import pytest
from authjwt_docs import DOCS, outside_fences, rows
from authjwt_env import protected

PAGES = sorted((DOCS / "migrate").glob("*.md"))
DIRECTIVES = DOCS.parent / "src/config/authjwt_directives.c"
OF_THE_OLD_MODULE = {"AuthJWTAud", "AuthJWTIss"}


def each_page(test):
    return pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)(test)


def directives_known():
    """Their names as the directive table has them."""
    return set(re.findall(r'AP_INIT_\w+\("(AuthJWT\w+)"', DIRECTIVES.read_text()))


def anchors(path):
    """What GitHub makes of the headings of a page."""
    headings = [line.lstrip("#").strip() for line, is_text in outside_fences(path.read_text().splitlines()) if is_text and line.startswith("#")]
    return {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}


@each_page
def test_every_directive_that_a_page_offers_exists(page):
    known = directives_known()
    assert "AuthJWTKey" in known and "AuthJWTSignatureSharedSecret" not in known
    offered = {name for row in rows(page.relative_to(DOCS), None) for name in re.findall(r"\bAuthJWT[A-Z]\w+", " ".join(row[1:]))}
    assert offered <= known | OF_THE_OLD_MODULE, sorted(offered - known)


@each_page
def test_every_link_of_a_page_leads_somewhere(page):
    links = re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)", page.read_text())
    for path, anchor in links:
        target = (page.parent / path).resolve() if path else page
        assert target.is_file(), path
        assert not anchor or anchor in anchors(target), "%s#%s" % (path, anchor)
    assert links


def test_the_index_has_every_page():
    index = DOCS / "migrate/README.md"
    assert set(re.findall(r"\]\(([^)]*)\)", index.read_text())) == {page.name for page in PAGES} - {"README.md"}


@pytest.mark.parametrize("kind", ["-m", "-s", "-B"])
def test_the_hash_for_unknown_users_may_be_of_each_kind_that_password_files_have(new_server, kind):
    made = subprocess.run(["htpasswd", "-nb" + kind[1], "x", "x"], capture_output=True, text=True, check=True).stdout
    server = new_server("AuthJWTKey HS256 file:@dir@/secret\nAuthJWTDummyHash %s\n" % made.strip().split(":", 1)[1] + protected("/p"))
    status, said = server.configtest()
    assert status == 0, said
