# SPDX-License-Identifier: Apache-2.0
"""Client certificates beside tokens: FakeBasicAuth, which writes an Authorization of its own, SSLUserName, and rules on certificates."""
import http.client
import ssl
import subprocess
from urllib.parse import urlencode

import pytest
from authjwt_client import Answer, assert_denied, assert_error
from authjwt_env import DEFAULT, Httpd, endpoint, location, protected
from authjwt_rules import token_of
from authjwt_tokens import tamper

CONFIG = """
SSLSessionCache shmcb:@dir@/run/ssl(64000)
SSLEngine on
SSLCertificateFile @dir@/server.pem
SSLCertificateKeyFile @dir@/server.key
SSLCACertificateFile @dir@/ca.pem
SSLVerifyClient optional
SSLOptions +FakeBasicAuth
ScriptAliasMatch ^/(basic|either|named) @dir@/cgi-bin/env.sh
""" + DEFAULT + (
    location("/basic", "AuthType Basic", 'AuthName "certificates"', "AuthUserFile @dir@/subjects", "Require valid-user")
    + protected("/either", "<RequireAny>", "Require jwt-role admin", "Require ssl-verify-client", "</RequireAny>")
    + protected("/named", "SSLUserName SSL_CLIENT_S_DN_CN", "Require valid-user") + protected("/p/admin", "Require jwt-role admin")
    + endpoint("/introspect", "introspect", "SSLOptions -FakeBasicAuth", "SSLUserName SSL_CLIENT_S_DN_CN", "Require ssl-verify-client")
    + endpoint("/anybody", "introspect", "SSLOptions -FakeBasicAuth", "SSLUserName SSL_CLIENT_S_DN_CN"))
# mod_ssl's word for all of them, "password", as crypt makes it.
SUBJECTS = "/CN=zoe:xxj31ZMTZzkVA\n"


def certificate(directory, name, subject, *more):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", subject,
                    "-out", name + ".pem", "-keyout", name + ".key", *more], check=True, capture_output=True, cwd=directory)


@pytest.fixture(scope="module")
def server():
    one = Httpd(CONFIG, modules=("ssl",))
    try:
        certificate(one.dir, "ca", "/CN=ca")
        certificate(one.dir, "server", "/CN=localhost", "-addext", "basicConstraints=critical,CA:FALSE")
        certificate(one.dir, "zoe", "/CN=zoe", "-CA", "ca.pem", "-CAkey", "ca.key", "-addext", "basicConstraints=critical,CA:FALSE")
        one.write("subjects", SUBJECTS)
        yield one.start()
    finally:
        one.close()
    faults, _ = one.faults()
    Httpd.live.remove(one)
    assert not faults, "\n".join(faults)


def get(server, path, token=None, certified=True, form=None):
    context = ssl.create_default_context(cafile=server.path("ca.pem"))
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if certified:
        context.load_cert_chain(server.path("zoe.pem"), server.path("zoe.key"))
    connection = http.client.HTTPSConnection("127.0.0.1", server.port, context=context, timeout=20)
    try:
        headers = {"Authorization": "Bearer " + token} if token else {}
        if form:
            connection.request("POST", path, urlencode(form), {**headers, "Content-Type": "application/x-www-form-urlencoded"})
        else:
            connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())
    finally:
        connection.close()


def test_the_control_a_certificate_is_a_user_of_basic(server):
    env = get(server, "/basic/x").env()
    assert env["REMOTE_USER"] == "/CN=zoe" and env["AUTH_TYPE"] == "Basic"
    assert get(server, "/basic/x", certified=False).status == 401


@pytest.mark.parametrize("path", ["/cgi/x", "/named/x"])
@pytest.mark.parametrize("certified", [True, False])
def test_who_has_one_signs_in_by_token_as_all_others_do(server, path, certified):
    env = get(server, path, token_of("ann"), certified).env()
    assert env["REMOTE_USER"] == "ann" and env["AUTH_TYPE"] == "JWT" and env["JWT_CLAIM_SUB"] == "ann"
    assert_error(get(server, path, None, certified), "token_missing")
    assert_error(get(server, path, tamper(token_of()), certified), "token_invalid")


def test_a_certificate_gives_no_role(server):
    assert_denied(get(server, "/p/admin", token_of("zoe")))
    assert get(server, "/p/admin", token_of("zoe", role="admin")).status == 200


def test_a_certificate_can_do_in_place_of_a_token_and_a_token_that_is_sent_is_still_judged(server):
    assert "REMOTE_USER" not in get(server, "/either/x").env()
    assert get(server, "/either/x", token_of("bob")).env()["REMOTE_USER"] == "bob"
    assert_error(get(server, "/either/x", tamper(token_of())), "token_invalid")
    assert get(server, "/either/x", token_of(role="admin"), certified=False).status == 200
    assert_denied(get(server, "/either/x", token_of("bob"), certified=False))
    assert_error(get(server, "/either/x", certified=False), "token_missing")


def test_an_api_that_has_one_may_ask_by_introspection_and_nobody_without(server, expect_log):
    expect_log(r"ssl:warn.*AH02227: Failed to set r->user")
    form = {"token": token_of("ann")}
    for path in ("/introspect", "/anybody"):
        assert get(server, path, form=form).json()["username"] == "ann"
        assert get(server, path, form={"token": tamper(form["token"])}).json() == {"active": False}
        answer = get(server, path, certified=False, form=form)
        assert answer.status == 403 and "active" not in answer.text
