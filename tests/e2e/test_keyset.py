"""Where keys come from and which one a token meets: AuthJWTKey, AuthJWTKeySet, and the log's reasons for a refusal."""
import collections
import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time

import jwt
import pytest
from authjwt_client import assert_error, assert_logged_in
from authjwt_env import ENDPOINTS, Httpd, Known, StartFailed, endpoint, protected
from authjwt_keys import public_pem
from authjwt_leaks import find_leaks, register_secret
from authjwt_tokens import b64, claims, sign, sign_bytes, tamper
from interop.material import jwk, jwk_set, key, private_pem, secret, thumbprint, virtual_host

STORE = "AuthJWTRevocationStore lmdb:@dir@/state(64M)\n"
REST = STORE + ENDPOINTS + protected("/protected") + endpoint("/jwks", "jwks")
SEEN_WITHIN = 5                             # seconds, the promise about a changed JWK Set
LOOKS_EVERY = 2                             # seconds, how often a process looks


def give(server, name, content, mode=0o600):
    """A file that the running httpd can read and others cannot."""
    path = server.write(name, content, mode)
    if os.getuid() == 0:
        shutil.chown(path, user="www-data")
    return path


@pytest.fixture
def running(new_server):
    """running(lines, files, ...): a started server with these lines about keys."""
    def start(lines, files=(), **options):
        server = new_server(lines + "\n" + REST, **options)
        for name, content in dict(files).items():
            give(server, name, content)
        return server.start()
    return start


def accepts(server, token):
    answer = server.get("/protected", token)
    if answer.status != 200:
        assert_error(answer, "token_invalid")
    return answer.status == 200


# -- sources -----------------------------------------------------------------------------------------------------------

SLOW = {"never answers": "#!/bin/sh\necho $$ >@dir@/pid\nexec sleep 60\n",
        "answers and never ends": "#!/bin/sh\necho $$ >@dir@/pid\ncat @dir@/secret\nexec sleep 60 >&-\n"}


@pytest.fixture(scope="module", autouse=True)
def slow_starts():
    """Servers whose key command takes for ever; they start beside all other tests, as each costs ten seconds."""
    ended, threads, servers = {}, [], []

    def run(name):
        server = Httpd('AuthJWTKey HS256 "exec:@dir@/slow"\n' + REST)
        Httpd.live.remove(server)
        servers.append(server)
        server.write("slow", SLOW[name].replace("@dir@", server.dir), 0o755)
        server._pick_port()
        begin = time.monotonic()
        try:
            done = subprocess.run(server._command("-DFOREGROUND"), env=server.env, capture_output=True, text=True, timeout=30)
            said = done.stdout + done.stderr + server.read_log()
        except subprocess.TimeoutExpired:
            said = "httpd was not there after 30 s"
        ended[name] = time.monotonic() - begin, said, is_alive(int(open(server.path("pid"), encoding="ascii").read()))

    for name in SLOW:
        threads.append(threading.Thread(target=run, args=(name,)))
        threads[-1].start()
    yield lambda name: (threads[list(SLOW).index(name)].join(), ended[name])[1]
    for thread in threads:
        thread.join()
    for server in servers:
        shutil.rmtree(server.dir)


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


COUNTING = """#!/bin/sh
printf '%s\\n' "$#" "$@" "uid $(id -u)" >>@dir@/ran
cat @dir@/secret
"""


def counting(server):
    server.write("count", COUNTING.replace("@dir@", server.dir), 0o755)
    return server


def runs(server):
    return re.findall(r"^uid (\d+)$", server._read("ran"), re.M)


def test_a_command_runs_once_per_start_and_once_per_restart_though_httpd_reads_its_configuration_twice(new_server):
    server = counting(new_server('AuthJWTKey HS256 "exec:@dir@/count"\n' + REST)).start()
    assert len(runs(server)) == 1
    assert_logged_in(server.try_login())
    server.graceful()
    assert len(runs(server)) == 2
    assert_logged_in(server.try_login())
    server.graceful()
    assert len(runs(server)) == 3 and set(runs(server)) == {str(os.getuid())}
    server.restart()
    assert len(runs(server)) == 4


