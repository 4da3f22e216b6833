# SPDX-License-Identifier: Apache-2.0
"""A revocation store that fails on demand (failing_store/mod_failing_store.c), and how to break and mend it."""
import os

from authjwt_env import DEFAULT, location

CONFIG = DEFAULT + location("/p/tools", "AuthType Basic", 'AuthName "tools"', "AuthBasicProvider jwt file", "AuthUserFile @dir@/users",
                            "Require valid-user")


def with_room(server):
    """The directory in which the provider notes that it is busy."""
    os.mkdir(server.path("broken-occupied"))
    os.chmod(server.path("broken-occupied"), 0o777)
    return server


def break_store(server, stores_only=False):
    server.write("broken", "store" if stores_only else "")


def mend_store(server):
    os.unlink(server.path("broken"))
