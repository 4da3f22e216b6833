# SPDX-License-Identifier: Apache-2.0
"""What takes its time about keys: JWK Sets that change under a running server, commands that never end."""
import collections
import contextlib
import glob
import os
import re
import shutil
import signal
import subprocess
import threading
import time

import pytest
from authjwt_env import Httpd
from authjwt_keyring import REST, give, public, running
from authjwt_leaks import find_leaks
from authjwt_tokens import claims, sign
from interop.material import jwk_set, private_pem, virtual_host

SEEN_WITHIN = 5                             # seconds, the promise about a changed JWK Set
LOOKS_EVERY = 2                             # seconds, how often a process looks

SLOW = {"never answers": "#!/bin/sh\necho $$ >@dir@/pid\nexec sleep 60\n",
        "answers and never ends": "#!/bin/sh\necho $$ >@dir@/pid\ncat @dir@/secret\nexec sleep 60 >&-\n"}


@pytest.fixture(scope="module", autouse=True)
def slow_starts():
    """Servers whose key command takes for ever; they start beside the other tests, as each costs ten seconds."""
    ended, threads, servers = {}, [], []

    def run(name):
        server = Httpd('AuthJWTKey HS256 "exec:@dir@/slow"\n' + REST)
        Httpd.live.remove(server)
        servers.append(server)
        server.write("slow", SLOW[name].replace("@dir@", server.dir), 0o755)
        server._pick_port()
        begin = time.monotonic()
        try:
            done = subprocess.run(server._command("-DFOREGROUND"), env=server.env, capture_output=True, text=True, timeout=60)
            said = done.stdout + done.stderr + server.read_log()
        except subprocess.TimeoutExpired:
            said = "httpd was not there after 60 s"
        ended[name] = time.monotonic() - begin, said, is_alive(int(open(server.path("pid"), encoding="ascii").read()))

    for name in SLOW:
        threads.append(threading.Thread(target=run, args=(name,)))
        threads[-1].start()
    yield lambda name: (threads[list(SLOW).index(name)].join(), ended[name])[1]
    for thread in threads:
        thread.join()
    for server in servers:
        shutil.rmtree(server.dir)


def is_alive(pid):
    """Whether it runs, soon after it was killed; not where it only waits for somebody to ask how it ended."""
    end = time.monotonic() + 5
    while time.monotonic() < end:
        try:
            with open("/proc/%d/stat" % pid, encoding="ascii", errors="replace") as stat:
                if stat.read().rpartition(")")[2].split()[0] in "ZX":
                    return False
        except OSError:
            return False
        time.sleep(0.05)
    return True


BROKEN = {"half": lambda: set_of(1, 2)[:200], "empty": lambda: "", "absent": None, "weak": lambda: jwk_set(
    {"kty": "oct", "k": "AAAA", "alg": "HS512"})}


