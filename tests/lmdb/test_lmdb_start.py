# SPDX-License-Identifier: Apache-2.0
"""What is judged at start: arguments, the directory, the file system, the state of the store. Each refusal is a sentence."""
import os
import stat
import subprocess

import pytest

from lmdb_httpd import open_files, poll


@pytest.mark.parametrize("arg, sentence", [
    ("lmdb:/x(10X)", '"10X" is not a size'),
    ("lmdb:/x()", '"" is not a size'),
    ("lmdb:/x(-5M)", '"-5M" is not a size'),
    ("lmdb:/x(+5M)", '"+5M" is not a size'),
    ("lmdb:/x(M)", '"M" is not a size'),
    ("lmdb:/x(1MM)", '"1MM" is not a size'),
    ("lmdb:/x(1.5G)", '"1.5G" is not a size'),
    ("lmdb:/x(99999999999999999999)", '"99999999999999999999" is not a size'),
    ("lmdb:/x(1023K)", "a size of 1023K is too small or too large"),
    ("lmdb:/x(0)", "a size of 0 is too small or too large"),
    ("lmdb:/x(9999999999G)", "a size of 9999999999G is too small or too large"),
    ("lmdb:/x(1M", "is not [PATH][(SIZE)]"),
    ("lmdb:/x1M)", "is not [PATH][(SIZE)]"),
    ("lmdb:/", '"/" cannot be a store'),
    ("lmdb:/../", '"/../" cannot be a store'),
    pytest.param("lmdb:/" + "x" * 4084, "is not a path", id="too long"),
])
def test_a_wrong_argument_is_a_sentence(httpd, arg, sentence):
    httpd.use('"%s"' % arg)
    rc, said = httpd.run("-t")
    assert rc != 0
    assert "SocacheTest: lmdb: " in said and sentence in said


def test_a_size_beyond_the_address_space_is_a_sentence(httpd):
    httpd.use("lmdb:%s(1000000G)" % httpd.store)
    assert "cannot map the store's size: not enough memory, or no address space for this size" in httpd.fails_to_start()


@pytest.mark.parametrize("size, bytes", [("1M", 1 << 20), ("1024k", 1 << 20), ("1048577", (1 << 20) + (1 << 16)), ("2g", 2 << 30)])
def test_a_size_is_bytes_or_with_a_letter(httpd, size, bytes):
    httpd.use("lmdb:%s(%s)" % (httpd.store, size))
    httpd.start()
    assert httpd.status()["CacheSize"] == str(bytes)


@pytest.fixture
def state(built, as_root):
    """The state directory chosen at build, new for each test."""
    subprocess.run(["rm", "-rf", built.state], check=True)
    yield built.state
    subprocess.run(["rm", "-rf", built.state], check=True)


@pytest.mark.parametrize("arg, path", [("lmdb", ""), ("lmdb:", ""), ("lmdb:(2M)", ""), ("lmdb:one", "/one"), ("lmdb:one/(2M)", "/one"),
                                       ("lmdb:./x/../one/.", "/one")])
def test_default_and_relative_paths_are_in_the_state_directory(httpd, state, arg, path):
    httpd.use(arg)
    httpd.start()
    assert httpd.set("a") == "ok"
    assert os.listdir(state + path) != [] and "data.mdb" in os.listdir(state + path)
    assert httpd.status()["CacheSize"] == str(2 << 20 if "2M" in arg else 1 << 30)


def test_a_missing_directory_and_its_parent_are_made_for_the_httpd_user_alone(httpd, as_root):
    httpd.use("lmdb:%s/new/store" % httpd.dir)
    httpd.start()
    assert httpd.set("a") == "ok"
    for path in (httpd.dir + "/new", httpd.dir + "/new/store"):
        st = os.stat(path)
        assert (st.st_uid, st.st_gid, stat.S_IMODE(st.st_mode)) == (as_root.pw_uid, as_root.pw_gid, 0o700)
    for file in ("data.mdb", "lock.mdb"):
        st = os.stat(httpd.dir + "/new/store/" + file)
        assert (st.st_uid, st.st_gid, stat.S_IMODE(st.st_mode)) == (as_root.pw_uid, as_root.pw_gid, 0o600)


