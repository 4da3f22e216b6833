# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the end-to-end tests, and the check of the logs after every test."""
import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys

sys.dont_write_bytecode = True

import pytest  # noqa: E402
from authjwt_app import App  # noqa: E402
from authjwt_env import APXS, Httpd, running  # noqa: E402
from authjwt_failing_store import CONFIG as FAILING_STORE, with_room  # noqa: E402
from authjwt_process import left_over  # noqa: E402
from authjwt_sessions import built_clock  # noqa: E402


class LogExpectations:
    """expect_log(pattern): such a line must appear. expect_log.may(pattern): it may."""

    def __init__(self):
        self.expected, self.allowed = [], []

    def __call__(self, pattern):
        self.expected.append(pattern)

    def may(self, pattern):
        self.allowed.append(pattern)


def pytest_configure():
    """SIGTERM and the end of a terminal are as Ctrl-C: what is running is torn down."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:          # as nohup wants it
            signal.signal(number, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def nothing_left_over():
    """What the tests started has ended when they have."""
    yield
    left = left_over()
    assert not left, "left over by the tests:\n" + "\n".join(left)


@pytest.fixture
def expect_log():
    return LogExpectations()


@pytest.fixture(autouse=True)
def clean_logs(request, expect_log):
    """After every test: no unexplained warning, no crash, no token, password or key in any server's log."""
    yield
    faults, seen = [], set()
    for server in list(Httpd.live):
        found, matched = server.faults(expect_log.expected, expect_log.allowed)
        faults += found
        seen.update(matched)
        if server.closed:
            Httpd.live.remove(server)
    faults += ["expected in the log, but absent: " + one for one in expect_log.expected if one not in seen]
    assert not faults, "\n".join(faults)


@pytest.fixture(scope="module")
def app():
    """A proxied application of this test module."""
    with App() as one:
        yield one


@pytest.fixture(scope="module")
def server(request):
    """The httpd of this test module."""
    yield from running(vars(request.module))


@pytest.fixture
def new_server():
    """Makes servers of one test: new_server(config, ...) returns one that is not started."""
    with contextlib.ExitStack() as made:
        def make(*arguments, **options):
            one = Httpd(*arguments, **options)
            made.callback(one.close)
            return one

        yield make


def built_with_apxs(name, tmp_path_factory):
    """mod_NAME.so of the folder NAME, built outside the source tree."""
    source = pathlib.Path(__file__).parent / "support" / name / ("mod_%s.c" % name)
    build = tmp_path_factory.mktemp(name)
    (build / source.name).write_text(source.read_text())
    subprocess.run([APXS, "-c", source.name], cwd=build, check=True, capture_output=True)
    return build / ".libs" / ("mod_%s.so" % name)


@pytest.fixture(scope="session")
def failing_store_module(tmp_path_factory):
    return built_with_apxs("failing_store", tmp_path_factory)


@pytest.fixture(scope="session")
def asking_access_module(tmp_path_factory):
    return built_with_apxs("asking_access", tmp_path_factory)


@pytest.fixture
def on_failing_store(failing_store_module, expect_log):
    """on_failing_store(config): the same with a store that cannot answer while the file `broken` is in the server's directory, nor write
    while that says "store"."""
    expect_log.may(r"\[authjwt:warn\].*failing")      # an unknown provider may be called volatile

    def replace(config):
        assert "AuthJWTRevocationStore lmdb" in config
        return "LoadModule failing_store_module %s\n" % failing_store_module + config.replace(
            "AuthJWTRevocationStore lmdb", "AuthJWTRevocationStore failing:@dir@/broken:lmdb")
    return replace


@pytest.fixture
def failing(new_server, on_failing_store):
    """A running server on such a store."""
    return with_room(new_server(on_failing_store(FAILING_STORE))).start()


@pytest.fixture
def mark(server):
    """Place in the error log where this test begins."""
    return server.mark()


@pytest.fixture(scope="session")
def clock():
    path = built_clock()
    yield path
    shutil.rmtree(os.path.dirname(path))


@pytest.fixture
def timed(new_server, clock):
    """timed(config): a running server whose clock is wrong by what server.set_clock(seconds) said last. files: name: content"""
    def make(config, files=(), **options):
        server = new_server(config, **options)
        for name, content in dict(files).items():
            server.write(name, content)
        # Behind a sanitizer's library, which must come first.
        preloaded = " ".join(filter(None, (server.env.get("LD_PRELOAD"), clock)))
        server.env.update(LD_PRELOAD=preloaded, CLOCK_OFFSET=server.path("offset"))
        server.set_clock = lambda seconds: server.write("offset", str(seconds))
        server.set_clock(0)
        return server.start()
    return make
