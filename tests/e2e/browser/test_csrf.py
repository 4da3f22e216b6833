# SPDX-License-Identifier: Apache-2.0
"""Requests with cookies prove that this site made them; a form's body reaches the application whole."""
import hashlib
import random
import re
import socket
import time
from urllib.parse import quote, urlencode

import pytest
from authjwt_client import assert_error
from authjwt_env import USERS, Known, endpoint, location, protected
from authjwt_tokens import read
from authjwt_visitor import ACCESS, CSRF_ACCESS, CSRF_REFRESH, FETCH, NAVIGATION, REFRESH, WEB, Visitor, set_cookies, signed_in

MODES = ["auto", "token", "origin", "off"]
SUM_CGI = """#!/bin/sh
printf 'Content-Type: text/plain\\r\\n\\r\\n%s %s %s ' "$REMOTE_USER" "${CONTENT_LENGTH:-chunked}" "$REQUEST_METHOD"
exec sha256sum
"""
MOVED_CGI = "#!/bin/sh\ncat >/dev/null\nprintf 'Location: /cgi/after\\r\\n\\r\\n'\n"
CONFIG = WEB + (
    "ScriptAliasMatch ^/sum(/.*)?$ @dir@/cgi-bin/sum.sh\nScriptAliasMatch ^/moved$ @dir@/cgi-bin/moved.sh\n"
    + "".join(location("/%s/" % mode, "AuthJWTCookieCSRFProtect " + mode) for mode in MODES)
    + "".join("ScriptAliasMatch ^/%s/sum(/.*)?$ @dir@/cgi-bin/sum.sh\n" % mode for mode in MODES)
    + "".join(protected("/%s/sum" % mode) for mode in MODES) + protected("/sum") + protected("/moved")
    + "".join(endpoint("/%s/%s" % (mode, name), name, USERS) for mode in MODES for name in ("login", "refresh", "logout"))
    + endpoint("/plain/login", "login", "AuthJWTCookies off", USERS)
    + protected("/front", "AuthJWTCookieCSRFProtect token", "Require valid-user")
    + protected("/index", "AuthJWTCookieCSRFProtect token", "Require valid-user")
    + protected("/small", "AuthJWTCookieCSRFProtect token", "LimitRequestBody 100", "Require valid-user")
    + "ScriptAliasMatch ^/small$ @dir@/cgi-bin/sum.sh\n"
    + "<Directory @dir@/front>\nOptions +ExecCGI +FollowSymLinks\nAddHandler cgi-script .sh\nRewriteEngine on\n"
      "RewriteCond %{REQUEST_FILENAME} !-f\nRewriteRule ^ index.sh [L]\n</Directory>\nAlias /front @dir@/front\n"
    + "<Directory @dir@/index>\nOptions +ExecCGI\nAddHandler cgi-script .sh\nDirectoryIndex index.sh\n</Directory>\n"
      "Alias /index @dir@/index\n")
FORM = "application/x-www-form-urlencoded"
HERE, THERE = "http://localhost:%d", "http://evil.example"


@pytest.fixture(scope="module")
def visitor(server):
    for name in ("cgi-bin/sum.sh", "front/index.sh", "index/index.sh"):
        server.write(name, SUM_CGI, 0o755)
    server.write("cgi-bin/moved.sh", MOVED_CGI, 0o755)
    return signed_in(server)


def change(visitor, mode="auto", method="POST", path="/sum", **more):
    return visitor.send(method, "/" + mode + path, **more)


def assert_refused(answer, navigation=False):
    if navigation:
        assert answer.status == 403 and "text/html" in answer.header("Content-Type"), answer
    else:
        assert_error(answer, "csrf_failed")
    shown = re.sub(r'nonce="[^"]*"', "", answer.text)
    assert answer.header("WWW-Authenticate") is None and "ann" not in shown


