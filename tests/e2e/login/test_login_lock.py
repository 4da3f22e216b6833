# SPDX-License-Identifier: Apache-2.0
"""Failures in a row of one user, from all addresses (AuthJWTLoginLock)."""
import concurrent.futures
import re
import time

import pytest
from authjwt_client import assert_error, assert_logged_in
from authjwt_env import DEFAULT, KEY_AND_STORE, Known, endpoint
from authjwt_throttle import PROXY, Client, assert_throttled, host

LIMIT, SECONDS = 6, 3600
CONFIG = DEFAULT + PROXY + "AuthJWTLoginThrottle off\nAuthJWTLoginLock %d %ds\nAuthJWTDummyHash {SHA}x\n" % (LIMIT, SECONDS) + (
    endpoint("/broken-login", "login", "AuthUserFile @dir@/no-such-file")
    + host("localhost")
    + host("brief", "AuthJWTLoginLock %d 4s" % LIMIT, "AuthJWTKey HS256 env:OTHER_KEY",
           "AuthJWTRevocationStore lmdb:@dir@/other-state(64M)")
    + host("never", "AuthJWTLoginLock off", "AuthJWTIssuer never")
    + host("default", "AuthJWTLoginLock 100 1h", "AuthJWTIssuer default")
    + host("neighbour", "AuthJWTIssuer neighbour")
    + host("both", "AuthJWTLoginThrottle 3 60s", "AuthJWTIssuer both"))
OPTIONS = {"env": {"OTHER_KEY": Known.secret[::-1]}, "log": "trace8", "modules": ("remoteip",), "children": 4}


@pytest.fixture(autouse=True)
def unlocked(server):
    """Each test begins with users that nobody has tried."""
    yield
    server.restart()


def fail_from_many(server, times, user="ann", **more):
    for _ in range(times):
        Client(server, **more).fail(1, user)


def test_after_too_many_failures_in_a_row_the_right_password_is_429_from_everywhere(server, mark):
    fail_from_many(server, LIMIT)
    for right in (True, False):
        wait = assert_throttled(Client(server).login(right=right))
        assert SECONDS - 60 < wait <= SECONDS + 1
    log = server.log_since(mark)
    assert len(re.findall(r'\[authjwt:notice\].*AJ1905: login of user "ann" refused: %d logins in a row have failed' % LIMIT, log)) == 1
    assert len(re.findall(r"\[authjwt:info\].*AJ1905: ", log)) == 1, "one line for everybody to see, the others at INFO"


def test_one_failure_less_is_still_free(server):
    fail_from_many(server, LIMIT - 1)
    assert_logged_in(Client(server).login())


def test_an_unknown_user_is_locked_like_a_known_one(server):
    fail_from_many(server, LIMIT, "nobody-of-that-name")
    assert_throttled(Client(server).login("nobody-of-that-name", False))


def test_other_users_are_not_locked(server):
    fail_from_many(server, LIMIT)
    assert_throttled(Client(server).login())
    assert_logged_in(Client(server).login("bob"))
    assert_logged_in(Client(server).login("cara"))


def test_a_success_clears_the_count(server):
    for _ in range(3):
        fail_from_many(server, LIMIT - 1)
        assert_logged_in(Client(server).login())


def test_strangers_cannot_lock_out_who_has_signed_in_from_the_address_before(server):
    home, elsewhere = Client(server), Client(server)
    assert_logged_in(home.login())
    fail_from_many(server, LIMIT)
    assert_throttled(elsewhere.login())
    home.fail(1)
    assert_throttled(elsewhere.login())
    assert_logged_in(home.login())
    assert_logged_in(elsewhere.login())


def test_an_address_is_one_users_own_and_nobody_elses(server):
    home = Client(server)
    assert_logged_in(home.login("bob"))
    fail_from_many(server, LIMIT)
    assert_throttled(home.login("ann"))


def test_an_ipv6_address_stands_for_the_network_of_one_customer(server):
    assert_logged_in(Client(server, "2001:db8:5:6::1").login())
    fail_from_many(server, LIMIT)
    assert_throttled(Client(server, "2001:db8:5:7::1").login())
    assert_logged_in(Client(server, "2001:db8:5:6:ffff::9").login())


