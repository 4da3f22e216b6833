# SPDX-License-Identifier: Apache-2.0
"""What every example for people with browsers promises."""
import contextlib
from urllib.parse import unquote

import requests
from authjwt_visitor import ACCESS, FETCH, REFRESH

SAME_ORIGIN = {**FETCH, "Sec-Fetch-Site": "same-origin"}


def assert_sent_to_login(answer, path):
    assert answer.status_code == 302 and unquote(answer.headers["Location"]) == "/login?next=" + path, answer.headers


@contextlib.contextmanager
def running(server):
    try:
        yield server.start()
    finally:
        server.close()


def assert_login_page_and_logout_work(server, page):
    """What all three promise: sent to the login page and back, renewed on the way, out at once."""
    visitor = server.client()
    assert_sent_to_login(visitor.open(page), page)
    assert 'name="password"' in visitor.open("/login").text
    visitor.sign_in("bob", page)
    assert visitor.open(page).status_code == 200
    del visitor.cookies[ACCESS]
    assert visitor.open(page).status_code == 200 and ACCESS in visitor.cookies
    copy = requests.cookies.cookiejar_from_dict(visitor.cookies.get_dict())
    assert visitor.post("/logout", headers={**SAME_ORIGIN, "Sec-Fetch-Mode": "navigate"}).status_code == 303
    assert not {ACCESS, REFRESH} & set(visitor.cookies.keys())
    visitor.cookies = copy
    assert visitor.open(page).status_code == 302, "a copy of the cookies outlived the logout"
