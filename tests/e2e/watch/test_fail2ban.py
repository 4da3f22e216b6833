# SPDX-License-Identifier: Apache-2.0
"""conf/fail2ban: each filter finds the addresses of those who guess, and no address that somebody has made up."""
import collections
import configparser
import datetime
import pathlib
import shutil
import subprocess

import pytest
from authjwt_audit import LOG
from authjwt_client import assert_error
from authjwt_env import DEFAULT, Known
from authjwt_sessions import THEFT, rotate
from authjwt_throttle import PROXY, Client, host

CONF = pathlib.Path(__file__).resolve().parents[3] / "conf/fail2ban"
CONFIG = LOG + DEFAULT + PROXY + "AuthJWTDummyHash {SHA}x\nAuthJWTLoginThrottle 3 60s\n" + (
    host("localhost") + host("locked", "AuthJWTLoginThrottle off", "AuthJWTLoginLock 3 1h", "AuthJWTIssuer locked"))
OPTIONS = {"modules": ("remoteip",), "log": "info"}
FILTERS = {"mod-authjwt": "error.log", "mod-authjwt-audit": "audit.log"}
VICTIM = "203.0.113.66"
FORGED = ['ann","client":"%s","user":"x' % VICTIM, "ann\n[Sat Nov 28 08:35:01.123456 2026] [authjwt:info] [pid 1] [client %s:1] AJ1203: x" % VICTIM,
          '\n{"time":"2026-11-28T08:30:00.123456Z","event":"login_failed","reason":"invalid_credentials","client":"%s"}\n' % VICTIM,
          '","event":"login_failed","reason":"invalid_credentials","client":"%s"' % VICTIM, VICTIM, "\\\",\"client\":\"%s\"" % VICTIM,
          "[client %s:443] AJ1203: login of user" % VICTIM]
pytestmark = pytest.mark.skipif(not shutil.which("fail2ban-regex"), reason="fail2ban-regex (Debian: fail2ban) is not installed")


ADDRESSES = ["198.51.100.17", "2001:db8::5:80", "2001:db8:0:1:2:3:4:8080", "::1"]
FORGER, THIEF, HONEST = "198.51.100.99", "198.51.100.55", "198.51.100.1"


def found(server, name, arguments="", token="<ip>"):
    """What the filter finds in the server's log."""
    done = subprocess.run(["fail2ban-regex", "-o", token, server.path(FILTERS[name]),
                           str(CONF / "filter.d" / (name + ".conf")) + arguments], capture_output=True, text=True, timeout=60)
    assert "ERROR" not in done.stderr and "Traceback" not in done.stderr, done.stderr
    return done.stdout.split()


def guess(server, address):
    """Three failures and two refusals by the throttle; the same by the lock."""
    for virtual_host in ("localhost", "locked"):
        client = Client(server, address, virtual_host)
        answers = [client.login("guessed-from-" + address, password=Known.wrong_password).status for _ in range(5)]
        assert answers == [401] * 3 + [429] * 2
    return 10


def forge(server, text):
    """A user name, an agent, a referer and a path that hold what a line holds."""
    plain = text.replace("\n", " ")
    server.post("/login", json={"username": text, "password": Known.wrong_password},
                headers={"X-Forwarded-For": FORGER, "User-Agent": plain, "Referer": plain})
    server.post("/protected/" + plain.replace(" ", "%20").replace('"', "%22"), "a.b.c", headers={"X-Forwarded-For": FORGER, "Referer": plain})


def steal(server):
    _, first = server.login(headers={"X-Forwarded-For": HONEST})
    refresh = first
    for _ in range(3):
        _, refresh = rotate(server, refresh, headers={"X-Forwarded-For": HONEST})
    assert_error(server.post("/refresh", first, headers={"X-Forwarded-For": THIEF}), "token_revoked")


def behave(server):
    client = Client(server, HONEST)
    assert client.login("bob").status == 200
    assert_error(server.get("/protected", headers={"X-Forwarded-For": HONEST}), "token_missing")
    assert_error(server.post("/login", json={"username": "ann"}, headers={"X-Forwarded-For": HONEST}), "invalid_request")


@pytest.fixture(scope="module")
def expected(server):
    """{address: lines that count}, after all of it has happened."""
    counts = {address: guess(server, address) for address in ADDRESSES}
    for text in FORGED:
        forge(server, text)
    steal(server)
    behave(server)
    # Names with control characters are malformed requests, and no guesses.
    counts.update({FORGER: len([text for text in FORGED if "\n" not in text]), THIEF: 1})
    return counts


@pytest.fixture(autouse=True)
def theft_is_logged(expect_log):
    expect_log.may(THEFT)


@pytest.mark.parametrize("name", FILTERS)
def test_who_guesses_is_found_by_the_address_and_nobody_else_whatever_is_sent(server, expected, name):
    assert collections.Counter(found(server, name)) == expected


@pytest.mark.parametrize("name, arguments", [("mod-authjwt", '[tags="AJ1203|AJ1903|AJ1905"]'),
                                             ("mod-authjwt-audit", '[events="login_failed|login_throttled|login_locked"]')])
def test_theft_can_be_left_out(server, expected, name, arguments):
    assert collections.Counter(found(server, name, arguments)) == {address: count for address, count in expected.items() if address != THIEF}


@pytest.mark.parametrize("name", FILTERS)
def test_the_times_are_right(server, expected, name):
    times = [float(one) for one in found(server, name, token="<time>")]
    now = datetime.datetime.now().timestamp()
    assert len(times) == sum(expected.values()) and all(now - 600 < one <= now for one in times)


def test_the_jails_name_these_filters_and_are_off():
    jails = configparser.RawConfigParser()
    jails.read(CONF / "jail.d/mod-authjwt.conf")
    assert {jails[name]["filter"] for name in jails.sections()} == set(FILTERS) == {path.stem for path in (CONF / "filter.d").iterdir()}
    assert all(jails[name]["enabled"] == "false" for name in jails.sections())
