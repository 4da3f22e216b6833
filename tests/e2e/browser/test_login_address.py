# SPDX-License-Identifier: Apache-2.0
"""Login pages where something is in the way: an address that is none, a prefix that a proxy takes off, no cookies to set."""
import pathlib
import re
import textwrap
from urllib.parse import urljoin, urlsplit

import pytest
from authjwt_client import assert_error
from authjwt_env import ENDPOINTS, KEY_AND_STORE, USERS, Known, endpoint, protected
from authjwt_html import Page, assert_good_page
from authjwt_visitor import NAVIGATION, PAGE, WEB, Visitor, set_cookies, signed_in

SIGN_IN = "<Location />\nAuthType JWT\nAuthName all\nRequire valid-user\nAuthJWTLoginURL %s\n</Location>\n"
LOGIN = {"username": "ann", "password": Known.passwords["ann"]}


# -- an address that is no login -------------------------------------------------------------------------------------------

@pytest.mark.parametrize("url, addresses", [
    ("/signin", ["/signin", "/signin?next=%2f", "/signin/", "/sign%69n"]), ("/signin/?a=b", ["/signin", "/signin/"]), ("/", ["/", "/?next=%2f"]),
    ("/sign%20in", ["/sign%20in", "/sign%20in?next=/"])])
def test_an_address_that_asks_for_a_token_itself_is_401_and_not_a_loop(new_server, expect_log, url, addresses):
    expect_log(r"\[authjwt:warn\].*AJ1785: AuthJWTLoginURL \S+ in .*: no jwt-login answers there")
    expect_log(r"\[authjwt:warn\].*AJ1773: AuthJWTLoginURL \S+ asks for a token itself")
    server = new_server(WEB + SIGN_IN % url).start()
    visitor = Visitor(server)
    for address in addresses:
        answer = visitor.navigate(address)
        assert answer.status == 401 and answer.header("Location") is None and answer.challenge()[0] == "Bearer", (address, answer)
    answer = visitor.navigate("/members/x")
    assert answer.status == 302 and answer.header("Location").startswith(url), "who asks for something else is told where the page should be"
    assert visitor.navigate("/members/x", "POST").status == 401


def test_an_address_that_answers_is_never_said_to_be_none(new_server):
    server = new_server(WEB + SIGN_IN % "/login").start()
    visitor = Visitor(server)
    address = visitor.navigate("/members/x").header("Location")
    assert_good_page(visitor.navigate(address))
    assert "AJ1773" not in server.read_log()


# -- a prefix that the browser sees and httpd does not -----------------------------------------------------------------------

DOCUMENT = protected("/app", "ErrorDocument 401 /login", "Require valid-user")
OWN = endpoint("/deep/er/sso", "login", USERS) + endpoint("/co:lon", "login", USERS) + endpoint("/dir/", "login", USERS)


@pytest.mark.parametrize("address, form", [
    ("/login", "/login"), ("/login?next=/app/a/b", "/login"), ("/deep/er/sso", "/deep/er/sso"), ("/co:lon", "/co:lon"), ("/dir/", "/dir/"),
    ("/app/a/b?x=/y", "/login"), ("/app", "/login"), ("/app/", "/login"), ("/logout", "/logout"), ("/%6Cogin", "/login")])
def test_forms_go_to_the_endpoint_with_and_without_a_prefix(new_server, address, form):
    server = new_server(WEB + DOCUMENT + OWN).start()
    answer = Visitor(server).navigate(address)
    action = Page(answer.text).one("form")["action"]
    assert not action.startswith("/") and "//" not in action, action
    for prefix in ("", "/prefix", "/two/levels"):
        target = urlsplit(urljoin("http://localhost" + prefix + address, action))
        assert target.netloc == "localhost" and target.path == prefix + form, action


# -- no cookies ----------------------------------------------------------------------------------------------------------------

def test_without_cookie_mode_browsers_are_told_so_and_get_no_tokens(new_server):
    server = new_server(KEY_AND_STORE + ENDPOINTS + endpoint("/bare", "login", "AuthJWTLoginPage off", USERS)).start()
    for answer in (Visitor(server).navigate("/login"), server.get("/login", headers={"Accept": PAGE})):
        page = assert_good_page(answer)
        assert answer.status == 200 and "AuthJWTCookies on" in page.text and not page.all("form")
    answer = Visitor(server).submit("/login", LOGIN)
    page = assert_good_page(answer)
    assert answer.status == 400 and "AuthJWTCookies on" in page.text and set_cookies(answer) == {}
    assert "eyJ" not in answer.text.replace(page.one("style")["nonce"], "")
    assert server.post("/login", form=LOGIN).json()["access_token"], "programs are none of this page's business"
    assert "access_token" in Visitor(server).fetch("/login", "POST", form=LOGIN).json()
    assert "access_token" in Visitor(server).submit("/bare", LOGIN).json(), "who turns the page off wants JSON"


