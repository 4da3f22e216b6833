# SPDX-License-Identifier: Apache-2.0
"""AuthJWTCookieAutoRefresh: tokens are renewed during the request, and the application does not notice."""
import concurrent.futures
import hashlib
import os
import pathlib
import threading
import time

import pytest
from authjwt_client import PROBLEMS, assert_denied, assert_error
from authjwt_env import GRANTS, USERS, Known, endpoint, hash_password, location, protected
from authjwt_tokens import read, sign, tamper
from authjwt_visitor import (ACCESS, ALL_FOUR, CSRF_ACCESS, CSRF_REFRESH, NAVIGATION, REFRESH, WEB, Cookie, Visitor, set_cookies,
                             signed_in)

PROBLEMS.setdefault("csrf_failed", (403, "CSRF check failed", "The request does not prove that it comes from this site"))
VALID, AUTO = "Require valid-user", "AuthJWTCookieAutoRefresh /refresh"
SUM_CGI = "#!/bin/sh\nprintf 'Content-Type: text/plain\\r\\n\\r\\n%s ' \"$REMOTE_USER\"\nexec sha256sum\n"
STATUS_CGI = ("#!/bin/sh\nprintf 'Status: %s\\r\\nContent-Type: text/plain\\r\\nCache-Control: public, max-age=9\\r\\n"
              "Set-Cookie: app=1\\r\\n\\r\\nx' ${QUERY_STRING:-200}\n")
WRONG_PATHS = {"absent": "/no/such/place", "a file": "/ok.txt", "protected": "/app", "login": "/login", "itself": "/wrong-itself",
               "no cookies": "/refresh-no-cookies", "denied": "/denied", "sends on": "/sends-on", "query": "/ok.txt?/refresh"}
CONFIG = WEB + (
    "ScriptAliasMatch ^/(app|role|sum|token-sum|origin-sum|plain|off|cached|always|stays|wrong-.*|unrotated|choosy)$ @dir@/cgi-bin/app.sh\n"
    "ScriptAliasMatch ^/app/sum$ @dir@/cgi-bin/sum.sh\nScriptAliasMatch ^/app/status$ @dir@/cgi-bin/status.sh\n"
    "ScriptAliasMatch ^/app/token/sum$ @dir@/cgi-bin/sum.sh\nScriptAliasMatch ^/app/origin/sum$ @dir@/cgi-bin/sum.sh\n"
    + protected("/app", AUTO, "AuthJWTLoginURL /login", VALID) + protected("/plain", VALID)
    + location("/login", AUTO) + location("/app/off", "AuthJWTCookieAutoRefresh off")
    + location("/app/token", "AuthJWTCookieCSRFProtect token") + location("/app/origin", "AuthJWTCookieCSRFProtect origin")
    + location("/app/forbidden", "Require jwt-role nobody")
    + location("/app/cached", 'Header set Cache-Control "public, max-age=600"')
    + location("/app/always", 'Header always set Cache-Control "public, max-age=600"')
    + location("/app/document", "ErrorDocument 404 /sorry.txt")
    + protected("/role", "AuthJWTCookieAutoRefresh /refresh-auditor", "Require jwt-role auditor")
    + endpoint("/refresh-auditor", "refresh", USERS, "AuthJWTGrantRole auditor user ann", "AuthJWTGrantRole staff group staff")
    + protected("/unrotated", "AuthJWTCookieAutoRefresh /refresh-unrotated", VALID)
    + endpoint("/refresh-unrotated", "refresh", USERS, "AuthJWTRefreshRotation off")
    + protected("/choosy", "AuthJWTCookieAutoRefresh /refresh-choosy", VALID)
    + endpoint("/refresh-choosy", "refresh", USERS, "AuthJWTLoginRequire user bob")
    + endpoint("/refresh-no-cookies", "refresh", USERS, "AuthJWTCookies off")
    + location("/denied", "Require all denied") + "Redirect /sends-on /refresh\n"
    + "".join(protected("/wrong-" + name.replace(" ", "-"), "AuthJWTCookieAutoRefresh " + path, "AuthJWTLoginURL /login", VALID)
              for name, path in WRONG_PATHS.items())
    + "<Directory @dir@/front>\nOptions +ExecCGI +FollowSymLinks\nAddHandler cgi-script .sh\nRewriteEngine on\n"
      "RewriteRule ^to-token$ /app/token/sum [L]\nRewriteCond %{REQUEST_FILENAME} !-f\nRewriteRule ^ index.sh [L]\n</Directory>\n"
      "Alias /app/front @dir@/front\n"
      "<Directory @dir@/ssi>\nOptions +Includes\nAddOutputFilter INCLUDES .html\n</Directory>\nAlias /app/ssi @dir@/ssi\n"
      "RewriteEngine on\nRewriteRule ^/app/rewritten$ /app/front/index.sh [PT]\n"
    + location("/app/ssi/part.html", "AuthJWTIdentityClaim sub", VALID)
    + location("/logged", AUTO) + 'CustomLog by-claim.log "%U" "expr=%{jwt:sub} == \'ann\'"\nCustomLog all.log "%U"\n')
