# SPDX-License-Identifier: Apache-2.0
"""Wrong passwords beside AuthBasicProvider jwt count as failed logins do."""
import concurrent.futures

import pytest
from authjwt_client import assert_logged_in
from authjwt_env import DEFAULT, Known, location
from authjwt_tokens import claims, sign, tamper
from authjwt_basic import basic, credentials
from authjwt_throttle import PROXY, Client, assert_throttled, host

CONFIG = DEFAULT + PROXY + "AuthJWTLoginThrottle 3 60s\nAuthJWTLoginLock 8 1h\n" + (
    basic("/p/both", "AuthBasicProvider jwt file", "AuthUserFile @dir@/users", "Require valid-user")
    + basic("/p/alone", "AuthBasicProvider jwt", "Require valid-user")
    + basic("/p/file", "AuthBasicProvider file", "AuthUserFile @dir@/users", "Require valid-user")
    + basic("/p/broken", "AuthBasicProvider jwt file", "AuthUserFile @dir@/no-such-file", "Require valid-user")
    + basic("/p/nobody", "AuthBasicProvider jwt file", "AuthUserFile @dir@/users", "Require user zoe")
    + host("localhost") + host("unlimited", "AuthJWTLoginThrottle off", "AuthJWTLoginLock off"))
OPTIONS = {"log": "trace8", "modules": ("remoteip",)}


@pytest.fixture(autouse=True)
def untried(server):
    yield
    server.restart()


class Tool(Client):
    """Somebody whose program sends a password with each request."""

    def get(self, right=True, user="ann", path="/p/both", password=None):
        password = password or (Known.passwords[user] if right else Known.wrong_password)
        return self.server.get(path, host=self.host, headers={"X-Forwarded-For": self.address, **credentials(user, password)})


@pytest.fixture
def tool(server):
    return Tool(server)


def test_after_three_wrong_passwords_the_right_one_is_429_too(tool, mark):
    for _ in range(3):
        assert tool.get(False).status == 401
    for right in (True, False, True):
        assert 50 <= assert_throttled(tool.get(right)) <= 61
    tool.server.assert_logged(mark, r'\[authjwt:info\].*AJ1903: login of user "ann" refused')
    assert tool.get(user="bob").text == "let in\n" and Tool(tool.server).get().status == 200


def test_two_wrong_passwords_are_free_and_the_right_one_clears_them(tool):
    for _ in range(3):
        assert [tool.get(False).status, tool.get(False).status, tool.get().status] == [401, 401, 200]


def test_login_and_basic_share_their_counts(tool):
    tool.fail(2)
    assert tool.get(False).status == 401
    assert_throttled(tool.login())
    assert_throttled(tool.get())
    other = Tool(tool.server)
    assert [other.get(False).status, other.get(False).status] == [401, 401]
    other.fail(1)
    assert_throttled(other.get())


def test_a_success_at_one_clears_the_count_of_the_other(tool):
    tool.fail(2)
    assert tool.get().status == 200
    tool.fail(2)
    assert_logged_in(tool.login())


def test_tokens_are_no_guesses(tool):
    token = sign(claims("ann"), Known.secret)
    for _ in range(5):
        assert tool.get(password=tamper(token)).status == 401
        assert tool.get(password=token).status == 200
    assert tool.get().status == 200


def test_another_users_token_is_a_password_like_any_other(tool):
    token = sign(claims("bob"), Known.secret)
    assert [tool.get(password=token).status for _ in range(3)] == [401] * 3
    assert_throttled(tool.get())


def test_where_the_provider_is_alone_guesses_count_too(tool):
    assert [tool.get(path="/p/alone").status for _ in range(3)] == [401] * 3
    assert_throttled(tool.login())


def test_unknown_users_count_for_their_address(tool):
    for number in range(30):
        assert tool.get(user="guess-%d" % (number // 3), password="x").status == 401
    assert_throttled(tool.get())


def test_a_good_password_never_fills_the_count_however_many_come_at_once(tool, expect_log):
    expect_log.may("AH10159: |AH00484: ")
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        assert {one.status for one in pool.map(lambda _: tool.get(), range(60))} == {200}
    assert tool.get(False).status == 401


def test_what_a_user_store_could_not_decide_does_not_count(tool, expect_log):
    expect_log(r"AH01620: ")
    assert [tool.get(path="/p/broken").status for _ in range(5)] == [500] * 5
    assert tool.get().status == 200


def test_a_right_password_of_somebody_who_may_not_enter_is_no_failure(tool):
    assert [tool.get(path="/p/nobody").status for _ in range(5)] == [401] * 5
    assert tool.get().status == 200


def test_no_credentials_are_no_attempt(tool):
    for _ in range(5):
        assert tool.server.get("/p/both", headers={"X-Forwarded-For": tool.address}).status == 401
    assert tool.get().status == 200


def test_places_without_the_provider_are_httpds_own(tool):
    assert [tool.get(False, path="/p/file").status for _ in range(5)] == [401] * 5
    assert tool.get(path="/p/file").status == 200 and tool.get().status == 200


def test_off_allows_any_number(server):
    tool = Tool(server, host="unlimited")
    assert [tool.get(False).status for _ in range(20)] == [401] * 20
    assert tool.get().status == 200


def test_a_user_is_locked_here_too_and_the_users_own_addresses_stay_open(server):
    home = Tool(server)
    assert home.get().status == 200
    for _ in range(8):
        assert Tool(server).get(False).status == 401
    assert_throttled(Tool(server).get())
    assert_throttled(Client(server).login())
    assert home.get().status == 200
