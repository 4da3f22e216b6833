# SPDX-License-Identifier: Apache-2.0
"""An endpoint answers its own address and nothing below it, however that is reached: 404, whoever asks, whatever the method."""
import pytest
from authjwt_app import App
from authjwt_client import assert_logged_in
from authjwt_env import DEFAULT, GRANTS, KEY_AND_STORE, USERS, Known, endpoint, location, protected, running
from authjwt_visitor import ACCESS, WEB, signed_in

# One matcher for what an endpoint may do, another for where it is.
POLICY = """
<LocationMatch "^/(login|refresh)$">
    AuthJWTProvider file
    AuthUserFile  @dir@/users
    AuthGroupFile @dir@/groups
    AuthJWTGrantRole admin group admins
    AuthJWTLoginRequire group admins
</LocationMatch>
"""
SPLIT = KEY_AND_STORE + POLICY + "".join(endpoint("/" + name, name) for name in ("login", "refresh", "logout", "jwks", "revoke", "introspect")) + (
    location("/userinfo", "SetHandler jwt-userinfo", "AuthType JWT", 'AuthName "members"', "Require valid-user")
    + protected("/admin", "Require jwt-role admin"))
EVERYWHERE = """
<Location "/">
    AuthType JWT
    AuthName "shop"
    Require  valid-user
</Location>
"""
REWRITES = """
RewriteEngine On
RewriteRule ^/by-rule/(.*)$ /refresh/$1 [PT]
RewriteRule ^/by-name$ /refresh [PT]
<Directory @dir@/htdocs>
    FallbackResource /refresh/fallback
</Directory>
"""
BELOW = ["/", "/x", "/x/y", "/.", "//", "/%2e%2e/refresh/", "/?a=b", "/index.html"]


@pytest.fixture(scope="module")
def server(app):
    yield from running({"CONFIG": SPLIT + EVERYWHERE + REWRITES})


def user_who_left(server):
    """The refresh token of somebody who is deleted and has lost the role."""
    _, refresh = server.login("ann")
    server.write("users", "".join(line + "\n" for line in Known.users().splitlines() if not line.startswith("ann:")))
    server.write("groups", "admins: bob\n")
    return refresh


@pytest.fixture
def left(server):
    yield user_who_left(server)
    server.write("users", Known.users())
    server.write("groups", Known.groups)


@pytest.mark.parametrize("rest", BELOW)
def test_whoever_was_deleted_renews_nothing_behind_the_address_of_the_refresh(server, left, rest):
    assert server.post("/refresh", left).status == 401
    answer = server.post("/refresh" + rest, left)
    assert answer.status == 404 and "token" not in answer.text, answer


@pytest.mark.parametrize("rest", BELOW)
def test_whoever_may_not_sign_in_does_not_behind_the_address_of_the_login(server, rest):
    assert server.try_login("bob").status == 403
    assert_logged_in(server.try_login("ann"))
    for user in ("ann", "bob"):
        assert server.try_login(user, path="/login" + rest.replace("refresh", "login")).status == 404


@pytest.mark.parametrize("name", ["login", "refresh", "logout", "jwks", "revoke"])
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "OPTIONS", "PUT"])
def test_no_method_is_answered_below(server, name, method):
    for rest in ("/", "/x"):
        assert server.request(method, "/%s%s" % (name, rest)).status == 404
    assert server.request(method, "/" + name).status != 404


def test_what_asks_for_a_token_asks_first_and_is_404_then(server):
    access, _ = server.login()
    assert server.get("/userinfo", access).status == 200
    assert server.post("/introspect", access, form={"token": access}).status == 200
    for rest in ("/", "/x"):
        assert server.post("/introspect" + rest, form={"token": access}).status == 401
        assert server.post("/introspect" + rest, access, form={"token": access}).status == 404
        assert server.get("/userinfo" + rest).status == 401
        assert server.get("/userinfo" + rest, access).status == 404


def test_rewrites_and_fallbacks_reach_the_address_and_nothing_below(server):
    access, refresh = server.login()
    for path in ("/by-rule/", "/by-rule/x"):
        assert server.post(path, refresh).status == 404
    assert "access_token" not in server.post("/nothing/here", access, form={"refresh_token": refresh}).text
    assert_logged_in(server.post("/by-name", refresh))


