# SPDX-License-Identifier: Apache-2.0
"""A private httpd for a file of conf/examples, as shipped but for a visible list of replacements.

It loads what Debian enables by itself, and what the file's own a2enmod line names: an example that forgets a module fails.
authjwt_docs.py does the same for the configurations in docs/.
"""
import os
import pathlib
import re
import subprocess

import requests
from authjwt_env import MODULE, Httpd, Known, apxs
from authjwt_leaks import register_token
from authjwt_visitor import NAVIGATION

EXAMPLES = pathlib.Path(__file__).resolve().parents[3] / "conf/examples"

# Enabled on Debian after `apt-get install apache2`, but for those its httpd has built in; and what a2enmod enables along.
ENABLED = ("access_compat alias auth_basic authn_core authn_file authz_core authz_host authz_user autoindex deflate dir env filter "
           "mime mpm_event negotiation reqtimeout setenvif status").split()
ALONG = {"ssl": ["socache_shmcb"], "proxy_fcgi": ["proxy"], "proxy_http": ["proxy"], "proxy_ajp": ["proxy"], "proxy_wstunnel": ["proxy"],
         "authnz_ldap": ["ldap"], "authn_dbd": ["dbd"], "authz_dbd": ["dbd"]}

# What stands in the examples, and what takes its place here.
REPLACED = {
    "<VirtualHost *:443>": "<VirtualHost 127.0.0.1:@port@>",
    "/etc/ssl/certs/ssl-cert-snakeoil.pem": "@dir@/certificate.pem",
    "/etc/ssl/private/ssl-cert-snakeoil.key": "@dir@/certificate.key",
    "/etc/apache2/": "@dir@/",
}
WWW = {"/var/www/": "@dir@/www/"}            # of examples with files
# What Debian's apache2.conf and ssl.conf have, and a store of this test's own in place of /var/lib/apache2/authjwt.
AROUND = """
LogFormat "%h %l %u %t \\"%r\\" %>s %O \\"%{Referer}i\\" \\"%{User-Agent}i\\"" combined
<Directory />
    Options FollowSymLinks
    Require all denied
</Directory>
<Directory @dir@/www>
    Require all granted
</Directory>
<IfModule ssl_module>
    SSLSessionCache shmcb:@dir@/run/ssl(64000)
</IfModule>
<IfModule authjwt_module>
    AuthJWTRevocationStore lmdb:@dir@/state(64M)
</IfModule>
"""


def names_after_a2enmod(text):
    return [word for line in re.findall(r"(?m)^\W*a2enmod (.*)$", text) for word in line.split()]


class OnDebian(Httpd):
    """text: a configuration as an administrator would save it. named: what a2enmod is told to enable. replaced: what stands in
    text -> what takes its place. files: name -> content, written below the server's directory, a script if it begins with #!;
    jwt.secret, jwt.users and jwt.groups are there."""

    def __init__(self, text, named, replaced, groups=Known.groups, files=None, defined=""):
        self.named = named
        super().__init__(AROUND + defined + self._replace(text, replaced), log="info")
        self.env["APACHE_LOG_DIR"] = self.dir
        self.write("jwt.secret", Known.secret, 0o600)
        self.write("jwt.users", Known.users())
        self.write("jwt.groups", groups)
        for path, content in (files or {}).items():
            self.write(path, content, 0o755 if content[:2] in ("#!", b"#!") else 0o644)
        self._make_certificate("localhost", *re.findall(r"(?m)^ *ServerName +(\S+)", text))

    @staticmethod
    def _replace(text, replaced):
        for old, new in replaced.items():
            assert old in text, "it has no %r any more" % old
            text = text.replace(old, new)
        return text

    def _make_certificate(self, *names):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=" + ",".join("DNS:" + name for name in names),
                        "-addext", "basicConstraints=critical,CA:FALSE", "-out", self.certificate,
                        "-keyout", self.path("certificate.key")], check=True, capture_output=True)

    def _load_modules(self):
        where = apxs("LIBEXECDIR")
        wanted = ENABLED + [one for name in self.named for one in ALONG.get(name, []) + [name]] + ["cgid"]   # the harness has ScriptSock
        for name in dict.fromkeys(wanted):
            path = MODULE if name == "authjwt" else os.path.join(where, "mod_%s.so" % name)
            yield "LoadModule %s_module %s" % (name, path)

    @property
    def certificate(self):
        return self.path("certificate.pem")

    @property
    def origin(self):
        return "https://localhost:%d" % self.port

    def client(self):
        return Client(self)


class Example(OnDebian):
    def __init__(self, name, replaced=None, groups=Known.groups, files=None, defined=""):
        shipped = (EXAMPLES / name).read_text()
        named = names_after_a2enmod(shipped)
        assert "authjwt" in named
        super().__init__(shipped, named, {**REPLACED, **(replaced or {})}, groups, files, defined)


class Client(requests.Session):
    """Asks for paths, keeps cookies, and follows no redirects."""

    def __init__(self, server):
        super().__init__()
        self.trust_env = False
        self.server, self.verify = server, server.certificate

    def request(self, method, path, **more):
        return super().request(method, self.server.origin + path, **{**more, "timeout": 20, "allow_redirects": False})

    def open(self, path):
        """GET as a browser that navigates."""
        return self.get(path, headers=NAVIGATION)

    def sign_in(self, user, next_page="/"):
        """Fill in the login page."""
        answer = self.post("/login", data={"username": user, "password": Known.passwords[user], "next": next_page},
                           headers={**NAVIGATION, "Sec-Fetch-Site": "same-origin"})
        assert answer.status_code == 303 and answer.headers["Location"] == next_page, answer.text
        return answer

    def token(self, user):
        """Access token of a new session, by JSON."""
        answer = self.post("/login", json={"username": user, "password": Known.passwords[user]})
        assert answer.status_code == 200, answer.text
        return register_token(answer.json()["access_token"])
