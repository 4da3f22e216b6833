# SPDX-License-Identifier: Apache-2.0
"""Places and requests with AuthType Basic."""
import base64

from authjwt_env import location
from authjwt_leaks import register_secret


def basic(path, *lines):
    return location(path, "AuthType Basic", 'AuthName "tools"', *lines)


def credentials(user, password):
    return {"Authorization": "Basic " + register_secret(base64.b64encode(("%s:%s" % (user, password)).encode()).decode())}
