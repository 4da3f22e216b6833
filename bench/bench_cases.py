# SPDX-License-Identifier: Apache-2.0
"""What is measured. A case that needs a program or module which is not installed is left out, and said so."""
import dataclasses
import os
import subprocess
import sys

from bench_servers import HERE, MODULES, KeySet, program
from bench_tokens import ALGS as LABELS
from bench_tokens import AUDIENCE, ISSUER, basic, sessions


@dataclasses.dataclass
class Case:  # pylint: disable=too-many-instance-attributes
    """One server with one kind of request."""
    name: str
    lines: list = dataclasses.field(default_factory=list)
    kind: str = "httpd"
    base: str = "httpd, a token that nobody reads"
    peer: str = ""              # the case of mod_auth_openidc to compare with
    path: str = "/index.txt"
    headers: dict = dataclasses.field(default_factory=dict)
    tokens: str = ""            # a file with tokens, sent in turn
    method: str = "GET"
    once: bool = False          # each of the tokens once
    script: str = ""
    threads: int = 32
    connections: int = 0
    protects: bool = True
    count: bool = False         # instructions too
    revocations: int = 0
    remote: bool = False        # a server of entries runs meanwhile, at @store@ in the lines

    def bare(self):
        """The same requests to a httpd that does nothing about them."""
        return Case("httpd alone, sent the same", headers=self.headers, tokens=self.tokens, protects=False)

    def sends(self):
        """Cases that send the same have the same bare()."""
        return self.tokens, tuple(self.headers.items())


