# SPDX-License-Identifier: Apache-2.0
"""The session directory as the store holds it, read beside httpd; on lmdb and on valkey."""
import socket
import struct

from authjwt_client import send
from authjwt_env import DEFAULT, Known
from authjwt_lmdb import Store, entry_id
from authjwt_tokens import read
from authjwt_valkey import STORE, Valkey

PREFIX = b"authjwt:authjwt-revoked:records:"
ENGINES = ["lmdb", "valkey"]
ON = "AuthJWTSessionDirectory on\n"


class Record:
    """One record. expires: in seconds since 1970, when it goes by itself."""

    def __init__(self, id_, expires, data):
        self.id, self.expires = id_, expires
        form, self.ended, begin, last, ends = struct.unpack(">BBQQQ", data[:26])
        assert form == 1
        self.begin, self.last, self.ends = begin / 1e6, last / 1e6, ends / 1e6
        texts, at = [], 26
        for _ in range(4):
            texts.append(data[at + 1:at + 1 + data[at]])
            at += 1 + data[at]
        assert at == len(data)
        self.sid, self.client, self.agent = (text.decode("ascii") for text in texts[:3])
        self.origin = texts[3]


def owner(user, issuer=""):
    return entry_id(b"o", user, issuer)


def ask(port, *words):
    """The answer of a Redis to one command, bytes as they are."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as sock:
        raw = [word if isinstance(word, bytes) else str(word).encode() for word in words]
        sock.sendall(b"*%d\r\n" % len(raw) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in raw))
        with sock.makefile("rb") as file:
            return read_answer(file)


def read_answer(file):
    line = file.readline()
    kind, rest = line[:1], line[1:-2]
    if kind == b"*":
        return [read_answer(file) for _ in range(int(rest))]
    if kind == b"$":
        return None if rest == b"-1" else file.read(int(rest) + 2)[:-2]
    return int(rest) if kind == b":" else rest


class Lmdb:
    """The directory of servers with a store of their own."""

    name = "lmdb"

    def __init__(self, size="64M"):
        self.config = DEFAULT.replace(STORE, "AuthJWTRevocationStore lmdb:@dir@/state(%s)" % size)

    def close(self):
        pass

    def records(self, server, user, issuer=""):
        with Store(server.path("state")) as store:
            return [Record(key[32:], *value) for key, value in store.records().items() if key[:32] == owner(user, issuer)]

    def count(self, server):
        with Store(server.path("state")) as store:
            return len(store.records())


class OnValkey:
    """The directory that all servers share."""

    name = "valkey"

    def __init__(self, *options):
        self.valkey = Valkey(*options)
        self.config = DEFAULT.replace(STORE, "AuthJWTRevocationStore valkey:" + self.valkey.address)

    def close(self):
        self.valkey.close()

    def records(self, server, user, issuer=""):
        flat = ask(self.valkey.port, "HGETALL", PREFIX + owner(user, issuer))
        return [Record(id_, int(value[:16]) / 1e6, value[32:]) for id_, value in zip(flat[::2], flat[1::2])]

    def count(self, server):
        return sum(ask(self.valkey.port, "HLEN", key) for key in ask(self.valkey.port, "KEYS", PREFIX + b"*"))

    def life(self, user, issuer=""):
        """Seconds until the whole hash goes."""
        return ask(self.valkey.port, "PTTL", PREFIX + owner(user, issuer)) / 1e3


def engine(name):
    return Lmdb() if name == "lmdb" else OnValkey()


def sid_of(token):
    return read(token)["sid"]


def sids(place, server, user="ann"):
    """The sids of the living sessions that are listed, the oldest login first."""
    return [one.sid for one in sorted(place.records(server, user), key=lambda one: one.begin) if not one.ended]


def log_in(server, user="ann", agent=None, **more):
    return send(server.port, "POST", "/login", json={"username": user, "password": Known.passwords[user]},
                headers={"User-Agent": agent} if agent else None, **more)
