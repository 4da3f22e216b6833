# SPDX-License-Identifier: Apache-2.0
"""Sessions in one valkey store that several httpd share, as several hosts do."""
from concurrent.futures import ThreadPoolExecutor

import pytest
from authjwt_client import assert_error
from authjwt_sessions import THEFT, rotate
from authjwt_valkey import config_on


@pytest.fixture
def hosts(valkey, new_server):
    """Two httpd on one store."""
    config = config_on("valkey:" + valkey().address)
    return [new_server(config).start() for _ in range(2)]


def test_a_logout_at_one_is_seen_by_the_next_request_at_the_other(hosts):
    one, two = hosts
    for _ in range(10):
        access, refresh = one.login()
        assert two.get("/protected", access).status == 200
        assert one.post("/logout", access).status == 200
        assert_error(two.get("/protected", access), "token_revoked")
        assert_error(two.post("/refresh", refresh), "token_revoked")


def test_parallel_refreshes_at_both_get_one_successor(hosts):
    for _ in range(5):
        _, refresh = hosts[0].login()
        with ThreadPoolExecutor(20) as crowd:
            pairs = list(crowd.map(lambda i: rotate(hosts[i % 2], refresh), range(20)))
        assert len({second for _, second in pairs}) == 1


def test_theft_is_noticed_wherever_the_copy_is_used(hosts, expect_log):
    expect_log(THEFT)
    one, two = hosts
    _, first = one.login()
    _, second = rotate(two, first)
    _, third = rotate(one, second)
    access, fourth = rotate(two, third)
    assert one.get("/protected", access).status == 200
    assert_error(one.post("/refresh", first), "token_revoked")
    for host in hosts:
        assert_error(host.get("/protected", access), "token_revoked")
        assert_error(host.post("/refresh", fourth), "token_revoked")


def test_everywhere_ends_the_sessions_of_all_hosts(hosts):
    one, two = hosts
    sessions = [host.login()[0] for host in hosts]
    assert one.post("/logout", one.login()[0], json={"everywhere": True}).status == 200
    for access in sessions:
        assert_error(two.get("/protected", access), "token_revoked")
    assert two.get("/protected", two.login()[0]).status == 200
