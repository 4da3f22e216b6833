# SPDX-License-Identifier: Apache-2.0
"""Processes that tests start: they end with the tests, however these end, and nothing of them is left over."""
import ctypes
import os
import signal
import subprocess
import time

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)
LEFT_OVER_AFTER = 5                         # seconds that what a server started has to end after it

# Sessions of the processes launched here, until they are known to be empty.
sessions = set()


def tethered():
    """preexec_fn of subprocess.Popen: the kernel sends SIGTERM when the tests are gone, by Ctrl-C, kill -9 or a crash. Elsewhere than on
    Linux nothing happens. A program that changes its user by itself loses this; let Popen change it."""
    if hasattr(LIBC, "prctl"):
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def tethered_hard():
    """The same with SIGKILL, for a program of one process that may miss a SIGTERM, as uWSGI does just after it has started."""
    if hasattr(LIBC, "prctl"):
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def launch(command, **options):
    """subprocess.Popen of a program that ends with the tests, in a session of its own, which end_session empties."""
    options = {"stdin": subprocess.DEVNULL, "start_new_session": True, "preexec_fn": tethered, **options}
    process = subprocess.Popen(command, **options)
    if options["start_new_session"]:
        sessions.add(process.pid)
    return process


def _stat(pid):
    """(state, parent, session) of a process, or None when there is none, or no /proc."""
    try:
        with open("/proc/%s/stat" % pid) as stat:
            state, parent, _, session = stat.read().rpartition(")")[2].split()[:4]
    except OSError:
        return None
    return state, int(parent), int(session)


def _called(pid):
    try:
        with open("/proc/%s/cmdline" % pid) as line:
            return "%s %s" % (pid, line.read().replace("\0", " ").strip())
    except OSError:
        return str(pid)


def living(belongs):
    """Processes that have not ended and whose (parent, session) belongs. Without /proc: none."""
    try:
        pids = [pid for pid in os.listdir("/proc") if pid.isdigit()]
    except OSError:
        pids = []
    found = [(pid, _stat(pid)) for pid in pids]
    return [_called(pid) for pid, stat in found if stat and stat[0] not in "ZX" and belongs(*stat[1:])]


def _group_is_gone(group):
    try:
        os.killpg(group, 0)
        return False
    except ProcessLookupError:
        return True


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


def _is_stopped(pid):
    """Whether each thread of a process is stopped; also where there is no /proc to ask, or the process has ended."""
    try:
        return all((_stat("%s/task/%s" % (pid, thread)) or "T")[0] in "TtZX" for thread in os.listdir("/proc/%s/task" % pid))
    except OSError:
        return True


def wait_until_stopped(pids):
    """SIGSTOP takes a moment to reach all threads of a busy process."""
    end = time.monotonic() + 60
    while not all(_is_stopped(pid) for pid in pids):
        assert time.monotonic() < end, "not stopped: %s" % pids
        time.sleep(0.005)


def is_empty(session):
    """Whether no process of a session that was launched here is left. Where there is no /proc, one that has ended but was not waited for
    counts as well."""
    if not _group_is_gone(session) and _stat("self") is None:
        return False
    return not living(lambda _, of: of == session)


def _is_soon_empty(session, patience):
    end = time.monotonic() + patience
    while not is_empty(session):
        if time.monotonic() >= end:
            return False
        time.sleep(0.01)
    return True


def end_session(process, patience=LEFT_OVER_AFTER):
    """Kill what is left of the session of a launched process: at once where that still runs, else after patience seconds. Returns what was
    left over after these, a line each."""
    session, left = process.pid, []
    if process.poll() is not None and not _is_soon_empty(session, patience):
        left = living(lambda _, of: of == session) or ["processes of group %d" % session]
    try:
        os.killpg(session, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()
    if _is_soon_empty(session, LEFT_OVER_AFTER):
        sessions.discard(session)
    return left


def left_over():
    """What runs although all tests have ended: children of this process, and whatever is in a session that was launched here."""
    own = os.getpid()
    return living(lambda parent, session: parent == own or session in sessions)