OPTIONS = {"modules": ("proxy", "proxy_http")}
FILES = {"htdocs/app/page.txt": "a page\n", "htdocs/app/cached": "x\n", "htdocs/app/always": "x\n", "htdocs/sorry.txt": "sorry\n",
         "htdocs/app/forbidden": "x\n", "htdocs/app/off": "x\n",
         "ssi/index.html": '<!--#include virtual="part.html" --> by <!--#echo var="REMOTE_USER" -->\n', "ssi/part.html": "the part\n"}
AGO = 1000
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module", autouse=True)
def programs(server):
    for name, text in (("app", None), ("sum", SUM_CGI), ("status", STATUS_CGI)):
        server.write("cgi-bin/%s.sh" % name, text or pathlib.Path(server.path("cgi-bin/env.sh")).read_text(), 0o755)
    server.write("front/index.sh", SUM_CGI, 0o755)
    server.take_log()                        # the warnings at start about the wrong paths


def expire(visitor):
    """The access cookie as it will be some day: genuine, and expired."""
    old = read(visitor.jar[ACCESS])
    visitor.jar[ACCESS] = sign({**old, **{name: old[name] - AGO * 10 for name in ("exp", "iat", "nbf")}}, Known.secret)
    return visitor


def lose(visitor):
    """A browser drops a cookie when its Max-Age is over."""
    del visitor.jar[ACCESS], visitor.jar[CSRF_ACCESS]
    return visitor


def make_spent(server, how="expired", user="ann"):
    return (expire if how == "expired" else lose)(signed_in(server, user))


def assert_renewed(answer, status=200):
    assert answer.status == status, answer
    cookies = {one.name: one for one in map(Cookie, answer.headers.get_all("Set-Cookie") or [])}
    assert set(cookies) - {"app"} == ALL_FOUR and len(answer.headers.get_all("Set-Cookie")) == len(cookies), answer.headers.as_string()
    assert cookies[ACCESS].attributes == {"path": "/", "secure": True, "httponly": True, "samesite": "Lax"}
    assert answer.headers.get_all("Cache-Control") == ["no-store"], answer.headers.as_string()


# -- renewed -------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("how", ["expired", "absent"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_the_program_sees_the_user_and_the_browser_gets_new_cookies(server, how, method):
    visitor = make_spent(server, how)
    before = dict(visitor.jar)
    answer = visitor.navigate("/app", method)
    assert_renewed(answer)
    if method != "HEAD":
        assert answer.env()["REMOTE_USER"] == "ann" and answer.env()["JWT_CLAIM_TYPE"] == "access"
        assert answer.env()["JWT_CLAIM_JTI"] == read(visitor.jar[ACCESS])["jti"] and answer.env()["JWT_CLAIM_FRESH"] == "false"
    assert read(visitor.jar[ACCESS])["sid"] == read(before[REFRESH])["sid"] and visitor.jar[REFRESH] != before[REFRESH]
    again = visitor.navigate("/app")
    assert again.status == 200 and set_cookies(again) == {}
    assert visitor.navigate("/plain").status == 200


