# SPDX-License-Identifier: Apache-2.0
"""A real Chromium: a person signs in, works in an old application, and signs out; other sites get nowhere."""
import http.server
import threading
import time

import pytest
from authjwt_chromium import absent, running_chromium
from authjwt_env import ENDPOINTS, KEY_AND_STORE, USERS, Known, endpoint, protected
from authjwt_leaks import register_token
from authjwt_visitor import ACCESS, ALL_FOUR

pytest.importorskip("selenium.webdriver", reason="python3-selenium is not installed")
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.support.ui import WebDriverWait  # noqa: E402

pytestmark = pytest.mark.skipif(absent() is not None, reason=str(absent()))

# As unchangeable as they come: a form, a file, REMOTE_USER.
OLD_APP = """#!/bin/sh
[ "$REQUEST_METHOD" = POST ] && { read -r line; printf '%s wrote %s\\n' "$REMOTE_USER" "$line" >>@dir@/notes; }
printf 'Content-Type: text/html\\r\\n\\r\\n<!DOCTYPE html><title>Old app</title><p id=who>%s</p><pre id=notes>' "$REMOTE_USER"
cat @dir@/notes
printf '</pre><form method=post action=/app><input name=note><button id=save>Save</button></form>'
printf '<form method=post action=/logout><button id=out>Sign out</button></form>'
"""
APP = ("AuthJWTLoginURL /login", "Require valid-user")
CONFIG = KEY_AND_STORE + "AuthJWTCookies on\nAuthJWTCookieAutoRefresh /refresh\nAuthJWTAccessTokenExpires 1s\nAuthJWTLeeway 0\n" + ENDPOINTS + (
    "ScriptAliasMatch ^/(app|unrenewed|open)$ @dir@/cgi-bin/old.sh\n"
    + protected("/app", *APP, 'Header always set Cache-Control "no-store"') + protected("/unrenewed", "AuthJWTCookieAutoRefresh off", *APP)
    + protected("/open", *APP, "AuthJWTCookieCSRFProtect off") + endpoint("/none/login", "login", "AuthJWTCookieSameSite None", USERS))
FORM = """<!DOCTYPE html><title>Elsewhere</title><form id=f method=post action="%s"><input name=note value=%s></form>"""
FETCH = """const done = arguments[arguments.length - 1];
fetch(arguments[0], {method: 'POST', mode: arguments[1], credentials: 'include', headers: arguments[2], body: 'note=' + arguments[3]})
    .then(r => r.text().then(t => done(r.type + ' ' + r.status + ' ' + t)), e => done('failed ' + e));"""


class Elsewhere:
    """Another site, at another port: whatever a test wants to show."""

    def __init__(self):
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(site.page.encode())

            def log_message(self, *_):
                pass

        self.page = ""
        self.httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.httpd.server_port
        threading.Thread(target=self.httpd.serve_forever, daemon=True).start()


@pytest.fixture(scope="module")
def elsewhere():
    site = Elsewhere()
    yield site
    site.httpd.shutdown()
    site.httpd.server_close()


@pytest.fixture(scope="module")
def chromium():
    with running_chromium() as driver:
        yield driver


