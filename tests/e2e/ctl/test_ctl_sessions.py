# SPDX-License-Identifier: Apache-2.0
"""authjwtctl sessions and end, on lmdb and valkey while httpd runs."""
import json
import subprocess
import time

import jwt
import pytest
from authjwt_ctl import CTL, configured, ctl
from authjwt_directory import ON
from authjwt_env import DEFAULT, Known
from authjwt_leaks import register_token
from authjwt_tokens import claims, read
from authjwt_valkey import SERVERS, Valkey, config_on

AGENT = {"User-Agent": "Mozilla/5.0 (X11) \"quoted\" caf\xe9"}


@pytest.fixture(params=["lmdb", *SERVERS])
def running(request, new_server):
    """running(lines): (httpd, options that say its store), once for each kind of store."""
    started = []

    def make(lines=ON):
        if request.param == "lmdb":
            server = new_server(DEFAULT + lines).start()
            return server, ("--store", "lmdb:" + server.path("state"))
        started.append(Valkey(server=request.param))
        return new_server(config_on("valkey:" + started[0].address) + lines).start(), ("--store", "valkey:" + started[0].address)

    yield make
    for store in started:
        store.kill()
        store.close()


def listed(options, user="ann", *more):
    return json.loads(ctl("sessions", user, *options, *more, "--json"))["sessions"]


def nobody(options, user="ann", *more):
    """No session of the user is listed: exit status 1, and an empty list."""
    return json.loads(ctl("sessions", user, *options, *more, "--json", status=1)) == {"sessions": []}


def statuses(server, *sessions):
    """Of the access tokens, in all processes, and of the refresh tokens."""
    access = [{server.get("/protected", one).status for _ in range(6)} for one, _ in sessions]
    return [(one, server.post("/refresh", refresh).status) for one, (_, refresh) in zip(access, sessions)]


def test_sessions_are_listed_newest_first_with_what_is_known(running):
    server, options = running()
    before = int(time.time())
    assert nobody(options)
    first = server.login()
    time.sleep(1.1)                                                   # dates are in seconds
    second, other = server.login(headers=AGENT), server.login("bob")
    found = listed(options)
    assert [one["sid"] for one in found] == [read(one)["sid"] for one, _ in (second, first)]
    assert [one["sid"] for one in listed(options, "bob")] == [read(other[0])["sid"]]
    newest = found[0]
    assert set(newest) == {"id", "sid", "begin", "last", "ends", "client", "agent"} and len(newest["id"]) == 22
    assert before < newest["begin"] <= newest["last"] <= before + 60 and abs(newest["ends"] - newest["begin"] - 30 * 86400) < 5
    assert newest["client"] == "127.0.0.1" and newest["agent"].startswith('Mozilla/5.0 (X11) "quoted" caf')
    text = ctl("sessions", "ann", *options)
    assert newest["sid"] in text and "client: 127.0.0.1" in text and text.index(newest["sid"]) < text.index(found[1]["sid"])
    assert text.isascii()


def test_one_session_is_ended_by_its_sid_and_no_other(running):
    server, options = running()
    one, two = server.login(), server.login()
    assert statuses(server, one, two) == [({200}, 200)] * 2
    sid = read(one[0])["sid"]
    assert ctl("end", sid, *options) == "ended: the session\n"
    assert {server.get("/protected", one[0]).status for _ in range(8)} == {401} and server.post("/refresh", one[1]).status == 401
    assert {server.get("/protected", two[0]).status for _ in range(8)} == {200}
    assert [found["sid"] for found in listed(options)] == [read(two[0])["sid"]]
    assert json.loads(ctl("end", sid, *options, "--json")) == {"ended": "session", "sid": sid}, "once more"


def test_a_session_that_has_left_no_trace_is_ended_too(running):
    """It was never refreshed, and nothing lists it."""
    server, options = running("")
    access, refresh = server.login()
    ctl("end", read(access)["sid"], *options)
    assert server.get("/protected", access).status == 401 and server.post("/refresh", refresh).status == 401


