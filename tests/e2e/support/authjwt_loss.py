# SPDX-License-Identifier: Apache-2.0
"""Stores that lose their entries: sessions before and after, and what the log says."""
import re

from authjwt_client import assert_error
from authjwt_sessions import rotate, session

LOSS = r"AJ1407: AuthJWTRevocationStore .* has lost its entries: "
IGNORE = "AuthJWTRevocationOnLoss ignore\n"


def losses(server):
    return len(re.findall(LOSS, server.read_log()))


def assert_lost(server, before, ended=None):
    """Sessions of before are over, new ones work at once, and one line says so."""
    assert_error(server.get("/protected", before[0]), "token_revoked")
    assert_error(server.post("/refresh", before[1]), "token_revoked")
    if ended:
        assert_error(server.get("/protected", ended[0]), "token_revoked")
    access, refresh = server.login()
    assert server.get("/protected", access).status == 200
    assert server.get("/protected", rotate(server, refresh)[0]).status == 200
    assert server.post("/logout", access).status == 200
    assert_error(server.get("/protected", access), "token_revoked")
    assert losses(server) == 1, server.read_log()


def begun(server):
    """Two sessions of a minute ago, the second of which has been ended."""
    alive, ended = session(), session()
    assert server.get("/protected", alive[0]).status == 200
    assert server.post("/logout", ended[0]).status == 200
    assert_error(server.get("/protected", ended[0]), "token_revoked")
    return alive, ended
