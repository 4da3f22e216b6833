# SPDX-License-Identifier: Apache-2.0
"""A proxied application that says what it saw: a threading HTTP/1.1 server in this process.

Its answers are JSON; seen(answer) reads them. The query asks for other things: ?status=403 answers with that status and a body of its
own, and each ?header=Name:value is sent along.
"""
import hashlib
import http.server
import json
import threading
import urllib.parse


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 20
    disable_nagle_algorithm = True

    def read_body(self):
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while True:
            size = int(self.rfile.readline().split(b";")[0], 16)
            body += self.rfile.read(size)
            self.rfile.readline()
            if not size:
                return body

    def answer(self):
        body = self.read_body()
        path, _, query = self.path.partition("?")
        asked = urllib.parse.parse_qs(query)
        saw = {"method": self.command, "path": path, "query": query, "headers": self.headers.items(), "length": len(body),
               "sha256": hashlib.sha256(body).hexdigest(), "connection": self.client_address[1]}
        self.server.seen.append(saw)
        status = int(asked.get("status", ["200"])[0])
        content = json.dumps(saw).encode() if status == 200 else b"the application says %d" % status
        self.send_response(status)
        for field in asked.get("header", []):
            self.send_header(*field.split(":", 1))
        self.send_header("Content-Type", "application/json" if status == 200 else "text/plain")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def __getattr__(self, name):
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)

    def log_message(self, *_):
        pass


class App:
    """Use it as a context manager. seen: every request, in order."""

    MODULES = ("proxy", "proxy_http")

    def __enter__(self):
        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.seen = self.seen = []
        self.port = self.http.server_address[1]
        self.url = "http://127.0.0.1:%d" % self.port
        threading.Thread(target=self.http.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *exception):
        self.http.shutdown()
        self.http.server_close()


class Saw(dict):
    """One request as the application saw it."""

    def all(self, name):
        """Values of a header, looked up as frameworks do: without case, `_` like `-`."""
        return [value for key, value in self["headers"] if key.lower().replace("_", "-") == name.lower()]

    def one(self, name):
        values = self.all(name)
        assert len(values) < 2, "%s twice: %r" % (name, values)
        return values[0] if values else None


def seen(answer):
    assert answer.status == 200, answer
    return Saw(answer.json())
