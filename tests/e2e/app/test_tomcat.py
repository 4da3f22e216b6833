# SPDX-License-Identifier: Apache-2.0
"""A real Tomcat behind mod_proxy_ajp and mod_proxy_http: a servlet's getRemoteUser is the user of the token."""
import pytest
from authjwt_client import assert_error
from authjwt_docs import block
from authjwt_env import DEFAULT, Known, location, protected, running
from authjwt_tokens import claims, sign, tamper
from authjwt_tomcat import Tomcat, seen
from authjwt_visitor import CSRF_ACCESS, WEB, signed_in

# mod_proxy_ajp sends environment variables whose names begin with AJP_, as attributes.
ATTRIBUTES = ("RewriteEngine On", "RewriteRule ^ - [E=AJP_JWT_CLAIM_SUB:%{ENV:JWT_CLAIM_SUB}]",
              "RewriteRule ^ - [E=AJP_JWT_CLAIM_ROLE:%{ENV:JWT_CLAIM_ROLE}]")
HEADERS = ("RequestHeader unset X_Remote_User", 'RequestHeader set X-Remote-User "expr=%{REMOTE_USER}"')
CONFIG = WEB + (
    "<Proxy @ajp@>\n    ProxySet secret=@secret@\n</Proxy>\nProxyPass /app @ajp@/app\nProxyPass /open @ajp@/app\n"
    "ProxyPass /http @http@/app\nProxyPass /nosecret ajp://localhost:@ajpport@/app\nProxyPass /down ajp://127.0.0.1:1/app\n"
    + protected("/app", "Require valid-user", *ATTRIBUTES) + protected("/app/admin.jsp", "Require jwt-role admin")
    + location("/open", *ATTRIBUTES)
    + protected("/http", "Require valid-user", *HEADERS) + protected("/nosecret") + protected("/down"))
SPOOFED = {"Remote-User": "root", "AJP_JWT_CLAIM_SUB": "root", "JWT_CLAIM_SUB": "root", "AJP_REMOTE_USER": "root"}
REFUSED = r"AH0\d{4}: .*(403|ajp)"


@pytest.fixture(scope="module")
def tomcat():
    with Tomcat() as one:
        yield one


@pytest.fixture(scope="module")
def server(tomcat):
    config = CONFIG
    for name, value in (("@ajp@", tomcat.ajp), ("@ajpport@", str(tomcat.ajp_port)),
                        ("@http@", tomcat.http), ("@secret@", tomcat.secret)):
        config = config.replace(name, value)
    yield from running({"CONFIG": config, "OPTIONS": {"modules": Tomcat.MODULES}})


@pytest.fixture
def token():
    return sign(claims("ann", role=["admin", "staff"]), Known.secret)


def test_a_servlet_knows_the_user_and_the_claims_it_is_given(server, token):
    assert_error(server.get("/app/who.jsp"), "token_missing")
    assert_error(server.get("/app/who.jsp", tamper(token)), "token_invalid")
    saw = seen(server.get("/app/who.jsp", token))
    assert saw["user"] == "ann" and saw["auth_type"] == "JWT"
    assert saw["JWT_CLAIM_ROLE"] == "admin,staff" and saw["JWT_CLAIM_SUB"] == "ann"
    assert seen(server.get("/app/who.jsp", sign(claims("bob"), Known.secret))).get("JWT_CLAIM_ROLE", "") == ""


def test_a_role_is_asked_for_before_tomcat_is(server, tomcat, token):
    tomcat.write("webapps/app/admin.jsp", "for <%= request.getRemoteUser() %>")
    assert server.get("/app/admin.jsp", token).text.strip() == "for ann"
    assert_error(server.get("/app/admin.jsp", sign(claims("bob"), Known.secret)), "access_denied")


def test_headers_of_the_client_are_no_identity_for_tomcat(server, token):
    for path, sent, user in (("/open/who.jsp", None, "null"), ("/open/who.jsp", token, "null"), ("/app/who.jsp", token, "ann")):
        saw = seen(server.get(path, sent, headers=SPOOFED))
        assert saw["user"] == user and "root" not in (saw.get("JWT_CLAIM_SUB"), saw.get("JWT_CLAIM_ROLE")), saw


def test_by_http_tomcat_sees_the_header_and_no_user(server, token):
    saw = seen(server.get("/http/who.jsp", token, headers={"X-Remote-User": "root", "X_Remote_User": "root"}))
    assert saw["user"] == "null" and saw["header x-remote-user"] == "ann" and "header x_remote_user" not in saw
    assert_error(server.get("/http/who.jsp", headers={"X-Remote-User": "ann"}), "token_missing")


@pytest.mark.parametrize("path", ["/app/who.jsp", "/http/who.jsp"])
def test_a_form_by_cookie_and_large_bodies_with_a_length_and_in_chunks_arrive(server, token, path):
    body = b"x" * 1000000
    assert seen(server.post(path, token, body=body, content_type="text/plain"))["length"] == str(len(body))
    head = "POST %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer %s\r\nContent-Type: text/plain\r\n" \
           "Transfer-Encoding: chunked\r\n\r\n" % (path, token)
    chunks = b"".join(b"2710\r\n" + body[i:i + 10000] + b"\r\n" for i in range(0, len(body), 10000)) + b"0\r\n\r\n"
    assert seen(server.raw(head.encode() + chunks))["length"] == str(len(body))
    visitor = signed_in(server)
    assert seen(visitor.submit(path, {"a": "b"}))["length"] == "3"
    assert seen(visitor.fetch(path, "POST", site=None, form={"a": "b"}, headers={"X-CSRF-TOKEN": visitor.jar[CSRF_ACCESS]}))["length"] == "3"
    assert visitor.submit(path, {"a": "b"}, site="cross-site").status == 403


def test_an_error_of_tomcat_is_passed_on(server, token):
    for path in ("/app/absent.jsp", "/http/absent.jsp"):
        answer = server.get(path, token)
        assert answer.status == 404 and "Apache Tomcat" in answer.text and answer.header("Cache-Control") == "private"
        assert_error(server.get(path), "token_missing")


def test_without_the_secret_tomcat_answers_nobody(server, token, expect_log):
    expect_log.may(REFUSED)
    assert server.get("/nosecret/who.jsp", token).status == 403
    assert_error(server.get("/nosecret/who.jsp"), "token_missing")


def test_a_tomcat_that_is_down_is_503_for_members_and_401_for_others(server, token, expect_log):
    expect_log(r"AH0095[79]|AH01114|AH00896")
    assert server.get("/down/who.jsp", token).status == 503
    assert_error(server.get("/down/who.jsp"), "token_missing")


def test_the_page_of_the_documentation(new_server, tomcat, token):
    text = block("backends.md", "Tomcat by AJP", "<Location")
    for old, new in (("ajp://127.0.0.1:8009", "ajp://127.0.0.1:%d" % tomcat.ajp_port), ("change-me", tomcat.secret)):
        assert old in text
        text = text.replace(old, new)
    documented = new_server(DEFAULT + text, modules=Tomcat.MODULES).start()
    saw = seen(documented.get("/app/who.jsp", token, headers={**SPOOFED, "X_Remote_Roles": "root"}))
    assert saw["user"] == "ann" and saw["header x-remote-roles"] == "admin,staff" and "header authorization" not in saw
    assert_error(documented.get("/app/who.jsp"), "token_missing")