def test_more_than_one_missing_parent_is_not_made(httpd):
    httpd.use("lmdb:%s/new/deep/store" % httpd.dir)
    said = httpd.fails_to_start()
    assert "%s/new is not there and will not be made" % httpd.dir in said
    assert not os.path.exists(httpd.dir + "/new")


def test_an_empty_directory_of_root_is_given_to_the_httpd_user(httpd, as_root):
    os.mkdir(httpd.store, 0o755)
    httpd.start()
    st = os.stat(httpd.store)
    assert (st.st_uid, stat.S_IMODE(st.st_mode)) == (as_root.pw_uid, 0o700)


def test_a_directory_with_something_in_it_is_not_given_away(httpd, as_root):
    os.mkdir(httpd.store, 0o755)
    open(httpd.store + "/precious", "w").close()
    assert "is not empty and belongs to user 0" in httpd.fails_to_start()
    st = os.stat(httpd.store)
    assert (st.st_uid, stat.S_IMODE(st.st_mode), os.listdir(httpd.store)) == (0, 0o755, ["precious"])


def test_nothing_inside_is_opened_as_root(httpd, as_root):
    httpd.start()
    httpd.stop()
    secret = os.path.join(httpd.dir, "secret")
    with open(secret, "w") as f:
        f.write("root's")
    os.chmod(secret, 0o600)
    os.unlink(httpd.data())
    os.symlink(secret, httpd.data())
    assert "the httpd user may not read and write" in httpd.fails_to_start()
    st = os.stat(secret)
    assert (st.st_uid, stat.S_IMODE(st.st_mode), st.st_size) == (0, 0o600, 6)


def test_a_symbolic_link_is_refused(httpd):
    real = os.path.join(httpd.dir, "real")
    os.mkdir(real)
    if os.path.exists(httpd.store):
        os.rmdir(httpd.store)
    os.symlink(real, httpd.store)
    for path in (httpd.store, httpd.store + "/", httpd.store + "/."):
        httpd.use("lmdb:%s" % path)
        assert "is a symbolic link; name the directory itself" in httpd.fails_to_start()
    assert os.listdir(real) == [] and os.stat(real).st_uid == os.geteuid()


def test_a_file_is_not_a_directory(httpd):
    httpd.use("lmdb:%s" % httpd.conf)
    assert "%s is not a directory" % httpd.conf in httpd.fails_to_start()


def test_a_directory_that_everybody_can_write_is_refused(httpd):
    os.makedirs(httpd.store, exist_ok=True)
    os.chmod(httpd.store, 0o777)
    assert "can be written by everybody" in httpd.fails_to_start()


@pytest.mark.parametrize("magic, name", [("6969", "NFS"), ("FF534D42", "CIFS"), ("FE534D42", "SMB2"), ("517B", "SMB"),
                                         ("00C36400", "Ceph"), ("01021997", "9p"), ("0BD00BD0", "Lustre"), ("5346414F", "AFS")])
def test_a_network_file_system_is_refused(built, httpd, magic, name):
    httpd.env = {"LD_PRELOAD": built.base + "/faults.so", "FAULT_FSTYPE": magic}
    assert "is on a network file system (%s)" % name in httpd.fails_to_start()


def test_fuse_gets_a_warning(built, httpd):
    httpd.env = {"LD_PRELOAD": built.base + "/faults.so", "FAULT_FSTYPE": "65735546"}
    httpd.allow("AJ2001")
    httpd.start()
    assert "AJ2001: lmdb:%s: " % httpd.store in httpd.log() and "FUSE" in httpd.log()
    assert httpd.set("a") == "ok"


def garbage(path):
    with open(path, "r+b") as f:
        f.write(b"\xa5" * 8192)


def cut(path):
    # Both meta pages stay as they are; what they lead to is gone.
    os.truncate(path, 8192)


def scribble(path):
    size = os.path.getsize(path)
    with open(path, "r+b") as f:
        f.seek(8192)
        f.write(b"\xa5" * (size - 8192))


def one_leaf(path):
    # What an ordinary look-up would meet some day. LMDB's page: flags at 10 (2 is leaf), the end of the node offsets at 12, these from
    # 16 on; a node's key has its length at 6 and is at 8.
    short = lambda data, at: int.from_bytes(data[at:at + 2], "little")
    hit = 0
    with open(path, "r+b") as f:
        data = f.read()
        for at in range(8192, len(data), 4096):
            page = data[at:at + 4096]
            nodes = [short(page, i) for i in range(16, short(page, 12), 2)] if short(page, 10) == 2 else []
            if any(page[n + 8:n + 8 + short(page, n + 6)] == b"k1500" for n in nodes):
                f.seek(at)
                f.write(b"\xa5" * 4096)
                hit += 1
    assert hit


