# SPDX-License-Identifier: Apache-2.0
"""Bodies of login, refresh and logout as clients, clumsy or hostile, send them."""
import time

import pytest
from authjwt_client import assert_error, assert_logged_in
from authjwt_env import DEFAULT, Known
from authjwt_leaks import register_secret

CONFIG = DEFAULT
OPTIONS = {"log": "trace8"}
LIMIT = 64 * 1024
PASSWORD = Known.passwords["ann"]
GOOD_JSON = '{"username":"ann","password":"%s"}' % PASSWORD
GOOD_FORM = "username=ann&password=" + PASSWORD
FORM = "application/x-www-form-urlencoded"
HEAD = "POST /login HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n"
CHUNKED = (HEAD + "Transfer-Encoding: chunked\r\n\r\n").encode()


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


def padded(size, kind="json"):
    """A good login of exactly this many bytes."""
    if kind == "json":
        return GOOD_JSON[:-1] + ',"pad":"%s"}' % ("x" * (size - len(GOOD_JSON) - len(',"pad":""')))
    return GOOD_FORM + "&pad=" + "x" * (size - len(GOOD_FORM) - len("&pad="))


@pytest.mark.parametrize("content_type", ["application/json", "application/json;charset=utf-8",
                                          "application/json; charset=UTF-8", "Application/JSON", "application/json ;x=y"])
def test_json_is_recognised_whatever_follows_its_media_type(server, content_type):
    assert_logged_in(server.post("/login", body=GOOD_JSON, content_type=content_type))


@pytest.mark.parametrize("content_type", [FORM, FORM + ";charset=utf-8", FORM + "; charset=UTF-8", FORM.title()])
def test_a_form_is_recognised_whatever_follows_its_media_type(server, content_type):
    assert_logged_in(server.post("/login", body=GOOD_FORM, content_type=content_type))


@pytest.mark.parametrize("content_type", ["text/plain", "application/jsonx", "application/xml", "multipart/form-data; boundary=x",
                                          "application", "text/application/json", "json"])
def test_other_media_types_are_400(server, content_type):
    assert_error(server.post("/login", body=GOOD_JSON, content_type=content_type), "invalid_request")


def test_a_login_without_a_media_type_is_read_as_what_it_looks_like(server):
    assert_logged_in(server.post("/login", body=GOOD_JSON))
    assert_logged_in(server.post("/login", body=GOOD_FORM))
    assert_error(server.post("/login", body=PASSWORD), "invalid_request")
    assert_error(server.post("/login"), "invalid_request")


def test_refresh_and_logout_need_neither_body_nor_media_type(server):
    access, refresh = server.login()
    assert server.post("/refresh", refresh).status == 200
    assert server.post("/logout", access).status == 200


