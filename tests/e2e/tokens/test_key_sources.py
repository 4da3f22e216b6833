# SPDX-License-Identifier: Apache-2.0
"""Where keys come from: files and commands, and who else can read them."""
import os
import re
import time

import jwt
import pytest
from authjwt_client import assert_logged_in
from authjwt_env import Known, StartFailed
from authjwt_keyring import REST, give
from authjwt_keys import public_pem
from authjwt_leaks import find_leaks, register_secret
from authjwt_process import processes_of
from interop.material import jwk, jwk_set, key

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


def test_what_a_command_writes_to_standard_error_stays_as_it_is(new_server, expect_log):
    expect_log.may(r"^a word of the command$")
    server = new_server('AuthJWTKey HS256 "exec:@dir@/count"\n' + REST)
    server.write("count", "#!/bin/sh\necho a word of the command >&2\ncat %s\n" % server.path("secret"), 0o755)
    server.start()
    assert server.stderr().count("a word of the command\n") == 1
    assert_logged_in(server.try_login())
    mark = server.mark()
    server.graceful()
    server.assert_logged(mark, "(?m)^a word of the command$")
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


def test_files_that_others_can_write_are_one_warning_each_per_start_and_reload(new_server, expect_log):
    expect_log(r"\[authjwt:warn\].*AJ1008: AuthJWTKey at .*/mine can be written by its group or by every user")
    expect_log(r"\[authjwt:warn\].*AJ1008: AuthJWTKeySet at .*/theirs can be written")
    server = new_server("AuthJWTKey HS256 file:@dir@/mine\nAuthJWTKey ES256 file:@dir@/safe verify\nAuthJWTKeySet file:@dir@/theirs\n" + REST,
                        children=1)
    server.write("mine", Known.secret, 0o620)
    server.write("safe", public_pem(key("ES256")), 0o644)
    server.write("theirs", jwk_set({**jwk("ES384", private=False), "alg": "ES384"}), 0o646)
    assert server.configtest()[1].count("AJ1008") == 2
    server.start()
    assert server.read_log().count("AJ1008") == 2 and "safe can be" not in server.read_log()
    server.graceful()
    assert server.read_log().count("AJ1008") == 4
    mark = server.mark()
    give(server, "theirs", jwk_set({**jwk("ES512", private=False), "alg": "ES512"}), 0o664)
    wait_until(lambda: server.get("/jwks") and "AJ1006: " in server.log_since(mark))
    assert server.log_since(mark).count("AJ1008: AuthJWTKeySet at ") == 1


def wait_until(condition):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


# -- env: ----------------------------------------------------------------------------------------------------------------

ENV_SECRET = register_secret("an-environment-secret-of-fifty-characters-01234567")
PEEK = 'Header always set X-Peek "expr=[%{osenv:JWT_SECRET}]"\nPassEnv JWT_SECRET\n'
PEEKING = "<Directory @dir@/htdocs>\nAllowOverride FileInfo\nOptions +ExecCGI\n</Directory>\n"


def environment(pid):
    try:
        with open("/proc/%d/environ" % pid, "rb") as file:
            return file.read()
    except OSError:
        return b""                          # it has ended since


def test_a_secret_of_the_environment_is_known_to_this_module_alone_and_outlives_restarts(new_server, expect_log):
    expect_log.may(r"\[env:warn\].*AH01506: PassEnv variable JWT_SECRET was undefined")
    server = new_server("AuthJWTKey HS256 env:JWT_SECRET\nAuthJWTKey HS384 env:JWT_SECRET kid=too verify\n" + REST + PEEKING, env={"JWT_SECRET": ENV_SECRET})
    server.write("htdocs/page/.htaccess", PEEK)
    server.write("htdocs/page/seen.txt", "seen\n")
    assert server.configtest()[0] == 0
    server.start()
    for restart in (server.graceful, server.graceful, lambda: None):
        access, _ = server.login()
        jwt.decode(access, ENV_SECRET, algorithms=["HS256"])
        answer = server.get("/page/seen.txt")
        assert answer.status == 200 and answer.header("X-Peek") == "[]"
        assert "JWT_SECRET=" not in server.get("/cgi").text
        seen = [environment(pid) for pid in processes_of(server.process.pid)]
        assert any(seen[1:]) and ENV_SECRET.encode() not in b"".join(seen)
        restart()


