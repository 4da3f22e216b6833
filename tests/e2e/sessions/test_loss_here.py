# SPDX-License-Identifier: Apache-2.0
"""Stores on this host that have lost their entries, and the directory in which it notes which it has seen."""
import os
import re
import shutil
import time

import pytest
from authjwt_client import assert_error
from authjwt_env import DEFAULT, Known, StartFailed
from authjwt_loss import IGNORE, LOSS, assert_lost, begun, losses
from authjwt_sessions import session
from authjwt_tokens import claims, sign

VOLATILE = {"shmcb": "shmcb:@dir@/run/revoked(512000)", "dbm": "dbm:@dir@/run/revoked"}


def on(store, more=""):
    return DEFAULT.replace("lmdb:@dir@/state(64M)", store) + more


@pytest.mark.parametrize("name", VOLATILE)
@pytest.mark.parametrize("how", ["restart", "graceful", "reload"])
def test_a_volatile_store_loses_its_entries_at_each_start(new_server, expect_log, name, how):
    expect_log(r"\[authjwt:warn\].*AJ1403: ")
    expect_log(LOSS)
    server = new_server(on(VOLATILE[name])).start()
    alive, ended = begun(server)
    getattr(server, how)()
    assert_lost(server, alive, ended)


@pytest.mark.parametrize("name", VOLATILE)
def test_where_that_is_ignored_they_come_back_there_too(new_server, expect_log, name):
    expect_log(r"\[authjwt:warn\].*AJ1403: .*revoked tokens may be accepted again;")
    expect_log(LOSS)
    server = new_server(on(VOLATILE[name], IGNORE)).start()
    alive, ended = begun(server)
    server.graceful()
    for tokens in (alive, ended):
        assert server.get("/protected", tokens[0]).status == 200


def test_a_full_store_that_drops_entries_is_noticed(new_server, expect_log):
    expect_log(r"\[authjwt:warn\].*AJ1403: ")
    expect_log(LOSS)
    server = new_server(on("shmcb:@dir@/run/revoked(20000)"), log="info").start()
    alive, ended = session(sub="bob"), session(sub="bob")
    assert server.post("/logout", ended[0]).status == 200
    for number in range(2000):
        assert server.get("/protected", alive[0]).status == 200 or losses(server)
        assert server.post("/logout", sign(claims(sub="user-%d" % number), Known.secret)).status in (200, 401)
        if losses(server):
            break
    for tokens in (alive, ended):
        assert_error(server.get("/protected", tokens[0]), "token_revoked")
    assert server.get("/protected", server.login()[0]).status == 200


def test_what_another_issuer_has_issued_since_such_a_start_is_trusted(new_server, expect_log):
    expect_log(r"\[authjwt:warn\].*AJ1403: ")
    expect_log(LOSS)
    server = new_server(on(VOLATILE["shmcb"])).start()
    assert server.get("/protected", session()[0]).status == 200
    server.restart()
    server.assert_logged(0, LOSS)
    started = int(time.time())
    assert server.get("/protected", sign(claims(iat=started, nbf=started), Known.secret)).status == 200
    assert_error(server.get("/protected", session()[0]), "token_revoked")


@pytest.mark.parametrize("gone, noted", [(["data.mdb"], True), (["data.mdb"], False), (["data.mdb", "lock.mdb"], True)])
def test_an_lmdb_store_whose_data_file_was_removed(new_server, expect_log, gone, noted):
    expect_log(LOSS)
    server = new_server().start()
    alive, ended = begun(server)
    server.restart()
    assert server.get("/protected", alive[0]).status == 200, "nothing was lost"
    server.stop()
    for name in gone:
        os.unlink(server.path("state/" + name))
    if not noted:
        shutil.rmtree(server.path("state-of-host"))
    server.start()
    assert_lost(server, alive, ended)
    server.restart()
    assert_error(server.get("/protected", alive[0]), "token_revoked")
    assert losses(server) == 1


def test_an_lmdb_store_that_is_removed_with_its_directory_is_a_new_one(new_server):
    server = new_server().start()
    alive, _ = begun(server)
    server.stop()
    shutil.rmtree(server.path("state"))
    server.start()
    assert server.get("/protected", alive[0]).status == 200
    assert losses(server) == 0


def test_a_clock_that_was_far_ahead_at_a_loss_locks_out_nobody_after_it(timed, expect_log):
    expect_log(LOSS)
    server = timed(DEFAULT)
    alive, _ = begun(server)
    server.stop()
    os.unlink(server.path("state/data.mdb"))
    server.set_clock(365 * 86400)
    server.start()
    server.stop()
    server.set_clock(0)
    server.start()
    access, _ = server.login()
    assert server.get("/protected", access).status == 200
    assert_error(server.get("/protected", alive[0]), "token_revoked")
    server.restart()
    assert server.get("/protected", access).status == 200


def test_an_empty_directory_that_was_made_for_it_is_new_too(new_server):
    server = new_server()
    os.mkdir(server.path("state"), 0o700)
    server.start()
    assert server.get("/protected", session()[0]).status == 200
    assert losses(server) == 0


def test_an_lmdb_store_in_the_state_directory(new_server, expect_log):
    expect_log(LOSS)
    server = new_server(DEFAULT.replace("lmdb:@dir@/state(64M)", "lmdb:(64M)")).start()
    alive, ended = begun(server)
    assert "data.mdb" in os.listdir(server.path("state-of-host"))
    server.stop()
    os.unlink(server.path("state-of-host/data.mdb"))
    os.unlink(server.path("state-of-host/lock.mdb"))
    server.start()
    assert_lost(server, alive, ended)


# -- the state directory ------------------------------------------------------------------------------------------

def test_relative_paths_of_lmdb_lead_from_the_state_directory(new_server):
    server = new_server("AuthJWTStateDir @dir@/elsewhere\n" + DEFAULT.replace("lmdb:@dir@/state", "lmdb:revoked")).start()
    begun(server)
    assert os.path.exists(server.path("elsewhere/revoked/data.mdb"))


def test_a_state_directory_that_cannot_be_one_does_not_start(new_server):
    server = new_server("AuthJWTStateDir @dir@/secret\n" + DEFAULT)
    status, said = server.configtest()
    assert status and re.search(r"AJ1410: AuthJWTStateDir: .*/secret is not a directory", said), said


def test_neither_does_one_that_everybody_may_write(new_server, expect_log):
    expect_log(r"AJ1416: AuthJWTStateDir: .* can be written by everybody")
    expect_log.may(r"AH00020: Configuration Failed")
    server = new_server("AuthJWTStateDir @dir@/open\n" + DEFAULT)
    os.mkdir(server.path("open"))
    os.chmod(server.path("open"), 0o777)
    with pytest.raises(StartFailed):
        server.start()
    os.chmod(server.path("open"), 0o700)
    server.start()


@pytest.mark.parametrize("line, complaint", [
    ("AuthJWTRevocationOnLoss maybe", '"maybe" is neither distrust nor ignore'),
    ("AuthJWTRevocationCheckInterval soon", "AuthJWTRevocationCheckInterval: "),
    ("AuthJWTRevocationCheckInterval -1", "AuthJWTRevocationCheckInterval: "),
    ("AuthJWTStateDir", "AuthJWTStateDir takes one argument"),
    ("<VirtualHost *:1>\nAuthJWTStateDir /x\n</VirtualHost>", "AuthJWTStateDir"),
])
def test_what_is_no_such_setting_does_not_start(new_server, line, complaint):
    status, said = new_server(DEFAULT + line + "\n").configtest()
    assert status and complaint in said, said
