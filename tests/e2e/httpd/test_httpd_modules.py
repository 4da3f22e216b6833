# SPDX-License-Identifier: Apache-2.0
"""httpd's other modules at places for members: each does what it does behind Basic, which is asked the same beside it."""
import base64
import hashlib
import subprocess

import pytest
from authjwt_client import assert_denied, assert_error
from authjwt_env import Known, location, protected, running
from authjwt_rules import token_of
from authjwt_tokens import tamper
from authjwt_visitor import WEB, signed_in

BOTH = {"jwt": ("AuthType JWT", 'AuthName "members"', "Require jwt-role admin"),
        "basic": ("AuthType Basic", 'AuthName "members"', "AuthUserFile @dir@/users", "AuthGroupFile @dir@/groups", "Require group admins")}
MEMBERS = {kind: lines[:-1] + ("Require valid-user",) for kind, lines in BOTH.items()}


def of(kind):
    """The same places for a kind of authentication."""
    inside = MEMBERS[kind]
    return "".join((
        location("/%s/status" % kind, "SetHandler server-status", *BOTH[kind]), location("/%s/info" % kind, "SetHandler server-info", *BOTH[kind]),
        location("/%s/dav" % kind, "Dav On", *inside[:-1], "<Limit GET PROPFIND>", inside[-1], "</Limit>",
                 "<LimitExcept GET PROPFIND>", BOTH[kind][-1], "</LimitExcept>"),
        location("/%s/shared" % kind, "Dav On", *inside), location("/%s/shared/admins" % kind, BOTH[kind][-1]),
        location("/%s/packed" % kind, *inside, "SetOutputFilter DEFLATE"),
        location("/%s/changed" % kind, *inside, "AddOutputFilterByType SUBSTITUTE text/plain", 'Substitute "s/old/new/"'),
        location("/%s/slowly" % kind, *inside, "SetOutputFilter RATE_LIMIT", "SetEnv rate-limit 400"),
        location("/%s/buffered" % kind, *inside, "SetInputFilter BUFFER", "SetOutputFilter BUFFER"),
        location("/%s/spelled" % kind, *inside, "CheckSpelling on"), location("/%s/secret" % kind, *BOTH[kind]),
        location("/%s/lua" % kind, *inside, "SetHandler lua-script"), location("/%s/rule" % kind, *inside[:-1], "Require lua-rule ann")))


CONFIG = "<VirtualHost *>\nServerName localhost\n</VirtualHost>\n" + WEB + of("jwt") + of("basic") + (
    "DavLockDB @dir@/locks/db\nLuaAuthzProvider lua-rule @dir@/rule.lua check\nUserDir @dir@/homes/*/www\n"
    + "".join("<Directory @dir@/homes/%s/www>\n    AuthType JWT\n    AuthName \"members\"\n    Require user %s\n</Directory>\n" % (user, user)
              for user in ("ann", "bob"))
    + "<VirtualHost *>\nServerName any.test\nServerAlias *.any.test\nVirtualDocumentRoot @dir@/sites/%1\n" + protected("/") + "</VirtualHost>\n"
    + "Alias /digest @dir@/bare/ok.txt\nAlias /guests @dir@/bare/ok.txt\n"
    + location("/digest", "AuthType Digest", 'AuthName "old"', "AuthUserFile @dir@/digests", "Require valid-user")
    + location("/guests", "AuthType Basic", 'AuthName "guests"', "AuthBasicProvider anon", "Anonymous guest", "Require valid-user")
    + location("/cgi/session", "Session On", "SessionCookieName theirs path=/", "SessionEnv On"))
FILES = {name % kind: content for kind in BOTH for name, content in {
    "htdocs/%s/packed/x.txt": "text " * 500, "htdocs/%s/changed/x.txt": "old text", "htdocs/%s/slowly/x.txt": "text", "htdocs/%s/buffered/x.txt": "text",
    "htdocs/%s/spelled/Hello.txt": "hello", "htdocs/%s/dav/x.txt": "first", "htdocs/%s/rule/x.txt": "for ann", "htdocs/%s/shared/x.txt": "shared",
    "htdocs/%s/shared/admins/x.txt": "for admins", "htdocs/%s/secret/x.txt": "secret",
    "htdocs/%s/lua/who.lua": "function handle(r)\n  r:puts(tostring(r.user), ' ', tostring(r.ap_auth_type), ' ', tostring(r.notes['jwt-sub']), ' ', "
                             "tostring(r.subprocess_env['JWT_CLAIM_ROLE']))\n  return apache2.OK\nend\n"}.items()}