def test_other_variables_stay(new_server):
    config = "AuthJWTKey HS256 env:JWT_SECRET\n" + REST + PEEKING
    server = new_server(config, env={"JWT_SECRET": ENV_SECRET, "JWT_SECRET_HINT": "stays"})
    server.write("htdocs/page/.htaccess", PEEK.replace("JWT_SECRET", "JWT_SECRET_HINT"))
    server.write("htdocs/page/seen.txt", "seen\n")
    assert server.start().get("/page/seen.txt").header("X-Peek") == "[stays]"


# -- what messages do not repeat -------------------------------------------------------------------------------------------

LITERAL = register_secret("0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c")
MISTAKES = ["AuthJWTKey HS256 env:" + LITERAL, "AuthJWTKey HS256 env:" + LITERAL.upper(), "AuthJWTKeySet env:" + LITERAL,
            "AuthJWTKey HS256 file:" + LITERAL,
            'AuthJWTKey HS256 "exec:/bin/false --token=%s"' % LITERAL, 'AuthJWTKey HS256 "exec:%s"' % LITERAL,
            'AuthJWTKey HS256 "exec:/bin/true %s"' % LITERAL, 'AuthJWTKeySet "exec:/bin/echo %s"' % LITERAL]
register_secret(LITERAL.upper())


@pytest.mark.parametrize("line", MISTAKES)
def test_no_message_repeats_what_may_be_a_secret(new_server, expect_log, line):
    expect_log.may(r"AJ1003: AuthJWTKey|AH00016|AH00020|AH00015|AH00014")
    server = new_server(line + "\nAuthJWTKey HS256 file:@dir@/secret kid=x\n" + REST)
    with pytest.raises(StartFailed) as failure:
        server.start()
    assert "AJ1003: AuthJWTKey" in str(failure.value) and find_leaks(str(failure.value)) == []
    assert re.search(r"httpd\.conf:\d+", str(failure.value))


def test_an_ordinary_name_of_a_variable_and_the_program_are_named(new_server):
    status, said = new_server("AuthJWTKey HS256 env:MY_JWT_SECRET_2\n" + REST).configtest()
    assert status != 0 and "env:MY_JWT_SECRET_2 " in said and "no variable of this name" in said


# -- what is in the file ---------------------------------------------------------------------------------------------------

DOUBTFUL = {"an HTML page": ("<!DOCTYPE html>\n<title>404 Not Found</title>" + " " * 20, "HTML"), "blanks": (" " * 40, "blanks"),
            "UTF-16": (("x1" * 24).encode("utf-16"), "UTF-16"), "an assignment": ("JWT_SECRET=" + "x1" * 24, "NAME=VALUE"),
            "a byte order mark": (b"\xef\xbb\xbf" + b"x1" * 24, "EF BB BF"), "CR LF": ("x1" * 24 + "\r\n", "0D 0A"),
            "CR": ("x1" * 24 + "\r", "0D")}


@pytest.mark.parametrize("name", DOUBTFUL)
def test_a_secret_that_is_plainly_something_else_is_one_warning(new_server, expect_log, name):
    content, said = DOUBTFUL[name]
    expect_log(r"\[authjwt:warn\].*AJ1010: AuthJWTKey HS256 file:.*/doubtful .*: the secret .*" + said)
    server = new_server("AuthJWTKey HS256 file:@dir@/doubtful\n" + REST)
    server.write("doubtful", content, 0o600)
    assert_logged_in(server.start().try_login())
    assert server.read_log().count("AJ1010") == 1


def test_a_key_that_is_only_public_is_said_to_be(new_server):
    server = new_server("AuthJWTKey ES256 file:@dir@/k\n" + REST)
    server.write("k", public_pem(key("ES256")))
    status, said = server.configtest()
    assert status != 0 and re.search("AJ1004: SetHandler jwt-login .* keys of its server are only public ones", said), said


# -- commands ----------------------------------------------------------------------------------------------------------------

def test_httpd_stops_in_order_after_a_command_gave_the_key(new_server):
    server = counting(new_server('AuthJWTKey HS256 "exec:@dir@/count"\n' + REST)).start()
    server.graceful()
    process = server.process
    server.stop()
    assert process.returncode == 0
