# SPDX-License-Identifier: Apache-2.0
"""Upgrade, rollback and a clock that was wrong, by the steps of docs/operations.md.

The other release is the file that AUTHJWT_OTHER_MODULE names (mod_authjwt.so of another build), else this one with other bytes."""
import os
import shutil
import subprocess

import authjwt_env
import pytest
from authjwt_client import assert_error
from authjwt_env import DEFAULT
from authjwt_leaks import register_token
from authjwt_lmdb import CHAIN, Store, entry_id
from authjwt_steps import Steps
from authjwt_tokens import read

PAGE = "operations.md"
OTHER = os.environ.get("AUTHJWT_OTHER_MODULE")


@pytest.fixture
def installed(new_server, monkeypatch):
    """(server, steps, install): a server whose module is a file of its own, and a function that puts the other release, or this one
    again, into its place."""
    server = new_server(DEFAULT)
    ours, there = authjwt_env.MODULE, server.path("mod_authjwt.so")

    def install(other):
        shutil.copy(OTHER or ours if other else ours, there + ".new")
        if other and not OTHER:
            server.write("note", "another release")
            subprocess.run(["objcopy", "--add-section", "note=" + server.path("note"), there + ".new"], check=True)
        os.rename(there + ".new", there)

    install(False)
    monkeypatch.setattr(authjwt_env, "MODULE", there)
    os.mkdir(server.path("root"))
    steps = Steps(server, PAGE, "Upgrade and rollback", {"/var/lib/apache2/authjwt": server.path("state"), "/root/": server.path("root/")})
    return server, steps, install


def module_in_use(server):
    """Whether the file that the parent runs is the one that is installed."""
    with open("/proc/%d/maps" % server.process.pid) as maps:
        lines = {line.split(maxsplit=5)[-1].strip() for line in maps if "mod_authjwt" in line}
    return not any("(deleted)" in line for line in lines)


def test_users_stay_signed_in_over_an_upgrade_and_back(installed):
    server, steps, install = installed
    server.start()
    (ended, _), (access, refresh) = server.login(), server.login()
    access = register_token(server.post("/refresh", refresh).json()["access_token"])
    assert server.post("/logout", ended).status == 200
    steps.run(">before")
    for other in (True, False):
        install(other)
        assert not module_in_use(server) and server.get("/protected", access).status == 200
        difference = steps.run("diff", again=True)
        assert not [line for line in difference.splitlines() if line.startswith("<")] and (OTHER or not difference)
        steps.run("systemctl restart", again=True)
        assert module_in_use(server)
        assert [server.get("/protected", one).status for one in (access, ended)] == [200, 401]
        answer = server.post("/refresh", refresh)                     # of before, within the grace time: the same successor
        assert answer.status == 200
        refresh = register_token(answer.json()["refresh_token"])


def test_entries_that_the_older_release_does_not_know_cost_no_more_than_their_sessions(installed, expect_log):
    expect_log("AJ1409: ")
    expect_log("AJ1407: ")
    server, steps, _ = installed
    server.start()
    (newer, refresh), (other, again), (ended, _) = server.login(), server.login(), server.login()
    assert server.post("/logout", ended).status == 200
    server.stop()
    with Store(server.path("state")) as store:                         # as the newer one has written it
        assert store.put([(entry_id(CHAIN, read(newer)["sid"]), b"\x7f and more")])
    subprocess.run(["chown", "-R", "--reference", server.path("state"), server.path("state")], check=True)
    server.start()
    assert_error(server.post("/refresh", refresh), "store_unavailable")
    assert server.post("/refresh", again).status == 200 and server.get("/protected", server.login()[0]).status == 200
    steps.run("systemctl stop")
    steps.run("mv /var")
    steps.run("systemctl start")
    assert [server.get("/protected", one).status for one in (newer, other, ended)] == [401] * 3
    assert server.get("/protected", server.login()[0]).status == 200


def test_a_clock_that_was_ahead(timed, expect_log):
    """By three hours; nobody restarts."""
    expect_log.may("AJ1413: ")
    server = timed(DEFAULT)
    steps = Steps(server, PAGE, "A clock that was wrong", {"/var/log/apache2/": server.path("")})
    (before, kept), (ended, _) = server.login(), server.login()
    assert server.post("/logout", ended).status == 200
    server.set_clock(3 * 3600)
    (meanwhile, _), (gone, _) = server.login(), server.login()
    assert server.post("/logout", gone).status == 200 and server.get("/protected", meanwhile).status == 200
    server.set_clock(0)
    assert [server.get("/protected", one).status for one in (before, ended, meanwhile, gone)] == [200, 401, 401, 401]
    assert server.post("/refresh", kept).status == 200
    assert int(steps.run("grep -c")) >= 1
    server.write("token.txt", meanwhile)
    assert "refused: AJ0122 " in steps.run("explain", 1)
    steps.finish()
    assert server.get("/protected", server.login()[0]).status == 200
    server.set_clock(3 * 3600 + 60)                                   # their time has come
    assert [server.get("/protected", one).status for one in (meanwhile, gone, ended)] == [200, 401, 401]


def test_a_clock_that_was_behind(timed):
    server = timed(DEFAULT)
    server.set_clock(0)
    (before, _), (ended, _) = server.login(), server.login()
    assert server.post("/logout", ended).status == 200
    server.set_clock(-3 * 3600)
    mark = server.mark()
    assert [server.get("/protected", one).status for one in (before, ended)] == [401, 401]
    server.assert_logged(mark, "AJ012[23]: ")
    meanwhile, refresh = server.login()
    assert server.get("/protected", meanwhile).status == 200
    server.set_clock(0)
    assert [server.get("/protected", one).status for one in (before, ended)] == [200, 401]
    assert server.post("/refresh", refresh).status == 200 and server.get("/protected", server.login()[0]).status == 200