def assert_summed(answer, body, user="ann", length=True):
    """The CGI program read the very bytes."""
    assert answer.status == 200, answer
    name, said, _, digest, _ = answer.text.split()
    assert name == user and digest == hashlib.sha256(body).hexdigest(), answer.text
    assert said == (str(len(body)) if length else "chunked"), answer.text


# -- who passes ----------------------------------------------------------------------------------------------------

# what the request says -> the modes in which it passes without a token
SAYS = {
    "same-origin": ({"Sec-Fetch-Site": "same-origin"}, "auto origin off"),
    "same-origin against another Origin": ({"Sec-Fetch-Site": "same-origin", "Origin": THERE}, "auto origin off"),
    "cross-site": ({"Sec-Fetch-Site": "cross-site"}, "off"),
    "same-site": ({"Sec-Fetch-Site": "same-site"}, "off"),
    "none": ({"Sec-Fetch-Site": "none"}, "auto origin off"),
    "an unknown word": ({"Sec-Fetch-Site": "Same-Origin-ish"}, "off"),
    "an empty word": ({"Sec-Fetch-Site": ""}, "off"),
    "cross-site with our Origin": ({"Sec-Fetch-Site": "cross-site", "Origin": HERE}, "off"),
    "our Origin": ({"Origin": HERE}, "auto origin off"),
    "our Origin by https": ({"Origin": HERE.replace("http", "https")}, "auto origin off"),
    "our Origin in capitals": ({"Origin": "HTTP://LOCALHOST:%d"}, "auto origin off"),
    "another Origin": ({"Origin": THERE}, "off"),
    "another kind of page": ({"Origin": "chrome-extension://localhost:%d"}, "off"),
    "another port": ({"Origin": "http://localhost:1"}, "off"),
    "no port": ({"Origin": "http://localhost"}, "off"),
    "a longer name": ({"Origin": "http://localhost:%d.evil.example"}, "off"),
    "a name before": ({"Origin": "http://evil.localhost:%d"}, "off"),
    "a user's name": ({"Origin": "http://localhost:%d@evil.example"}, "off"),
    "an Origin of null": ({"Origin": "null"}, "off"),
    "an empty Origin": ({"Origin": ""}, "off"),
    "no scheme": ({"Origin": "localhost:%d"}, "off"),
    "only a scheme": ({"Origin": "http://"}, "off"),
    "nothing": ({}, "off"),
    "only our Referer": ({"Referer": HERE + "/"}, "off"),
    "only X-Requested-With": ({"X-Requested-With": "XMLHttpRequest"}, "off"),
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", SAYS)
def test_where_a_request_comes_from_decides_as_the_mode_says(server, visitor, name, mode):
    headers, modes = SAYS[name]
    headers = {key: value.replace("%d", str(server.port)) for key, value in headers.items()}
    headers["Host"] = "localhost:%d" % server.port
    answer = change(visitor, mode, headers=headers, body="a=b", content_type=FORM)
    if mode in modes.split():
        assert_summed(answer, b"a=b")
    else:
        assert_refused(answer)


@pytest.mark.parametrize("origin, host, passes", [
    ("https://app.example", "app.example", True), ("https://app.example", "app.example:443", True),
    ("https://app.example:8443", "app.example:8443", True), ("https://app.example:443", "app.example", True),
    ("http://app.example", "app.example:80", True), ("http://[::1]:8080", "[::1]:8080", True), ("https://[::1]", "[::1]", True),
    ("https://app.example:8443", "app.example", False), ("https://app.example", "app.example:80", False),
    ("https://app.example", "internal", False), ("https://app.example.evil", "app.example", False)])
def test_behind_a_proxy_that_ends_tls_host_and_port_are_compared(visitor, origin, host, passes):
    for mode in ("auto", "origin"):
        answer = change(visitor, mode, headers={"Origin": origin, "Host": host, "X-Forwarded-Host": "app.example"})
        assert answer.status == (200 if passes else 403), (mode, answer)


TOKENS = {
    "the access token's": (lambda jar: jar[CSRF_ACCESS], True),
    "the refresh token's": (lambda jar: jar[CSRF_REFRESH], False),
    "an empty one": (lambda jar: "", False),
    "one cut short": (lambda jar: jar[CSRF_ACCESS][:-1], False),
    "one with more": (lambda jar: jar[CSRF_ACCESS] + "A", False),
    "one in capitals": (lambda jar: jar[CSRF_ACCESS].swapcase(), False),
    "somebody else's": (lambda jar: "A" * 22, False),
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", TOKENS)
@pytest.mark.parametrize("where", ["header", "field", "last of many fields", "coded field"])
def test_the_value_that_only_this_site_can_read_passes(visitor, name, mode, where):
    make, right = TOKENS[name]
    value = make(visitor.jar)
    body = {"header": "a=b", "field": "csrf_token=" + value, "last of many fields": "x=1&csrf_token2=x&&=&y&csrf_token=" + value,
            "coded field": "csrf_token=" + "".join("%%%02x" % ord(one) for one in value)}[where]
    answer = change(visitor, mode, headers={"X-CSRF-TOKEN": value} if where == "header" else {}, body=body, content_type=FORM)
    if mode == "off" or (right and mode != "origin"):
        assert_summed(answer, body.encode())
    else:
        assert_refused(answer)


def test_a_token_helps_a_request_from_another_site_in_auto_but_not_in_origin(visitor):
    headers = {"Sec-Fetch-Site": "same-site", "X-CSRF-TOKEN": visitor.jar[CSRF_ACCESS]}
    assert change(visitor, "auto", headers=headers).status == 200 and change(visitor, "token", headers=headers).status == 200
    assert_refused(change(visitor, "origin", headers=headers))


def test_a_cookie_of_an_attackers_choice_is_no_token(server, visitor):
    jar = {**visitor.jar, CSRF_ACCESS: "chosen-by-an-attacker"}
    for mode in ("auto", "token"):
        answer = server.post("/%s/sum" % mode, cookies=jar, headers={"X-CSRF-TOKEN": "chosen-by-an-attacker"})
        assert_refused(answer)


def test_a_token_in_json_or_in_the_query_is_none(visitor):
    value = visitor.jar[CSRF_ACCESS]
    assert_refused(change(visitor, "token", json={"csrf_token": value}))
    assert_refused(change(visitor, "token", path="/sum?csrf_token=" + value))
    assert_refused(change(visitor, "token", body="csrf_token=" + value, content_type="text/plain"))
    assert_refused(change(visitor, "token", body="csrf_token=" + value))
    assert change(visitor, "token", body="csrf_token=" + value, content_type=FORM + ";charset=utf-8").status == 200


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "GET", "HEAD", "OPTIONS", "PROPFIND", "MKCOL", "LOCK", "BREW"])
def test_methods_that_change_nothing_need_no_proof(server, visitor, method, mode):
    safe = method in ("GET", "HEAD", "OPTIONS", "PROPFIND")
    answer = change(visitor, mode, method, headers={"Sec-Fetch-Site": "cross-site"})
    if not safe and mode != "off":
        assert_refused(answer)
    else:
        assert answer.status != 403, answer
    if mode != "off":
        right = {"Sec-Fetch-Site": "same-origin", "X-CSRF-TOKEN": visitor.jar[CSRF_ACCESS]}
        assert change(visitor, mode, method, headers=right).status != 403