def test_a_log_that_asks_for_a_claim_comes_too_late_to_renew(server, mark):
    visitor = signed_in(server)
    for name in ("good", "spent", "last"):
        if name == "spent":
            expire(visitor)
        assert set_cookies(visitor.navigate("/logged/%s.txt" % name)) == {}
    server._wait("all lines", lambda: server._read("all.log").count("/logged/") == 3)
    assert server._read("by-claim.log").count("/logged/") == 1 and "AJ1762" not in server.log_since(mark)


def test_without_the_directive_nothing_is_renewed(server):
    for path in ("/plain", "/app/off"):
        answer = make_spent(server).fetch(path)
        assert_error(answer, "token_expired")
        assert set_cookies(answer) == {}
        assert_error(make_spent(server, "absent").fetch(path), "token_missing")


def test_roles_are_looked_up_under_the_refresh_locations_configuration(server):
    visitor = signed_in(server)
    assert read(visitor.jar[ACCESS])["role"] == ["admin", "staff"]
    assert_denied(visitor.fetch("/role"))
    answer = expire(visitor).fetch("/role")
    assert_renewed(answer)
    assert answer.env()["JWT_CLAIM_ROLE"] == "auditor,staff" and read(visitor.jar[REFRESH])["role"] == ["auditor", "staff"]
    answer = make_spent(server, user="bob").fetch("/role")
    assert answer.status == 403
    assert_renewed(answer, 403)


