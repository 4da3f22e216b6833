# SPDX-License-Identifier: Apache-2.0
"""A primary with two replicas under three Sentinels: found, found again after a fail-over, and AuthJWTStoreReplicas, which loses nothing."""
import contextlib
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from authjwt_authority import Authority
from authjwt_client import assert_error
from authjwt_service import free_port
from authjwt_valkey import PASSWORD, Group, Valkey, config_on, wait

COMPLAINT = r":error\].*AJ2110: valkey:"
TIMEOUT, SLACK = 0.3, 0.4
LINES = ["AuthJWTStoreTimeout %dms" % (TIMEOUT * 1000)]


@pytest.fixture
def group(any_server):
    with Group(server=any_server) as one:
        yield one


@pytest.fixture(scope="module")
def small_group():
    """One replica, one Sentinel; tests leave it as it was."""
    with Group(replicas=1, sentinels=1) as one:
        yield one


@pytest.fixture(scope="module")
def three_sentinels():
    """One replica, three Sentinels; tests leave it as it was."""
    with Group(replicas=1, sentinels=3) as one:
        yield one


@contextlib.contextmanager
def at_most(seconds):
    begin = time.monotonic()
    yield
    assert time.monotonic() - begin < seconds + SLACK


def works_again(server, token):
    wait(lambda: [server.get("/protected", token).status for _ in range(40)] == [200] * 40)


def test_after_a_fail_over_the_new_primary_is_used_and_nothing_that_two_had_is_lost(group, new_server, expect_log):
    expect_log(COMPLAINT)
    expect_log.may("AJ2112: ")
    server = new_server(config_on("valkey:" + group.address, "AuthJWTStoreReplicas 1 1s", *LINES), mpm="prefork").start()
    (gone, _), (alive, _) = server.login(), server.login("bob")
    assert server.post("/logout", gone).status == 200
    before = group.named()
    group.primary.kill()
    answers = set()

    def is_over():
        with at_most(3 * TIMEOUT):
            answers.add(server.get("/protected", gone).status)
        return group.named() != before

    wait(is_over)
    works_again(server, alive)
    assert answers <= {401, 503} and 503 in answers
    assert_error(server.get("/protected", gone), "token_revoked")
    assert server.post("/logout", alive).status == 200
    assert_error(server.get("/protected", alive), "token_revoked")


def test_a_planned_fail_over_is_followed_and_the_old_primary_not_asked_again(group, new_server, expect_log):
    expect_log.may(COMPLAINT)
    expect_log.may("AJ2112: ")
    server = new_server(config_on("valkey:" + group.address, *LINES), children=1).start()
    token, _ = server.login()
    before = group.named()
    assert group.sentinels[0].reply("SENTINEL", "FAILOVER", "mymaster") == "OK"
    wait(lambda: group.named() != before and group.primary.info("replication")["role"] == "slave")
    works_again(server, token)
    wait(lambda: server.post("/logout", server.login()[0]).status == 200, 5)
    assert group.primary.reply("CONFIG", "RESETSTAT") == "OK"
    assert [server.get("/protected", token).status for _ in range(8)] == [200] * 8
    assert "cmdstat_get" not in group.primary.info("commandstats")


@pytest.mark.parametrize("absent", [0, 1, 2])
@pytest.mark.parametrize("how", ["gone", "hanging"])
def test_one_of_three_sentinels_may_be_gone_or_hang(three_sentinels, new_server, how, absent):
    one = three_sentinels.sentinels[absent]
    with one.hanging() if how == "hanging" else gone(one):
        server = new_server(config_on("valkey:" + three_sentinels.address, *LINES)).start()
        with at_most(3 * TIMEOUT):
            token, _ = server.login()
        assert server.get("/protected", token).status == 200 == server.post("/logout", token).status
        assert_error(server.get("/protected", token), "token_revoked")


@contextlib.contextmanager
def gone(one):
    one.kill()
    yield
    one.start()


def test_where_one_of_three_sentinels_is_left_the_store_cannot_answer_five_seconds_later_and_is_back_with_the_second(
        three_sentinels, new_server, expect_log):
    expect_log(COMPLAINT + r".*Sentinel 127.0.0.1:\d+: cannot connect: Connection refused; 2 of 3 Sentinels must name the same primary")
    expect_log.may("AJ2112: ")
    server = new_server(config_on("valkey:" + three_sentinels.address, *LINES), children=1).start()
    token, _ = server.login()
    with gone(three_sentinels.sentinels[0]):
        with gone(three_sentinels.sentinels[1]):
            seen = statuses(server, token, 7)
            assert {status for at, status in seen if at < 2.5} == {200} and {status for at, status in seen if at > 6} == {503}
        works_again(server, token)


