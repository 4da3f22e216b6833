# SPDX-License-Identifier: Apache-2.0
"""Keys change under load, and nobody is logged out: by graceful restart, and by a new JWK Set."""
import os
import shutil
import threading
import time

import jwt
import pytest
from authjwt_client import assert_error
from authjwt_env import ENDPOINTS, protected
from authjwt_leaks import register_token
from authjwt_tokens import claims, sign
from interop.material import jwk, jwk_set, private_pem, secret

REST = "AuthJWTRevocationStore lmdb:@dir@/state(64M)\n" + ENDPOINTS + protected("/protected")
SEEN_WITHIN = 5                             # seconds until every process knows a changed JWK Set


class Load:
    """Threads that sign in, use tokens and refresh until told to stop; whatever fails is kept."""

    def __init__(self, server, foreign=None):
        self.server, self.foreign = server, foreign
        self.failed, self.done = [], {"use": 0, "login": 0, "refresh": 0, "foreign": 0}
        self.old_access, self.old_refresh = server.login("bob")
        self._stop = threading.Event()
        jobs = [self._use, self._use, self._login, self._refresh] + ([self._foreign] if foreign else [])
        self._threads = [threading.Thread(target=self._repeat, args=(job,)) for job in jobs]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exception):
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _repeat(self, job):
        state = {}
        while not self._stop.is_set():
            try:
                job(state)
            except Exception as wrong:
                self.failed.append("%s: %s" % (job.__name__, wrong))
                time.sleep(0.05)

    def _get(self, token):
        answer = self.server.get("/protected", token)
        assert answer.status == 200, (answer, jwt.get_unverified_header(token))

    def _use(self, state):
        """A token from before the first change."""
        self._get(self.old_access)
        self.done["use"] += 1

    def _login(self, state):
        self._get(self.server.login("ann")[0])
        self.done["login"] += 1

    def _refresh(self, state):
        """One session that is refreshed again and again, whatever keys sign its tokens."""
        token = state.get("token") or self.old_refresh
        answer = self.server.post("/refresh", token)
        assert answer.status == 200, answer
        state["token"] = register_token(answer.json()["refresh_token"])
        self._get(register_token(answer.json()["access_token"]))
        self.done["refresh"] += 1

    def _foreign(self, state):
        self._get(self.foreign())
        self.done["foreign"] += 1

    def wait(self, more=5):
        """Until each job has been done some more times."""
        before, end = dict(self.done), time.monotonic() + 60
        while any(self.done[name] < before[name] + more for name in before if name != "foreign" or self.foreign):
            assert time.monotonic() < end and len(self.failed) < 50, (self.done, self.failed[:5])
            time.sleep(0.02)


def keys(*lines):
    return "\n".join("AuthJWTKey " + line for line in lines) + "\n" + REST


def signing(server):
    header = jwt.get_unverified_header(server.login()[0])
    return header["alg"], header.get("kid")


@pytest.fixture(autouse=True)
def quiet_mpm(expect_log):
    """Restarts in quick succession leave old processes that are about to end; httpd remarks on their number."""
    expect_log.may("AH10159: server is within MinSpareThreads of MaxRequestWorkers|AH00485: scoreboard is full|AH03490")


@pytest.fixture
def server(new_server):
    made = new_server(keys("HS256 file:@dir@/h1 kid=h1"))
    for name, content in (("h1", secret("HS256", 1)), ("h2", secret("HS256", 2)), ("e1", private_pem("ES256", 1)),
                          ("e2", private_pem("ES256", 2)), ("ed", private_pem("EdDSA"))):
        made.write(name, content, 0o600)
    return made


def switch(server, config):
    server.config = config
    server._write_config()
    server.graceful()


STEPS = [(("HS256 file:@dir@/h2 kid=h2", "HS256 file:@dir@/h1 kid=h1 verify"), ("HS256", "h2")),
         (("ES256 file:@dir@/e1 kid=e1", "HS256 file:@dir@/h2 kid=h2 verify", "HS256 file:@dir@/h1 kid=h1 verify"), ("ES256", "e1")),
         (("ES256 file:@dir@/e2 kid=e2", "ES256 file:@dir@/e1 kid=e1 verify", "HS256 file:@dir@/h2 kid=h2 verify",
           "HS256 file:@dir@/h1 kid=h1 verify"), ("ES256", "e2")),
         (("EdDSA file:@dir@/ed kid=ed", "ES256 file:@dir@/e2 kid=e2 verify", "ES256 file:@dir@/e1 kid=e1 verify",
           "HS256 file:@dir@/h2 kid=h2 verify", "HS256 file:@dir@/h1 kid=h1 verify"), ("EdDSA", "ed"))]


