# SPDX-License-Identifier: Apache-2.0
"""Where AuthJWTAuditLog writes: files, commands, logrotate, and what a process that dies leaves behind."""
import concurrent.futures
import contextlib
import http.client
import json
import os
import signal
import stat
import threading
import time

import pytest
from authjwt_audit import LOG, Audit, parse_all, read_lines
from authjwt_env import DEFAULT, Known, StartFailed
from authjwt_leaks import register_answer
from authjwt_process import processes_of

# Appends what it reads, and says in the file `starts` that it began.
READER = "#!/bin/sh\necho $$ >>@dir@/starts\nexec cat >>@dir@/piped.log\n"
PIPED = 'AuthJWTAuditLog "|@dir@/reader" login\n' + DEFAULT
SHELL = 'AuthJWTAuditLog "|$exec cat >>@dir@/piped.log" login\n' + DEFAULT
FDS_CGI = "#!/bin/sh\nprintf 'Content-Type: text/plain\\r\\n\\r\\n'\nexec ls -l /proc/self/fd\n"


def with_reader(server):
    server.write("reader", server.expand(READER), 0o755)
    return server


def wrong(server, name="ann"):
    return server.post("/login", json={"username": name, "password": Known.wrong_password})


def test_a_file_has_the_mode_and_the_owner_of_httpds_logs_and_lines_are_appended(new_server):
    server = new_server(LOG + DEFAULT)
    server.write("audit.log", "")
    os.unlink(server.path("audit.log"))
    server.start()
    log, access_log = os.stat(server.path("audit.log")), os.stat(server.path("access.log"))
    assert stat.S_IMODE(log.st_mode) == stat.S_IMODE(access_log.st_mode) and log.st_uid == access_log.st_uid
    server.login()
    server.restart()
    server.login()
    assert [line["event"] for line in read_lines(server)] == ["login", "login"]


def test_it_is_off_unless_said(new_server):
    server = new_server()
    server.start()
    before = set(os.listdir(server.dir))
    server.login()
    assert set(os.listdir(server.dir)) - before <= {"state", "access.log"}


@pytest.mark.parametrize("target", ["no-such-directory/audit.log", "run"])
def test_a_file_that_cannot_be_opened_stops_the_start(new_server, expect_log, target):
    expect_log(r"AJ2201: AuthJWTAuditLog %s cannot be opened" % target)
    expect_log.may(r"AH00015|AH00016|Unable to open logs")
    server = new_server("AuthJWTAuditLog %s\n" % target + DEFAULT)
    with pytest.raises(StartFailed, match="AJ2201"):
        server.start()


@pytest.mark.parametrize("line, said", [
    ("audit.log logins", 'there is no event "logins"; the events are login login_failed'),
    ("audit.log login LOGOUT", 'there is no event "LOGOUT"'),
    ('""', "write FILE"), ("", "write FILE"), ('"|"', "write FILE"), ("off login", "off stands alone")])
def test_what_is_wrong_is_said_by_the_configuration_test(new_server, line, said):
    status, text = new_server("AuthJWTAuditLog %s\n" % line + DEFAULT).configtest()
    assert status != 0 and "AuthJWTAuditLog" in text and said in text, text


def test_every_event_that_is_documented_can_be_named(new_server):
    from authjwt_audit import ALL
    status, text = new_server("AuthJWTAuditLog audit.log %s\n" % " ".join(ALL) + DEFAULT).configtest()
    assert status == 0, text


@pytest.mark.parametrize("mpm", ["event", "prefork"])
@pytest.mark.parametrize("config", [PIPED, SHELL], ids=["command", "shell"])
def test_a_command_reads_the_lines(new_server, mpm, config):
    server = with_reader(new_server(config, mpm=mpm)).start()
    for _ in range(3):
        server.login()
    wrong(server)
    server._wait("the command to write", lambda: server._read("piped.log").count("\n") >= 3)
    assert [line["event"] for line in read_lines(server, "piped.log")] == ["login"] * 3


def test_a_command_that_dies_is_started_again_and_lines_are_whole(new_server, expect_log):
    expect_log.may(r"AH00106|AH00105|piped log")
    server = with_reader(new_server(PIPED)).start()
    server.login()
    server._wait("the first line", lambda: server._read("piped.log").count("\n") == 1)
    begun = server._read("starts").split()
    os.kill(int(begun[-1]), signal.SIGKILL)
    server._wait("another command", lambda: len(server._read("starts").split()) > len(begun))
    server.login()
    server._wait("the second line", lambda: server._read("piped.log").count("\n") == 2)
    assert len(read_lines(server, "piped.log")) == 2


