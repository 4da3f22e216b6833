# SPDX-License-Identifier: Apache-2.0
"""Range and conditional requests, caches in front, connections that users share: nobody gets what is somebody else's."""
import http.client
import socket

import pytest
from authjwt_client import Answer, assert_error, send_raw
from authjwt_env import DEFAULT, location, protected
from authjwt_rules import token_of
from authjwt_tokens import tamper
from authjwt_visitor import ACCESS, REFRESH, WEB, set_cookies, signed_in

CACHE = """
CacheEnable socache /
CacheSocache shmcb
CacheQuickHandler off
CacheHeader on
CacheIgnoreNoLastMod on
CacheDefaultExpire 600
FileETag MTime Size
"""
CONFIG = DEFAULT + CACHE + "KeepAliveTimeout 20\n" + (protected("/p/file") + location("/open", 'Header set Cache-Control "max-age=600"') + protected("/members") + location("/members", 'Header set Cache-Control "max-age=600"')
       + protected("/shared") + location("/shared", 'Header set Cache-Control "public, max-age=600"')
       + protected("/cgi", "Require valid-user"))
FILES = {"htdocs/members/file.txt": "0123456789\n", "htdocs/open/file.txt": "0123456789\n", "htdocs/shared/file.txt": "0123456789\n"}
OPTIONS = {"modules": ("cache", "cache_socache", "deflate", "filter"), "children": 1}
PRIVATE = ("private", "Authorization")


@pytest.fixture
def ann():
    return token_of("ann")


def kept(answer):
    """(Cache-Control, Vary)"""
    return answer.header("Cache-Control"), answer.header("Vary")


@pytest.mark.parametrize("wanted, status, body", [("bytes=0-2", 206, "let"), ("bytes=-3", 206, "in\n"), ("bytes=2-4", 206, "t i"), ("bytes=99-", 416, None),
                                                  ("lines=1-2", 200, "let in\n")])
def test_a_part_of_a_file_needs_a_token_like_the_whole(server, ann, wanted, status, body):
    for bad in (None, tamper(ann)):
        answer = server.get("/p/file", bad, headers={"Range": wanted})
        assert answer.status == 401 and "let" not in answer.text and answer.header("Content-Range") is None
    answer = server.get("/p/file", ann, headers={"Range": wanted})
    assert answer.status == status and (body is None or answer.text == body)
    assert kept(answer) == PRIVATE


def test_a_condition_is_answered_only_to_who_may_see_the_file(server, ann):
    first = server.get("/p/file", ann)
    etag, modified = first.header("ETag"), first.header("Last-Modified")
    assert first.status == 200 and kept(first) == PRIVATE
    for condition in ({"If-None-Match": etag}, {"If-Modified-Since": modified}, {"If-None-Match": "*"}):
        answer = server.get("/p/file", ann, headers=condition)
        assert answer.status == 304 and not answer.body and kept(answer) == PRIVATE
        for bad in (None, tamper(ann)):
            answer = server.get("/p/file", bad, headers=condition)
            assert answer.status == 401 and answer.header("ETag") is None
    for condition, status in (({"If-Match": '"x"'}, 412), ({"If-Unmodified-Since": "Mon, 01 Jan 2001 00:00:00 GMT"}, 412)):
        assert server.get("/p/file", ann, headers=condition).status == status
        assert server.get("/p/file", headers=condition).status == 401


def test_if_range_gives_the_part_or_the_whole(server, ann):
    etag = server.get("/p/file", ann).header("ETag").removeprefix("W/")
    whole = server.get("/p/file", ann, headers={"Range": "bytes=0-2", "If-Range": '"other"'})
    assert whole.status == 200 and whole.text == "let in\n" and kept(whole) == PRIVATE
    assert server.get("/p/file", ann, headers={"Range": "bytes=0-2", "If-Range": etag}).status in (200, 206)
    assert server.get("/p/file", headers={"Range": "bytes=0-2", "If-Range": etag}).status == 401


def test_head_says_what_get_would(server, ann):
    for token, status in ((ann, 200), (None, 401), (tamper(ann), 401)):
        head, get = (server.request(method, "/p/file", token=token) for method in ("HEAD", "GET"))
        assert head.status == get.status == status and not head.body
        assert kept(head) == kept(get) and head.header("WWW-Authenticate") == get.header("WWW-Authenticate")


def from_cache(answer):
    return (answer.header("X-Cache") or "").startswith("HIT")


