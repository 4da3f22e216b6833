# SPDX-License-Identifier: Apache-2.0
"""authjwtctl revoke, stats, export and import on a valkey store while httpd runs: its user, its password, TLS, replicas, Sentinel."""
import base64
import hashlib
import json
import shutil
import subprocess

import pytest
from authjwt_authority import Authority
from authjwt_ctl import CTL, configured, ctl
from authjwt_dump import dump, values
from authjwt_service import free_port
from authjwt_valkey import ACL, PASSWORD, SERVERS, Group, Valkey, config_on

# As docs/revocation.md has it.
TOOL = "user authjwtctl on >%s ~authjwt:* +get +set +eval +ping +wait +select +scan +pttl +hgetall +info" % PASSWORD


@pytest.fixture(params=SERVERS)
def store(request):
    with Valkey(server=request.param) as one:
        yield one


@pytest.fixture(scope="module")
def authority():
    one = Authority()
    yield one
    shutil.rmtree(one.dir)


def status(server, token):
    return server.get("/protected", token).status


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


def fails(*arguments, stdin=""):
    """What it says where it cannot do what it is told."""
    done = subprocess.run([str(CTL), *map(str, arguments)], input=stdin, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1, done
    return done.stderr


def test_a_session_is_ended_counted_and_printed(store, new_server):
    server = new_server(config_on("valkey:" + store.address))
    options = configured(server)
    server.start()
    (access, refresh), (other, again) = server.login(), server.login()
    assert server.post("/refresh", again).status == 200 and [status(server, one) for one in (access, other)] == [200, 200]
    assert ctl("revoke", *options, stdin=refresh) == "revoked\n"
    assert [status(server, access) for _ in range(6)] == [401] * 6 and status(server, other) == 200
    found = json.loads(ctl("stats", "--store", "valkey:" + store.address, "--json"))
    assert (found["endings"], found["chains"], found["others"], found["stored"], found["birth"]) == (1, 1, 0, 2, 0)
    assert found["used"] > 0 and "size" not in found
    assert "without a limit" in ctl("stats", *options)
    store.reply("CONFIG", "SET", "maxmemory", "100mb")
    assert json.loads(ctl("stats", *options, "--json"))["size"] == 100 << 20


def test_an_entry_is_kept_as_long_as_httpd_itself_keeps_it(store, new_server):
    server = new_server(config_on("valkey:" + store.address))
    options = configured(server)
    server.start()
    token, other = server.login()[0], server.login()[0]
    ctl("revoke", *options, stdin=token)
    [ours] = lines(ctl("export", *options))
    assert server.post("/logout", other).status == 200
    theirs = [one for one in lines(ctl("export", *options)) if one["id"] != ours["id"]][0]
    assert abs(ours["expires"] - theirs["expires"]) < 60_000_000
    ctl("revoke", *options, stdin=token)
    assert [abs(one["expires"] - ours["expires"]) < 5_000_000 for one in lines(ctl("export", *options)) if one["id"] == ours["id"]] == [True]


def test_keys_of_others_are_no_entries(store):
    for command in (("SET", "other", "x"), ("SET", "authjwt:authjwt-revoked-too:" + "a" * 32, "x"), ("SET", "authjwt:authjwt-revoked:short", "x"),
                    ("HSET", "authjwt:authjwt-revoked:" + "h" * 32, "a", "b"), ("SET", "authjwt:authjwt-revoked:" + "i" * 32, "x", "EX", "100")):
        assert store.reply(*command) in ("OK", "1")
    options = ("--store", "valkey:" + store.address)
    assert [one["value"] for one in lines(ctl("export", *options))] == ["eA"]
    assert json.loads(ctl("stats", *options, "--json"))["others"] == 1


@pytest.mark.parametrize("number", [0, 1, 1024, 1025, 5000])
def test_many_entries_go_in_and_come_out(store, new_server, number):
    """More than fit in one round trip, among them some twice."""
    ids = [base64.urlsafe_b64encode(hashlib.sha256(b"%d" % i).digest()).decode().rstrip("=") for i in range(number)]
    text = [json.dumps({"id": one, "value": "AQAAAAAAAAAA", "expires": 9_000_000_000_000_000}) for one in ids]
    options = ("--store", "valkey:" + store.address)
    assert ctl("import", *options, stdin="\n".join(text + text[-3:])) == "%d entries\n" % (number + min(number, 3))
    assert sorted(one["id"] for one in lines(ctl("export", *options))) == sorted(ids)


def test_the_user_of_httpd_may_end_sessions_and_the_one_of_the_tool_all(new_server):
    with Valkey("user default off", ACL % PASSWORD, TOOL) as store:
        server = new_server(config_on("valkey:" + store.address, "AuthJWTStoreAuth httpd file:@dir@/store.password"))
        path = server.write("store.password", PASSWORD + "\n", 0o600)
        options = configured(server)
        server.start()
        token = server.login()[0]
        assert ctl("revoke", *options, stdin=token) == "revoked\n" and status(server, token) == 401
        assert ctl("revoke", *options, stdin=token) == "revoked\n" and status(server, token) == 401
        assert "NOPERM" in fails("export", *options) and "NOPERM" in fails("stats", *options)
        tool = ("--store", "valkey:" + store.address, "--store-auth", "authjwtctl file:" + path)
        text = ctl("export", *tool)
        assert len(lines(text)) == 1 and ctl("import", *tool, stdin=text) == "1 entries\n" and "endings: 1\n" in ctl("stats", *tool)
        assert "+pttl" in fails("import", *options, stdin=text)
        again = lines(ctl("export", *tool[:2], "--store-auth", "authjwtctl env:STORE", env={"STORE": PASSWORD}))
        assert [one["id"] for one in again] == [one["id"] for one in lines(text)]
        other = server.login()[0]
        assert ctl("end", "ann", *options).startswith("ended: all sessions") and status(server, other) == 401
        ctl("sessions", "ann", *tool, status=1)                        # there is no directory, but it may look
        assert PASSWORD not in str(dump(server))


def test_a_password_that_is_wrong_missing_or_written_out(store, tmp_path):
    (tmp_path / "password").write_text("nonsense\n")
    (tmp_path / "empty").write_text("\n")
    where = ("--store", "valkey:" + store.address)
    assert "WRONGPASS" in fails("stats", *where, "--store-auth", "httpd file:%s" % (tmp_path / "password"))
    for wrong in ("hunter2", "user hunter2", "a b file:/x", "exec:/bin/true", "file:%s" % (tmp_path / "empty"), "file:/nowhere", "env:NOT_THERE"):
        said = ctl("stats", *where, "--store-auth", wrong, status=2)
        assert "--store-auth" in said and "hunter2" not in said


def test_a_password_from_a_command_is_asked_for_otherwise(store, new_server):
    """The tool runs no commands; the dump tells which one it would be, without its arguments."""
    server = new_server(config_on("valkey:" + store.address, 'AuthJWTStoreAuth httpd "exec:/bin/echo hunter2 hunter3"'))
    options = configured(server)
    [block] = dump(server)[0]
    assert values(block, "AuthJWTStoreAuth") == ['httpd "exec:/bin/echo ..."']
    said = ctl("stats", *options, status=2)
    assert "--store-auth: commands are not run" in said and "hunter" not in said + str(block)


@pytest.mark.parametrize("option, value", [
    ("tls", "yes"), ("tls", "on ca"), ("tls", "off ca=/x"), ("tls", "on cert=/x"), ("replicas", "x"), ("replicas", "1 0s"), ("replicas", "1001"),
    ("replicas", "1 1s 1"), ("timeout", "soon"), ("timeout", "61s"), ("timeout", "0ms")])
def test_wrong_options_are_named(option, value, tmp_path):
    assert "--store-" + option in ctl("stats", "--store", "valkey:127.0.0.1:1", "--store-" + option, value, status=2)
    assert "valkey" in ctl("stats", "--store", "lmdb:%s" % tmp_path, "--store-timeout", "1s", status=2)


def test_a_server_that_is_down_or_none_is_named(store):
    address = store.address
    store.kill()
    assert "valkey:" + address in fails("stats", "--store", "valkey:" + address)
    store.start()
    assert "endings: 0\n" in ctl("stats", "--store", "valkey:" + address)
    for wrong in ("valkey:", "valkey", "valkey:one:0", "valkey:user:word@one", "valkey:unix:here"):
        assert "--store" in ctl("stats", "--store", wrong, status=2)


def test_tls_with_a_certificate_of_the_client(authority, new_server):
    (cert, key), (ours, our_key) = authority.issue("server", "localhost"), authority.issue("client")
    port = free_port()
    with Valkey("port 0", "tls-port %d" % port, "tls-cert-file " + cert, "tls-key-file " + key, "tls-ca-cert-file " + authority.ca,
                "tls-auth-clients yes", port=port):
        how = "on ca=%s cert=%s key=%s" % (authority.ca, ours, our_key)
        server = new_server(config_on("valkey:localhost:%d" % port, "AuthJWTStoreTLS " + how))
        options = configured(server)
        assert values(dump(server)[0][0], "AuthJWTStoreTLS") == [how]
        server.start()
        token = server.login()[0]
        assert ctl("revoke", *options, stdin=token) == "revoked\n" and status(server, token) == 401
        where = ("--store", "valkey:localhost:%d" % port, "--store-tls")
        assert "endings: 1\n" in ctl("stats", *where, how)
        assert "TLS has failed" in fails("stats", *where, "on ca=" + authority.ca)
        assert "certificate is not accepted" in fails("stats", *where, "on cert=%s key=%s" % (ours, our_key))


def test_replicas_and_sentinels_are_asked_as_httpd_asks_them(new_server):
    with Group(replicas=1, sentinels=1) as group:
        server = new_server(config_on("valkey:" + group.address, "AuthJWTStoreReplicas 1 2s", "AuthJWTStoreTimeout 700ms"))
        options = configured(server)
        [block] = dump(server)[0]
        assert values(block, "AuthJWTStoreReplicas") == ["1 2000ms"] and values(block, "AuthJWTStoreTimeout") == ["700ms"]
        server.start()
        token = server.login()[0]
        assert ctl("revoke", *options, stdin=token) == "revoked\n" and status(server, token) == 401
        group.members[1].kill()
        other = server.login()[0]
        assert "too few replicas" in fails("revoke", *options, stdin=other)
        assert "is a Sentinel" in fails("stats", "--store", "valkey:" + group.sentinels[0].address)


def test_the_password_of_one_store_goes_to_no_other(new_server):
    with Valkey("requirepass " + PASSWORD) as one, Valkey() as other:
        server = new_server(config_on("valkey:" + one.address, "AuthJWTStoreAuth file:@dir@/store.password"))
        server.write("store.password", PASSWORD, 0o600)
        options = configured(server)
        assert "endings: 0\n" in ctl("stats", *options)
        assert ctl("stats", *options, "--store", "valkey:" + other.address).startswith("store:   valkey:" + other.address)
        assert "asks for a password" in fails("stats", *options, "--store", "valkey:" + one.address)
