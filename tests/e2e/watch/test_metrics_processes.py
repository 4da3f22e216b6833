# SPDX-License-Identifier: Apache-2.0
"""What a load generator sent is what is counted, over all processes: with graceful restarts and children that are killed in between."""
import collections
import concurrent.futures
import contextlib
import http.client
import os
import random
import signal

import pytest
from authjwt_env import DEFAULT, Known, protected
from authjwt_metrics import SCRAPE, changed, scrape, settled
from authjwt_process import processes_of
from authjwt_tokens import claims, sign, tamper

GOOD, OLD = sign(claims("bob"), Known.secret), sign(claims("bob", exp=1000000000), Known.secret)
BAD = tamper(GOOD)
CONFIG = DEFAULT + SCRAPE + protected("/p/role", "Require jwt-role admin")
WAYS = {"ok": ("/protected", GOOD), "token_missing": ("/protected", None), "token_invalid": ("/protected", BAD),
        "token_expired": ("/protected", OLD), "access_denied": ("/p/role", GOOD)}


def ask(server, code):
    """The code, or None where no answer came back: whether that request counts nobody knows."""
    path, token = WAYS[code]
    try:
        answer = server.get(path, token)
    except (OSError, http.client.HTTPException):
        return None
    return "ok" if answer.status == 200 else answer.json()["code"]


def load(server, rounds, threads=6):
    """Counter of the codes that were answered, and how many were not."""
    chance = random.Random(7)
    sent = [chance.choice(list(WAYS)) for _ in range(rounds)]
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        got = list(pool.map(lambda code: (code, ask(server, code)), sent))
    assert all(answered in (code, None) for code, answered in got)
    return collections.Counter(answered for _, answered in got if answered), sum(answered is None for _, answered in got)


def wanted(codes):
    return {("authjwt_requests_total", code): number for code, number in codes.items()}


@pytest.mark.parametrize("mpm", ["prefork", "worker", "event"])
def test_a_scrape_adds_up_to_what_was_sent(new_server, mpm):
    server = new_server(CONFIG, mpm=mpm).start()
    before = scrape(server)
    codes, lost = load(server, 300)
    assert not lost and sum(codes.values()) == 300
    settled(server, wanted(codes), before)


def children(server):
    """Those that serve requests; a daemon of mod_cgid serves none."""
    parent = server.process.pid
    found = []
    for pid in processes_of(parent):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError), open("/proc/%d/stat" % pid) as file:
            if int(file.read().rpartition(")")[2].split()[1]) == parent:
                found.append(pid)
    return found


def served_by(server, mark):
    return {int(line.split()[0]) for line in server.access_log()[mark:].splitlines()}


@pytest.mark.parametrize("mpm", ["prefork", "worker", "event"])
def test_counts_outlive_restarts_and_children(new_server, expect_log, mpm):
    expect_log.may("AH00051|AH00052|exit signal")
    server = new_server(CONFIG, mpm=mpm)
    server.start()
    before = scrape(server)
    total = collections.Counter()
    for how in ("graceful", "kill", "graceful", "reload", "kill"):
        mark = len(server.access_log())
        codes, lost = load(server, 60)
        assert not lost
        total += codes
        settled(server, wanted(total), before)
        if how == "kill":
            for pid in served_by(server, mark) & set(children(server)):
                os.kill(pid, signal.SIGKILL)
            server._wait("new children", lambda: ask(server, "ok") == "ok")
            before = scrape(server)          # nobody knows how many were asked for in vain
            total.clear()
        else:
            getattr(server, how)()
            assert {key: value for key, value in changed(server, before).items() if key[0] == "authjwt_requests_total"} == wanted(total)


def test_a_kill_loses_nothing(new_server, expect_log):
    """The same, to the number: what was finished before a child was killed is there after it."""
    expect_log.may("AH00051|AH00052|exit signal")
    server = new_server(CONFIG, mpm="worker").start()
    before = scrape(server)
    mark = len(server.access_log())
    codes, _ = load(server, 80)
    settled(server, wanted(codes), before)
    victims = served_by(server, mark) & set(children(server))
    assert victims
    for pid in victims:
        os.kill(pid, signal.SIGKILL)
    server._wait("their end", lambda: not victims & set(children(server)))
    found = changed(server, before)
    assert {key: value for key, value in found.items() if key[0] == "authjwt_requests_total"} == wanted(codes)


def test_counts_go_on_while_the_server_restarts_under_load(new_server):
    server = new_server(CONFIG, mpm="event").start()
    before = scrape(server)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        sent = pool.submit(load, server, 400, 4)
        while not concurrent.futures.wait([sent], 0.3).done:
            server.graceful()
        codes, lost = sent.result()
    found = {key[1]: value for key, value in changed(server, before).items() if key[0] == "authjwt_requests_total"}
    assert all(codes[code] <= found.get(code, 0) for code in WAYS)
    assert sum(found.values()) <= sum(codes.values()) + lost


def test_a_stop_begins_anew(new_server):
    server = new_server(CONFIG).start()
    load(server, 10)
    assert scrape(server)["authjwt_requests_total", "ok"] + scrape(server)["authjwt_requests_total", "token_missing"] > 0
    server.restart()
    assert not any(value for key, value in scrape(server).items() if key[0] == "authjwt_requests_total")
