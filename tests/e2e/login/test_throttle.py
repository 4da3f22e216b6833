# SPDX-License-Identifier: Apache-2.0
"""Failed logins are counted per user and address, and per address, over all processes."""
import concurrent.futures
import re
import subprocess
import time

import pytest
from authjwt_client import assert_error, assert_logged_in, at_once
from authjwt_env import DEFAULT, ENDPOINTS, KEY_AND_STORE, Known, endpoint, hash_password
from authjwt_throttle import PROXY, Client, assert_throttled, host

BUSY = "AH10159: |AH00484: "                 # httpd's own remark that all its threads work
COST = 9
DUMMY = hash_password("x", "x").replace("x:", "", 1).strip()
OTHER_USERS = ["AuthJWTKey HS256 env:OTHER_KEY", "AuthJWTRevocationStore lmdb:@dir@/other-state(64M)"]
CONFIG = DEFAULT + PROXY + "AuthJWTLoginThrottle 3 60s\nAuthJWTDummyHash %s\n" % DUMMY + (
    endpoint("/broken-login", "login", "AuthUserFile @dir@/no-such-file")
    + endpoint("/admins-login", "login", "AuthUserFile @dir@/users", "AuthGroupFile @dir@/groups",
               "AuthJWTLoginRequire group admins")
    + host("localhost")
    + host("brief", "AuthJWTLoginThrottle 2 1s", *OTHER_USERS)
    + host("unlimited", "AuthJWTLoginThrottle off")
    + host("default", "AuthJWTLoginThrottle 10 60s")
    + host("neighbour", "AuthJWTIssuer neighbour"))
OPTIONS = {"env": {"OTHER_KEY": Known.secret[::-1]}, "log": "trace8", "modules": ("remoteip",), "children": 4}


@pytest.fixture
def client(server):
    return Client(server)


def test_a_fresh_address_may_sign_in(client):
    assert_logged_in(client.login())


def test_after_three_failures_the_right_password_is_429_too(client, mark):
    client.fail(3)
    for right in (False, True, True):
        assert 50 <= assert_throttled(client.login(right=right)) <= 61      # all three count until the window ends
    client.server.assert_logged(mark, r"\[authjwt:info\].*\[client %s:\d+\] AJ1903: login of user \"ann\" refused" % re.escape(client.address))


def test_two_failures_are_still_free(client):
    client.fail(2)
    assert_logged_in(client.login())


def test_a_success_clears_the_count(client):
    for _ in range(3):
        client.fail(2)
        assert_logged_in(client.login())
    client.fail(3)
    assert_throttled(client.login())


def test_refused_attempts_ask_no_user_store(client, mark):
    client.fail(3)
    begun = len(re.findall("AJ1203", client.server.log_since(mark)))
    for _ in range(5):
        assert_throttled(client.login(right=False))
    assert begun == 3 and len(re.findall("AJ1203", client.server.log_since(mark))) == 3


def test_every_child_process_refuses(client, expect_log):
    expect_log.may(BUSY)
    client.fail(3)
    since, served = len(client.server.access_log()), set()
    for _ in range(20):
        with concurrent.futures.ThreadPoolExecutor(12) as pool:
            for answer in pool.map(lambda _: client.login(), range(24)):
                assert_throttled(answer)
        served = client.server.children_that_served("/login", since)
        if len(served) > 1:
            return
    raise AssertionError("only %s answered" % served)


def test_another_user_from_the_same_address_is_still_fine(client):
    client.fail(3)
    assert_throttled(client.login())
    assert_logged_in(client.login("bob"))
    client.fail(2, "cara")
    assert_logged_in(client.login("cara"))


def test_the_same_user_from_another_address_is_still_fine(client, server):
    client.fail(3)
    assert_throttled(client.login())
    assert_logged_in(Client(server).login())


def test_ten_times_as_many_failures_are_allowed_for_one_address(client, server):
    for number in range(9):
        client.fail(3, "guess-%d" % number)
    client.fail(2, "guess-9")
    assert_logged_in(client.login("bob"))
    client.fail(1, "guess-10")
    for user in ("bob", "ann"):
        assert_throttled(client.login(user))
    assert_logged_in(Client(server).login("bob"))


def test_a_success_does_not_clear_the_count_of_the_address(client):
    for number in range(10):
        client.fail(3, "guess-%d" % number)
        if number < 9:
            assert_logged_in(client.login("bob"))
    assert_throttled(client.login("bob"))


def test_successes_alone_never_fill_the_count(client):
    for _ in range(35):
        assert_logged_in(client.login("bob"))


