"""Processes that end with the tests, however these end."""
import ctypes
import signal

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


def tethered():
    """preexec_fn of subprocess.Popen: the kernel sends SIGTERM when the tests are gone, by Ctrl-C, kill -9 or a crash. Elsewhere than on
    Linux nothing happens."""
    if hasattr(LIBC, "prctl"):
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
