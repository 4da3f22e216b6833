# SPDX-License-Identifier: Apache-2.0
"""What Require lines say about tokens."""
from authjwt_client import assert_denied
from authjwt_env import Known
from authjwt_tokens import claims, sign


def token_of(sub="ann", without=(), **more):
    """A good access token with more claims."""
    return sign(claims(sub, without, **more), Known.secret)


def judge(server, path, token, realm="members", **more):
    """grant or deny; a denial must be the full 403."""
    answer = server.get(path, token, **more)
    if answer.status != 200:
        assert_denied(answer, realm)
    return "grant" if answer.status == 200 else "deny"
