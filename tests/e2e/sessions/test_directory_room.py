# SPDX-License-Identifier: Apache-2.0
"""The session directory when it has no room, may not be written, or is not there: logins and endings come first."""
import ctypes
import hashlib
import struct
import time

import pytest
from authjwt_client import assert_error
from authjwt_directory import ON, Lmdb, OnValkey, sid_of, sids
from authjwt_env import DEFAULT
from authjwt_lmdb import Store, Value
from authjwt_sessions import rotate, session
from authjwt_valkey import ACL, PASSWORD, STORE, Valkey

NO_LIST = r"\[authjwt:warn\].*AJ1423: AuthJWTSessionDirectory: the list of sessions .* cannot be %s"
FULL = r"\[authjwt:warn\].*AJ2004: "


def fill(server, pages, number=0, size=300):
    """Records of nobody, from a number on, until those take so many pages of the store. @return the next number"""
    with Store(server.path("state")) as store:
        txn, directory = ctypes.c_void_p(), ctypes.c_uint()
        store.must(store.lib.mdb_txn_begin(store.env, None, 0, ctypes.byref(txn)))
        store.must(store.lib.mdb_dbi_open(txn, b"directory", 0, ctypes.byref(directory)))
        stamp = struct.pack(">QQ", int((time.time() + 86400) * 1e6), 0)
        while pages_of(store, txn, directory) < pages:
            key = b"".join(hashlib.sha256(b"%s %d" % (what, number)).digest() for what in (b"owner", b"id"))
            store.must(store.lib.mdb_put(txn, directory, ctypes.byref(Value.of(key)), ctypes.byref(Value.of(stamp + bytes(size))), 0))
            number += 1
        store.must(store.lib.mdb_txn_commit(txn))
    return number


def pages_of(store, txn, database):
    stat = (ctypes.c_size_t * 5)()      # MDB_stat: size of a page and depth; pages that branch, leaves, overflow; entries
    store.must(store.lib.mdb_stat(txn, database, ctypes.byref(stat)))
    return stat[1] + stat[2]


# -- lmdb --------------------------------------------------------------------------------------------------------

def test_in_a_store_full_of_records_sessions_go_on_and_end_and_records_make_way(new_server, expect_log):
    expect_log(NO_LIST % "written: there is no room for it")
    expect_log.may(FULL)
    place = Lmdb("2M")
    server = new_server(ON + place.config).start()
    early = server.login()
    assert sids(place, server) == [sid_of(early[0])]
    fill(server, 430)
    before = place.count(server)
    late = server.login()
    assert sid_of(late[0]) not in sids(place, server), "there is no room to list it"
    for _ in range(400):
        access, refresh = rotate(server, session()[1])
        assert server.post("/logout", access).status == 200
        assert_error(server.get("/protected", access), "token_revoked")
        assert_error(server.post("/refresh", refresh), "token_revoked")
    assert place.count(server) < before, "records have made way"
    assert server.get("/protected", late[0]).status == 200


def test_records_take_no_more_than_half_of_the_store(new_server, expect_log):
    expect_log(NO_LIST % "written: there is no room for it")
    place = Lmdb("4M")
    server = new_server(ON + place.config).start()
    number = fill(server, 470)
    server.login()
    assert place.count(server) == number + 1
    fill(server, 512, number)
    before = place.count(server)
    access, refresh = server.login()
    assert place.count(server) == before
    assert server.post("/logout", rotate(server, refresh)[0]).status == 200


def test_with_a_limit_nobody_comes_in_unlisted(new_server, expect_log):
    expect_log(NO_LIST % "written: there is no room for it")
    expect_log.may(FULL)
    place = Lmdb("2M")
    server = new_server(ON + "AuthJWTSessionLimit 5\n" + place.config).start()
    tokens = server.login()
    fill(server, 430)
    assert_error(server.try_login(), "store_unavailable")
    assert server.get("/protected", tokens[0]).status == 200
    tokens = rotate(server, tokens[1])
    assert server.post("/logout", tokens[0]).status == 200


