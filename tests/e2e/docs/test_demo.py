# SPDX-License-Identifier: Apache-2.0
"""The demo of `make run`: the start page, the guest book behind the login page, roles, and the way out."""
import os
import pathlib
import re
import shutil
import tempfile
import time

import authjwt_client as client
import pytest
from authjwt_env import APXS, MODULE, Known
from authjwt_html import Page, assert_good_page, assert_inert
from authjwt_ports import free_port
from authjwt_process import end_session, launch
from authjwt_visitor import Visitor

TOP = pathlib.Path(__file__).resolve().parents[3]
EVIL = "<script>alert(1)</script> 'q' \"d\" & %s \\n $HOME `id`"
USERS = {"john@example.com": "secret123", "mary@example.com": "secret456"}


class Demo:
    """The server of conf/demo/run, as far as Visitor asks it."""

    def __init__(self, folder):
        self.port = free_port()
        self.said = folder / "said"
        with open(self.said, "wb") as said:
            self.process = launch([TOP / "conf/demo/run", MODULE], stdout=said, stderr=said,
                                  env={**os.environ, "PORT": str(self.port), "APXS": APXS, "TMPDIR": str(folder)})
        end = time.monotonic() + 20
        while b"is running at" not in self.said.read_bytes():
            assert time.monotonic() < end and self.process.poll() is None, self.said.read_text()
            time.sleep(0.05)

    def request(self, method, path, **more):
        return client.send(self.port, method, path, **more)


@pytest.fixture(scope="module")
def demo():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="authjwt-e2e-demo-"))
    folder.chmod(0o755)                                        # httpd runs as another user
    one = Demo(folder)
    try:
        yield one
    finally:
        one.process.terminate()
        one.process.wait(20)
        left, files = end_session(one.process), list(folder.glob("authjwt-demo.*"))
        shutil.rmtree(folder)
        assert not left and not files, (left, files)


@pytest.fixture
def sign_in(demo, monkeypatch):
    def make(user):
        monkeypatch.setitem(Known.passwords, user, USERS[user])
        return Visitor(demo).sign_in(user)
    return make


def entries(page):
    return re.findall(r"<h3>(.*?)</h3>", page.text.partition('id="entries"')[2])


def test_the_start_page_is_good_html_and_leads_everywhere(demo):
    page = Page(Visitor(demo).navigate("/").text)
    assert page.one("html")["lang"] == "en" and len(page.all("h1")) == 1
    assert {"/app", "/admin", "/protected", "/userinfo", "/sessions", "/login", "/logout"} <= {one["href"] for one in page.all("a")}
    assert Visitor(demo).fetch("/style.css").header("Content-Type").startswith("text/css")
    for user, password in USERS.items():
        assert user in page.text and password in page.text


def test_the_guest_book_has_a_list_and_a_form_and_all_of_it_is_text(demo, sign_in):
    assert Visitor(demo).navigate("/app").header("Location").startswith("/login?next=")
    mary = sign_in("mary@example.com")
    answer = mary.submit("/app", {"subject": EVIL, "text": "one\n" + EVIL})
    for answer in (answer, mary.navigate("/app")):
        assert answer.status == 200 and "<script" not in answer.text
        page = Page(answer.text)
        assert page.text.count(EVIL) == (4 if page.text.count("You posted") else 2)
        assert page.one("b", id="user") and "mary@example.com" in page.text and page.one("form", action="/logout")
        labels = [one["for"] for one in page.all("label")]
        assert labels == ["subject", "text"]


def test_only_an_admin_removes_entries(demo, sign_in):
    mary, john = sign_in("mary@example.com"), sign_in("john@example.com")
    mary.submit("/app", {"subject": "to be removed", "text": "x"})
    assert 'name="remove"' not in mary.navigate("/app").text
    name = re.findall(r'name="remove" value="(\d+)" aria-label="Remove: to be removed"', john.navigate("/app").text)[0]
    assert mary.submit("/app", {"remove": name}).status == 403
    for wrong in ("../app.cgi", "../entries/" + name, "x", "-f " + name):
        assert john.submit("/app", {"remove": wrong}).status == 200
    assert "to be removed" in entries(john.navigate("/app"))
    assert john.submit("/app", {"remove": name}).status == 200
    assert "to be removed" not in entries(john.navigate("/app"))


def test_the_list_does_not_grow_for_ever(demo, sign_in):
    mary = sign_in("mary@example.com")
    for number in range(22):
        mary.submit("/app", {"subject": "entry %d" % number})
    assert len(entries(mary.navigate("/app"))) == 20


def test_who_may_not_is_told_and_gets_on(demo, sign_in):
    mary = sign_in("mary@example.com")
    page = assert_good_page(mary.navigate("/admin"))
    assert_inert(page)
    assert "You are signed in as mary@example.com." in page.text and page.one("img")
    assert sign_in("john@example.com").navigate("/admin").json()["role"] == "admin"
    answer = mary.submit("/logout")
    assert answer.status == 303 and answer.header("Location") == "/login?signed_out" and not mary.jar
    page = assert_good_page(mary.navigate("/login?signed_out"))
    assert "You are signed out." in page.text and page.title.endswith("Guest book")
