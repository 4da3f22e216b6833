# SPDX-License-Identifier: Apache-2.0
"""A real httpd with nothing but the lmdb provider and a consumer of it, built here, in a directory of its own."""
import contextlib
import glob
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../e2e/support"))

from authjwt_ports import free_port  # noqa: E402
from authjwt_process import end_session, launch  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(HERE))
IS_ROOT = os.geteuid() == 0
USER = "www-data"
APXS = os.environ.get("APXS", "apxs")
HTTPD = os.environ.get("HTTPD", "/usr/sbin/apache2")


def apxs(what):
    return subprocess.run([APXS, "-q", what], capture_output=True, text=True).stdout.strip().split(";")[0]


def open_files(pid):
    """[(descriptor, path)] of a process, but for those that it closes while they are listed."""
    found = []
    for fd in os.listdir("/proc/%d/fd" % pid):
        with contextlib.suppress(OSError):
            found.append((fd, os.readlink("/proc/%d/fd/%s" % (pid, fd))))
    return found


def poll(what, seconds=60.0):
    """Wait until what() is true; its value."""
    end = time.monotonic() + seconds
    while True:
        value = what()
        if value:
            return value
        assert time.monotonic() < end, "still not so after %gs: %r" % (seconds, value)
        time.sleep(0.01)


class Built:
    """The compiled pieces in base, and runs, where stores are; every user may reach both."""

    def __init__(self, base, runs):
        self.base, self.runs = base, runs
        self.state = os.path.join(base, "state")
        flags = ["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-O1", "-g", "-fPIC", "-fvisibility=hidden"]
        flags += ["-I" + os.path.join(ROOT, "include"), "-isystem", subprocess.run(
            [APXS, "-q", "INCLUDEDIR"], capture_output=True, text=True).stdout.strip()]
        flags += subprocess.run(["apr-1-config", "--cppflags", "--includes"], capture_output=True, text=True).stdout.split()
        flags += ['-DAUTHJWT_STATEDIR="%s"' % self.state, "-DAUTHJWT_LMDB_PATIENCE=1"]
        flags += os.environ.get("CFLAGS", "").split()
        provider = sorted(glob.glob(os.path.join(ROOT, "src/lmdb/authjwt_lmdb*.c")))
        here = lambda name: os.path.join(HERE, name)
        jobs = [self.cc(flags, [here("mod_lmdbonly.c")] + provider, "mod_lmdbonly.so", ["-shared", "-llmdb"]),
                self.cc(flags, [here("mod_socachetest.c")], "mod_socachetest.so", ["-shared"]),
                self.cc(flags, [here("faults.c")], "faults.so", ["-shared", "-ldl"]),
                self.cc(flags, [here("holder.c")], "holder", ["-llmdb"]),
                *self.writers(flags, here("writers.c"))]
        for job in jobs:
            assert job.wait() == 0

    def writers(self, flags, main):
        """The writing half of the provider without httpd, also for ThreadSanitizer, unless another sanitizer is asked for."""
        sources = [main] + [os.path.join(ROOT, "src/lmdb/authjwt_lmdb_%s.c" % part) for part in ("env", "gate", "group", "read", "records", "sweep", "write")]
        link = ["-pthread", "-llmdb"] + subprocess.run(["apr-1-config", "--link-ld", "--libs"], capture_output=True, text=True).stdout.split()
        yield self.cc(flags, sources, "writers", link)
        self.watches_threads = not any("-fsanitize" in flag for flag in flags)
        if self.watches_threads:
            yield self.cc(flags + ["-fsanitize=thread"], sources, "writers-tsan", link)

    def cc(self, flags, sources, out, link):
        return subprocess.Popen([os.environ.get("CC", "cc")] + flags + sources + ["-o", os.path.join(self.base, out)] + link)


def fresh_dir(where):
    dir = tempfile.mkdtemp(prefix="lmdbtest-", dir=where)
    os.chmod(dir, 0o755)
    return dir


