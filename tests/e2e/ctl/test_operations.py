# SPDX-License-Identifier: Apache-2.0
"""docs/operations.md, done as it says: keys are changed without one refused request, incidents end what they should, and a store moves."""
import json
import pathlib
import shutil
import subprocess
import time

import authjwt_keys as keys
import jwt
from authjwt_ctl import configured, ctl, refusal
from authjwt_dump import dump, values
from authjwt_env import DEFAULT, ENDPOINTS, KEY_AND_STORE, endpoint, protected
from authjwt_leaks import register_token
from authjwt_steps import Steps
from authjwt_tokens import claims, read

STORE = "AuthJWTRevocationStore lmdb:@dir@/state(64M)\n"
REST = STORE + ENDPOINTS + protected("/protected") + endpoint("/revoke", "revoke")
PAGE = (pathlib.Path(__file__).resolve().parents[3] / "docs/operations.md").read_text()


def works(server, *tokens):
    return [server.get("/protected", token).status for token in tokens] == [200] * len(tokens)


def test_a_signing_key_is_changed_step_by_step(new_server, tmp_path):
    old, new = (ctl("keygen", "ES256", "--out", tmp_path / year, "--kid", year).splitlines()[0] for year in ("2026", "2027"))
    server = new_server(old + "\n" + REST)
    server.start()
    access, refresh = server.login()

    server.config = old + "\n" + new + "\n" + REST                     # step 2
    server._write_config()
    server.graceful()
    assert works(server, access, server.login()[0])
    early = register_token(ctl("mint", "--key", new.split(" ", 1)[1], "--sub", "ann").strip())
    assert works(server, early)

    server.config = new + "\n" + old + " verify\n" + REST              # step 4
    server._write_config()
    server.graceful()
    after = server.login()[0]
    assert jwt.get_unverified_header(after)["kid"] == "2027" and works(server, access, early, after)
    renewed = server.post("/refresh", refresh)
    assert renewed.status == 200 and jwt.get_unverified_header(renewed.json()["access_token"])["kid"] == "2027"
    assert [one.split()[1:3] for one in values(dump(server)[0][0], "key")] == [["kid=2027", "signs"], ["kid=2026", "verifies"]]

    server.config = new + "\n" + REST                                  # step 5
    server._write_config()
    server.graceful()
    assert works(server, early, after, renewed.json()["access_token"]) and server.get("/protected", access).status == 401


def test_a_wrong_set_of_keys_is_named_and_mended_without_a_restart(new_server, expect_log):
    server = new_server(KEY_AND_STORE + "AuthJWTKeySet file:@dir@/set algs=ES256\nAuthJWTAudience shop\n" + ENDPOINTS + protected("/protected"))
    sets = {kid: '{"keys":[%s]}' % keys.jwk("ES256", keys.private_key("ES256", which).public_key(), kid=kid)
            for which, kid in enumerate(("wrong", "right"))}
    token = register_token(jwt.encode(claims(aud="shop"), keys.private_key("ES256", 1), "ES256", headers={"kid": "right"}))
    server.write("set", sets["wrong"])
    options = configured(server)
    server.start()
    ours = server.login()[0]
    assert server.get("/protected", token).status == 401 and works(server, ours)
    said = ctl("explain", *options, stdin=token, status=1)
    assert refusal(said) == ("kid", "AJ0109") and 'kid "right" unknown' in said
    new = server.write("new.json", sets["right"])
    ctl("explain", "--keyset", "file:%s algs=ES256" % new, stdin=token)
    server.write("set", sets["right"])
    end = time.monotonic() + 30
    while server.get("/protected", token).status != 200:
        assert time.monotonic() < end and works(server, ours)
        time.sleep(0.2)
    assert works(server, ours)


def test_a_stolen_token_ends_with_its_session_and_no_other(new_server):
    server = new_server(DEFAULT + endpoint("/revoke", "revoke"))
    server.start()
    (stolen, refresh), (other, _) = server.login(), server.login()
    assert server.post("/revoke", form={"token": stolen}).status == 200
    assert server.get("/protected", stolen).status == 401 and server.post("/refresh", refresh).status == 401
    assert works(server, other)


def test_all_sessions_of_a_stolen_user_end_by_a_minted_token(new_server):
    server = new_server(DEFAULT)
    options = configured(server)
    server.start()
    one, two, bob = server.login()[0], server.login()[0], server.login("bob")[0]
    token = register_token(ctl("mint", *options, "--sub", "ann", "--expires", "1m").strip())
    assert server.post("/logout", token, form={"everywhere": "true"}).status == 200
    assert [server.get("/protected", token).status for token in (one, two)] == [401, 401] and works(server, bob, server.login()[0])


def test_what_a_stolen_user_has_is_listed_and_ended_on_the_host(new_server):
    server = new_server(DEFAULT + "AuthJWTSessionDirectory on\n").start()
    steps = Steps(server, "operations.md", "A stolen user")
    (one, _), (two, _), (bob, _) = server.login(), server.login(), server.login("bob")
    text = steps.run("authjwtctl sessions ann --config $CONF")
    assert read(one)["sid"] in text and read(two)["sid"] in text and read(bob)["sid"] not in text
    steps.replaced["1795862400000000-k3vJ9eN4nQhT0m7uYb2c1A"] = read(one)["sid"]
    assert "the session" in steps.run("authjwtctl end 1795862400000000")
    assert server.get("/protected", one).status == 401 and works(server, two, bob)
    assert "1 were listed" in steps.run("authjwtctl end ann --config $CONF")
    assert server.get("/protected", two).status == 401 and works(server, bob, server.login()[0])
    steps.replaced["logger -s -t authjwtctl"] = "cat"
    assert json.loads(steps.run("logger")) == {"ended": "user", "user": "ann", "listed": 1}
    steps.finish("curl", "mint")


def test_nothing_of_a_stolen_key_counts_once_it_is_replaced(new_server, tmp_path):
    old, new = (ctl("keygen", "ES256", "--out", tmp_path / name).splitlines()[0] for name in ("old", "new"))
    server = new_server(old + "\n" + REST)
    server.start()
    token = server.login()[0]
    forged = register_token(ctl("mint", "--key", old.split(" ", 1)[1], "--sub", "ann").strip())
    assert works(server, token, forged)
    server.config = new + "\n" + REST
    server._write_config()
    server.restart()
    assert [server.get("/protected", one).status for one in (token, forged)] == [401, 401] and works(server, server.login()[0])


def test_a_store_that_is_copied_while_httpd_is_stopped_keeps_what_was_revoked(new_server):
    server = new_server(DEFAULT)
    server.start()
    ended, living = server.login()[0], server.login()[0]
    assert server.post("/logout", ended).status == 200
    server.stop()
    copy = server.path("copy")
    subprocess.run(["cp", "-a", server.path("state"), copy], check=True)
    shutil.rmtree(server.path("state"))
    subprocess.run(["cp", "-a", copy, server.path("state")], check=True)
    server.start()
    assert server.get("/protected", ended).status == 401 and works(server, living)


def test_every_command_of_the_page_is_one_that_is_there():
    named = {line.split("authjwtctl ")[1].split()[0] for line in PAGE.splitlines() if line.startswith("    ") and "authjwtctl " in line}
    assert {"keygen", "mint", "explain"} <= named <= {"keygen", "mint", "explain", "revoke", "sessions", "end", "stats", "export", "import"}