def test_a_method_in_a_header_does_not_make_a_request_safe(visitor):
    for name in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
        assert_refused(change(visitor, headers={name: "GET", "Sec-Fetch-Site": "cross-site"}))


@pytest.mark.parametrize("mode", MODES)
def test_a_token_in_the_header_needs_no_proof(server, mode):
    token = server.login()[0]
    headers = {"Sec-Fetch-Site": "cross-site", "Origin": THERE}
    assert server.post("/%s/sum" % mode, token, headers=headers).status == 200
    assert server.post("/%s/sum" % mode, token, headers=headers, cookies={ACCESS: token}).status == 200


def test_a_junk_header_does_not_make_a_cookie_pass_without_proof(server, visitor):
    for value in ("Bearer", "Bearer ", "Basic YTpi", "x"):
        assert_refused(change(visitor, headers={"Authorization": value, "Sec-Fetch-Site": "cross-site"}))


def test_a_bad_cookie_is_401_and_not_403(server):
    assert_error(server.post("/token/sum", cookies={ACCESS: "junk"}), "token_invalid")
    assert_error(server.post("/token/sum"), "token_missing")


def test_a_token_without_csrf_claim_passes_by_origin_only(server):
    token = server.login(path="/plain/login")[0]
    assert "csrf" not in read(token)
    jar = {ACCESS: token}
    assert server.post("/auto/sum", cookies=jar, headers={"Sec-Fetch-Site": "same-origin"}).status == 200
    assert_refused(server.post("/auto/sum", cookies=jar, headers={"X-CSRF-TOKEN": ""}))
    assert_refused(server.post("/token/sum", cookies=jar, headers={"X-CSRF-TOKEN": "null", "Sec-Fetch-Site": "same-origin"}))


