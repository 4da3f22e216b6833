# SPDX-License-Identifier: Apache-2.0
"""How full a valkey store is, in jwt-metrics: what its server says, and nothing where it says nothing."""
import time

import pytest
from authjwt_metrics import SCRAPE, scrape
from authjwt_outage import COMPLAINT
from authjwt_service import free_port
from authjwt_valkey import ACL, PASSWORD, config_on

ENTRIES, FILL = "authjwt_store_entries", "authjwt_store_fill_ratio"
TIMEOUT, SLACK = 0.3, 0.4


@pytest.fixture
def on(new_server):
    """on(ADDRESS, lines...): a server on this store that shows its metrics."""
    def make(address, *lines, files=()):
        server = new_server(config_on("valkey:" + address, "AuthJWTStoreTimeout %dms" % (TIMEOUT * 1000), *lines) + SCRAPE)
        for name, content in files:
            server.write(name, content, 0o600)
        return server.start()

    return make


def test_entries_and_how_full_it_is(any_server, valkey, on):
    store = valkey("maxmemory 64mb", "maxmemory-policy noeviction", server=any_server)
    server = on(store.address)
    assert server.post("/logout", server.login()[0]).status == 200
    before = scrape(server)
    for _ in range(3):
        assert server.post("/logout", server.login()[0]).status == 200
    now = scrape(server)
    assert now[ENTRIES] == before[ENTRIES] + 3 == int(store.reply("DBSIZE"))
    used = int(store.info("memory")["used_memory"]) / (64 << 20)
    assert 0 < now[FILL] < 1 and abs(now[FILL] - used) < 0.05
    assert store.reply("CONFIG", "SET", "maxmemory", str(int(store.info("memory")["used_memory"]) * 2)) == "OK"
    assert 0.4 < scrape(server)[FILL] < 0.6


def test_the_entries_are_those_of_its_database(valkey, on):
    store = valkey()
    server = on(store.address + "/3")
    assert store.reply("SET", "of another", "x") == "OK"
    assert server.post("/logout", server.login()[0]).status == 200
    assert scrape(server)[ENTRIES] == int(store.reply("-n", "3", "DBSIZE")) >= 2        # the sentinel, and the session
    assert store.reply("-n", "3", "FLUSHDB") == "OK" and scrape(server)[ENTRIES] == 0


def test_without_a_limit_nobody_says_how_full_it_is(valkey, on):
    server = on(valkey("maxmemory 0").address)
    now = scrape(server)
    assert ENTRIES in now and FILL not in now


@pytest.mark.parametrize("more, told", [("", False), (" +info", True)])
def test_a_user_that_may_not_ask_is_no_fault(valkey, on, more, told):
    store = valkey(ACL % PASSWORD + more, "maxmemory 64mb")
    server = on(store.address, "AuthJWTStoreAuth httpd file:@dir@/store.password", files=[("store.password", PASSWORD)])
    assert server.post("/logout", server.login()[0]).status == 200
    before = scrape(server)
    assert ((ENTRIES in before), (FILL in before)) == (told, told)
    connections = store.connections()
    now = [scrape(server) for _ in range(10)][-1]
    assert now["authjwt_store_errors_total"] == before["authjwt_store_errors_total"] == 0
    assert store.connections() <= connections + 2                                       # they are kept


def test_a_store_that_does_not_answer_holds_up_no_metrics(valkey, on, expect_log):
    expect_log(COMPLAINT.replace("(look up|store)", "say how full it is"))
    store = valkey(port=free_port())
    server = on(store.address)
    assert ENTRIES in scrape(server)
    with store.hanging():
        begin = time.monotonic()
        now = scrape(server)
        assert time.monotonic() - begin < 2 * TIMEOUT + SLACK
        assert ENTRIES not in now and FILL not in now and "authjwt_store_lookups_total" in now


def test_a_request_with_a_token_asks_nothing_of_it(valkey, on):
    store = valkey()
    server = on(store.address)
    token, _ = server.login()
    scrape(server)
    assert store.reply("CONFIG", "RESETSTAT") == "OK"
    for _ in range(20):
        assert server.get("/protected", token).status == 200
    assert store.reply("INFO", "commandstats").count("cmdstat_get:") == 1 and "cmdstat_info:calls=2" not in store.reply("INFO", "commandstats")
