# SPDX-License-Identifier: Apache-2.0
"""Whatever a client sends, a line of AuthJWTAuditLog stays one line, its members stay its own, and no secret is among them."""
import re
import time
from urllib.parse import quote

import pytest
from authjwt_audit import ALL, Audit
from authjwt_basic import credentials
from authjwt_env import DEFAULT, Known, location, protected
from authjwt_leaks import find_leaks
from authjwt_tokens import claims, sign, tamper

CONFIG = ("AuthJWTAuditLog audit.log %s\nAuthJWTLoginThrottle off\nAuthJWTLoginLock off\nAuthJWTDummyHash {SHA}x\n" % " ".join(ALL) + DEFAULT
          + "LimitRequestFieldSize 100000\nLimitRequestLine 100000\n"
          + location("/p/tools", "AuthType Basic", 'AuthName "tools"', "AuthBasicProvider jwt file", "AuthUserFile @dir@/users",
                     "Require valid-user"))
HIDDEN = [*range(1, 0x20), *range(0x7f, 0xa0), 0xad, 0x61c, 0x180e, *range(0x200b, 0x2010), *range(0x2028, 0x202f), *range(0x2060, 0x2070),
          0xfeff, 0xfffb, 0xe0001, 0xe007f]
FORGED = '","client":"203.0.113.66","event":"login","user":"root'
CORPUS = {
    "a forged member": FORGED,
    "the end of a line": 'ann"}\n{"time":"2026-01-01T00:00:00.000000Z","event":"login","client":"203.0.113.66","user":"root"}\n',
    "carriage return": "ann\r\n[authjwt:info] [client 203.0.113.66:1] AJ1203: ",
    "a backslash at the end": "ann\\",
    "backslashes and quotes": '\\"\\\\"\\u0022,\\',
    "the right-to-left override": "ann\u202enimda\u202c\u2066x\u2069",
    "separators": "ann\u2028x\u2029y\u0085z",
    "a character of two surrogates": "ann \U0001f600 \U000e0041",
    "ordinary letters": "J\u00fcrgen \u5f20\u4e09",
    "64 KB": "a" * 60000, "64 KB of quotes": '"' * 30000, "many of four bytes": "\U0001f600" * 3000, "many that are escaped": "\U000e0041" * 3000,
}
# Bytes that are no UTF-8: lone, cut off, too long a form, a surrogate, behind the last character.
BROKEN = [b"\xff", b"\xc3", b"a\x80b", b"\xc0\xaf", b"\xe0\x80\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80", b"\xe2\x82",
          b"\xff" * 5000, b"\xe2\x82" * 2000 + b"x"]


@pytest.fixture
def audit(server):
    return Audit(server)