def test_a_store_of_an_older_release_gets_a_directory(new_server):
    place = Lmdb()
    server = new_server(DEFAULT).start()
    ended, _ = server.login()
    assert server.post("/logout", ended).status == 200
    tokens = server.login()
    server.stop()
    with Store(server.path("state")) as store:
        txn, directory = ctypes.c_void_p(), ctypes.c_uint()
        store.must(store.lib.mdb_txn_begin(store.env, None, 0, ctypes.byref(txn)))
        store.must(store.lib.mdb_dbi_open(txn, b"directory", 0, ctypes.byref(directory)))
        store.must(store.lib.mdb_drop(txn, directory, 1))
        store.must(store.lib.mdb_txn_commit(txn))
    server.config = ON + server.config
    server.start()
    assert_error(server.get("/protected", ended), "token_revoked")
    rotate(server, tokens[1])
    assert sids(place, server) == [sid_of(tokens[0])]


def test_a_list_that_is_lost_ends_and_revives_nothing(new_server):
    place = Lmdb()
    server = new_server(ON + place.config).start()
    ended, living = server.login(), server.login()
    assert server.post("/logout", ended[0]).status == 200
    with Store(server.path("state")) as store:
        txn, directory = ctypes.c_void_p(), ctypes.c_uint()
        store.must(store.lib.mdb_txn_begin(store.env, None, 0, ctypes.byref(txn)))
        store.must(store.lib.mdb_dbi_open(txn, b"directory", 0, ctypes.byref(directory)))
        store.must(store.lib.mdb_drop(txn, directory, 0))
        store.must(store.lib.mdb_txn_commit(txn))
    assert_error(server.get("/protected", ended[0]), "token_revoked")
    assert server.get("/protected", living[0]).status == 200 and sids(place, server) == []
    rotate(server, living[1])
    assert sids(place, server) == [sid_of(living[0])]


# -- valkey ------------------------------------------------------------------------------------------------------

@pytest.fixture
def unlisted(new_server):
    """unlisted(lines...): a server whose user of the store may do all but list."""
    made = []

    def make(*lines, more=""):
        valkey = Valkey(*acl_lines(more))
        made.append(valkey)
        server = new_server("\n".join([ON, *lines, ""]) + DEFAULT.replace(STORE, "AuthJWTRevocationStore valkey:%s\n"
                            "AuthJWTStoreAuth httpd file:@dir@/store-password" % valkey.address))
        server.write("store-password", PASSWORD + "\n", 0o600)
        return server.start()

    yield make
    for one in made:
        one.close()


def acl_lines(more):
    return [ACL % PASSWORD + more, "user default on nopass ~* &* +@all"]


def test_a_directory_that_may_not_be_written_stops_no_login(unlisted, expect_log):
    expect_log(NO_LIST % "written")
    expect_log(r"AJ2110: .*cannot list a record: .*NOPERM|AJ2110: ")
    server = unlisted()
    access, refresh = rotate(server, server.login()[1])
    assert server.post("/logout", access).status == 200
    assert_error(server.get("/protected", access), "token_revoked")


def test_but_with_a_limit_it_does(unlisted, expect_log):
    expect_log(NO_LIST % "read")
    expect_log("AJ2110: ")
    server = unlisted("AuthJWTSessionLimit 3")
    answer = server.try_login()
    assert_error(answer, "store_unavailable")
    assert answer.header("Retry-After")


def test_the_rights_that_the_documentation_names_are_enough(unlisted):
    server = unlisted("AuthJWTSessionLimit 1", more=" +hgetall +hset +hdel +pexpire")
    tokens = [server.login(), server.login()]
    assert [server.get("/protected", one[0]).status for one in tokens] == [401, 200]


def test_a_valkey_that_is_down_is_503_as_without_a_directory(new_server, expect_log):
    expect_log("AJ2110: ")
    expect_log.may("AJ1423: |AJ2112: ")
    place = OnValkey()
    try:
        server = new_server(ON + place.config).start()
        access = server.login()[0]
        place.valkey.kill()
        assert_error(server.try_login(), "store_unavailable")
        assert_error(server.get("/protected", access), "store_unavailable")
    finally:
        place.close()
