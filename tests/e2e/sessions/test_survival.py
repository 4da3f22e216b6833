# SPDX-License-Identifier: Apache-2.0
"""What was answered with 200 stays recorded, whatever is killed, restarted or full. Long versions: tests/soak/run."""
import glob
import http.client
import os
import pathlib
import socket
import subprocess
import sys
import time

import pytest
from authjwt_client import Answer, assert_error
from authjwt_env import DEFAULT, StartFailed

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "soak"))

import soak_directory  # noqa: E402
from soak_load import Load, Logouts, ToughHttpd, token  # noqa: E402


@pytest.fixture
def tough():
    """Makes servers that survive being killed: tough(config, ...)."""
    made = []

    def make(config=DEFAULT, kind=ToughHttpd, log="warn", **options):
        made.append(kind(config, log=log, **options))
        return made[-1].start()

    yield make
    for one in made:
        one.close()


def assert_serves(server):
    access, refresh = server.login()
    assert server.get("/protected", access).status == 200
    assert server.post("/refresh", refresh).status == 200
    assert server.post("/logout", access).status == 200
    assert_error(server.get("/protected", access), "token_revoked")


# -- killed ------------------------------------------------------------------------------------------------------

def test_no_logout_is_lost_when_children_are_killed(tough):
    server = tough(children=3)
    with Logouts(server) as load:
        for number in range(5):
            load.more_than(len(load.promised) + 30)
            server.kill_child(number)
    assert load.lost() == 0 and 503 not in load.statuses, load.statuses
    assert_serves(server)


def test_no_session_that_a_login_has_ended_lives_on_when_processes_are_killed():
    server = soak_directory.limited()
    try:
        server.start()
        with soak_directory.Displacements(server) as load:
            for number in range(3):
                load.more_than(len(load.promised) + 30)
                server.kill_child(number)
                load.more_than(len(load.promised) + 30)
                server.kill_parent()
                server.start()
            load.more_than(len(load.promised) + 30)
        assert soak_directory.lost(server, load) == 0 and set(load.statuses) == {200}, load.statuses
    finally:
        server.close()


@pytest.mark.parametrize("mpm", ["event", "prefork"])
def test_no_logout_is_lost_when_the_parent_is_killed(tough, mpm):
    server = tough(mpm=mpm)
    with Logouts(server) as load:
        for number in range(4):
            load.more_than(len(load.promised) + 30)
            server.kill_parent(orphans_serve_for=0.03 * (number % 2))
            server.start()
        load.more_than(len(load.promised) + 30)
    assert load.lost() == 0 and set(load.statuses) == {200}, load.statuses
    assert_serves(server)


def test_a_child_killed_in_a_refresh_leaves_no_lock_behind(tough):
    server = tough(children=3)
    stopped = []

    class Refreshes(Load):
        def step(self, connection, number):
            status, _ = connection.ask("POST", "/refresh", token(kind="refresh"))
            self.note(status)
            stopped.append(status)

    with Refreshes(server, 6) as load:
        for number in range(5):
            before, end = len(stopped), time.monotonic() + 60
            while len(stopped) < before + 40:
                assert time.monotonic() < end, "refreshes stand still after %d kills" % number
                time.sleep(0.005)
            server.kill_child(number)
    assert set(load.statuses) == {200}, load.statuses
    assert_serves(server)


# -- restarted ---------------------------------------------------------------------------------------------------

def test_graceful_restarts_under_load_lose_no_logout_and_answer_no_503(tough):
    server = tough()
    with Logouts(server) as load:
        for _ in range(3):
            load.more_than(len(load.promised) + 60)
            server.graceful()
    assert load.lost() == 0 and set(load.statuses) == {200}, load.statuses


def in_the_old_generation(server, path, bearer, meanwhile):
    """An answer by a child that took the request before the new generation was there, and works on it afterwards."""
    body = b'{"x": "y"}'
    since = len(server.access_log())
    head = ("POST %s?old HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n"
            "Authorization: Bearer %s\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n" % (path, bearer, len(body))).encode()
    old = server.child_pids()
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as sock:
        sock.sendall(head)
        assert b" 100 " in sock.recv(1000)  # a worker has it now and waits for the body
        sock.sendall(body[:5])
        server.graceful()
        server._wait("children of the new generation", lambda: server.get("/protected").status == 401)
        meanwhile()
        sock.sendall(body[5:])
        response = http.client.HTTPResponse(sock)
        response.begin()
        answer = Answer(response.status, response.headers, response.read())
    server._wait("the access log", lambda: server.children_that_served(path + "?old", since))
    assert {int(pid) for pid in server.children_that_served(path + "?old", since)} <= set(old), "no old child served it"
    return answer


