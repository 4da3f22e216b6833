# SPDX-License-Identifier: Apache-2.0
"""What README prints, done as printed: the roles with their group file, and where the lines belong."""
import os
import re
import subprocess

import pytest
from authjwt_client import assert_error
from authjwt_docs import blocks
from authjwt_env import Httpd
from authjwt_tokens import read

STORE = "AuthJWTRevocationStore lmdb:@dir@/state(64M)\nAliasMatch ^/app(/.*)?$ @dir@/htdocs/ok.txt\n"


def printed(heading, word):
    """The block below a heading of README that has the word, for the server's folder and its user ann."""
    found, = [one for one in blocks("../README.md", heading) if word in one]
    return found.replace("/etc/apache2/jwt.", "@dir@/").replace("john@example.com", "ann")


@pytest.fixture
def server(new_server):
    made = new_server(STORE + printed("Twelve lines of configuration", "AuthJWTKey") + printed("Roles", "AuthJWTGrantRole"))
    os.unlink(made.path("groups"))
    return made


def test_the_roles_work_with_the_group_file_that_is_printed_beside_them(server):
    made, = re.findall("(?m)^echo .*$", printed("Roles", "> /etc/apache2/jwt.groups"))
    subprocess.run(["sh", "-c", server.expand(made)], check=True)
    os.chmod(server.path("groups"), 0o644)
    server.start()
    access, refresh = server.login("ann")
    assert read(access)["role"] == "admin" and server.get("/app/admin", access).status == 200
    assert read(server.post("/refresh", refresh).json()["access_token"])["role"] == "admin"
    other = server.login("bob")[0]
    assert "role" not in read(other) and server.get("/app", other).status == 200
    assert_error(server.get("/app/admin", other), "access_denied")


def test_without_it_nobody_signs_in_as_readme_says(server, expect_log):
    expect_log(r"AJ1204: ")
    expect_log.may(r"AH01665: ")
    server.start()
    assert_error(server.try_login("ann"), "backend_unavailable")


def test_lines_without_their_module_stop_the_configuration_test(server, monkeypatch):
    assert server.configtest()[0] == 0
    loaded = Httpd._load_modules
    monkeypatch.setattr(Httpd, "_load_modules", lambda self: [one for one in loaded(self) if "authjwt" not in one])
    status, said = server.configtest()
    assert status != 0 and "Invalid command 'AuthJWT" in said


def test_readme_and_the_shipped_file_say_where_the_lines_belong():
    top = os.path.join(os.path.dirname(__file__), "../../..")
    for name in ("README.md", "conf/authjwt.conf"):
        with open(os.path.join(top, name)) as file:
            text = " ".join(file.read().replace("\n#", " ").split())
        assert "a2dismod authjwt" in text and "conf-available" in text and "open to everybody" in text, name