class Person:
    """Somebody with a browser in front of the application."""

    def __init__(self, driver, server):
        self.driver, self.server, self.home = driver, server, "http://localhost:%d" % server.port

    def open(self, path):
        self.driver.get(path if path.startswith("http") else self.home + path)
        return self

    def at(self):
        """Path and query of the page on screen."""
        return self.driver.current_url.removeprefix(self.home)

    def find(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector="body"):
        return self.find(selector).text

    def press(self, selector):
        """Press a button and wait for the page it leads to."""
        before = self.find("html")
        self.find(selector).click()
        WebDriverWait(self.driver, 30).until(lambda _: is_gone(before))
        return self

    def sign_in(self, user="ann", path="/app", password=None):
        self.open(path)
        self.find("#user").clear()
        self.find("#user").send_keys(user)
        self.find("#password").send_keys(password or Known.passwords[user])
        return self.press("button")

    def cookies(self):
        found = {one["name"]: one for one in self.driver.get_cookies()}
        for one in found.values():
            register_token(one["value"])
        return found

    def wait_for_expiry(self):
        """Sleep until the access token is over, and see that it is."""
        token = self.cookies()[ACCESS]["value"]
        end = time.monotonic() + 30
        while self.server.get("/unrenewed", token).status == 200:
            assert time.monotonic() < end
            time.sleep(0.1)
        return self

    def ask(self, path, mode="cors", headers=None, note="x"):
        """What a script of the page on screen gets from a POST."""
        return self.driver.execute_async_script(FETCH, path, mode, headers or {"Content-Type": "application/x-www-form-urlencoded"}, note)


def is_gone(element):
    try:
        return element.is_enabled() is None
    except Exception as error:                 # the reference is stale: a new document is there
        return "stale" in str(error).lower() or "no such" in str(error).lower() or "not belong" in str(error).lower()


@pytest.fixture
def person(chromium, server):
    server.write("cgi-bin/old.sh", server.expand(OLD_APP), 0o755)
    server.write("notes", "", 0o666)
    yield Person(chromium, server)
    for handle in chromium.window_handles[1:]:
        chromium.switch_to.window(handle)
        chromium.close()
    chromium.switch_to.window(chromium.window_handles[0])
    chromium.execute_cdp_cmd("Network.clearBrowserCookies", {})
    chromium.get("about:blank")


def notes(server):
    with open(server.path("notes"), encoding="utf-8") as file:
        return file.read().splitlines()


def test_a_person_signs_in_works_and_signs_out(person, server):
    person.open("/app?x=1")
    assert person.at() == "/login?next=%2fapp%3fx%3d1" and person.driver.title == "Sign in"
    person.find("#user").send_keys("ann")
    person.find("#password").send_keys(Known.passwords["ann"])
    person.press("button")
    assert person.at() == "/app?x=1" and person.text("#who") == "ann"
    cookies = person.cookies()
    assert set(cookies) == ALL_FOUR and cookies[ACCESS]["httpOnly"] and cookies[ACCESS]["secure"] and cookies[ACCESS]["sameSite"] == "Lax"
    assert ACCESS not in person.driver.execute_script("return document.cookie")
    person.find("[name=note]").send_keys("hello")
    person.press("#save")
    assert notes(server) == ["ann wrote note=hello"] and "hello" in person.text("#notes")
    person.press("#out")
    assert person.at() == "/" and person.cookies() == {}
    assert person.open("/app").at() == "/login?next=%2fapp"


def test_a_wrong_password_is_told_and_the_way_on_is_kept(person):
    person.sign_in(path="/app?y=2", password=Known.wrong_password)
    assert person.text("#message") == "User name or password is wrong." and person.find("#user").get_attribute("value") == "ann"
    assert person.cookies() == {} and person.driver.switch_to.active_element.get_attribute("id") == "password"
    person.find("#password").send_keys(Known.passwords["ann"])
    person.press("button")
    assert person.at() == "/app?y=2" and person.text("#who") == "ann"


def test_work_goes_on_after_the_access_token_has_expired(person, server):
    person.sign_in()
    first = person.cookies()
    person.wait_for_expiry()
    assert person.open("/app").text("#who") == "ann"
    second = person.cookies()
    assert all(second[name]["value"] != first[name]["value"] for name in ALL_FOUR)
    person.find("[name=note]").send_keys("written slowly")
    person.wait_for_expiry()
    person.press("#save")
    assert notes(server) == ["ann wrote note=written+slowly"] and person.at() == "/app"


