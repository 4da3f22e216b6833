# SPDX-License-Identifier: Apache-2.0
"""Large uploads to an application: they flow through while they come, also where the session is renewed on the way or PHP reads them;
and bodies that cannot be read get one answer."""
import contextlib
import hashlib
import http.server
import json
import pathlib
import re
import socket
import subprocess
import threading

import pytest
from authjwt_client import send_raw
from authjwt_env import location, protected, running
from authjwt_php_fpm import PhpFpm
from authjwt_rules import token_of
from authjwt_tokens import read
from authjwt_visitor import ACCESS, CSRF_ACCESS, REFRESH, WEB, set_cookies, signed_in

MB = 1 << 20
LARGE = 100 * MB
ROOM = 16 * 1024                            # KB that a child may grow by
FORM, OCTETS = "application/x-www-form-urlencoded", "application/octet-stream"
CONFIG = "AuthJWTCookieAutoRefresh /refresh\n" + WEB + (
    protected("/up", "Require valid-user", "AuthJWTRequestHeader X-Remote-User sub") + location("/up", "ProxyPass @sink@")
    + protected("/token", "Require valid-user", "AuthJWTCookieCSRFProtect token", "AuthJWTRequestHeader X-Remote-User sub")
    + location("/token", "ProxyPass @sink@")
    + protected("/php", "Require valid-user", "SetEnv proxy-sendcl 1", 'SetEnv PHP_VALUE "post_max_size = 200M"') + '<FilesMatch "\\.php$">\n    SetHandler @php@\n</FilesMatch>\n'
    + protected("/small", "Require valid-user", "AuthJWTCookieCSRFProtect token", "LimitRequestBody 1000")
    + "AliasMatch ^/small @dir@/htdocs/ok.txt\nRequestReadTimeout body=2,MinRate=500\n")
SUM_PHP = """<?php
$hash = hash_init('sha256'); $length = 0; $body = fopen('php://input', 'rb');
while (!feof($body)) { $piece = fread($body, 65536); $length += strlen($piece); hash_update($hash, $piece); }
echo json_encode(['length' => $length, 'sha256' => hash_final($hash), 'user' => $_SERVER['REMOTE_USER']]);
"""