def test_in_cookie_mode_the_page_is_the_page(new_server):
    server = new_server(WEB).start()
    assert assert_good_page(Visitor(server).navigate("/login")).one("form") and signed_in(server)


# -- the way on ------------------------------------------------------------------------------------------------------------------

def test_no_policy_stops_a_form_on_its_way(new_server):
    """Browsers ask form-action of each redirect that follows the form."""
    server = new_server(WEB + endpoint("/own", "login", "AuthJWTLoginPage @dir@/own.html", USERS) + protected("/m", "AuthJWTLoginURL /login", "Require valid-user"))
    server.write("own.html", "<!DOCTYPE html><title>x</title>")
    server.start()
    for path, method in (("/login", "GET"), ("/logout", "GET"), ("/own", "GET"), ("/m", "POST")):
        answer = Visitor(server).navigate(path, method)
        assert "form-action" not in answer.header("Content-Security-Policy"), path
        assert "frame-ancestors 'self'" in answer.header("Content-Security-Policy")


# -- challenges --------------------------------------------------------------------------------------------------------------------

REALMS = ['members', '"a \\"quoted\\" realm"', '"a back\\\\slash"', "'single \"quoted\"'", '"caf\u00e9"']


@pytest.mark.parametrize("realm", REALMS)
def test_a_realm_is_quoted_as_basic_quotes_it(new_server, realm):
    name = "AuthName " + realm
    server = new_server(WEB + "<Location /p/jwt>\nAuthType JWT\n%s\nRequire valid-user\n</Location>\n<Location /p/basic>\nAuthType Basic\n%s\n"
                        "AuthUserFile @dir@/users\nRequire valid-user\n</Location>\n" % (name, name)).start()
    ours, basic = (server.get("/p/" + kind).header("WWW-Authenticate").partition(" ")[2] for kind in ("jwt", "basic"))
    assert ours == basic
    assert_error(server.get("/p/jwt", "junk"), "token_invalid")


def test_a_realm_from_a_request_cannot_end_its_quotes(new_server):
    server = new_server(WEB + "<Location /p>\nAuthType JWT\nAuthName %{req:X-Realm}\nRequire valid-user\n</Location>\n").start()
    for sent, wanted in (('a", error="x', '"a\\", error=\\"x"'), ("a\\", '"a\\\\"'), ('\\"', '"\\""'), ('\\\\"', '"\\\\\\""')):
        assert server.get("/p", headers={"X-Realm": sent}).header("WWW-Authenticate") == "Bearer realm=" + wanted, sent


# -- the first thing that anybody copies -----------------------------------------------------------------------------------------

TOP = pathlib.Path(__file__).resolve().parents[3]


def first_configuration():
    """The first block of README that has a directive of ours, and the same of the shipped file."""
    readme = next(block for block in re.findall(r"(?m)(?:^    .*\n)+", (TOP / "README.md").read_text()) if "AuthJWTKey" in block)
    shipped = re.search(r"(?m)^#AuthJWTKey(?:.*\n)(?:#.+\n)+", (TOP / "conf/authjwt.conf").read_text()).group(0)
    return {"README": textwrap.dedent(readme), "authjwt.conf": re.sub("(?m)^#", "", shipped)}


@pytest.mark.parametrize("where", ["README", "authjwt.conf"])
def test_the_first_configuration_works_in_a_browser_and_for_curl(new_server, where):
    config = first_configuration()[where].replace("/etc/apache2/jwt.", "@dir@/")
    assert config.count("@dir@/") == 2
    server = new_server("AuthJWTRevocationStore lmdb:@dir@/state(64M)\nAliasMatch ^/app(/.*)?$ @dir@/htdocs/ok.txt\n" + config).start()
    visitor = Visitor(server)
    answer = visitor.navigate("/app/x")
    page = assert_good_page(visitor.navigate(answer.header("Location")))
    answer = visitor.submit(urljoin("/login", page.one("form")["action"]), {**LOGIN, "next": page.value("next")})
    assert answer.status == 303 and answer.header("Location") == "/app/x" and visitor.navigate("/app/x").text == "let in\n"
    token = server.post("/login", form=LOGIN).json()["access_token"]
    assert server.get("/app", token).text == "let in\n"
    assert_error(server.get("/app"), "token_missing")
