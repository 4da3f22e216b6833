# SPDX-License-Identifier: Apache-2.0
"""AuthJWTStoreAuth and AuthJWTStoreTLS on real servers: the least that a user needs; who the server is, and who we are."""
import shutil

import pytest
from authjwt_authority import Authority
from authjwt_client import assert_error
from authjwt_env import Known
from authjwt_leaks import register_secret
from authjwt_service import free_port
from authjwt_sessions import THEFT, rotate
from authjwt_tokens import claims, sign
from authjwt_valkey import ACL, PASSWORD, UnixValkey, config_on

DOWN = r":error\].*AJ2102: valkey:"
COMPLAINT = r":error\].*AJ2110: valkey:"
WRONG = register_secret("another-password-of-the-store")


@pytest.fixture(scope="module")
def authority():
    one = Authority()
    yield one
    shutil.rmtree(one.dir)


@pytest.fixture
def acl_user(valkey):
    """A server whose one user has no more than the documentation says."""
    return lambda *options, **more: valkey("user default off", ACL % PASSWORD, *options, **more)


def with_password(server, password=PASSWORD):
    server.write("store.password", password + "\n", 0o600)
    return server


def assert_whole_life(server, expect_log):
    """Sign in, rotate, sign out, everywhere, theft."""
    expect_log(THEFT)
    access, refresh = server.login()
    access, refresh = rotate(server, refresh)
    assert server.get("/protected", access).status == 200
    assert server.post("/logout", access).status == 200
    assert_error(server.get("/protected", access), "token_revoked")
    assert_error(server.post("/refresh", refresh), "token_revoked")
    other, _ = server.login()
    _, first = server.login()
    _, second = rotate(server, first)
    _, third = rotate(server, second)
    rotate(server, third)
    assert_error(server.post("/refresh", first), "token_revoked")
    assert server.post("/logout", server.login()[0], json={"everywhere": True}).status == 200
    assert_error(server.get("/protected", other), "token_revoked")


def assert_unavailable(server):
    """No token counts, and none is issued."""
    token = sign(claims(), Known.secret)
    for answer in (server.get("/protected", token), server.post("/logout", token), server.try_login()):
        assert_error(answer, "store_unavailable")
        assert answer.header("Retry-After") == "5"


def test_a_user_with_no_more_than_documented_does_all_of_it(acl_user, new_server, expect_log, any_server):
    store = acl_user(server=any_server)
    server = with_password(new_server(config_on("valkey:" + store.address, "AuthJWTStoreAuth httpd file:@dir@/store.password"))).start()
    assert_whole_life(server, expect_log)


def test_that_user_needs_no_more_for_swaps_databases_and_replicas(acl_user, valkey, new_server, expect_log):
    store = acl_user()
    valkey("replicaof 127.0.0.1 %d" % store.port, "masteruser default", "masterauth x")     # it is not let in
    expect_log(COMPLAINT + ".*no replica had it in time")
    server = with_password(new_server(config_on("valkey:" + store.address + "/7", "AuthJWTStoreAuth httpd file:@dir@/store.password",
                                                "AuthJWTStoreReplicas 1 100ms"))).start()
    assert_error(server.post("/logout", sign(claims(), Known.secret)), "store_unavailable")
    assert "NOPERM" not in server.read_log()


@pytest.mark.parametrize("source", ["file:@dir@/store.password", "env:STORE_PASSWORD", '"exec:/bin/cat @dir@/store.password"'])
def test_the_password_of_the_default_user_comes_from_any_source(valkey, new_server, source):
    store = valkey("requirepass " + PASSWORD)
    server = with_password(new_server(config_on("valkey:" + store.address, "AuthJWTStoreAuth " + source),
                                      env={"STORE_PASSWORD": PASSWORD})).start()
    access, _ = server.login()
    assert server.post("/logout", access).status == 200
    assert_error(server.get("/protected", access), "token_revoked")
    server.graceful()
    assert_error(server.get("/protected", access), "token_revoked")


@pytest.mark.parametrize("lines, password, said", [
    (["AuthJWTStoreAuth httpd file:@dir@/store.password"], WRONG, "it does not accept the user or the password of AuthJWTStoreAuth"),
    (["AuthJWTStoreAuth nobody file:@dir@/store.password"], PASSWORD, "it does not accept the user or the password of AuthJWTStoreAuth"),
    ([], PASSWORD, "it asks for a password; set AuthJWTStoreAuth"),
])
def test_a_wrong_password_is_said_at_start_and_answered_503(acl_user, new_server, expect_log, lines, password, said):
    expect_log(DOWN + ".*" + said)
    expect_log(COMPLAINT + ".*" + said)
    server = with_password(new_server(config_on("valkey:" + acl_user().address, *lines)), password).start()
    assert_unavailable(server)


def test_a_server_that_repeats_the_password_does_not_bring_it_into_the_log(valkey, new_server, expect_log):
    """Redis does so with a command that it does not know. The secrets of tests are looked for in each log."""
    said = ".*the server refuses: ERR unknown command"
    expect_log(DOWN + said)
    expect_log(COMPLAINT + said)
    store = valkey('rename-command AUTH ""')
    assert PASSWORD in str(store.reply("AUTH", PASSWORD))
    server = with_password(new_server(config_on("valkey:" + store.address, "AuthJWTStoreAuth httpd file:@dir@/store.password"))).start()
    assert_unavailable(server)
    assert PASSWORD[:8] not in server.read_log()


