# SPDX-License-Identifier: Apache-2.0
"""docs/ldap.md and conf/examples/ldap.conf, as they stand but for addresses and passwords, with a real slapd."""
import pytest
from authjwt_app import Saw
from authjwt_docs import Documented
from authjwt_env import ENV_CGI, Known
from authjwt_examples import WWW, Example
from authjwt_slapd import Slapd
from authjwt_tokens import read
from authjwt_promises import assert_login_page_and_logout_work, running

PAGE = "ldap.md"


@pytest.fixture(scope="module")
def directory():
    with Slapd() as one:
        yield one


@pytest.fixture(scope="module")
def documented(directory):
    server = Documented(PAGE, "Configuration", {**WWW, "ldap.example.com": directory.address}, files={
        "www/app/app.cgi": ENV_CGI, "www/html/index.html": "front", "ldap.password": directory.service_password})
    with running(server) as one:
        yield one


def test_the_page_makes_a_site_for_the_people_of_the_directory(documented):
    assert_login_page_and_logout_work(documented, "/app")
    visitor = documented.client()
    visitor.sign_in("ann", "/app/admin")
    env = dict(one.split("=", 1) for one in visitor.open("/app/admin").text.split("\0") if "=" in one)
    assert env["REMOTE_USER"] == "ann" and env["JWT_CLAIM_ROLE"] == "admin,staff" and env["JWT_CLAIM_MAIL"] == "ann@example.com"
    visitor = documented.client()
    visitor.sign_in("bob", "/app")
    assert visitor.open("/app/admin").status_code == 403


def test_the_page_gives_one_person_one_name(documented):
    answer = documented.client().post("/login", json={"username": "ANN", "password": Known.passwords["ann"]})
    assert read(answer.json()["access_token"])["sub"] == "ann"


@pytest.fixture(scope="module")
def intranet(directory, app):
    with running(Example("ldap.conf", {"ldap.example.com": directory.address, "/etc/ssl/certs/ldap-ca.pem": directory.path("certificate.pem"),
                                       "http://127.0.0.1:8000/": app.url + "/"}, files={"ldap.password": directory.service_password})) as server:
        yield server


def test_the_example_is_behind_a_login_page(intranet):
    assert_login_page_and_logout_work(intranet, "/some/page")


def test_the_application_of_the_example_gets_the_user_in_headers_and_no_token(intranet):
    visitor = intranet.client()
    visitor.sign_in("ann", "/admin")
    saw = Saw(visitor.get("/admin", headers={"X_Remote_User": "root", "X-Remote-Roles": "root"}).json())
    assert saw.all("X-Remote-User") == ["ann"] and saw.all("X-Remote-Roles") == ["admin,staff"] and saw.one("X-Remote-Mail") == "ann@example.com"
    assert "token_cookie=" not in (saw.one("Cookie") or "").replace("csrf_", "")


def test_who_is_not_staff_cannot_sign_in_and_who_is_no_admin_does_not_see_admin(intranet):
    answer = intranet.client().post("/login", json={"username": "cara", "password": Known.passwords["cara"]})
    assert answer.status_code == 403 and answer.json()["code"] == "access_denied"
    visitor = intranet.client()
    visitor.sign_in("bob")
    assert visitor.open("/").status_code == 200 and visitor.open("/admin").status_code == 403
