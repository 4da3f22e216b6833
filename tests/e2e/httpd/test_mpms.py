# SPDX-License-Identifier: Apache-2.0
"""The main job once more under every MPM: sign in, read a page, roles, refresh, log out in every process, restart."""
import concurrent.futures

import pytest
from authjwt_client import assert_denied, assert_error
from authjwt_env import DEFAULT, Httpd, Known, protected
from authjwt_tokens import claims, read, sign

CONFIG = DEFAULT + protected("/p/admin", "Require jwt-role admin")


@pytest.fixture(scope="module", params=["event", "worker", "prefork"])
def server(request):
    made = Httpd(CONFIG, mpm=request.param, log="info")
    with made:
        yield made
    faults, _ = made.faults()
    Httpd.live.remove(made)
    assert not faults, "\n".join(faults)


def in_parallel(work, items, threads=8):
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, items))


def test_the_main_job(server):
    access, refresh = server.login("ann")
    assert server.get("/protected", access).status == 200
    assert_error(server.get("/protected"), "token_missing")
    assert server.get("/p/admin", access).status == 200
    assert_denied(server.get("/p/admin", server.login("bob")[0]))
    env = server.get("/cgi/x", access).env()
    assert env["REMOTE_USER"] == "ann" and env["AUTH_TYPE"] == "JWT" and env["JWT_CLAIM_SUB"] == "ann"
    answer = server.post("/refresh", refresh)
    assert answer.status == 200 and server.get("/protected", answer.json()["access_token"]).status == 200
    assert server.post("/logout", access).status == 200
    assert_error(server.get("/protected", access), "token_revoked")
    assert_error(server.post("/refresh", refresh), "token_revoked")


def test_a_logout_reaches_every_process(server):
    children = 3 if server.mpm == "prefork" else 2
    for turn in range(3):
        access, refresh = server.login()
        path, since = "/protected/turn%d" % turn, len(server.access_log())
        for wanted in (200, 401):
            for _ in range(50):
                assert {one.status for one in in_parallel(lambda _: server.get(path, access), range(24))} == {wanted}
                if len(server.children_that_served(path, since)) >= min(children, 2):
                    break
            else:
                raise AssertionError("one child answers everything")
            if wanted == 200:
                assert server.post("/logout", refresh).status == 200
                since = len(server.access_log())


def test_sessions_and_logouts_outlive_a_graceful_restart(server):
    gone, stays = server.login(), server.login()
    assert server.post("/logout", gone[0]).status == 200
    server.graceful()
    assert_error(server.get("/protected", gone[0]), "token_revoked")
    assert server.get("/protected", stays[0]).status == 200
    assert server.post("/refresh", stays[1]).status == 200


def test_many_clients_at_once_each_get_their_own_session(server):
    def job(number):
        user = ("ann", "bob", "cara")[number % 3]
        access, refresh = server.login(user)
        seen = server.get("/cgi/x", access).env()["REMOTE_USER"]
        renewed = server.post("/refresh", refresh).json()["access_token"]
        ended = server.post("/logout", renewed).status
        after = server.get("/protected", access).status
        return user == seen, ended, after, read(access)["sid"]

    results = in_parallel(job, range(60))
    assert {one[:3] for one in results} == {(True, 200, 401)}
    assert len({one[3] for one in results}) == 60


def test_file_mutexes_under_threads_refuse_nobody_by_a_false_deadlock(new_server):
    """fcntl locks belong to a process: with two mutexes and several threads the kernel sees deadlocks that are none."""
    server = new_server(CONFIG, mpm="worker", log="info", children=3, mutex="file:run").start()
    tokens = [sign(claims("bob", type="refresh", jti="jti-%d" % number), Known.secret) for number in range(1000)]

    def job(number):
        if number % 2:
            return server.try_login(("ann", "bob", "cara")[number % 3]).status
        return server.post("/refresh", tokens[number // 2]).status

    assert set(in_parallel(job, range(2000), 24)) == {200}


def test_logouts_during_a_graceful_restart_are_not_lost(server):
    sessions = [server.login() for _ in range(20)]
    with concurrent.futures.ThreadPoolExecutor(5) as pool:
        ended = [pool.submit(server.post, "/logout", one[0]) for one in sessions]
        server.graceful()
    statuses = [one.result().status for one in ended]
    assert set(statuses) == {200}
    for access, refresh in sessions:
        assert_error(server.get("/protected", access), "token_revoked")
