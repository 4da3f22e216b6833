# SPDX-License-Identifier: Apache-2.0
"""A browser without scripts: keeps cookies, and says of each request what browsers say."""
from authjwt_env import ENDPOINTS, KEY_AND_STORE, Known, protected
from authjwt_leaks import register_token

ACCESS, REFRESH = "__Host-access_token_cookie", "__Host-refresh_token_cookie"
CSRF_ACCESS, CSRF_REFRESH = "csrf_access_token", "csrf_refresh_token"
PLAIN_ACCESS, PLAIN_REFRESH = "access_token_cookie", "refresh_token_cookie"      # where a cookie may not be __Host-
ALL_FOUR = {ACCESS, REFRESH, CSRF_ACCESS, CSRF_REFRESH}

# An application behind cookies, with all defaults.
WEB = KEY_AND_STORE + "AuthJWTCookies on\n" + ENDPOINTS + protected("/protected") + protected("/cgi") + protected("/echo")

PAGE = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
NAVIGATION = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Accept": PAGE}
FETCH = {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty", "Accept": "*/*"}


class Cookie:
    """One Set-Cookie field. attributes: names in lower case; True for those without a value."""

    def __init__(self, field):
        self.field = field
        pair, *rest = field.split("; ")
        self.name, _, self.value = pair.partition("=")
        self.attributes = {}
        for one in rest:
            name, equals, value = one.partition("=")
            assert name.lower() not in self.attributes, "twice in one cookie: " + name
            self.attributes[name.lower()] = value if equals else True
        if self.value.count(".") == 2:
            register_token(self.value)


def set_cookies(answer):
    """name -> Cookie of all that an answer sets; none twice."""
    made = [Cookie(field) for field in answer.headers.get_all("Set-Cookie") or []]
    assert len({one.name for one in made}) == len(made), "a cookie is set twice"
    return {one.name: one for one in made}


def assert_cleared(answer, names=ALL_FOUR):
    """All four cookies are taken away."""
    cookies = set_cookies(answer)
    assert set(cookies) == set(names), sorted(cookies)
    for one in cookies.values():
        assert one.value == "" and one.attributes["max-age"] == "0" and "1970" in one.attributes["expires"], one.field


class Visitor:
    """Requests with a jar of cookies. site: what Sec-Fetch-Site says, None for a browser that does not say."""

    def __init__(self, server):
        self.server, self.jar = server, {}

    def send(self, method, path, kind=None, site="same-origin", headers=None, **more):
        fields = {**(kind or {}), **({"Sec-Fetch-Site": site} if site and kind else {}), **(headers or {})}
        if self.jar and "Cookie" not in fields:
            fields["Cookie"] = "; ".join("%s=%s" % pair for pair in self.jar.items())
        answer = self.server.request(method, path, headers=fields, **more)
        for cookie in set_cookies(answer).values():
            if cookie.attributes.get("max-age") == "0":
                self.jar.pop(cookie.name, None)
            else:
                self.jar[cookie.name] = cookie.value
        return answer

    def navigate(self, path, method="GET", **more):
        return self.send(method, path, NAVIGATION, **more)

    def submit(self, path, form=None, **more):
        return self.send("POST", path, NAVIGATION, form=form or {}, **more)

    def fetch(self, path, method="GET", **more):
        return self.send(method, path, FETCH, **more)

    def sign_in(self, user="ann", path="/login", **form):
        answer = self.submit(path, {"username": user, "password": Known.passwords[user], **form})
        assert answer.status == 303, answer
        assert CSRF_ACCESS in self.jar and {ACCESS, PLAIN_ACCESS} & set(self.jar), sorted(self.jar)
        return self


def signed_in(server, user="ann", path="/login"):
    return Visitor(server).sign_in(user, path)
