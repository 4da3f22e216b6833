# SPDX-License-Identifier: Apache-2.0
"""A server with all kinds of login pages: CONFIG and FILES for the fixture server, and one whose store fails."""
from urllib.parse import parse_qs, urlsplit

import pytest
from authjwt_env import USERS, endpoint, protected
from authjwt_visitor import WEB

OWN_PAGE = """<!DOCTYPE html><html lang="en"><title>{{message}}</title>
<form method="post" action="{{action}}"><input name='next' value='{{next}}'><input name="again" value="{{next}}">
<input name='username' value='{{user}}'><input name="other" value="{{user}}"><p>{{message}}{{user}}{{next}}</p><p id="{{code}}" lang="{{lang}}">{{message}}</p>
<p id="rest">{{unknown}} {{ next }} { {{</p></form></html>{{user}}"""
APP = protected("/app", 'AuthJWTLoginURL "/login?x=1"', "Require valid-user")
CONFIG = WEB + (
    "AuthJWTLoginThrottle 1000 60s\n"
    + protected("/members", "AuthJWTLoginURL /login", "Require valid-user")
    + protected("/staff-only", "AuthJWTLoginURL /login", "Require jwt-role nobody")
    + protected("/with-document", "AuthJWTLoginURL /login", "ErrorDocument 401 /sorry.txt", "Require valid-user")
    + APP
    + endpoint("/own/login", "login", "AuthJWTLoginPage @dir@/own.html", USERS)
    + endpoint("/lost/login", "login", "AuthJWTLoginPage @dir@/lost.html", USERS)
    + endpoint("/pageless/login", "login", "AuthJWTLoginPage off", USERS)
    + endpoint("/choosy/login", "login", "AuthJWTLoginRequire user bob", USERS)
    + endpoint("/fields/login", "login", "AuthJWTLoginFields mail secret", USERS)
    + endpoint("/elsewhere/logout", "logout", "AuthJWTLogoutRedirect /bye?from=app")
    + "<VirtualHost *:@port@>\nServerName localhost\n</VirtualHost>\n"
    + "<VirtualHost *:@port@>\nServerName strict\nAuthJWTLoginThrottle 2 60s\n</VirtualHost>\n")
FILES = {"own.html": OWN_PAGE, "lost.html": OWN_PAGE, "htdocs/members": "in\n", "htdocs/app": "in\n", "htdocs/sorry.txt": "sorry\n",
         "htdocs/staff-only": "in\n", "htdocs/with-document": "in\n"}


def sent_to(answer):
    """(path, next) of a redirect to the login page."""
    assert answer.status == 302, answer
    parts = urlsplit(answer.header("Location"))
    assert not parts.scheme and not parts.netloc, answer.header("Location")
    return parts.path, parse_qs(parts.query).get("next", [None])[0]


@pytest.fixture
def broken(new_server, on_failing_store, expect_log):
    """A server whose store fails while the file `broken` exists."""
    expect_log(r"\[authjwt:error\].*AJ\d{4}: ")
    made = new_server(on_failing_store(WEB + protected("/members", "AuthJWTLoginURL /login", "Require valid-user")))
    made.write("htdocs/members", "in\n")
    return made.start()
