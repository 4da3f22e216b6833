# SPDX-License-Identifier: Apache-2.0
"""authjwtctl import of many entries: how long into an empty store, and once more into the same."""
import base64
import hashlib
import subprocess
import tempfile
import time

import soak_load  # noqa: F401  pylint: disable=unused-import
from authjwt_ctl import CTL
from authjwt_env import DEFAULT, Httpd
from authjwt_valkey import Valkey

COUNT = 1000000


def text(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def write_dump(file):
    value, expires = text(b"\2" + bytes(16)), int((time.time() + 30 * 86400) * 1e6)
    for number in range(COUNT):
        file.write('{"id":"%s","value":"%s","expires":%d}\n' % (text(hashlib.sha256(b"%d" % number).digest()), value, expires))
    file.flush()


def seconds(file, store):
    begun = time.monotonic()
    file.seek(0)
    done = subprocess.run([str(CTL), "import", "--store", store], stdin=file, capture_output=True, text=True, check=True)
    assert done.stdout == "%d entries\n" % COUNT, done
    return time.monotonic() - begun


def measure():
    """(text, entries a second of the slowest first import)"""
    with tempfile.TemporaryFile("w+") as dump, Valkey('save ""', "appendfsync everysec") as server:
        write_dump(dump)
        httpd = Httpd(DEFAULT.replace("(64M)", "(1G)"))
        try:
            httpd.start()
            httpd.stop()
            stores = {"lmdb": "lmdb:" + httpd.path("state"), "valkey": "valkey:" + server.address}
            took = {name: (seconds(dump, store), seconds(dump, store)) for name, store in stores.items()}
        finally:
            httpd.close()
            Httpd.live.remove(httpd)
    found = "; ".join("%s %.0f s, once more %.0f s" % (name, *both) for name, both in took.items())
    return "import of %d entries: %s" % (COUNT, found), COUNT / max(first for first, _ in took.values())
