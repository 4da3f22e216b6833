# SPDX-License-Identifier: Apache-2.0
"""Two and three hosts on one store, each in a network namespace of its own: what one records counts at the next request at the others;
what is cut off does not go on with yesterday's truth; clocks need not agree."""
import contextlib
import itertools
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from authjwt_client import assert_error
from authjwt_hosts import Network, On, missing
from authjwt_sessions import THEFT, rotate
from authjwt_valkey import Valkey, config_on, wait

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "-")
COMPLAINT = r":error\].*AJ2110: valkey:"
TIMEOUT, SLACK = 0.3, 0.5
LINES = ["AuthJWTStoreTimeout %dms" % (TIMEOUT * 1000)]
OPEN = ["bind *", "protected-mode no"]      # for the other hosts
EVERYWHERE = {"everywhere": True}


@pytest.fixture
def net():
    with Network() as one:
        yield one


@pytest.fixture
def started(net):
    """started(HOST, MAKE): what MAKE makes, on a host; all are closed there, the last one first."""
    with contextlib.ExitStack() as stack:
        def start(host, make):
            one = On(host, make)
            stack.callback(one.close)
            return one

        yield start


@pytest.fixture
def store(net, started):
    """A server on a host of its own."""
    return started(net.host(), lambda: Valkey(*OPEN))


@pytest.fixture
def hosts(net, started, store, new_server):
    """hosts(N, lines...): so many httpd, each on a host of its own."""
    def make(count, *lines, server=new_server, **more):
        config = config_on("valkey:%s:%d" % (store.host.address, store.port), *LINES, *lines)
        return [started(net.host(), lambda: server(config, **more)).start() for _ in range(count)]

    return make


@contextlib.contextmanager
def at_most(seconds):
    begin = time.monotonic()
    yield
    assert time.monotonic() - begin < seconds + SLACK


def assert_over(host, access, refresh=None):
    assert_error(host.get("/protected", access), "token_revoked")
    if refresh:
        assert_error(host.post("/refresh", refresh), "token_revoked")


def assert_unavailable(*answers):
    for answer in answers:
        assert_error(answer, "store_unavailable")
        assert answer.header("Retry-After") == "5"


def test_a_logout_at_one_of_three_is_seen_by_the_next_request_at_the_others(hosts):
    for one, two, three in itertools.permutations(hosts(3)):
        access, refresh = one.login()
        assert [host.get("/protected", access).status for host in (one, two, three)] == [200] * 3
        assert two.post("/logout", access).status == 200
        for host in (three, one, two):
            assert_over(host, access, refresh)
    sessions = [host.login() for host in (one, two, three)]
    other, _ = one.login("bob")
    assert three.post("/logout", three.login()[0], json=EVERYWHERE).status == 200
    for host, session in itertools.product((one, two, three), sessions):
        assert_over(host, *session)
    access, _ = two.login()
    for host in (one, two, three):
        assert host.get("/protected", access).status == 200 == host.get("/protected", other).status


def test_twenty_refreshes_of_one_token_over_three_hosts_get_one_successor_each_time(hosts):
    three = hosts(3)
    with ThreadPoolExecutor(20) as crowd:
        for _ in range(3):
            access, refresh = three[0].login()
            for _ in range(5):              # what they have got is used next: nothing of a race is left in the chain
                pairs = list(crowd.map(lambda i: rotate(three[i % 3], refresh), range(20)))
                assert len({second for _, second in pairs}) == 1
                access, refresh = pairs[0]
            assert [host.get("/protected", access).status for host in three] == [200] * 3


def test_refreshes_and_logouts_that_race_over_three_hosts_leave_nothing_alive(hosts, expect_log):
    expect_log.may(THEFT)
    three = hosts(3)
    with ThreadPoolExecutor(20) as crowd:
        for _ in range(5):
            access, refresh = three[0].login()

            def act(i):
                host = three[i % 3]
                if i == 10:
                    return host.post("/logout", access).status, None
                answer = host.post("/refresh", refresh)
                return answer.status, answer.json().get("access_token")

            done = list(crowd.map(act, range(20)))
            assert {status for status, _ in done} <= {200, 401} and done[10][0] == 200
            for host in three:
                for one in {access, *(got for _, got in done if got)}:
                    assert_over(host, one)


