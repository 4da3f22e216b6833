# SPDX-License-Identifier: Apache-2.0
"""From lmdb to valkey while httpd serves, by the steps of docs/operations.md: what has ended stays ended, who is signed in stays so."""
import concurrent.futures
import json
import os
import threading
import time

from authjwt_ctl import ctl
from authjwt_env import DEFAULT
from authjwt_leaks import register_token
from authjwt_steps import Steps
from authjwt_valkey import Valkey, config_on


class People:
    """Threads that sign in, refresh, and sign out again; each remembers what must hold."""

    def __init__(self, server, threads=4):
        self.server, self.over = server, threading.Event()
        self.ended, self.living, self.faults = [], [], []
        self.pool = concurrent.futures.ThreadPoolExecutor(threads)
        self.work = [self.pool.submit(self.live) for _ in range(threads)]

    def live(self):
        while not self.over.is_set():
            access, refresh = self.server.login()
            for _ in range(2):
                answer = self.server.post("/refresh", refresh)
                if answer.status != 200 or self.server.get("/protected", access).status != 200:
                    self.faults.append(answer)
                    return
                access, refresh = (register_token(answer.json()[name]) for name in ("access_token", "refresh_token"))
            if len(self.ended) % 2:
                self.living.append((access, refresh))
                self.ended.append(None)
            else:
                if self.server.post("/logout", access).status != 200:
                    self.faults.append("logout")
                self.ended.append((access, refresh))

    def wait_for(self, more):
        number, end = len(self.ended) + more, time.monotonic() + 60
        while len(self.ended) < number:
            assert time.monotonic() < end and not self.faults, self.faults
            time.sleep(0.05)

    def stop(self):
        self.over.set()
        for one in self.work:
            one.result()
        self.pool.shutdown()
        return [one for one in self.ended if one]


def move(options, store):
    return ctl("import", "--store", "valkey:" + store.address, stdin=ctl("export", *options))


def test_a_store_is_moved_while_httpd_serves(new_server):
    with Valkey() as store:
        server = new_server(DEFAULT).start()
        steps = Steps(server, "operations.md", "Moving to another store",
                      {"valkey:cache1": "valkey:" + store.address, "/var/lib/apache2/authjwt": server.path("state")})
        people = People(server)
        people.wait_for(12)
        steps.run("authjwtctl import", again=True)                   # 1
        people.wait_for(8)
        server.config = config_on("valkey:" + store.address)        # 2
        server._write_config()
        steps.run("systemctl reload")
        people.wait_for(12)
        server._wait("the old processes to end", lambda: not steps.run("grep -ls", status=None, again=True))
        steps.run("authjwtctl import")                              # 3
        people.wait_for(8)
        ended = people.stop()
        assert len(ended) >= 20 and len(people.living) >= 10 and not people.faults
        for access, refresh in ended:
            assert server.get("/protected", access).status == 401 and server.post("/refresh", refresh).status == 401
        for access, refresh in people.living:
            assert server.get("/protected", access).status == 200 and server.post("/refresh", refresh).status == 200


def test_a_token_that_was_used_before_the_move_is_used_after_it(new_server, expect_log):
    """Theft is noticed across it: the chain comes along."""
    expect_log("theft")
    with Valkey() as store:
        server = new_server(DEFAULT)
        server.start()
        refresh = first = server.login()[1]
        for _ in range(3):
            refresh = register_token(server.post("/refresh", refresh).json()["refresh_token"])
        move(("--store", "lmdb:" + server.path("state")), store)
        server.config = config_on("valkey:" + store.address)
        server._write_config()
        server.restart()
        assert server.post("/refresh", first).status == 401 and server.post("/refresh", refresh).status == 401


def test_a_loss_comes_along(new_server, expect_log, tmp_path):
    """Sessions that may have ended in a store that was lost are refused in the new one, and in an lmdb store after a restart."""
    expect_log("AJ1407")
    server = new_server(DEFAULT)
    server.start()
    old = server.login()[0]
    server.stop()
    (tmp_path / "gone").mkdir()
    os.rename(server.path("state/data.mdb"), tmp_path / "gone/data.mdb")
    time.sleep(1.1)
    server.start()
    new = server.login()[0]
    assert [server.get("/protected", one).status for one in (old, new)] == [401, 200]
    text = ctl("export", "--store", "lmdb:" + server.path("state"))
    birth = json.loads(text.splitlines()[0])["birth"]
    with Valkey() as store:
        assert ctl("import", "--store", "valkey:" + store.address, stdin=text) == "0 entries\n"
        assert json.loads(ctl("stats", "--store", "valkey:" + store.address, "--json"))["birth"] == birth // 1_000_000
        other = new_server(config_on("valkey:" + store.address)).start()
        assert [other.get("/protected", one).status for one in (old, new)] == [401, 200]
        assert json.loads(ctl("export", "--store", "valkey:" + store.address).splitlines()[0])["birth"] == birth
        earlier = json.dumps({"birth": birth - 10}) + "\n"
        ctl("import", "--store", "valkey:" + store.address, stdin=earlier)
        assert json.loads(ctl("export", "--store", "valkey:" + store.address).splitlines()[0])["birth"] == birth
    third = new_server(DEFAULT).start()
    assert third.get("/protected", old).status == 200
    ctl("import", "--store", "lmdb:" + third.path("state"), stdin=text)
    ctl("import", "--store", "lmdb:" + third.path("state"), stdin=earlier)
    third.restart()
    assert [third.get("/protected", one).status for one in (old, new)] == [401, 200]
