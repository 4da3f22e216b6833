# SPDX-License-Identifier: Apache-2.0
"""What a configuration comes to: `httpd -t -D DUMP_AUTHJWT`, the line at each start, and the risks, which both tell."""
import os
import re

import authjwt_keys as keys
import pytest
from authjwt_dump import dump, values
from authjwt_env import DEFAULT, ENDPOINTS, KEY_AND_STORE, Known, endpoint
from authjwt_ports import free_port

HOST = "<VirtualHost *>\nServerName %s.test\n%s</VirtualHost>\n"


def test_a_dump_names_keys_policy_store_and_endpoints_and_no_secret(new_server):
    server = new_server(DEFAULT.replace("secret\n", 'secret "kid=of 2026"\n') + "AuthJWTIssuer https://shop.test\nAuthJWTAudience shop app\n"
                        "AuthJWTAccessTokenExpires 5m\nAuthJWTCache off\n")
    [main], _ = dump(server)
    secret = server.path("secret")
    assert main[0] == ("server", "localhost")
    assert values(main, "AuthJWTKey") == ['HS256 file:%s kid="of 2026"' % secret]
    assert values(main, "key") == ['HS256 kid="of 2026" signs file:' + secret]
    assert values(main, "issuer") == ["https://shop.test"] and values(main, "audience") == ["shop", "app"]
    assert values(main, "leeway") == ["10"] and values(main, "access-token-expires") == ["300"]
    assert values(main, "refresh-token-expires") == values(main, "session-expires") == ["2592000"]
    assert values(main, "store") == ["lmdb:" + server.path("state")] and values(main, "cache") == ["off"]
    assert values(main, "on-error") == ["deny"] and values(main, "on-loss") == ["distrust"]
    assert values(main, "endpoint") == ['jwt-%s <Location "/%s">' % (name, name) for name in ("login", "refresh", "logout", "userinfo")]
    assert Known.secret not in str(main)


def test_each_server_has_its_own_block(new_server):
    server = new_server(DEFAULT + HOST % ("a", "AuthJWTKey HS384 file:@dir@/other encoding=hex\nAuthJWTIssuer a\n"))
    server.write("other", os.urandom(48).hex(), 0o600)
    main, host = dump(server)[0]
    assert values(main, "AuthJWTKey") == ["HS256 file:" + server.path("secret")] and not values(main, "issuer")
    assert host[0] == ("server", "a.test") and re.search(r"/httpd\.conf:\d+$", values(host, "defined")[0])
    assert values(host, "AuthJWTKey") == ["HS384 file:%s encoding=hex" % server.path("other")] and values(host, "issuer") == ["a"]


def test_a_set_shows_each_key_and_a_command_is_not_run(new_server):
    server = new_server('AuthJWTKey HS256 "exec:/bin/false some secret"\nAuthJWTKeySet file:@dir@/set algs=RS256,ES256\nAuthJWTAudience any\n'
                        "AuthJWTRevocationStore lmdb:@dir@/state(64M)\n")
    public = [keys.jwk(alg, keys.private_key(alg).public_key(), kid=kid) for alg, kid in (("RS256", "theirs"), ("ES256", "second"))]
    server.write("set", '{"keys":[%s]}' % ",".join(public))
    [main], _ = dump(server)
    assert values(main, "AuthJWTKey") == ['HS256 "exec:/bin/false ..."']
    assert values(main, "AuthJWTKeySet") == ["file:%s algs=RS256,ES256" % server.path("set")]
    assert [re.sub(" file:.*", "", one) for one in values(main, "key")] == [
        'unknown, as commands are not run under -t: "exec:/bin/false ..."', "RS256 kid=theirs verifies", "ES256 kid=second verifies"]
    assert values(main, "audience") == ["any"] and [one[:6] for one in values(main, "risk")] == ["AJ1011"]


RISKS = {
    "a secret that others can read": ("", "AJ1002"),
    "a file that others can write": ("", "AJ1008"),
    "tokens in addresses": ("AuthJWTTokenLocation header query\n", "AJ1001"),
    "a volatile store": ("AuthJWTRevocationStore shmcb\n", "AJ1403"),
    "a refresh without provider": (endpoint("/again", "refresh"), "AJ1783"),
    "one secret under several issuers": ("AuthJWTIssuer one\n" + HOST % ("a", "AuthJWTIssuer two\n"), "AJ1012"),
    "a secret that no token reaches": ("AuthJWTKey HS256 file:@dir@/other verify\n", "AJ1015"),
    "cookies without TLS": ("Listen 127.0.0.1:@port@0\nAuthJWTCookies on\nAuthJWTCookieSecure off\n", "AJ1791"),
}
MODES = {"AJ1002": 0o604, "AJ1008": 0o660}


@pytest.mark.parametrize("risk", RISKS)
def test_a_risk_is_one_warning_at_start_and_one_line_of_the_dump(new_server, expect_log, risk):
    """Beside a start without any."""
    text, tag = RISKS[risk]
    server = new_server(DEFAULT + text.replace("Listen 127.0.0.1:@port@0", ""))
    os.chmod(server.path("secret"), MODES.get(tag, 0o600))
    server.write("other", os.urandom(32).hex(), 0o600)
    if tag == "AJ1791":
        server.config = server.config + "Listen 0.0.0.0:%d\n" % free_port()
    expect_log(r"\[authjwt:warn\].*%s: " % tag)
    blocks, said = dump(server)
    assert [one[:6] for block in blocks for one in values(block, "risk")] == [tag] and said.count(tag) == 1
    server.start()
    assert len(re.findall(r"\[authjwt:warn\].*AJ\d{4}: ", server.read_log())) == 1


def test_a_configuration_without_risk_has_no_such_line(new_server):
    server = new_server(KEY_AND_STORE + ENDPOINTS + "AuthJWTCookies on\nAuthJWTCookieSecure off\n")
    blocks, said = dump(server)
    assert [values(block, "risk") for block in blocks] == [[]] and "AJ" not in said


def test_each_start_says_once_for_each_server_what_is_in_force(new_server):
    server = new_server(DEFAULT + HOST % ("a", "AuthJWTKey HS384 file:@dir@/other kid=k1\nAuthJWTIssuer a\nAuthJWTAccessTokenExpires 60\n"))
    server.write("other", os.urandom(48).hex(), 0o600)
    server.start()
    lines = re.findall(r"\[authjwt:notice\].*AJ1014: (.*)", server.read_log())
    store = "; store lmdb:%s; " % server.path("state")
    assert lines == ["server localhost: keys HS256 signs" + store + "access tokens live 900 s, refresh tokens 2592000 s, sessions 2592000 s",
                     "server a.test: keys HS384 kid=k1 signs" + store + "access tokens live 60 s, refresh tokens 2592000 s, sessions 2592000 s"]
    server.graceful()
    assert len(re.findall(r"AJ1014: ", server.read_log())) == 4


def test_nothing_is_printed_without_the_define(new_server):
    status, said = new_server(DEFAULT).configtest()
    assert status == 0 and "AuthJWTKey:" not in said