FILES.update({"homes/%s/www/x.txt" % user: "home of " + user for user in ("ann", "bob")})
FILES.update({"sites/%s/x.txt" % name: "site " + name for name in ("one", "two")})
FILES["rule.lua"] = ("function check(r, name)\n  if r.user == nil then return apache2.AUTHZ_DENIED_NO_USER end\n"
                     "  if r.user == name then return apache2.AUTHZ_GRANTED end\n  return apache2.AUTHZ_DENIED\nend\n")
FILES["digests"] = "ann:old:%s\n" % hashlib.md5(("ann:old:" + Known.passwords["ann"]).encode()).hexdigest()
FILES["locks/.keep"] = ""
MODULES = ("status info dav dav_fs dav_lock deflate filter substitute ratelimit buffer speling lua userdir vhost_alias auth_digest authn_anon session "
           "session_cookie").split()


@pytest.fixture(scope="module")
def server():
    for one in running({"CONFIG": CONFIG, "FILES": FILES, "OPTIONS": {"modules": MODULES}}):
        folders = [one.path("htdocs/%s/%s" % (kind, name)) for kind in BOTH for name in ("dav", "shared", "shared/admins")]
        subprocess.run(["chmod", "777", one.path("locks"), *folders], check=True)
        yield one


@pytest.fixture(autouse=True)
def told(expect_log):
    """What httpd's own modules write about their own refusals."""
    expect_log.may(r"AH01614: client used wrong authentication scheme|AH01781: client used wrong authentication scheme|AH01631|Could not DELETE|This resource is locked")