def test_a_refused_navigation_gets_httpds_page_and_a_line_in_the_log(server, visitor):
    mark = server.mark()
    assert_refused(visitor.navigate("/auto/sum", "POST", site="cross-site"), navigation=True)
    server.assert_logged(mark, r"\[authjwt:info\].*AJ1751: CSRF check failed: the request does not come from this origin")


# -- endpoints -----------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ["refresh", "logout"])
def test_refresh_and_logout_by_cookie_need_proof(server, name, mode):
    visitor = signed_in(server)
    value = CSRF_REFRESH if name == "refresh" else CSRF_ACCESS
    path = "/%s/%s" % (mode, name)
    wrong = visitor.send("POST", path, headers={"Sec-Fetch-Site": "cross-site"})
    if mode != "off":
        assert_refused(wrong)
        assert set_cookies(wrong) == {}
        other = CSRF_ACCESS if name == "refresh" else CSRF_REFRESH
        assert_refused(visitor.send("POST", path, headers={"X-CSRF-TOKEN": visitor.jar[other], "Sec-Fetch-Site": "cross-site"}))
        right = {"X-CSRF-TOKEN": visitor.jar[value], "Sec-Fetch-Site": "same-origin"}
        assert visitor.send("POST", path, headers=right).status == 200
        if mode == "token":
            again = signed_in(server)
            assert again.send("POST", path, form={"csrf_token": again.jar[value]}).status == 200
    else:
        assert wrong.status == 200


def test_refresh_and_logout_by_header_need_none_and_refresh_by_body_no_foreign_origin(server):
    headers = {"Sec-Fetch-Site": "cross-site", "Origin": THERE}
    access, refresh = server.login()
    answer = server.post("/token/refresh", refresh, headers=headers)
    assert answer.status == 200
    # What a form of another site can send does not sign a browser in: the answer would set a stranger's cookies.
    body = {"refresh_token": set_cookies(answer)[REFRESH].value}
    assert_error(server.post("/token/refresh", json=body, headers=headers), "csrf_failed")
    assert server.post("/token/refresh", json=body).status == 200
    assert server.post("/token/logout", access, headers=headers).status == 200


LOGINS = {"our page": ({"Sec-Fetch-Site": "same-origin", "Origin": HERE}, True), "curl": ({}, True),
          "our page in an old browser": ({"Origin": HERE}, True), "another site": ({"Sec-Fetch-Site": "cross-site", "Origin": THERE}, False),
          "a sister site": ({"Sec-Fetch-Site": "same-site", "Origin": "http://sister.localhost"}, False),
          "another site in an old browser": ({"Origin": THERE}, False), "a sandboxed frame": ({"Origin": "null"}, False)}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", LOGINS)
