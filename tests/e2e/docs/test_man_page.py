# SPDX-License-Identifier: Apache-2.0
"""The man page: made of the documentation, complete, without complaint of mandoc, and installed where man finds it."""
import os
import pathlib
import re
import subprocess

import pytest

TOP = pathlib.Path(__file__).resolve().parents[3]
DIRECTIVES = re.findall(r'AP_INIT_\w+\("(AuthJWT\w+)"', (TOP / "src/config/authjwt_directives.c").read_text())


def run(*command, **more):
    return subprocess.run([str(one) for one in command], capture_output=True, text=True, **more)


def shown(page):
    """The page as a person reads it, without bold."""
    return re.sub(".\b", "", run("mandoc", "-T", "utf8", "-O", "width=200", page, check=True).stdout)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    made = tmp_path_factory.mktemp("man") / "mod_authjwt.8"
    made.write_text(run(TOP / "docs/make-man", "/var/lib/apache2/authjwt", check=True).stdout)
    return made


def test_mandoc_has_nothing_to_complain_about(page, tmp_path):
    done = run("mandoc", "-T", "lint", "-W", "warning", page)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    broken = tmp_path / "broken.8"
    broken.write_text(page.read_text() + ".SS\n.PP\n")
    assert run("mandoc", "-T", "lint", "-W", "warning", broken).returncode != 0


def test_the_page_of_authjwtctl_is_without_complaint_too():
    page = TOP / "docs/authjwtctl.8"
    done = run("mandoc", "-T", "lint", "-W", "warning", page)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    text = shown(page)
    usage = run(TOP / "build/authjwtctl", "--help", check=True).stdout
    for command in re.findall(r"(?m)^  authjwtctl (\w+)", usage):
        assert re.search(r"(?m)^   %s$" % command, text), command
    options = re.findall(r'\{ "(--[a-z]+)"', (TOP / "src/ctl/ctl_options.c").read_text())
    assert len(options) > 10 and [one for one in options if one not in text] == []


@pytest.mark.parametrize("directive", DIRECTIVES)
def test_every_directive_has_its_section(page, directive):
    sections = re.split(r"(?m)^   (?=\S)", shown(page))
    section = next(one for one in sections if one.startswith(directive + "\n"))
    assert re.search(r"(?m)^ +Syntax +%s\b" % directive, section), section[:300]
    assert re.search(r"(?m)^ +Default +\S", section) and re.search(r"(?m)^ +Context +(server config|directory)", section), section[:300]


def test_nothing_of_markdown_is_left(page):
    text = shown(page)
    assert "`" not in text and "](" not in text and "**" not in text and not re.search(r"(?m)^ *(#|\||- )", text)
    assert "–" not in text and "'\u2019" not in text


def test_what_matters_of_the_documentation_is_there(page):
    text = shown(page)
    for wanted in ("NAME\n", "SYNOPSIS\n", "DESCRIPTION\n", "ENDPOINTS\n", "FILES\n", "SEE ALSO\n", "Require jwt-role ROLE...",
                   "AuthBasicProvider jwt", "jwt-introspect" if "jwt-introspect" in (TOP / "docs/endpoints.md").read_text() else "jwt-login",
                   "token_revoked", '    <Location "/login">', "lmdb[:PATH[(SIZE)]]", "shop forum", "/var/lib/apache2/authjwt"):
        assert wanted in text, wanted
    for paragraph in re.findall(r"(?m)^[A-Z][a-z ]{30,60}(?=[ ,.])", (TOP / "docs/directives.md").read_text()):
        assert paragraph in re.sub(r"\s+", " ", text), paragraph


def test_make_install_puts_it_where_man_finds_it(tmp_path):
    build = pathlib.Path(os.environ.get("B", TOP / "build"))
    done = run("make", "-s", "install", "B=%s" % os.path.relpath(build, TOP), "DESTDIR=%s" % tmp_path, cwd=TOP)
    assert done.returncode == 0, done.stdout + done.stderr
    where = run("mman", "-M", tmp_path / "usr/local/share/man", "-w", "mod_authjwt")
    assert where.stdout.strip().endswith("/man8/mod_authjwt.8"), where.stderr
    assert list(tmp_path.rglob("mod_authjwt.so")) and os.access(tmp_path / "usr/local/sbin/authjwtctl", os.X_OK)
    assert (tmp_path / "usr/local/share/man/man8/authjwtctl.8").exists()