class Httpd:
    """One configured httpd in a fresh directory; started, stopped and asked by tests."""

    def __init__(self, built, mpm, dir):
        self.built, self.mpm, self.dir = built, mpm, dir
        self.store = os.path.join(dir, "store")
        self.env, self.prefix = {}, []
        self.proc, self.allowed = None, []
        self.port = free_port()
        self.extra, self.modules = "", []
        self.procs, self.threads = 3, 4
        self.use("lmdb:%s(4M)" % self.store)

    def use(self, provider):
        self.provider = provider

    @property
    def conf(self):
        return os.path.join(self.dir, "httpd.conf")

    def configure(self):
        libexec = apxs("LIBEXECDIR")
        load = "".join("LoadModule %s_module %s/mod_%s.so\n" % (m, libexec, m)
                       for m in ["mpm_" + self.mpm, "authz_core"] + self.modules)
        children = ("ServerLimit {0}\nStartServers {0}\nMaxRequestWorkers {0}\n" if self.mpm == "prefork" else
                    "ServerLimit {0}\nStartServers {0}\nThreadLimit {1}\nThreadsPerChild {1}\nMaxRequestWorkers {2}\n"
                    "MinSpareThreads 1\nMaxSpareThreads {2}\n").format(self.procs, self.threads, self.procs * self.threads)
        with open(self.conf, "w") as f:
            f.write("""ServerRoot {dir}
ServerName localhost
Listen 127.0.0.1:{port}
PidFile {dir}/httpd.pid
DefaultRuntimeDir {dir}
ErrorLog {dir}/error.log
LogLevel info
{user}{load}LoadModule authjwt_module {base}/mod_lmdbonly.so
LoadModule socachetest_module {base}/mod_socachetest.so
{children}KeepAlive On
MaxKeepAliveRequests 0
DocumentRoot {dir}
<Directory />
Require all granted
</Directory>
SocacheTest {provider}
{extra}
""".format(dir=self.dir, port=self.port, base=self.built.base, load=load, children=children, provider=self.provider,
           extra=self.extra, user="User %s\nGroup %s\n" % (USER, USER) if IS_ROOT else ""))

    def command(self, *args):
        return self.prefix + [HTTPD, "-d", self.dir, "-f", self.conf] + list(args)

    def environ(self):
        return dict(os.environ, **self.env)

    def run(self, *args):
        """Run to its end; (exit code, all it said, the error log included)."""
        self.configure()
        self.proc = launch(self.command(*args), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=self.environ(),
                           stdin=None)
        try:
            said, rc = self.proc.communicate(timeout=60)[0], self.proc.returncode
        finally:
            self.stop(signal.SIGKILL)
        return rc, said + self.log()

    def fails_to_start(self):
        rc, said = self.run("-DFOREGROUND")
        assert rc != 0, said
        self.allow("AJ2002")
        return said

    def start(self, *args):
        self.configure()
        ready = self.ready_lines()
        self.proc = launch(self.command(*(args or ("-DFOREGROUND",))), env=self.environ(), stdin=None)
        poll(lambda: self.proc.poll() is not None or (self.ready_lines() > ready or "-X" in args) and self.listening())
        assert self.proc.poll() is None, self.log()
        return self

    def listening(self):
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", self.port)) == 0

    def ready_lines(self):
        return self.log().count("resuming normal operations")

    def idle(self):
        """No connection is open. A hard stop while the event MPM closes one can end in a crash of its own."""
        try:
            with open("/proc/net/tcp") as f:
                rows = [line.split() for line in f]
        except FileNotFoundError:
            return True  # no /proc here
        listening, waiting = "0A", "06"
        return all(row[3] in (listening, waiting) for row in rows if row[1].endswith(":%04X" % self.port))

    def stop(self, sig=signal.SIGTERM):
        """By SIGTERM it must end in order, and leave no process over. What a parent that had ended already left behind is what some tests
        are about."""
        if not self.proc:
            return
        in_order = sig == signal.SIGTERM and self.proc.poll() is None
        try:
            if self.proc.poll() is None:
                if in_order:
                    poll(self.idle, 20)
                self.proc.send_signal(sig)
                self.proc.wait(60)
        finally:
            proc, self.proc = self.proc, None
            left = end_session(proc, 5 if in_order else 0)
        assert not in_order or (proc.returncode == 0 and not left), (proc.returncode, left)

    def kill_all(self):
        """The parent and every child at once, as a power cut would."""
        children = self.children()
        for pid in [self.proc.pid] + children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.proc.wait()
        self.proc = None
        poll(lambda: not self.listening())

    def graceful(self, configure=True):
        if configure:
            self.configure()
        ready = self.ready_lines()
        self.proc.send_signal(signal.SIGUSR1)
        poll(lambda: self.ready_lines() > ready)

    def children(self):
        """Pids of the children, from /proc: what follows the last ")" of a stat line is state and parent."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open("/proc/%s/stat" % pid) as f:
                    if int(f.read().rpartition(")")[2].split()[1]) == self.proc.pid:
                        found.append(int(pid))
            except OSError:  # gone meanwhile
                pass
        return sorted(found)

    def ask(self, action, connection=None, **args):
        """(body, pid) of one request; args are the query."""
        c = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        query = "&".join("%s=%s" % pair for pair in args.items())
        c.request("GET", "/s/%s?%s" % (action, query))
        r = c.getresponse()
        body = r.read().decode()
        assert r.status == 200, (r.status, body)
        if connection is None:
            c.close()
        return body, int(r.getheader("X-Pid"))

    def do(self, action, **args):
        return self.ask(action, **args)[0]

    def set(self, id, value="v", ttl=600000, **args):
        return self.do("set", id=id, value=value, ttl=ttl, **args)

    def get(self, id, **args):
        return self.do("get", id=id, **args)

    def status(self):
        return dict(line.split(": ") for line in self.do("status").splitlines())

    def log(self):
        try:
            with open(os.path.join(self.dir, "error.log"), errors="replace") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def allow(self, *tags):
        """These log lines are what the test is about."""
        self.allowed += tags

    def unexplained(self):
        bad = re.compile(r"\[[a-z_0-9]*:(warn|error|crit|alert|emerg)\]|exit signal|AH00052|seg fault", re.I)
        known = ["AH00558", "AH00161", "AH00484", "AH00098"] + self.allowed
        return [line for line in self.log().splitlines() if bad.search(line) and not any(k in line for k in known)]

    def hold(self, *what):
        """Another process that holds the write lock, or ("readers") all reader slots that are left."""
        as_user = ["setpriv", "--reuid", USER, "--regid", USER, "--clear-groups"] if IS_ROOT else []
        holder = subprocess.Popen(as_user + [self.built.base + "/holder", self.store] + list(what), stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE)
        assert holder.stdout.readline() == b"held\n"
        return holder

    def data(self):
        return os.path.join(self.store, "data.mdb")
