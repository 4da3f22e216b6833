# SPDX-License-Identifier: Apache-2.0
"""jwt-sessions where the token is the password of Basic: a browser sends that one wherever a request comes from."""
import pytest
from authjwt_basic import basic, credentials
from authjwt_client import PROBLEMS, assert_error
from authjwt_env import DEFAULT, location
from authjwt_listed import LISTED, listed, log_in
from authjwt_tokens import read

PROBLEMS.setdefault("csrf_failed", (403, "CSRF check failed", "The request does not prove that it comes from this site"))
PLACE = ("SetHandler jwt-sessions", "AuthBasicProvider jwt", "Require valid-user")
FORM = location("/form/login", "SetHandler form-login-handler", "AuthFormLoginSuccessLocation /form/sessions") + location("/form", "AuthType form", "AuthName tools", "AuthFormProvider jwt",
                "Session on", "SessionCookieName kept path=/form", "Require valid-user") + location("/form/sessions", "SetHandler jwt-sessions")
OPTIONS = {"modules": ("auth_form", "session", "session_cookie", "request")}
CONFIG = DEFAULT + FORM + LISTED + basic("/basic-sessions", *PLACE, "AuthJWTSessionsAdmin admin") + basic("/basic-off", *PLACE, "AuthJWTCookieCSRFProtect off")


def assert_over(server, *tokens):
    for token in tokens:
        assert_error(server.get("/protected", token), "token_revoked")


def assert_alive(server, *tokens):
    assert [server.get("/protected", token).status for token in tokens] == [200] * len(tokens)


@pytest.mark.parametrize("says", [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"}])
@pytest.mark.parametrize("what", ["all", "others", "the own", "all of another"])
def test_another_site_cannot_make_a_browser_send_the_password(server, mark, says, what):
    token = log_in(server, "ann" if "another" in what else "bob")
    other = log_in(server, "bob")
    fields = {"end": {"the own": listed(server, token)[0]["id"], "all of another": "all"}.get(what, what)}
    if "another" in what:
        fields["user"] = "bob"
    headers = credentials(read(token)["sub"], token)
    assert_error(server.post("/basic-sessions", form=fields, headers={**headers, **says}), "csrf_failed")
    server.assert_logged(mark, r"AJ1751: CSRF check failed: .*password")
    assert_alive(server, token, other)


@pytest.mark.parametrize("path, says", [
    ("/basic-sessions", {}), ("/basic-sessions", {"Sec-Fetch-Site": "same-origin"}), ("/basic-sessions", {"Sec-Fetch-Site": "none"}),
    ("/basic-sessions", {"Origin": "http://localhost:1", "Host": "localhost:1"}), ("/basic-off", {"Sec-Fetch-Site": "cross-site"})])
def test_this_site_and_programs_can(server, path, says):
    token = log_in(server, "bob")
    answer = server.post(path, form={"end": "all"}, headers={**credentials("bob", token), **says})
    assert answer.status == 200 and answer.json()["ended"] >= 1, answer
    assert_over(server, token)


def test_a_token_in_a_header_that_pages_cannot_send_needs_no_proof(server):
    token = log_in(server, "bob")
    assert server.post("/sessions", token, form={"end": "all"}, headers={"Sec-Fetch-Site": "cross-site"}).json()["ended"] >= 1


def test_nor_the_one_that_mod_auth_form_keeps_in_a_cookie(server):
    token = log_in(server, "bob")
    answer = server.post("/form/login", form={"httpd_username": "bob", "httpd_password": token})
    kept = answer.header("Set-Cookie").split(";")[0]
    assert server.get("/form/sessions", headers={"Cookie": kept}).status == 200
    headers = {"Cookie": kept, "Sec-Fetch-Site": "cross-site"}
    assert_error(server.post("/form/sessions", form={"end": "all"}, headers=headers), "csrf_failed")
    assert_alive(server, token)
    assert server.post("/form/sessions", form={"end": "all"}, headers={**headers, "Sec-Fetch-Site": "same-origin"}).json()["ended"] >= 1
