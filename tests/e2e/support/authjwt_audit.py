# SPDX-License-Identifier: Apache-2.0
"""Lines of AuthJWTAuditLog."""
import json
import re

from authjwt_leaks import find_leaks

LOG = "AuthJWTAuditLog audit.log\n"
ALL = ("login login_failed login_throttled login_locked login_denied refresh logout logout_everywhere session_ended theft keys_changed "
       "store_lost store_down store_up token_refused access_denied").split()
MEMBERS = {"time", "event", "reason", "client", "user", "sid", "vhost", "path", "agent", "request_id"}
OF_SERVER = {"keys_changed", "store_lost", "store_down", "store_up"}
AGENT = {"User-Agent": "a-test/1.0"}


def parse(line):
    """One line: an object without duplicate or unknown members, each a string that is not empty."""
    assert len(line) + 1 <= 2048, len(line)
    members = json.loads(line.decode("utf-8"), object_pairs_hook=list)
    names = [name for name, _ in members]
    assert len(names) == len(set(names)) and set(names) <= MEMBERS, names
    one = dict(members)
    assert all(value and isinstance(value, str) for value in one.values()), one
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", one["time"]), one
    assert one["event"] in ALL, one
    return one


def parse_all(content):
    """All lines of a log's bytes, whole and without a secret."""
    assert not content or content.endswith(b"\n"), content[-300:]
    assert find_leaks(content.decode("utf-8")) == []
    return [parse(line) for line in content.split(b"\n")[:-1]]


def read_lines(server, name="audit.log"):
    with open(server.path(name), "rb") as file:
        return parse_all(file.read())


class Audit:
    """audit.since(): the lines since the last call."""

    def __init__(self, server, name="audit.log"):
        self.server, self.name = server, name
        self.seen = len(read_lines(server, name))

    def since(self):
        lines = read_lines(self.server, self.name)
        new, self.seen = lines[self.seen:], len(lines)
        return new

    def events(self):
        return [line["event"] for line in self.since()]

    def one(self, event, **members):
        """The one line since the last call, with these members and, beside time and event, no others."""
        lines = self.since()
        assert len(lines) == 1, lines
        line = {name: value for name, value in lines[0].items() if name not in ("time", "event")}
        assert lines[0]["event"] == event and line == members, lines[0]
        return lines[0]
