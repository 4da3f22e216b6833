# SPDX-License-Identifier: Apache-2.0
"""Every configuration of README, docs/ and conf/examples that defines endpoints, attacked: nothing is answered below an endpoint's address,
no spelling of a protected address is let in without a token, and who was deleted, demoted or never admitted gets no token."""
import re

import pytest
from authjwt_client import assert_logged_in
from authjwt_docs import DOCS, blocks
from authjwt_env import Known, hash_password
from authjwt_examples import EXAMPLES, REPLACED
from authjwt_tokens import read

README = DOCS.parent / "README.md"
PAGES = [README, *sorted(DOCS.rglob("*.md"))]
# What needs a service to start; it is attacked all the same, without its users.
MODULES = ("dbd", "authn_dbd", "authz_dbd", "authn_dbm", "authz_dbm", "authn_socache", "ldap", "authnz_ldap", "proxy", "proxy_fcgi", "proxy_http",
           "proxy_ajp", "proxy_wstunnel", "proxy_uwsgi", "proxy_scgi", "ssl", "expires", "session", "session_cookie", "auth_form", "request",
           "access_compat", "autoindex", "deflate", "filter", "negotiation", "reqtimeout", "status", "actions", "http2")
HANDLER = re.compile(r"(?m)^\s*SetHandler\s+jwt-(\w+)")
SECTION = re.compile(r'(?ms)^\s*<(Location|LocationMatch) "?([^">]+)"?>(.*?)^\s*</\1>')
ENDS = ["/", "/x", "/x/y", "/..;/x", "//", "/?next=/"]
SPELLINGS = [";x", ";x/", "/;x", "/..;/x", "%3bx", "/%2e%2e/x", "//", "%2f", "/x"]


def found():
    """(id, text) of every configuration with an endpoint."""
    for path in sorted(EXAMPLES.glob("*.conf")):
        yield path.name, path.read_text()
    for page in PAGES:
        name = str(page.relative_to(DOCS.parent))
        text = blocks("../README.md" if page == README else str(page.relative_to(DOCS)))
        for number, one in enumerate(text):
            if HANDLER.search(one) and not re.search(r"^\s*(LoadModule|@app)", one):
                yield "%s-%d" % (name, number), one


FOUND = dict(found())


def endpoints(text):
    """name -> address of each endpoint with a literal address."""
    return {HANDLER.search(body).group(1): path for kind, path, body in SECTION.findall(text) if kind == "Location" and HANDLER.search(body)}


def protected_places(text):
    return [path for kind, path, body in SECTION.findall(text) if kind == "Location" and re.search(r"AuthType +JWT", body)]


def server_for(text, new_server):
    text = re.sub(r"<VirtualHost [^>]*>", "<VirtualHost 127.0.0.1:@port@>", text)
    for old, new in REPLACED.items():
        text = text.replace(old, new) if not old.startswith("<") else text
    text = re.sub(r"(?m)^\s*SSL\w+ .*$", "", text).replace("${APACHE_LOG_DIR}", "@dir@")
    text = re.sub(r"(?m)^\s*(ErrorLog|LogLevel|DocumentRoot|CustomLog) .*$", "", text)
    text = re.sub(r"(?m)^\s*LDAPTrusted\w+ .*$", "", text).replace("/var/www/html/login.html", "@dir@/login.html")
    text = re.sub(r"(?m)^(\s*AuthLDAPBindPassword) .*$", r"\1 x", text)
    text = re.sub(r"@dir@/\w+\.(users|groups)", r"@dir@/jwt.\1", text)
    text = re.sub(r"(?m)^\s*AuthJWT(RevocationStore valkey:|Store)\S+.*$", "", text)     # test_examples_cluster.py has that
    if "AuthJWTKey" not in text:
        text = "AuthJWTKey HS256 file:@dir@/jwt.secret\n" + text
    server = new_server("AuthJWTRevocationStore lmdb:@dir@/state(64M)\n" + text, modules=MODULES, log="info")
    for name, content in (("secret", Known.secret), ("users", Known.users() + hash_password("john@example.com", "x")), ("groups", Known.groups)):
        server.write("login.html", "a page of the administrator's\n")
        server.write("jwt." + name, content, 0o600 if name == "secret" else 0o644)
    return server


@pytest.mark.parametrize("config", FOUND)
def test_it_answers_at_its_addresses_and_nowhere_else(new_server, expect_log, config):
    expect_log.may(r"\[(?!authjwt)\w+:(error|warn|crit)\]|AJ1\d{3}")
    server = server_for(FOUND[config], new_server).start()
    for name, address in endpoints(FOUND[config]).items():
        method = "GET" if name in ("userinfo", "jwks", "metrics") else "POST"
        assert server.request(method, address).status not in (404, 405), address
        for rest in ENDS:
            for verb in (method, "OPTIONS"):
                status = server.request(verb, address.rstrip("/") + rest).status
                assert status in ((404, 401, 302) if name in ("userinfo", "introspect", "sessions") else (404,)), (address + rest, verb, status)
    for place in protected_places(FOUND[config]):
        for spelling in ["", *SPELLINGS]:
            for path in (place.rstrip("/") + spelling, place.upper() + spelling):
                assert server.get(path).status in (302, 401, 403, 404, 400), path


BY_FILE = [name for name, text in FOUND.items() if {"login", "refresh"} <= set(endpoints(text)) and "AuthUserFile" in text
           and not re.search(r"(?m)^\s*AuthJWTProvider[ ]+(?=\S)(?!file$)", text)]


def test_there_are_configurations_to_attack():
    assert len(FOUND) > 15 and len(BY_FILE) > 5, sorted(FOUND)


@pytest.mark.parametrize("config", BY_FILE)
def test_who_was_deleted_demoted_or_never_admitted_gets_no_token(new_server, expect_log, config):
    expect_log.may(r"AH01873|AJ1\d{3}")
    server, where = server_for(FOUND[config], new_server), endpoints(FOUND[config])
    grants = re.findall(r"(?m)^ *AuthJWTGrantRole +\w+ +group +(\w+)", FOUND[config])
    server.write("jwt.groups", "".join("%s: ann\n" % one for one in set(grants)))
    server.start()

    def refreshed(token, rest=""):
        return server.post(where["refresh"].rstrip("/") + rest, token)

    fields = (re.findall(r"AuthJWTLoginFields +(\S+) +(\S+)", FOUND[config]) or [("username", "password")])[0]
    admitted = server.post(where["login"], json=dict(zip(fields, ("ann", Known.passwords["ann"]))))
    assert_logged_in(admitted)
    token = admitted.json()["refresh_token"]
    for user, password in (("nobody", "x"), ("ann", Known.wrong_password)):
        for rest in ("", *ENDS):
            answer = server.post(where["login"].rstrip("/") + rest, json=dict(zip(fields, (user, password))))
            assert answer.status in (401, 404) and "access_token" not in answer.text
    server.write("jwt.groups", "".join("%s: bob\n" % one for one in set(grants)))
    answer = refreshed(token)
    assert_logged_in(answer)
    assert "role" not in read(answer.json()["access_token"])
    token = answer.json()["refresh_token"]
    server.write("jwt.users", Known.users().replace("ann:", "anna:"))
    for rest in ("", *ENDS):
        answer = refreshed(token, rest)
        assert answer.status == (404 if rest else 401) and "access_token" not in answer.text, (rest, answer)
