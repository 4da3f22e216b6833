# SPDX-License-Identifier: Apache-2.0
"""A form whose answer is an index file, a fallback or another variant of a name: httpd looks that file up by GET, and runs it with POST.
It needs the proof that any POST with a cookie needs."""
import pytest
from authjwt_client import assert_error
from authjwt_env import location
from authjwt_visitor import CSRF_ACCESS, WEB, signed_in

ECHO_CGI = """#!/bin/sh
printf 'Content-Type: text/plain\\r\\n\\r\\n%s %s ' "$JWT_CLAIM_SUB" "$REQUEST_METHOD"
exec cat
"""
RULES = "AuthType JWT\nAuthName inner\nRequire valid-user\n"
CONFIG = WEB + "Alias /inner @dir@/inner\n" + (
    "<Directory @dir@/inner>\nOptions +ExecCGI +MultiViews\nAddHandler cgi-script .sh\nMultiviewsMatch Any\nRequire all granted\nDirectoryIndex disabled\n"
    "<Files echo.sh>\n" + RULES + "</Files>\n</Directory>\n"
    + "<Directory @dir@/inner/index>\nDirectoryIndex echo.sh\n</Directory>\n"
    + "<Directory @dir@/inner/several>\nDirectoryIndex none.sh echo.sh\n</Directory>\n"
    + "<Directory @dir@/inner/fallback>\nFallbackResource /inner/fallback/echo.sh\n</Directory>\n"
    + location("/inner/index/", "AuthJWTCookieCSRFProtect token"))
OPTIONS = {"modules": ("negotiation",)}
FORM = "application/x-www-form-urlencoded"
OPEN = ["/inner/index/", "/inner/several/", "/inner/fallback/any", "/inner/variant/echo"]
FOREIGN = {"Origin": "https://sub.example.com", "Sec-Fetch-Site": "same-site"}


@pytest.fixture(scope="module")
def visitor(server):
    for name in ("index", "several", "fallback", "variant"):
        server.write("inner/%s/echo.sh" % name, ECHO_CGI, 0o755)
    return signed_in(server)


@pytest.mark.parametrize("path", OPEN)
def test_another_origin_cannot_send_a_form_there(visitor, path, expect_log):
    answer = visitor.send("POST", path, headers=FOREIGN, body="a=b", content_type=FORM)
    if "variant" in path:
        expect_log("AH00687: ")                 # to mod_negotiation, a variant that is refused is none
        assert answer.status == 404, answer
    else:
        assert_error(answer, "csrf_failed")


@pytest.mark.parametrize("path", OPEN)
@pytest.mark.parametrize("proof", ["field", "header"])
def test_this_site_can_and_the_body_is_whole(visitor, path, proof):
    csrf = visitor.jar[CSRF_ACCESS]
    body = "a=b" + ("&csrf_token=" + csrf if proof == "field" else "")
    headers = {"X-CSRF-TOKEN": csrf} if proof == "header" else {}
    answer = visitor.send("POST", path, headers=headers, body=body, content_type=FORM)
    assert answer.status == 200 and answer.text == "ann POST " + body, answer


@pytest.mark.parametrize("path", OPEN)
def test_to_read_needs_no_proof(visitor, path):
    answer = visitor.send("GET", path, headers=FOREIGN)
    assert answer.status == 200 and answer.text == "ann GET ", answer