def test_t_does_not_run_a_command_but_reads_a_file(new_server):
    server = counting(new_server('AuthJWTKey HS256 "exec:@dir@/count"\n' + REST))
    status, said = server.configtest()
    assert status == 0 and "Syntax OK" in said and runs(server) == []
    server.config = "AuthJWTKey HS256 file:@dir@/absent\n" + REST
    assert server.configtest()[0] != 0


def test_a_command_is_split_at_blanks_and_sees_no_shell(new_server):
    line = '"exec:@dir@/count  $HOME *\t$(touch @dir@/made) \'a b\' ; touch @dir@/made | cat > @dir@/made"'
    server = counting(new_server("AuthJWTKey HS256 %s\n" % line + REST)).start()
    wanted = ["$HOME", "*", "$(touch", "@dir@/made)", "'a", "b'", ";", "touch", "@dir@/made", "|", "cat", ">", "@dir@/made"]
    got = server._read("ran").splitlines()
    assert got[1:-1] == [server.expand(word) for word in wanted] and got[0] == str(len(wanted))
    assert not os.path.exists(server.path("made"))
    assert_logged_in(server.try_login())


@pytest.mark.parametrize("command, sentence", [
    ("@dir@/no-such-command", "no-such-command"), ("/bin/false", "ended with status 1"), ("/bin/true", "is empty"),
    ("@dir@/secret", "cannot run|ended with status"), ("/bin/cat /dev/zero", "longer than 65536 bytes")])
def test_a_command_that_gives_no_key_stops_the_start_with_a_sentence(new_server, expect_log, command, sentence):
    expect_log.may(r"AJ1003: AuthJWTKey HS256 exec:|AH00016|AH00020|AH00015")
    server = new_server('AuthJWTKey HS256 "exec:%s"\n' % command + REST)
    with pytest.raises(StartFailed) as failure:
        server.start()
    assert re.search("AJ1003: AuthJWTKey HS256 exec:.*(%s)" % sentence, str(failure.value)), failure.value


def test_a_secret_that_others_can_read_is_one_warning_per_start_and_per_restart(new_server, expect_log):
    expect_log(r"AJ1002: AuthJWTKey at ")
    other = "<VirtualHost *:@port@>\nServerName a\n</VirtualHost>\n<VirtualHost *:@port@>\nServerName b\n</VirtualHost>\n"
    server = new_server("AuthJWTKey HS256 file:@dir@/open\nAuthJWTKey ES256 file:@dir@/public verify\n" + REST + other)
    server.write("open", Known.secret, 0o604)
    server.write("public", public_pem(key("ES256")), 0o644)
    assert server.configtest()[1].count("AJ1002") == 1
    server.start()
    for number in (1, 2, 3):
        lines = [line for line in server.read_log().splitlines() if "AJ1002" in line]
        assert len(lines) == number and all("@dir@/open" in line.replace(server.dir, "@dir@") for line in lines), lines
        server.graceful()
    server.write("open", Known.secret, 0o600)
    mark = server.mark()
    server.graceful()
    assert "AJ1002" not in server.log_since(mark)


def test_a_private_jwk_set_that_others_can_read_is_one_warning_per_start(new_server, expect_log):
    expect_log(r"AJ1002: AuthJWTKeySet at ")
    server = new_server("AuthJWTKeySet file:@dir@/open\nAuthJWTKeySet file:@dir@/public algs=ES384\n" + REST)
    server.write("open", jwk_set({**jwk("ES256"), "alg": "ES256"}), 0o644)
    server.write("public", jwk_set(jwk("ES384", private=False)), 0o644)
    server.start()
    assert server.read_log().count("AJ1002") == 1
    assert_logged_in(server.try_login())


# -- which key ---------------------------------------------------------------------------------------------------------