def shown(text, most):
    """The text as it comes back out of a line, cut or whole."""
    return lambda got: got == text or (got.endswith("...") and text.startswith(got[:-3]) and len(got) > most // 13)


def fail_login(server, user, **more):
    return server.post("/login", json={"username": user, "password": Known.wrong_password}, **more)


@pytest.mark.parametrize("name", CORPUS)
def test_a_user_name_stays_one_member(server, audit, name):
    text = CORPUS[name]
    assert fail_login(server, text).status in (400, 401, 413)
    lines = audit.since()
    assert len(lines) == 1 and lines[0]["event"] == "login_failed" and lines[0]["client"] == "127.0.0.1", lines
    assert shown(text, 320)(lines[0]["user"]), lines[0]


@pytest.mark.parametrize("name", CORPUS)
def test_an_agent_and_a_path_do_so_too(server, audit, name):
    text = re.sub(r"[\r\n]", " ", CORPUS[name])[:8000]
    path = "/login/" if len(text) > 7000 else "/protected/" + quote(text).replace("%00", "")
    raw = b"GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer a.b.c\r\nUser-Agent: %s\r\n\r\n" % (
        path.encode(), text.encode())
    answer = server.raw(raw)
    assert answer.status in (400, 401, 404), answer
    lines = audit.since()
    assert len(lines) <= 1, lines
    for line in lines:
        assert line["event"] == "token_refused" and line["client"] == "127.0.0.1" and "user" not in line, line
        assert shown(text.strip(), 384)(line["agent"]) and shown("/protected/" + text, 512)(line["path"]), line
    assert lines or answer.status != 401, "the control: what is not 400 has a line"


@pytest.mark.parametrize("broken", BROKEN)
def test_bytes_that_are_no_utf_8(server, audit, broken):
    raw = (b"GET /protected/%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer a.b.c\r\nUser-Agent: x%s\r\n\r\n" % (
        b"".join(b"%%%02x" % one for one in broken), broken))
    assert server.raw(raw).status == 401
    line, = audit.since()
    assert "\ufffd" in line["agent"] and "\ufffd" in line["path"], line
    form = b"username=x%s&password=wrong" % b"".join(b"%%%02x" % one for one in broken)
    server.post("/login", body=form, content_type="application/x-www-form-urlencoded")
    for line in audit.since():
        assert line["event"] == "login_failed" and "\ufffd" in line.get("user", "\ufffd"), line


def test_what_is_not_to_be_seen_is_escaped_in_the_file(server, audit):
    before = len(server._read("audit.log"))
    for point in HIDDEN:
        assert fail_login(server, "ann%cx" % point).status in (400, 401)
    lines = audit.since()
    assert [line["user"] for line in lines] == ["ann%cx" % point for point in HIDDEN]
    written = server._read("audit.log")[before:].replace("\n", "")
    assert not [hex(point) for point in HIDDEN if chr(point) in written]
    fail_login(server, "J\u00fcrgen")
    assert "J\u00fcrgen" in server._read("audit.log"), "the control: what can be seen is written as it is"


@pytest.fixture
def reserved(new_server, expect_log):
    """A server whose error log does not say what was typed, and with a place for tokens in addresses."""
    expect_log(r"AJ1001: ")
    return new_server(CONFIG + "LogLevel auth_basic:crit\n" + protected("/q", "AuthJWTTokenLocation query header", "Require valid-user"),
                      log="warn").start()


def test_no_token_no_password_and_no_cookie_wherever_they_are_put(reserved):
    server, audit = reserved, Audit(reserved)
    server.access_log_holds_tokens = True
    access, refresh = server.login()
    expired = sign(claims(exp=int(time.time()) - 60), Known.secret)
    password = Known.passwords["ann"]
    for token in (access, tamper(access), expired, refresh, tamper(refresh)):
        server.get("/q?jwt=" + token, headers={"User-Agent": "x " + token})
        server.get("/protected/%s" % token, token, headers={"User-Agent": token, "Cookie": "access_token_cookie=" + token})
        server.get("/protected/%3Fjwt=" + token, token)
        server.get("/protected/x;jsessionid=" + token, token)
        server.get("/protected/" + token.replace("eyJ", "%65yJ", 1), token)
        server.get("/p/tools", headers=credentials("ann", token))
        server.get("/p/tools", headers=credentials(token[:200], password))
        server.post("/refresh", token)
        server.post("/refresh", json={"refresh_token": token})
        fail_login(server, token)
        fail_login(server, "name of " + token[:100] + " and more")
    server.get("/p/tools", headers=credentials("ann", password + "x"))
    server.post("/login?password=" + password, form={"username": "ann", "password": password + "x"})
    server.post("/logout", access)
    lines = audit.since()             # reading looks for all secrets of this run
    assert len(lines) > 40, len(lines)
    seen = " ".join(line.get(name, "") for line in lines for name in ("path", "agent", "user"))
    assert seen.count("[token]") > 20 and "/q" in seen
    assert find_leaks(access), "the control: what looks for secrets finds one"


@pytest.mark.parametrize("mark", ["?", "%3F", "%3f"])
def test_what_follows_a_question_mark_is_not_in_the_path_however_that_is_sent(reserved, mark):
    audit = Audit(reserved)
    reserved.get("/protected/x%spassword=%s&a=b" % (mark, Known.passwords["ann"]), "a.b.c")
    assert [line["path"] for line in audit.since()] == ["/protected/x"]


def test_a_word_that_only_begins_like_a_token_stays(reserved):
    server, audit = reserved, Audit(reserved)
    fail_login(server, "eyJustkidding")
    fail_login(server, "eyJ" + "a" * 16)
    assert [line["user"] for line in audit.since()] == ["eyJustkidding", "[token]"]