def test_all_sessions_of_a_user_end_and_a_login_after_it_counts(running):
    server, options = running()
    sessions, bob = [server.login() for _ in range(3)], server.login("bob")
    assert json.loads(ctl("end", "ann", *options, "--json")) == {"ended": "user", "user": "ann", "listed": 3}
    assert statuses(server, *sessions) == [({401}, 401)] * 3 and nobody(options)
    after = [server.login() for _ in range(3)]
    assert statuses(server, *after, bob) == [({200}, 200)] * 4 and len(listed(options)) == 3
    assert ctl("end", "nobody-of-this-name", *options) == "ended: all sessions of the user; 0 were listed\n"
    assert {server.get("/protected", one).status for one, _ in after} == {200}


def test_the_issuer_and_another_identity_belong_to_it(running):
    lines = ON + "AuthJWTIssuer https://shop.test\nAuthJWTIdentityClaim upn\n"
    server, options = running(lines)
    config = configured(server)
    one = server.login()
    assert nobody(options) and len(listed(config)) == 1, "without the issuer it is another user"
    ctl("end", "ann", *options)
    assert server.get("/protected", one[0]).status == 200, "the control"
    assert len(listed(options, "ann", "--issuer", "https://shop.test", "--identity", "upn")) == 1
    foreign = register_token(jwt.encode(claims(sub="17", upn="ann", iss="https://shop.test"), Known.secret, "HS256"))
    assert server.get("/protected", foreign).status == 200
    ctl("end", "ann", *config)
    assert [server.get("/protected", token).status for token in (one[0], foreign)] == [401, 401]


def test_a_word_is_what_is_said_of_it(running):
    """A user whose name looks like a sid; a session of another issuer, whose sid looks like a name."""
    server, options = running()
    name = "1795862400000000-abc"
    tokens = [register_token(jwt.encode(claims(sub=name, sid=sid), Known.secret, "HS256")) for sid in ("theirs", "others")]
    assert [server.get("/protected", token).status for token in tokens] == [200, 200]
    ctl("end", name, *options)
    ctl("end", "theirs", *options)
    assert [server.get("/protected", token).status for token in tokens] == [200, 200], "the control"
    assert ctl("end", "theirs", "--sid", *options) == "ended: the session\n"
    assert [server.get("/protected", token).status for token in tokens] == [401, 200]
    assert ctl("end", name, "--user", *options).startswith("ended: all sessions of the user")
    assert [server.get("/protected", token).status for token in tokens] == [401, 401]


def test_theft_is_shown_and_what_ended_otherwise_is_not(running, expect_log):
    expect_log("theft")
    server, options = running(ON + "AuthJWTRefreshGrace 1s\n")
    stolen, left = server.login(), server.login()
    assert server.post("/logout", left[0]).status == 200
    refresh = stolen[1]
    for _ in range(3):
        refresh = register_token(server.post("/refresh", refresh).json()["refresh_token"])
    assert server.post("/refresh", stolen[1]).status == 401
    [one] = listed(options)
    assert one["sid"] == read(stolen[0])["sid"] and one["ended"] == "theft"
    assert "ended:  theft" in ctl("sessions", "ann", *options)


def test_what_is_wrong_is_said(running):
    _, options = running()
    for command in ("sessions", "end"):
        assert "USER" in ctl(command, *options, status=2)
        assert "--store" in ctl(command, "ann", status=2)
        assert "empty" in ctl(command, "", *options, status=2)          # a variable of a script that is not set
    assert "exclude" in ctl("end", "ann", "--user", "--sid", *options, status=2)
    assert "no option" in ctl("sessions", "ann", "--sid", *options, status=2)
    done = subprocess.run([str(CTL), "sessions", "ann", *options], capture_output=True, text=True)
    assert done.returncode == 1 and "AuthJWTSessionDirectory" in done.stderr and not done.stdout


def test_a_store_of_before_the_directory_has_none(new_server):
    """No database of it is there until httpd of this release has opened it; sessions end all the same."""
    server = new_server(DEFAULT).start()
    token = server.login()[0]
    options = ("--store", "lmdb:" + server.path("state"))
    assert nobody(options) and ctl("end", "ann", *options).endswith("0 were listed\n")
    assert server.get("/protected", token).status == 401