def test_keys_marked_verify_never_sign_and_the_first_other_one_does(running):
    server = running("AuthJWTKey HS256 file:@dir@/secret kid=old verify\nAuthJWTKey ES256 file:@dir@/public\n"
                     "AuthJWTKey ES384 file:@dir@/older verify\nAuthJWTKey EdDSA file:@dir@/new\nAuthJWTKey HS512 file:@dir@/last",
                     {"public": public_pem(key("ES256")), "older": private_pem("ES384"), "new": private_pem("EdDSA"),
                      "last": secret("HS512")})
    access, refresh = server.login()
    answer = server.post("/refresh", refresh)
    for token in (access, refresh, answer.json()["access_token"], answer.json()["refresh_token"]):
        assert jwt.get_unverified_header(token) == {"typ": "JWT", "alg": "EdDSA", "kid": thumbprint("EdDSA")}
    for alg, signer, kid in (("HS256", Known.secret, "old"), ("ES256", private_pem("ES256"), thumbprint("ES256")),
                             ("ES384", private_pem("ES384"), None), ("EdDSA", private_pem("EdDSA"), None),
                             ("HS512", secret("HS512"), None)):
        token = sign(claims("bob"), signer, alg, **({"kid": kid} if kid else {}))
        assert accepts(server, token) and not accepts(server, tamper(token))


def test_a_token_meets_the_key_it_names_and_without_a_name_the_one_that_signs(running):
    server = running("AuthJWTKey ES256 file:@dir@/one kid=one\nAuthJWTKey ES256 file:@dir@/two kid=two verify",
                     {"one": private_pem("ES256", 1), "two": private_pem("ES256", 2)})
    tokens = {(which, kid): sign(claims(), private_pem("ES256", which), "ES256", **({"kid": kid} if kid else {}))
              for which in (1, 2) for kid in ("one", "two", "on", "ONE", "three", None)}
    good = {pair for pair, token in tokens.items() if accepts(server, token)}
    assert good == {(1, "one"), (2, "two"), (1, None)}


def test_a_shared_secret_without_a_name_ignores_the_name_that_a_token_has(running):
    server = running("AuthJWTKey HS256 file:@dir@/secret")
    for kid in (None, "x", "../../etc/passwd", "%s%n", "k" * 2000):
        token = sign(claims(), Known.secret, "HS256", **({"kid": kid} if kid else {}))
        assert accepts(server, token) and not accepts(server, tamper(token))


def test_an_rsa_key_is_for_its_one_algorithm(running):
    server = running("AuthJWTKey PS256 file:@dir@/k", {"k": private_pem("PS256")})
    good = {alg for alg in ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
            if accepts(server, sign(claims(), private_pem("PS256"), alg))}
    assert good == {"PS256"}


# -- JWK Sets ----------------------------------------------------------------------------------------------------------

def public(fits, which=0, **more):
    return {**jwk(fits, which, False), **more}


def test_algs_gives_keys_without_an_algorithm_theirs_by_type_and_curve(running):
    keys = [public("RS256", kid="r"), public("ES256", kid="e"), public("ES384", kid="f"), public("EdDSA", kid="o"),
            {**jwk("HS256"), "kid": "h"}, public("ES512", kid="own", alg="ES512")]
    server = running("AuthJWTKey HS384 file:@dir@/s\nAuthJWTKeySet file:@dir@/keys algs=PS256,ES256,ES384,EdDSA,HS256",
                     {"keys": jwk_set(*keys), "s": secret("HS384")})
    for kid, alg in (("r", "PS256"), ("e", "ES256"), ("f", "ES384"), ("o", "EdDSA"), ("h", "HS256"), ("own", "ES512")):
        signer = secret("HS256") if alg == "HS256" else private_pem("RS256" if kid == "r" else alg)
        assert accepts(server, sign(claims(), signer, alg, kid=kid)), alg
    assert not accepts(server, sign(claims(), private_pem("RS256"), "RS256", kid="r"))


WRONG_SETS = {
    "two algorithms for one RSA key": ("algs=RS256,PS256", public("RS256"), "algs= names more than one"),
    "two algorithms for one secret": ("algs=HS256,HS384", jwk("HS512"), "algs= names more than one"),
    "an unknown algorithm": ("algs=ES256,XX", public("ES256"), "XX"),
    "no algorithm": ("algs=", public("ES256"), "algs="),
    "another option": ("kid=a", public("ES256"), "algs=A,B"),
    "no set": ("", None, "JWK Set"),
    "a weak secret": ("", {"kty": "oct", "k": b64("0123456789"), "alg": "HS256"}, "key 1 of the set"),
    "a curve that does not fit": ("", public("ES384", alg="ES256"), "ES256"),
    "one kid twice": ("", [public("ES256", 1, alg="ES256", kid="a"), public("ES256", 2, alg="ES256", kid="a")], 'kid "a"'),
}