@pytest.mark.parametrize("ignores", [True, False], ids=["ignores SIGTERM", "the control"])
def test_a_command_that_ignores_sigterm_gets_what_old_processes_write_after_a_graceful_restart(new_server, expect_log, ignores):
    """docs/audit.md says how. httpd ends the command of its old configuration at once, though requests are under way."""
    expect_log.may(r"AH00488: long lost child came home!")
    server = new_server(PIPED)
    server.write("reader", server.expand(READER.replace("echo", "trap '' TERM\necho") if ignores else READER), 0o755)
    server.start()
    body = json.dumps({"username": "ann", "password": Known.passwords["ann"]}).encode()
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)) as late:
        late.putrequest("POST", "/login")
        late.putheader("Content-Type", "application/json")
        late.putheader("Content-Length", str(len(body)))
        late.endheaders(body[:5])
        server.login()                       # by then the connection that came first has been taken up
        server.graceful()
        server._wait("the next command", lambda: server._read("starts").count("\n") == 2)
        late.send(body[5:])
        answer = late.getresponse()
        register_answer(answer.read().decode())
        assert answer.status == 200
    if ignores:
        server._wait("both lines", lambda: server._read("piped.log").count("\n") == 2)
    else:
        expect_log(r"Broken pipe: AJ2202")
        assert server._read("piped.log").count("\n") <= 1


@pytest.mark.parametrize("mpm", ["event", "prefork"])
@pytest.mark.parametrize("config", [LOG + DEFAULT, PIPED], ids=["file", "command"])
def test_no_program_inherits_the_log(new_server, mpm, config):
    server = with_reader(new_server(config, mpm=mpm))
    server.write("cgi-bin/env.sh", FDS_CGI, 0o755)
    server.start()
    access, _ = server.login()
    server._wait("the line", lambda: server._read("audit.log") + server._read("piped.log"))
    shown = server.get("/cgi/x", access).text
    assert "/proc/" in shown, "the control: what is open is listed"
    assert "audit.log" not in shown, shown
    if config == PIPED:
        assert os.readlink("/proc/%s/fd/0" % server._read("starts").split()[-1]) not in shown


def test_logrotate_renames_and_reloads(new_server):
    server = new_server(LOG + DEFAULT).start()
    server.login()
    os.rename(server.path("audit.log"), server.path("audit.log.1"))
    server.login()
    assert len(read_lines(server, "audit.log.1")) == 2, "until the restart the open file is written to"
    server.graceful()
    server._wait("the new generation to answer", lambda: (server.login(), bool(server._read("audit.log")))[1])
    count = len(read_lines(server))
    server.login()
    assert len(read_lines(server)) == count + 1


def test_logrotate_copies_and_truncates_and_there_is_no_hole(new_server):
    server = new_server(LOG + DEFAULT).start()
    for _ in range(3):
        server.login()
    os.truncate(server.path("audit.log"), 0)
    server.login()
    with open(server.path("audit.log"), "rb") as file:
        content = file.read()
    assert b"\0" not in content and len(parse_all(content)) == 1


def test_a_log_that_is_full_keeps_nobody_from_signing_in(new_server, expect_log):
    expect_log(r"\[authjwt:error\].*AJ2202: AuthJWTAuditLog /dev/full: a line could not be written")
    server = new_server("AuthJWTAuditLog /dev/full\n" + DEFAULT).start()
    begun = time.monotonic()
    for _ in range(20):
        server.login()
    assert server.read_log().count("AJ2202: ") <= 2 * (time.monotonic() - begun + 2), "at most one a second and process"


def bombard(server, stop, user):
    sent = 0
    while not stop.is_set():
        with contextlib.suppress(Exception):
            wrong(server, user)
            sent += 1
    return sent


@pytest.mark.parametrize("mpm", ["event", "prefork"])
@pytest.mark.parametrize("where", ["audit.log", "piped.log"])
def test_lines_are_whole_whatever_process_is_killed(new_server, expect_log, mpm, where):
    expect_log.may(r"AH00051|AH00052|AH00106|AH00105|AH01909|piped log|exit signal Killed|AJ1905|mutex|AH00273|scoreboard")
    config = (LOG if where == "audit.log" else 'AuthJWTAuditLog "|@dir@/reader"\n') + (
        "AuthJWTLoginThrottle off\nAuthJWTLoginLock off\nAuthJWTDummyHash {SHA}x\n") + DEFAULT
    server = with_reader(new_server(config, mpm=mpm, log="warn")).start()
    stop, users = threading.Event(), ["%s%d" % ("n" * 250, number) for number in range(4)]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(bombard, server, stop, user) for user in users]
        for _ in range(12):
            time.sleep(0.15)
            children = [pid for pid in processes_of(server.process.pid) if pid != server.process.pid and b"reader" not in cmdline(pid)]
            with contextlib.suppress(ProcessLookupError, IndexError):
                os.kill(children[-1], signal.SIGKILL)
        stop.set()
        sent = sum(job.result() for job in jobs)
    server.login()
    server._wait("the last line", lambda: '"login"' in server._read(where))
    lines = read_lines(server, where)
    assert {line["user"] for line in lines} <= {*users, "ann"} and sent / 2 < len(lines) <= sent + 200, (sent, len(lines))


def cmdline(pid):
    try:
        with open("/proc/%d/cmdline" % pid, "rb") as file:
            return file.read()
    except OSError:
        return b"reader"