def test_four_rotations_by_graceful_restart_under_load_fail_no_request(server):
    server.start()
    assert signing(server) == ("HS256", "h1")
    with Load(server) as load:
        load.wait()
        for lines, signer in STEPS:
            switch(server, keys(*lines))
            load.wait()
            assert signing(server) == signer
    assert load.failed == [] and min(load.done[name] for name in ("use", "login", "refresh")) >= 25, load.done


def test_the_same_load_notices_when_the_old_key_is_dropped(server):
    server.start()
    with Load(server) as load:
        load.wait()
        switch(server, keys("HS256 file:@dir@/h2 kid=h2"))
        end = time.monotonic() + 60
        while not (any("_use" in one for one in load.failed) and any("_refresh" in one for one in load.failed)):
            assert time.monotonic() < end, "nothing failed"
            time.sleep(0.02)
    assert all("token_invalid" in one for one in load.failed), load.failed[:5]


def test_a_shared_secret_without_kid_gives_way_to_another_algorithm_without_logging_out(server):
    server.config = keys("HS256 file:@dir@/h1")
    access, refresh = server.start().login()
    switch(server, keys("ES256 file:@dir@/e1", "HS256 file:@dir@/h1 verify"))
    assert server.get("/protected", access).status == 200 and server.post("/refresh", refresh).status == 200
    assert signing(server)[0] == "ES256"


def test_a_shared_secret_without_kid_cannot_give_way_to_another_of_its_algorithm(server):
    server.config = keys("HS256 file:@dir@/h1")
    access, _ = server.start().login()
    switch(server, keys("HS256 file:@dir@/h2 kid=h2", "HS256 file:@dir@/h1 verify"))
    assert_error(server.get("/protected", access), "token_invalid")
    switch(server, keys("HS256 file:@dir@/h1", "HS256 file:@dir@/h2 kid=h2 verify"))
    assert server.get("/protected", access).status == 200


def test_a_logout_from_before_the_rotation_stays_one_after_it(server):
    (access, refresh), kept = server.start().login(), server.login("bob")
    assert server.post("/logout", access).status == 200
    switch(server, keys(*STEPS[0][0]))
    assert_error(server.get("/protected", access), "token_revoked")
    assert_error(server.post("/refresh", refresh), "token_revoked")
    assert server.get("/protected", kept[0]).status == 200 and server.post("/refresh", kept[1]).status == 200


def give_set(server, *members):
    path = server.write("keys", jwk_set(*members), 0o600)
    if os.getuid() == 0:
        shutil.chown(path, user="www-data")


def member(which, private):
    return {**jwk("ES256", which, private), "alg": "ES256", "kid": "key-%d" % which}


def test_a_jwk_set_is_replaced_under_load_without_a_failed_request(new_server):
    """The set holds the signing key itself; a key is known everywhere before it signs, and stays after it has."""
    foreign_key = [1]
    server = new_server("AuthJWTKeySet file:@dir@/own\nAuthJWTKeySet file:@dir@/keys\nAuthJWTAudience any\n" + REST)

    def own(*which):
        path = server.write("own", jwk_set(*({**jwk("ES384", one), "alg": "ES384", "kid": "own-%d" % one} for one in which)), 0o600)
        if os.getuid() == 0:
            shutil.chown(path, user="www-data")

    own(1)
    give_set(server, member(1, False))
    server.start()
    with Load(server, lambda: sign(claims("cara"), private_pem("ES256", foreign_key[0]), "ES256",
                                   kid="key-%d" % foreign_key[0])) as load:
        load.wait()
        give_set(server, member(1, False), member(2, False))
        own(1, 2)
        time.sleep(SEEN_WITHIN)
        foreign_key[0] = 2
        own(2, 1)
        time.sleep(SEEN_WITHIN / 2)
        give_set(server, member(2, False))
        load.wait()
    assert load.failed == [], load.failed[:5]
    assert signing(server) == ("ES384", "own-2") and min(load.done.values()) >= 25, load.done
    assert_error(server.get("/protected", sign(claims(), private_pem("ES256", 1), "ES256", kid="key-3")), "token_invalid")
