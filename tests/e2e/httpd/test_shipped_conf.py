# SPDX-License-Identifier: Apache-2.0
"""conf/authjwt.conf as it is installed: it does nothing as shipped, and is right in every line once uncommented."""
import pathlib
import re

from authjwt_env import Known
from authjwt_keys import pem, private_key, public_pem
from interop.material import jwk, jwk_set

SHIPPED = pathlib.Path(__file__).resolve().parents[3] / "conf/authjwt.conf"


def uncommented():
    """A '#' directly before a directive, a '<' or an indented line is taken away; '# ' begins a remark."""
    return re.sub(r"(?m)^#(?=[A-Z<]|    \S)", "", SHIPPED.read_text())


def test_as_shipped_httpd_starts_and_the_module_does_nothing(new_server):
    server = new_server(SHIPPED.read_text()).start()
    assert server.get("/login").status == 404 and server.get("/app").status == 404


def test_uncommented_every_line_is_right(new_server):
    text = uncommented().replace("/etc/apache2/jwt.", "@dir@/jwt.")
    assert text.count("\nAuthJWT") > 20
    text = re.sub(r"(?m)^AuthJWTRevocationStore .*$", "AuthJWTRevocationStore lmdb:@dir@/state(64M)", text)
    text = text.replace("AuthJWTLoginRequire group members", "AuthJWTLoginRequire group staff")
    server = new_server(text)
    for name, content in (("secret", Known.secret), ("users", Known.users()), ("groups", Known.groups),
                          ("es256.pem", pem(private_key("ES256"))), ("ed25519.pub.pem", public_pem(private_key("EdDSA"))),
                          ("401.json", '{"error": "please sign in"}'),
                          ("logo.svg", "<svg/>"), ("login.css", "h1{}"), ("login.fr.json", '{"title": "Connexion"}'),
                          ("jwks", jwk_set({**jwk("RS256", 1, False), "kid": "theirs"}))):
        server.write("jwt." + name, content, 0o600 if name in ("secret", "es256.pem") else 0o644)
    status, said = server.configtest()
    assert status == 0, said