def test_what_the_user_may_not_is_a_sentence_and_reads_go_on(valkey, new_server, expect_log):
    expect_log(COMPLAINT + r".*the user of AuthJWTStoreAuth may not do this.*NOPERM")
    store = valkey(ACL % PASSWORD)
    server = with_password(new_server(config_on("valkey:" + store.address, "AuthJWTStoreAuth httpd file:@dir@/store.password"))).start()
    access, _ = server.login()
    assert store.reply("ACL", "SETUSER", "httpd", "-set", "-eval") == "OK"
    assert_error(server.post("/logout", access), "store_unavailable")
    assert server.get("/protected", access).status == 200


def test_a_password_that_everybody_can_read_is_a_warning(valkey, new_server, expect_log):
    expect_log(r":warn\].*AJ1420: the password of AuthJWTStoreAuth \(file:@dir@/open\) can be read".replace("@dir@", ".*"))
    server = new_server(config_on("valkey:" + valkey("requirepass " + PASSWORD).address, "AuthJWTStoreAuth file:@dir@/open"))
    server.write("open", PASSWORD, 0o644)
    server.start()
    assert server.read_log().count("AJ1420: ") == 1


@pytest.fixture
def tls(valkey, authority):
    """tls(hosts..., clients=, expired=): a server that speaks TLS alone, with a certificate for these hosts."""
    def make(*hosts, clients="no", expired=False):
        cert, key = authority.issue("server", *hosts, expired=expired)
        port = free_port()
        return valkey("port 0", "tls-port %d" % port, "tls-cert-file " + cert, "tls-key-file " + key, "tls-ca-cert-file " + authority.ca,
                      "tls-auth-clients " + clients, port=port)

    return make


def test_tls_to_a_server_with_a_certificate_for_its_name_or_address(tls, authority, new_server, expect_log):
    store = tls("localhost", "127.0.0.1")
    for host in ("localhost", "127.0.0.1"):
        server = new_server(config_on("valkey:%s:%d" % (host, store.port), "AuthJWTStoreTLS on ca=" + authority.ca)).start()
        assert_whole_life(server, expect_log)
        assert "AJ2103: valkey:%s:%d/0: answers" % (host, store.port) in server.read_log()


@pytest.mark.parametrize("hosts, more, lines, said", [
    (["other.example"], {}, "on ca=@ca@", "the server's certificate is not accepted: [Hh]ostname mismatch"),
    (["localhost"], {"expired": True}, "on ca=@ca@", "the server's certificate is not accepted: certificate has expired"),
    (["localhost"], {}, "on", "the server's certificate is not accepted: (unable to get local issuer|self.signed) certificate"),
    (["localhost"], {"clients": "yes"}, "on ca=@ca@", "TLS has failed: .*certificate required"),
    (["localhost"], {}, "off", "the server has closed the connection|the connection has failed|not one of Valkey"),
])
def test_a_server_that_cannot_prove_who_it_is_gets_no_word(tls, authority, new_server, expect_log, hosts, more, lines, said):
    expect_log(DOWN + r"\S+ (%s)" % said)
    expect_log(COMPLAINT + r"\S+ cannot look up: (%s)" % said)
    store = tls(*hosts, **more)
    server = new_server(config_on("valkey:localhost:%d" % store.port, "AuthJWTStoreTLS " + lines.replace("@ca@", authority.ca))).start()
    assert_unavailable(server)


def test_an_address_that_the_certificate_does_not_name_is_refused(tls, authority, new_server, expect_log):
    expect_log(DOWN + ".*IP address mismatch")
    new_server(config_on("valkey:" + tls("localhost").address, "AuthJWTStoreTLS on ca=" + authority.ca)).start()


def test_a_client_certificate_is_shown_where_the_server_asks_for_it(tls, authority, new_server, expect_log):
    store = tls("localhost", clients="yes")
    cert, key = authority.issue("client")
    lines = "AuthJWTStoreTLS on ca=%s cert=%s key=%s" % (authority.ca, cert, key)
    server = new_server(config_on("valkey:localhost:%d" % store.port, lines)).start()
    assert_whole_life(server, expect_log)


def test_tls_to_a_server_without_it_is_a_sentence(valkey, authority, new_server, expect_log):
    expect_log(DOWN + r".*(does it speak TLS on this port|wrong version number|did not answer in time)")
    new_server(config_on("valkey:" + valkey().address, "AuthJWTStoreTLS on ca=" + authority.ca)).start()


def test_a_unix_socket_is_used_as_the_httpd_user(valkey, new_server, expect_log):
    store = valkey(kind=UnixValkey)
    assert_whole_life(new_server(config_on("valkey:unix:%s/3" % store.socket)).start(), expect_log)
    expect_log(DOWN + ".*cannot connect: Permission denied")
    closed = UnixValkey("unixsocketperm 700")
    with closed:
        new_server(config_on("valkey:unix:" + closed.socket)).start()