@pytest.mark.parametrize("mutex", ["file:run default", "default default", "sem default", "pthread default"])
def test_what_an_old_child_records_after_a_graceful_restart_reaches_the_new_ones(tough, mutex):
    server = tough("Mutex %s\n" % mutex.replace("default default", "default") + DEFAULT)
    access, refresh = server.login()
    other, successors = server.login(), []
    answer = in_the_old_generation(server, "/logout", access, lambda: None)
    assert answer.status == 200, answer
    assert_error(server.get("/protected", access), "token_revoked")
    assert_error(server.post("/refresh", refresh), "token_revoked")

    def use():
        successors.append(server.post("/refresh", other[1]).json()["refresh_token"])

    answer = in_the_old_generation(server, "/refresh", other[1], use)
    assert answer.status == 200, answer
    assert answer.json()["refresh_token"] == successors[0]
    third = server.login()
    answer = in_the_old_generation(server, "/refresh", third[1], lambda: server.post("/logout", third[0]))
    assert_error(answer, "token_revoked")


# -- full --------------------------------------------------------------------------------------------------------

def may_mount():
    return os.getuid() == 0 and subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode == 0


class OnSmallDisk(ToughHttpd):
    """The store is on a tmpfs of 2 MB that only this server sees."""

    def _command(self, *arguments):
        os.makedirs(self.path("state"), exist_ok=True)
        script = 'mount -t tmpfs -o size=2m,mode=0700 tmpfs "$0" && exec "$@"'
        return ["unshare", "-m", "sh", "-c", script, self.path("state"), *super()._command(*arguments)]

    def inside(self, name):
        return "/proc/%d/root%s" % (self.process.pid, self.path("state/" + name))

    def fill(self):
        with open(self.inside("filler"), "wb", buffering=0) as file:
            for block in (65536, 512, 1):
                try:
                    while True:
                        file.write(b"x" * block)
                except OSError:
                    pass

    def drain(self):
        os.unlink(self.inside("filler"))


@pytest.mark.skipif(not may_mount(), reason="a full disk needs root and a mount namespace of its own")
def test_a_full_disk_is_503_on_logout_with_a_clear_line_and_never_a_silent_200(tough, expect_log):
    expect_log(r"\[authjwt:error\].*AJ2010: .*no space left on the disk")
    expect_log(r"\[authjwt:error\].*AJ1406: .*cannot record")
    server = tough(kind=OnSmallDisk)
    assert_serves(server)
    server.fill()
    refused, promised = [], []
    for _ in range(400):
        one = token()
        answer = server.post("/logout", one)
        assert answer.status in (200, 503), answer
        (promised if answer.status == 200 else refused).append(one)
        if answer.status == 503:
            assert_error(answer, "store_unavailable")
            assert int(answer.header("Retry-After")) >= 1
        if len(refused) >= 5:
            break
    assert len(refused) >= 5, "the disk is not full"
    for one in refused:
        assert server.get("/protected", one).status == 200
    for one in promised:
        assert_error(server.get("/protected", one), "token_revoked")
    assert_error(server.post("/refresh", token(kind="refresh")), "store_unavailable")
    server.drain()
    for one in refused:
        assert server.post("/logout", one).status == 200
        assert_error(server.get("/protected", one), "token_revoked")
    assert_serves(server)


# -- damaged -----------------------------------------------------------------------------------------------------

def garbage(path):
    with open(path, "r+b") as file:
        file.write(os.urandom(16384))


def cut(path):
    os.truncate(path, 8192)


def foreign(path):
    with open(path, "wb") as file:
        file.write(b"this is no store\n" * 4096)


@pytest.mark.parametrize("damage", [garbage, cut, foreign])
def test_a_damaged_store_stops_the_start_and_says_what_it_means_and_what_to_do(tough, damage, expect_log):
    server = tough()
    with Logouts(server) as load:
        load.more_than(100)
    server.stop()
    damage(server.path("state/data.mdb"))
    expect_log(r"damaged, or not a store of this version")
    expect_log.may(r"AH00020: Configuration Failed")
    expect_log(r"AJ1404: AuthJWTRevocationStore lmdb:.* cannot be started")
    with pytest.raises(StartFailed) as failure:
        server.start()
    said = str(failure.value)
    for words in ("state", "move data.mdb and lock.mdb away", "tokens revoked there work again", "change the signing key"):
        assert words in said, said
    for one in glob.glob(server.path("state/*.mdb")):
        os.rename(one, one + ".damaged")
    expect_log(r"AJ1407: AuthJWTRevocationStore lmdb:.* has lost its entries: ")
    server.start()
    assert_serves(server)


def test_a_damaged_lock_file_alone_loses_nothing(tough):
    server = tough()
    with Logouts(server) as load:
        load.more_than(50)
    server.stop()
    os.unlink(server.path("state/lock.mdb"))
    server.start()
    assert load.lost() == 0
