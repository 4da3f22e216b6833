# SPDX-License-Identifier: Apache-2.0
"""Applications behind CGI, FastCGI, SCGI, uwsgi and gunicorn: they know the user, nothing that a client made up, and get whole bodies."""
import hashlib

import pytest
from authjwt_client import assert_denied, assert_error
from authjwt_env import DEFAULT, location, protected, running
from authjwt_rules import token_of
from authjwt_tokens import tamper
from authjwt_visitor import ACCESS, CSRF_ACCESS, WEB, signed_in
from authjwt_wsgi import Gunicorn, Uwsgi, seen

KINDS = ("uwsgi", "scgi", "fcgi")
LINES = ("AuthJWTRequestHeader X-Remote-User sub", "AuthJWTRequestHeader X-Remote-Roles role", "AuthJWTForwardToken off")
FORGED = {"Remote-User": "root", "REMOTE_USER": "root", "Remote_User": "root", "Jwt-Claim-Sub": "root", "JWT_CLAIM_ROLE": "root", "Auth-Type": "Basic",
          "X_Remote_User": "root", "x-remote-user": "root", "X-Remote_User": "root", "X-Remote-Roles": "root"}


def backend(path, target, *lines):
    return (protected(path, "Require valid-user", "SetEnv proxy-sendcl 1", *lines) + location(path, "ProxyPass " + target)
            + protected(path + "/admin", "Require jwt-role admin") + protected(path + "/token", "AuthJWTCookieCSRFProtect token", "Require valid-user"))


@pytest.fixture(scope="module")
def server():
    with Uwsgi() as uwsgi, Gunicorn() as gunicorn:
        config = WEB + "".join(backend("/" + kind, uwsgi.address(kind), *LINES) + location("/open-" + kind, "ProxyPass " + uwsgi.address(kind))
                               for kind in KINDS)
        yield from running({"CONFIG": config + backend("/gunicorn", gunicorn.url, *LINES) + protected("/cgi", "Require valid-user", *LINES),
                            "OPTIONS": {"modules": dict.fromkeys(Uwsgi.MODULES + Gunicorn.MODULES)}})


@pytest.mark.parametrize("kind", KINDS)
def test_by_a_gateways_protocol_an_application_sees_the_user_and_the_claims(server, kind):
    saw = seen(server.get("/%s/some/page?a=b" % kind, token_of("ann", role=["admin", "staff"]), headers=FORGED))
    assert saw["REMOTE_USER"] == "ann" and saw["AUTH_TYPE"] == "JWT" and saw["JWT_CLAIM_SUB"] == "ann" and saw["JWT_CLAIM_ROLE"] == "admin,staff"
    assert saw["QUERY_STRING"] == "a=b" and saw["HTTP_X_REMOTE_USER"] == "ann" and saw["HTTP_X_REMOTE_ROLES"] == "admin,staff"
    assert "HTTP_AUTHORIZATION" not in saw and not [name for name, value in saw.items() if value == "root" and not name.startswith("HTTP_")]


def test_by_http_an_application_sees_the_headers(server):
    saw = seen(server.get("/gunicorn/some/page", token_of("ann", role="staff"), headers=FORGED))
    assert saw["HTTP_X_REMOTE_USER"] == "ann" and saw["HTTP_X_REMOTE_ROLES"] == "staff" and "HTTP_AUTHORIZATION" not in saw
    assert "REMOTE_USER" not in saw and "JWT_CLAIM_SUB" not in saw, "these are no headers"
    saw = seen(server.get("/gunicorn/x", token_of("ann"), headers=FORGED))
    assert "HTTP_X_REMOTE_ROLES" not in saw, "of an absent claim nothing is left"


@pytest.mark.parametrize("kind", KINDS)
def test_where_no_token_is_asked_for_no_header_becomes_a_user(server, kind):
    saw = seen(server.get("/open-%s/x" % kind, tamper(token_of()), headers=FORGED))
    assert saw.get("REMOTE_USER", "") == "" and not [name for name in saw if name.startswith("JWT_CLAIM")]


@pytest.mark.parametrize("kind", [*KINDS, "gunicorn"])
def test_a_role_is_asked_for_before_the_application_is(server, kind):
    path = "/%s/admin/x" % kind
    assert_error(server.get(path), "token_missing")
    assert_error(server.get(path, tamper(token_of())), "token_invalid")
    assert_denied(server.get(path, token_of(role="staff")))
    assert server.get(path, token_of(role="admin")).status == 200


@pytest.mark.parametrize("chunked", [False, True], ids=["counted", "chunked"])
@pytest.mark.parametrize("kind", [*KINDS, "gunicorn"])
def test_large_bodies_and_forms_that_were_looked_into_arrive_whole(server, kind, chunked):
    jar = signed_in(server).jar
    head = "POST /%s/%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nCookie: %s=%s\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    for path, body in (("token/x", b"csrf_token=%s&text=%s" % (jar[CSRF_ACCESS].encode(), b"y" * 200000)), ("token/x", b"csrf_token=wrong")):
        framed = b"".join(b"%x\r\n%s\r\n" % (len(body[at:at + 7000]), body[at:at + 7000]) for at in range(0, len(body), 7000)) + b"0\r\n\r\n"
        how, sent = ("Transfer-Encoding: chunked\r\n\r\n", framed) if chunked else ("Content-Length: %d\r\n\r\n" % len(body), body)
        answer = server.raw((head % (kind, path, ACCESS, jar[ACCESS]) + how).encode() + sent)
        if chunked and kind in ("uwsgi", "scgi") and b"wrong" not in body:
            assert answer.status == 411                      # mod_proxy_uwsgi and mod_proxy_scgi want a length
        elif b"wrong" in body:
            assert answer.status == 403 and answer.json()["code"] == "csrf_failed"
        else:
            saw = seen(answer)
            assert saw["length"] == len(body) and saw["sha256"] == hashlib.sha256(body).hexdigest()


@pytest.mark.parametrize("mpm", ["event", "worker", "prefork"])
def test_a_cgi_script_under_each_mpm(new_server, mpm):
    server = new_server(DEFAULT + protected("/cgi", "Require valid-user", *LINES) + protected("/echo"), mpm=mpm).start()
    env = server.get("/cgi/x", token_of("ann", role="staff"), headers=FORGED).env()
    assert env["REMOTE_USER"] == "ann" and env["AUTH_TYPE"] == "JWT" and env["JWT_CLAIM_ROLE"] == "staff"
    assert env["HTTP_X_REMOTE_USER"] == "ann" and "HTTP_AUTHORIZATION" not in env
    assert_error(server.get("/cgi/x"), "token_missing")
    body = b"z" * 30000                                      # a pipe holds 64 KB, and classic mod_cgi writes all before it reads
    answer = server.post("/echo/x", token_of("ann"), body=body, content_type="application/octet-stream")
    assert answer.status == 200 and answer.body == body