MALFORMED = {
    "empty": "", "blank": "  ", "cut": GOOD_JSON[:-1], "more behind": GOOD_JSON + "x", "two objects": GOOD_JSON * 2,
    "array": "[%s]" % GOOD_JSON, "string": '"ann"', "number": "1", "null": "null", "true": "true",
    "single quotes": GOOD_JSON.replace('"', "'"), "comma at the end": GOOD_JSON[:-1] + ",}", "form in json": GOOD_FORM,
    "duplicate name": GOOD_JSON.replace("{", '{"username":"bob",'),
    "duplicate password": GOOD_JSON.replace("{", '{"password":"x",'),
    "duplicate escaped": GOOD_JSON.replace("{", '{"user\\u006eame":"bob",'),
    "duplicate of nothing that counts": GOOD_JSON.replace("{", '{"a":1,"a":2,'),
    "invalid utf-8": b'{"username":"a\xffnn","password":"x"}', "raw NUL": GOOD_JSON.replace("ann", "ann\0"),
    "escaped NUL": GOOD_JSON.replace("ann", "ann\\u0000"), "lone surrogate": GOOD_JSON.replace("ann", "\\ud800"),
    "NUL in the password": GOOD_JSON.replace(PASSWORD, PASSWORD + "\\u0000"), "byte order mark": "\ufeff" + GOOD_JSON,
    "deep": "[" * 20000 + "]" * 20000, "deep object": '{"a":' * 9000 + "1" + "}" * 9000, "open brackets": "[" * 60000,
    "name is an object": '{"username":{"a":"ann"},"password":"x"}', "name is a list": '{"username":["ann"],"password":"x"}',
    "name is a number": '{"username":1,"password":"x"}', "password is a number": '{"username":"ann","password":1}',
    "name is null": '{"username":null,"password":"x"}', "password is true": '{"username":"ann","password":true}',
    "no name": '{"password":"x"}', "no password": '{"username":"ann"}', "nothing": "{}",
    "empty name": '{"username":"","password":"x"}', "empty password": '{"username":"ann","password":""}',
    "nested": '{"user":%s}' % GOOD_JSON, "names in capitals": '{"Username":"ann","Password":"x"}',
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_json_login_is_400(server, name):
    assert_error(server.post("/login", body=MALFORMED[name], content_type="application/json"), "invalid_request")


def test_a_missing_field_is_named_in_the_error(server):
    for body in ({}, {"username": "ann"}, {"password": "x"}, {"username": "", "password": ""}):
        assert_error(server.post("/login", json=body), "invalid_request", error="Username and password required")


BAD_FORMS = ["", "username=ann", "password=x", "username=&password=x", "username=ann&password=", "username=ann%00&password=x",
             "username=ann&password=x%00y", "username=ann&username=bob&password=x", "username=ann&password=x&password=y",
             "username=%zz&password=x", "username=ann%&password=x", "username=ann%4&password=x", "&&&", "=ann&=x",
             "username=%ff%fe&password=x"]


@pytest.mark.parametrize("body", BAD_FORMS)
def test_a_malformed_form_login_is_400(server, body):
    assert_error(server.post("/login", body=body, content_type=FORM), "invalid_request")


def test_unknown_members_and_every_json_spelling_are_fine(server):
    spelled = '\r\n\t{ "remember" : [1,{"x":null}], "user\\u006eame":"\\u0061nn" ,"password":"%s", "n":-1.5e3 }\n' % PASSWORD
    assert_logged_in(server.post("/login", body=spelled, content_type="application/json"))


def test_form_escapes_and_plus_signs_are_decoded(server):
    escaped = "".join("%%%02x" % ord(one) for one in PASSWORD)
    assert_logged_in(server.post("/login", body="x=1&user%6eame=a%6En&password=" + escaped, content_type=FORM))


def test_passwords_with_blanks_percent_signs_and_umlauts_work_in_both_forms(server):
    from authjwt_env import hash_password
    password = register_secret('a+b c%41&d=\u00e4 "\\ $')
    server.write("users", Known.users() + hash_password("ugo", password))
    try:
        for kind in ("json", "form"):
            assert_logged_in(server.post("/login", **{kind: {"username": "ugo", "password": password}}))
    finally:
        server.write("users", Known.users())


@pytest.mark.parametrize("kind", ["json", "form"])
def test_64_kb_are_read_and_one_byte_more_is_413(server, kind):
    media = "application/json" if kind == "json" else FORM
    assert_logged_in(server.post("/login", body=padded(LIMIT, kind), content_type=media))
    assert_error(server.post("/login", body=padded(LIMIT + 1, kind), content_type=media), "body_too_large")


@pytest.mark.parametrize("path", ["/login", "/refresh", "/logout"])
def test_a_large_body_is_413_at_every_endpoint(server, path):
    assert_error(server.post(path, body="x" * 500000, content_type="application/json"), "body_too_large")


def test_the_limit_holds_for_chunked_bodies_too(server):
    body = padded(LIMIT).encode()
    chunks = [CHUNKED] + [chunk(body[i:i + 4096]) for i in range(0, len(body), 4096)]
    assert_logged_in(server.raw(chunks + [b"0\r\n\r\n"]))
    assert_error(server.raw(chunks + [chunk(b" "), b"0\r\n\r\n"]), "body_too_large")


def test_an_endless_chunked_body_is_cut_off(server):
    def endless():
        yield CHUNKED
        for _ in range(1000):
            yield chunk(b" " * 65536)
    assert_error(server.raw(endless()), "body_too_large")


def test_a_promised_length_over_the_limit_is_refused_before_it_arrives(server):
    answer = server.raw((HEAD + "Content-Length: 1000000000\r\n\r\n").encode(), timeout=15)
    assert_error(answer, "body_too_large")


def test_a_chunked_body_is_not_read_as_empty(server):
    assert_logged_in(server.raw(CHUNKED + chunk(GOOD_JSON.encode()) + b"0\r\n\r\n"))


def test_a_body_in_chunks_of_one_byte_with_extensions_and_a_trailer_works(server):
    pieces = b"".join(b"1;ext=x\r\n%c\r\n" % byte for byte in GOOD_JSON.encode())
    assert_logged_in(server.raw(CHUNKED + pieces + b"0\r\nX-Trailer: y\r\n\r\n"))


def test_slow_bodies_work(server):
    body = GOOD_JSON.encode()
    head = (HEAD + "Content-Length: %d\r\n\r\n" % len(body)).encode()
    pieces = [head] + [body[i:i + 10] for i in range(0, len(body), 10)]
    assert_logged_in(server.raw(pieces, pause=lambda: time.sleep(0.02)))
    pieces = [CHUNKED] + [chunk(body[i:i + 10]) for i in range(0, len(body), 10)] + [b"0\r\n", b"\r\n"]
    assert_logged_in(server.raw(pieces, pause=lambda: time.sleep(0.02)))


def test_expect_100_continue_works(server):
    assert_logged_in(server.post("/login", body=GOOD_JSON, content_type="application/json",
                                 headers={"Expect": "100-continue"}))


def test_broken_chunks_are_400(server, expect_log):
    expect_log.may(r"AH0\d{4}: ")
    answer = server.raw(CHUNKED + b"zz\r\n" + GOOD_JSON.encode() + b"\r\n0\r\n\r\n")
    assert answer.status == 400


def test_a_client_that_goes_away_in_the_middle_harms_nobody(server):
    import socket
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", server.port)) as sock:
            sock.sendall((HEAD + "Content-Length: 100\r\n\r\n").encode() + b'{"username"')
    assert_logged_in(server.try_login())


def test_the_next_request_on_the_connection_is_read_right_after_a_refused_body(server):
    bad = GOOD_JSON.replace(PASSWORD, Known.wrong_password).encode()
    one = HEAD.replace("Connection: close\r\n", "")
    import socket
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as sock:
        sock.sendall((one + "Content-Length: %d\r\n\r\n" % len(bad)).encode() + bad
                     + (HEAD + "Content-Length: %d\r\n\r\n" % len(GOOD_JSON)).encode() + GOOD_JSON.encode())
        both = b"".join(iter(lambda: sock.recv(65536), b""))
    from authjwt_leaks import register_answer
    register_answer(both.decode())
    assert both.startswith(b"HTTP/1.1 401") and b"HTTP/1.1 200 OK" in both and both.count(b"HTTP/1.1") == 2


@pytest.mark.parametrize("body", ['{"refresh_token":null', "[]", '{"refresh_token":"a","refresh_token":"b"}',
                                  '{"refresh_token":"a\\u0000"}'])
def test_a_malformed_refresh_body_is_400(server, body):
    assert_error(server.post("/refresh", body=body, content_type="application/json"), "invalid_request")


@pytest.mark.parametrize("value", [1, None, True, [], ["x"], {"a": "b"}])
def test_a_refresh_token_that_is_no_string_is_refused(server, value):
    answer = server.post("/refresh", json={"refresh_token": value})
    assert_error(answer, {400: "invalid_request", 401: "token_missing"}[answer.status])


@pytest.mark.parametrize("body", ['{"everywhere":tru}', "[true]", '{"everywhere":true,"everywhere":false}', "{"])
def test_a_malformed_logout_body_is_400_and_ends_nothing(server, body):
    access, _ = server.login()
    assert_error(server.post("/logout", access, body=body, content_type="application/json"), "invalid_request")
    assert server.get("/protected", access).status == 200


def test_a_malformed_body_is_named_at_info_without_its_content(server, mark):
    register_secret("unquoted-pass-phrase")
    server.post("/login", body='{"password":unquoted-pass-phrase}', content_type="application/json")
    server.assert_logged(mark, r"\[authjwt:info\].*AJ\d{4}: ")