def test_no_other_site_can_sign_a_browser_in(server, name, mode):
    headers, passes = LOGINS[name]
    headers = {**{key: value.replace("%d", str(server.port)) for key, value in headers.items()}, "Host": "localhost:%d" % server.port}
    form = {"username": "bob", "password": Known.passwords["bob"]}
    for kind in (NAVIGATION, FETCH):
        answer = Visitor(server).send("POST", "/%s/login" % mode, kind, site=None, headers=headers, form=form)
        if passes or mode == "off":
            assert answer.status in (200, 303) and set_cookies(answer)
        else:
            assert_refused(answer, kind is NAVIGATION)
            assert set_cookies(answer) == {}


def test_a_login_that_sets_no_cookies_may_come_from_anywhere(server):
    assert server.try_login(path="/plain/login", headers={"Sec-Fetch-Site": "cross-site", "Origin": THERE}).status == 200


# -- the body that was looked into ---------------------------------------------------------------------------------

def body_of(visitor, size, where="first"):
    """A form of this size with the right value, first or last."""
    field = "csrf_token=" + visitor.jar[CSRF_ACCESS]
    noise = random.Random(size).randbytes(size)
    filler = "".join("%" + "%02x" % one if one < 128 else chr(33 + one % 4) for one in noise)[:max(0, size - len(field) - 3)]
    return ("%s&a=%s" % (field, filler) if where == "first" else "a=%s&%s" % (filler, field)).encode()


def chunked(body, pieces):
    """The body in chunks of these sizes in turn."""
    out, number = [], 0
    while body:
        piece, body = body[:pieces[number % len(pieces)]], body[pieces[number % len(pieces)]:]
        out.append(b"%x\r\n%s\r\n" % (len(piece), piece))
        number += 1
    return b"".join(out) + b"0\r\n\r\n"


def send_chunked(server, visitor, path, body, pieces):
    head = ("POST %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\nContent-Type: %s\r\n"
            "Cookie: %s=%s\r\n\r\n" % (path, FORM, ACCESS, visitor.jar[ACCESS])).encode()
    return server.raw(head + chunked(body, pieces))


SIZES = [60, 8191, 8192, 8193, 65535, 65536, 65537, 73728, 73729, 200_000, 1_000_000]


@pytest.mark.parametrize("size", SIZES)
def test_a_form_reaches_the_program_byte_for_byte(server, visitor, size):
    body = body_of(visitor, size)
    assert_summed(change(visitor, "token", body=body, content_type=FORM), body)
    assert_summed(send_chunked(server, visitor, "/token/sum", body, [1000, 1, 30000]), body, length=False)


def test_a_value_after_the_first_64_kilobytes_is_not_looked_for(visitor):
    assert_summed(change(visitor, "token", body=body_of(visitor, 60000, "last"), content_type=FORM), body_of(visitor, 60000, "last"))
    assert_refused(change(visitor, "token", body=body_of(visitor, 100_000, "last"), content_type=FORM))
    body = body_of(visitor, 100_000, "last")
    headers = {"X-CSRF-TOKEN": visitor.jar[CSRF_ACCESS]}
    assert_summed(change(visitor, "token", body=body, content_type=FORM, headers=headers), body)


@pytest.mark.parametrize("body", [b"", b"&", b"=", b"a", b"csrf_token", b"csrf_token=", b"csrf_token=%", b"csrf_token=%zz", b"csrf_token=%00",
                                  b"\0csrf_token=x", b"a" * 70000, b"&" * 70000, b"csrf_token=&csrf_token="])
def test_a_form_without_the_value_is_refused_whatever_it_holds(server, visitor, body):
    assert_refused(change(visitor, "token", body=body, content_type=FORM))
    assert_refused(send_chunked(server, visitor, "/token/sum", body, [500]))
    good = body + b"&csrf_token2=x"
    assert_summed(change(visitor, "auto", body=good, content_type=FORM, headers={"Sec-Fetch-Site": "same-origin"}), good)


