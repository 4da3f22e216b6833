# SPDX-License-Identifier: Apache-2.0
"""When the revocation store cannot answer, nothing passes; a provider made for tests fails on demand."""
import base64
import concurrent.futures
import time

import pytest
from authjwt_client import assert_error
from authjwt_env import DEFAULT, Known
from authjwt_failing_store import CONFIG, break_store, mend_store, with_room
from authjwt_leaks import register_secret
from authjwt_tokens import claims, sign, tamper

ERROR = r"\[authjwt:error\].*AJ\d{4}: "


@pytest.fixture
def lenient(new_server, on_failing_store):
    return with_room(new_server(on_failing_store(CONFIG + "AuthJWTRevocationOnError allow\n"))).start()


def test_a_store_that_cannot_answer_lets_nobody_in_until_it_can(failing, expect_log):
    access, refresh = failing.login()
    assert failing.get("/protected", access).status == 200
    break_store(failing)
    expect_log(ERROR)
    assert_error(failing.get("/protected", access), "store_unavailable")
    assert_error(failing.get("/userinfo", access), "store_unavailable")
    assert_error(failing.post("/refresh", refresh), "store_unavailable")
    assert_error(failing.post("/logout", access), "store_unavailable")
    mend_store(failing)
    assert failing.get("/protected", access).status == 200
    assert failing.post("/refresh", refresh).status == 200


def ask_with_basic(server, access):
    pair = base64.b64encode(("ann:" + access).encode()).decode()
    return server.get("/p/tools", headers={"Authorization": "Basic " + register_secret(pair)})


def test_neither_does_a_token_as_basic_password_pass_then_nor_is_the_next_provider_asked(failing, expect_log):
    access, _ = failing.login()
    assert ask_with_basic(failing, access).status == 200
    break_store(failing)
    expect_log(ERROR)
    answer = ask_with_basic(failing, access)
    assert_error(answer, "store_unavailable")
    assert not answer.header("WWW-Authenticate") and answer.header("Retry-After")
    assert ask_with_basic(failing, tamper(access)).status == 401
    assert ask_with_basic(failing, Known.passwords["ann"]).status == 200, "the next provider needs no store"
    mend_store(failing)
    assert ask_with_basic(failing, access).status == 200


def test_a_bad_or_missing_token_is_401_even_while_the_store_is_down(failing, expect_log):
    access, refresh = failing.login()
    break_store(failing)
    assert_error(failing.get("/protected"), "token_missing")
    assert_error(failing.get("/protected", tamper(access)), "token_invalid")
    assert_error(failing.get("/protected", refresh), "wrong_token_type")


def test_a_logout_that_is_not_recorded_is_503_and_the_session_lives_on(failing, expect_log):
    access, refresh = failing.login()
    break_store(failing, stores_only=True)
    expect_log(ERROR)
    assert_error(failing.post("/logout", access), "store_unavailable")
    assert_error(failing.post("/logout", refresh, json={"everywhere": True}), "store_unavailable")
    assert failing.get("/protected", access).status == 200
    mend_store(failing)
    assert failing.post("/logout", access).status == 200
    assert_error(failing.get("/protected", access), "token_revoked")


def test_allow_lets_tokens_pass_but_logout_still_fails(lenient, expect_log):
    access, refresh = lenient.login()
    break_store(lenient)
    expect_log(ERROR)
    assert lenient.get("/protected", access).status == 200
    assert_error(lenient.get("/protected", tamper(access)), "token_invalid")
    assert_error(lenient.post("/logout", access), "store_unavailable")
    mend_store(lenient)
    assert lenient.post("/logout", access).status == 200
    assert_error(lenient.get("/protected", access), "token_revoked")


def test_a_failing_store_does_not_flood_the_log(failing, expect_log):
    token = sign(claims(), Known.secret)
    break_store(failing)
    expect_log(ERROR)
    before, begun = failing.mark(), time.monotonic()
    for _ in range(50):
        assert failing.get("/protected", token).status == 503
    seconds = time.monotonic() - begun
    lines = [line for line in failing.log_since(before).splitlines() if "[authjwt:error]" in line]
    assert 1 <= len(lines) <= 2 * (seconds + 2), "%d lines for 50 requests in %.1f s" % (len(lines), seconds)


def test_a_provider_that_asks_for_a_mutex_is_never_entered_twice_at_once(failing):
    def job(number):
        access, refresh = failing.login(("ann", "bob", "cara")[number % 3])
        return (failing.get("/protected", access).status, failing.post("/refresh", refresh).status,
                failing.post("/logout", access).status, failing.get("/protected", access).status)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert set(pool.map(job, range(40))) == {(200, 200, 200, 401)}
    assert "two operations at once" not in failing.read_log()


@pytest.mark.parametrize("spec", ["shmcb:@dir@/run/revoked(512000)", "dbm:@dir@/run/revoked"])
def test_httpds_own_providers_work_and_are_called_forgetful_in_one_warning(new_server, expect_log, spec):
    expect_log(r"\[authjwt:warn\].*AJ\d{4}: .*" + spec.split(":")[0])
    server = new_server(DEFAULT.replace("lmdb:@dir@/state(64M)", spec)).start()
    access, refresh = server.login()
    assert server.get("/protected", access).status == 200
    assert server.post("/logout", access).status == 200
    assert_error(server.get("/protected", access), "token_revoked")
    assert_error(server.post("/refresh", refresh), "token_revoked")
    warnings = [line for line in server.read_log().splitlines() if "[authjwt:warn]" in line]
    assert len(warnings) == 1, warnings
