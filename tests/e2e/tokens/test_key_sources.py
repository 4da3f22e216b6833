"""Where keys come from: files and commands, and who else can read them."""
import os
import re

import pytest
from authjwt_client import assert_logged_in
from authjwt_env import Known, StartFailed
from authjwt_keyring import REST
from authjwt_keys import public_pem
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