def test_three_tabs_at_expiry_all_go_on(person):
    person.sign_in().wait_for_expiry()
    person.driver.execute_script("for (const n of [1, 2, 3]) window.open('/app?tab=' + n)")
    handles = person.driver.window_handles
    assert len(handles) == 4
    for handle in handles[1:]:
        person.driver.switch_to.window(handle)
        WebDriverWait(person.driver, 30).until(lambda _: person.driver.title)
        assert person.driver.title == "Old app" and person.text("#who") == "ann", person.at()
    person.wait_for_expiry()
    for handle in handles:
        person.driver.switch_to.window(handle)
        assert person.open("/app").text("#who") == "ann"


def test_after_signing_out_back_shows_no_protected_page(person):
    person.sign_in().open("/app?secret=1")
    assert person.text("#who") == "ann"
    person.press("#out")
    person.driver.back()
    WebDriverWait(person.driver, 30).until(lambda _: person.driver.title == "Sign in")
    assert person.at() == "/login?next=%2fapp%3fsecret%3d1" and "ann" not in person.text()


def test_a_form_sent_after_the_session_ended_is_said_to_be_lost_and_leads_back(person, server):
    person.sign_in().open("/app?form=1")
    person.find("[name=note]").send_keys("long work")
    person.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
    person.press("#save")
    assert "not saved" in person.text() and person.driver.title == "You are signed out \u2013 members" and notes(server) == []
    person.press("a")
    assert "not saved" in person.text("#message")
    person.find("#user").send_keys("ann")
    person.find("#password").send_keys(Known.passwords["ann"])
    person.press("button")
    assert person.at() == "/app?form=1" and person.text("#who") == "ann"


def test_scripts_of_the_application_are_served_too(person, server):
    person.sign_in()
    assert "ann" in person.ask("/app", note="by script")
    person.wait_for_expiry()
    assert "ann" in person.ask("/app", note="later") and len(notes(server)) == 2
    person.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
    assert "basic 401" in person.ask("/app") and "token_missing" in person.ask("/app") and len(notes(server)) == 2


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
@pytest.mark.parametrize("login", ["/login", "/none/login"], ids=["SameSite Lax", "SameSite None"])
def test_another_origin_can_change_nothing(person, server, elsewhere, host, login):
    person.sign_in(path=login + "?next=/app")
    assert person.text("#who") == "ann"
    sent = host == "localhost" or login == "/none/login"      # are the cookies? only then does CSRF protection decide
    for target, changes in (("/app", False), ("/open", sent)):
        before = len(notes(server))
        elsewhere.page = FORM % (person.home + target, "forged")
        person.open("http://%s:%d/" % (host, elsewhere.port))
        assert "failed" in person.ask(person.home + target, "cors", {"X-CSRF-TOKEN": "guess"})
        person.ask(person.home + target, "no-cors")
        person.driver.execute_script("setTimeout(() => document.getElementById('f').submit())")
        WebDriverWait(person.driver, 30).until(lambda _: person.driver.current_url.startswith(person.home + target))
        assert (len(notes(server)) > before) == changes, (target, notes(server), person.text())
        if not changes:
            assert "not accepted" in person.text() if sent else "signed out" in person.text(), person.text()
    person.open("/app")
    person.find("[name=note]").send_keys("own")
    assert "own" in person.press("#save").text("#notes")


def test_another_origin_can_neither_sign_in_nor_out(person, server, elsewhere):
    person.sign_in()
    for host in ("localhost", "127.0.0.1"):
        elsewhere.page = ("<title>Elsewhere</title><form id=f method=post action=%s/logout></form><form id=g method=post action=%s/login>"
                          "<input name=username value=bob><input name=password value=%s></form>"
                          % (person.home, person.home, Known.passwords["bob"]))
        for form in ("f", "g"):
            person.open("http://%s:%d/" % (host, elsewhere.port))
            person.driver.execute_script("setTimeout(() => document.getElementById('%s').submit())" % form)
            WebDriverWait(person.driver, 30).until(lambda _: person.driver.title != "Elsewhere")
            assert person.open("/app").text("#who") == "ann"
            assert set(person.cookies()) == ALL_FOUR


