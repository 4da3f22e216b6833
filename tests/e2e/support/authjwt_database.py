# SPDX-License-Identifier: Apache-2.0
"""The tables that tests of users in a database share, and a file of SQLite that holds them."""
import pathlib
import sqlite3
import tempfile

from authjwt_env import Known, hash_password

SCHEMA = ("CREATE TABLE users (name TEXT PRIMARY KEY, password TEXT NOT NULL, mail TEXT)",
          "CREATE TABLE roles (name TEXT, role TEXT)")
ROWS = ["INSERT INTO users VALUES ('%s', '%s', %s)" % (name, hash_password(name, password).split(":")[1].strip(), mail)
        for (name, password), mail in zip(Known.passwords.items(), ("'ann@example.com'", "'j\u00fcrgen@example.com'", "NULL"))]
ROWS += ["INSERT INTO roles VALUES ('ann', 'admins')", "INSERT INTO roles VALUES ('ann', 'staff')", "INSERT INTO roles VALUES ('bob', 'staff')"]


def prepare(database):
    database.sql(*SCHEMA, *ROWS, "GRANT SELECT ON users, roles TO httpd")
    return database


class Lite:
    """A file of SQLite with the same tables, where httpd's user can read it."""

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="authjwt-e2e-sqlite-")
        folder = pathlib.Path(self._folder.name)
        folder.chmod(0o755)
        self.path = folder / "users.db"
        self.sql(*SCHEMA, *ROWS)
        self.path.chmod(0o644)
        return self

    def __exit__(self, *exception):
        self._folder.cleanup()

    def sql(self, *statements):
        with sqlite3.connect(self.path) as connection:
            for one in statements:
                connection.execute(one)
        connection.close()