@pytest.mark.parametrize("name", WRONG_SETS)
def test_a_wrong_jwk_set_is_refused_by_t_with_a_sentence(new_server, name):
    options, content, hint = WRONG_SETS[name]
    server = new_server("AuthJWTKey HS256 file:@dir@/secret\nAuthJWTKeySet file:@dir@/keys %s\n" % options + REST)
    members = content if isinstance(content, list) else [content]
    server.write("keys", '{"kty":"EC"}' if content is None else jwk_set(*members), 0o600)
    status, said = server.configtest()
    assert status != 0 and "AuthJWTKeySet" in said and hint in said, said
    assert find_leaks(said) == []


def test_two_algorithms_of_one_type_are_right_where_no_key_fits_both(new_server):
    server = new_server("AuthJWTKeySet file:@dir@/keys algs=RS256,ES256,ES384\nAuthJWTKeySet file:@dir@/empty algs=RS256,PS256\n"
                        "AuthJWTKey HS256 file:@dir@/secret\n" + REST)
    server.write("keys", jwk_set(public("RS256"), public("ES256"), public("ES384")))
    server.write("empty", jwk_set(public("RS512", 1, alg="RS512")))
    status, said = server.configtest()
    assert status == 0 and "Syntax OK" in said, said


SKIPPED = {
    "its use is not sig": public("ES256", 1, alg="ES256", use="enc", kid="s1"),
    "its key_ops has no verify": public("ES256", 2, alg="ES256", key_ops=["encrypt"], kid="s2"),
    "its kty is unknown": {"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA", "kid": "s3"},
    "its alg is unknown": public("RS256", alg="RSA-OAEP-256", kid="s4"),
    "its crv is unknown": {"kty": "OKP", "crv": "X25519", "x": b64(b"\x09" + b"\0" * 31), "kid": "s5"},
    "it has no alg, and algs= names none for its type": public("ES512", kid="s6"),
}


def test_keys_that_are_not_for_us_are_skipped_each_with_one_line_that_says_why(running):
    server = running("AuthJWTKey HS256 file:@dir@/secret\nAuthJWTKeySet file:@dir@/keys algs=ES384",
                     {"keys": jwk_set(*SKIPPED.values(), public("ES256", kid="good", alg="ES256"))})
    lines = [line for line in server.read_log().splitlines() if "AJ1005" in line]
    for number, (why, member) in enumerate(SKIPPED.items(), 1):
        mine = [line for line in lines if 'key %d of the set (kid "%s")' % (number, member["kid"]) in line and why in line]
        # httpd reads its configuration twice before it runs.
        assert mine and len(mine) <= 2 and all("[authjwt:info]" in line for line in mine), lines
    assert len({line.split("AJ1005")[1] for line in lines}) == len(SKIPPED)
    assert accepts(server, sign(claims(), private_pem("ES256"), "ES256", kid="good"))
    assert not accepts(server, sign(claims(), private_pem("ES256", 1), "ES256", kid="s1"))
    assert not accepts(server, sign(claims(), private_pem("ES512"), "ES512", kid="s6"))


BROKEN = {"half": lambda: set_of(1, 2)[:200], "empty": lambda: "", "absent": None, "weak": lambda: jwk_set(
    public("ES256", 4, alg="ES256"), {"kty": "oct", "k": "AAAA", "alg": "HS512"})}