def test_what_a_user_store_could_not_decide_does_not_count(server, expect_log):
    expect_log.may(r"AH01620: ")
    expect_log(r"\[authjwt:error\].*AJ1202: ")
    for _ in range(2 * LIMIT):
        assert_error(Client(server).login(path="/broken-login"), "backend_unavailable")
    assert_logged_in(Client(server).login())


def test_parallel_attempts_cannot_exceed_the_limit(server, expect_log):
    expect_log.may("AH10159: |AH00484: ")
    clients = [Client(server) for _ in range(20)]
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        statuses = sorted(one.status for one in pool.map(lambda client: client.login(right=False), clients))
    assert statuses == [401] * LIMIT + [429] * (20 - LIMIT)


def test_the_lock_ends_by_itself_and_the_count_begins_anew(server):
    fail_from_many(server, LIMIT, host="brief")
    begun = time.monotonic()
    assert 1 <= assert_throttled(Client(server, host="brief").login()) <= 5
    server._wait("the lock to end", lambda: Client(server, host="brief").login(right=False).status == 401)
    assert time.monotonic() - begun > 3
    assert_logged_in(Client(server, host="brief").login())


@pytest.mark.parametrize("name, times, locked", [("never", 3 * LIMIT, False), ("default", 99, False), ("default", 100, True)])
def test_a_virtual_host_has_its_own_limit(server, name, times, locked):
    fail_from_many(server, times, host=name)
    answer = Client(server, host=name).login()
    assert_throttled(answer) if locked else assert_logged_in(answer)


def test_hosts_with_other_users_count_for_themselves(server):
    fail_from_many(server, LIMIT, host="neighbour")
    assert_throttled(Client(server, host="neighbour").login())
    assert_logged_in(Client(server).login())


def test_refusals_of_the_throttle_do_not_count(server):
    client = Client(server, host="both")
    client.fail(3)
    for _ in range(2 * LIMIT):
        assert_throttled(client.login(right=False))
    assert_logged_in(Client(server, host="both").login())


@pytest.mark.parametrize("how", ["graceful", "reload"])
def test_a_reload_neither_unlocks_a_user_nor_forgets_an_address(server, how):
    home, elsewhere = Client(server), Client(server)
    assert_logged_in(home.login())
    fail_from_many(server, LIMIT)
    for _ in range(2):
        getattr(server, how)()
        assert_throttled(elsewhere.login())
    assert_logged_in(home.login())
    assert_logged_in(elsewhere.login())


@pytest.mark.parametrize("mutex", ["fcntl", "flock", "pthread", "sysvsem", "posixsem"])
def test_with_each_kind_of_mutex_old_and_new_children_count_together(new_server, mutex):
    server = new_server(KEY_AND_STORE + PROXY + "AuthJWTLoginThrottle off\nAuthJWTLoginLock 30 1h\n"
                        + endpoint("/login", "login", "AuthUserFile @dir@/users"), modules=("remoteip",), mutex=mutex).start()
    fail_from_many(server, 20)
    server.graceful()
    fail_from_many(server, 10)
    assert_throttled(Client(server).login())


@pytest.mark.parametrize("arguments", ["", "3", "on", "0 1h", "-1 1h", "3 0", "3 soon", "3x 1h", "1000001 1h", "3 1h more", '"" 1h'])
def test_bad_arguments_stop_the_start(new_server, arguments, expect_log):
    expect_log.may(".")
    status, text = new_server(DEFAULT + "AuthJWTLoginLock %s\n" % arguments).configtest()
    assert status != 0 and "AuthJWTLoginLock" in text, text


@pytest.mark.parametrize("arguments", ["OFF", "1 1s", "1000000 30d"])
def test_good_arguments_do_not(new_server, arguments):
    status, text = new_server(DEFAULT + "AuthJWTLoginLock %s\n" % arguments).configtest()
    assert status == 0, text


def test_it_may_not_stand_in_htaccess(new_server, expect_log):
    expect_log(r"AuthJWTLoginLock not allowed here")
    server = new_server(DEFAULT + "<Directory @dir@/htdocs>\n    AllowOverride All\n</Directory>\n").start()
    server.write("htdocs/.htaccess", "AuthJWTLoginLock off\n")
    assert server.get("/index.html").status == 500
