# SPDX-License-Identifier: Apache-2.0
"""The built-in pages as a person sees them in Chromium: SCENES are driven by the tests of accessibility and by `make screenshots`."""
import time

from authjwt_env import USERS, Known, endpoint, location, protected
from authjwt_listed import FIREFOX, PHONE, end, log_in, sessions
from authjwt_visitor import WEB

LOGO = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48" width="48" height="48">
<rect width="48" height="48" rx="12" fill="#0b5cad"/><path d="M13 31V17h8l6 8V17h8v14h-8l-6-8v8z" fill="#fff"/></svg>
"""
STYLE = """main { border-radius: 0; border-top: .4rem solid var(--main) }
h1 { letter-spacing: .01em }
"""
FURNISHED = "AuthJWTLoginPageLogo @dir@/logo.svg\nAuthJWTLoginPageStyle @dir@/own.css\n"
NAMED = location("/login", 'AuthName "Members of the club"') + location("/logout", 'AuthName "Members of the club"')
PLAIN = (WEB + "AuthJWTLoginURL /login\n" + protected("/members") + location("/members", 'AuthName "Members of the club"')
         + protected("/denied", "Require jwt-role nobody") + location("/denied", 'AuthName "Members of the club"')
         + protected("/tokened", "AuthJWTCookieCSRFProtect token", "Require valid-user")
         + "AuthJWTLoginThrottle 1000 60s\nAuthJWTSessionDirectory on\n" + sessions("/sessions", 'AuthName "Members of the club"') + endpoint("/off/login", "login", "AuthJWTLoginPage off", USERS)
         + endpoint("/kept/login", "login", 'AuthName "Members of the club"', "AuthJWTRememberMe 30d", USERS)
         + "<VirtualHost *:@port@>\nServerName localhost\n</VirtualHost>\n"
         + "<VirtualHost *:@port@>\nServerName 127.0.0.1\nAuthJWTLoginThrottle 1 1h\n</VirtualHost>\n")
FILES = {"logo.svg": LOGO, "own.css": STYLE, "htdocs/members": "in\n", "htdocs/denied": "in\n"}
POST = """const form = document.createElement('form'); form.method = 'post'; form.action = arguments[0];
for (const [name, value] of Object.entries(arguments[1])) { const field = document.createElement('input'); field.name = name; field.value = value; form.append(field); }
document.body.append(form); form.submit();"""


class Stage:
    """A browser in front of a server."""

    def __init__(self, driver, server):
        self.driver, self.server = driver, server
        self.home = "http://localhost:%d" % server.port
        self.strict = "http://127.0.0.1:%d" % server.port          # where one failed login is enough

    def open(self, path, home=None):
        self.driver.get((home or self.home) + path)

    def forget(self):
        self.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})

    def post(self, path, fields, home=None):
        """Send a form as a page of the site does, and wait for the answer."""
        self.open("/ok.txt", home)
        before = self.driver.find_element("tag name", "html")
        self.driver.execute_script(POST, path, fields)
        end = time.monotonic() + 60
        while True:
            assert time.monotonic() < end, "no answer to the form"
            try:
                before.is_enabled()
            except Exception:                   # a new document is there
                break
        while self.driver.execute_script("return document.readyState") != "complete":
            assert time.monotonic() < end, "the page is never complete"

    def sign_in(self):
        self.post("/login", {"username": "ann", "password": Known.passwords["ann"], "next": "/members"})


def login(stage):
    stage.open("/login?next=/members")


def remember(stage):
    stage.post("/kept/login", {"username": "ann", "password": Known.wrong_password, "remember": "true"})


def failed(stage):
    stage.post("/login", {"username": "ann", "password": Known.wrong_password, "next": "/members"})


def signed_out(stage):
    stage.open("/login?signed_out")


def logout(stage):
    stage.sign_in()
    stage.open("/logout")


def denied(stage):
    stage.sign_in()
    stage.open("/denied")


def throttled(stage):
    for _ in range(2):
        stage.post("/login", {"username": "ann", "password": Known.wrong_password}, stage.strict)


def throttled_without_page(stage):
    for _ in range(2):
        stage.post("/off/login", {"username": "bob", "password": Known.wrong_password}, stage.strict)


def lost(stage):
    stage.post("/members", {"note": "x"})


def foreign(stage):
    stage.sign_in()
    stage.post("/tokened", {"note": "x"})


def signed_in_elsewhere(stage):
    end(stage.server, log_in(stage.server), "all")
    for agent in (PHONE, FIREFOX):
        log_in(stage.server, agent=agent)
    stage.sign_in()
    stage.open("/sessions")


# name -> (what to do, a word of the page in each language)
SCENES = {
    "login": (login, {"en": "User name", "de": "Benutzername"}),
    "remember": (remember, {"en": "Stay signed in", "de": "angemeldet bleiben"}),
    "failed": (failed, {"en": "is wrong", "de": "ist falsch"}),
    "signed_out": (signed_out, {"en": "You are signed out", "de": "Sie sind abgemeldet"}),
    "logout": (logout, {"en": "signed in as ann", "de": "angemeldet als ann"}),
    "denied": (denied, {"en": "not allowed in here", "de": "keinen Zutritt"}),
    "throttled": (throttled, {"en": "Too many attempts", "de": "Zu viele Versuche"}),
    "throttled_without_page": (throttled_without_page, {"en": "Too many attempts", "de": "Zu viele Versuche"}),
    "lost": (lost, {"en": "was not saved", "de": "nicht gespeichert"}),
    "sessions": (signed_in_elsewhere, {"en": "Where you are signed in", "de": "Wo Sie angemeldet sind"}),
    "foreign": (foreign, {"en": "did not come from a page of this site", "de": "nicht von einer Seite dieser Website"}),
}


def show(stage, scene, lang="en"):
    """Play a scene; the page is on screen then."""
    play, words = SCENES[scene]
    stage.forget()
    play(stage)
    text = stage.driver.find_element("tag name", "body").text
    assert words[lang] in text, text