def ask(server, kind, path, user, method="GET", headers=None, **more):
    """As ann, who is an admin, as bob, or with what is no good; None: as nobody."""
    sent = {}
    if user and kind == "jwt":
        good = token_of("ann" if user == "bad" else user, role="admin" if user == "ann" else "staff")
        sent = {"Authorization": "Bearer " + (tamper(good) if user == "bad" else good)}
    elif user:
        pair = "ann:" + Known.wrong_password if user == "bad" else "%s:%s" % (user, Known.passwords[user])
        sent = {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
    return server.request(method, "/%s%s" % (kind, path), headers={**sent, **(headers or {})}, **more)


def alike(server, path, user, **more):
    """Our answer, after a look at Basic's: the same, but for the 403 of who is known."""
    ours, theirs = (ask(server, kind, path, user, **more) for kind in ("jwt", "basic"))
    assert ours.status == theirs.status or (ours.status, theirs.status) == (403, 401), (path, user, ours, theirs)
    if ours.status < 400:
        for name in ("Location", "Content-Encoding", "Content-Type"):
            assert (ours.header(name) or "").replace("/jwt/", "/basic/") == (theirs.header(name) or "")
        assert ours.header("Cache-Control") == "private" and "Authorization" in ours.header("Vary")
    return ours


PLACES = ["/status", "/status?auto", "/info", "/secret/x.txt"]


@pytest.mark.parametrize("path", PLACES)
def test_the_state_of_the_server_is_for_admins(server, path):
    assert alike(server, path, "ann").status == 200
    assert_denied(alike(server, path, "bob"))
    assert_error(alike(server, path, None), "token_missing")
    assert_error(alike(server, path, "bad"), "token_invalid")


FILTERED = [("/packed/x.txt", None), ("/changed/x.txt", "new text"), ("/slowly/x.txt", "text"), ("/buffered/x.txt", "text"), ("/spelled/Hello.txt", "hello")]


@pytest.mark.parametrize("path, text", FILTERED)
def test_filters_work_on_what_members_get(server, path, text):
    answer = alike(server, path, "bob", headers={"Accept-Encoding": "gzip"})
    assert answer.status == 200
    if text:
        assert answer.text == text
    else:
        assert answer.header("Content-Encoding") == "gzip" and "Accept-Encoding" in answer.header("Vary")
    for user, code in ((None, "token_missing"), ("bad", "token_invalid")):
        assert_error(alike(server, path, user), code)


def test_a_slip_of_the_pen_is_mended_for_members_alone(server):
    answer = alike(server, "/spelled/helo.txt", "bob")
    assert answer.status == 301 and answer.header("Location").endswith("/jwt/spelled/Hello.txt")
    assert_error(alike(server, "/spelled/helo.txt", None), "token_missing")


def test_webdav_reads_for_members_and_writes_for_admins(server):
    lock = ('<?xml version="1.0"?><D:lockinfo xmlns:D="DAV:"><D:lockscope><D:exclusive/></D:lockscope><D:locktype><D:write/></D:locktype></D:lockinfo>')
    assert alike(server, "/dav/", "bob", method="PROPFIND", headers={"Depth": "1"}).status == 207
    for method, body, done in (("PUT", "second", 204), ("MKCOL", None, 405), ("LOCK", lock, 200), ("DELETE", None, 423)):
        assert_denied(alike(server, "/dav/x.txt", "bob", method=method, body=body))
        assert_error(alike(server, "/dav/x.txt", None, method=method, body=body), "token_missing")
        assert alike(server, "/dav/x.txt", "ann", method=method, body=body).status == done
    assert alike(server, "/dav/x.txt", "bob").text == "second"


def test_webdav_moves_nothing_to_where_the_user_may_not_write(server):
    def to(method, path, destination, user):
        return [ask(server, kind, path, user, method=method, host="localhost:%d" % server.port, headers={
            "Destination": "http://localhost:%d/%s%s" % (server.port, kind, destination)}).status for kind in BOTH]
    assert to("COPY", "/shared/x.txt", "/shared/admins/y.txt", "bob") == to("COPY", "/shared/admins/x.txt", "/shared/y.txt", "bob") == [403, 401]
    assert to("COPY", "/shared/x.txt", "/shared/y.txt", "bob") == to("MOVE", "/shared/x.txt", "/shared/admins/y.txt", "ann") == [201, 201]


def test_lua_knows_the_user_and_may_decide(server):
    assert ask(server, "jwt", "/lua/who.lua", "ann").text == "ann JWT ann admin"
    assert_error(alike(server, "/lua/who.lua", "bad"), "token_invalid")
    assert alike(server, "/rule/x.txt", "ann").text == "for ann"
    assert_denied(alike(server, "/rule/x.txt", "bob"))
    assert_error(alike(server, "/rule/x.txt", None), "token_missing")


def test_homes_of_mod_userdir_are_for_their_owners(server):
    for user, other in (("ann", "bob"), ("bob", "ann")):
        assert server.get("/~%s/x.txt" % user, token_of(user)).text == "home of " + user
        assert_denied(server.get("/~%s/x.txt" % user, token_of(other)))
        assert_error(server.get("/~%s/x.txt" % user), "token_missing")


def test_hosts_that_mod_vhost_alias_makes_up(server):
    for name in ("one", "two"):
        assert server.get("/x.txt", token_of(), host=name + ".any.test").text == "site " + name
        assert_error(server.get("/x.txt", host=name + ".any.test"), "token_missing")


def test_digest_and_guests_elsewhere_keep_to_themselves(server):
    for path, scheme in (("/digest", "Digest"), ("/guests", "Basic")):
        answer = server.get(path, token_of())
        assert answer.status == 401 and answer.challenge()[0] == scheme
    sent = base64.b64encode(b"guest:guest@example.com").decode()
    assert server.get("/guests", headers={"Authorization": "Basic " + sent}).status == 200
    curl = ["curl", "-s", "--digest", "-u", "ann:" + Known.passwords["ann"], "-w", "%{http_code}", "-o", "/dev/null"]
    for path, status in (("/digest", "200"), ("/protected", "401")):
        assert subprocess.run([*curl, "http://127.0.0.1:%d%s" % (server.port, path)], capture_output=True, text=True, check=True).stdout == status


def test_a_session_of_mod_session_says_nothing_about_the_user(server):
    jar = {**signed_in(server).jar, "theirs": "private-user=root&cart=3"}
    env = server.get("/cgi/session", cookies=jar).env()
    assert env["REMOTE_USER"] == "ann" and "cart=3" in env["HTTP_SESSION"]
    assert_error(server.get("/cgi/session", cookies={"theirs": jar["theirs"]}), "token_missing")
