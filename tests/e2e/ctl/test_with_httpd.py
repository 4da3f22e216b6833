# SPDX-License-Identifier: Apache-2.0
"""authjwtctl --config: what httpd itself says of its configuration, and verdicts that agree with the module's."""
import authjwt_keys as keys
import jwt
from authjwt_ctl import HTTPD, configured, ctl, refusal
from authjwt_env import DEFAULT, Known
from authjwt_leaks import register_token
from authjwt_tokens import claims, read

POLICY = "AuthJWTIssuer https://shop.test\nAuthJWTAudience shop \"the app\"\nAuthJWTAccessTokenExpires 2h\n"
HOST = "<VirtualHost *>\nServerName %s.test\nAuthJWTKey HS384 \"file:@dir@/a key\" \"kid=k 1\" encoding=hex\n%s</VirtualHost>\n"


def test_a_token_of_the_module_is_explained_and_one_of_the_tool_is_accepted(new_server):
    server = new_server(DEFAULT + POLICY)
    options = configured(server)
    server.start()
    ctl("explain", *options, stdin=server.login()[0])
    token = register_token(ctl("mint", *options, "--sub", "bob").strip())
    assert server.get("/protected", token).status == 200
    found = jwt.decode(token, Known.secret, algorithms=["HS256"], audience="the app", issuer="https://shop.test")
    assert found["exp"] - found["iat"] == 7200 and found["aud"] == ["shop", "the app"]


def test_a_token_of_the_tool_has_the_identity_where_the_configuration_wants_it(new_server):
    server = new_server(DEFAULT + "AuthJWTIdentityClaim login\n")
    options = configured(server)
    server.start()
    token = register_token(ctl("mint", *options, "--sub", "bob").strip())
    assert server.get("/cgi/x", token).env()["REMOTE_USER"] == "bob" and {"sub": "bob", "login": "bob"}.items() <= read(token).items()
    token = register_token(ctl("mint", *options, "--sub", "bob", "--claim", "login=cara").strip())
    assert server.get("/cgi/x", token).env()["REMOTE_USER"] == "cara"
    assert "/a/b" not in read(register_token(ctl("mint", *options, "--sub", "bob", "--identity", "/a/b").strip()))


def test_the_tool_and_the_log_name_the_same_tag(new_server):
    server = new_server(DEFAULT + POLICY)
    options = configured(server)
    server.start()
    good = dict(iss="https://shop.test", aud="shop")
    for token in (jwt.encode(claims(aud="shop"), Known.secret, "HS256"), jwt.encode(claims(**{**good, "aud": "else"}), Known.secret, "HS256"),
                  jwt.encode(claims(exp=1000, **good), Known.secret, "HS256"), jwt.encode(claims(**good), "x" * 40, "HS256")):
        register_token(token)
        mark = server.mark()
        assert server.get("/protected", token).status == 401
        server.assert_logged(mark, refusal(ctl("explain", *options, stdin=token, status=1))[1] + ": ")
    assert server.get("/protected", register_token(jwt.encode(claims(**good), Known.secret, "HS256"))).status == 200


def test_includes_and_defines_are_httpds_business(new_server):
    server = new_server(DEFAULT + "Define WHO me\nInclude @dir@/more.conf\n")
    server.write("more.conf", "AuthJWTIssuer ${WHO}\n")
    options = configured(server)
    ctl("explain", *options, stdin=jwt.encode(claims(iss="me"), Known.secret, "HS256"))
    assert refusal(ctl("explain", *options, stdin=jwt.encode(claims(iss="you"), Known.secret, "HS256"), status=1)) == ("iss", "AJ0120")


def test_one_of_several_servers_is_named(new_server):
    server = new_server(DEFAULT + HOST % ("a", "AuthJWTIssuer a\n"))
    secret = bytes(range(48))
    server.write("a key", secret.hex(), 0o600)
    options = configured(server)
    token = jwt.encode(claims(iss="a"), secret, "HS384", headers={"kid": "k 1"})
    said = ctl("explain", *options, stdin=token, status=2)
    assert "--server" in said and "localhost, a.test" in said
    ctl("explain", *options, "--server", "a.test", stdin=token)
    assert refusal(ctl("explain", *options, "--server", "localhost", stdin=token, status=1)) == ("alg", "AJ0108")
    ctl("explain", *options, "--server", "b.test", stdin=token, status=2)


def test_options_say_more_than_the_configuration(new_server, tmp_path):
    server = new_server(DEFAULT + POLICY)
    options = configured(server)
    (tmp_path / "key").write_text(keys.pem(keys.private_key("ES256")))
    token = jwt.encode(claims(iss="other", aud="shop"), keys.private_key("ES256"), "ES256")
    ctl("explain", *options, "--key", "ES256 file:%s/key" % tmp_path, "--issuer", "other", stdin=token)


def test_a_configuration_that_httpd_refuses_is_shown_with_its_reason(new_server):
    server = new_server(DEFAULT + "AuthJWTLeeway never\n")
    assert "AuthJWTLeeway" in ctl("explain", *configured(server), stdin="x", status=2)
    assert "No such file" in ctl("explain", "--config", "/nowhere.conf", "--httpd", HTTPD, stdin="x", status=2)
    assert "--httpd names another" in ctl("explain", "--config", "/nowhere.conf", "--httpd", "/nowhere/httpd", stdin="x", status=2)