def statuses(server, token, seconds):
    """(when, status) of one request after the other; none takes longer than it may."""
    begin, seen = time.monotonic(), []
    while time.monotonic() < begin + seconds:
        with at_most(3 * TIMEOUT):
            seen.append((time.monotonic() - begin, server.get("/protected", token).status))
        time.sleep(0.1)
    return seen


def test_one_sentinel_that_names_another_primary_is_outvoted_and_two_that_do_are_followed(valkey, doors, expect_log):
    expect_log.may(COMPLAINT)
    old, new = valkey(), valkey()
    sentinels = sorted((valkey("sentinel monitor mymaster 127.0.0.1 %d 9" % old.port, sentinel=True) for _ in range(3)), key=lambda one: one.port)
    store = doors("sentinel:mymaster@" + ",".join(one.address for one in sentinels), children=1)
    assert store.set("a", b"of the old one") == "ok"
    monitor(sentinels[0], new)                              # the one that is asked first
    begin = time.monotonic()
    while time.monotonic() < begin + 6:                     # longer than an answer counts
        assert store.get("a") == b"of the old one"
    monitor(sentinels[1], new)
    wait(lambda: store.get("a") == "notfound", 6)
    assert [store.get("a") for _ in range(20)] == ["notfound"] * 20 and new.reply("DBSIZE") == "0"


def test_where_the_sentinels_name_different_primaries_the_store_cannot_answer(valkey, doors, expect_log):
    expect_log(r":error\].*AJ2102: .*the Sentinels name different primaries; 2 of 2 Sentinels must name the same primary")
    expect_log(COMPLAINT + ".*the Sentinels name different primaries")
    sentinels = [valkey("sentinel monitor mymaster 127.0.0.1 %d 9" % valkey().port, sentinel=True) for _ in range(2)]
    assert doors("sentinel:mymaster@" + ",".join(one.address for one in sentinels)).get("a") == "egeneral"


def test_without_any_sentinel_what_is_connected_goes_on_for_a_while_and_a_new_process_answers_503_in_time(small_group, new_server, expect_log):
    expect_log(r":error\].*AJ2102: .*Sentinel 127.0.0.1:\d+: the server did not answer in time")
    expect_log(COMPLAINT)
    server = new_server(config_on("valkey:" + small_group.address, *LINES), children=1).start()
    token, _ = server.login()
    with small_group.sentinels[0].hanging():
        assert server.get("/protected", token).status == 200
        other = new_server(config_on("valkey:" + small_group.address, *LINES), children=1).start()
        with at_most(3 * TIMEOUT):
            assert_error(other.get("/protected", token), "store_unavailable")


@pytest.mark.parametrize("listed, warns", [(1, True), (2, False), (3, False)])
def test_sentinels_that_are_not_listed_are_a_warning_where_those_listed_may_be_too_few(three_sentinels, doors, expect_log, listed, warns):
    if warns:
        expect_log(r":warn\].*AJ2104: valkey:sentinel:\S+: 3 Sentinels watch the primary, and 1 of them is listed: ")
    doors("sentinel:mymaster@" + ",".join(one.address for one in three_sentinels.sentinels[:listed]))


def monitor(sentinel, server):
    """Have a Sentinel name this server from now on; the one that it named before learns nothing of it."""
    assert sentinel.reply("SENTINEL", "REMOVE", "mymaster") == "OK"
    assert sentinel.reply("SENTINEL", "MONITOR", "mymaster", "127.0.0.1", str(server.port), "1") == "OK"


def test_a_kept_connection_to_a_primary_that_sentinel_names_no_more_is_left_in_five_seconds(valkey, doors, expect_log):
    expect_log.may(COMPLAINT + ".*cannot look up: Sentinel")        # between the two commands it knows no primary
    old, new = valkey(), valkey()
    with Valkey("sentinel monitor mymaster 127.0.0.1 %d 1" % old.port, sentinel=True) as sentinel:
        store = doors("sentinel:mymaster@" + sentinel.address, children=1)
        assert store.set("a", b"of the old one") == "ok"
        begin = time.monotonic()
        while time.monotonic() < begin + 3:
            assert store.get("a") == b"of the old one"
        assert int(old.info("stats")["total_connections_received"]) < 20      # kept, and not made anew
        monitor(sentinel, new)
        wait(lambda: store.get("a") == "notfound", 5)
        for _ in range(20):
            assert store.get("a") == "notfound"
        assert store.set("a", b"of the new one") == "ok" and old.reply("DBSIZE") == "1" and new.reply("DBSIZE") == "1"


def test_where_no_sentinel_answers_a_kept_connection_counts_for_five_seconds(small_group, new_server, expect_log):
    expect_log(COMPLAINT + ".*cannot look up: Sentinel 127.0.0.1:.*did not answer in time")
    expect_log.may("AJ2112: ")
    server = new_server(config_on("valkey:" + small_group.address, *LINES), children=1).start()
    token, _ = server.login()
    assert server.get("/protected", token).status == 200
    with small_group.sentinels[0].hanging():
        seen = statuses(server, token, 7)
    assert {status for at, status in seen if at < 2.5} == {200} and {status for at, status in seen if at > 6} == {503}
    works_again(server, token)


