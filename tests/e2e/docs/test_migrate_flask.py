# SPDX-License-Identifier: Apache-2.0
"""docs/migrate/from-flask-jwt-extended.md: the same application with the real library, with httpd in front of it, and without the
library behind httpd, asked the same things; and its tables against the library that is installed."""
import datetime
import inspect
import itertools
import json
import re
import shlex
import sys

import pytest
import requests
from authjwt_app import App, Saw
from authjwt_docs import DOCS, Documented, block, blocks, commands, rows
from authjwt_env import Known, location
from authjwt_leaks import register_token
from authjwt_service import Service, free_port
from authjwt_tokens import read

flask = pytest.importorskip("flask", reason="python3-flask is not installed")
library = pytest.importorskip("flask_jwt_extended", reason="python3-python-flask-jwt-extended is not installed")
from werkzeug.security import generate_password_hash  # noqa: E402

PAGE = "migrate/from-flask-jwt-extended.md"
ROLES = {"ann": "admin", "bob": "user"}
USERS = json.dumps({user: {"password": generate_password_hash(Known.passwords[user], "pbkdf2:sha256:1000"), "role": role}
                    for user, role in ROLES.items()})
GROUPS = "admins: ann\n"


class Application(Service):
    """The shop.py below a heading, run by the command of the page."""

    def __init__(self, heading):
        super().__init__()
        users = self.write("users.json", USERS, 0o600)
        self.write("shop.py", block(PAGE, heading, "app = Flask").replace("/etc/shop/users.json", users))
        self.port = free_port()
        self.origin, self.verify = "http://127.0.0.1:%d" % self.port, True
        command, = commands(PAGE, "Before", "--port 5000")
        python, *rest = shlex.split(command.replace("5000", str(self.port)))
        assert python == "python3"
        self.run([sys.executable, "-B", *rest], ("127.0.0.1", self.port), env={"JWT_SECRET_KEY": Known.secret})


class Client(requests.Session):
    """Asks an application, or a site in front of one."""

    def __init__(self, at):
        super().__init__()
        self.trust_env, self.at = False, at
        self.verify = getattr(at, "certificate", True)

    def ask(self, method, path, token=None, **more):
        headers = {"Authorization": "Bearer " + token} if token else {}
        return self.request(method, self.at.origin + path, headers={**headers, **more.pop("headers", {})}, timeout=20, **more)

    def login(self, user="ann", field="username"):
        answer = self.ask("POST", "/login", json={field: user, "password": Known.passwords[user]})
        assert answer.status_code == 200, answer.text
        return tuple(register_token(answer.json()[name]) for name in ("access_token", "refresh_token"))


def site(heading, application):
    return Documented(PAGE, heading, {"127.0.0.1:5000": "127.0.0.1:%d" % application.port}, GROUPS)


@pytest.fixture(scope="module")
def old_application():
    with Application("Before") as one:
        yield one


@pytest.fixture(scope="module")
def before(old_application):
    return Client(old_application)


@pytest.fixture(scope="module")
def between(old_application):
    server = site("In between", old_application)
    try:
        yield Client(server.start())
    finally:
        server.close()


@pytest.fixture(scope="module")
def after():
    with Application("After") as application:
        server = site("After", application)
        try:
            yield Client(server.start())
        finally:
            server.close()


@pytest.fixture(scope="module", params=["before", "between", "after"])
def each(request):
    return request.getfixturevalue(request.param)


# --- the same requests to all three -------------------------------------------------------------------------------------


def test_a_login_opens_the_page_and_the_application_knows_user_role_and_tenant(each):
    for user, role in ROLES.items():
        answer = each.ask("GET", "/whoami", each.login(user)[0])
        assert answer.status_code == 200 and answer.json() == {"user": user, "role": role, "tenant": "acme"}


def test_a_wrong_login_is_refused(each):
    assert each.ask("POST", "/login", json={"username": "ann", "password": Known.wrong_password}).status_code == 401
    assert each.ask("POST", "/login", json={"username": "ann"}).status_code == 400


def test_without_a_token_a_page_is_401(each):
    assert each.ask("GET", "/whoami").status_code == 401
    assert each.ask("GET", "/whoami", headers={"X-Remote-User": "ann", "X-Remote-Tenant": "acme"}).status_code == 401