class Watched:
    """A server whose processes watch one JWK Set."""

    def __init__(self, server, processes):
        self.server, self.processes, self.number = server, processes, 0

    def ask_all(self, token, host="localhost"):
        """Ask until every process has answered; {process: statuses}."""
        self.number += 1
        path, since, end = "/protected/%d" % self.number, len(self.server.access_log()), time.monotonic() + 60
        statuses = collections.defaultdict(set)
        while len(statuses) < self.processes:
            assert time.monotonic() < end, "only %r answered" % statuses
            crowd = [threading.Thread(target=self.server.get, args=(path, token), kwargs={"host": host}) for _ in range(4 * self.processes)]
            for one in crowd:
                one.start()
            for one in crowd:
                one.join()
            for line in self.server.access_log()[since:].splitlines():
                if " %s " % path in line:
                    statuses[line.split()[0]].add(int(line.split()[1]))
        return statuses

    def seconds_until(self, token, status, host="localhost"):
        """How long until every process answers a token so, and only so."""
        begin = time.monotonic()
        while not all(found == {status} for found in self.ask_all(token, host).values()):
            assert time.monotonic() - begin < 3 * SEEN_WITHIN, "a process still answers otherwise"
            time.sleep(0.1)
        return time.monotonic() - begin

    def look_on(self, tokens, seconds):
        """Every process is asked for a while, and accepts each host's token each time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for host, token in tokens.items():
                assert all(found == {200} for found in self.ask_all(token, host).values()), host
            time.sleep(0.1)

    def lines(self, mark, pattern):
        """How many lines each process wrote."""
        return collections.Counter(re.findall(r"\[pid (\d+)[^\]]*\][^\n]*%s" % pattern, self.server.log_since(mark)))


@pytest.fixture(scope="module")
def watched():
    server = Httpd("AuthJWTKey HS256 file:@dir@/secret\nAuthJWTKeySet file:@dir@/keys\n" + REST
                   + "<VirtualHost *:@port@>\n    ServerName localhost\n</VirtualHost>\n"
                   + "".join(virtual_host(name, "AuthJWTKey HS256 file:@dir@/secret", "AuthJWTKeySet file:@dir@/" + name)
                             for name in BROKEN), children=3)
    for name in ("keys", *BROKEN):
        give(server, name, set_of(1))
    try:
        server.start()
        yield Watched(server, 3)
    finally:
        server.close()
        Httpd.live.remove(server)


def set_of(*which):
    return jwk_set(*(public("ES256", one, alg="ES256", kid="key-%d" % one) for one in which))


def token_of(which, **more):
    return sign(claims(**more), private_pem("ES256", which), "ES256", kid="key-%d" % which)


def test_a_set_that_is_renamed_into_place_is_seen_by_every_process_within_five_seconds(watched):
    one, two = token_of(1), token_of(2)
    assert watched.seconds_until(one, 200) < SEEN_WITHIN and watched.seconds_until(two, 401) < SEEN_WITHIN
    give(watched.server, "keys", set_of(1, 2))
    assert watched.seconds_until(two, 200) < SEEN_WITHIN
    watched.look_on({"localhost": one}, 0.1)
    give(watched.server, "keys", set_of(2))
    assert watched.seconds_until(one, 401) < SEEN_WITHIN
    watched.look_on({"localhost": two}, 0.1)


def test_a_set_that_is_rewritten_in_place_is_seen_even_with_the_same_size(watched):
    three, two = token_of(3), token_of(2)
    give(watched.server, "keys", set_of(2))
    assert watched.seconds_until(two, 200) < SEEN_WITHIN
    inode = os.stat(watched.server.path("keys")).st_ino
    assert len(set_of(3)) == len(set_of(2))
    with open(watched.server.path("keys"), "r+", encoding="ascii") as file:
        file.write(set_of(3))
    assert os.stat(watched.server.path("keys")).st_ino == inode
    assert watched.seconds_until(three, 200) < SEEN_WITHIN and watched.seconds_until(two, 401) < SEEN_WITHIN


def test_broken_empty_weak_and_absent_sets_keep_the_old_keys_with_one_error_in_each_process(watched, expect_log):
    expect_log(r"authjwt:error.*AJ1003: AuthJWTKeySet file:.*; the keys read before stay in use")
    expect_log(r"authjwt:warn.*AJ1007: AuthJWTKeySet file:.*/weak: key 1 of the set is skipped: it is a secret of 3 bytes")
    server, mark = watched.server, watched.server.mark()
    old, new = ({name: token_of(which, iss=name) for name in BROKEN} for which in (1, 5))
    watched.look_on(old, 0.1)
    for name, content in BROKEN.items():
        if content:
            give(server, name, content())
        else:
            os.unlink(server.path(name))
    watched.look_on(old, 2 * LOOKS_EVERY + 0.5)
    for name in BROKEN:
        assert sorted(watched.lines(mark, "AJ1003: AuthJWTKeySet file:%s" % server.path(name)).values()) == [1, 1, 1], name
    assert not watched.lines(mark, "AJ1006: ")
    for name in BROKEN:
        give(server, name, set_of(1, 5))
    for name, token in new.items():
        assert watched.seconds_until(token, 200, name) < SEEN_WITHIN
    assert sorted(watched.lines(mark, "AJ1006: ").values()) == [len(BROKEN)] * 3
    watched.look_on(old, 0.1)


def test_prefork_processes_see_a_changed_set_too(running):
    server = running("AuthJWTKey HS256 file:@dir@/secret\nAuthJWTKeySet file:@dir@/keys", {"keys": set_of(1)}, mpm="prefork")
    watched = Watched(server, 6)
    assert watched.seconds_until(token_of(1), 200) < SEEN_WITHIN
    give(server, "keys", set_of(2))
    assert watched.seconds_until(token_of(2), 200) < SEEN_WITHIN and watched.seconds_until(token_of(1), 401) < SEEN_WITHIN


def test_a_broken_set_does_not_hold_up_the_changes_of_another(running, expect_log):
    expect_log(r"AJ1003: AuthJWTKeySet file:.*/one")
    server = running("AuthJWTKey HS256 file:@dir@/secret\nAuthJWTKeySet file:@dir@/one\nAuthJWTKeySet file:@dir@/two",
                     {"one": set_of(1), "two": set_of(2)}, children=1)
    watched, mark = Watched(server, 1), server.mark()
    os.unlink(server.path("one"))
    time.sleep(LOOKS_EVERY + 0.5)
    watched.look_on({"localhost": token_of(1)}, 0.1)
    give(server, "two", set_of(3))
    assert watched.seconds_until(token_of(3), 200) < SEEN_WITHIN
    watched.look_on({"localhost": token_of(1)}, 0.1)
    assert sum(watched.lines(mark, "AJ1003: ").values()) == 1


def test_of_two_sets_that_come_to_share_a_kid_the_first_counts_and_each_other_change_too(running, expect_log):
    expect_log(r"authjwt:warn.*AJ1007: AuthJWTKeySet file:.*/two: the ES256 key with the kid .key-3. is skipped: another key in a set before it has")
    server = running("AuthJWTKey HS256 file:@dir@/secret\nAuthJWTKeySet file:@dir@/one\nAuthJWTKeySet file:@dir@/two",
                     {"one": set_of(1), "two": set_of(2)}, children=1)
    watched = Watched(server, 1)
    watched.look_on({"localhost": token_of(1)}, 0.1)
    give(server, "one", set_of(1, 3))
    give(server, "two", jwk_set(public("ES256", 5, alg="ES256", kid="key-3"), public("ES256", 4, alg="ES256", kid="key-4")))
    assert watched.seconds_until(token_of(4), 200) < SEEN_WITHIN and watched.seconds_until(token_of(2), 401) < SEEN_WITHIN
    watched.look_on({"localhost": token_of(3)}, 0.1)
    give(server, "one", set_of(1))
    taken_over = sign(claims(), private_pem("ES256", 5), "ES256", kid="key-3")
    assert watched.seconds_until(taken_over, 200) < SEEN_WITHIN and watched.seconds_until(token_of(3), 401) < SEEN_WITHIN


def is_traced(pid):
    """Whether each thread of a process is."""
    for status in glob.glob("/proc/%s/task/*/status" % pid):
        with contextlib.suppress(OSError), open(status, encoding="utf-8") as file:
            if "TracerPid:\t0\n" in file.read():
                return False
    return True


def test_a_set_is_looked_at_every_few_seconds_and_not_for_every_request(watched):
    if not shutil.which("strace") or subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], capture_output=True).returncode:
        pytest.skip("strace is not installed or not allowed here")
    server, token = watched.server, token_of(1)
    give(server, "keys", set_of(1))
    assert watched.seconds_until(token, 200) < SEEN_WITHIN
    children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(server.process.pid)], capture_output=True, text=True).stdout.split()
    trace = server.path("trace")
    strace = subprocess.Popen(["strace", "-f", "-qq", "-e", "trace=%file", "-o", trace, *("-p" + pid for pid in children)],
                              stderr=subprocess.DEVNULL)
    server._wait("strace", lambda: all(is_traced(pid) for pid in children))
    begin = time.monotonic()
    for _ in range(300):
        assert server.get("/protected", token).status == 200
    time.sleep(max(0, LOOKS_EVERY + 0.2 - (time.monotonic() - begin)))
    watched.ask_all(token)
    seconds = time.monotonic() - begin
    strace.send_signal(signal.SIGINT)
    strace.wait(60)
    looks = [line for line in server._read("trace").splitlines() if server.path("keys") + '"' in line]
    requests = server._read("trace").count("/htdocs/ok.txt")
    assert requests >= 300, "strace saw nothing"
    assert 1 <= len(looks) <= 3 * (seconds / LOOKS_EVERY + 1), (len(looks), seconds)


# -- the last, as their servers have been waiting beside the others ----------------------------------------------------

@pytest.mark.parametrize("name", SLOW)
def test_a_command_has_ten_seconds_then_it_is_killed_and_httpd_does_not_start(slow_starts, name):
    seconds, said, alive = slow_starts(name)
    assert "AJ1003: AuthJWTKey HS256 exec:" in said and "within 10 s" in said, said
    assert 9.5 <= seconds < 30 and not alive, (seconds, alive)
    assert find_leaks(said) == []
