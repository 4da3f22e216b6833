# SPDX-License-Identifier: Apache-2.0
"""A changed JWK Set that cannot be read for a moment is read as soon as it can be: the set before it may hold a key that was withdrawn."""
import contextlib
import http.client
import os
import re
import resource
import shutil
import subprocess
import time

from authjwt_env import protected
from authjwt_tokens import claims, sign
from interop.material import jwk, jwk_set, private_pem

CONFIG = ("AuthJWTKeySet file:@dir@/keys\nAuthJWTAudience any\nAuthJWTRevocationStore lmdb:@dir@/state(64M)\nMaxConnectionsPerChild 0\n"
          "KeepAliveTimeout 30\n" + protected("/userinfo", "SetHandler jwt-userinfo", "Require valid-user"))
SEEN_WITHIN = 5
COMPLAINT = r"AJ1003: AuthJWTKeySet .*Too many open files; the keys read before stay in use"


def give_set(server, number):
    path = server.write("keys.new", jwk_set({**jwk("ES256", number, private=False), "alg": "ES256", "kid": "k%d" % number}), 0o600)
    if os.getuid() == 0:
        shutil.chown(path, user="www-data")
    os.rename(path, server.path("keys"))


class Kept:
    """Requests on one connection, so that the process needs no descriptor for the next."""

    def __init__(self, server):
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)

    def status(self, number):
        token = sign(claims("ann"), private_pem("ES256", number), "ES256", kid="k%d" % number)
        self.connection.request("GET", "/userinfo", headers={"Authorization": "Bearer " + token})
        answer = self.connection.getresponse()
        answer.read()
        return answer.status

    def wait(self, number, status, seconds=SEEN_WITHIN):
        end = time.monotonic() + seconds
        while self.status(number) != status:
            assert time.monotonic() < end, "key %d is not %d" % (number, status)
            time.sleep(0.05)


def complaints(server):
    return len(re.findall(COMPLAINT, server.read_log()))


def limit(pid, soft):
    """Descriptors that the process may have from now on; by its own user, whom the kernel lets."""
    user = {"user": "www-data", "group": "www-data", "extra_groups": []} if os.getuid() == 0 else {}
    subprocess.run(["prlimit", "--pid", pid, "--nofile=%s:" % soft], check=True, **user)


@contextlib.contextmanager
def without_descriptors(pid):
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit(pid, 0)
    yield
    limit(pid, min(soft, 1024))


def test_a_set_that_could_not_be_read_is_tried_again(new_server, expect_log):
    expect_log(COMPLAINT)
    server = new_server(CONFIG, children=1)
    give_set(server, 1)
    server.start()
    kept = Kept(server)
    assert [kept.status(1), kept.status(2)] == [200, 401]
    [pid] = server.children_that_served("/userinfo", 0)
    with without_descriptors(pid):
        give_set(server, 2)
        end = time.monotonic() + SEEN_WITHIN
        while not complaints(server):
            assert time.monotonic() < end and kept.status(1) == 200
            time.sleep(0.05)
        for _ in range(2):                      # looks again and again, and says it once
            time.sleep(2.1)
            assert kept.status(1) == 200
    kept.wait(2, 200)
    assert kept.status(1) == 401 and complaints(server) == 1
