# SPDX-License-Identifier: Apache-2.0
"""Two servers that differ in AuthJWTCache alone are asked the same at random, and must answer the same.

What happens: tokens of all kinds are made and used at several places and hosts, revoked, all sessions of a user ended, a JWK Set is read
anew, the clock is set forth and back, httpd is restarted. Where a server has several processes no set is read anew: each would see it with
its own next request.
"""
import collections
import hashlib
import hmac
import json
import random
import re
import socket
import time

import jwt
from authjwt_cached import HIT
from authjwt_env import DEFAULT, Httpd, Known, location, protected
from authjwt_tokens import b64
from interop.material import jwk, jwk_set, private_pem

DAY = 86400
KIDS = ("a", "b", "c")
USERS = ("ann", "bob", "cara", "dora")


def host(name, line):
    return "<VirtualHost *:@port@>\n    ServerName %s\n    %s\n</VirtualHost>\n" % (name, line)


CONFIG = ("AuthJWTLeeway 0\nMaxKeepAliveRequests 0\nAuthJWTAudience any\nAuthJWTKeySet file:@dir@/keys algs=ES256\n" + DEFAULT
          + protected("/p/admin", "Require jwt-role admin")
          + protected("/p/mail", "AuthJWTIdentityClaim mail", "Require valid-user")
          + location("/p/seen", "AuthType JWT", 'AuthName "members"', "LogLevel authjwt:debug", "Require valid-user")
          + "KeepAliveTimeout 60\n" + host("localhost", "") + host("shop.test", "AuthJWTAudience shop")
          + host("issuer.test", "AuthJWTIssuer https://issuer.example"))
PLACES = [("localhost", "/protected"), ("localhost", "/p/admin"), ("localhost", "/p/mail"), ("localhost", "/p/seen"), ("localhost", "/userinfo"),
          ("shop.test", "/protected"), ("issuer.test", "/protected"), ("issuer.test", "/p/mail")]


class Peer:
    """One of the two servers, and its connections."""

    def __init__(self, cache, clock, keys, **options):
        self.httpd = Httpd("AuthJWTCache %s\n" % cache + CONFIG, log="warn", **options)
        self.httpd.env.update(LD_PRELOAD=" ".join(filter(None, (self.httpd.env.get("LD_PRELOAD"), clock))),
                              CLOCK_OFFSET=self.httpd.path("offset"))
        self.httpd.write("offset", "0")
        self.httpd.write("keys", keys)
        self.httpd.start()
        self.connections = {}

    def drop(self):
        for sock, file in self.connections.values():
            file.close()
            sock.close()
        self.connections = {}

    def close(self):
        self.drop()
        self.httpd.close()

    def ask(self, which, requests):
        """[(status, body)] of requests sent at once over one connection. A new one where httpd has closed the old one meanwhile: a
        child of prefork that is spare ends, and takes no request that comes then."""
        is_old = which in self.connections
        if not is_old:
            sock = socket.create_connection(("127.0.0.1", self.httpd.port), 20)
            self.connections[which] = sock, sock.makefile("rb")
        sock, file = self.connections[which]
        try:
            sock.sendall(b"".join(requests))
            is_closed = not file.peek(1)
        except ConnectionError:
            is_closed = True
        if is_closed and is_old:
            self.connections.pop(which)
            return self.ask(which, requests)
        return [answer_from(file) for _ in requests]


def answer_from(file):
    status, length = int(file.readline().split()[1]), 0
    for line in iter(file.readline, b"\r\n"):
        if line[:15].lower() == b"content-length:":
            length = int(line[15:])
    return status, file.read(length)


def request(method, path, name, token, body=b""):
    return b"%s %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
        method, path.encode(), name.encode(), token.encode(), len(body), body)


def gist(answer):
    """What must be the same: the status, and the code or what is said of the user."""
    status, body = answer
    code = re.search(rb'"code":"(\w+)"', body)
    return (status, code.group(1)) if code else (status, body)