def test_a_refresh_gets_a_token_that_opens_pages_and_is_not_fresh(each):
    access, refresh = each.login()
    assert each.ask("POST", "/password", access).json() == {"user": "ann"}
    answer = each.ask("POST", "/refresh", refresh)
    assert answer.status_code == 200
    renewed = register_token(answer.json()["access_token"])
    assert each.ask("GET", "/whoami", renewed).json() == {"user": "ann", "role": "admin", "tenant": "acme"}
    assert each.ask("POST", "/password", renewed).status_code == 401
    assert each.ask("GET", "/whoami", refresh).status_code in (401, 422)


def test_pages_of_admins_are_for_admins(each):
    assert each.ask("GET", "/admin/users", each.login("ann")[0]).json() == {"users": ["ann", "bob"]}
    assert each.ask("GET", "/admin/users", each.login("bob")[0]).status_code == 403


def test_the_news_are_for_everybody_and_know_who_is_there(each):
    assert each.ask("GET", "/news").json() == {"user": None}
    assert each.ask("GET", "/news", each.login("bob")[0]).json() == {"user": "bob"}
    assert each.ask("GET", "/news", "no.good.token").status_code in (401, 422)


def test_a_logout_ends_the_token(each):
    access, other = each.login()[0], each.login()[0]
    assert each.ask("POST", "/logout", access).status_code == 200
    assert each.ask("GET", "/whoami", access).status_code == 401
    assert each.ask("GET", "/whoami", other).status_code == 200


# --- side by side -------------------------------------------------------------------------------------------------------


def test_tokens_of_each_are_good_at_the_other(before, between, after):
    for issuer, user in itertools.product((before, after), ROLES):
        access, refresh = issuer.login(user)
        for other in (before, between, after):
            assert other.ask("GET", "/whoami", access).json() == {"user": user, "role": ROLES[user], "tenant": "acme"}
        for other in (before, after):
            assert other.ask("POST", "/refresh", refresh).status_code == 200


def test_going_back_what_httpd_has_ended_is_good_again_in_the_application(before, after):
    access, _ = after.login("bob")
    assert after.ask("POST", "/logout", access).status_code == 200
    assert after.ask("GET", "/whoami", access).status_code == 401
    assert before.ask("GET", "/whoami", access).status_code == 200


def test_headers_of_clients_do_not_count(after):
    answer = after.ask("GET", "/whoami", after.login("bob")[0], headers={"X-Remote-User": "root", "X_Remote_User": "root", "X-Remote-Role": "admin"})
    assert answer.json() == {"user": "bob", "role": "user", "tenant": "acme"}


@pytest.mark.parametrize("heading, token_arrives", [("In between", True), ("After", False)])
def test_the_application_gets_the_token_for_as_long_as_it_checks_it(heading, token_arrives, after):
    access, _ = after.login("bob")
    with App() as application:
        server = site(heading, application)
        try:
            saw = Saw(Client(server.start()).ask("GET", "/whoami", access).json())
        finally:
            server.close()
    assert saw.one("X-Remote-User") == "bob" and saw.one("Authorization") == ("Bearer " + access if token_arrives else None)


def test_the_tutorials_requests_get_the_tutorials_answers(after):
    access, refresh = after.login("ann", field="email")
    assert after.ask("POST", "/refresh", access).status_code == 401
    for token, error, message in ((None, "Authorization required", "No token provided"),
                                  (refresh, "Invalid token", "Only access tokens are allowed"),
                                  ("no.good.token", "Invalid token", "Token verification failed")):
        body = after.ask("GET", "/whoami", token).json()
        assert (body["error"], body["message"]) == (error, message)
    assert after.ask("POST", "/logout", access).json() == {"message": "Successfully logged out"}
    body = after.ask("GET", "/whoami", access).json()
    assert (body["error"], body["message"]) == ("Token has been revoked", "Please log in again")


def test_a_user_whose_password_the_old_login_wrote_down_signs_in(after):
    scope = {}
    users = after.at.path("jwt.users")
    exec(block(PAGE, "Users", "def remember").replace("/etc/apache2/jwt.users", users), scope)
    scope["remember"]("dora", Known.passwords["cara"])
    answer = after.ask("POST", "/login", json={"username": "dora", "password": Known.passwords["cara"]})
    assert answer.status_code == 200 and read(register_token(answer.json()["access_token"]))["sub"] == "dora"


