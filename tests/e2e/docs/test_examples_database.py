# SPDX-License-Identifier: Apache-2.0
"""conf/examples/postgresql-users.conf as shipped but for addresses, with a real PostgreSQL and the tables that it names."""
import re

import pytest
from authjwt_app import Saw
from authjwt_env import Known, hash_password
from authjwt_examples import EXAMPLES, Example
from authjwt_leaks import register_token
from authjwt_postgresql import PostgreSQL
from authjwt_tokens import read
from authjwt_promises import assert_login_page_and_logout_work, running

NAME = "postgresql-users.conf"


def statements():
    """The tables and rights of the file's head; the role is there, and has a password of its own."""
    found = re.findall(r"(?m)^# {7,}((?:CREATE|GRANT) .*);$", (EXAMPLES / NAME).read_text())
    assert len(found) == 4
    return [one for one in found if not one.startswith("CREATE ROLE")]


@pytest.fixture(scope="module")
def database():
    with PostgreSQL() as one:
        rows = ["INSERT INTO users VALUES ('%s', '%s', '%s@example.com')" % (name, hash_password(name, password).split(":")[1].strip(), name)
                for name, password in Known.passwords.items()]
        one.sql(*statements(), *rows, "INSERT INTO roles VALUES ('ann', 'admin'), ('ann', 'editor'), ('bob', 'editor')")
        yield one


@pytest.fixture(scope="module")
def shop(database, app):
    parameters = "host=127.0.0.1 port=5432 dbname=users user=httpd password=change-me"
    with running(Example(NAME, {parameters: database.parameters, "http://127.0.0.1:8000/": app.url + "/"})) as server:
        yield server


def test_it_is_behind_a_login_page(shop):
    assert_login_page_and_logout_work(shop, "/some/page")


def test_the_application_gets_what_the_tables_say_and_no_token(shop):
    visitor = shop.client()
    visitor.sign_in("ann", "/admin")
    saw = Saw(visitor.get("/admin", headers={"X_Remote_User": "root", "X-Remote-Roles": "root"}).json())
    assert saw.all("X-Remote-User") == ["ann"] and saw.all("X-Remote-Roles") == ["admin,editor"] and saw.one("X-Remote-Mail") == "ann@example.com"
    assert "token_cookie=" not in (saw.one("Cookie") or "").replace("csrf_", "")
    visitor = shop.client()
    visitor.sign_in("bob")
    assert visitor.open("/").status_code == 200 and visitor.open("/admin").status_code == 403


def test_a_change_in_the_tables_counts_from_the_next_refresh(shop, database):
    visitor = shop.client()
    answer = visitor.post("/login", json={"username": "cara", "password": Known.passwords["cara"]}).json()
    register_token(answer["access_token"])
    database.sql("INSERT INTO roles VALUES ('cara', 'admin')", "UPDATE users SET mail = 'c@example.org' WHERE name = 'cara'")
    answer = visitor.post("/refresh", headers={"Authorization": "Bearer " + register_token(answer["refresh_token"])}).json()
    made = read(register_token(answer["access_token"]))
    assert made["role"] == "admin" and made["mail"] == "c@example.org"