class Same:
    """One run: same = Same(...); same.run(steps); same.close()."""

    def __init__(self, cache, clock, seed, **options):
        self.random, self.seed = random.Random(seed), seed
        self.rereads = options.get("children") == 1
        self.offset, self.tokens, self.steps, self.done = 0, [], 0, collections.Counter()
        self.ended = [time.time()]          # when sessions were ended, by the servers' clock; marks are of a second
        self.keys = self.random_keys()
        self.peers = [Peer(cache, clock, self.keys, **options), Peer("off", clock, self.keys, **options)]

    def close(self):
        for peer in self.peers:
            peer.close()

    # -- tokens ------------------------------------------------------------------------------------------------------

    def now(self):
        return time.time() + self.offset

    def random_keys(self):
        return jwk_set({**jwk("ES256", 9, False), "kid": "always"},
                       *({**jwk("ES256", self.random.randrange(3), False), "kid": kid} for kid in KIDS if self.random.random() < 0.7))

    def random_claims(self):
        choose, now = self.random.choice, self.now()
        # Other users as time goes by: those whose sessions were ended while the clock was ahead get no further.
        made = {"sub": "%s-%d" % (choose(USERS), self.steps // 1000), "exp": int(now) + choose((-5, 5, 30, 600, 600, 4000, 4000)), "type": "access", "role": choose(("admin", "staff"))}
        for name, value in (("jti", "%x" % self.random.getrandbits(64)), ("iat", int(now)), ("nbf", int(now) + choose((-9, -9, 0, 20))),
                            ("mail", made["sub"] + "@example.com"), ("aud", choose(("shop", ["shop", "other"], "other"))),
                            ("iss", "https://issuer.example")):
            if self.random.random() < 0.8:
                made[name] = value
        if self.random.random() < 0.6:
            made.update({"sid": "%016d-%x" % (now * 1000000, self.random.getrandbits(32)), "sid_exp": int(now) + 30 * DAY})
        if self.random.random() < 0.2:
            made["type"] = "refresh"
        if self.random.random() < 0.3:
            made["padding"] = "x" * self.random.randrange(1500)
        return made

    def new_token(self):
        made = self.random_claims()
        if self.random.random() < 0.25:
            token = jwt.encode(made, private_pem("ES256", self.random.randrange(3)), "ES256", headers={"kid": self.random.choice(KIDS)})
        else:
            signed = b64('{"alg":"HS256","typ":"JWT"}') + "." + b64(json.dumps(made))
            token = signed + "." + b64(hmac.new(Known.secret.encode(), signed.encode(), hashlib.sha256).digest())
        if self.random.random() < 0.05:
            token = token[:-6] + "AAAAAA"
        return token, [made[name] for name in ("exp", "nbf", "iat") if name in made]

    def replace_token(self):
        if len(self.tokens) < 40:
            self.tokens.append(self.new_token())
        else:
            self.tokens[self.random.randrange(40)] = self.new_token()

    # -- what happens ------------------------------------------------------------------------------------------------

    def both(self, asked):
        """Ask both; asked: [((host, path), (token, dates), method, body)]. Near a date of a token the second may be asked after it."""
        which = self.random.randrange(4)
        requests = [request(method, path, name, token, body) for (name, path), (token, _), method, body in asked]
        before = self.now()
        answers = [peer.ask(which, requests) for peer in self.peers]
        after = self.now()
        for one, first, second in zip(asked, *answers):
            same = gist(first) == gist(second)
            moments = [(before, after), *((end, end) for end in self.ended)]
            if not same and any(begin - 2 < date < end + 2 for date in one[1][1] for begin, end in moments):
                self.done["near a date"] += 1
                continue
            assert same, "seed %s, step %d: %s at %s with %s\nwith cache: %s\nwithout: %s" % (
                self.seed, self.steps, one[2], one[0], one[1], first, second)
            self.done[first[0]] += 1
        self.steps += len(asked)

    def use(self):
        few = self.random.sample(self.tokens, min(len(self.tokens), self.random.choice((3, 10, 40))))
        self.both([(self.random.choice(PLACES), self.random.choice(few), b"GET", b"") for _ in range(40)])

    def end(self):
        self.ended.append(self.now())
        self.both([(("localhost", "/logout"), self.random.choice(self.tokens), b"POST", self.random.choice((b"", b"", b"", b'{"everywhere":true}')))])

    def move_clock(self, seconds):
        self.offset += seconds
        for peer in self.peers:
            peer.drop()                     # httpd's timeouts go by that clock too
            peer.httpd.write("offset", str(self.offset))

    def set_clock(self):
        if self.random.random() < 0.8:
            self.move_clock(self.random.choice((-600, -30, -3, 3, 3, 30, 30, 600)))
        else:
            # Long enough for entries of the store to expire, and to be there again.
            self.move_clock(8 * DAY)
            self.use()
            self.move_clock(-8 * DAY)
        for _ in range(10):
            self.replace_token()

    def set_keys(self):
        if self.rereads:
            self.keys = self.random_keys()
            for peer in self.peers:
                peer.httpd.write("keys", self.keys)
            self.move_clock(30)             # so that the files are looked at with the next request
            self.use()

    def restart(self):
        how = self.random.choice(("restart", "graceful", "reload"))
        for peer in self.peers:
            peer.drop()
            getattr(peer.httpd, how)()

    def run(self, steps, restarts):
        """At least so many requests to each server."""
        every = steps // (restarts + 1)
        for _ in range(30):
            self.replace_token()
        begun = self.steps
        while self.steps - begun < steps:
            until = self.steps + every
            while self.steps < until:
                what = self.random.choices((self.use, self.replace_token, self.end, self.set_clock, self.set_keys), (60, 60, 12, 4, 4))[0]
                what()
                self.done[what.__name__] += 1
            self.restart()
        self.assert_something_happened()

    def assert_something_happened(self):
        """A run in which nothing is remembered, let in, refused or revoked shows nothing."""
        hits = [len(HIT.findall(peer.httpd.read_log())) for peer in self.peers]
        self.done["hits at /p/seen"] = hits[0]
        assert hits[1] == 0 and hits[0] > self.steps / 200, (hits, self.done)
        assert self.done[200] > self.steps / 10 and self.done[401] > self.steps / 10 and self.done[403], self.done
        assert self.done["near a date"] < self.steps / 100, self.done
