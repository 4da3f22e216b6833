# SPDX-License-Identifier: Apache-2.0
"""Configurations that start and cannot be meant: one warning each, which names the section and the cure. Never a word about the rest."""
import os
import re
import signal
import subprocess

import pytest
from authjwt_env import DEFAULT, GRANTS, KEY_AND_STORE, USERS, endpoint, location, protected
from authjwt_visitor import WEB

FILE = "AuthJWTProvider file"
LOGIN = endpoint("/login", "login", FILE, USERS)
REFRESH = endpoint("/refresh", "refresh", FILE, USERS)
BARE = endpoint("/refresh", "refresh", USERS)
ON = "AuthJWTCookies on\n"
BOTH = '<LocationMatch "^/(login|refresh)$">\n%s\n%s</LocationMatch>\n' % (FILE, USERS)
APP = protected("/app")


def host(name, *lines):
    return "<VirtualHost *>\nServerName %s.test\n%s</VirtualHost>\n" % (name, "".join(lines))


def warnings(server):
    """Our warnings of one start, without times."""
    server.start()
    text = server.read_log()
    return [re.sub(r"^.*?(AJ\d{4}: )", r"\1", line) for line in text.splitlines() if re.search(r"\[authjwt:warn\].*AJ178[3-9]", line)]


QUIET = {
    "the defaults of these tests": DEFAULT, "cookies everywhere": WEB + "AuthJWTLoginURL /login\nAuthJWTCookieAutoRefresh /refresh\n",
    "users for both in one section": LOGIN + endpoint("/refresh", "refresh") + BOTH,
    "in front": BOTH + endpoint("/refresh", "refresh"), "in a directory": BARE + "<Directory @dir@/htdocs>\n%s\n</Directory>\n" % FILE,
    "around": BARE + location("/", FILE), "by expression": BOTH + '<LocationMatch "^/refresh$">\nSetHandler jwt-refresh\n</LocationMatch>\n',
    "in hosts": "AuthJWTLoginURL /login\n" + ON + APP + host("a", LOGIN, BARE, FILE + "\n") + host("b", LOGIN),
    "a login by somebody else's program": LOGIN + protected("/app", "AuthJWTTokenLocation cookie", "AuthJWTLoginURL /login", "Require valid-user"),
    "cookies in the application too": endpoint("/login", "login", "AuthJWTCookies on") + protected("/app", "AuthJWTCookies on", "AuthJWTLoginURL /login", "Require valid-user"),
    "a query": ON + LOGIN + "AuthJWTLoginURL /login?from=here\n",
    "a login of a directory": ON + "AuthJWTLoginURL /in/\n<Directory @dir@/htdocs/in>\nSetHandler jwt-login\n</Directory>\n",
    "off": ON + LOGIN + "AuthJWTCookieAutoRefresh off\n",
    "a list of users instead of a provider": LOGIN + endpoint("/refresh", "refresh", "AuthJWTLoginRequire user ann bob"),
    "reporting is off": DEFAULT + "AuthJWTReportOnly off\n" + protected("/app", "AuthJWTReportOnly off", "Require valid-user"),
    "handlers of others": location("/x", "SetHandler cgi-script") + location("/y", "SetHandler server-status"),
}


@pytest.mark.parametrize("config", QUIET)
def test_what_can_be_meant_starts_without_a_word(new_server, config):
    text = QUIET[config]
    assert warnings(new_server(text if "AuthJWTKey" in text else KEY_AND_STORE + text)) == []


