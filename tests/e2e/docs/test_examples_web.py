# SPDX-License-Identifier: Apache-2.0
"""The examples for people with browsers, as shipped but for replacements: a real PHP-FPM, a real Tomcat, a proxied API."""
import subprocess

import pytest
from authjwt_app import App, Saw
from authjwt_env import Known
from authjwt_examples import WWW, Example
from authjwt_php_fpm import PAGE, PhpFpm
from authjwt_promises import SAME_ORIGIN, assert_login_page_and_logout_work, assert_sent_to_login, running
from authjwt_tomcat import WHO_JSP, Tomcat
from authjwt_visitor import ACCESS, FETCH, REFRESH

CROSS_SITE = {**FETCH, "Sec-Fetch-Site": "cross-site"}
ADMINS = "admins: ann\n"


# --- php-app.conf -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shop():
    files = {"www/shop/index.php": PAGE, "www/shop/admin/index.php": PAGE, "www/shop/assets/style.css": "body {}"}
    with PhpFpm() as php, running(Example("php-app.conf", {**WWW, "/run/php/php-fpm.sock": php.socket}, ADMINS, files)) as server:
        yield server


def test_php_is_behind_a_login_page(shop):
    assert_login_page_and_logout_work(shop, "/index.php")


def test_php_reads_user_and_roles_and_gets_no_token(shop):
    visitor = shop.client()
    visitor.sign_in("ann")
    visitor.cookies.set("basket", "full")
    saw = visitor.get("/", headers={"X-Remote-User": "root"}).json()
    assert saw["server"]["REMOTE_USER"] == "ann" and saw["server"]["AUTH_TYPE"] == "JWT"
    assert {name for name in saw["server"] if name.startswith("JWT_")} == {"JWT_CLAIM_SUB", "JWT_CLAIM_ROLE"}
    assert saw["server"]["JWT_CLAIM_ROLE"] == "admin" and saw["cookie"]["basket"] == "full"
    assert not any(name in str(saw) for name in visitor.cookies.get_dict() if name in (ACCESS, REFRESH))


def test_php_gets_forms_of_its_own_pages_and_none_of_other_sites(shop):
    visitor = shop.client()
    visitor.sign_in("bob")
    assert visitor.post("/", data={"item": "7"}, headers=SAME_ORIGIN).json()["post"] == {"item": "7"}
    assert visitor.post("/", data={"item": "7"}, headers=CROSS_SITE).status_code == 403


def test_php_pages_for_admins_are_for_admins_and_assets_for_all(shop):
    for user, status in (("ann", 200), ("bob", 403)):
        visitor = shop.client()
        visitor.sign_in(user)
        assert visitor.open("/admin/").status_code == status
        assert visitor.open("/admin/index.php").status_code == status
    assert shop.client().get("/assets/style.css").text == "body {}"
    assert_sent_to_login(shop.client().open("/admin/"), "/admin/")


# --- tomcat.conf ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tomcat():
    with Tomcat() as one:
        one.write("webapps/app/admin/who.jsp", WHO_JSP)
        yield one


def java(tomcat, defined=""):
    return running(Example("tomcat.conf", {"127.0.0.1:8009": tomcat.ajp.removeprefix("ajp://"), "secret=CHANGE-ME": "secret=" + tomcat.secret,
                                           "127.0.0.1:8080": tomcat.http.removeprefix("http://")}, ADMINS, defined=defined))


@pytest.fixture(scope="module")
def by_ajp(tomcat):
    with java(tomcat) as server:
        yield server


@pytest.fixture(scope="module")
def by_http(tomcat):
    with java(tomcat, "Define TOMCAT_BY_HTTP\n") as server:
        yield server


@pytest.fixture(params=["by_ajp", "by_http"])
def either(request):
    return request.getfixturevalue(request.param)


def seen(answer):
    assert answer.status_code == 200, answer.text
    return dict(item.split("=", 1) for item in answer.text.split("\0") if "=" in item)


def test_tomcat_is_behind_a_login_page(either):
    assert_login_page_and_logout_work(either, "/app/who.jsp")


def test_tomcat_knows_the_user_by_ajp(by_ajp):
    for user, role in (("ann", "admin"), ("bob", None)):
        visitor = by_ajp.client()
        visitor.sign_in(user)
        saw = seen(visitor.get("/app/who.jsp", headers={"AJP_JWT_CLAIM_ROLE": "admin", "JWT_CLAIM_ROLE": "admin", "Remote-User": "root"}))
        assert saw["user"] == user and saw["auth_type"] == "JWT" and saw.get("JWT_CLAIM_ROLE") == role
        assert ACCESS not in saw.get("header cookie", "")


def test_tomcat_knows_the_user_by_http(by_http):
    for user, role in (("ann", "admin"), ("bob", None)):
        visitor = by_http.client()
        visitor.sign_in(user)
        saw = seen(visitor.get("/app/who.jsp", headers={"X-Remote-User": "root", "X_Remote_Role": "admin", "x-remote-role": "admin"}))
        assert saw["header x-remote-user"] == user and saw.get("header x-remote-role") == role and "header x_remote_role" not in saw
        assert ACCESS not in saw.get("header cookie", "")


AS_TOMCAT_READS = {"/app/admin;a/who.jsp": 403, "/app/x/..;/admin/who.jsp": 403, "/app/..;/other/who.jsp": 404, "/app;a/admin;b=c/who.jsp;d": 403,
                   "/app/admin/..;/admin/who.jsp": 403, "/app/%61dmin;a/who.jsp": 403, "/app/;/admin/who.jsp": 403, "/app/x/%2e%2e;/admin/who.jsp": 403,
                   "/app//admin;/who.jsp": 403, "/app/ADMIN/who.jsp": 404, "/app/admin%2fwho.jsp": 404, "/app/admin%3ba/who.jsp": 404, "/;x/app/admin/who.jsp": 403}