def test_no_spelling_of_an_address_is_answered_by_the_endpoint_but_by_its_rules(server, left):
    for path in ("/refresh;x", "/REFRESH", "/refresh%2f", "/refresh%00", "/refresh%3b", "/x/../refresh/", "/refresh.json", "/refresh\\x"):
        assert server.post(path, left).status in (400, 401, 404), path


@pytest.mark.parametrize("order", ["before", "after"])
def test_also_where_all_is_proxied(new_server, app, order):
    proxy = 'ProxyPass "/" "http://127.0.0.1:%d/"\n' % app.port
    server = new_server(proxy + SPLIT if order == "before" else SPLIT + proxy, modules=App.MODULES).start()
    refresh = user_who_left(server)
    for rest in ("", "/", "/x", ";x"):
        answer = server.post("/refresh" + rest, refresh)
        assert answer.status == {"": 401, ";x": answer.status}.get(rest, 404) and "access_token" not in answer.text
    for rest in ("/", "/x"):
        assert server.try_login("bob", path="/login" + rest).status == 404


def test_a_directory_of_the_name_changes_nothing(new_server):
    server = new_server(SPLIT)
    for name in ("login", "refresh", "logout"):
        server.write("htdocs/%s/index.html" % name, "an index\n")
    server.start()
    _, refresh = server.login()
    assert_logged_in(server.post("/refresh", refresh))
    for name in ("login", "refresh", "logout"):
        for rest in ("/", "/index.html", "/absent"):
            assert server.post("/" + name + rest, refresh).status == 404
            assert "an index" not in server.get("/" + name + rest).text
    assert server.get("/login").status == 200


SECTIONS = {
    '<Location "/in/place/">\n%s\n</Location>': ("/in/place/", ["/in/place/x", "/in/place/x/"]),
    '<LocationMatch "^/(a|ab|abc)">\n%s\n</LocationMatch>': ("/abc", ["/abc/", "/abc/x", "/abcd"]),
    '<LocationMatch "^/one/[a-z]+$">\n%s\n</LocationMatch>': ("/one/two", ["/one/two/", "/one/two/x"]),
    '<Location "/wild/*/in">\n%s\n</Location>': ("/wild/x/in", ["/wild/x/in/", "/wild/x/in/y"]),
    '<Directory "@dir@/htdocs/dir">\n%s\n</Directory>': ("/dir/", ["/dir/x", "/dir/file.txt", "/dir/file.txt/x"]),
    '<Directory "@dir@/htdocs">\n<Files "signin">\n%s\n</Files>\n</Directory>': ("/signin", ["/signin/", "/signin/x"]),
    '<Location "/within">\n<If "true">\n%s\n</If>\n</Location>': ("/within", ["/within/", "/within/x"]),
    '<If "%%{REQUEST_URI} =~ m#^/cond#">\n%s\n</If>': ("/cond", ["/cond/", "/cond/x"]),
    '<Location "/">\n%s\n</Location>': ("/", ["/x", "/dir/"]),
    '%s': ("/", ["/x", "/dir/"]),
}


@pytest.mark.parametrize("section", SECTIONS, ids=lambda one: one.split("\n")[0].replace("%s", "server"))
def test_every_kind_of_section_has_an_address_of_its_own(new_server, section):
    own, below = SECTIONS[section]
    server = new_server(KEY_AND_STORE + location("/", USERS) + section % "SetHandler jwt-login" + "\n")
    server.write("htdocs/dir/file.txt", "a file\n")
    server.start()
    assert_logged_in(server.try_login(path=own))
    for path in below:
        assert server.try_login(path=path).status == 404, path


def test_a_handler_of_an_expression_has_the_address_of_its_section(new_server):
    server = new_server(KEY_AND_STORE + location("/", USERS) + location("/e", 'SetHandler "%{reqenv:which}"') + "SetEnvIf Host . which=jwt-login\n").start()
    assert_logged_in(server.try_login(path="/e"))
    assert server.try_login(path="/e/").status == 404


def test_nothing_is_renewed_below_the_address_of_a_refresh(new_server, expect_log):
    server = new_server(WEB + protected("/good", "Require valid-user", "AuthJWTCookieAutoRefresh /refresh")
                        + protected("/bad", "Require valid-user", "AuthJWTCookieAutoRefresh /refresh/x")).start()
    expect_log(r"AJ1761: .*/refresh/x is no jwt-refresh location")
    for path, status in (("/bad", 401), ("/good", 404)):
        visitor = signed_in(server)
        del visitor.jar[ACCESS]
        assert visitor.fetch(path).status == status, path