LOUD = {
    "reporting alone": (LOGIN + protected("/app", "AuthJWTReportOnly on", "Require valid-user"), ["AJ1789", '<Location "/app">']),
    "reporting alone in a server": (LOGIN + APP + "AuthJWTReportOnly on\n", ["AJ1789", "AuthJWTReportOnly is on in server"]),
    "no provider": (LOGIN + BARE, ["AJ1783", '<Location "/refresh">', "AuthJWTProvider file"]),
    "a rule that knows no users": (LOGIN + endpoint("/refresh", "refresh", "AuthJWTLoginRequire ip 127.0.0.1"), ["AJ1783", '<Location "/refresh">']),
    "no provider behind an expression": (LOGIN + '<LocationMatch "^/refresh$">\nSetHandler jwt-refresh\n</LocationMatch>\n', ["AJ1783", '<LocationMatch "^/refresh$">']),
    "a provider elsewhere": (BARE + location("/refreshing", FILE), ["AJ1783", '<Location "/refresh">']),
    "in two hosts": (BARE + host("a", LOGIN) + host("b", LOGIN), ["AJ1783", '<Location "/refresh">']),
    "no cookies": (LOGIN + "AuthJWTLoginURL /login\n", ["AJ1784", "AuthJWTLoginURL /login in server", "AuthJWTCookies on"]),
    "no cookies in a section": (LOGIN + protected("/app", "AuthJWTLoginURL /login", "Require valid-user"), ["AJ1784", '<Location "/app">']),
    "no login": (ON + LOGIN + "AuthJWTLoginURL /signin\n", ["AJ1785", "AuthJWTLoginURL /signin", "jwt-login"]),
    "below the login": (ON + LOGIN + "AuthJWTLoginURL /logins\n", ["AJ1785", "/logins"]),
    "cookies at the login only": (endpoint("/login", "login", FILE, USERS, "AuthJWTCookies on") + APP, ["AJ1786", '<Location "/login">', "outside all sections"]),
    "cookies at endpoints only": (endpoint("/login", "login", FILE, USERS, "AuthJWTCookies on") + endpoint("/logout", "logout", "AuthJWTCookies on") + APP, ["AJ1786"]),
    "no refresh": (ON + LOGIN + "AuthJWTCookieAutoRefresh /refresh\n", ["AJ1787", "AuthJWTCookieAutoRefresh /refresh in server", "jwt-refresh"]),
    "no refresh in a section": (ON + LOGIN + REFRESH + protected("/app", "AuthJWTCookieAutoRefresh /login", "Require valid-user"), ["AJ1787", '<Location "/app">']),
    "a slip of the pen": (location("/login", "SetHandler jwt_login"), ["AJ1788", "SetHandler jwt_login", "httpd.conf:", "jwt-login, jwt-refresh"]),
    "another": ("AddHandler JWT-signin .x\n", ["AJ1788", "AddHandler JWT-signin"]),
}


@pytest.mark.parametrize("config", LOUD)
def test_what_cannot_be_meant_is_one_warning_with_section_and_cure(new_server, expect_log, config):
    text, words = LOUD[config]
    expect_log(words[0])
    said = warnings(new_server(KEY_AND_STORE + text))
    assert len(said) == 1, said
    for word in words:
        assert word in said[0].replace('\\"', '"'), said


def test_it_is_said_again_at_a_restart_and_by_the_configuration_test(new_server, expect_log):
    expect_log("AJ1785")
    server = new_server(KEY_AND_STORE + ON + LOGIN + "AuthJWTLoginURL /signin\n")
    status, said = server.configtest()
    assert status == 0 and said.count("AJ1785") == 1, said
    server.start()
    mark = server.mark()
    server.graceful()
    assert server.log_since(mark).count("AJ1785") == 1


def test_a_start_in_the_background_says_it_in_the_log_too(new_server, expect_log):
    """As service managers start it: httpd lets go of the terminal before it reads its configuration for the second time."""
    expect_log("AJ1785")
    expect_log("AJ1001")
    server = new_server(KEY_AND_STORE + ON + LOGIN + "AuthJWTLoginURL /signin\nAuthJWTTokenLocation header query\n")
    server._pick_port()
    done = subprocess.run(server._command("-k", "start"), env=server.env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    try:
        server._wait("the start", lambda: "resuming normal operations" in server.read_log())
    finally:
        server._wait("its pid", lambda: os.path.exists(server.path("run/httpd.pid")))
        with open(server.path("run/httpd.pid")) as file:
            parent = int(file.read())
        os.kill(parent, signal.SIGTERM)
        server._wait("the end", lambda: not os.path.exists("/proc/%d" % parent))
    text = server.read_log()
    assert text.count("AJ1785") == 1 and text.count("AJ1001") == 1, text
