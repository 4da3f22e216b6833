# SPDX-License-Identifier: Apache-2.0
"""Servers that are not httpd: each in a temporary directory, on free ports, stopped and removed at the end."""
import contextlib
import os
import shutil
import signal
import socket
import tempfile
import time

from authjwt_ports import free_port  # noqa: F401 - for whoever writes a service
from authjwt_process import end_session, launch, processes_of, wait_until_stopped

START_LIMIT = 60                            # seconds; Java on a loaded machine is slow


def is_open(address):
    """Whether something listens at (host, port), or at the path of a unix socket."""
    with socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET) as one:
        one.settimeout(1)
        return one.connect_ex(address) == 0


class Service:
    """A process with a directory of its own. A subclass writes its files, then calls run. Use it as a context manager."""

    ending = signal.SIGTERM                 # the signal that asks it to end
    ends_with = (0, -signal.SIGTERM, 128 + signal.SIGTERM)   # its status when it has ended in order

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="authjwt-service-")
        os.chmod(self.dir, 0o755)
        self.process = None

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, content, mode=0o644):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(content)
        os.chmod(path, mode)
        return path

    def output(self):
        with open(self.path("output"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def run(self, command, *addresses, env=None, says="", **identity):
        """Start the command and wait until something listens at every address, and it has said what it says when it is up.
        identity: user, group and the like, as subprocess.Popen takes them."""
        with open(self.path("output"), "ab") as output:
            self.process = launch(command, cwd=self.dir, env={**os.environ, **(env or {})}, stdout=output, stderr=output, **identity)
        end = time.monotonic() + START_LIMIT
        try:
            while not (says in self.output() and all(is_open(one) for one in addresses)):
                assert self.process.poll() is None and time.monotonic() < end, "%s did not start\n%s" % (command[0], self.output()[-3000:])
                time.sleep(0.02)
        except BaseException:
            self.kill()
            shutil.rmtree(self.dir, ignore_errors=True)
            raise
        return self

    @contextlib.contextmanager
    def hanging(self):
        """Meanwhile its port takes connections, and nothing answers."""
        held = []
        try:
            for pid in processes_of(self.process.pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGSTOP)
                    held.append(pid)
            wait_until_stopped(held)
            yield
        finally:
            for pid in held:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    def kill(self):
        """It ends at once, and all that it started."""
        self.process.kill()
        end_session(self.process, 0)
        self.process = None

    def terminate(self, patience=30):
        """It ends in order: not by a crash, and without leaving a process over."""
        if self.process is None:
            return
        status = self.process.poll()
        try:
            if status is None:
                self.process.send_signal(self.ending)
                self.process.wait(patience)
        except BaseException:
            self.kill()
            raise
        process, self.process = self.process, None
        left = end_session(process)
        name = os.path.basename(process.args[0])
        assert status is None, "%s had ended by itself, with status %d" % (name, status)
        assert process.returncode in self.ends_with, "%s ended with status %d" % (name, process.returncode)
        assert not left, "%s has ended and left\n%s" % (name, "\n".join(left))

    def close(self):
        try:
            self.terminate()
        finally:
            shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()
