# SPDX-License-Identifier: Apache-2.0
"""Servers that differ in their keys."""
import os
import shutil

import pytest
from authjwt_client import assert_error
from authjwt_env import ENDPOINTS, endpoint, protected
from interop.material import jwk

STORE = "AuthJWTRevocationStore lmdb:@dir@/state(64M)\n"
REST = STORE + "AuthJWTAudience any\n" + ENDPOINTS + protected("/protected") + endpoint("/jwks", "jwks")


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


def public(fits, which=0, **more):
    return {**jwk(fits, which, False), **more}
