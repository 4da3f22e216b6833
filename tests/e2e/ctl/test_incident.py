# SPDX-License-Identifier: Apache-2.0
"""An incident from alert to cure, by the steps of docs/operations.md and with the tools that it names alone: a wrong key is deployed, metrics
and audit log show it, `authjwtctl explain` names it, and a rotation mends it, without a restart and without one refused good request."""
import collections
import json
import re
import threading
import time

import authjwt_keys as keys
import jwt
import pytest
from authjwt_alerts import Scrapes
from authjwt_audit import read_lines
from authjwt_ctl import ctl
from authjwt_env import ENDPOINTS, KEY_AND_STORE, protected
from authjwt_leaks import register_token
from authjwt_metrics import SCRAPE
from authjwt_steps import Steps
from authjwt_tokens import claims

ALERT = "AuthJWTTokensInvalid"
WATCHED = SCRAPE + "AuthJWTAuditLog authjwt-audit.log login token_refused keys_changed\n"
ISSUER = "AuthJWTAudience shop\nAuthJWTKeySet file:@dir@/issuer-keys.json\n"


class Load:
    """Threads that send a token of each kind in turn, and the one of the kind "old" twice; kinds: {name: token, or a function that
    gets one}."""

    def __init__(self, server, kinds, threads=2):
        self.server, self.kinds, self.over, self.lock = server, kinds, threading.Event(), threading.Lock()
        self.seen = collections.Counter()
        self.threads = [threading.Thread(target=self._run) for _ in range(threads)]
        for one in self.threads:
            one.start()

    def _run(self):
        while not self.over.is_set():
            for name, token in [*self.kinds.items(), ("old", self.kinds["old"])]:
                try:
                    status = self.server.get("/protected", token if isinstance(token, str) else token()).status
                except Exception as error:  # pylint: disable=broad-except
                    status = repr(error)
                with self.lock:
                    self.seen[name, status] += 1

    def _count(self, kind):
        with self.lock:
            return sum(number for (name, _), number in self.seen.items() if name == kind)

    def more(self, rounds):
        """Wait until each kind has been sent so many times more, from now on."""
        goal = {name: self._count(name) + rounds + len(self.threads) for name in self.kinds}
        wait_until(lambda: all(self._count(name) >= wanted for name, wanted in goal.items()))

    def take(self):
        """{kind: statuses} since the last call."""
        with self.lock:
            taken, self.seen = self.seen, collections.Counter()
        return {kind: {status for name, status in taken if name == kind} for kind in self.kinds}

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.over.set()
        for one in self.threads:
            one.join()


def wait_until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def jwks(**which):
    """A set: kid=(number of the key)."""
    return json.dumps({"keys": [{**json.loads(keys.jwk("ES256", keys.private_key("ES256", number).public_key(), kid=kid)), "alg": "ES256"}
                                for kid, number in which.items()]})


def signed(kid, number):
    token = jwt.encode(claims(aud="shop"), keys.private_key("ES256", number), "ES256", headers={"kid": kid})
    return register_token(token)


def minutes(scrapes, load, count):
    """So many scrapes, each after some requests of every kind."""
    for _ in range(count):
        load.more(8)
        last = scrapes.take()
    return last


def steps_for(server):
    return Steps(server, "operations.md", "A wrong key", {"/etc/apache2/": server.path(""), "/var/log/apache2/": server.path("")})


def answers(server, token, count=40):
    """The statuses that it gets, in all processes."""
    return {server.get("/protected", token).status for _ in range(count)}


