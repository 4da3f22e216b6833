# SPDX-License-Identifier: Apache-2.0
"""The configurations that docs/faq.md prints: a folder for each user, whose name is compared with the token's, and open addresses."""
import pytest
from authjwt_client import assert_error
from authjwt_docs import block
from authjwt_env import DEFAULT, Known, protected, running
from authjwt_tokens import claims, sign

FOLDERS = block("faq.md", "May each user have a folder of their own?", "OWNER")
OPEN = block("faq.md", "How do I leave some addresses open?", "AuthType None")
CONFIG = DEFAULT + FOLDERS + protected("/app") + OPEN
FILES = {"htdocs/app/public/style.css": "open\n", "htdocs/app/page.txt": "shut\n",
         **{"htdocs/home/%s/note.txt" % user: user + "'s\n" for user in ("ann", "bob")}}


@pytest.fixture(scope="module")
def server():
    yield from running(globals())


def test_each_user_sees_their_own_folder(server):
    for user in ("ann", "bob"):
        assert server.get("/home/%s/note.txt" % user, server.login(user)[0]).text == user + "'s\n"


@pytest.mark.parametrize("path", ["/home/bob/note.txt", "/home//bob/note.txt", "/home/ann/../bob/note.txt", "/home/./bob/note.txt",
                                  "/home/%62ob/note.txt", "/home/", "/home", "/home/bob"])
def test_and_nobody_elses_by_no_spelling(server, path):
    assert server.get(path, server.login("ann")[0]).status == 403
    assert server.get(path).status in (401, 403)


def test_without_a_token_nobody_sees_one(server):
    assert_error(server.get("/home/ann/note.txt"), "token_missing")


def test_what_is_left_open_is_open_with_a_bad_token_too(server):
    expired = sign(claims("ann", exp=1), Known.secret)
    for token in (None, expired):
        assert server.get("/app/public/style.css", token).text == "open\n"
        assert server.get("/app/page.txt", token).status == 401
    assert server.get("/app/page.txt", server.login("ann")[0]).text == "shut\n"