@pytest.mark.parametrize("path", AS_TOMCAT_READS)
def test_no_spelling_of_an_address_leads_round_the_role_in_tomcat(either, path):
    status = AS_TOMCAT_READS[path]
    for user in ("ann", "bob"):
        answer = raw_get(either, path, either.client().token(user))
        assert answer == (status if user == "bob" or status == 404 else 200) or (answer in (400, 404) and status == 404), (user, answer)
    assert raw_get(either, path, "none") != 200


def raw_get(server, path, token):
    """Status of a GET for a path as it stands."""
    done = subprocess.run(["curl", "-s", "--path-as-is", "--globoff", "-K", "-", "--cacert", server.certificate, "-o", "/dev/null", "-w", "%{http_code}",
                           server.origin + path], input='header = "Authorization: Bearer %s"\n' % token, capture_output=True, text=True, check=True)
    return int(done.stdout)


def test_tomcats_admin_pages_are_for_admins(either):
    for user, status in (("ann", 200), ("bob", 403)):
        visitor = either.client()
        visitor.sign_in(user)
        assert visitor.open("/app/admin/who.jsp").status_code == status


# --- spa-api.conf -----------------------------------------------------------------------------------------------------

PARTNER = {"Origin": "https://partner.example.org", **CROSS_SITE}
PREFLIGHT = {**PARTNER, "Access-Control-Request-Method": "DELETE", "Access-Control-Request-Headers": "authorization"}


@pytest.fixture(scope="module")
def api():
    with App() as one:
        yield one


@pytest.fixture(scope="module")
def spa(api):
    files = {"www/app/index.html": "<!DOCTYPE html><title>app</title>", "www/app/main.js": "go()"}
    with running(Example("spa-api.conf", {**WWW, "http://127.0.0.1:3000": api.url}, "editors: ann\n", files)) as server:
        yield server


def test_the_application_is_behind_a_login_page_on_all_its_routes(spa):
    assert_login_page_and_logout_work(spa, "/orders/7")
    visitor = spa.client()
    visitor.sign_in("bob")
    assert visitor.get("/main.js").text == "go()" and "<title>app" in visitor.get("/any/route").text
    assert visitor.get("/userinfo").json()["sub"] == "bob"


def test_its_scripts_call_the_api_with_cookies_and_forged_headers_are_dropped(spa):
    visitor = spa.client()
    visitor.sign_in("ann")
    saw = Saw(visitor.put("/api/orders/7", json={}, headers={**SAME_ORIGIN, "X-Remote-User": "root", "x_remote_roles": "root"}).json())
    assert (saw["method"], saw["path"]) == ("PUT", "/orders/7")
    assert saw.one("X-Remote-User") == "ann" and saw.one("X-Remote-Roles") == "editor"
    assert not saw.one("Authorization") and ACCESS not in (saw.one("Cookie") or "")
    assert visitor.put("/api/orders/7", json={}, headers=CROSS_SITE).status_code == 403
    assert spa.client().get("/api/orders", headers=SAME_ORIGIN).json()["code"] == "token_missing"


def test_a_program_calls_the_api_with_a_header_token(spa):
    program = spa.client()
    tokens = program.post("/login", json={"username": "ann", "password": Known.passwords["ann"]}).json()
    program.cookies.clear()
    bearer = {"Authorization": "Bearer " + tokens["access_token"]}
    saw = Saw(program.delete("/api/orders/7", headers=bearer).json())
    assert saw.one("X-Remote-User") == "ann" and not saw.one("Authorization")
    assert program.post("/refresh", headers={"Authorization": "Bearer " + tokens["refresh_token"]}).status_code == 200


def test_only_editors_change_something(spa):
    bob = {"Authorization": "Bearer " + spa.client().token("bob")}
    assert spa.client().get("/api/orders", headers=bob).status_code == 200
    assert spa.client().delete("/api/orders/7", headers=bob).json()["code"] == "access_denied"


def test_a_script_of_the_other_origin_asks_first_and_then_calls_with_a_token(spa, api):
    partner = spa.client()
    answer = partner.options("/api/orders/7", headers=PREFLIGHT)
    assert answer.status_code == 200 and answer.json()["method"] == "OPTIONS" and not Saw(answer.json()).one("X-Remote-User")
    assert answer.headers["Access-Control-Allow-Origin"] == "https://partner.example.org"
    assert "Authorization" in answer.headers["Access-Control-Allow-Headers"] and "DELETE" in answer.headers["Access-Control-Allow-Methods"]
    answer = partner.delete("/api/orders/7", headers={**PARTNER, "Authorization": "Bearer " + spa.client().token("ann")})
    assert answer.status_code == 200 and answer.headers["Access-Control-Allow-Origin"] == "https://partner.example.org"
    refused = partner.delete("/api/orders/7", headers=PARTNER)
    assert refused.json()["code"] == "token_missing" and "Access-Control-Allow-Origin" in refused.headers
    assert partner.options("/api/orders/7").json()["code"] == "token_missing"


def test_the_other_origin_cannot_use_the_cookies_of_who_is_signed_in(spa):
    visitor = spa.client()
    visitor.sign_in("ann")
    answer = visitor.get("/api/orders", headers=PARTNER)
    assert "Access-Control-Allow-Credentials" not in answer.headers and "Origin" in answer.headers["Vary"]
    assert visitor.delete("/api/orders/7", headers=PARTNER).json()["code"] == "csrf_failed"
