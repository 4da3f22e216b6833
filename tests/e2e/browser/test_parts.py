# SPDX-License-Identifier: Apache-2.0
"""What httpd looks up for one answer, such as the files of a listing, is judged each for itself; the browser gets one answer."""
import pytest
from authjwt_client import assert_error
from authjwt_env import location
from authjwt_visitor import ACCESS, CSRF_REFRESH, WEB, assert_cleared, set_cookies, signed_in

GUARD = "AuthType JWT\nAuthName parts\nRequire valid-user\n"
CONFIG = WEB + (
    "<Directory @dir@/htdocs/list>\nOptions +Indexes\n<Files *.txt>\nAuthType JWT\nAuthName parts\nAuthJWTOptional on\nRequire all granted\n</Files>\n</Directory>\n"
    "<Directory @dir@/htdocs/index>\nDirectoryIndex none.txt x.txt\n<Files x.txt>\n" + GUARD + "AuthJWTCookieAutoRefresh /refresh\n</Files>\n</Directory>\n"
    + location("/list", "IndexOptions FancyIndexing"))
OPTIONS = {"modules": ("autoindex",)}
FILES = {"htdocs/index/x.txt": "index of members", **{"htdocs/list/%d.txt" % i: "x" for i in range(9)}}


def test_a_bad_cookie_that_counts_as_none_is_taken_away_once(server):
    visitor = signed_in(server)
    visitor.jar[ACCESS] = "bad"
    answer = visitor.fetch("/list/")
    assert answer.status == 200 and "8.txt" in answer.text
    assert_cleared(answer, {ACCESS, "csrf_access_token"})


def test_an_index_file_is_renewed_for(server):
    visitor = signed_in(server)
    assert visitor.fetch("/index/").text == "index of members"
    del visitor.jar[ACCESS]
    answer = visitor.fetch("/index/")
    assert answer.status == 200 and answer.text == "index of members", answer
    assert ACCESS in visitor.jar and visitor.fetch("/index/x.txt").status == 200


@pytest.mark.parametrize("foreign", [True, False])
def test_nothing_is_renewed_there_for_a_form_of_another_origin(server, foreign):
    visitor = signed_in(server)
    del visitor.jar[ACCESS]
    headers = {"Origin": "https://sub.example.com", "Sec-Fetch-Site": "same-site"} if foreign else {"X-CSRF-TOKEN": visitor.jar[CSRF_REFRESH]}
    answer = visitor.send("POST", "/index/", headers=headers, form={"a": "b"})
    if foreign:
        assert_error(answer, "csrf_failed")
    else:
        assert answer.status == 200 and answer.text == "index of members", answer
    assert (ACCESS in set_cookies(answer)) == (not foreign)