def test_the_control_the_cache_in_front_does_keep_what_is_public(server):
    server.get("/open/file.txt")
    assert from_cache(server.get("/open/file.txt"))


@pytest.mark.parametrize("path", ["/p/file", "/members/file.txt", "/cgi/x"])
def test_it_keeps_nothing_that_is_for_members(server, path):
    """Not even where the page itself may be kept for a while: an answer to a request with Authorization is not for others (RFC 9111 3.5)."""
    for user in ("ann", "bob", "ann"):
        answer = server.get(path, token_of(user))
        assert answer.status == 200 and not from_cache(answer)
        if path.startswith("/cgi"):
            assert answer.env()["REMOTE_USER"] == user
    for bad in (None, tamper(token_of())):
        assert server.get(path, bad).status == 401


def test_what_the_administrator_makes_public_is_kept_for_each_token_and_still_asked_a_token_for(server):
    """With CacheQuickHandler off the cache stands behind authentication; Vary keeps what it has apart."""
    ann, bob = token_of("ann"), token_of("bob")
    for _ in range(2):
        answer = server.get("/shared/file.txt", ann)
        assert answer.text == "0123456789\n"
    assert from_cache(answer) and not from_cache(server.get("/shared/file.txt", bob))
    for bad in (None, tamper(ann)):
        assert server.get("/shared/file.txt", bad).status == 401


def test_an_answer_with_new_cookies_is_not_kept_even_where_the_page_is_public(new_server):
    """AuthJWTCookieAutoRefresh: whole, in part, and as 304."""
    server = new_server(CACHE + WEB + protected("/shared", "AuthJWTCookieAutoRefresh /refresh", 'Header set Cache-Control "public, max-age=600"',
                                                "Require valid-user"), **OPTIONS)
    server.write("htdocs/shared/file.txt", FILES["htdocs/shared/file.txt"])
    server.start()
    jar = signed_in(server).jar
    etag = server.get("/shared/file.txt", cookies={ACCESS: jar[ACCESS]}).header("ETag")
    for headers, status in (({}, 200), ({"If-None-Match": etag}, 304), ({"Range": "bytes=0-2"}, 206)):
        spent = {REFRESH: signed_in(server).jar[REFRESH]}
        for _ in range(2):
            answer = server.get("/shared/file.txt", cookies=spent, headers=headers)
            assert answer.status == status and not from_cache(answer) and ACCESS in set_cookies(answer)
            assert answer.header("Cache-Control") == "no-store" and answer.header("Vary") == "Authorization,Cookie"
    assert from_cache(server.get("/shared/file.txt", cookies={ACCESS: jar[ACCESS]})), "the control"


def test_a_cache_that_answers_first_asks_nobody(new_server, ann):
    """CacheQuickHandler on, httpd's default: what is public goes to whoever sends the same cookie again, also after a logout, as docs/httpd.md
    says. What has no Cache-Control of its own, and what is asked for by header, is kept for no one even then."""
    server = new_server(CACHE.replace("CacheQuickHandler off", "") + WEB + protected("/shared") + protected("/p/file")
                        + location("/shared", 'Header set Cache-Control "public, max-age=600"'), **OPTIONS)
    server.write("htdocs/shared/file.txt", FILES["htdocs/shared/file.txt"])
    server.start()
    cookies = {ACCESS: signed_in(server, "bob").jar[ACCESS]}
    for path in ("/shared/file.txt", "/p/file"):
        assert server.get(path, cookies=cookies).status == server.get(path, ann).status == 200
    assert server.post("/logout", cookies[ACCESS]).status == 200
    assert from_cache(server.get("/shared/file.txt", cookies=cookies))
    assert server.get("/shared/file.txt").status == 401, "by Vary another request"
    assert not from_cache(server.get("/shared/file.txt", ann))
    assert_error(server.get("/p/file", cookies=cookies), "token_revoked")


def test_a_refusal_is_not_kept(server, ann):
    for _ in range(2):
        assert server.get("/p/file").status == 401
    assert server.get("/p/file", ann).status == 200 and server.get("/p/file").status == 401


# --- one connection -------------------------------------------------------------------------------------------------------------------


