# SPDX-License-Identifier: Apache-2.0
"""What a look-up costs, in instructions: callgrind over one `httpd -X`, N and 2 N requests, the difference divided by N."""
import os
import pathlib
import re
import socket
import subprocess
import tempfile

import authjwt_env
from authjwt_env import Httpd
from soak_load import Connection, token

HERE = pathlib.Path(__file__).resolve().parent
REQUESTS = 300
CONFIG = """
AuthJWTKey HS256 file:@dir@/secret
AuthJWTRevocationStore lmdb:@dir@/state(1G)
MaxKeepAliveRequests 0
""" + authjwt_env.protected("/protected") + authjwt_env.endpoint("/logout", "logout")


class UnderCallgrind(Httpd):
    """One process, whose instructions are counted."""

    counting = False

    def __init__(self, *arguments, **more):
        super().__init__(*arguments, **more)
        os.mkdir(self.path("counts"))
        os.chmod(self.path("counts"), 0o777)

    def _is_up(self, begin):
        try:
            return super()._is_up(begin) or (self.counting and socket.create_connection(("127.0.0.1", self.port), 1).close() is None)
        except OSError:
            return False

    def _wait(self, what, condition, seconds=120):
        super()._wait(what, condition, seconds)

    def _command(self, *arguments):
        command = super()._command(*(["-X"] if self.counting else arguments))
        if not self.counting:
            return command
        return ["valgrind", "--quiet", "--vgdb=no", "--tool=callgrind", "--callgrind-out-file=%s/%%p" % self.path("counts"), *command]


def costs(path):
    """({function: instructions in it alone}, by shared object} of a callgrind file."""
    names, objects, result, current, of_call = {}, {}, {}, ["?", "?"], False
    with open(path, encoding="latin-1") as file:
        for line in file:
            match = re.match(r"(c?fn|c?ob)=\((\d+)\)(?: (.*))?$", line)
            if match:
                kind, number, name = match.groups()
                table = names if kind.endswith("fn") else objects
                if name:
                    table[number] = os.path.basename(name.strip())
                if kind == "ob":
                    current[0] = table[number]
                elif kind == "fn":
                    current[1] = table[number]
            elif line.startswith("calls="):
                of_call = True                              # the next line is the callee's
            elif re.match(r"[-+*\d]", line):
                if not of_call:
                    key = (current[0], current[1])
                    result[key] = result.get(key, 0) + int(line.split()[1])
                of_call = False
    return result


def instructions(server, tokens, path):
    """Cost of a run that asks for a page with each token."""
    server.counting = True
    for one in pathlib.Path(server.path("counts")).glob("*"):
        one.unlink()
    server.start()
    connection = Connection(server)
    for one in tokens:
        status, _ = connection.ask("GET", path, one)
        assert status == 200, status
    connection.close()
    counts = server.path("counts/%d" % server.process.pid)
    os.chmod(counts, 0o666)                                 # made as root, written at the end as the httpd user
    server.stop()
    server.counting = False
    return costs(counts)


def of_one_request(server, path, requests, **claims):
    """{key: instructions} of one request for a page, each with a token of its own."""
    tokens = [token(**claims) for _ in range(2 * requests)]
    fewer, more = instructions(server, tokens[:requests], path), instructions(server, tokens, path)
    return {key: (more.get(key, 0) - fewer.get(key, 0)) / requests for key in set(fewer) | set(more)}


def is_lookup(key):
    library, function = key
    return "liblmdb" in library or function.startswith(("authjwt_lmdb", "authjwt_store_get", "authjwt_store_absent"))


def slope(entries):
    """(instructions of a request, those of its two look-ups) with so many live entries in the store."""
    server = UnderCallgrind(CONFIG, mpm="prefork", log="warn")
    try:
        server.start()                                      # makes the store
        server.stop()
        with tempfile.TemporaryDirectory() as made:
            program = os.path.join(made, "fill_store")
            subprocess.run([os.environ.get("CC", "cc"), "-O2", "-o", program, HERE / "fill_store.c", "-llmdb"], check=True)
            subprocess.run([program, server.path("state"), str(entries)], check=True)
        each = of_one_request(server, "/protected", REQUESTS)
    finally:
        server.close()
        Httpd.live.remove(server)
    return sum(each.values()), sum(cost for key, cost in each.items() if is_lookup(key))


def measure(small=1000, large=1000000):
    """(sentence, cost of a look-up in the large store by that in the small one)"""
    before, after = authjwt_env.START_LIMIT, 120
    authjwt_env.START_LIMIT = after
    try:
        (request_small, lookups_small), (request_large, lookups_large) = slope(small), slope(large)
    finally:
        authjwt_env.START_LIMIT = before
    text = ("instructions of a request with a token, two look-ups in it: %d at %d live revocations, %d at %d (%.2f times); "
            "of the look-ups alone %d and %d (%.2f times)" % (
                request_small, small, request_large, large, request_large / request_small,
                lookups_small, lookups_large, lookups_large / lookups_small))
    return text, lookups_large / lookups_small