class Watched:
    """A server whose processes watch one JWK Set."""

    def __init__(self, server, processes):
        self.server, self.processes, self.number = server, processes, 0

    def ask_all(self, token, host="localhost"):
        """Ask until every process has answered; {process: statuses}."""
        self.number += 1
        path, since, end = "/protected/%d" % self.number, len(self.server.access_log()), time.monotonic() + 10
        statuses = collections.defaultdict(set)
        while len(statuses) < self.processes:
            assert time.monotonic() < end, "only %r answered" % statuses
            crowd = [threading.Thread(target=self.server.get, args=(path, token), kwargs={"host": host}) for _ in range(4 * self.processes)]
            for one in crowd:
                one.start()
            for one in crowd:
                one.join()
            for line in self.server.access_log()[since:].splitlines():
                if " %s " % path in line:
                    statuses[line.split()[0]].add(int(line.split()[1]))
        return statuses

    def seconds_until(self, token, status, host="localhost"):
        """How long until every process answers a token so, and only so."""
        begin = time.monotonic()
        while not all(found == {status} for found in self.ask_all(token, host).values()):
            assert time.monotonic() - begin < 3 * SEEN_WITHIN, "a process still answers otherwise"
            time.sleep(0.1)
        return time.monotonic() - begin

    def look_on(self, tokens, seconds):
        """Every process is asked for a while, and accepts each host's token each time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for host, token in tokens.items():
                assert all(found == {200} for found in self.ask_all(token, host).values()), host
            time.sleep(0.1)

    def lines(self, mark, pattern):
        """How many lines each process wrote."""
        return collections.Counter(re.findall(r"\[pid (\d+)[^\]]*\][^\n]*%s" % pattern, self.server.log_since(mark)))


@pytest.fixture(scope="module")
def watched():
    server = Httpd("AuthJWTKey HS256 file:@dir@/secret\nAuthJWTKeySet file:@dir@/keys\n" + REST
                   + "<VirtualHost *:@port@>\n    ServerName localhost\n</VirtualHost>\n"
                   + "".join(virtual_host(name, "AuthJWTKey HS256 file:@dir@/secret", "AuthJWTKeySet file:@dir@/" + name)
                             for name in BROKEN), children=3)
    for name in ("keys", *BROKEN):
        give(server, name, set_of(1))
    try:
        server.start()
        yield Watched(server, 3)
    finally:
        server.close()
        Httpd.live.remove(server)


def set_of(*which):
    return jwk_set(*(public("ES256", one, alg="ES256", kid="key-%d" % one) for one in which))


def token_of(which, **more):
    return sign(claims(**more), private_pem("ES256", which), "ES256", kid="key-%d" % which)


def test_a_set_that_is_renamed_into_place_is_seen_by_every_process_within_five_seconds(watched):
    one, two = token_of(1), token_of(2)
    assert watched.seconds_until(one, 200) < SEEN_WITHIN and watched.seconds_until(two, 401) < SEEN_WITHIN
    give(watched.server, "keys", set_of(1, 2))
    assert watched.seconds_until(two, 200) < SEEN_WITHIN
    watched.look_on({"localhost": one}, 0.1)
    give(watched.server, "keys", set_of(2))
    assert watched.seconds_until(one, 401) < SEEN_WITHIN
    watched.look_on({"localhost": two}, 0.1)


def test_a_set_that_is_rewritten_in_place_is_seen_even_with_the_same_size(watched):
    three, two = token_of(3), token_of(2)
    give(watched.server, "keys", set_of(2))
    assert watched.seconds_until(two, 200) < SEEN_WITHIN
    inode = os.stat(watched.server.path("keys")).st_ino
    assert len(set_of(3)) == len(set_of(2))
    with open(watched.server.path("keys"), "r+", encoding="ascii") as file:
        file.write(set_of(3))
    assert os.stat(watched.server.path("keys")).st_ino == inode
    assert watched.seconds_until(three, 200) < SEEN_WITHIN and watched.seconds_until(two, 401) < SEEN_WITHIN


def test_broken_empty_weak_and_absent_sets_keep_the_old_keys_with_one_error_in_each_process(watched, expect_log):
    expect_log(r"authjwt:error.*AJ1003: AuthJWTKeySet file:.*; the keys read before stay in use")
    server, mark = watched.server, watched.server.mark()
    old, new = ({name: token_of(which, iss=name) for name in BROKEN} for which in (1, 5))
    watched.look_on(old, 0.1)
    for name, content in BROKEN.items():
        if content:
            give(server, name, content())
        else:
            os.unlink(server.path(name))
    watched.look_on(old, 2 * LOOKS_EVERY + 0.5)
    for name in BROKEN:
        assert sorted(watched.lines(mark, "AJ1003: AuthJWTKeySet file:%s" % server.path(name)).values()) == [1, 1, 1], name
    assert not watched.lines(mark, "AJ1006: ")
    for name in BROKEN:
        give(server, name, set_of(1, 5))
    for name, token in new.items():
        assert watched.seconds_until(token, 200, name) < SEEN_WITHIN
    assert sorted(watched.lines(mark, "AJ1006: ").values()) == [len(BROKEN)] * 3
    watched.look_on(old, 0.1)


def test_prefork_processes_see_a_changed_set_too(running):
    server = running("AuthJWTKey HS256 file:@dir@/secret\nAuthJWTKeySet file:@dir@/keys", {"keys": set_of(1)}, mpm="prefork")
    watched = Watched(server, 3)
    assert watched.seconds_until(token_of(1), 200) < SEEN_WITHIN
    give(server, "keys", set_of(2))
    assert watched.seconds_until(token_of(2), 200) < SEEN_WITHIN and watched.seconds_until(token_of(1), 401) < SEEN_WITHIN


def test_a_broken_set_does_not_hold_up_the_changes_of_another(running, expect_log):
    expect_log(r"AJ1003: AuthJWTKeySet file:.*/one")
    server = running("AuthJWTKey HS256 file:@dir@/secret\nAuthJWTKeySet file:@dir@/one\nAuthJWTKeySet file:@dir@/two",
                     {"one": set_of(1), "two": set_of(2)}, children=1)
    watched, mark = Watched(server, 1), server.mark()
    os.unlink(server.path("one"))
    time.sleep(LOOKS_EVERY + 0.5)
    watched.look_on({"localhost": token_of(1)}, 0.1)
    give(server, "two", set_of(3))
    assert watched.seconds_until(token_of(3), 200) < SEEN_WITHIN
    watched.look_on({"localhost": token_of(1)}, 0.1)
    assert sum(watched.lines(mark, "AJ1003: ").values()) == 1


def test_two_sets_that_come_to_share_a_kid_keep_the_old_keys_until_one_is_mended_and_lose_no_change(running, expect_log):
    expect_log(r"AJ1003: AuthJWTKeySet file:.*/two .*has the kid .*key-3.* of another key; the keys read before stay in use")
    server = running("AuthJWTKey HS256 file:@dir@/secret\nAuthJWTKeySet file:@dir@/one\nAuthJWTKeySet file:@dir@/two",
                     {"one": set_of(1), "two": set_of(2)}, children=1)
    watched = Watched(server, 1)
    watched.look_on({"localhost": token_of(1)}, 0.1)
    give(server, "one", set_of(1, 3))
    give(server, "two", set_of(2, 3))
    time.sleep(LOOKS_EVERY + 0.5)
    watched.look_on({"localhost": token_of(2)}, 0.1)
    server.assert_logged(0, "AJ1003: ")
    give(server, "two", set_of(2, 4))
    assert watched.seconds_until(token_of(4), 200) < SEEN_WITHIN
    watched.look_on({"localhost": token_of(3)}, 0.1)


def test_a_set_is_looked_at_every_few_seconds_and_not_for_every_request(watched):
    if not shutil.which("strace") or subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], capture_output=True).returncode:
        pytest.skip("strace is not installed or not allowed here")
    server, token = watched.server, token_of(1)
    give(server, "keys", set_of(1))
    assert watched.seconds_until(token, 200) < SEEN_WITHIN
    children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(server.process.pid)], capture_output=True, text=True).stdout.split()
    trace = server.path("trace")
    strace = subprocess.Popen(["strace", "-f", "-qq", "-e", "trace=%file", "-o", trace, *("-p" + pid for pid in children)],
                              stderr=subprocess.DEVNULL)
    time.sleep(0.3)
    begin = time.monotonic()
    for _ in range(300):
        assert server.get("/protected", token).status == 200
    time.sleep(max(0, LOOKS_EVERY + 0.2 - (time.monotonic() - begin)))
    watched.ask_all(token)
    seconds = time.monotonic() - begin
    strace.send_signal(signal.SIGINT)
    strace.wait(10)
    looks = [line for line in server._read("trace").splitlines() if server.path("keys") + '"' in line]
    requests = server._read("trace").count("/htdocs/ok.txt")
    assert requests >= 300, "strace saw nothing"
    assert 1 <= len(looks) <= 3 * (seconds / LOOKS_EVERY + 1), (len(looks), seconds)


# -- reasons in the log ------------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def strict():
    lines = ("AuthJWTKey HS256 file:@dir@/secret kid=k1\nAuthJWTKey HS384 file:@dir@/s1 kid=a verify\n"
             "AuthJWTKey HS384 file:@dir@/s2 kid=b verify\nAuthJWTKey ES256 file:@dir@/e verify\n"
             "AuthJWTIssuer https://issuer.example\nAuthJWTAudience a b\n")
    server = Httpd("LimitRequestFieldSize 32768\n" + lines + REST)
    for name, content in (("s1", secret("HS384", 1)), ("s2", secret("HS384", 2)), ("e", public_pem(key("ES256")))):
        server.write(name, content, 0o600)
    try:
        yield server.start()
    finally:
        server.close()
        Httpd.live.remove(server)


def good(**more):
    return claims(**{"iss": "https://issuer.example", "aud": "b", **more})


def made(header=None, **more):
    return sign_bytes({"alg": "HS256", "kid": "k1", **(header or {})}, good(**more), Known.secret)


def cut(token, bytes_left):
    return token[:token.rindex(".") + 1] + b64(b"x" * bytes_left)


NOW = time.time
REASONS = {
    "too long": ("AJ0102", "too long", lambda: made(pad="x" * 17000)),
    "two segments": ("AJ0103", "three segments", lambda: "abc.def"),
    "padding": ("AJ0104", "strict base64url \\(the signature\\)", lambda: made() + "="),
    "a header that is no JSON": ("AJ0105", "header is not one JSON object.*\\(", lambda: sign_bytes("{", good(), Known.secret)),
    "a header with one member twice": ("AJ0105", "duplicate", lambda: sign_bytes('{"alg":"HS256","alg":"HS256"}', good(), Known.secret)),
    "no alg": ("AJ0106", "alg is absent", lambda: sign_bytes({"typ": "JWT"}, good(), Known.secret)),
    "an alg that is a number": ("AJ0106", "alg is no string", lambda: made({"alg": 256})),
    "a kid that is a number": ("AJ0106", "kid is no string", lambda: made({"kid": 1})),
    "crit": ("AJ0107", "crit is present", lambda: made({"crit": ["exp"]})),
    "alg none": ("AJ0108", 'alg "none"', lambda: made({"alg": "none"})),
    "an algorithm of no key": ("AJ0108", 'alg "HS512"', lambda: made({"alg": "HS512"})),
    "an unknown kid": ("AJ0109", 'kid "k7"', lambda: made({"kid": "k7"})),
    "a kid that injects lines": ("AJ0109", r'kid "x\\\\x0ainjected\\\\x22\\\\x1b"', lambda: made({"kid": 'x\ninjected"\x1b'})),
    "several keys and no kid": ("AJ0110", "several keys", lambda: sign(good(), secret("HS384", 1), "HS384")),
    "a short signature": ("AJ0111", "31 bytes for HS256", lambda: cut(made(), 31)),
    "a DER signature": ("AJ0111", "72 bytes for ES256", lambda: cut(sign(good(), private_pem("ES256"), "ES256"), 72)),
    "a wrong signature": ("AJ0112", "signature does not match", lambda: tamper(made())),
    "a payload that is no object": ("AJ0113", "payload", lambda: sign_bytes({"alg": "HS256", "kid": "k1"}, "[1]", Known.secret)),
    "no exp": ("AJ0114", "exp is absent", lambda: sign_bytes({"alg": "HS256", "kid": "k1"}, good(without=["exp"]), Known.secret)),
    "exp as text": ("AJ0115", "exp is not a date", lambda: made(exp="tomorrow")),
    "exp over": ("AJ0116", r"expired 3[78]\d? s ago", lambda: made(exp=int(NOW()) - 37)),
    "an unknown type": ("AJ0117", "type is neither", lambda: made(type="id")),
    "a refresh token": ("AJ0118", "refresh token where an access token", lambda: made(type="refresh")),
    "no iss": ("AJ0120", 'iss is not "https://issuer.example"', lambda: made(iss=None)),
    "another iss": ("AJ0120", 'iss is not "https://issuer.example"', lambda: made(iss="https://issuer.example/")),
    "another aud": ("AJ0121", 'aud is none of "a" "b"', lambda: made(aud=["c", "B"])),
    "nbf in the future": ("AJ0122", r"nbf is (100|9\d) s in the future", lambda: made(nbf=int(NOW()) + 100)),
    "nbf as text": ("AJ0122", "nbf is not a date", lambda: made(nbf="now")),
    "iat in the future": ("AJ0123", r"iat is (100|9\d) s in the future", lambda: made(iat=int(NOW()) + 100)),
    "no sub": ("AJ0124", "sub is absent", lambda: sign_bytes({"alg": "HS256", "kid": "k1"}, good(without=["sub"]), Known.secret)),
    "a sub with a line break": ("AJ0124", "sub ", lambda: made(sub="ann\nroot")),
    "a jti that is a number": ("AJ0125", "jti is no string", lambda: made(jti=7)),
    "a revoked token": ("AJ0126", "revoked", None),
}
CODES = {"AJ0116": "token_expired", "AJ0118": "wrong_token_type", "AJ0126": "token_revoked"}


@pytest.mark.parametrize("name", REASONS)
def test_the_log_names_the_check_that_failed_and_the_client_learns_only_the_table(strict, name):
    tag, detail, make = REASONS[name]
    if make is None:
        token = strict.login()[0]
        assert strict.post("/logout", token).status == 200
    else:
        token = make()
    assert strict.get("/protected", made()).status == 200
    mark = strict.mark()
    answer = strict.get("/protected", token)
    assert_error(answer, CODES.get(tag, "token_invalid"), "Only access tokens are allowed" if tag == "AJ0118" else None)
    strict.assert_logged(mark, r"\[authjwt:info\] [^\n]*%s: token refused: [^\n]*%s" % (tag, detail))
    refusals = re.findall(r"(AJ\d{4}): token refused", strict.log_since(mark))
    assert refusals == [tag] and tag not in answer.text


def test_a_refresh_with_an_access_token_is_named_too(strict):
    access, refresh = strict.login()
    mark = strict.mark()
    assert_error(strict.post("/refresh", access), "wrong_token_type", "Only refresh tokens are allowed")
    strict.assert_logged(mark, "AJ0119: token refused: access token where a refresh token is wanted")
    assert strict.post("/refresh", refresh).status == 200


HINTED = {"base64": lambda raw: __import__("base64").b64encode(raw).decode(), "base64url": b64, "hex": bytes.hex}


@pytest.mark.parametrize("encoding", HINTED)
def test_at_debug_a_secret_in_the_wrong_encoding_is_hinted_at(running, encoding):
    raw = b"\xfb\xff" + os.urandom(46)
    text = register_secret(HINTED[encoding](raw))
    server = running("AuthJWTKey HS256 file:@dir@/s", {"s": text})
    token = sign_bytes({"alg": "HS256"}, claims(), raw)
    assert_error(server.get("/protected", token), "token_invalid")
    server.assert_logged(0, r"\[authjwt:debug\] [^\n]*AJ1303: signature would match if the secret were read as %s: "
                            "add encoding=%s to AuthJWTKey" % (encoding, encoding))
    mark = server.mark()
    assert_error(server.get("/protected", sign_bytes({"alg": "HS256"}, claims(), os.urandom(48))), "token_invalid")
    server.assert_logged(mark, "AJ0112")
    assert "AJ1303" not in server.log_since(mark)
    server.config = "AuthJWTKey HS256 file:@dir@/s encoding=%s\n" % encoding + REST
    server._write_config()
    server.graceful()
    assert server.get("/protected", token).status == 200


def test_the_hint_is_for_debug_alone_and_the_reason_is_not(running):
    raw = os.urandom(32)
    server = running("AuthJWTKey HS256 file:@dir@/s", {"s": register_secret(raw.hex())}, log="info")
    assert_error(server.get("/protected", sign_bytes({"alg": "HS256"}, claims(), raw)), "token_invalid")
    server.assert_logged(0, "AJ0112: token refused: signature does not match")
    assert "AJ1303" not in server.read_log()


# -- the last, as their servers have been waiting beside the others ----------------------------------------------------

@pytest.mark.parametrize("name", SLOW)
def test_a_command_has_ten_seconds_then_it_is_killed_and_httpd_does_not_start(slow_starts, name):
    seconds, said, alive = slow_starts(name)
    assert "AJ1003: AuthJWTKey HS256 exec:" in said and "within 10 s" in said, said
    assert 9.5 <= seconds < 20 and not alive, (seconds, alive)
    assert find_leaks(said) == []