def test_parallel_attempts_cannot_exceed_the_limit(client, expect_log):
    expect_log.may(BUSY)
    answers = at_once(20, lambda _: client.login(right=False))
    assert sorted(one.status for one in answers) == [401] * 3 + [429] * 17


def test_parallel_attempts_with_many_names_cannot_exceed_the_limit_of_the_address(client, expect_log):
    expect_log.may(BUSY)
    def work(number):
        return [client.login("guess-%d" % (2 * number + i), False) for i in range(2)]

    statuses = [one.status for pair in at_once(20, work) for one in pair]
    assert sorted(statuses) == [401] * 30 + [429] * 10


# -- whose address -----------------------------------------------------------------------------------------------

def test_the_first_64_bits_of_an_ipv6_address_count(server):
    Client(server, "2001:db8:1:2::1").fail(1)
    Client(server, "2001:db8:1:2:ffff::9").fail(1)
    Client(server, "2001:db8:1:2:a:b:c:d").fail(1)
    assert_throttled(Client(server, "2001:db8:1:2:1234::").login())
    for other in ("2001:db8:1:3::1", "2001:db8:2:2::1"):
        assert_logged_in(Client(server, other).login())


def test_an_address_that_the_proxy_did_not_vouch_for_is_not_believed(new_server):
    direct = new_server(DEFAULT + "AuthJWTLoginThrottle 3 60s\n", modules=("remoteip",)).start()
    for number in range(3):
        assert_error(Client(direct, "203.0.113.%d" % number).login(right=False), "invalid_credentials")
    assert_throttled(Client(direct, "203.0.113.99").login())


# -- what counts -------------------------------------------------------------------------------------------------

def test_what_a_user_store_could_not_decide_does_not_count(client, expect_log):
    expect_log.may(r"AH01620: ")
    expect_log(r"\[authjwt:error\].*AJ1202: ")
    for _ in range(35):
        assert_error(client.login(path="/broken-login"), "backend_unavailable")
    assert_logged_in(client.login())


def test_a_malformed_request_does_not_count(client):
    for content in ({"json": {"username": "ann"}}, {"json": {"password": "x"}}, {"form": {"a": "b"}}) * 2:
        answer = client.server.post("/login", headers={"X-Forwarded-For": client.address}, **content)
        assert_error(answer, "invalid_request")
    assert_logged_in(client.login())


def test_a_right_password_of_somebody_who_may_not_enter_is_no_failure(client):
    for _ in range(5):
        assert_error(client.login("bob", path="/admins-login"), "access_denied")
    client.fail(2, "bob")
    assert_error(client.login("bob", path="/admins-login"), "access_denied")
    client.fail(3, "bob")
    assert_throttled(client.login("bob", path="/admins-login"))


def test_unknown_users_are_throttled_like_known_ones(client):
    client.fail(3, "nobody-of-that-name")
    assert_throttled(client.login("nobody-of-that-name", right=False))


def test_names_that_look_like_an_address_or_hold_blanks_are_users_of_their_own(client):
    client.fail(3, "%s ann" % client.address)
    client.fail(3, "ann ")
    assert_logged_in(client.login("ann"))


# -- windows -----------------------------------------------------------------------------------------------------

def test_the_right_password_works_after_retry_after_and_no_sooner_than_the_count_fades(timed):
    server = timed(DEFAULT + PROXY + "AuthJWTLoginThrottle 2 1000s\n", modules=("remoteip",))
    client = Client(server)
    client.fail(2)
    assert 900 < assert_throttled(client.login()) <= 1001
    server.set_clock(1300)                                  # seven tenths of both count still, so one more is free
    assert client.login(right=False).status == 401
    wait = assert_throttled(client.login())
    assert 100 < wait <= 201                                # when half of both counts, there is room
    server.set_clock(1300 + wait - 100)
    assert_throttled(client.login())
    server.set_clock(1300 + wait)
    assert_logged_in(client.login())


# -- virtual hosts -----------------------------------------------------------------------------------------------

def test_off_allows_any_number(server):
    client = Client(server, host="unlimited")
    client.fail(35)
    assert_logged_in(client.login())


def test_a_virtual_host_has_its_own_limit(server):
    client = Client(server, host="default")
    client.fail(9)
    assert_logged_in(client.login())
    client.fail(10)
    assert_throttled(client.login())


def test_hosts_with_the_same_users_share_their_counts(server):
    one, two = Client(server), Client(server, host="default")
    two.address = one.address
    two.fail(3)
    assert_throttled(one.login())