def test_a_signed_in_person_who_opens_the_login_page_is_sent_on(person):
    person.sign_in()
    assert person.open("/login?next=/app?z").at() == "/app?z"
    assert person.open("/login?next=//elsewhere.example/").at() == "/"


@pytest.mark.parametrize("width", [320, 1200])
@pytest.mark.parametrize("path", ["/login", "/logout"])
def test_pages_fit_a_narrow_screen_and_their_style_is_let_in(person, path, width):
    person.driver.get_log("browser")
    person.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                  {"width": width, "height": 600, "deviceScaleFactor": 1, "mobile": width < 500})
    try:
        person.open(path)
        inner, scroll, display = person.driver.execute_script(
            "return [innerWidth, document.documentElement.scrollWidth, getComputedStyle(document.body).display]")
        assert inner == width and scroll <= width and display == "flex"
        assert person.find("button").rect["height"] >= 32
    finally:
        person.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert not [one for one in person.driver.get_log("browser") if "Content Security Policy" in one["message"]]


def test_signing_in_needs_no_javascript(person):
    person.open("/app")
    person.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        person.find("#user").send_keys("bob")
        person.find("#password").send_keys(Known.passwords["bob"] + "\n")
        WebDriverWait(person.driver, 30).until(lambda _: person.driver.title == "Old app")
        assert person.text("#who") == "bob"
    finally:
        person.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


# -- other origins -------------------------------------------------------------------------------------------------------------

LOG_IN = """const done = arguments[arguments.length - 1];
fetch(arguments[0], {method: 'POST', credentials: 'include', headers: {'Content-Type': 'application/json'}, body: arguments[1]})
    .then(r => r.text().then(t => done(r.status + ' ' + t)), e => done('failed ' + e));"""


@pytest.mark.parametrize("trusted", [True, False])
def test_a_single_page_application_at_another_origin(chromium, elsewhere, new_server, trusted):
    """Another port of the same host: the same site, another origin."""
    line = "AuthJWTTrustedOrigin http://localhost:%d\n" % (elsewhere.port if trusted else 1)
    server = new_server(CONFIG + line)
    server.write("cgi-bin/old.sh", server.expand(OLD_APP), 0o755)
    person = Person(chromium, server.start())
    elsewhere.page = "<!DOCTYPE html><title>Elsewhere</title>"
    chromium.delete_all_cookies()
    person.open("http://localhost:%d/" % elsewhere.port)

    def send(path, body):
        return chromium.execute_async_script(LOG_IN, person.home + path, body)
    body = '{"username": "ann", "password": "%s"}' % Known.passwords["ann"]
    if not trusted:
        assert send("/login", body).startswith("failed ") and set(person.cookies()) == set()
        return
    answer = send("/login", body)
    assert answer.startswith("200 ") and "refresh_expires_in" in answer and "eyJ" not in answer
    assert set(person.cookies()) == ALL_FOUR
    assert send("/login", "{}").startswith("400 ") and "invalid_request" in send("/login", "{}"), "refusals can be read"
    assert send("/refresh", "{}").startswith("200 ") and send("/logout", "{}").startswith("200 ")
    assert person.cookies() == {}


def test_the_way_after_a_login_may_lead_to_another_origin(chromium, elsewhere, new_server):
    server = new_server(CONFIG + "Redirect /sso http://127.0.0.1:%d/there\n" % elsewhere.port)
    server.write("cgi-bin/old.sh", server.expand(OLD_APP), 0o755)
    elsewhere.page = "<!DOCTYPE html><title>Elsewhere</title>"
    person = Person(chromium, server.start())
    chromium.delete_all_cookies()
    person.sign_in(path="/login?next=/sso")
    assert chromium.current_url == "http://127.0.0.1:%d/there" % elsewhere.port
