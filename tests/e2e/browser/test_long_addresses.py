# SPDX-License-Identifier: Apache-2.0
"""Addresses of thousands of slashes, which httpd takes for one, cost no more than others."""
import pytest
from authjwt_env import Known, not_sanitized, protected
from authjwt_html import assert_good_page
from authjwt_listed import LISTED, sessions
from authjwt_process import processes_of
from authjwt_visitor import WEB, Visitor, signed_in

CONFIG = WEB + LISTED + "AuthJWTLoginThrottle 2 60s\n" + sessions("/sessions") + protected("/staff", "Require jwt-role nobody")
OPTIONS = {"children": 1}
SLASHES = "/" * 7000
MOST = 8 << 10          # kilobytes; one page took 110 MB


def forget_peaks(server):
    for pid in processes_of(server.process.pid)[1:]:
        with open("/proc/%d/clear_refs" % pid, "w") as reset:
            reset.write("5")


def peak(server):
    """Kilobytes that any child has held at most since then."""
    found = []
    for pid in processes_of(server.process.pid)[1:]:
        with open("/proc/%d/status" % pid) as status:
            found += [int(line.split()[1]) for line in status if line.startswith("VmHWM")]
    return max(found)


def asked(server, visitor, path, status):
    forget_peaks(server)
    before = peak(server)
    answer = visitor.navigate(path)
    assert answer.status == status and peak(server) - before < MOST, (answer.status, before, peak(server))
    return answer


@pytest.fixture
def visitor(server):
    """Somebody who is signed in, after each of the pages has been made once."""
    visitor = signed_in(server)
    for path in ("/logout", "/sessions", "/staff"):
        visitor.navigate(path)
    return visitor


@not_sanitized
def test_the_login_page_is_made_and_its_form_goes_to_it(server):
    assert Visitor(server).navigate("/login").status == 200
    page = assert_good_page(asked(server, Visitor(server), SLASHES + "login", 200))
    assert page.one("form")["action"] == "/login"
    answer = Visitor(server).submit(SLASHES + "login", {"username": "ann", "password": Known.passwords["ann"]})
    assert answer.status == 303 and answer.header("Location") == "/"


@not_sanitized
@pytest.mark.parametrize("path, status", [("logout", 200), ("sessions", 200), ("staff", 403)])
def test_so_are_the_other_pages(server, visitor, path, status):
    asked(server, visitor, SLASHES + path, status)


@pytest.mark.parametrize("before, action", [("", "login"), ("/", "../login"), ("/" * 100, "../" * 100 + "login")])
def test_shorter_ones_have_the_way_that_a_proxy_may_stand_in(server, before, action):
    assert assert_good_page(Visitor(server).navigate(before + "/login")).one("form")["action"] == action
