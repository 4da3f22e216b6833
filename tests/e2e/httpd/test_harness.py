# SPDX-License-Identifier: Apache-2.0
"""What tests start does not outlive them, however they end, and how it ends is judged."""
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

import pytest
from authjwt_env import DEFAULT, Httpd, StartFailed, not_sanitized
from authjwt_process import is_empty, left_over, living
from authjwt_service import Service

E2E = pathlib.Path(__file__).resolve().parents[1]
WAITS = """
import json, os, sys, time
from authjwt_php_fpm import PhpFpm
from authjwt_process import sessions
from authjwt_remote import Remote
from authjwt_wsgi import Uwsgi

def test_that_waits(server):
    with PhpFpm() as php, Remote("redis") as redis, Remote("memcache") as memcached, Uwsgi() as uwsgi:
        folders = [one.dir for one in (server, php, redis, memcached, uwsgi)]
        assert len(sessions) == len(folders)
        with open("started.new", "w") as file:
            json.dump([list(sessions), folders], file)
        os.rename("started.new", "started")
        time.sleep(60)
"""
WITHOUT_PROC = """
import os, sys
sys.path.insert(0, %r)
from authjwt_env import DEFAULT, Httpd, StartFailed
from authjwt_process import is_empty, sessions
assert not os.path.exists("/proc/self")
server = Httpd(DEFAULT).start()
pid = server.process.pid
assert server.get("/protected", server.login()[0]).status == 200
server.restart()
second = server.process.pid
server.close()
assert is_empty(pid) and is_empty(second) and not sessions
try:
    Httpd(DEFAULT + "AuthJWTLeeway never").start()
except StartFailed:
    assert not sessions
    print("all ended")
"""


def wait_for(condition, seconds=40, what=str):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited %d s: %s" % (seconds, what())
        time.sleep(0.05)


def interruptible():
    """preexec_fn: in the background of a shell, or under nohup, the tests and whatever they start ignore these."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
@pytest.mark.parametrize("workers", [0, 1])
def test_everything_ends_with_the_tests_that_started_it(tmp_path, how, workers):
    (tmp_path / "test_that_waits.py").write_text(WAITS)
    command = [sys.executable, "-B", "-m", "pytest", "-q", "-c", str(E2E / "pytest.ini"), "--rootdir", str(tmp_path), "-p", "conftest", "-n", str(workers),
               "test_that_waits.py"]
    environment = {**os.environ, "PYTHONPATH": "%s:%s" % (E2E, E2E / "support")}
    with open(tmp_path / "said", "wb") as said:
        tests = subprocess.Popen(command, cwd=tmp_path, env=environment, stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True,
                                 preexec_fn=interruptible)
    try:
        wait_for(lambda: (tmp_path / "started").exists() or tests.poll() is not None)
        assert tests.poll() is None, (tmp_path / "said").read_text()
        sessions, folders = json.loads((tmp_path / "started").read_text())
        assert not any(is_empty(one) for one in sessions)
        tests.send_signal(how)
        tests.wait(40)
        wait_for(lambda: all(is_empty(one) for one in sessions + [tests.pid]), what=lambda: living(lambda _, of: of in sessions + [tests.pid]))
        assert how == signal.SIGKILL or not any(os.path.exists(one) for one in folders)
    finally:
        for one in [tests.pid, *locals().get("sessions", [])]:
            if not is_empty(one):
                os.killpg(one, signal.SIGKILL)
        tests.wait()


def may_mount():
    return os.getuid() == 0 and subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode == 0


@not_sanitized
@pytest.mark.skipif(not may_mount(), reason="to hide /proc needs root and a mount namespace of its own")
def test_where_there_is_no_proc_nothing_is_left_over_either():
    script = 'mount -t tmpfs tmpfs /proc && exec "$@"'
    done = subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", sys.executable, "-B", "-c", WITHOUT_PROC % str(E2E / "support")],
                          capture_output=True, text=True, timeout=60)
    assert done.stdout == "all ended\n", done.stderr


def test_a_start_that_fails_leaves_no_process():
    server = Httpd(DEFAULT + "AuthJWTLeeway never\n")
    try:
        with pytest.raises(StartFailed):
            server.start()
        assert server.process is None and not [one for one in left_over() if server.dir in one]
    finally:
        server.close()
        Httpd.live.remove(server)


# -- how it ends -------------------------------------------------------------------------------------------------

def test_a_server_that_ended_by_itself_is_a_fault(new_server):
    server = new_server(DEFAULT).start()
    pid = server.process.pid
    os.kill(pid, signal.SIGKILL)
    server.process.wait()
    with pytest.raises(AssertionError, match="ended by itself, with status -9"):
        server.stop()
    assert is_empty(pid)


def test_a_process_that_a_server_leaves_over_is_a_fault(new_server):
    server = new_server(DEFAULT)
    server.write("cgi-bin/env.sh", "#!/bin/sh\n(trap '' TERM; exec sleep 60) </dev/null >/dev/null 2>&1 &\nprintf 'Status: 204\\r\\n\\r\\n'\n", 0o755)
    server.start()
    pid = server.process.pid
    assert server.get("/cgi", server.login()[0]).status == 204
    with pytest.raises(AssertionError, match="left\n.*sleep 60"):
        server.stop()
    wait_for(lambda: is_empty(pid))


@pytest.mark.parametrize("said", ["AH00052: child pid 2 exit signal Segmentation fault (11)",
                                  "AH00051: child pid 2 exit signal Segmentation fault (11), possible coredump in /tmp"])
@pytest.mark.parametrize("idle", [True, False])
def test_a_crash_after_the_signal_is_passed_over_only_under_load(monkeypatch, idle, said):
    server = Httpd(DEFAULT).start()
    process = server.process

    def signal_and_crash(number, send=process.send_signal):
        with open(server.path("error.log"), "a") as log:
            log.write("[now] [core:notice] [pid 1] %s\n" % said)
        send(number)

    monkeypatch.setattr(server, "_settle", lambda: idle)
    monkeypatch.setattr(process, "send_signal", signal_and_crash)
    server.close()
    Httpd.live.remove(server)
    found, _ = server.faults()
    assert bool(found) == idle, found
@not_sanitized
def test_a_crash_before_the_signal_is_always_a_fault():
    server = Httpd(DEFAULT).start()
    child, *_ = subprocess.run(["pgrep", "-P", str(server.process.pid)], capture_output=True, text=True, check=True).stdout.split()
    mark = server.mark()
    os.kill(int(child), signal.SIGSEGV)
    server._wait("its end", lambda: "exit signal Segmentation" in server.log_since(mark))
    server.close()
    Httpd.live.remove(server)
    found, _ = server.faults()
    assert any("AH0005" in one for one in found), found


@pytest.mark.parametrize("script, fault", [
    ("echo up; exec sleep 60", None), ("exit 3", "did not start"),
    ("trap 'exit 4' TERM; echo up; while :; do sleep 0.1; done", "ended with status 4"),
    ("trap '' TERM; sleep 60 & trap - TERM; echo up; wait", "left\n.*sleep 60")])
def test_a_service_is_judged_alike(script, fault):
    service = Service()
    try:
        service.run(["/bin/sh", "-c", script], says="up")
        service.close()
        assert fault is None
    except AssertionError as failure:
        assert fault and re.search(fault, str(failure)), failure
    assert not os.path.exists(service.dir)
