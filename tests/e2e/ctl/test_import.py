# SPDX-License-Identifier: Apache-2.0
"""authjwtctl import in earnest: many entries at once beside a running httpd, killed in the middle, and done again."""
import base64
import hashlib
import json
import random
import subprocess
import time

import pytest
from authjwt_ctl import CTL, ctl
from authjwt_env import DEFAULT
from authjwt_valkey import Valkey, config_on

EXPIRES = int(time.time() + 86400) * 1_000_000
MANY = 30000


def text_id(number):
    return base64.urlsafe_b64encode(hashlib.sha256(b"%d" % number).digest()).decode().rstrip("=")


def value(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def mark(ended, until):
    return value(b"\2" + ended.to_bytes(8, "big") + until.to_bytes(8, "big"))


def chain(used, seen=0, last=b"l", before=b"b"):
    return value(b"\3" + used.to_bytes(4, "big") + bytes([seen]) + last * 16 + before * 16)


def dump(entries):
    return "".join(json.dumps({"id": id_, "value": one, "expires": expires}) + "\n" for id_, one, expires in entries)


def read(options):
    return {one["id"]: one for one in map(json.loads, ctl("export", *options).splitlines()) if "id" in one}


@pytest.fixture(params=["lmdb", "valkey"])
def running(request, new_server):
    """(httpd, options of its store)"""
    if request.param == "lmdb":
        server = new_server(DEFAULT).start()
        yield server, ("--store", "lmdb:" + server.path("state"))
        return
    with Valkey() as store:
        yield new_server(config_on("valkey:" + store.address)).start(), ("--store", "valkey:" + store.address)


def test_an_import_that_is_killed_and_done_again_is_whole(running):
    """At any moment; httpd goes on, and what it records meanwhile stays."""
    server, options = running
    entries = [(text_id(number), mark(7, 7 + number), EXPIRES + number) for number in range(MANY)]
    server.write("dump", dump(entries))
    ended = []
    for _ in range(6):
        with open(server.path("dump")) as file:
            child = subprocess.Popen([str(CTL), "import", *options], stdin=file, stdout=subprocess.DEVNULL)
            time.sleep(random.uniform(0, 0.4))
            child.kill()
            child.wait()
        token = server.login()[0]
        assert server.post("/logout", token).status == 200
        ended.append(token)
    with open(server.path("dump")) as file:
        done = subprocess.run([str(CTL), "import", *options], stdin=file, capture_output=True, text=True, check=True)
    assert done.stdout == "%d entries\n" % MANY
    found = read(options)
    assert len(found) == MANY + len(ended)
    assert all(found[id_]["value"] == one and 0 <= found[id_]["expires"] - expires < 5_000_000 for id_, one, expires in entries)
    assert [server.get("/protected", token).status for token in ended] == [401] * len(ended)


def test_of_two_stores_what_has_got_further_counts(running):
    """Marks as late as either says, chains of the higher generation, and what one store alone knows of an answer that arrived."""
    _, options = running
    ids = [text_id(number) for number in range(6)]
    there = [mark(5, 9), mark(9, 5), chain(3, 0, b"x"), chain(2, 1, b"y"), chain(2, 0, b"z"), value(b"\7newer")]
    other = [mark(7, 7), mark(7, 7), chain(2, 1, b"n"), chain(3, 0, b"n"), chain(2, 1, b"n"), value(b"\3")]
    want = [mark(7, 9), mark(9, 7), there[2], other[3], chain(2, 1, b"z"), there[5]]
    assert ctl("import", *options, stdin=dump(zip(ids, there, [EXPIRES] * 6))) == "6 entries\n"
    for expires in (EXPIRES - 5_000_000, EXPIRES + 5_000_000, EXPIRES):
        ctl("import", *options, stdin=dump(zip(ids, other, [expires] * 6)))
        found = read(options)
        assert [found[id_]["value"] for id_ in ids] == want
    assert all(abs(one["expires"] - EXPIRES - 5_000_000) < 2_000_000 for one in found.values())


def test_one_id_many_times_is_one_entry_that_has_all_of_them(running):
    _, options = running
    entries = [(text_id(1), mark(number, 2000 - number), EXPIRES + number * 1000) for number in range(1500)]
    assert ctl("import", *options, stdin=dump(entries)) == "1500 entries\n"
    [one] = read(options).values()
    assert one["value"] == mark(1499, 2000) and 0 <= one["expires"] - EXPIRES - 1_499_000 < 60_000_000


def test_what_stands_before_a_line_of_another_kind_is_in(running):
    _, options = running
    good = dump([(text_id(number), mark(1, 1), EXPIRES) for number in range(1030)])
    done = subprocess.run([str(CTL), "import", *options], input=good + "x\n" + good, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "1030 entries\n") and "line 1031 " in done.stderr and len(read(options)) == 1030


def test_a_store_that_is_full_says_so_and_keeps_what_it_has(new_server):
    server = new_server(DEFAULT.replace("(64M)", "(1M)")).start()
    options = ("--store", "lmdb:" + server.path("state"))
    done = subprocess.run([str(CTL), "import", *options], input=dump((text_id(n), mark(1, 1), EXPIRES) for n in range(20000)),
                          capture_output=True, text=True)
    assert done.returncode == 1 and "full" in done.stderr
    assert int(done.stdout.split()[0]) <= len(read(options)) < 20000


@pytest.mark.parametrize("between", ["\0", "\0" * 5000, "\r", " " * 5000], ids=["NUL", "many NUL", "CR", "blanks"])
def test_two_lines_that_damage_has_joined_are_no_line(running, between):
    """Neither is passed over in silence: a revocation would be lost."""
    _, options = running
    lines = [dump([(text_id(number), mark(1, 1), EXPIRES)]) for number in range(3)]
    assert ctl("import", *options, stdin="\r\n".join(line.strip() for line in lines[:1]) + "\r\n") == "1 entries\n", "the control"
    done = subprocess.run([str(CTL), "import", *options], input=lines[1].strip() + between + lines[2], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "0 entries\n") and "line 1 " in done.stderr and set(read(options)) == {text_id(0)}


def test_a_line_with_more_than_export_writes_is_no_line(running):
    """Nor does what it says of a loss count."""
    _, options = running
    one = {"id": text_id(1), "value": mark(1, 1), "expires": EXPIRES}
    for more in ({"birth": 99}, {"note": "x"}):
        done = subprocess.run([str(CTL), "import", *options], input=json.dumps({**one, **more}), capture_output=True, text=True)
        assert (done.returncode, done.stdout) == (1, "0 entries\n") and "line 1 " in done.stderr
    assert read(options) == {} and "birth:   never lost\n" in ctl("stats", *options)
    assert ctl("import", *options, stdin=json.dumps(one)) == "1 entries\n", "the control, without a newline at its end"


def test_dates_of_a_damaged_store_send_nothing_odd_to_a_terminal(new_server):
    """APR writes the year 235000 with an escape character."""
    server = new_server(DEFAULT).start()
    options = ("--store", "lmdb:" + server.path("state"))
    for birth in (1_000_000_000_000_000, 235_500 * 31_556_952_000_000, 2**63 - 1):
        ctl("import", *options, stdin='{"birth":%d}\n' % birth)
        said = ctl("stats", *options)
        assert said.replace("\n", "").isprintable() and ("2001 " in said or "birth:   out of all time\n" in said), said
