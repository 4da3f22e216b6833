# SPDX-License-Identifier: Apache-2.0
"""A private httpd for tests: one temporary directory, one free port, no daemon of the machine touched."""
import contextlib
import glob
import os
import pathlib
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import pytest
import authjwt_client as client
from authjwt_leaks import find_leaks, register_secret, register_token
from authjwt_ports import free_port
from authjwt_process import end_session, launch, processes_of

MODULE = os.environ.get("AUTHJWT_MODULE") or str(pathlib.Path(__file__).resolve().parents[3] / "build/mod_authjwt.so")
APXS = os.environ.get("APXS", "apxs")
MODULES = ("authn_core authz_core authz_user authz_host authz_groupfile authn_file auth_basic alias mime dir env setenvif "
           "headers rewrite include unixd log_config socache_shmcb socache_dbm").split()
# A module built with a sanitizer needs its library in httpd before all others; see make asan-e2e.
SANITIZER = {name: os.environ[name] for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS") if name in os.environ}
if "AUTHJWT_PRELOAD" in os.environ:
    SANITIZER["LD_PRELOAD"] = os.environ["AUTHJWT_PRELOAD"]
# For what a sanitizer itself does not allow.
not_sanitized = pytest.mark.skipif("LD_PRELOAD" in SANITIZER, reason="a sanitizer needs /proc, takes over signals and refuses RTLD_DEEPBIND")
# What all servers have as AuthJWTCache, unless their own lines say otherwise: off, or a number.
CACHE = os.environ.get("AUTHJWT_TEST_CACHE")
START_LIMIT = 60                            # seconds until a server must be up, or down
GIVE_UP_LISTENING = 5                       # seconds that children of the generation before have for that, unless they are stopped

# Lines that httpd itself writes about an ordinary refusal, about its capacity, (event) about a stop amid traffic, and where it
# has been upgraded before OpenSSL.
EXPLAINED = [r"AJ1783: ",                   # many servers of tests renew without asking who is still there; see test_start_warnings.py
             r"AJ1012: ",                   # hosts of tests have one secret under several issuers; see test_dump.py
             r"AJ1015: ",                   # hosts of tests have two secrets without kid; see test_dump.py
             r"AH0028[67]: |AH00161: |AH0048[45]: |AH03490: |AH10159: ", r"\[mpm_event:error\] .*\(9\)Bad file descriptor: AH\d+: ",
             r"AH01631: user .*: authorization failure", r"AH01629: ", r"AH01630: client denied by server configuration",
             r"AH01617: ", r"AH01618: ", r"AH01882: Init: this version of mod_ssl was compiled against a newer library"]
CRASH = re.compile(r"exit signal|AH0005[0-2]:|[Ss]egmentation fault|AddressSanitizer|runtime error:|Assertion .* failed")
EVENT_CRASH = re.compile(r"(?m)^.*AH0005[12]: child pid \d+ exit signal Segmentation fault.*\n")
LINE = re.compile(r"^\[[^\]]+\] \[[^:\]]*:(emerg|alert|crit|error|warn|notice|info|debug|trace\d)\] ")


def apxs(name):
    return subprocess.run([APXS, "-q", name], capture_output=True, text=True, check=True).stdout.strip()


class Known:
    """Users, passwords and the secret of this run; made once, they are the same for every server."""

    secret = register_secret(secrets.token_hex(24))
    passwords = {name: register_secret("pw-%s-%s" % (name, secrets.token_hex(6))) for name in ("ann", "bob", "cara")}
    wrong_password = register_secret("wrong-" + secrets.token_hex(6))
    groups = "admins: ann\nstaff: ann bob\n"
    _users = None

    @classmethod
    def users(cls):
        """Content of the AuthUserFile: bcrypt, at a cost that tests can afford."""
        if cls._users is None:
            cls._users = "".join(hash_password(*pair) for pair in cls.passwords.items())
        return cls._users


def hash_password(user, password):
    done = subprocess.run(["htpasswd", "-inBC", "5", user], input=password, capture_output=True, text=True, check=True)
    return done.stdout.strip() + "\n"


ENV_CGI = """#!/bin/sh
printf 'Content-Type: text/plain\\r\\n'
[ "${CONTENT_LENGTH:-0}" = 0 ] || cat >/dev/null
[ -z "$EXTRA_HEADER" ] || printf '%s\\r\\n' "$EXTRA_HEADER"
printf '\\r\\n'
exec env -0
"""
ECHO_CGI = "#!/bin/sh\nprintf 'Content-Type: application/octet-stream\\r\\n\\r\\n'\nexec cat\n"

# The configuration that most tests start from. @dir@ is the server's directory.
KEY_AND_STORE = """
AuthJWTKey HS256 file:@dir@/secret
AuthJWTRevocationStore lmdb:@dir@/state(64M)
"""
USERS = """
    AuthUserFile @dir@/users
    AuthGroupFile @dir@/groups
"""
GRANTS = """
    AuthJWTGrantRole admin group admins
    AuthJWTGrantRole staff group staff
"""


def location(path, *lines):
    return "<Location %s>\n    %s\n</Location>\n" % (path, "\n    ".join(lines))


def protected(path, *requires):
    """A location of members, for valid users unless said otherwise."""
    return location(path, "AuthType JWT", 'AuthName "members"', *(requires or ("Require valid-user",)))


def endpoint(path, handler, *lines):
    return location(path, "SetHandler jwt-" + handler, *lines)


ENDPOINTS = (endpoint("/login", "login", "AuthJWTProvider file", USERS, GRANTS)
             + endpoint("/refresh", "refresh", "AuthJWTProvider file", USERS, GRANTS)
             + endpoint("/logout", "logout")
             + location("/userinfo", "SetHandler jwt-userinfo", "AuthType JWT", 'AuthName "members"', "Require valid-user"))
DEFAULT = KEY_AND_STORE + ENDPOINTS + protected("/protected") + protected("/cgi")


# Merged last into every request: what the sections before it say must come through. The claim is empty, so that no token gets it.
PASS_THROUGH = "\n<IfModule authjwt_module>\n<Location />\n    AuthJWTClaim passes-through %{env:nothing}\n</Location>\n</IfModule>\n"


class StartFailed(Exception):
    """httpd did not start; the text is what it said."""


class Httpd:
    """One httpd. Use it as a context manager, or call start() and close()."""

    live = []

    def __init__(self, config=DEFAULT, mpm="event", log="debug", modules=(), env=None, children=2, mutex="default"):
        self.dir = tempfile.mkdtemp(prefix="authjwt-e2e-")
        os.chmod(self.dir, 0o755)
        self.mpm, self.log, self.modules, self.children = mpm, log, tuple(modules), children
        self.mutex = mutex                                   # how httpd makes its mutexes, see its directive Mutex
        self.env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C", **SANITIZER, **(env or {})}
        self.config, self.process, self.port = config, None, None
        self.access_log_holds_tokens = False
        self._read_to = 0
        self._unchecked_tail = ""
        self._furnish()
        Httpd.live.append(self)

    # -- files ---------------------------------------------------------------------------------------------------

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, content, mode=0o644):
        """Write a file below the server's directory, at once for readers; returns its path."""
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path + ".new", "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
        os.chmod(path + ".new", mode)
        os.rename(path + ".new", path)
        return path

    def _furnish(self):
        for name in ("run", "htdocs", "cgi-bin"):
            os.mkdir(self.path(name), 0o755)
        self.write("secret", Known.secret + "\n", 0o600)
        self.write("users", Known.users())
        self.write("groups", Known.groups)
        self.write("htdocs/ok.txt", "let in\n")
        self.write("htdocs/index.html", "the public front page\n")
        self.write("bare/ok.txt", "let in\n")               # a file without a Require of its own
        self.write("cgi-bin/env.sh", ENV_CGI, 0o755)
        self.write("cgi-bin/echo.sh", ECHO_CGI, 0o755)

    def expand(self, text):
        return text.replace("@dir@", self.dir).replace("@port@", str(self.port))

    def _load_modules(self):
        wanted = ["mpm_" + self.mpm, *MODULES, "cgi" if self.mpm == "prefork" else "cgid", *self.modules]
        where = apxs("LIBEXECDIR")
        for name in dict.fromkeys(wanted):
            path = os.path.join(where, "mod_%s.so" % name)
            if os.path.exists(path):
                yield "LoadModule %s_module %s" % (name, path)
        yield "LoadModule authjwt_module " + MODULE

    def _mpm_lines(self):
        if self.mpm == "prefork":
            # As many as there may be, and always: one that is added meanwhile has not met what a test let all of them meet.
            return "StartServers 6\nMinSpareServers 6\nMaxSpareServers 7\nMaxRequestWorkers 6"
        threads = 6
        return ("StartServers %(n)d\nServerLimit %(n)d\nThreadsPerChild %(t)d\nThreadLimit %(t)d\n"
                "MinSpareThreads %(t)d\nMaxSpareThreads %(m)d\nMaxRequestWorkers %(m)d"
                % {"n": self.children, "t": threads, "m": threads * self.children})

    def _write_config(self):
        lines = ["ServerRoot " + self.dir, "DefaultRuntimeDir run", "PidFile run/httpd.pid", "Mutex %s default" % self.mutex,
                 "ServerName localhost", "Listen 127.0.0.1:%d" % self.port, *self._load_modules(), self._mpm_lines()]
        if os.getuid() == 0:
            lines += ["User www-data", "Group www-data"]
        if self.mpm != "prefork":
            lines += ["ScriptSock cgisock"]
        lines += ["Timeout 20", "KeepAliveTimeout 1", "UseCanonicalName Off", "ErrorLog error.log",
                  "LogLevel info\n<IfModule authjwt_module>\n    LogLevel authjwt:%s\n</IfModule>" % self.log,
                  'LogFormat "%P %>s \\"%r\\" %u" test', "CustomLog access.log test",
                  "<IfModule authjwt_module>\n    AuthJWTStateDir state-of-host\n</IfModule>",
                  "DocumentRoot htdocs", "TypesConfig /dev/null", "AddType text/html .html", "AddType text/plain .txt",
                  "<Directory />\n    AllowOverride None\n</Directory>",
                  "<Directory %s>\n    Require all granted\n</Directory>" % self.path("htdocs"),
                  "AliasMatch ^/(p|protected)(/.*)?$ %s" % self.path("htdocs/ok.txt"),
                  "AliasMatch ^/bare(/.*)?$ %s" % self.path("bare/ok.txt"),
                  "ScriptAliasMatch ^/cgi(/.*)?$ %s" % self.path("cgi-bin/env.sh"),
                  "ScriptAliasMatch ^/echo(/.*)?$ %s" % self.path("cgi-bin/echo.sh")]
        if CACHE:
            lines += ["<IfModule authjwt_module>\n    AuthJWTCache %s\n</IfModule>" % CACHE]
        return self.write("httpd.conf", "\n".join(lines) + "\n" + self.expand(self.config) + PASS_THROUGH)

    # -- processes -----------------------------------------------------------------------------------------------

    def _command(self, *arguments):
        httpd = os.environ.get("HTTPD") or os.path.join(apxs("SBINDIR"), apxs("PROGNAME"))
        return [httpd, "-d", self.dir, "-f", self._write_config(), *arguments]

    def _pick_port(self):
        self.port = free_port()

    def configtest(self):
        """httpd -t: (exit status, all it said, log included)."""
        if self.port is None:
            self._pick_port()
        done = subprocess.run(self._command("-t"), env=self.env, capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout + done.stderr + self.read_log()

    def start(self):
        if self.port is None:
            self._pick_port()
        begin, socket_before = self.mark(), self._cgi_sockets()
        with open(self.path("stderr"), "ab") as stderr:
            self.process = launch(self._command("-DFOREGROUND"), env=self.env, stdout=stderr, stderr=stderr)
        try:
            self._wait("httpd to listen", lambda: self._is_up(begin) and self._cgi_runs(socket_before))
        except BaseException:
            end_session(self.process, 0)    # nothing of a start that failed, or was interrupted, is left over
            self.process = None
            raise
        return self

    def _is_up(self, begin):
        if self.process.poll() is not None:
            raise StartFailed(self.stderr() + self.read_log())
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return "resuming normal operations" in self.log_since(begin)

    def _cgi_sockets(self):
        """The sockets at which daemons of mod_cgid listen, once the httpd user may connect; a parent that was killed leaves its own."""
        found = set()
        for path in glob.glob(self.path("run/cgisock.*")):
            try:
                one = os.stat(path)
            except OSError:
                continue
            if os.getuid() or one.st_uid:        # made by root, and given away when the daemon listens
                found.add((path, one.st_ino, one.st_ctime_ns))
        return found

    def _cgi_runs(self, before):
        """Whether this generation's daemon for CGI listens: httpd says that it is up without waiting for it, and a request that
        comes too early is answered 503. @before  what _cgi_sockets gave before the start"""
        return self.mpm == "prefork" or bool(self._cgi_sockets() - before)

    def _wait(self, what, condition, seconds=START_LIMIT):
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "waited %d s for %s\n%s" % (seconds, what, self.read_log()[-3000:])
            time.sleep(0.01)

    def _connections(self):
        """Whether any connection to the port is open or being closed, by the kernel's table."""
        return any(row[3] not in ("0A", "06") for row in self._sockets())   # neither LISTEN nor TIME_WAIT

    def _sockets(self):
        """The rows about the port in the kernel's table: that of its network, which a test may have separated from ours."""
        port = ":%04X" % self.port
        with open("/proc/%d/net/tcp" % self.process.pid) as table:
            rows = [line.split() for line in table.readlines()[1:]]
        return [row for row in rows if row[1].endswith(port)]

    def _listens(self, pids):
        """Whether one of the processes would still take a connection."""
        with contextlib.suppress(OSError):
            listening = {"socket:[%s]" % row[9] for row in self._sockets() if row[3] == "0A"}
            for descriptor in (one for pid in pids for one in glob.glob("/proc/%d/fd/*" % pid)):
                with contextlib.suppress(OSError):
                    if os.readlink(descriptor) in listening:
                        return True
        return False

    def _works(self):
        """Whether any thread of the server does something."""
        for stat in (one for pid in processes_of(self.process.pid) for one in glob.glob("/proc/%d/task/*/stat" % pid)):
            try:
                with open(stat) as file:
                    if file.read().rpartition(")")[2].split()[0] not in "SZ":
                        return True
            except OSError:
                pass   # it has ended since
        return False

    def _settle(self):
        """Event MPM can crash by itself when it is stopped while it closes a connection, as often without this module as with it
        (tests/soak/stops --bare --traffic: 22 of 800 stops); so what is under way may end first. Whether the server is idle."""
        end = time.monotonic() + 2
        try:
            while time.monotonic() < end:
                if not self._connections() and not self._works():
                    time.sleep(0.03)
                    if not self._connections() and not self._works():
                        return True
                time.sleep(0.01)
        except FileNotFoundError:
            time.sleep(0.5)                 # no /proc here: nobody knows
        return False

    def stop(self):
        """Stop it, and judge how it ends: the parent with status 0, no child by a crash, and no process is left over. A child that event
        MPM lost after the signal is passed over where the server was not idle."""
        if self.process is None:
            return
        try:
            self._end()
        except BaseException:
            end_session(self.process, 0)
            self.process = None
            raise
        left, self.process = end_session(self.process), None
        assert not left, "httpd has ended and left\n" + "\n".join(left)

    def _end(self):
        status = self.process.poll()
        assert status is None, "httpd had ended by itself, with status %d" % status
        idle = self._settle()
        self._unchecked_tail += self._new_log()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(START_LIMIT)
        except subprocess.TimeoutExpired:
            raise AssertionError("httpd did not stop") from None
        tail = self._new_log()
        self._unchecked_tail += tail if idle or self.mpm != "event" else EVENT_CRASH.sub("", tail)
        assert self.process.returncode == 0, "httpd ended with status %d" % self.process.returncode

    def restart(self):
        """Stop, then start on the same files and port."""
        self.stop()
        return self.start()

    def graceful(self, how=signal.SIGUSR1):
        """Graceful restart, as logrotate does; returns when the new generation runs, and alone takes connections."""
        mark, socket_before = len(self.read_log()), self._cgi_sockets()
        before = [pid for pid in processes_of(self.process.pid) if pid != self.process.pid]
        self.process.send_signal(how)
        self._wait("the new generation", lambda: "resuming normal operations" in self.read_log()[mark:] and self._cgi_runs(socket_before))
        end = time.monotonic() + GIVE_UP_LISTENING
        while self._listens(before) and time.monotonic() < end:
            time.sleep(0.01)

    def reload(self):
        """What httpd calls restart: the parent lives on, and reads its configuration again; the children are ended."""
        self.graceful(signal.SIGHUP)

    def close(self):
        """Stop and remove the directory; what the log still holds is kept for the check after the test."""
        try:
            self.stop()
        finally:
            self._unchecked_tail += self._new_log()
            shutil.rmtree(self.dir, ignore_errors=True)
            self.closed = True

    closed = False

    def __enter__(self):
        return self.start()

    def __exit__(self, *exception):
        self.close()

    # -- logs ----------------------------------------------------------------------------------------------------

    def _read(self, name):
        try:
            with open(self.path(name), encoding="utf-8", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def stderr(self):
        return self._read("stderr")

    def read_log(self):
        return self._read("error.log")

    def access_log(self):
        return self._read("access.log")

    def mark(self):
        """A place in the error log, for log_since."""
        return len(self.read_log())

    def log_since(self, mark):
        return self.read_log()[mark:]

    def assert_logged(self, mark, pattern):
        """The error log since mark has a line with the pattern; a wait for lines that follow the answer."""
        self._wait("a log line with %r" % pattern, lambda: re.search(pattern, self.log_since(mark)))

    def _new_log(self):
        text = self.read_log()
        new, self._read_to = text[self._read_to:], len(text)
        return new

    def take_log(self):
        """The error log that no check has seen yet."""
        tail, self._unchecked_tail = self._unchecked_tail, ""
        return tail + ("" if self.closed else self._new_log())

    def faults(self, expected=(), allowed=()):
        """Sentences about what the log since the last call should not hold, and about expected lines that are absent."""
        text = self.take_log()
        found = find_leaks(text)
        if not self.closed:
            found += find_leaks(self.stderr())
            if not self.access_log_holds_tokens:
                found += find_leaks(self.access_log())
        patterns = [re.compile(one) for one in [*EXPLAINED, *expected, *allowed]]
        for line in text.splitlines():
            match = LINE.match(line)
            bad = not match or match.group(1) in ("emerg", "alert", "crit", "error", "warn")
            if CRASH.search(line) or (bad and line and not any(one.search(line) for one in patterns)):
                found.append("unexplained in the log: " + line[:400])
        return found, [one for one in expected if re.search(one, text)]

    # -- requests ------------------------------------------------------------------------------------------------

    def request(self, method, path, **more):
        return client.send(self.port, method, path, **more)

    def get(self, path, token=None, **more):
        return self.request("GET", path, token=token, **more)

    def post(self, path, token=None, **more):
        return self.request("POST", path, token=token, **more)

    def raw(self, chunks, **more):
        return client.send_raw(self.port, chunks, **more)

    def try_login(self, user="ann", path="/login", **more):
        return self.post(path, json={"username": user, "password": Known.passwords[user]}, **more)

    def login(self, user="ann", path="/login", **more):
        """(access token, refresh token) of a new session."""
        answer = self.try_login(user, path, **more)
        client.assert_logged_in(answer)
        return tuple(register_token(answer.json()[name]) for name in ("access_token", "refresh_token"))

    def children_that_served(self, path, since):
        """Process ids of the children that answered requests for path, by the access log from an offset."""
        return {line.split()[0] for line in self.access_log()[since:].splitlines() if " %s " % path in line}

    def until_two_served(self, path, since, ask):
        """Ask until more than one child has answered requests for path."""
        self._wait("another child to answer", lambda: (ask(), len(self.children_that_served(path, since)) > 1)[1])


def running(module_config):
    """A server for a whole test module: options from its globals CONFIG and OPTIONS, log checked once more at its end."""
    server = Httpd(module_config.get("CONFIG", DEFAULT), **module_config.get("OPTIONS", {}))
    for name, content in module_config.get("FILES", {}).items():
        server.write(name, content, 0o755 if content[:2] in ("#!", b"#!") else 0o644)
    try:
        server.access_log_holds_tokens = module_config.get("TOKENS_IN_ADDRESSES", False)
        yield server.start()
    finally:
        server.close()
    faults, _ = server.faults()
    Httpd.live.remove(server)
    assert not faults, "\n".join(faults)