@pytest.mark.parametrize("address, said", [
    ("sentinel:other@%(sentinel)s", 'it knows no primary "other"'),
    ("sentinel:mymaster@%(primary)s", "the server refuses: ERR unknown command"),
    ("%(sentinel)s", "this is a Sentinel; write sentinel:MASTER@HOST"),
    ("%(replica)s", "the server is a replica; name the primary, or ask Sentinel"),
])
def test_a_wrong_address_is_a_sentence(small_group, new_server, expect_log, address, said):
    expect_log(r":error\].*AJ2102: .*" + said)
    address %= {"sentinel": small_group.sentinels[0].address, "primary": small_group.primary.address,
                "replica": small_group.members[1].address}
    new_server(config_on("valkey:" + address, *LINES)).start()


def test_what_too_few_replicas_have_is_503_and_look_ups_go_on(small_group, new_server, expect_log):
    expect_log(COMPLAINT + ".*cannot store: no replica had it in time .*may have taken effect all the same")
    server = new_server(config_on("valkey:" + small_group.primary.address, "AuthJWTStoreReplicas 1 200ms", *LINES)).start()
    (token, _), (other, _) = server.login(), server.login()
    assert server.post("/logout", token).status == 200
    with small_group.members[1].hanging():
        with at_most(TIMEOUT + 0.2):
            answer = server.post("/logout", other)
        assert_error(answer, "store_unavailable")
        assert answer.header("Retry-After") == "5"
        assert_error(server.get("/protected", token), "token_revoked")
        assert_error(server.get("/protected", other), "token_revoked")      # it has taken effect
    wait(lambda: server.post("/logout", server.login()[0]).status == 200, 5)


def test_two_replicas_are_counted(group, new_server, expect_log):
    expect_log(COMPLAINT + ".*cannot store: too few replicas had it in time")
    server = new_server(config_on("valkey:" + group.address, "AuthJWTStoreReplicas 2 200ms", *LINES)).start()
    assert server.post("/logout", server.login()[0]).status == 200
    group.members[2].kill()
    assert_error(server.post("/logout", server.login()[0]), "store_unavailable")


def test_password_and_tls_hold_for_sentinels_too(new_server, valkey, expect_log):
    authority = Authority()
    cert, key = authority.issue("server", "127.0.0.1")
    lines = ["port 0", "tls-cert-file " + cert, "tls-key-file " + key, "tls-ca-cert-file " + authority.ca, "tls-auth-clients no",
             "tls-replication yes", "requirepass " + PASSWORD]
    ports = free_port(), free_port()
    valkey(*lines, "tls-port %d" % ports[0], port=ports[0])
    with Valkey(*lines, "tls-port %d" % ports[1], "sentinel monitor mymaster 127.0.0.1 %d 1" % ports[0],
                "sentinel auth-pass mymaster " + PASSWORD, port=ports[1], sentinel=True):
        config = config_on("valkey:sentinel:mymaster@127.0.0.1:%d/2" % ports[1], "AuthJWTStoreTLS on ca=" + authority.ca,
                           "AuthJWTStoreAuth file:@dir@/store.password")
        server = new_server(config)
        server.write("store.password", PASSWORD, 0o600)
        token, _ = server.start().login()
        assert server.post("/logout", token).status == 200
        assert_error(server.get("/protected", token), "token_revoked")
        expect_log(r":error\].*AJ2102: .*Sentinel 127.0.0.1:\d+: the server refuses: it asks for a password")
        new_server(config.replace("AuthJWTStoreAuth", "#AuthJWTStoreAuth")).start()


def test_writes_that_wait_for_replicas_leave_connections_for_look_ups(small_group, doors, expect_log):
    expect_log(COMPLAINT + ".*cannot store: ")
    store = doors(small_group.primary.address, "ValkeyDoorsReplicas 1 1000",
                  "ThreadLimit 40\nThreadsPerChild 40\nMaxRequestWorkers 40\nMinSpareThreads 1\nMaxSpareThreads 40", children=1, mpm="worker")
    assert store.set("a") == "ok"
    with small_group.members[1].hanging(), ThreadPoolExecutor(20) as crowd:
        writes = [crowd.submit(store.set, "b%d" % i) for i in range(20)]
        begin = time.monotonic()
        while time.monotonic() < begin + 0.8:
            with at_most(0.3):
                assert store.get("a") == b"v"
        assert [one.result() for one in writes] == ["egeneral"] * 20
    wait(lambda: store.set("b") == "ok", 5)
