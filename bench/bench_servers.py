# SPDX-License-Identifier: Apache-2.0
"""The servers that are measured: each in the foreground, one worker process, on 127.0.0.1."""
import http.server
import os
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
MODULES = "/usr/lib/apache2/modules"
TICK = os.sysconf("SC_CLK_TCK")
BODY = "{'hello':'authjwt!'}"


def program(name):
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def on_cpu(number):
    """The words before a command that keep it on one CPU."""
    return ["taskset", "-c", str(number)] if (os.cpu_count() or 1) > 1 else []


class Server:
    """`with Server(case, folder) as server`: runs while the block does."""

    def __init__(self, case, folder, wrapper=()):
        self.case, self.folder, self.wrapper = case, folder, list(wrapper)
        self.port, self.process, self.log = free_port(), None, None

    def command(self):
        raise NotImplementedError

    def environment(self):
        return dict(os.environ, PYTHONDONTWRITEBYTECODE="1")

    def __enter__(self):
        self.log = open(os.path.join(self.folder, "server.log"), "a+", encoding="utf-8")
        self.process = subprocess.Popen(self.wrapper + self.command(), stdout=self.log, stderr=self.log, env=self.environment())
        for _ in range(600):
            if self.process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError:
                time.sleep(0.1)
        self.__exit__()
        raise RuntimeError("%s did not start: %s" % (self.case.name, self.last_words()))

    def last_words(self):
        words = []
        for name in ("server.log", "error.log"):
            path = os.path.join(self.folder, name)
            if os.path.exists(path):
                with open(path, encoding="utf-8", errors="replace") as file:
                    words += file.read().splitlines()[-3:]
        return " | ".join(words)

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()

    def family(self):
        """The server's process and its descendants."""
        found, todo = [], [self.process.pid]
        while todo:
            pid = todo.pop()
            found.append(pid)
            for listing in pathlib.Path("/proc/%d/task" % pid).glob("*/children"):
                try:
                    todo += map(int, listing.read_text(encoding="ascii").split())
                except OSError:
                    pass
        return found

    def cpu(self):
        """(user, system) seconds so far."""
        user = system = 0
        for pid in self.family():
            try:
                fields = pathlib.Path("/proc/%d/stat" % pid).read_text(encoding="utf-8").rpartition(")")[2].split()
            except OSError:
                continue
            user, system = user + int(fields[11]), system + int(fields[12])
        return user / TICK, system / TICK

    def memory(self):
        """Resident MB of the largest worker."""
        largest = 0
        for pid in self.family()[1:] or self.family():
            try:
                status = pathlib.Path("/proc/%d/status" % pid).read_text(encoding="utf-8")
            except OSError:
                continue
            largest = max([largest] + [int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")])
        return largest / 1024


class Httpd(Server):
    """case.lines are configuration; @keys@, @folder@ and @modules@ in them are folders, `<protected>` is the section of the page."""

    def __init__(self, case, folder, keys, wrapper=(), alone=False):
        super().__init__(case, folder, wrapper)
        self.keys, self.alone, self.store = keys, alone, 0

    def command(self):
        path = os.path.join(self.folder, "httpd.conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.configuration())
        return [program("apache2") or program("httpd"), "-X" if self.alone else "-DFOREGROUND", "-f", path]

    def configuration(self):
        root = os.path.join(self.folder, "www")
        os.makedirs(root, exist_ok=True)
        with open(os.path.join(root, "index.txt"), "w", encoding="ascii") as file:
            file.write(BODY)
        user = "User www-data\nGroup www-data" if os.getuid() == 0 and not self.alone else ""
        mpm = "prefork" if self.alone else "event"
        sizes = "" if self.alone else ("StartServers 1\nServerLimit 1\nThreadLimit %d\nThreadsPerChild %d\nMaxRequestWorkers %d\n"
                                       "MinSpareThreads 1\nMaxSpareThreads %d" % ((self.case.threads,) * 4))
        lines = "\n".join(self.case.lines).replace("<protected>", "<Directory %s>" % root).replace("</protected>", "</Directory>")
        lines = lines.replace("@store@", "127.0.0.1:%d" % self.store).replace("@keys@", str(self.keys)).replace("@folder@", self.folder).replace("@modules@", MODULES)
        return "\n".join([
            "ServerRoot " + self.folder, "ServerName 127.0.0.1", "Listen 127.0.0.1:%d" % self.port, "PidFile %s/httpd.pid" % self.folder,
            "DefaultRuntimeDir " + self.folder, "ErrorLog %s/error.log" % self.folder, "LogLevel error", user,
            "LoadModule mpm_%s_module %s/mod_mpm_%s.so" % (mpm, MODULES, mpm),
            *("LoadModule %s_module %s/mod_%s.so" % (name, MODULES, name)
              for name in ("authz_core", "authn_core", "authz_user", "auth_basic", "authn_file", "env")),
            sizes, "MaxConnectionsPerChild 0", "KeepAlive On", "MaxKeepAliveRequests 0", "KeepAliveTimeout 60",
            "LimitRequestFieldSize 32768", "DocumentRoot " + root,
            "<Directory />\nAllowOverride None\nOptions None\nRequire all denied\n</Directory>",
            "<Directory %s>\nRequire all granted\n</Directory>" % root, lines, ""])


class Store(Server):
    """A Redis that keeps what it is given as the documentation wants it: appendonly, and nothing is evicted."""

    def command(self):
        return [program("redis-server"), "--bind", "127.0.0.1", "--port", str(self.port), "--dir", self.folder, "--appendonly", "yes",
                "--maxmemory-policy", "noeviction", "--save", ""]


class Haproxy(Server):
    """case.lines are rules of the frontend."""

    def command(self):
        path = os.path.join(self.folder, "haproxy.cfg")
        with open(path, "w", encoding="utf-8") as file:
            file.write("global\n    nbthread 1\n    maxconn 4000\ndefaults\n    mode http\n    timeout client 60s\n    timeout server 60s\n"
                       "    timeout connect 5s\n    timeout http-keep-alive 60s\nfrontend bench\n    bind 127.0.0.1:%d\n%s\n"
                       "    http-request return status 200 content-type text/plain string \"%s\"\n"
                       % (self.port, "\n".join("    " + line for line in self.case.lines), BODY))
        return [program("haproxy"), "-db", "-f", path]


class Gunicorn(Server):
    """bench_flask.py, one worker; case.lines is the file with the secret."""

    def environment(self):
        return dict(super().environment(), BENCH_SECRET=self.case.lines[0], PYTHONPATH=str(HERE))

    def command(self):
        return [sys.executable, program("gunicorn"), "-w", "1", "-k", "gthread", "--threads", "4", "--keep-alive", "60",
                "-b", "127.0.0.1:%d" % self.port, "--log-level", "error", "bench_flask:app"]


class KeySet:
    """A JWK Set at https://127.0.0.1:PORT/, for servers that take keys from nowhere else."""

    def __init__(self, text, certificate, key):
        class Answer(http.server.BaseHTTPRequestHandler):
            """To any GET."""

            def do_GET(self):  # pylint: disable=invalid-name
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_):  # pylint: disable=arguments-differ
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        self.url = "https://127.0.0.1:%d/" % server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
