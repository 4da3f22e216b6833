# SPDX-License-Identifier: Apache-2.0
"""A small HTTP client: one connection per request, every header visible, raw bytes when a test needs them."""
import concurrent.futures
import http.client
import json as jsonlib
import re
import socket
import threading
from urllib.parse import urlencode

from authjwt_leaks import register_answer

# docs/endpoints.md#errors: code -> status, error, message (None: any text).
PROBLEMS = {
    "token_missing": (401, "Authorization required", "No token provided"),
    "token_invalid": (401, "Invalid token", "Token verification failed"),
    "token_expired": (401, "Token has expired", "Please refresh your token or log in again"),
    "token_revoked": (401, "Token has been revoked", "Please log in again"),
    "fresh_token_required": (401, "Fresh token required", "Please log in again"),
    "access_denied": (403, "Access denied", "You do not have permission"),
    "too_many_sessions": (403, "Too many sessions", "Please log out elsewhere first"),
    "csrf_failed": (403, "CSRF check failed", "The request does not prove that it comes from this site"),
    "invalid_request": (400, None, None),
    "invalid_credentials": (401, "Invalid credentials", None),
    "method_not_allowed": (405, "Method not allowed", None),
    "body_too_large": (413, "Request body too large", None),
    "store_unavailable": (503, "Service unavailable", None),
    "backend_unavailable": (503, "Service unavailable", None),
}
ONLY_ACCESS = "Only access tokens are allowed"
ONLY_REFRESH = "Only refresh tokens are allowed"


class Answer:
    """An HTTP answer."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body
        register_answer(self.text)

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    def json(self):
        return jsonlib.loads(self.body)

    def header(self, name):
        """All fields of a name joined, or None."""
        values = self.headers.get_all(name)
        return ", ".join(values) if values else None

    def challenge(self):
        """(scheme, parameters) of the one WWW-Authenticate field."""
        values = self.headers.get_all("WWW-Authenticate") or []
        assert len(values) == 1, "wanted one challenge: %r" % values
        scheme, _, rest = values[0].partition(" ")
        return scheme, dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', rest))

    def env(self):
        """Environment printed by the CGI script env.sh."""
        return dict(item.split("=", 1) for item in self.text.split("\0") if "=" in item)

    def __repr__(self):
        return "<%d %s>" % (self.status, self.text[:300])


def send(port, method, path, *, token=None, headers=None, json=None, form=None, body=None, content_type=None,
         cookies=None, host="localhost", timeout=20):
    """Send one request. token: as Bearer; json, form, body: the content; cookies: a dict."""
    fields = {"Host": host, "Connection": "close"}
    if token is not None:
        fields["Authorization"] = "Bearer " + token
    if json is not None:
        body, content_type = jsonlib.dumps(json), content_type or "application/json"
    elif form is not None:
        body, content_type = urlencode(form), content_type or "application/x-www-form-urlencoded"
    if content_type is not None:
        fields["Content-Type"] = content_type
    if cookies:
        fields["Cookie"] = "; ".join("%s=%s" % pair for pair in cookies.items())
    if isinstance(body, str):
        body = body.encode()
    if body is not None:
        fields["Content-Length"] = str(len(body))
    elif method in ("POST", "PUT", "PATCH"):
        fields["Content-Length"] = "0"
    fields.update(headers or {})
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in fields.items():
            connection.putheader(name, value)
        connection.endheaders()
        if body:
            try:
                connection.send(body)
            except (BrokenPipeError, ConnectionResetError):
                pass                       # refused before the end: the answer is what counts
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())
    finally:
        connection.close()


def send_raw(port, chunks, timeout=20, pause=None):
    """Send bytes as they are (a list: with a call of pause between the pieces) and read the answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as sock:
        for chunk in [chunks] if isinstance(chunks, bytes) else chunks:
            try:
                sock.sendall(chunk)
            except (BrokenPipeError, ConnectionResetError):
                break
            if pause:
                pause()
        response = http.client.HTTPResponse(sock)
        try:
            response.begin()
            return Answer(response.status, response.headers, response.read())
        finally:
            response.close()               # else a failing test would keep the connection


def assert_error(answer, code, message=None, error=None, realm=None, scheme="Bearer"):
    """The answer is exactly this row of docs/endpoints.md, "Errors"."""
    status, row_error, row_message = (401, "Invalid token", None) if code == "wrong_token_type" else PROBLEMS[code]
    assert answer.status == status, answer
    assert answer.header("Content-Type") == "application/json", answer.headers.as_string()
    body = answer.json()
    assert set(body) == {"error", "message", "code"}, body
    assert body["code"] == code, body
    wanted_error, wanted_message = error or row_error, message or row_message
    assert body["error"] == wanted_error if wanted_error else body["error"], body
    assert body["message"] == wanted_message if wanted_message else body["message"], body
    if status == 401:
        assert_challenge(answer, code, realm, scheme)
    if status == 503:
        assert int(answer.header("Retry-After")) > 0, answer.headers.as_string()


def assert_challenge(answer, code, realm=None, scheme="Bearer"):
    """The challenge of a 401 or 403 as RFC 6750 section 3 wants it."""
    got_scheme, parameters = answer.challenge()
    assert got_scheme == scheme, answer.header("WWW-Authenticate")
    assert "realm" in parameters
    if realm is not None:
        assert parameters["realm"] == realm
    wanted = {"token_missing": None, "invalid_credentials": None, "access_denied": "insufficient_scope"}
    assert parameters.get("error") == wanted.get(code, "invalid_token"), answer.header("WWW-Authenticate")


def assert_denied(answer, realm=None):
    """Signed in, but not allowed: 403 with insufficient_scope."""
    assert_error(answer, "access_denied")
    assert_challenge(answer, "access_denied", realm)


def assert_logged_in(answer):
    """A login's answer: both tokens and nothing a cache would keep."""
    assert answer.status == 200, answer
    assert set(answer.json()) == {"access_token", "refresh_token", "token_type", "expires_in"}, answer
    assert answer.json()["token_type"] == "Bearer"
    assert "no-store" in answer.header("Cache-Control")
    assert answer.header("Content-Type") == "application/json"


def at_once(count, work):
    """Results of work(number), begun by so many threads at the same moment."""
    gate = threading.Barrier(count)

    def begin(number):
        gate.wait()
        return work(number)

    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return list(pool.map(begin, range(count)))
