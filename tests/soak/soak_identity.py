# SPDX-License-Identifier: Apache-2.0
"""What the directives about identity add to a request with a token, in instructions (see soak_lookup)."""
import authjwt_env
from authjwt_env import Httpd, location, protected
from soak_lookup import UnderCallgrind, of_one_request

REQUESTS = 100
HEADERS = ("AuthJWTRequestHeader X-Remote-User sub", "AuthJWTRequestHeader X-Remote-Roles role", "AuthJWTRequestHeader X-Remote-Mail mail")
VALID = "Require valid-user"
# (what it is, lines of the location, claims of the token)
CASES = [
    ("no authentication", (), {}),
    ("`Require valid-user`", (VALID,), {}),
    ("and 20 more claims in the token, exported", (VALID,), {"claim-%d" % number: "value" for number in range(20)}),
    ("the same, `AuthJWTExportClaims none`", (VALID, "AuthJWTExportClaims none"), {"claim-%d" % number: "value" for number in range(20)}),
    ("three `AuthJWTRequestHeader`", (VALID, *HEADERS), {"role": "admin", "mail": "a@example.com"}),
    ("`AuthJWTForwardToken off`", (VALID, "AuthJWTForwardToken off"), {}),
    ("`Require jwt-claim` with two values", ("Require jwt-claim department it sales",), {"department": "sales"}),
    ("`Require expr` with `%{jwt:role}`", ("Require expr \"%{jwt:role} == 'admin'\"",), {"role": "admin"}),
]


def cost(lines, claims):
    where = protected("/p/x", *lines) if lines else location("/p/x", "Require all granted")
    server = UnderCallgrind("AuthJWTKey HS256 file:@dir@/secret\nAuthJWTRevocationStore lmdb:@dir@/state(64M)\nMaxKeepAliveRequests 0\n" + where,
                            mpm="prefork", log="warn")
    try:
        return sum(of_one_request(server, "/p/x", REQUESTS, **claims).values())
    finally:
        server.close()
        Httpd.live.remove(server)


def measure():
    """(sentence, the dearest of them by Require valid-user)"""
    before, authjwt_env.START_LIMIT = authjwt_env.START_LIMIT, 120
    try:
        costs = [(name, cost(lines, claims)) for name, lines, claims in CASES]
    finally:
        authjwt_env.START_LIMIT = before
    base = costs[1][1]
    text = "instructions of a request: " + "; ".join("%s %d (%+.0f %%)" % (name, one, 100 * (one - base) / base) for name, one in costs)
    return text, max(one for _, one in costs) / base
