# SPDX-License-Identifier: Apache-2.0
"""jwt-sessions: its configuration, and what it answers."""
from authjwt_env import Known, endpoint, location

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
PHONE = ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 "
         "Safari/604.1")
MEMBERS = {"id", "current", "begin", "last", "client", "agent"}


def sessions(path="/sessions", *lines):
    return location(path, "SetHandler jwt-sessions", "AuthType JWT", 'AuthName "members"', "Require valid-user", *lines)


# ann is the administrator, by GRANTS of the environment.
LISTED = "AuthJWTSessionDirectory on\n" + sessions("/sessions", "AuthJWTSessionsAdmin auditor admin") + endpoint("/revoke", "revoke")


def log_in(server, user="ann", agent=FIREFOX, **more):
    """The access token of a new session without cookies."""
    answer = server.post("/login", json={"username": user, "password": Known.passwords[user]}, headers={"User-Agent": agent}, **more)
    assert answer.status == 200, answer
    return answer.json()["access_token"]


def listed(server, token, path="/sessions", **more):
    """The list as JSON."""
    answer = server.get(path, token, **more)
    assert answer.status == 200 and answer.header("Content-Type") == "application/json" and answer.header("Cache-Control") == "no-store", answer
    body = answer.json()
    assert set(body) == {"sessions"} and all(set(one) - {"ended"} == MEMBERS for one in body["sessions"]), body
    return body["sessions"]


def end(server, token, what, path="/sessions", **more):
    """How many were ended."""
    answer = server.post(path, token, json={"end": what, **more})
    assert answer.status == 200 and set(answer.json()) == {"ended"}, answer
    return answer.json()["ended"]