def test_a_fetch_and_a_picture_are_renewed_like_a_navigation(server):
    assert_renewed(make_spent(server).fetch("/app"))
    picture = {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image", "Sec-Fetch-Site": "same-origin", "Accept": "image/*"}
    assert_renewed(make_spent(server).send("GET", "/app", headers=picture))


def test_with_rotation_off_only_the_access_cookies_are_new(server):
    visitor = make_spent(server)
    kept = visitor.jar[REFRESH]
    answer = visitor.navigate("/unrotated")
    assert answer.status == 200 and set(set_cookies(answer)) == {ACCESS, CSRF_ACCESS} and visitor.jar[REFRESH] == kept
    assert answer.header("Cache-Control") == "no-store"


@pytest.mark.parametrize("how", ["expired", "absent"])
def test_a_person_whose_token_has_expired_is_sent_on_from_the_login_page_too(server, how):
    visitor = make_spent(server, how)
    answer = visitor.navigate("/login?next=/app")
    assert_renewed(answer, 303)
    assert answer.header("Location") == "/app" and answer.header("WWW-Authenticate") is None
    assert set_cookies(visitor.navigate("/app")) == {}
    gone = make_spent(server, how)
    kept = dict(gone.jar)
    gone.submit("/logout")
    gone.jar = kept
    answer = gone.navigate("/login?next=/app")
    assert answer.status == 200 and "Sign in" in answer.text and set_cookies(answer) == {}
    answer = Visitor(server).navigate("/login?next=/app")
    assert answer.status == 200 and "WWW-Authenticate" not in answer.headers


def test_junk_beside_an_expired_cookie_does_not_keep_it_from_being_renewed(server):
    visitor = make_spent(server)
    for values in (["junk", visitor.jar[ACCESS]], [visitor.jar[ACCESS], "junk"]):
        header = "; ".join(["%s=%s" % (ACCESS, one) for one in values] + ["%s=%s" % (REFRESH, visitor.jar[REFRESH])])
        assert_renewed(server.get("/app", headers={"Cookie": header}))


@pytest.mark.parametrize("spoil", ["junk", "tampered", "a refresh token"])
def test_what_is_no_expired_access_token_is_not_renewed(server, spoil):
    visitor = signed_in(server)
    visitor.jar[ACCESS] = {"junk": "junk", "tampered": tamper(visitor.jar[ACCESS]), "a refresh token": visitor.jar[REFRESH]}[spoil]
    answer = visitor.fetch("/app")
    assert_error(answer, "wrong_token_type" if spoil == "a refresh token" else "token_invalid")
    assert set_cookies(answer) == {}


def test_a_token_in_the_header_is_not_renewed_by_a_cookie(server):
    visitor = make_spent(server)
    answer = server.get("/app", visitor.jar[ACCESS], cookies={REFRESH: visitor.jar[REFRESH]})
    assert_error(answer, "token_expired")
    assert set_cookies(answer) == {}
    assert server.get("/app", server.login("bob")[0], cookies=visitor.jar).env()["REMOTE_USER"] == "bob"


# -- every kind of answer --------------------------------------------------------------------------------------------

@pytest.mark.parametrize("path, status", [
    ("/app/page.txt", 200), ("/app/no-such-page", 404), ("/app/forbidden", 403), ("/app/status?404", 404), ("/app/status?500", 500),
    ("/app/status?302", 302), ("/app/status", 200), ("/app/cached", 200), ("/app/always", 200), ("/app/always/x", 404),
    ("/app/document/x", 404)])
def test_the_new_cookies_are_on_every_answer_and_no_cache_keeps_it(server, expect_log, path, status):
    expect_log.may("AH00128|AH00126")
    visitor = make_spent(server)
    assert_renewed(visitor.navigate(path), status)
    control = visitor.navigate(path)
    assert control.status == status and set(set_cookies(control)) <= {"app"}
    if status == 200:
        assert control.header("Cache-Control") == ("private" if path == "/app/page.txt" else "public, max-age=600" if path in (
            "/app/cached", "/app/always") else "public, max-age=9")


def test_they_are_on_304_too(server):
    visitor = signed_in(server)
    tag = visitor.navigate("/app/page.txt").header("ETag")
    assert tag
    answer = expire(visitor).navigate("/app/page.txt", headers={"If-None-Match": tag})
    assert_renewed(answer, 304)
    assert set_cookies(visitor.navigate("/app/page.txt", headers={"If-None-Match": tag})) == {}


@pytest.mark.parametrize("path", ["/app/front/any/thing", "/app/front/index.sh", "/app/ssi/index.html", "/app/rewritten"])
def test_rewriting_and_included_pages_see_the_same_user_and_renew_once(server, path):
    answer = make_spent(server).navigate(path)
    assert_renewed(answer)
    assert "ann" in answer.text and "error" not in answer.text
    if path.endswith(".html"):
        assert answer.text == "the part\n by ann\n"


def test_a_proxied_answer_has_the_cookies_and_no_store(server, new_server):
    backend = new_server('Header set Cache-Control "public, max-age=60"\nHeader add Set-Cookie "app=1; Path=/"\n').start()
    front = new_server(WEB + protected("/", AUTO, VALID) + "ProxyPass /refresh !\nProxyPass /login !\nProxyPass / http://127.0.0.1:%d/\n"
                       % backend.port, modules=("proxy", "proxy_http")).start()
    visitor = signed_in(front)
    control = visitor.navigate("/ok.txt")
    assert control.status == 200 and control.header("Cache-Control") == "public, max-age=60" and set(set_cookies(control)) == {"app"}
    answer = expire(visitor).navigate("/ok.txt")
    assert_renewed(answer)
    assert answer.text == "let in\n"
    assert_renewed(expire(visitor).navigate("/absent"), 404)


def test_requests_at_the_same_moment_all_succeed_and_agree(server):
    for count, how in ((3, "expired"), (3, "absent"), (12, "expired")):
        visitor = make_spent(server, how)
        gate, headers = threading.Barrier(count), {"Cookie": "; ".join("%s=%s" % pair for pair in visitor.jar.items())}

        def begin(_, gate=gate, headers=headers):
            gate.wait()
            return server.get("/app", headers={**NAVIGATION, **headers})

        with concurrent.futures.ThreadPoolExecutor(count) as pool:
            answers = list(pool.map(begin, range(count)))
        for answer in answers:
            assert_renewed(answer)
        assert len({set_cookies(one)[REFRESH].value for one in answers}) == 1
        for answer in answers:
            assert server.get("/app", cookies={ACCESS: set_cookies(answer)[ACCESS].value}).status == 200


# -- data that are sent ----------------------------------------------------------------------------------------------

def assert_summed(answer, body):
    assert_renewed(answer)
    user, digest, _ = answer.text.split()
    assert user == "ann" and digest == hashlib.sha256(body).hexdigest()


@pytest.mark.parametrize("how", ["expired", "absent"])
@pytest.mark.parametrize("path, site, csrf, passes", [
    ("/app/sum", "same-origin", None, True), ("/app/sum", None, None, False), ("/app/sum", "cross-site", None, False),
    ("/app/sum", None, CSRF_REFRESH, True), ("/app/sum", "cross-site", CSRF_REFRESH, True), ("/app/sum", None, CSRF_ACCESS, False),
    ("/app/token/sum", "same-origin", None, False), ("/app/token/sum", None, CSRF_REFRESH, True),
    ("/app/token/sum", "same-origin", CSRF_ACCESS, False),
    ("/app/origin/sum", "same-origin", None, True), ("/app/origin/sum", None, CSRF_REFRESH, False)])
@pytest.mark.parametrize("field", [False, True], ids=["header", "field"])
def test_a_post_is_renewed_with_the_proof_of_the_refresh_token(server, how, path, site, csrf, passes, field):
    visitor = signed_in(server)
    value = visitor.jar[csrf] if csrf else "none"
    (expire if how == "expired" else lose)(visitor)
    kept = dict(visitor.jar)
    headers = {"Sec-Fetch-Site": site} if site else {}
    body = b"a=b&c=%0d%0a" + (b"&csrf_token=" + value.encode() if field else b"")
    if not field and csrf:
        headers["X-CSRF-TOKEN"] = value
    answer = visitor.send("POST", path, headers=headers, body=body, content_type=FORM)
    if passes:
        assert_summed(answer, body)
    else:
        assert_error(answer, "csrf_failed")
        assert set_cookies(answer) == {} and answer.header("WWW-Authenticate") is None
        assert visitor.jar == kept and visitor.navigate("/app").status == 200      # nothing was used up


@pytest.mark.parametrize("spend", [expire, lose, lambda visitor: visitor], ids=["expired", "absent", "living"])
def test_a_redirect_into_a_stricter_place_needs_the_stricter_proof(server, spend):
    visitor = signed_in(server)
    living = ACCESS in spend(visitor).jar and spend not in (expire, lose)
    answer = visitor.send("POST", "/app/front/to-token", headers={"Sec-Fetch-Site": "same-origin"}, body=b"a=b", content_type=FORM)
    assert_error(answer, "csrf_failed")
    visitor = spend(signed_in(server))
    value = visitor.jar[CSRF_ACCESS if living else CSRF_REFRESH]
    body = b"csrf_token=" + value.encode()
    answer = visitor.send("POST", "/app/front/to-token", headers={"Sec-Fetch-Site": "same-origin"}, body=body, content_type=FORM)
    assert answer.status == 200 and answer.text.startswith("ann " + hashlib.sha256(body).hexdigest())


def test_a_long_form_that_was_looked_into_is_whole_after_a_renewal(server):
    for size in (70000, 300000):
        visitor = make_spent(server)
        body = b"csrf_token=%s&a=%s" % (visitor.jar[CSRF_REFRESH].encode(), b"x" * size)
        assert_summed(visitor.send("POST", "/app/token/sum", body=body, content_type=FORM), body)
        visitor = make_spent(server)
        body = b"csrf_token=%s&a=%s" % (visitor.jar[CSRF_REFRESH].encode(), b"x" * size)
        assert_summed(visitor.send("POST", "/app/front/x", body=body, content_type=FORM), body)


# -- never ---------------------------------------------------------------------------------------------------------

def assert_not_renewed(server, jar, code, path="/app"):
    answer = server.get(path, cookies=jar)
    assert_error(answer, code)
    assert set_cookies(answer) == {}
    navigation = server.get(path, cookies=jar, headers=NAVIGATION)
    assert navigation.status == 302 and navigation.header("Location").startswith("/login?next=") and set_cookies(navigation) == {}


@pytest.mark.parametrize("how", ["expired", "absent"])
def test_after_logout_nothing_comes_back(server, how):
    visitor = signed_in(server)
    kept = dict(visitor.jar)
    visitor.submit("/logout")
    visitor.jar = kept
    (expire if how == "expired" else lose)(visitor)
    assert_not_renewed(server, visitor.jar, "token_expired" if how == "expired" else "token_missing")
    living = make_spent(server, how)
    assert_renewed(living.navigate("/app"))


def test_a_logout_among_parallel_requests_stays(server):
    for _ in range(5):
        visitor = make_spent(server)
        cookie = {"Cookie": "; ".join("%s=%s" % pair for pair in visitor.jar.items())}
        with concurrent.futures.ThreadPoolExecutor(7) as pool:
            pages = [pool.submit(server.get, "/app", headers=cookie) for _ in range(6)]
            gone = pool.submit(server.post, "/logout", headers={**cookie, "Sec-Fetch-Site": "same-origin"}).result()
            jars = [{name: one.value for name, one in set_cookies(page.result()).items()} for page in pages]
        assert gone.status == 200
        for jar in [visitor.jar, *jars]:
            assert server.get("/app", cookies=jar).status == 401
            assert server.get("/app", cookies={REFRESH: jar.get(REFRESH, "x")}).status == 401


@pytest.mark.parametrize("spoil", ["junk", "tampered", "expired", "an access token", "other key", "empty"])
def test_a_refresh_cookie_that_is_no_good_leads_to_the_login_page(server, spoil):
    visitor = signed_in(server)
    access, refresh = visitor.jar[ACCESS], visitor.jar[REFRESH]
    old = {**read(refresh), "exp": int(time.time()) - AGO}
    bad = {"junk": "junk", "tampered": tamper(refresh), "expired": sign(old, Known.secret), "an access token": access,
           "other key": sign(read(refresh), "k" * 32), "empty": ""}[spoil]
    expire(visitor)
    assert_not_renewed(server, {**visitor.jar, REFRESH: bad}, "token_expired")
    assert_not_renewed(server, {REFRESH: bad}, "token_missing")
    assert_renewed(server.get("/app", cookies=visitor.jar))


def test_who_may_no_longer_refresh_is_not_renewed(server):
    answer = make_spent(server).fetch("/choosy")
    assert_error(answer, "token_expired")
    assert set_cookies(answer) == {}
    assert_renewed(make_spent(server, user="bob").fetch("/choosy"))


def test_a_user_who_was_deleted_is_not_renewed(new_server, expect_log):
    expect_log.may("AH01620|AH01618")
    server = new_server(WEB + protected("/app", "AuthJWTCookieAutoRefresh /strict", VALID)
                        + endpoint("/strict", "refresh", "AuthJWTProvider file", USERS))
    server.write("htdocs/app", "in\n")
    server.start()
    visitors = [make_spent(server, user=name) for name in ("ann", "bob")]
    server.write("users", hash_password("bob", Known.passwords["bob"]))
    assert_error(visitors[0].fetch("/app"), "token_expired")
    assert_renewed(visitors[1].fetch("/app"))
    expect_log("AJ1206: ")
    os.unlink(server.path("users"))
    answer = expire(visitors[1]).fetch("/app")
    assert_error(answer, "backend_unavailable")
    assert set_cookies(answer) == {}


@pytest.mark.parametrize("name", WRONG_PATHS)
def test_a_path_that_is_no_refresh_location_is_said_in_the_log_and_the_answer_is_401(server, expect_log, name):
    expect_log(r"\[authjwt:error\].*AJ1761: AuthJWTCookieAutoRefresh: %s is no jwt-refresh location of this host"
               % WRONG_PATHS[name].split("?")[0])
    expect_log.may("AH00128|AH00126|AH00127")
    path = "/wrong-" + name.replace(" ", "-")
    visitor = make_spent(server)
    assert_not_renewed(server, visitor.jar, "token_expired", path)
    assert_renewed(visitor.navigate("/app"))
    assert visitor.navigate(path).status == 200


def test_a_store_that_cannot_answer_is_503_and_uses_nothing_up(new_server, on_failing_store, expect_log):
    expect_log(r"\[authjwt:error\].*AJ\d{4}: ")
    server = new_server(on_failing_store(WEB + protected("/app", AUTO, "AuthJWTLoginURL /login", VALID)))
    server.write("htdocs/app", "in\n")
    server.start()
    visitor = make_spent(server)
    for what in ("", "store"):
        server.write("broken", what)
        answer = visitor.fetch("/app")
        assert_error(answer, "store_unavailable")
        assert set_cookies(answer) == {} and answer.header("WWW-Authenticate") is None
        assert visitor.navigate("/app").status == 503
        os.unlink(server.path("broken"))
    assert_renewed(visitor.navigate("/app"))
    assert GRANTS.strip() in server.config
