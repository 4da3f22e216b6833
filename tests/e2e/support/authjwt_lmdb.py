# SPDX-License-Identifier: Apache-2.0
"""Entries of an lmdb store as its files hold them, read and written beside httpd through liblmdb."""
import ctypes
import hashlib
import struct
import time

SESSION, USED, CHAIN = b"s", b"u", b"c"


class Value(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("data", ctypes.c_void_p)]

    @classmethod
    def of(cls, content):
        one = cls(len(content), ctypes.cast(ctypes.c_char_p(content), ctypes.c_void_p))
        one.content = content
        return one

    def bytes(self):
        return ctypes.string_at(self.data, self.size)


def entry_id(kind, value, issuer=""):
    return hashlib.sha256(kind + issuer.encode() + b"\0" + value.encode()).digest()


class Store:
    """Use it as a context manager; close it before httpd's children are counted as readers."""

    def __init__(self, directory):
        self.lib = ctypes.CDLL("liblmdb.so.0")
        self.lib.mdb_strerror.restype = ctypes.c_char_p
        self.env = ctypes.c_void_p()
        self.must(self.lib.mdb_env_create(ctypes.byref(self.env)))
        self.must(self.lib.mdb_env_set_maxdbs(self.env, 8))
        self.must(self.lib.mdb_env_open(self.env, directory.encode(), 0, 0o600))

    def must(self, rc):
        assert rc == 0, self.lib.mdb_strerror(rc).decode()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.lib.mdb_env_close(self.env)

    def begin(self, flags=0):
        txn, entries, expiry = ctypes.c_void_p(), ctypes.c_uint(), ctypes.c_uint()
        self.must(self.lib.mdb_txn_begin(self.env, None, flags, ctypes.byref(txn)))
        self.must(self.lib.mdb_dbi_open(txn, b"entries", 0, ctypes.byref(entries)))
        self.must(self.lib.mdb_dbi_open(txn, b"expiry", 0, ctypes.byref(expiry)))
        return txn, entries, expiry

    def rows(self, txn, database):
        """{key: value} of a database."""
        cursor, key, value, found = ctypes.c_void_p(), Value(), Value(), {}
        self.must(self.lib.mdb_cursor_open(txn, database, ctypes.byref(cursor)))
        while self.lib.mdb_cursor_get(cursor, ctypes.byref(key), ctypes.byref(value), 8) == 0:
            found[key.bytes()] = value.bytes()
        self.lib.mdb_cursor_close(cursor)
        return found

    def all(self):
        """{id: (expiry in seconds, data)}"""
        txn, entries, _ = self.begin(0x20000)
        found = self.rows(txn, entries)
        self.lib.mdb_txn_abort(txn)
        return {key: (struct.unpack(">Q", value[:8])[0] / 1e6, value[8:]) for key, value in found.items()}

    def records(self):
        """{owner and id: (expiry in seconds, data)} of the session directory."""
        txn, _, _ = self.begin(0x20000)
        directory = ctypes.c_uint()
        self.must(self.lib.mdb_dbi_open(txn, b"directory", 0, ctypes.byref(directory)))
        found = self.rows(txn, directory)
        self.lib.mdb_txn_abort(txn)
        return {key: (struct.unpack(">Q", value[:8])[0] / 1e6, value[16:]) for key, value in found.items()}

    def commits(self):
        """Number of the last transaction that changed anything."""
        info = (ctypes.c_size_t * 6)()      # MDB_envinfo: address, size of the map, last page, last transaction, readers
        self.must(self.lib.mdb_env_info(self.env, ctypes.byref(info)))
        return info[3]

    def put(self, pairs, expires=None):
        """Write (id, data) pairs in one transaction. @return whether they had room"""
        txn, entries, expiry = self.begin()
        stamp = struct.pack(">Q", int((expires or time.time() + 86400) * 1e6))
        for id_, data in pairs:
            for database, key, value in ((entries, id_, stamp + data), (expiry, stamp + id_, b"")):
                rc = self.lib.mdb_put(txn, database, ctypes.byref(Value.of(key)), ctypes.byref(Value.of(value)), 0)
                if rc:
                    self.lib.mdb_txn_abort(txn)
                    return False
        return self.lib.mdb_txn_commit(txn) == 0

    def fill_until(self, is_full):
        """Ordinary entries, some at a time, until is_full()."""
        number, step = 0, 1500
        while not is_full():
            ids = [hashlib.sha256(b"%d" % n).digest() for n in range(number, number + step)]
            assert self.put([(one, b"\1" + bytes(8)) for one in ids]), "no room for an ordinary entry, yet not full"
            number, step = number + step, 20


def time_value(seconds):
    """A value of the form that the first releases wrote."""
    return b"\1" + struct.pack(">Q", int(seconds * 1e6))
