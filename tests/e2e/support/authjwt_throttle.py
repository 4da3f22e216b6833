# SPDX-License-Identifier: Apache-2.0
"""Somebody who guesses passwords, from whatever address."""
from authjwt_client import assert_error
from authjwt_env import Known

PROXY = "RemoteIPHeader X-Forwarded-For\nRemoteIPInternalProxy 127.0.0.1\n"


def host(name, *lines):
    return "<VirtualHost *:@port@>\n    ServerName %s\n    %s\n</VirtualHost>\n" % (name, "\n    ".join(lines))


class Client:
    """Somebody behind the proxy, at an address of her own unless one is given."""

    numbers = iter(range(1, 65000))

    def __init__(self, server, address=None, host="localhost"):
        self.server, self.host, self.address = server, host, address or "198.18.%d.%d" % divmod(next(self.numbers), 256)

    def login(self, user="ann", right=True, path="/login", password=None):
        password = password or (Known.passwords[user] if right else Known.wrong_password)
        return self.server.post(path, json={"username": user, "password": password}, host=self.host,
                                headers={"X-Forwarded-For": self.address})

    def fail(self, times, user="ann"):
        for _ in range(times):
            assert_error(self.login(user, False), "invalid_credentials")


def assert_throttled(answer):
    """The refusal too_many_attempts. @return seconds of Retry-After"""
    assert answer.status == 429, answer
    body = answer.json()
    assert set(body) == {"error", "message", "code"} and body["code"] == "too_many_attempts", body
    assert body["error"] == "Too many attempts" and answer.header("Content-Type") == "application/json"
    assert answer.header("Retry-After").isdigit() and answer.header("WWW-Authenticate") is None
    return int(answer.header("Retry-After"))