class Cases:
    """All cases, for the keys of this run."""

    def __init__(self, keys, module, quick, many=None):
        self.count = many or (2000 if quick else 10000)
        self.keys, self.module, self.quick, self.notes = keys, module, quick, []
        self.good = {name: keys.token(name) for name in ("hs256", "rs256", "es256", "eddsa")}
        self.many = {name: keys.file(name, self.count) for name in (("hs256",) if quick else ("hs256", "rs256", "es256"))}

    def bearer(self, name):
        return {"Authorization": "Bearer " + self.good[name]}

    # --- this module -------------------------------------------------------------------------------

    def _loaded(self, key="HS256 file:@keys@/hs256.secret", more=()):
        return ["LoadModule authjwt_module " + self.module, "AuthJWTKey " + key, "AuthJWTIssuer " + ISSUER, "AuthJWTAudience " + AUDIENCE,
                "AuthJWTRevocationStore lmdb:@folder@/state(1G)", *more]

    def _protecting(self, *arguments, section=("Require jwt-role billing",), **more):
        return self._loaded(*arguments, **more) + ["<protected>", "AuthType JWT", "AuthName bench", *section, "</protected>"]

    def own(self):
        keys = {"hs256": "HS256 file:@keys@/hs256.secret", "rs256": "RS256 file:@keys@/rs256.pub.pem",
                "es256": "ES256 file:@keys@/es256.pub.pem", "eddsa": "EdDSA file:@keys@/eddsa.pub.pem"}
        for name in ("hs256",) if self.quick else keys:
            yield Case("mod_authjwt, %s, one token" % LABELS[name], self._protecting(keys[name]), headers=self.bearer(name),
                       peer="mod_auth_openidc, %s, one token" % LABELS[name], count=True)
        for name, file in self.many.items():
            yield Case("mod_authjwt, %s, many tokens" % LABELS[name], self._protecting(keys[name]), tokens=file,
                       peer="mod_auth_openidc, %s, many tokens" % LABELS[name], count=True)
        yield Case("mod_authjwt, loaded, not used here", self._loaded(), headers=self.bearer("hs256"), protects=False, count=True)
        for revocations in () if self.quick else (10000, 1000000):
            yield Case("mod_authjwt, HS256, many tokens, {:,} revocations".format(revocations), self._protecting(), tokens=self.many["hs256"],
                       revocations=revocations, count=True)
        yield from self.endpoints()
        if not self.quick:
            yield from self.remote()

    def remote(self):
        """Look-ups and logouts on one Redis, through each of the providers, and where answers are believed for a while."""
        if not program("redis-server"):
            self.notes.append("no cases of remote stores: the package redis-server is not installed")
            return
        providers = {"valkey": (), "redis": ("LoadModule socache_redis_module @modules@/mod_socache_redis.so",)}
        for name, more in providers.items():
            def lines(*others, name=name, more=more):
                end = ['<Location "/logout">', "SetHandler jwt-logout", "</Location>"]
                return [line.replace("lmdb:@folder@/state(1G)", name + ":@store@") for line in self._protecting(more=[*more, *others]) + end]
            yield Case("mod_authjwt, HS256, many tokens, store %s" % name, lines(), tokens=self.many["hs256"], remote=True)
            if name == "valkey":
                yield Case("mod_authjwt, HS256, many tokens, store valkey, believed for 10 s", lines("AuthJWTRevocationCheckInterval 10s"),
                           tokens=self.many["hs256"], remote=True)
            yield Case("mod_authjwt, logout, 16 at once, store %s" % name, lines(), method="POST", path="/logout", base="", connections=16, once=True,
                       tokens=sessions(self.keys, 60000, "access", "logout.%s.once" % name), remote=True)

    def many_own(self):
        """The commonest case, for whatever is measured besides its cost."""
        return Case("mod_authjwt, HS256, many tokens", self._protecting(), tokens=self.many["hs256"])

    def endpoints(self):
        # Only the login asks the users file: a refresh that asks it too costs as much as a login.
        lines = self._protecting(more=["AuthJWTLoginThrottle off"]) + [
            '<Location "/login">', "SetHandler jwt-login", "AuthJWTProvider file", "AuthUserFile @keys@/users", "</Location>",
            '<Location "/refresh">', "SetHandler jwt-refresh", "</Location>", '<Location "/logout">', "SetHandler jwt-logout", "</Location>"]
        count = 6 * self.count
        yield Case("mod_authjwt, login (bcrypt, cost 5)", lines, script="login", path="/login", base="", connections=16)
        for name, kind in (("refresh", "refresh"), ("logout", "access")):
            yield Case("mod_authjwt, %s, 16 at once" % name, lines, method="POST", path="/" + name, base="", connections=16, once=True,
                       tokens=sessions(self.keys, count, kind, name + ".once"))

    # --- the same httpd without it -----------------------------------------------------------------

    def plain(self):
        yield Case("httpd, open", protects=False, base="", count=True)
        yield Case("httpd, a token that nobody reads", headers=self.bearer("hs256"), protects=False, base="", count=True)
        line = subprocess.run(["htpasswd", "-nbB", "-C", "5", "alice", "secret123"], check=True, capture_output=True).stdout.strip()
        with open(os.path.join(self.keys.folder, "users"), "wb") as file:
            file.write(line + b"\n")
        yield Case("httpd, Basic (bcrypt, cost 5)", ["<protected>", "AuthType Basic", "AuthName bench", "AuthBasicProvider file",
                                                     "AuthUserFile @keys@/users", "Require valid-user", "</protected>"],
                   headers={"Authorization": "Basic " + basic()}, base="httpd, open", count=not self.quick)

    # --- others ------------------------------------------------------------------------------------

    def _has_module(self, name, package):
        if os.path.exists("%s/%s.so" % (MODULES, name)):
            return True
        self.notes.append("no cases of %s: the package %s is not installed" % (name, package))
        return False

    def _both(self, name, label, lines):
        yield Case("%s, %s, one token" % (name, LABELS[label]), lines, headers=self.bearer(label), count=True)
        yield Case("%s, %s, many tokens" % (name, LABELS[label]), lines, tokens=self.many[label], count=not self.quick)

    def openidc(self):
        if not self._has_module("mod_auth_openidc", "libapache2-mod-auth-openidc"):
            return
        keys = {"hs256": "OIDCOAuthVerifySharedKeys plain##" + self.keys.secret, "rs256": "OIDCOAuthVerifyCertFiles @keys@/rs256.crt"}
        if not self.quick:
            # EC keys it takes from an HTTPS server only.
            served = KeySet('{"keys":[%s]}' % self.keys.jwk("es256"), self.keys.certificate(), os.path.join(self.keys.folder, "rs256.pem"))
            keys["es256"] = "OIDCOAuthVerifyJwksUri %s\nOIDCOAuthSSLValidateServer Off" % served.url
        for label in ("hs256",) if self.quick else keys:
            yield from self._both("mod_auth_openidc", label, [
                "LoadModule auth_openidc_module @modules@/mod_auth_openidc.so", "OIDCCryptoPassphrase bench", keys[label],
                "<protected>", "AuthType oauth20", "AuthName bench", "Require claim role:billing", "</protected>"])

    def oauth2(self):
        if self.quick or not self._has_module("mod_oauth2", "libapache2-mod-oauth2"):
            return
        for label in ("hs256", "rs256", "es256"):
            key = "plain " + self.keys.secret if label == "hs256" else 'jwk "%s"' % self.keys.jwk(label).replace('"', '\\"')
            yield from self._both("mod_oauth2", label, [
                "LoadModule oauth2_module @modules@/mod_oauth2.so", "OAuth2TokenVerify " + key,
                "<protected>", "AuthType oauth2", "AuthName bench", "Require valid-user", "</protected>"])

    def haproxy(self):
        if self.quick:
            return
        if not program("haproxy"):
            self.notes.append("no cases of HAProxy: the package haproxy is not installed")
            return
        deny = "http-request deny deny_status 401 unless "
        yield Case("HAProxy, open", kind="haproxy", base="", protects=False)
        for label in ("hs256", "rs256", "es256"):
            key = self.keys.secret if label == "hs256" else self.keys.public(label)
            # jwt_verify judges the signature alone, so the claims need rules of their own.
            yield Case("HAProxy, %s, one token" % LABELS[label], [
                "http-request set-var(txn.token) http_auth_bearer",
                "http-request set-var(txn.iss) var(txn.token),jwt_payload_query('$.iss')",
                "http-request set-var(txn.aud) var(txn.token),jwt_payload_query('$.aud')",
                "http-request set-var(txn.exp) var(txn.token),jwt_payload_query('$.exp','int')",
                "http-request set-var(txn.now) date()",
                deny + "{ var(txn.iss) -m str %s }" % ISSUER,
                deny + "{ var(txn.aud) -m str %s }" % AUDIENCE,
                deny + "{ var(txn.exp),sub(txn.now) -m int gt 0 }",
                deny + '{ var(txn.token),jwt_verify("%s","%s") -m int 1 }' % (LABELS[label], key),
            ], kind="haproxy", base="HAProxy, open", headers=self.bearer(label))

    def flask(self):
        if self.quick:
            return
        known = subprocess.run([sys.executable, "-c", "import flask_jwt_extended"], check=False, stderr=subprocess.DEVNULL).returncode == 0
        if not known or not program("gunicorn"):
            self.notes.append("no cases of Flask-JWT-Extended: gunicorn or python3-python-flask-jwt-extended is not installed")
            return
        secret = [os.path.join(self.keys.folder, "hs256.secret")]
        yield Case("Flask under gunicorn, open", secret, "gunicorn", base="", path="/open", protects=False)
        yield Case("Flask-JWT-Extended, HS256, one token", secret, "gunicorn", base="Flask under gunicorn, open", path="/protected",
                   headers=self.bearer("hs256"))
        yield Case("Flask-JWT-Extended, login (passwords compared as text)", secret, "gunicorn", base="", path="/login", script="login")

    def all(self):
        for family in (self.plain, self.own, self.openidc, self.oauth2, self.haproxy, self.flask):
            yield from family()

    # --- how cost grows ----------------------------------------------------------------------------

    def growth(self):
        """(what grows, how far, case)"""
        def tokens(label, **more):
            return self.keys.file("hs256", 400, "growth." + label, **more)
        for extra in (5, 50, 500):
            yield "claims in the token, besides twelve", extra, Case("claims", self._protecting(), tokens=tokens("claims%d" % extra, extra=extra))
        for count in (1, 10, 1000):
            lines = ["AuthJWTKey HS384 file:@keys@/hs256.secret kid=other%d verify" % number for number in range(count - 1)]
            yield "keys", count, Case("keys", self._protecting("HS256 file:@keys@/hs256.secret kid=own", more=lines), tokens=tokens("kid", kid="own"))
        for count in (1, 10, 100):
            section = ["<RequireAny>", *("Require jwt-role nobody%d" % number for number in range(count - 1)), "Require jwt-role billing", "</RequireAny>"]
            yield "Require lines", count, Case("rules", self._protecting(section=section), tokens=self.many["hs256"])
        for count in (0, 10000, 1000000):
            yield "revocations in the store", count, Case("revocations", self._protecting(), tokens=self.many["hs256"], revocations=count)
        for entries in (64, 1024):
            more = ["<IfDirective AuthJWTCache>", "AuthJWTCache %d" % entries, "</IfDirective>"]
            yield "AuthJWTCache, for 100 tokens in turn", entries, Case("cache", self._protecting(more=more),
                                                                      tokens=self.keys.file("hs256", 100, "growth.cache"))

    def threads(self):
        """(threads, case)"""
        for threads in (1, 4, 16, 64):
            yield threads, Case("threads", self._protecting(), headers=self.bearer("hs256"), threads=threads, connections=2 * threads)
