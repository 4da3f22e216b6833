# SPDX-License-Identifier: Apache-2.0
"""A primary that is killed again and again, under Sentinel: what was answered 200 counts afterwards. A few times here, 200 times in
`make faults`."""
import contextlib
import os

import pytest
from authjwt_client import assert_error
from authjwt_hosts import On, ports_of_its_own
from authjwt_outage import COMPLAINT, LINES, SECONDS, TIMEOUT
from authjwt_sessions import session
from authjwt_valkey import Group, config_on, wait

KILLS = int(os.environ.get("AUTHJWT_FAULT_KILLS", 3))
# A Sentinel waits for twice this between two fail-overs.
QUICK = ["sentinel failover-timeout mymaster 1500"]
# Under load a primary that is well may not answer for half a second.
PATIENT = ["sentinel down-after-milliseconds mymaster 1500"]


class Moving:
    """A group whose primary is killed, and comes back as a replica."""

    def __init__(self, group):
        self.group = group

    def primary(self):
        port = self.group.named()
        return next(one for one in self.group.members if one.port == port)

    @contextlib.contextmanager
    def failed_over(self):
        old = self.primary()
        old.kill()
        yield
        self.bring_back(old)

    def bring_back(self, old):
        """When another is the primary. A Sentinel makes a replica of it, but after eight seconds only."""
        wait(lambda: self.group.named() != old.port, 60)
        old.start()
        old.reply("REPLICAOF", "127.0.0.1", str(self.group.named()))

    def is_whole(self):
        """All replicas follow the primary that each Sentinel names."""
        port = self.group.named()
        return (all(int(one.reply("SENTINEL", "get-master-addr-by-name", "mymaster").split()[-1]) == port for one in self.group.sentinels)
                and self.primary().reply("INFO", "replication").count("state=online") == len(self.group.members) - 1)


def test_the_primary_is_killed_under_sentinel(outages, new_server):
    with ports_of_its_own() as space, Group(replicas=2, sentinel_options=PATIENT) as group:
        def server(config):
            return On(space, lambda: new_server(config)) if space else new_server(config)

        moving = Moving(group)

        def fail_over():
            wait(moving.is_whole, 60)
            return moving.failed_over()

        with outages(group.address, "AuthJWTStoreReplicas 1 1s", server=server, bound=3 * TIMEOUT + 1) as load:
            load.during(fail_over)


def log_out(server):
    """An access token whose logout was answered 200. A new session for each attempt: a 503 may have taken effect."""
    found = []

    def try_it():
        found.append(session()[0])
        return server.post("/logout", found[-1]).status == 200

    wait(try_it)
    return found[-1]


def kill_after_each_logout(group, server, kills):
    """(tokens whose logout was answered 200, how many of them the store did not know after the fail-over that followed at once)."""
    moving, promised, lost = Moving(group), [], 0
    for _ in range(kills):
        wait(moving.is_whole, 60)
        old = moving.primary()
        access = log_out(server)
        old.process.kill()
        old.kill()
        promised.append(access)
        wait(lambda: group.named() != old.port, 60)
        wait(lambda: server.get("/protected", access).status != 503)
        lost += server.get("/protected", access).status == 200
        moving.bring_back(old)
    wait(moving.is_whole, 60)
    return promised, lost


# Without replicas nothing is promised, so that is measured and not judged.
@pytest.mark.parametrize("lines", [["AuthJWTStoreReplicas 1 1s"]] + ([[]] if SECONDS else []), ids=lambda lines: "-".join(lines).replace(" ", "-"))
def test_a_logout_that_was_answered_200_is_not_lost_by_the_fail_over_that_follows_at_once(new_server, expect_log, lines):
    expect_log.may(COMPLAINT)
    expect_log.may("AJ2112: ")
    with ports_of_its_own(), Group(replicas=1, sentinels=1, sentinel_options=QUICK) as group:
        server = new_server(config_on("valkey:" + group.address, *lines, *LINES)).start()
        promised, lost = kill_after_each_logout(group, server, KILLS)
        print("%s: %d fail-overs, each right after a logout that was answered 200; %d of these were lost" % (
            lines[0] if lines else "without AuthJWTStoreReplicas", KILLS, lost))
        if lines:
            assert lost == 0 and len(promised) == KILLS
            for access in promised:
                assert_error(server.get("/protected", access), "token_revoked")
