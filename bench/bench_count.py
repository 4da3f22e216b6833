# SPDX-License-Identifier: Apache-2.0
"""Instructions of a request: callgrind over one `httpd -X`, N and M requests, the difference divided by M - N."""
import os
import pathlib
import re
import shutil
import socket
import subprocess
import time

from bench_servers import HERE, Httpd, program


def total(path):
    """Instructions of a whole run."""
    with open(path, encoding="latin-1") as file:
        return int(re.search(r"^(?:summary|totals): (\d+)", file.read(), re.M).group(1))


def _tokens(case):
    if not case.tokens:
        return [None]
    with open(case.tokens, encoding="ascii") as file:
        return file.read().split()


def _ask(port, case, count, after):
    """Requests over one kept connection, each token of the case in turn; `after` is called after each."""
    tokens = _tokens(case)
    with socket.create_connection(("127.0.0.1", port), 120) as connection:
        answer = connection.makefile("rb")
        for number in range(count):
            # httpd looks whether another request waits already, which costs more or less: none ever does.
            time.sleep(.002)
            headers = dict(case.headers)
            if case.tokens:
                headers["Authorization"] = "Bearer " + tokens[number % len(tokens)]
            connection.sendall(("%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s\r\n" % (
                case.method, case.path, "".join("%s: %s\r\n" % pair for pair in headers.items()))).encode())
            code, length = int(answer.readline().split()[1]), 0
            for line in iter(answer.readline, b"\r\n"):
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            answer.read(length)
            if code != 200:
                raise RuntimeError("%s answered %d under callgrind" % (case.name, code))
            after()


def _give_away(folder):
    shutil.chown(folder, "www-data", "www-data")
    for path in pathlib.Path(folder).rglob("*"):
        shutil.chown(path, "www-data", "www-data")


def fill_store(folder, count, source=HERE.parent / "tests" / "soak" / "fill_store.c"):
    """Put so many live entries into the store that a server has left in folder/state."""
    made = os.path.join(folder, "fill_store")
    subprocess.run([os.environ.get("CC", "cc"), "-O2", "-o", made, str(source), "-llmdb"], check=True)
    subprocess.run([made, os.path.join(folder, "state"), str(count)], check=True)


def prepare(case, folder, keys):
    """The store of a case that wants revocations, before its server is started."""
    if case.revocations:
        with Httpd(case, folder, keys) as server, socket.create_connection(("127.0.0.1", server.port), 60) as connection:
            # Who answers has made the store.
            connection.sendall(b"HEAD / HTTP/1.0\r\n\r\n")
            connection.recv(1)
        fill_store(folder, case.revocations)


def instructions(case, folder, keys, fewer, more, after=lambda: None):  # pylint: disable=too-many-arguments
    """Of one request, the start of the server left out."""
    counts, drop, totals = pathlib.Path(folder, "counts"), [], []
    if os.getuid() == 0:
        # httpd would change its user after valgrind has opened its files.
        drop = ["setpriv", "--reuid=www-data", "--regid=www-data", "--clear-groups"]
    for requests in (fewer, more):
        shutil.rmtree(counts, ignore_errors=True)
        counts.mkdir()
        if drop:
            _give_away(folder)
        # Within connections alone: what a start costs differs from one to the next.
        wrapper = drop + [program("valgrind"), "--quiet", "--tool=callgrind", "--toggle-collect=ap_process_connection",
                          "--callgrind-out-file=%s/%%p" % counts]
        with Httpd(case, folder, keys, wrapper, alone=True) as server:
            _ask(server.port, case, requests, after)
        # Of the server alone: it starts another process that checks the store, which costs more the fuller that is.
        totals.append(total(counts / str(server.process.pid)))
    return (totals[1] - totals[0]) / (more - fewer)