class Incident:
    """From health to cure: what is the same whichever key it is. load.kinds["old"] is what gets refused."""

    def __init__(self, server, load, tmp_path):
        self.server, self.load, self.tmp_path = server, load, tmp_path
        self.steps = Steps(server, "operations.md", "A wrong key", {"/etc/apache2/": server.path(""), "/var/log/apache2/": server.path("")})
        self.scrapes = Scrapes(server)
        server.write("token.txt", load.kinds["old"])

    def minutes(self, count):
        """So many scrapes, each after some requests of every kind."""
        for _ in range(count):
            self.load.more(8)
            last = self.scrapes.take()
        return last

    def fires(self, minute):
        return self.scrapes.fires(ALERT, minute, self.tmp_path)

    def be_well(self):
        self.well = self.minutes(7)
        assert all(seen == {200} for seen in self.load.take().values())
        assert not self.fires(self.well)

    def be_ill(self, tag, said):
        """Steps 1 and 2: the alert, what the logs show, and what the token is told."""
        ill = self.minutes(8)
        assert self.fires(ill)
        shown = [json.loads(line) for line in self.steps.run("keys_changed").splitlines()]
        assert {"token_invalid"} == {one["reason"] for one in shown if one["event"] == "token_refused"} and len(shown) == 10
        assert re.search(r"(?m)^ *\d+ %s: " % tag, self.steps.run("uniq -c"))
        explained = self.steps.run("authjwtctl explain --config $CONF <token.txt", 1)
        assert said in explained and "refused: " + tag in explained

    def be_cured(self):
        """Step 4. What was good was good all the time."""
        wait_until(lambda: answers(self.server, self.load.kinds["old"]) == {200})
        time.sleep(2.5)                     # a process that has answered none of these looks at its keys every two seconds
        during = self.load.take()
        assert 401 in during.pop("old") and all(seen == {200} for seen in during.values()), during
        assert self.steps.run("tail -n 1").startswith("accepted")
        cured = self.minutes(9)
        assert all(seen == {200} for seen in self.load.take().values()) and not self.fires(cured)


@pytest.mark.parametrize("wrong, tag, said", [
    ({"new": 1}, "AJ0109", 'kid "old" unknown'),                          # the old key was removed while its tokens live
    ({"new": 1, "old": 2}, "AJ0112", "signature does not match"),         # another key under its name
])
def test_a_wrong_set_of_keys(new_server, tmp_path, wrong, tag, said):
    server = new_server(KEY_AND_STORE + WATCHED + ISSUER + ENDPOINTS + protected("/protected"))
    server.write("issuer-keys.json", jwks(new=1, old=0))
    server.start()
    parent, mark = server.process.pid, server.mark()
    good = {"ours": server.login()[0], "new": signed("new", 1), "fresh": lambda: server.login()[0]}
    with Load(server, {**good, "old": signed("old", 0)}) as load:
        incident = Incident(server, load, tmp_path)
        incident.be_well()
        server.write("issuer-keys.json", jwks(**wrong))                   # somebody deploys it
        wait_until(lambda: answers(server, load.kinds["old"]) == {401})
        incident.be_ill(tag, said)
        server.write("new.json", jwks(new=1, old=0))
        assert "accepted" in incident.steps.run("--keyset")
        incident.steps.run("mv new.json")
        incident.be_cured()
        incident.steps.finish("systemctl reload")
    assert server.process.pid == parent and "resuming normal operations" not in server.log_since(mark)
    events = [one["event"] for one in read_lines(server, "authjwt-audit.log") if one["event"] != "login"]
    assert events[0] == "keys_changed" and 2 <= events.count("keys_changed") <= 4 and "token_refused" in events


def test_a_signing_key_that_was_replaced_too_early(new_server, tmp_path):
    """The line of the old key comes back behind the new one, with verify, and a graceful restart."""
    old, new = (ctl("keygen", "ES256", "--out", tmp_path / year, "--kid", year).splitlines()[0] for year in ("2026", "2027"))
    rest = "AuthJWTRevocationStore lmdb:@dir@/state(64M)\n" + WATCHED + ENDPOINTS + protected("/protected")

    def deploy(*lines):
        server.config = "\n".join([*lines, rest])
        server._write_config()

    server = new_server(old + "\n" + rest)
    server.start()
    parent, before = server.process.pid, server.login()[0]
    with Load(server, {"fresh": lambda: server.login()[0], "old": before}) as load:
        incident = Incident(server, load, tmp_path)
        incident.be_well()
        deploy(new)                                                       # where it should have been: new, and old with verify
        server.graceful()
        wait_until(lambda: answers(server, before) == {401})
        load.kinds["new"] = server.login()[0]
        incident.be_ill("AJ0109", 'kid "2026" unknown')
        load.take()
        deploy(new, old + " verify")
        incident.steps.run("systemctl reload")
        incident.be_cured()
        incident.steps.finish("--keyset", "mv new.json")
    assert server.process.pid == parent
