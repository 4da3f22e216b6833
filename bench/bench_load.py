# SPDX-License-Identifier: Apache-2.0
"""Load by wrk, and what the server used meanwhile."""
import os
import re
import subprocess
import urllib.error
import urllib.request

from bench_servers import HERE, on_cpu

CONNECTIONS, THREADS = 32, 2


def status(url, headers=None, data=None):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, headers or {}), timeout=20) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def _script(case):
    if case.script == "login":
        return ["-s", str(HERE / "requests.lua")], ["--", "login"]
    if case.tokens:
        return ["-s", str(HERE / "requests.lua")], ["--", case.method, case.tokens] + (["once"] if case.once else [])
    return [word for name, value in case.headers.items() for word in ("-H", "%s: %s" % (name, value))], []


def wrk(case, url, seconds):
    """{requests, seconds, wrong} of a run."""
    before, after = _script(case)
    command = on_cpu((os.cpu_count() or 1) - 1) + ["wrk", "-t%d" % THREADS, "-c%d" % (case.connections or CONNECTIONS), "-d%ds" % seconds,
                                                   *before, url, *after]
    said = subprocess.run(command, check=True, capture_output=True, text=True, env=dict(os.environ, BENCH_THREADS=str(THREADS))).stdout
    done = re.search(r"(\d+) requests in ([\d.]+)(ms|s|m)", said)
    wrong = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    return {"requests": int(done.group(1)), "seconds": float(done.group(2)) * {"ms": 0.001, "s": 1, "m": 60}[done.group(3)],
            "wrong": int(wrong.group(1)) if wrong else 0}


def sample(server, case, seconds):
    """One sample: {rps, user_us, system_us, memory_mb, wrong}."""
    url = "http://127.0.0.1:%d%s" % (server.port, case.path)
    if not case.once:
        wrk(case, url, 1)
    user, system = server.cpu()
    run = wrk(case, url, seconds)
    user_after, system_after = server.cpu()
    each = 1e6 / max(run["requests"], 1)
    return {"rps": run["requests"] / run["seconds"], "user_us": (user_after - user) * each, "system_us": (system_after - system) * each,
            "memory_mb": server.memory(), "wrong": run["wrong"]}


def problem_of(server, case):
    """The good request must be let in, and one without credentials kept out. @return a sentence, None when all is well"""
    url = "http://127.0.0.1:%d%s" % (server.port, case.path)
    if case.script == "login":
        got = status(url, {"Content-Type": "application/json"}, b'{"username":"alice","password":"secret123"}')
        return None if got == 200 else "a login got %d" % got
    headers = dict(case.headers)
    if case.tokens:
        with open(case.tokens, encoding="ascii") as file:
            headers["Authorization"] = "Bearer " + file.readline().strip()
    data = b"" if case.method == "POST" else None
    got, without = status(url, headers, data), status(url, None, data)
    if got != 200:
        return "the good request got %d" % got
    return "a request without credentials got %d" % without if case.protects and without not in (401, 403) else None
