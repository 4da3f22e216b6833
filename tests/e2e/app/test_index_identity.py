# SPDX-License-Identifier: Apache-2.0
"""An index file or a fallback that alone asks who it is: httpd forgets whom the file was looked up for."""
import pytest
from authjwt_basic import credentials
from authjwt_env import DEFAULT, ENV_CGI, Known
from authjwt_rules import token_of
from authjwt_tokens import claims, sign

SAYS = "AuthName index\nRequire valid-user\nAuthJWTRequestHeader X-User sub\nAuthJWTForwardToken off\nCGIPassAuth on\n"
CONFIG = DEFAULT + "".join(
    "<Directory @dir@/htdocs/%s>\nOptions +ExecCGI\nAddHandler cgi-script .cgi\n%s\n<Files x.cgi>\n%s%s</Files>\n</Directory>\n" % (name, how, who, SAYS)
    for name, how, who in (("index", "DirectoryIndex x.cgi", "AuthType JWT\n"), ("fallback", "FallbackResource /fallback/x.cgi", "AuthType JWT\n"),
                           ("basic", "DirectoryIndex x.cgi", "AuthType Basic\nAuthBasicProvider jwt\n"),
                           ("both", "DirectoryIndex x.cgi\nAuthType JWT\nAuthName outer\nRequire valid-user\nAuthJWTRequestHeader X-User sub",
                            "AuthType JWT\nAuthJWTIdentityClaim email\n")))
FILES = {"htdocs/%s/x.cgi" % name: ENV_CGI for name in ("index", "fallback", "basic", "both")}


@pytest.mark.parametrize("path", ["/index/", "/index/x.cgi", "/fallback/any", "/fallback/x.cgi", "/basic/x.cgi", "/basic/"])
def test_the_application_knows_whose_request_it_is(server, path):
    token = token_of("ann")
    headers = credentials("ann", token) if "basic" in path else {"Authorization": "Bearer " + token}
    env = server.get(path, headers=headers).env()
    assert env.get("REMOTE_USER") == "ann" and env["AUTH_TYPE"] == ("Basic" if "basic" in path else "JWT")
    assert env.get("HTTP_X_USER") == "ann" and env["JWT_CLAIM_SUB"] == "ann" and "HTTP_AUTHORIZATION" not in env


def test_it_is_the_user_of_the_section_of_the_file(server):
    env = server.get("/both/", sign(claims("ann", email="a@example.com"), Known.secret)).env()
    assert env["REMOTE_USER"] == "a@example.com" and env["HTTP_X_USER"] == "ann"
