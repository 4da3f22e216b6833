# SPDX-License-Identifier: Apache-2.0
"""A real PHP-FPM behind mod_proxy_fcgi: scripts know the user and nothing that the client made up, and get whole bodies."""
import hashlib

import pytest
from authjwt_client import PROBLEMS, assert_error
from authjwt_env import Known, protected, running
from authjwt_php_fpm import PAGE, PhpFpm, seen
from authjwt_tokens import claims, read, sign, tamper
from authjwt_visitor import ACCESS, CSRF_ACCESS, WEB, Visitor, signed_in

PROBLEMS.setdefault("csrf_failed", (403, "CSRF check failed", None))
CONFIG = WEB + (
    '<FilesMatch "\\.php$">\n    SetHandler @php@\n</FilesMatch>\n'
    # PHP reads what CONTENT_LENGTH says; this makes mod_proxy_fcgi count a chunked body first.
    + "DirectoryIndex index.html index.php\nSetEnv proxy-sendcl 1\n"
    + protected("/app") + protected("/admin", "Require jwt-role admin")
    + protected("/strict", "AuthJWTCookieCSRFProtect token", "Require valid-user")
    + protected("/passing", "CGIPassAuth on", "Require valid-user")
    + "ProxyPassMatch ^/matched/(.*\\.php)$ @fcgi@@dir@/htdocs/app/$1\n" + protected("/matched")
    + "<Directory @dir@/htdocs/shop>\n    AllowOverride All\n</Directory>\n" + protected("/shop")
    + "ProxyPass /down/ fcgi://127.0.0.1:1/\n" + protected("/down"))
FRONT = "RewriteEngine On\nRewriteCond %{REQUEST_FILENAME} !-f\nRewriteRule . /shop/index.php [L]\n"
ANSWERS = """<?php
header('Content-Type: text/plain');
header('WWW-Authenticate: Custom realm="php"');
header('Cache-Control: max-age=5');
http_response_code((int)$_GET["status"]);
echo "PHP says ", $_GET['status'];
"""
SESSION = "<?php session_start(); $_SESSION['n'] = ($_SESSION['n'] ?? 0) + 1; echo $_SERVER['REMOTE_USER'], ' ', $_SESSION['n'];"
UPLOAD = "<?php $f = $_FILES['file']; echo $f['name'], ' ', hash_file('sha256', $f['tmp_name']), ' ', $_POST['note'];"
FILES = {"htdocs/%s/page.php" % name: PAGE for name in ("app", "admin", "strict", "passing", "open")}
FILES.update({"htdocs/app/index.php": PAGE, "htdocs/shop/index.php": PAGE, "htdocs/shop/.htaccess": FRONT,
              "htdocs/app/answers.php": ANSWERS, "htdocs/app/session.php": SESSION, "htdocs/app/upload.php": UPLOAD})
DOWN = r"AH0095[79]|AH01114|AH01079|AH02454"
CLAIMED = {"REMOTE_USER", "AUTH_TYPE", "JWT_CLAIM_SUB", "JWT_CLAIM_ROLE", "REDIRECT_REMOTE_USER", "REDIRECT_JWT_CLAIM_SUB"}
SPOOFED = {"Remote-User": "root", "REMOTE_USER": "root", "JWT_CLAIM_SUB": "root", "Jwt-Claim-Role": "admin", "Auth-Type": "JWT",
           "Proxy": "http://evil.example"}


@pytest.fixture(scope="module")
def php():
    with PhpFpm() as one:
        yield one


@pytest.fixture(scope="module")
def server(php):
    config = CONFIG.replace("@php@", php.handler).replace("@fcgi@", php.address)
    yield from running({"CONFIG": config, "FILES": FILES, "OPTIONS": {"modules": PhpFpm.MODULES}})


@pytest.fixture
def token():
    return sign(claims("ann", role=["admin", "staff"]), Known.secret)


@pytest.mark.parametrize("path", ["/app/page.php", "/app/page.php/with/path-info", "/app/", "/matched/page.php", "/shop/any/where",
                                  "/shop/index.php"])
def test_a_script_knows_the_user_and_the_claims_however_it_is_reached(server, token, path):
    assert_error(server.get(path), "token_missing")
    assert_error(server.get(path, tamper(token)), "token_invalid")
    saw = seen(server.get(path, token))["server"]
    assert saw["REMOTE_USER"] == "ann" and saw["AUTH_TYPE"] == "JWT"
    assert saw["JWT_CLAIM_SUB"] == "ann" and saw["JWT_CLAIM_ROLE"] == "admin,staff" and saw["JWT_CLAIM_TYPE"] == "access"


def test_a_role_is_asked_for_before_php_runs(server, token):
    assert seen(server.get("/admin/page.php", token))["server"]["REMOTE_USER"] == "ann"
    assert_error(server.get("/admin/page.php", sign(claims("bob"), Known.secret)), "access_denied")


def test_headers_of_the_client_are_no_identity_for_php(server):
    bob = sign(claims("bob"), Known.secret)
    saw = seen(server.get("/app/page.php", bob, headers=SPOOFED))["server"]
    assert saw["REMOTE_USER"] == "bob" and saw["JWT_CLAIM_SUB"] == "bob" and "JWT_CLAIM_ROLE" not in saw
    assert not CLAIMED & set(seen(server.get("/open/page.php", headers=SPOOFED))["server"])


def test_where_no_token_is_asked_for_none_becomes_an_identity(server, token):
    assert not CLAIMED & set(seen(server.get("/open/page.php", token))["server"])


