#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What a request costs may not grow unnoticed: instructions that this module adds to one, against the figures in instructions.json.

tests/soak/soak_instructions.py --record writes what it counts there, for a change that is worth its cost. `goal` is kept: no row may be above it.
"""
import concurrent.futures
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(ROOT / "bench"), str(ROOT / "tests" / "e2e" / "support")]

import bench_count  # noqa: E402
from authjwt_lmdb import Store  # noqa: E402
from bench_cases import Cases  # noqa: E402
from bench_tokens import Keys  # noqa: E402

FILE = HERE / "instructions.json"
ALLOWED = 1.03
FEWER, MORE = 100, 400
# A token that is remembered, after a commit to the store: it is looked up again.
CHANGED = ", the store has changed"
# As many as requests, so that none comes twice.
TOKENS = 400
MODULE = os.environ.get("AUTHJWT_MODULE") or str(ROOT / "build" / "mod_authjwt.so")
PACKAGES = ("apache2-bin", "libssl3", "libssl3t64", "libapr1", "libapr1t64", "libc6", "liblmdb0", "valgrind")


def libraries():
    """What the figures depend on besides this module."""
    said = subprocess.run(["dpkg-query", "-W", "-f", "${db:Status-Status} ${Package} ${Version}\n", *PACKAGES], check=False, capture_output=True,
                          text=True).stdout
    return sorted(line.split(" ", 1)[1] for line in said.splitlines() if line.startswith("installed "))


def rows(cases):
    """(name, case)"""
    own = [case for case in cases.own() if case.count and not case.revocations]
    yield from ((case.name, case) for case in own)
    yield own[0].name + CHANGED, own[0]
    for what, value, case in cases.growth():
        # A million takes as long as all others together.
        if case.revocations <= 10000:
            yield "%s: %d" % (what, value), case


def commit(folder):
    """Something that concerns no token."""
    with Store(os.path.join(folder, "state")) as store:
        store.put([(os.urandom(32), bytes([1] + 8 * [0]))])


def count():
    """{name: instructions added to a request}"""
    work = tempfile.mkdtemp(prefix="instructions.")
    os.chmod(work, 0o755)
    keys, copy = os.path.join(work, "keys"), os.path.join(work, "mod_authjwt.so")
    os.mkdir(keys)
    shutil.copy(MODULE, copy)

    def one(row):
        name, case = row
        folder = tempfile.mkdtemp(dir=work)
        os.chmod(folder, 0o755)
        bench_count.prepare(case, folder, keys)
        return bench_count.instructions(case, folder, keys, FEWER, MORE, (lambda: commit(folder)) if name.endswith(CHANGED) else lambda: None)

    try:
        todo = list(rows(Cases(Keys(keys), copy, False, TOKENS)))
        bare = {case.sends(): case.bare() for _, case in todo}
        subprocess.run(["chmod", "-R", "a+rX", keys], check=True)
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            alone = dict(zip(bare, pool.map(one, (("alone", case) for case in bare.values()))))
            counted = list(pool.map(one, todo))
    finally:
        shutil.rmtree(work)
    return {name: round(each - alone[case.sends()]) for (name, case), each in zip(todo, counted)}


def judge(counted, known, same_libraries):
    """Sentences about rows that cost too much, or that nobody has recorded."""
    for name, each in counted.items():
        row = known.get(name)
        if row is None:
            yield '"%s" is not recorded' % name
            continue
        if row.get("goal") and each > row["goal"]:
            yield '"%s" costs %s instructions, its goal is %s' % (name, "{:,}".format(each), "{:,}".format(row["goal"]))
        # A hundred instructions are the noise of the small rows.
        if same_libraries and each > row["recorded"] * ALLOWED + 100:
            yield '"%s" costs %s instructions, %.1f %% more than the %s recorded' % (
                name, "{:,}".format(each), 100 * each / row["recorded"] - 100, "{:,}".format(row["recorded"]))


def figure_instructions():
    """instructions that this module adds to a request, against goals and recorded figures"""
    known = json.loads(FILE.read_text(encoding="utf-8"))
    counted = count()
    same = known["recorded_with"] == libraries()
    wrong = list(judge(counted, known["rows"], same))
    text = "%d rows of added instructions against %s" % (len(counted), "goals and recorded figures" if same else
                                                         "their goals alone, since they were recorded with other libraries")
    return "; ".join([text] + wrong), not wrong


def record():
    known = json.loads(FILE.read_text(encoding="utf-8"))["rows"] if FILE.exists() else {}
    goals = {name: row["goal"] for name, row in known.items() if "goal" in row}
    counted = count()
    made = {name: dict({"goal": goals[name]} if name in goals else {}, recorded=each) for name, each in counted.items()}
    FILE.write_text(json.dumps({"recorded_with": libraries(), "rows": made}, indent=1) + "\n", encoding="utf-8")
    for name, each in counted.items():
        print("%9d  %s" % (each, name))


if __name__ == "__main__":
    if sys.argv[1:] != ["--record"]:
        sys.exit(__doc__)
    record()
