# SPDX-License-Identifier: Apache-2.0
"""What whoever steals a store or a key has in hand (docs/security.md)."""
from authjwt_client import assert_error
from authjwt_env import DEFAULT, Known, hash_password
from authjwt_leaks import register_token
from authjwt_lmdb import CHAIN, SESSION, Store, entry_id
from authjwt_sessions import rotate
from authjwt_tokens import claims, read, sign


def log_in(server, name):
    answer = server.post("/login", json={"username": name, "password": Known.passwords["ann"]})
    return tuple(register_token(answer.json()[one]) for one in ("access_token", "refresh_token"))


def test_the_files_of_the_store_hold_no_name_no_token_and_no_key(new_server):
    names = ["somebody-with-a-long-name", "another-with-a-long-name"]      # three letters are found by chance
    server = new_server(DEFAULT)
    server.write("users", "".join(hash_password(name, Known.passwords["ann"]) for name in names))
    server.start()
    (access, refresh), (other, other_refresh) = (log_in(server, name) for name in names)
    newer, newest = rotate(server, refresh)
    assert server.post("/logout", other).status == 200
    assert server.post("/logout", newer, json={"everywhere": True}).status == 200
    with Store(server.path("state")) as store:
        entries = store.all()
    assert entry_id(SESSION, read(other)["sid"]) in entries, "the control: a session that ended is there, as a hash"
    assert entry_id(CHAIN, read(access)["sid"]) in entries, "and the chain of one that went on"
    with open(server.path("state/data.mdb"), "rb") as file:
        content = file.read()
    assert b"entries" in content, "the control: a name that is there is found"
    secrets = {Known.secret, *names}
    for token in (access, refresh, other, other_refresh, newer, newest):
        said = read(token)
        secrets |= {*token.split(".")[1:], said["jti"], said["sid"]}
    assert [one for one in secrets if one.encode() in content] == []


def test_a_key_makes_anybody_until_it_is_replaced_and_nothing_of_it_counts_then(new_server):
    server = new_server(DEFAULT)
    server.start()
    access, refresh = server.login()
    forged = sign(claims("bob", role="admin"), Known.secret)
    assert server.get("/protected", forged).status == 200, "whoever has the key is anybody"
    server.write("secret", "another secret of the same length, made by dice", 0o600)
    server.restart()
    for token in (access, forged, sign(claims("bob"), Known.secret)):
        assert_error(server.get("/protected", token), "token_invalid")
    assert_error(server.post("/refresh", refresh), "token_invalid")
    assert_error(server.post("/refresh", sign(claims("bob", type="refresh"), Known.secret)), "token_invalid")
    assert server.get("/protected", server.login()[0]).status == 200
