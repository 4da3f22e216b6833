# SPDX-License-Identifier: Apache-2.0
"""Sessions that go on: refreshes, and refresh tokens of any age."""
import os
import subprocess
import tempfile
import time

from authjwt_env import Known
from authjwt_tokens import claims, sign

DAY = 86400
THEFT = r"\[authjwt:warn\].*AJ1506: theft: "


def rotate(server, refresh, path="/refresh", **more):
    """(access token, refresh token) of a refresh that works."""
    answer = server.post(path, refresh, **more)
    assert answer.status == 200, answer
    body = answer.json()
    assert set(body) == {"access_token", "refresh_token", "token_type", "expires_in"}, sorted(body)
    return body["access_token"], body["refresh_token"]


def ours(**more):
    """Claims of a refresh token as this module issues them, for sessions of any age."""
    now = int(time.time())
    return claims(**{"type": "refresh", "sid": "%016d-%d" % (time.time_ns() // 1000, time.monotonic_ns()), "exp": now + 30 * DAY,
                     "sid_exp": now + 30 * DAY, **more})


def session(age=60, sub="ann", **more):
    """(access token, refresh token) as of a session that began so many seconds ago."""
    began = time.time() - age
    sid = "%016d-%d" % (began * 1000000, time.monotonic_ns())
    both = {"sub": sub, "sid": sid, "iat": int(began), "nbf": int(began), **more}
    return sign(ours(**{**both, "type": "access"}), Known.secret), sign(ours(**both), Known.secret)


def built_clock():
    """Path of clock.so, which is preloaded to have a clock that is wrong; built outside the source tree."""
    where = tempfile.mkdtemp(prefix="authjwt-clock-")
    os.chmod(where, 0o755)
    made = os.path.join(where, "clock.so")
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "clock", "clock.c")
    subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-O1", "-o", made, source, "-ldl"], check=True)
    os.chmod(made, 0o755)
    return made