def test_users_who_share_a_connection_do_not_mix(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    for turn in range(12):
        user = (None, "ann", "bob")[turn % 3]
        bad = turn % 4 == 3
        token = token_of(user or "cara")
        headers = {"Authorization": "Bearer " + (tamper(token) if bad else token)} if user or bad else {}
        connection.request("POST" if turn % 2 else "GET", "/cgi/x", headers=headers, body=b"a=b" if turn % 2 else None)
        response = connection.getresponse()
        answer = Answer(response.status, response.headers, response.read())
        if user and not bad:
            assert answer.env()["REMOTE_USER"] == user and answer.env()["JWT_CLAIM_SUB"] == user
        else:
            assert_error(answer, "token_invalid" if bad else "token_missing")
    connection.close()


def test_requests_sent_ahead_do_not_mix(server):
    head = "GET /cgi/x HTTP/1.1\r\nHost: localhost\r\n%s%s\r\n"
    users = ["ann", None, "bob", "ann", None, "cara"]
    sent = "".join(head % ("Authorization: Bearer %s\r\n" % token_of(user) if user else "", "Connection: close\r\n" * (number == len(users) - 1))
                   for number, user in enumerate(users))

    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as sock:
        sock.sendall(sent.encode())
        answers = sock.makefile("rb").read().split(b"HTTP/1.1 ")[1:]
    assert len(answers) == len(users)
    for user, answer in zip(users, answers):
        assert answer.startswith(b"200" if user else b"401")
        assert (b"REMOTE_USER=%s\0" % user.encode() in answer) if user else b"REMOTE_USER" not in answer


def test_a_body_is_not_asked_for_where_the_token_is_no_good(server, ann):
    """Expect: 100-continue: the refusal comes at once, and a good token is told to go on."""
    head = "POST /cgi/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\nExpect: 100-continue\r\nConnection: close\r\nAuthorization: Bearer %s\r\n\r\n"
    assert_error(send_raw(server.port, (head % tamper(ann)).encode()), "token_invalid")

    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as sock:
        sock.sendall((head % ann).encode())
        assert sock.recv(100).startswith(b"HTTP/1.1 100 ")
        sock.sendall(b"0123456789")
        assert b"200 OK" in sock.makefile("rb").read()


NAMED = 'Header %sset X-User "expr=%%{jwt:sub}"'


@pytest.mark.parametrize("always", ["", "always "])
@pytest.mark.parametrize("quick", ["off", "on"])
@pytest.mark.parametrize("cookies", ["off", "on"])
def test_a_header_that_is_made_of_a_claim_is_kept_for_nobody_else(new_server, quick, always, cookies):
    """Asked for while the headers of the answer are made, in a place that asks nobody for a token."""
    cache = CACHE.replace("CacheQuickHandler off", "CacheQuickHandler " + quick)
    server = new_server(cache + DEFAULT + "AuthJWTCookies %s\n" % cookies
                        + location("/open", 'Header set Cache-Control "public, max-age=600"', NAMED % always)
                        + location("/plain", 'Header set Cache-Control "public, max-age=600"')
                        + location("/without", NAMED % always, "Header unset Vary"), **OPTIONS)
    for name in ("open", "plain", "without"):
        server.write("htdocs/%s/file.txt" % name, "0123456789\n")
    server.start()
    for _ in range(2):
        for user in ("ann", "bob", None, "cara"):
            answer = server.get("/open/file.txt", user and token_of(user))
            assert answer.header("X-User") == (user or ""), answer.headers.as_string()
            assert answer.header("Vary") == ("Authorization,Cookie" if cookies == "on" else "Authorization")
            assert answer.header("Cache-Control") == "public, max-age=600"
    plain = [server.get("/plain/file.txt") for _ in range(2)]
    assert from_cache(plain[1]) and plain[1].header("Vary") is None, "the control"
    assert server.get("/without/file.txt", token_of("ann")).header("Cache-Control") == "private"


def test_nor_is_one_at_an_endpoint_that_caches_may_keep(new_server):
    """jwt-jwks asks nobody for a token and is public."""
    server = new_server(CACHE + DEFAULT + location("/keys", "SetHandler jwt-jwks", NAMED % "") + location("/bare-keys", "SetHandler jwt-jwks"), **OPTIONS).start()
    for _ in range(2):
        for user in ("ann", "bob", None):
            answer = server.get("/keys", user and token_of(user))
            assert (answer.header("X-User"), answer.header("Vary")) == (user or "", "Authorization"), answer.headers.as_string()
    plain = server.get("/bare-keys")
    assert plain.header("Vary") is None and plain.header("Cache-Control").startswith("public"), "the control"