class Handler(http.server.BaseHTTPRequestHandler):
    """Reads as it comes, and says what has come at last."""

    def do_POST(self):
        left, digest, length = int(self.headers["Content-Length"]), hashlib.sha256(), 0
        while left:
            piece = self.rfile.read1(min(left, MB))
            self.server.arrived.set()
            digest.update(piece)
            length, left = length + len(piece), left - len(piece)
        said = json.dumps({"length": length, "sha256": digest.hexdigest(), "user": self.headers["X-Remote-User"]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def sink():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as one:
        one.arrived = threading.Event()
        threading.Thread(target=one.serve_forever, args=(0.05,), daemon=True).start()
        yield one
        one.shutdown()


@pytest.fixture(scope="module")
def server(sink):
    with PhpFpm() as php:
        config = CONFIG.replace("@php@", php.handler).replace("@sink@", "http://127.0.0.1:%d" % sink.server_address[1])
        yield from running({"CONFIG": config, "FILES": {"htdocs/php/sum.php": SUM_PHP}, "OPTIONS": {
            "modules": dict.fromkeys((*PhpFpm.MODULES, "proxy_http", "reqtimeout"))}})


def by_header(server):
    return {"Authorization": "Bearer " + token_of("ann")}


def by_cookie(server):
    jar = signed_in(server).jar
    return {"Cookie": "%s=%s" % (ACCESS, jar[ACCESS]), "X-CSRF-TOKEN": jar[CSRF_ACCESS]}


def renewed(server):
    jar = signed_in(server).jar
    return {"Cookie": "%s=%s" % (REFRESH, jar[REFRESH]), "X-CSRF-TOKEN": read(jar[REFRESH])["csrf"]}


def head(path, length, fields, kind=OCTETS):
    return ("POST %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: %s\r\n%s%s\r\n\r\n" % (
        path, kind, "".join("%s: %s\r\n" % pair for pair in fields.items()),
        "Content-Length: %d" % length if length is not None else "Transfer-Encoding: chunked")).encode()


def largest(server):
    """Most memory that any child has ever had, in KB."""
    children = subprocess.run(["pgrep", "-P", str(server.process.pid)], capture_output=True, text=True, check=True).stdout.split()
    found = []
    for child in children:
        with contextlib.suppress(OSError):  # it has ended since
            found += re.findall(r"(?m)^VmHWM:\s+(\d+)", pathlib.Path("/proc/%s/status" % child).read_text())
    return max(map(int, found))


@pytest.mark.parametrize("who", [by_header, by_cookie, renewed])
def test_the_first_part_arrives_before_the_last_is_sent(server, sink, who):
    fields, piece = who(server), b"x" * 200000
    sink.arrived.clear()
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as sock:
        sock.sendall(head("/up/x", 2 * len(piece), fields) + piece)
        assert sink.arrived.wait(20), "httpd keeps the body to itself"
        sock.sendall(piece)
        assert sock.makefile("rb").read().startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("path", ["/up/x", "/php/sum.php"])
@pytest.mark.parametrize("who", [by_header, renewed])
def test_100_mb_arrive_whole_and_take_no_memory(server, path, who):
    before, piece = largest(server), bytes(range(256)) * 4096
    answer = send_raw(server.port, [head(path, LARGE, who(server)), *[piece] * (LARGE // MB)], timeout=60)
    assert answer.json() == {"length": LARGE, "sha256": hashlib.sha256(piece * (LARGE // MB)).hexdigest(), "user": "ann"}
    assert (REFRESH in set_cookies(answer)) == (who is renewed)
    assert largest(server) - before < ROOM


def test_a_large_form_that_was_looked_into_takes_no_memory_either(server):
    jar = signed_in(server).jar
    before, first, piece = largest(server), b"csrf_token=%s&x=" % jar[CSRF_ACCESS].encode(), b"y" * MB
    length = len(first) + LARGE
    answer = send_raw(server.port, [head("/token/x", length, {"Cookie": "%s=%s" % (ACCESS, jar[ACCESS])}, FORM) + first,
                                    *[piece] * (LARGE // MB)], timeout=60)
    assert answer.json()["length"] == length and answer.json()["user"] == "ann"
    assert largest(server) - before < ROOM


# --- bodies that cannot be read ---------------------------------------------------------------------------------------------------------

def said_to(server, sent):
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as sock:
        sock.sendall(sent)
        return sock.makefile("rb").read().decode()


UNREADABLE = [("too long", "/small/x", 3000, b"a=" + b"x" * 2998, "413"), ("too long in chunks", "/small/x", None, b"bb8\r\na=" + b"x" * 2998 + b"\r\n0\r\n\r\n", "413"),
              ("no chunks", "/token/x", None, b"zz\r\na=b\r\n0\r\n\r\n", "400"), ("too slow", "/token/x", 1000, b"a=b", "408")]


@pytest.mark.parametrize("path, length, body, status", [row[1:] for row in UNREADABLE], ids=[row[0] for row in UNREADABLE])
def test_a_form_that_cannot_be_read_gets_one_answer_that_says_so(server, path, length, body, status):
    """And not httpd's own, with ours about the missing proof behind it."""
    cookie = {"Cookie": "%s=%s" % (ACCESS, signed_in(server).jar[ACCESS])}
    said = said_to(server, head(path, length, cookie, FORM) + body)
    assert said.startswith("HTTP/1.1 %s " % status) and "csrf" not in said, said
    assert said.count("</html>") + said.count('"code"') == 1, said


def test_the_proof_does_not_help_a_form_that_breaks_off_behind_it(server):
    jar = signed_in(server).jar
    field = ("csrf_token=%s" % jar[CSRF_ACCESS]).encode()
    said = said_to(server, head("/token/x", None, {"Cookie": "%s=%s" % (ACCESS, jar[ACCESS])}, FORM) + b"%x\r\n%s\r\nzz\r\n" % (len(field), field))
    assert said.startswith("HTTP/1.1 400 ") and said.count("</html>") == 1, said


def test_the_control_such_a_form_is_read_where_it_is_right(server):
    jar = signed_in(server).jar
    field = ("csrf_token=%s" % jar[CSRF_ACCESS]).encode()
    answer = send_raw(server.port, head("/token/x", len(field), {"Cookie": "%s=%s" % (ACCESS, jar[ACCESS])}, FORM) + field)
    assert answer.json()["length"] == len(field)