def test_php_sees_the_tokens_header_only_where_cgipassauth_says_so(server, token):
    assert not any("AUTHORIZATION" in name for name in seen(server.get("/app/page.php", token))["server"])
    assert seen(server.get("/passing/page.php", token))["server"]["HTTP_AUTHORIZATION"] == "Bearer " + token


def test_a_form_sent_by_cookie_reaches_php_and_one_from_elsewhere_does_not(server):
    visitor = signed_in(server)
    saw = seen(visitor.submit("/app/page.php?a=b", {"name": "Zo\u00eb & co", "x": "1"}))
    assert saw["post"] == {"name": "Zo\u00eb & co", "x": "1"} and saw["get"] == {"a": "b"} and saw["server"]["REMOTE_USER"] == "ann"
    assert saw["cookie"][ACCESS] == visitor.jar[ACCESS]
    assert saw["server"]["JWT_CLAIM_CSRF"] == visitor.jar[CSRF_ACCESS]
    assert visitor.submit("/app/page.php", {"x": "1"}, site="cross-site").status == 403


def test_the_hidden_field_that_proves_the_origin_reaches_php_with_the_rest(server):
    visitor = signed_in(server)
    form = {"csrf_token": read(visitor.jar[ACCESS])["csrf"], "text": "x" * 50000}
    assert seen(visitor.send("POST", "/strict/page.php", form=form))["post"] == form
    assert_error(visitor.send("POST", "/strict/page.php", form={"text": "x"}), "csrf_failed")


@pytest.mark.parametrize("path", ["/app/page.php", "/matched/page.php", "/shop/any/where"])
def test_a_large_body_reaches_php_whole_with_a_length_and_in_chunks(server, token, path):
    body = bytes(range(256)) * 8192
    saw = seen(server.post(path, token, body=body, content_type="application/octet-stream"))
    assert saw["length"] == len(body) and saw["sha256"] == hashlib.sha256(body).hexdigest()
    head = "POST %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer %s\r\n" \
           "Content-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n\r\n" % (path, token)
    chunks = b"".join(b"10000\r\n" + body[i:i + 65536] + b"\r\n" for i in range(0, len(body), 65536)) + b"0\r\n\r\n"
    saw = seen(server.raw(head.encode() + chunks))
    assert saw["length"] == len(body) and saw["sha256"] == hashlib.sha256(body).hexdigest()


def test_an_uploaded_file_arrives(server):
    visitor, data = signed_in(server), bytes(range(256)) * 1000
    body = (b'--b\r\nContent-Disposition: form-data; name="note"\r\n\r\nmine\r\n--b\r\nContent-Disposition: form-data; name="file"; '
            b'filename="a.bin"\r\nContent-Type: application/octet-stream\r\n\r\n' + data + b"\r\n--b--\r\n")
    answer = visitor.navigate("/app/upload.php", "POST", body=body, content_type="multipart/form-data; boundary=b")
    assert answer.text == "a.bin %s mine" % hashlib.sha256(data).hexdigest()


def test_phps_own_session_lives_beside_ours(server):
    visitor = signed_in(server)
    assert [visitor.navigate("/app/session.php").text for _ in range(3)] == ["ann 1", "ann 2", "ann 3"]
    assert {"PHPSESSID", ACCESS} <= set(visitor.jar)
    stranger = Visitor(server)
    stranger.jar["PHPSESSID"] = visitor.jar["PHPSESSID"]
    assert stranger.navigate("/app/session.php").status == 401


@pytest.mark.parametrize("status", [401, 403, 404, 500, 503])
def test_an_error_of_the_script_is_passed_on_unaltered(server, token, status):
    for headers in ({}, {"Accept": "text/html"}):
        answer = server.get("/app/answers.php?status=%d" % status, token, headers=headers)
        assert answer.status == status and answer.text == "PHP says %d" % status
        assert answer.header("WWW-Authenticate") == 'Custom realm="php"' and answer.header("Content-Type").startswith("text/plain")
        assert answer.header("Cache-Control") == "max-age=5" and answer.header("Vary") == "Authorization,Cookie"


def test_answers_of_php_are_private_unless_it_says_something_else(server, token):
    answer = server.get("/app/page.php", token)
    assert answer.header("Cache-Control") == "private" and answer.header("Vary") == "Authorization,Cookie"


def test_php_that_is_down_is_503_for_members_and_401_for_others(server, token, expect_log):
    expect_log(DOWN)
    assert server.get("/down/x.php", token).status == 503
    assert_error(server.get("/down/x.php"), "token_missing")


def test_what_follows_a_body_does_not_become_the_identity_either(php, new_server, token):
    """With MergeTrailers, httpd adds trailers to the headers; PHP gets them after that where the body is counted first."""
    lines = ["AuthJWTRequestHeader X-Remote-User sub", "AuthJWTRequestHeader X-Absent absent", "Require valid-user"]
    server = new_server("MergeTrailers on\nSetEnv proxy-sendcl 1\n" + CONFIG.replace("@php@", php.handler).replace("@fcgi@", php.address)
                        + protected("/app/trailers", *lines), modules=PhpFpm.MODULES)
    server.write("htdocs/app/trailers/page.php", PAGE)
    head = "POST /app/trailers/page.php HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer %s\r\n" % token
    body = "Transfer-Encoding: chunked\r\n\r\n3\r\na=b\r\n"
    trailers = "0\r\nX-Remote-User: root\r\nx-remote-user: root\r\nX-Absent: root\r\nX-Control: seen\r\n\r\n"
    saw = seen(server.start().raw((head + body + trailers).encode()))
    env = saw["server"]
    assert env["HTTP_X_CONTROL"] == "seen" and env["HTTP_X_REMOTE_USER"] == "ann" and "HTTP_X_ABSENT" not in env