@pytest.mark.parametrize("damage", [garbage, cut, scribble, one_leaf])
def test_a_damaged_store_does_not_start_and_says_what_to_do(httpd, damage):
    httpd.start()
    assert httpd.do("fill", id="k", n=2000, size=100, ttl=600000) == "ok 2000"
    httpd.stop()
    damage(httpd.data())
    said = httpd.fails_to_start()
    assert "AJ2002: lmdb:%s: " % httpd.store in said
    assert "the store is damaged" in said and "move data.mdb and lock.mdb away" in said and "change the signing key" in said
    assert said.count("AJ2002") == 1
    for file in ("data.mdb", "lock.mdb"):
        os.rename(os.path.join(httpd.store, file), os.path.join(httpd.dir, file))
    httpd.start()
    assert httpd.get("k1") == "notfound" and httpd.set("a") == "ok"


def test_a_damaged_store_is_met_at_a_graceful_restart_too(httpd):
    httpd.start()
    assert httpd.do("fill", id="k", n=300, size=100, ttl=600000) == "ok 300"
    garbage(httpd.data())
    httpd.allow("AJ2002", "AH00016", "AH00020")
    httpd.proc.send_signal(10)
    httpd.proc.wait(60)
    assert "the store is damaged" in httpd.log()


def test_a_store_of_another_layout_is_not_touched(built, httpd):
    httpd.start()
    assert httpd.set("a", "one") == "ok"
    httpd.stop()
    with open(httpd.data(), "r+b") as f:
        data = f.read()
        at = data.rindex(b"format1")
        for i in range(len(data)):
            i = data.find(b"format1", i)
            if i < 0:
                break
            f.seek(i)
            f.write(b"format2")
            data = data[:i] + b"format2" + data[i + 7:]
    assert at > 0
    assert "cannot write in the store: the store is damaged, or not a store of this version" in httpd.fails_to_start()


def test_files_of_another_user_are_a_sentence(httpd, as_root):
    httpd.start()
    httpd.stop()
    os.chown(httpd.data(), 0, 0)
    assert "the httpd user may not read and write" in httpd.fails_to_start()


def test_a_process_that_holds_the_write_lock_is_not_waited_for_without_end(httpd):
    httpd.start()
    httpd.stop()
    holder = httpd.hold()
    said = httpd.fails_to_start()
    assert "another process has kept the write lock for 1 seconds" in said
    holder.stdin.close()
    holder.wait()
    httpd.start()
    assert httpd.set("a") == "ok"


def test_the_parent_never_opens_the_store(httpd):
    httpd.extra = "SocacheTestEarly on"
    httpd.allow("AJ2011")
    httpd.start()
    assert "AJ2011: lmdb:%s: cannot read entries: only a child process" % httpd.store in httpd.log()
    assert "early: egeneral" in httpd.log()
    assert httpd.set("a") == "ok"
    assert [path for _, path in open_files(httpd.proc.pid) if path.startswith(httpd.store)] == []
    with open("/proc/%d/maps" % httpd.proc.pid) as f:
        assert ".mdb" not in f.read()


def test_it_works_in_a_chroot(make, as_root):
    httpd = make("prefork")  # glibc wants to load libgcc_s when a thread ends, and a bare jail has none
    jail = os.path.join(httpd.dir, "jail")
    os.mkdir(jail)
    inside = "/" + os.path.basename(httpd.dir)
    httpd.use("lmdb:%s(4M)" % inside)
    httpd.extra = "ChrootDir %s" % jail
    httpd.start()
    assert httpd.set("a", "one") == "ok"
    assert os.stat(jail + inside + "/data.mdb").st_uid == as_root.pw_uid
    assert not os.path.exists(inside)


def test_the_start_is_logged_once_a_pass_with_what_is_there(httpd):
    httpd.start()
    assert httpd.do("fill", id="k", n=7, size=1, ttl=600000) == "ok 7"
    httpd.stop()
    httpd.start()
    assert poll(lambda: "AJ2003: lmdb:%s: ready with 7 entries in a store of 4096K" % httpd.store in httpd.log())
