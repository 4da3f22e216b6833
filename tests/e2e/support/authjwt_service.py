"""Servers that are not httpd: each in a temporary directory, on free ports, stopped and removed at the end."""
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from authjwt_process import tethered

START_LIMIT = 60                            # seconds; Java on a loaded machine is slow


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def is_open(address):
    """Whether something listens at (host, port), or at the path of a unix socket."""
    with socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET) as one:
        one.settimeout(1)
        return one.connect_ex(address) == 0


def processes_of(pid):
    """The process and all below it, parents first."""
    found = [pid]
    for one in found:
        try:
            with open("/proc/%d/task/%d/children" % (one, one)) as children:
                found += [int(child) for child in children.read().split()]
        except OSError:
            pass   # it has ended since
    return found


class Service:
    """A process with a directory of its own. A subclass writes its files, then calls run. Use it as a context manager."""

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
            self.process = subprocess.Popen(command, cwd=self.dir, env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL,
                                            stdout=output, stderr=output, start_new_session=True, preexec_fn=tethered, **identity)
        end = time.monotonic() + START_LIMIT
        while not (says in self.output() and all(is_open(one) for one in addresses)):
            if self.process.poll() is not None or time.monotonic() > end:
                said = self.output()
                self.close()
                raise AssertionError("%s did not start\n%s" % (command[0], said[-3000:]))
            time.sleep(0.02)
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
            yield
        finally:
            for pid in held:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    def close(self):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()
