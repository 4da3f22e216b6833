# SPDX-License-Identifier: Apache-2.0
"""Endpoints answer 405 with Allow to methods that are not theirs."""
import pytest
from authjwt_client import assert_error
from authjwt_env import DEFAULT

CONFIG = DEFAULT
POST_ONLY = ["PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND", "BREW"]


def allowed(answer):
    """Methods of the Allow field; TRACE is httpd's own, by TraceEnable."""
    return {one.strip() for one in answer.header("Allow").split(",")} - {"TRACE"}


@pytest.mark.parametrize("path", ["/login", "/refresh", "/logout"])
@pytest.mark.parametrize("method", POST_ONLY)
def test_what_wants_post_refuses_other_methods(server, path, method):
    answer = server.request(method, path)
    assert_error(answer, "method_not_allowed")
    assert "POST" in allowed(answer) and method not in allowed(answer)


def test_refresh_refuses_get_and_head_even_with_a_good_token(server):
    _, refresh = server.login()
    answer = server.get("/refresh", refresh)
    assert_error(answer, "method_not_allowed")
    assert allowed(answer) == {"POST"}
    answer = server.request("HEAD", "/refresh", token=refresh)
    assert answer.status == 405 and answer.body == b"" and allowed(answer) == {"POST"}
    assert server.post("/refresh", refresh).status == 200


def test_a_get_of_login_or_logout_gives_no_token_and_ends_nothing(server):
    access, _ = server.login()
    login = server.get("/login?username=ann&password=x")
    assert login.status in (200, 405) and "access_token" not in login.text
    server.get("/logout", access)
    server.request("HEAD", "/logout", token=access)
    assert server.get("/protected", access).status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"])
def test_userinfo_answers_get_and_head_only(server, method):
    access, _ = server.login()
    answer = server.request(method, "/userinfo", token=access)
    assert_error(answer, "method_not_allowed")
    assert allowed(answer) == {"GET", "HEAD"}
    assert server.get("/userinfo", access).status == 200


def test_a_405_ends_or_issues_nothing(server):
    access, refresh = server.login()
    server.request("DELETE", "/logout", token=access)
    server.request("PUT", "/refresh", token=refresh)
    assert server.get("/protected", access).status == 200
    assert server.post("/refresh", refresh).status == 200


def test_two_methods_in_lower_case_are_not_post_and_get(server):
    assert server.request("post", "/login").status == 405
    assert server.request("get", "/userinfo").status in (401, 405)
