# SPDX-License-Identifier: Apache-2.0
"""authjwtctl revoke, stats, export and import on an lmdb store, mostly while httpd runs."""
import base64
import json
import os
import subprocess
import time

import jwt
import pytest
from authjwt_ctl import CTL, configured, ctl
from authjwt_env import DEFAULT, Known
from authjwt_leaks import register_token
from authjwt_tokens import claims, read


def store_of(server):
    return ["--store", "lmdb:" + server.path("state")]


def options_of(server):
    return ["--key", "HS256 file:" + server.path("secret"), *store_of(server)]


def status(server, token):
    return server.get("/protected", token).status


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


def stats(server):
    return json.loads(ctl("stats", *store_of(server), "--json"))


@pytest.mark.parametrize("which", [0, 1])
def test_the_next_request_of_a_revoked_session_is_refused(new_server, which):
    """Whichever of its tokens came; other sessions live on. The first requests leave the tokens in every cache."""
    server = new_server(DEFAULT)
    server.start()
    (access, refresh), (other, _) = server.login(), server.login()
    assert [status(server, token) for token in [access, other] * 6] == [200] * 12
    assert ctl("revoke", *options_of(server), stdin=(access, refresh)[which]) == "revoked\n"
    assert [status(server, access) for _ in range(8)] == [401] * 8
    assert server.post("/refresh", refresh).status == 401 and status(server, other) == 200
    said = json.loads(ctl("revoke", "-", *options_of(server), "--json", stdin=access))       # once more
    assert said == {"revoked": True, "sub": "ann", "sid": read(access)["sid"]}


def test_an_entry_is_as_httpd_itself_writes_it(new_server):
    """Of the same session: the same id, and kept as long to the second."""
    server = new_server(DEFAULT)
    server.start()
    token = server.login()[0]
    ctl("revoke", *options_of(server), stdin=token)
    [ours] = lines(ctl("export", *store_of(server)))
    server.stop()
    other = new_server(DEFAULT)
    other.start()
    assert other.post("/logout", register_token(token)).status == 200
    [theirs] = lines(ctl("export", *store_of(other)))
    assert ours["id"] == theirs["id"] and ours["expires"] == theirs["expires"]
    assert [len(base64.urlsafe_b64decode(one["value"] + "==")) for one in (ours, theirs)] == [17, 17]


def test_tokens_without_session_and_of_a_foreign_session_end_too(new_server):
    server = new_server(DEFAULT)
    server.start()
    for more in ({}, {"sid": "theirs"}, {"without": ("jti",)}):
        token, other = (register_token(jwt.encode({**claims(**more), "n": n}, Known.secret, "HS256")) for n in (1, 2))
        assert status(server, token) == 200
        ctl("revoke", *options_of(server), stdin=token)
        assert status(server, token) == 401 and status(server, other) == (401 if "sid" in more else 200)


def test_an_expired_token_ends_its_session_and_a_forged_one_nothing(new_server):
    server = new_server(DEFAULT)
    server.start()
    token = server.login()[0]
    found = jwt.decode(token, options={"verify_signature": False})
    forged = jwt.encode(found, "x" * 40, "HS256")
    said = subprocess.run([str(CTL), "revoke", *options_of(server)], input=forged, capture_output=True, text=True)
    assert said.returncode == 1 and "AJ0112" in said.stderr and not said.stdout and status(server, token) == 200
    expired = jwt.encode({**found, "exp": int(time.time()) - 3600}, Known.secret, "HS256")
    ctl("revoke", *options_of(server), stdin=expired)
    assert status(server, token) == 401


def test_a_configuration_says_keys_and_store(new_server):
    server = new_server(DEFAULT)
    options = configured(server)
    server.start()
    token = server.login()[0]
    ctl("revoke", *options, stdin=token)
    assert status(server, token) == 401 and "endings: 1\n" in ctl("stats", *options)


def test_files_keep_their_owner(new_server):
    """As root nothing is made that the httpd user could not write, also while httpd is stopped and the lock file is gone."""
    server = new_server(DEFAULT)
    server.start()
    token = server.login()[0]
    server.stop()
    owner = os.stat(server.path("state")).st_uid
    os.remove(server.path("state/lock.mdb"))
    ctl("revoke", *options_of(server), stdin=token, status=1)          # not a store that httpd has made, or not whole
    open(server.path("state/lock.mdb"), "w").close()
    os.chown(server.path("state/lock.mdb"), owner, owner)
    ctl("revoke", *options_of(server), stdin=token)
    assert {os.stat(os.path.join(server.path("state"), name)).st_uid for name in os.listdir(server.path("state"))} == {owner}
    server.start()
    assert status(server, token) == 401 and status(server, server.login()[0]) == 200


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_root_becomes_the_owner_of_the_store(new_server):
    """So what the owner may not read, cannot be read; root itself could."""
    server = new_server(DEFAULT)
    server.start()
    server.stop()
    data = server.path("state/data.mdb")
    os.chmod(data, 0)
    ctl("stats", *store_of(server), status=1)
    os.chmod(data, 0o600)
    ctl("stats", *store_of(server))


