# SPDX-License-Identifier: Apache-2.0
"""A Python application in the servers that administrators run: uWSGI (by the protocols uwsgi, SCGI and FastCGI) and gunicorn (by HTTP).

Its answers are JSON: the environment that it saw, length and SHA-256 of the body. seen(answer) reads them.
"""
import os

from authjwt_process import tethered_hard
from authjwt_service import Service, free_port

APPLICATION = """import hashlib, json

def application(environ, start_response):
    body = environ["wsgi.input"].read()
    saw = {name: value for name, value in environ.items() if isinstance(value, str)}
    saw.update(length=len(body), sha256=hashlib.sha256(body).hexdigest())
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(saw).encode()]
"""


class Uwsgi(Service):
    MODULES = ("proxy", "proxy_uwsgi", "proxy_scgi", "proxy_fcgi")
    ends_with = (0, 30)                     # 30 is its word for "as I was told"

    def __init__(self):
        super().__init__()
        self.ports = {name: free_port() for name in ("uwsgi", "scgi", "fcgi")}
        options = ["--socket", "--scgi-socket", "--fastcgi-socket"]
        sockets = [word for option, port in zip(options, self.ports.values()) for word in (option, "127.0.0.1:%d" % port)]
        user = {"user": "www-data", "group": "www-data", "extra_groups": []} if os.getuid() == 0 else {}
        self.run(["uwsgi", "--plugin", "python3", "--wsgi-file", self.write("app.py", APPLICATION), "--need-app", "--die-on-term", *sockets],
                 *(("127.0.0.1", port) for port in self.ports.values()), preexec_fn=tethered_hard, **user)

    def address(self, kind):
        """Target of ProxyPass. kind: uwsgi, scgi or fcgi"""
        return "%s://127.0.0.1:%d/" % (kind, self.ports[kind])


class Gunicorn(Service):
    MODULES = ("proxy", "proxy_http")

    def __init__(self):
        super().__init__()
        self.port = free_port()
        self.write("app.py", APPLICATION)
        self.run(["/usr/bin/gunicorn", "--worker-tmp-dir", self.dir, "-b", "127.0.0.1:%d" % self.port, "app"], ("127.0.0.1", self.port),
                 says="Booting worker")

    @property
    def url(self):
        return "http://127.0.0.1:%d/" % self.port


def seen(answer):
    assert answer.status == 200 and answer.header("Content-Type") == "application/json", answer
    return answer.json()
