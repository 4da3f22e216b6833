"""A real memcached and a real Redis as the store: a logout holds with all defaults, and a server that is gone is 503, not "not revoked"."""
import shutil
import socket
import subprocess
import time

import pytest
from authjwt_client import assert_error
from authjwt_env import DEFAULT, Known
from authjwt_sessions import THEFT, rotate
from authjwt_tokens import claims, sign

STORE = "AuthJWTRevocationStore lmdb:@dir@/state(64M)"
SERVERS = {"memcache": ["memcached", "-u", "nobody", "-l", "127.0.0.1", "-p"],
           "redis": ["redis-server", "--bind", "127.0.0.1", "--save", "", "--dir", "/", "--port"]}


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def started(name, port=None):
    port = port or free_port()
    process = subprocess.Popen(SERVERS[name] + [str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    limit = time.monotonic() + 10
    while time.monotonic() < limit:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return process, port
        except OSError:
            time.sleep(0.05)
    process.kill()
    raise AssertionError(name + " did not start")


@pytest.mark.parametrize("name", SERVERS)
def test_a_logout_holds_and_a_server_that_is_gone_lets_nobody_in(new_server, expect_log, name):
    if not shutil.which(SERVERS[name][0]):
        pytest.skip(SERVERS[name][0] + " is not installed")
    expect_log.may(r"\[authjwt:warn\].*AJ1403: ")
    expect_log(r"\[authjwt:error\].*AJ1406: ")
    expect_log.may(r"AH0\d{4}: .*(retrieve|fetch|store|set)")
    process, port = started(name)
    try:
        config = DEFAULT.replace(STORE, "AuthJWTRevocationStore %s:127.0.0.1:%d" % (name, port))
        server = new_server(config, modules=("socache_memcache", "socache_redis")).start()
        gone, kept = server.login(), server.login()
        assert server.post("/logout", gone[0]).status == 200
        for _ in range(3):
            assert_error(server.get("/protected", gone[0]), "token_revoked")
        assert server.post("/logout", server.login()[0], json={"everywhere": True}).status == 200
        assert_error(server.get("/protected", kept[0]), "token_revoked")
        alive, _ = server.login("bob")
        assert server.get("/protected", alive).status == 200
    finally:
        process.kill()
        process.wait()
    for token in (alive, gone[0]):
        for _ in range(3):
            assert_error(server.get("/protected", token), "store_unavailable")


@pytest.fixture
def remote(new_server, expect_log):
    """remote(name): (running httpd, its store's process, port); ends the process after the test."""
    processes = []

    def make(name, **options):
        if not shutil.which(SERVERS[name][0]):
            pytest.skip(SERVERS[name][0] + " is not installed")
        expect_log.may(r"\[authjwt:warn\].*AJ1403: ")
        process, port = started(name)
        processes.append(process)
        config = DEFAULT.replace(STORE, "AuthJWTRevocationStore %s:127.0.0.1:%d" % (name, port))
        return new_server(config, modules=("socache_memcache", "socache_redis"), **options).start(), process, port

    yield make
    for one in processes:
        one.kill()
        one.wait()


@pytest.mark.parametrize("name", SERVERS)
@pytest.mark.parametrize("years", [1, 15, 70])
def test_a_logout_holds_however_long_the_token_lives(remote, name, years):
    server, _, _ = remote(name)
    token = sign(claims(exp=int(time.time()) + years * 365 * 86400), Known.secret)
    assert server.get("/protected", token).status == 200
    assert server.post("/logout", token).status == 200
    assert_error(server.get("/protected", token), "token_revoked")


@pytest.mark.parametrize("name", SERVERS)
def test_refresh_tokens_are_judged_alike(remote, name, expect_log):
    expect_log(THEFT)
    server, _, _ = remote(name)
    _, first = server.login()
    access, second = rotate(server, first)
    assert rotate(server, first)[1] == second
    _, third = rotate(server, second)
    _, fourth = rotate(server, third)
    assert server.get("/protected", access).status == 200
    assert_error(server.post("/refresh", first), "token_revoked")
    assert_error(server.post("/refresh", fourth), "token_revoked")


def test_a_redis_that_comes_back_is_used_again_by_every_process(remote, expect_log):
    expect_log(r"\[authjwt:error\].*AJ1406: ")
    expect_log.may(r"\[authjwt:error\].*AJ1407: ")
    expect_log.may(r"AH0\d{4}: .*(retrieve|fetch|store|set)")
    server, process, port = remote("redis", mpm="prefork")
    access, _ = server.login()
    for _ in range(12):
        assert server.get("/protected", access).status == 200
    process.kill()
    process.wait()
    assert_error(server.get("/protected", access), "store_unavailable")
    again, _ = started("redis", port)
    try:
        back = time.monotonic()
        while time.monotonic() < back + 7:
            answers = [server.get("/protected", access).status for _ in range(12)]
            if set(answers) == {200}:
                break
            time.sleep(0.2)
        assert set(answers) == {200}, answers
    finally:
        again.kill()
        again.wait()