def test_stats_count_by_kind(new_server):
    server = new_server(DEFAULT)
    server.start()
    assert (lambda found: (found["endings"], found["chains"], found["others"]))(stats(server)) == (0, 0, 0)
    for number in range(3):
        access, refresh = server.login()
        assert server.post("/refresh", refresh).status == 200
        if number:
            assert server.post("/logout", access).status == 200
    found = stats(server)
    assert (found["endings"], found["chains"], found["others"], found["birth"]) == (2, 3, 0, 0)
    assert found["stored"] == 5 and found["size"] == 64 << 20 and 0 < found["used"] < found["size"]
    text = ctl("stats", *store_of(server))
    assert "endings: 2\n" in text and "chains:  3\n" in text and "birth:   never lost\n" in text


def test_what_is_exported_counts_where_it_is_imported_while_both_run(new_server):
    one, two = new_server(DEFAULT), new_server(DEFAULT)
    one.start()
    two.start()
    (ended, _), (living, refresh) = one.login(), one.login()
    used = one.post("/refresh", refresh)
    assert used.status == 200 and one.post("/logout", ended).status == 200
    assert status(two, ended) == 200 and status(two, living) == 200
    dump = ctl("export", *store_of(one))
    assert ctl("import", *store_of(two), stdin=dump) == "2 entries\n"
    assert status(two, ended) == 401 and status(two, living) == 200
    assert ctl("export", *store_of(two)) == dump
    assert ctl("import", *store_of(two), stdin=dump, status=0) == "2 entries\n" and ctl("export", *store_of(two)) == dump


def test_an_import_never_shortens_nor_takes_back(new_server):
    server = new_server(DEFAULT)
    server.start()
    access, refresh = server.login()
    assert server.post("/refresh", refresh).status == 200
    early = lines(ctl("export", *store_of(server)))                     # the chain alone
    newest = server.post("/refresh", refresh)
    assert server.post("/logout", access).status == 200 and newest.status == 200
    before = lines(ctl("export", *store_of(server)))
    shorter = [{**one, "expires": one["expires"] - 5_000_000} for one in before + early]
    ctl("import", *store_of(server), stdin="".join(json.dumps(one) + "\n" for one in shorter))
    assert lines(ctl("export", *store_of(server))) == before and status(server, access) == 401
    longer = [{**one, "expires": one["expires"] + 5_000_000} for one in before]
    ctl("import", *store_of(server), stdin="".join(json.dumps(one) + "\n" for one in longer))
    assert lines(ctl("export", *store_of(server))) == longer


def test_what_has_expired_is_left_out(new_server):
    server = new_server(DEFAULT)
    server.start()
    ctl("revoke", *options_of(server), stdin=server.login()[0])
    [one] = lines(ctl("export", *store_of(server)))
    assert ctl("import", *store_of(server), stdin=json.dumps({**one, "id": "AAAA", "expires": 1})) == "0 entries\n"
    assert lines(ctl("export", *store_of(server))) == [one]


@pytest.mark.parametrize("line", ["", "{}", "[]", '{"id":"AAAA","value":"AQ","expires":"soon"}', '{"id":"A=","value":"AQ","expires":9000000000000000}',
                                  '{"id":"","value":"AQ","expires":9000000000000000}', '{"id":"%s","value":"AQ","expires":9000000000000000}' % ("A" * 44),
                                  '{"id":"AAAA","value":"%s","expires":9000000000000000}' % ("A" * 88), "x" * 5000])
def test_a_line_of_another_kind_stops_an_import(new_server, line):
    server = new_server(DEFAULT)
    server.start()
    done = subprocess.run([str(CTL), "import", *store_of(server)], input=line + "\n", capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "0 entries\n") and "line 1 " in done.stderr
    assert ctl("export", *store_of(server)) == ""


def test_a_store_that_is_not_there_is_not_made(tmp_path):
    for command in ("stats", "export", "import"):
        assert not ctl(command, "--store", "lmdb:%s" % (tmp_path / "none"), status=1)
        assert not ctl(command, "--store", "lmdb:%s" % tmp_path, status=1)
        for wrong in ((), ("--store", "redis:localhost"), ("--store", "lmdb:here"), ("--store", "lmdb:%s" % tmp_path, "word")):
            ctl(command, *wrong, status=2)
    assert not os.listdir(tmp_path)
