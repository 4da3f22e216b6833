"""What tests start does not outlive them, however they end."""
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

import pytest
from authjwt_env import DEFAULT, Httpd, StartFailed

SUPPORT = pathlib.Path(__file__).resolve().parents[1] / "support"
STARTS_AND_WAITS = """
import sys, time
sys.path.insert(0, %r)
from authjwt_env import DEFAULT, Httpd
server = Httpd(DEFAULT).start()
print(server.process.pid, server.dir, flush=True)
time.sleep(60)
"""


def is_alive(pid):
    try:
        os.killpg(pid, 0)
        return True
    except ProcessLookupError:
        return False


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_server_ends_with_the_tests_that_started_it(how):
    with subprocess.Popen([sys.executable, "-c", STARTS_AND_WAITS % str(SUPPORT)], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True) as tests:
        pid, folder = tests.stdout.readline().split()
        try:
            assert is_alive(int(pid))
            tests.send_signal(how)
            tests.wait(20)
            end = time.monotonic() + 20
            while is_alive(int(pid)) and time.monotonic() < end:
                time.sleep(0.02)
            assert not is_alive(int(pid))
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def test_a_start_that_fails_leaves_no_process():
    server = Httpd(DEFAULT + "AuthJWTLeeway never\n")
    try:
        with pytest.raises(StartFailed):
            server.start()
        assert not is_alive(server.process.pid)
    finally:
        server.close()
        Httpd.live.remove(server)
