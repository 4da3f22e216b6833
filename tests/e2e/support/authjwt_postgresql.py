# SPDX-License-Identifier: Apache-2.0
"""A private PostgreSQL with a table of users, by the statements of conf/examples/postgresql-users.conf or of a page.

    with PostgreSQL() as database: Httpd(CONFIG.replace("@pgsql@", database.parameters), modules=PostgreSQL.MODULES)

stop() and start() make it go away and come back at the same address.
"""
import glob
import os
import shutil
import signal
import subprocess

from authjwt_leaks import register_secret
from authjwt_service import Service, free_port

# As root, which PostgreSQL refuses to run as.
USER = "postgres"


def programs():
    """Directory of the newest installed version."""
    return sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1]


class PostgreSQL(Service):
    ending = signal.SIGQUIT                 # at once, connections or not
    MODULES = ("dbd", "authn_dbd", "authz_dbd", "authn_socache")
    password = register_secret("of-httpd-in-postgresql-" + os.urandom(6).hex())

    def __init__(self):
        super().__init__()
        self.port = free_port()
        self.as_user = {}
        if os.getuid() == 0:
            self.as_user = {"user": USER, "group": USER, "extra_groups": []}
            shutil.chown(self.dir, USER)
        subprocess.run([programs() + "/initdb", "-D", self.path("data"), "-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8", "--locale=C"],
                       check=True, capture_output=True, cwd=self.dir, **self.as_user)
        # Real passwords for httpd, none for this test's own statements.
        with open(self.path("data/pg_hba.conf"), "w") as file:
            file.write("local all all trust\nhost all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n")
        self.start()
        self.sql("CREATE ROLE httpd LOGIN PASSWORD '%s'" % self.password, "CREATE DATABASE users OWNER postgres", database="postgres")

    @property
    def parameters(self):
        return "host=127.0.0.1 port=%d dbname=users user=httpd password=%s" % (self.port, self.password)

    def start(self):
        self.run([programs() + "/postgres", "-D", self.path("data"), "-p", str(self.port), "-c", "listen_addresses=127.0.0.1",
                  "-c", "unix_socket_directories=" + self.dir, "-c", "fsync=off"], ("127.0.0.1", self.port),
                 says="ready to accept connections", **self.as_user)
        return self

    def run(self, *command, **how):
        open(self.path("output"), "wb").close()             # what it said the last time does not count
        return super().run(*command, **how)

    def stop(self):
        self.terminate(20)

    def sql(self, *statements, database="users"):
        """Run statements as the owner."""
        for one in statements:
            subprocess.run(["psql", "-q", "-X", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-d", database,
                            "-c", one], check=True, capture_output=True, text=True)