def test_theft_is_noticed_at_whichever_host_the_copy_is_used(hosts, expect_log):
    expect_log(THEFT)
    three = hosts(3)
    for one, two, thief in itertools.permutations(three):
        _, first = one.login()
        _, second = rotate(two, first)
        _, third = rotate(one, second)
        access, fourth = rotate(two, third)
        assert one.get("/protected", access).status == 200
        assert_error(thief.post("/refresh", first), "token_revoked")
        for host in three:
            assert_over(host, access, fourth)


@pytest.mark.parametrize("ahead", [30, -30])
def test_clocks_of_two_hosts_may_be_thirty_seconds_apart(hosts, timed, expect_log, ahead):
    expect_log(THEFT)
    wrong, = hosts(1, "AuthJWTLeeway 60s", server=lambda config: timed_later(timed, config, ahead))
    right, = hosts(1, "AuthJWTLeeway 60s")
    for one, two in ((wrong, right), (right, wrong)):
        access, refresh = one.login()
        for host in (two, one, two):        # the same session is refreshed at both
            assert host.get("/protected", access).status == 200
            access, refresh = rotate(host, refresh)
        assert one.post("/logout", access).status == 200
        assert_over(two, access, refresh)
        before = one.login(), two.login()
        assert two.post("/logout", two.login()[0], json=EVERYWHERE).status == 200
        for host in (one, two):
            for session in before:
                assert_over(host, *session)
            after, _ = host.login()
            assert one.get("/protected", after).status == 200 == two.get("/protected", after).status
        with ThreadPoolExecutor(20) as crowd:
            _, refresh = one.login()
            pairs = list(crowd.map(lambda i: rotate((one, two)[i % 2], refresh), range(20)))
        assert len({second for _, second in pairs}) == 1
        _, third = rotate(one, pairs[0][1])
        access, _ = rotate(two, third)
        assert two.get("/protected", access).status == 200
        assert_error(two.post("/refresh", refresh), "token_revoked")
        assert_over(one, access)


def timed_later(timed, config, ahead):
    """A server that is not started yet, with a clock that is wrong."""
    server = timed(config)
    server.set_clock(ahead)
    server.stop()
    return server


def test_a_host_that_is_cut_off_answers_503_and_not_what_it_knew(net, hosts, expect_log):
    expect_log(COMPLAINT)
    expect_log.may("AJ2112: ")
    one, two = hosts(2)
    (alive, _), (gone, refresh), (later, _) = one.login(), one.login(), one.login()
    assert two.post("/logout", gone).status == 200
    assert_over(one, gone)
    with net.apart(one.host):
        mark, begin = one.mark(), time.monotonic()
        assert two.post("/logout", later).status == 200
        while time.monotonic() < begin + 2.5:
            with at_most(2 * TIMEOUT):
                assert_unavailable(one.get("/protected", later))
        assert_unavailable(one.get("/protected", gone), one.get("/protected", alive), one.post("/logout", alive),
                           one.post("/refresh", refresh), one.try_login())
        lines = one.log_since(mark).count("AJ2110: ")
        assert 1 <= lines <= 2 * (time.monotonic() - begin + 1)         # two processes
        assert "AJ1406: " not in one.log_since(mark)                    # the provider has said it
        assert two.get("/protected", alive).status == 200
    wait(lambda: [one.get("/protected", alive).status for _ in range(12)] == [200] * 12, 5)
    assert_over(one, gone)
    assert_over(one, later)


def test_with_a_check_interval_of_two_seconds_another_host_lags_no_longer_and_a_cut_too(net, hosts, expect_log):
    expect_log(COMPLAINT)
    expect_log.may("AJ2112: ")
    one, two = hosts(2, "AuthJWTRevocationCheckInterval 2s", children=1)
    access, refresh = one.login()
    for host in (one, two):
        assert host.get("/protected", access).status == 200
    assert two.post("/logout", access).status == 200
    begin = time.monotonic()
    assert_over(two, access, refresh)       # where it was recorded nothing lags
    wait(lambda: one.get("/protected", access).status == 401, 5)
    assert time.monotonic() - begin < 2 + SLACK
    alive, _ = one.login()
    assert one.get("/protected", alive).status == 200
    with net.apart(one.host):
        begin = time.monotonic()
        while one.get("/protected", alive).status == 200:
            assert time.monotonic() - begin < 2 + SLACK
        assert time.monotonic() - begin < 2 + 2 * TIMEOUT + SLACK
        assert_unavailable(one.get("/protected", alive))
    wait(lambda: one.get("/protected", alive).status == 200, 5)