def test_a_login_at_a_host_with_other_users_clears_nothing_here(server):
    here, there = Client(server), Client(server, host="neighbour")
    there.address = here.address
    here.fail(2)
    assert_logged_in(there.login())
    here.fail(1)
    assert_throttled(here.login())
    there.fail(2)
    assert_logged_in(there.login())


def test_a_host_with_a_short_window_does_not_shorten_the_memory_of_others(server):
    here, there = Client(server), Client(server, host="brief")
    here.fail(3)
    time.sleep(2.1)
    there.address = here.address
    assert_logged_in(there.login())
    assert_throttled(here.login())


def test_counts_outlive_a_reload_but_not_a_stop(client):
    client.fail(3)
    assert_throttled(client.login())
    client.server.graceful()
    assert_throttled(client.login())
    client.server.reload()
    assert_throttled(client.login())
    client.server.restart()
    assert_logged_in(client.login())


# -- unknown users cost the same time ----------------------------------------------------------------------------

def costly_users():
    done = subprocess.run(["htpasswd", "-inBC", str(COST), "ann"], input=Known.passwords["ann"], capture_output=True, text=True,
                          check=True)
    return done.stdout.strip()


def least_seconds(server, users, count=12):
    """What one login costs for each user: the least of several, by turns, so that a busy moment of the machine counts for none."""
    def once(user):
        begun = time.perf_counter()
        assert server.post("/login", json={"username": user, "password": Known.wrong_password}).status == 401
        return time.perf_counter() - begun
    return [min(column) for column in zip(*([once(user) for user in users] for _ in range(count)))]


def test_an_unknown_user_costs_as_much_as_a_wrong_password(new_server):
    line = costly_users()
    config = KEY_AND_STORE + "AuthJWTLoginThrottle off\nAuthJWTDummyHash %s\n" % line.split(":")[1] + ENDPOINTS
    server = new_server(config)
    server.write("users", line + "\n")
    server.start()
    known, unknown = least_seconds(server, ("ann", "nobody"))
    assert 0.5 < unknown / known < 2, (known, unknown)


def test_the_default_dummy_hash_costs_about_what_bcrypt_of_cost_10_does(new_server):
    server = new_server(KEY_AND_STORE + "AuthJWTLoginThrottle off\n" + ENDPOINTS)
    server.write("users", costly_users() + "\n")
    server.start()
    known, unknown = least_seconds(server, ("ann", "nobody"))
    assert 1.2 < unknown / known < 4, (known, unknown)


# -- configuration -----------------------------------------------------------------------------------------------

@pytest.mark.parametrize("line", ["AuthJWTLoginThrottle", "AuthJWTLoginThrottle 3", "AuthJWTLoginThrottle on", "AuthJWTLoginThrottle 0 60s",
                                  "AuthJWTLoginThrottle -1 60s", "AuthJWTLoginThrottle 3 0", "AuthJWTLoginThrottle 3 soon",
                                  "AuthJWTLoginThrottle 3x 60s", "AuthJWTLoginThrottle 1000001 60s",
                                  "AuthJWTLoginThrottle 99999999999999999999 60s", "AuthJWTLoginThrottle 3 60s more",
                                  'AuthJWTLoginThrottle "" 60s',
                                  "AuthJWTDummyHash", "AuthJWTDummyHash secret", "AuthJWTDummyHash $1$x"])
def test_bad_arguments_stop_the_start(new_server, line, expect_log):
    expect_log.may(".")
    status, text = new_server(DEFAULT + line + "\n").configtest()
    assert status != 0 and re.search(line.split()[0], text), text


@pytest.mark.parametrize("line", ["AuthJWTLoginThrottle OFF", "AuthJWTLoginThrottle 1 1s", "AuthJWTLoginThrottle 1000000 30d",
                                  "AuthJWTDummyHash " + DUMMY],
                         ids=["off", "least", "most", "hash"])
def test_good_arguments_do_not(new_server, line):
    status, text = new_server(DEFAULT + line + "\n").configtest()
    assert status == 0, text


def test_a_store_that_is_written_in_two_ways_gives_no_second_set_of_guesses(new_server):
    """Virtual hosts with one issuer and one store count together, as their users are the same; the control has another issuer."""
    server = new_server(DEFAULT + PROXY + "AuthJWTLoginThrottle 3 1h\n" + host("localhost")
                        + host("likewise", "AuthJWTRevocationStore lmdb:@dir@/./state(64M)")
                        + host("neighbour", "AuthJWTIssuer neighbour"), modules=["remoteip"]).start()
    client = Client(server)
    client.fail(3)
    assert_throttled(client.login())
    assert_throttled(Client(server, client.address, host="likewise").login())
    assert Client(server, client.address, host="neighbour").login().status == 200