def test_without_a_proxy_the_application_reads_the_same_from_its_environment(new_server):
    found = [one for one in blocks(PAGE, "After") if "request.remote_user" in one]
    script = "#!%s -B\nfrom flask import Flask, jsonify, request\nfrom wsgiref.handlers import CGIHandler\napp = Flask(__name__)\n%s" \
             "app.wsgi_app = (lambda wsgi: lambda env, start: wsgi({**env, 'PATH_INFO': '/whoami'}, start))(app.wsgi_app)\n" \
             "CGIHandler().run(app)\n" % (sys.executable, found[0])
    server = new_server("AuthJWTKey HS256 file:@dir@/secret\nAuthJWTRevocationStore lmdb:@dir@/state(64M)\n"
                        + location("/login", "SetHandler jwt-login", "AuthUserFile @dir@/users", "AuthGroupFile @dir@/groups",
                                   "AuthJWTGrantRole admin group admins", "AuthJWTClaim tenant acme")
                        + location("/cgi", "AuthType JWT", 'AuthName "shop"', "Require valid-user"))
    server.write("cgi-bin/env.sh", script, 0o755)
    server.start()
    for user, role in ROLES.items():
        assert server.get("/cgi", server.login(user)[0]).json() == {"user": user, "role": role, "tenant": "acme"}


# --- the tables against the library -------------------------------------------------------------------------------------

SINCE_4_7_1 = {"JWT_VERIFY_SUB"}


def named(heading, column=0):
    return [word for row in rows(PAGE, heading) for word in re.findall(r"`(\w+)", row[column])]


def defaults_there():
    app = flask.Flask("empty")
    library.JWTManager(app)
    return {name: value for name, value in app.config.items() if name.startswith("JWT_")}


def as_written(value):
    """A default of the library as the table writes it."""
    if isinstance(value, datetime.timedelta):
        return "%dd" % value.days if value.days else "%dm" % (value.seconds // 60)
    if isinstance(value, (list, tuple)):
        return ", ".join("`%s`" % one for one in value)
    return {None: "not set", "": "empty"}.get(value, "0" if value is not False and value == 0 else "`%s`" % value)


def test_the_table_has_every_option_once():
    options = named("Options")
    assert len(options) == len(set(options)) == 43
    assert set(options) - SINCE_4_7_1 == set(defaults_there()) - SINCE_4_7_1


def test_the_table_has_the_librarys_defaults():
    there = defaults_there()
    for option, default, *_ in rows(PAGE, "Options"):
        name = re.match(r"`(\w+)`", option).group(1)
        if name in there:
            assert default == as_written(there[name]), name


def test_the_table_has_our_defaults():
    """As directives.md has them, which other tests hold against the module."""
    documented = dict(re.findall(r"(?m)^    Default: (AuthJWT\w+) ([^;\n]+)", (DOCS / "directives.md").read_text()))
    checked = 0
    for row in rows(PAGE, "Options"):
        name = re.match(r"`(AuthJWT\w+)", row[2])
        if name and name.group(1) in documented:
            assert row[3] == "`%s`" % documented[name.group(1)], row
            checked += 1
    assert checked >= 15


def test_the_table_has_every_callback_once():
    there = [name for name, _ in inspect.getmembers(library.JWTManager, inspect.isfunction) if name.endswith("_loader")]
    assert len(there) == 15 and sorted(named("Callbacks")) == sorted(there)


def test_the_tables_have_every_argument_and_every_function():
    arguments = set(inspect.signature(library.jwt_required).parameters)
    text = " ".join(row[0] for row in rows(PAGE, "Decorators"))
    assert not [name for name in arguments if name + "=" not in text]
    functions = {name for name, value in vars(library).items() if not name.startswith("_") and not inspect.ismodule(value)}
    assert functions <= set(named("Functions")), functions - set(named("Functions"))
    there = {name for one in (library.create_access_token, library.create_refresh_token) for name in inspect.signature(one).parameters}
    assert not [name for name in there - {"identity"} if name not in rows(PAGE, "Functions")[1][1]]


@pytest.mark.parametrize("row", [row for row in rows(PAGE, "Callbacks") if "AuthJWTErrorDocument" in row[1]], ids=lambda row: row[0].strip("`"))
def test_the_error_documents_of_the_callbacks_are_codes_that_exist(row, new_server):
    codes = re.findall(r"AuthJWTErrorDocument (\w+) FILE|`(\w+_\w+)`", row[1])
    lines = "".join("AuthJWTErrorDocument %s @dir@/body.json\n" % (one or other) for one, other in codes)
    server = new_server("AuthJWTKey HS256 file:@dir@/secret\n" + lines)
    server.write("body.json", '{"msg":"no"}')
    status, said = server.configtest()
    assert lines and status == 0, said