@pytest.mark.parametrize("path", ["/front/any/address?x=y", "/index/", "/front/index.sh"])
@pytest.mark.parametrize("size", [60, 5000, 65536, 150_000])
def test_the_body_survives_rewriting_and_directory_index(server, visitor, path, size):
    body = body_of(visitor, size)
    assert_summed(visitor.send("POST", path, body=body, content_type=FORM), body)
    assert_summed(send_chunked(server, visitor, path, body, [777, 8192]), body, length=False)
    assert_refused(visitor.send("POST", path, body=b"a=b&c=" + b"d" * size, content_type=FORM))
    assert_summed(visitor.send("POST", path, body=b"a=b", content_type="text/plain", headers={"X-CSRF-TOKEN": visitor.jar[CSRF_ACCESS]}), b"a=b")


def test_a_connection_goes_on_after_a_body_that_nobody_read(server, visitor):
    """Static files do not read bodies: what is left of one must not become the next request."""
    one = ("POST /protected HTTP/1.1\r\nHost: localhost\r\nContent-Type: %s\r\nContent-Length: %d\r\nCookie: %s=%s\r\n\r\n")
    for size in (60, 100_000):
        body = body_of(visitor, size)
        head = (one % (FORM, len(body), ACCESS, visitor.jar[ACCESS])).encode()
        last = b"GET /userinfo HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nCookie: %s=%s\r\n\r\n" % (
            ACCESS.encode(), visitor.jar[ACCESS].encode())
        answers = server_bytes(server, head + body + last)
        assert answers.count(b"HTTP/1.1 ") == 2 and b'"sub":"ann"' in answers.replace(b" ", b""), answers[-500:]


def server_bytes(server, data):
    """All that the server sends until it closes the connection."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as sock:
        sock.sendall(data)
        received = b""
        while True:
            piece = sock.recv(65536)
            if not piece:
                return received
            received += piece


def test_a_program_that_sends_elsewhere_gets_no_second_body(visitor):
    body = body_of(visitor, 5000)
    answer = visitor.send("POST", "/moved", body=body, content_type=FORM, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status == 200 and answer.env()["REQUEST_METHOD"] == "GET" and answer.env()["REMOTE_USER"] == "ann"


def test_limits_of_the_body_hold_for_what_is_looked_into(visitor):
    small = body_of(visitor, 80)
    assert_summed(visitor.send("POST", "/small", body=small, content_type=FORM), small)
    assert visitor.send("POST", "/small", body=body_of(visitor, 5000), content_type=FORM).status == 413


def test_a_body_that_ends_too_soon_is_refused(server, visitor):
    head = ("POST /token/sum HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\nContent-Type: %s\r\n"
            "Cookie: %s=%s\r\n\r\nZZ\r\n" % (FORM, ACCESS, visitor.jar[ACCESS])).encode()
    assert server.raw(head).status == 400


def test_a_form_that_is_trickling_in_is_waited_for(server, visitor):
    body = body_of(visitor, 300)
    head = ("POST /token/sum HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %d\r\nContent-Type: %s\r\n"
            "Cookie: %s=%s\r\n\r\n" % (len(body), FORM, ACCESS, visitor.jar[ACCESS])).encode()
    pieces = [head, *(body[start:start + 60] for start in range(0, len(body), 60))]
    assert_summed(server.raw(pieces, pause=lambda: time.sleep(0.02)), body)


def test_values_look_the_same_coded_or_not(visitor):
    body = urlencode({"csrf_token": visitor.jar[CSRF_ACCESS], "text": "ü & ='\"+%\r\n"}).encode()
    assert_summed(change(visitor, "token", body=body, content_type=FORM), body)
    assert quote(visitor.jar[CSRF_ACCESS]) == visitor.jar[CSRF_ACCESS] and REFRESH in visitor.jar