class Sides:
    """The left host has the first primary and a server, the right one its replica and a server. left, between, right: how many Sentinels
    each has; those between are on hosts of their own."""

    def __init__(self, net, started, new_server, left, between, right):
        self.left, self.right = net.host(), net.host()
        self.primary = started(self.left, lambda: Valkey(*OPEN))
        self.replica = started(self.right, lambda: Valkey(*OPEN, "replicaof %s %d" % (self.left.address, self.primary.port),
                                                          "repl-diskless-sync-delay 0"))
        wait(lambda: "state=online" in self.primary.reply("INFO", "replication"))
        self.between = [net.host() for _ in range(between)]
        hosts = [self.left] * left + self.between + [self.right] * right
        lines = ["sentinel monitor mymaster %s %d %d" % (self.left.address, self.primary.port, len(hosts) // 2 + 1),
                 "sentinel down-after-milliseconds mymaster 500", "sentinel failover-timeout mymaster 2000"]
        sentinels = [started(host, lambda: Valkey(*OPEN, *lines, sentinel=True)) for host in hosts]
        for one in sentinels:
            wait(lambda: "slaves=1,sentinels=%d" % len(hosts) in one.reply("INFO", "sentinel"))
        config = config_on("valkey:sentinel:mymaster@" + ",".join("%s:%d" % (one.host.address, one.port) for one in sentinels), *LINES)
        self.cut_off, self.other = (started(host, lambda: new_server(config)).start() for host in (self.left, self.right))

    def fail_over(self, token):
        """After the cut: the right side has a primary, and ends the session of this token."""
        wait(lambda: self.replica.info("replication").get("role") == "master")
        wait(lambda: self.other.post("/logout", token).status == 200)
        wait(lambda: [self.other.get("/protected", token).status for _ in range(12)] == [401] * 12)


# Three Sentinels: one is on the side of the old primary, and goes on naming it.
@pytest.mark.parametrize("sentinels", [(0, 0, 1), (1, 1, 1), (0, 1, 2)], ids=str)
def test_a_host_that_is_cut_off_together_with_the_old_primary_lags_five_seconds_at_most(net, started, new_server, expect_log, sentinels):
    expect_log(COMPLAINT)
    expect_log.may("AJ2112: ")
    sides = Sides(net, started, new_server, *sentinels)
    cut_off, other = sides.cut_off, sides.other
    (token, _), (alive, _) = cut_off.login(), cut_off.login()
    for host in (cut_off, other):
        assert host.get("/protected", token).status == 200
    with net.apart(sides.left):
        begin = time.monotonic()
        sides.fail_over(token)
        answers = []
        while time.monotonic() < begin + 9:         # each of its processes has asked Sentinel at another moment
            with at_most(3 * TIMEOUT):
                answers.append((time.monotonic() - begin, cut_off.get("/protected", token).status))
        assert {status for at, status in answers if at > 5 + 3 * TIMEOUT + SLACK} == {503}
        assert {status for _, status in answers} <= {200, 503}
        assert_unavailable(cut_off.get("/protected", alive), cut_off.post("/logout", alive))
    wait(lambda: [cut_off.get("/protected", alive).status for _ in range(12)] == [200] * 12, 10)
    assert_over(cut_off, token)


def test_where_one_of_three_sentinels_is_cut_off_alone_all_go_on(net, started, new_server):
    sides = Sides(net, started, new_server, 1, 1, 1)
    token, _ = sides.other.login()
    with net.apart(sides.between[0]):
        begin = time.monotonic()
        while time.monotonic() < begin + 7:
            for host in (sides.cut_off, sides.other):
                with at_most(2 * TIMEOUT):
                    assert host.get("/protected", token).status == 200
    assert sides.cut_off.post("/logout", token).status == 200
    assert_over(sides.other, token)
