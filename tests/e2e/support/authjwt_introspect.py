# SPDX-License-Identifier: Apache-2.0
"""A place of jwt-introspect for the API "rs", and one of jwt-revoke."""
import secrets

from authjwt_basic import credentials
from authjwt_env import endpoint, hash_password
from authjwt_leaks import register_secret

RS_SECRET = register_secret("the-secret-of-the-api-rs-" + secrets.token_hex(6))
BASIC = ("AuthType Basic", 'AuthName "introspection"', "AuthUserFile @dir@/clients", "Require valid-user")
PLACES = endpoint("/introspect", "introspect", *BASIC) + endpoint("/revoke", "revoke")


def clients():
    """Content of AuthUserFile for them."""
    return hash_password("rs", RS_SECRET)


def ask(server, token, path="/introspect", secret=RS_SECRET, form=None, **more):
    """The answer of jwt-introspect about a token. form: its fields, else token alone."""
    headers = {**credentials("rs", secret), **more.pop("headers", {})} if secret else more.pop("headers", {})
    if not {"json", "body"} & set(more):
        more["form"] = form or {"token": token}
    return server.post(path, headers=headers, **more)


def introspect(server, token, **more):
    """The JSON of an answer that is 200."""
    answer = ask(server, token, **more)
    assert answer.status == 200 and answer.header("Content-Type") == "application/json", answer
    assert answer.header("Cache-Control") == "no-store", answer.headers.as_string()
    return answer.json()


def is_active(server, token, **more):
    said = introspect(server, token, **more)
    assert said["active"] is True or said == {"active": False}, said
    return said["active"]
