# SPDX-License-Identifier: Apache-2.0
"""What README and the page on users print, done as printed: the first configuration and the commands that show that it works, the
roles with their group file, and where the lines belong."""
import os
import re
import subprocess

import pytest
from authjwt_client import assert_error
from authjwt_docs import blocks
from authjwt_env import Httpd, Known, hash_password
from authjwt_examples import REPLACED, WWW, OnDebian
from authjwt_leaks import register_token
from authjwt_tokens import read
from authjwt_visitor import NAVIGATION

STORE = "AuthJWTRevocationStore lmdb:@dir@/state(64M)\nAliasMatch ^/app(/.*)?$ @dir@/htdocs/ok.txt\n"


README = "../README.md"


def printed(page, heading, word):
    """The block below a heading of a page that has the word, for the server's folder and its user ann."""
    found, = [one for one in blocks(page, heading) if word in one]
    return found.replace("/etc/apache2/jwt.", "@dir@/").replace("john@example.com", "ann")


def roles(word):
    return printed("users.md", "Roles", word)


@pytest.fixture
def server(new_server):
    made = new_server(STORE + printed(README, "Twelve lines of configuration", "AuthJWTKey") + roles("AuthJWTGrantRole"))
    os.unlink(made.path("groups"))
    return made


# README's page is PHP; this one says the same, and needs no PHP where the tests run.
HELLO = "#!/bin/sh\nprintf 'Content-Type: text/plain\\r\\n\\r\\nHello %s\\n' \"$REMOTE_USER\"\n"
SITE = """
<VirtualHost *:443>
    SSLEngine             on
    SSLCertificateFile    /etc/ssl/certs/ssl-cert-snakeoil.pem
    SSLCertificateKeyFile /etc/ssl/private/ssl-cert-snakeoil.key
    ScriptAliasMatch      ^/app/ /var/www/hello.cgi
</VirtualHost>
"""


@pytest.fixture
def https():
    first, more = blocks(README, "Twelve lines of configuration")[0], blocks(README, "What users see")[0]
    replaced = {old: new for old, new in {**REPLACED, **WWW}.items() if old in first + more + SITE}
    server = OnDebian(first + more + SITE, ["authjwt", "ssl"], replaced, files={"www/hello.cgi": HELLO})
    server.write("jwt.users", hash_password("john@example.com", "secret123"))
    with server:
        yield server


def test_the_three_commands_print_what_readme_says(https):
    commands, answers = blocks(README, "How to know that it works")
    script = commands.replace("curl ", "curl -s --noproxy '*' ").replace("https://localhost", https.origin).replace("\n", "\necho\n")
    done = subprocess.run(["sh", "-ec", script], cwd=https.dir, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
    said = [line for line in done.stdout.splitlines() if line]
    for token in re.findall(r'_token":"([^"]*)"', said[1]):
        register_token(token)
    assert [re.sub(r"eyJ[\w.-]+", "eyJ…", line) for line in said] == answers.splitlines()


def test_users_are_sent_to_the_page_and_back_stay_and_sign_out_as_readme_says(https, monkeypatch):
    monkeypatch.setitem(Known.passwords, "john@example.com", "secret123")
    browser = https.client()
    asked = browser.open("/app/")
    assert asked.status_code == 302 and asked.headers["Location"] == "/login?next=%2fapp%2f"
    browser.sign_in("john@example.com", "/app/")
    assert browser.open("/app/").text == "Hello john@example.com\n"
    del browser.cookies["__Host-access_token_cookie"]          # as when it has expired
    assert browser.open("/app/").text == "Hello john@example.com\n"
    assert browser.post("/logout", headers={**NAVIGATION, "Sec-Fetch-Site": "same-origin"}).status_code == 303
    assert browser.open("/app/").status_code == 302


def test_the_roles_work_with_the_group_file_that_is_printed_beside_them(server):
    made, = re.findall("(?m)^echo .*$", roles("> /etc/apache2/jwt.groups"))
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
