# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the tests of the provider valkey: real servers, and a module that is nothing but the provider and its doors."""
import contextlib
import pathlib
import subprocess

import pytest
from authjwt_env import apxs
from authjwt_outage import COMPLAINT, LINES, TIMEOUT, Outages
from authjwt_valkey import SERVERS, Valkey, config_on

TOP = pathlib.Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def doors_module(tmp_path_factory):
    """mod_valkey_doors.so: the sources of src/valkey, and nothing else of mod_authjwt."""
    built = tmp_path_factory.mktemp("doors") / "mod_valkey_doors.so"
    apr = subprocess.run(["apr-1-config", "--cppflags", "--includes"], capture_output=True, text=True, check=True).stdout.split()
    sources = [TOP / "tests/e2e/support/valkey_doors/mod_valkey_doors.c", *sorted((TOP / "src/valkey").glob("*.c"))]
    subprocess.run(["cc", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-O1", "-g", "-fPIC", "-shared", "-fvisibility=hidden",
                    "-Dauthjwt_module=valkey_doors_module", "-I%s" % (TOP / "include"), "-isystem", apxs("INCLUDEDIR"), *apr,
                    *map(str, sources), "-o", str(built), "-lhiredis", "-lssl", "-lcrypto"], check=True)
    return built


class Doors:
    """An httpd whose requests call the provider."""

    def __init__(self, httpd):
        self.httpd = httpd

    def ask(self, action, **args):
        """The lines of the answer; text and bytes go in hex."""
        raw = {name: value if isinstance(value, bytes) else str(value).encode() for name, value in args.items() if value is not None}
        answer = self.httpd.get("/v/%s?%s" % (action, "&".join("%s=%s" % (name, value.hex()) for name, value in raw.items())))
        assert answer.status == 200, answer
        return answer.text.splitlines()

    def word(self, action, **args):
        return self.ask(action, **args)[0].split(" ")[0]

    def set(self, id, value=b"v", ttl=600000):
        return self.word("set", id=id, value=value, ttl=ttl)

    def get(self, id, **args):
        """The value, or the word that there is none."""
        word, _, value = self.ask("get", id=id, **args)[0].partition(" ")
        return bytes.fromhex(value) if word == "ok" else word

    def swap(self, id, old, value, ttl=600000):
        return self.word("swap", id=id, old=old, value=value, ttl=ttl)

    def several(self, prefix, n):
        return [line.split(" ")[0] for line in self.ask("several", id=prefix, n=n)]


@pytest.fixture
def doors(doors_module, new_server):
    """doors(ARGS, lines...): Doors on a running httpd."""

    def make(args, *lines, **options):
        config = "LoadModule valkey_doors_module %s\nValkeyDoors %s\n%s\n" % (doors_module, args, "\n".join(lines))
        return Doors(new_server(config, **options).start())

    return make


@pytest.fixture
def valkey():
    """valkey(options...): a running server; all of a test are ended after it."""
    with contextlib.ExitStack() as started:
        def make(*options, kind=Valkey, **more):
            return started.enter_context(kind(*options, **more))

        yield make


@pytest.fixture(params=SERVERS)
def any_server(request):
    """Each server that the release has."""
    return request.param


@pytest.fixture
def outages(new_server, expect_log):
    """outages(STORE, lines...): a server on this store, under load."""
    def make(store, *lines, said=COMPLAINT, server=new_server, files=(), bound=2 * TIMEOUT):
        expect_log(said)
        expect_log.may(COMPLAINT)
        expect_log.may("AJ2112: ")
        httpd = server(config_on("valkey:" + store, *LINES, *lines))
        for name, content in files:
            httpd.write(name, content, 0o600)
        return Outages(httpd.start(), bound)

    return make
