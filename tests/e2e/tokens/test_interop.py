# SPDX-License-Identifier: Apache-2.0
"""Every algorithm with every form and source of its key, against third parties in both directions.

docs/algorithms.md shows what these tests do: its table must equal what ran.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess

import cryptography
import jwt
import pytest
from authjwt_client import assert_error, assert_logged_in
from authjwt_env import ENDPOINTS, Httpd, endpoint, protected
from authjwt_keys import ASYMMETRIC, public_pem
from authjwt_tokens import claims, sign_bytes, tamper
from interop.material import (ALGS, HMAC, jwk, jwk_set, private_pem, public_forms, secret, signing_forms, thumbprint,
                              virtual_host)
from interop.material import key as pair
from interop.parties import PARTIES, PYTHON, Jose, signed_by

TOP = pathlib.Path(__file__).resolve().parents[3]
DOCUMENT = TOP / "docs/algorithms.md"
HERE = TOP / "tests/e2e/support/interop"
SOURCES = ("file", "env", "exec")
FORMS = ("pem", "jwk", "set")

# What a third party cannot do, and its own words for it. Everything else must work.
CANNOT = {
    **{("python-cryptography", alg, form, way): "CannotRead" for alg in ALGS for form in ("jwk", "set")
       for way in ("sign", "verify")},
    **{("npm jose", alg, "set", "sign"): "Unsupported .alg. value for a JSON Web Key Set" for alg in HMAC},
}


def short(text):
    return text.lower().replace("#", "")


def source_line(alg, source, name, options=""):
    where = {"file": "file:@dir@/keys/" + name, "env": "env:" + name.replace("-", "_"),
             "exec": '"exec:/bin/cat @dir@/keys/%s"' % name}[source]
    return "AuthJWTKey %s %s %s" % (alg, where, options)


def address(alg, form):
    """An address of its own for each key that others fetch, so that they need no Host header of ours."""
    return "127.0.%d.%d" % (FORMS.index(form) + 1, ALGS.index(alg) + 1)


def sources_of(alg, half, form):
    """Every source; but loading a private RSA key costs a tenth of a second, so past RS256 each of its forms has one."""
    if half == "pub" or alg == "RS256" or alg[:2] not in ("RS", "PS"):
        return SOURCES
    return {"PKCS#8": ("file",), "JWK": ("env",), "PKCS#1": ("exec",)}[form]


def host_of(alg, half, form, source):
    return "%s-%s-%s-%s" % (alg.lower(), half, short(form), source)


def signer(alg, form):
    """The host that signs with a key of this form."""
    if form == "set":
        return alg.lower() + "-signs-set"
    own = "JWK" if form == "jwk" else "raw" if alg in HMAC else "PKCS#8"
    return host_of(alg, "own", own, sources_of(alg, "own", own)[0])


def furnish():
    """(configuration, files, environment) of one server with a virtual host for every key."""
    config, files, env = ["AuthJWTKey HS256 file:@dir@/secret\nAuthJWTRevocationStore lmdb:@dir@/state(64M)\n", ENDPOINTS,
                          protected("/protected"), endpoint("/jwks", "jwks"), virtual_host("main", "")], {}, {}
    aliases = {signer(alg, form): address(alg, form) for alg in ALGS for form in FORMS}

    def add(name, content, line):
        files["keys/" + name] = content
        env[name.replace("-", "_")] = content.rstrip("\n")
        config.append(virtual_host(name, line, "ServerAlias " + aliases[name] if name in aliases else ""))

    for alg in ALGS:
        for half, forms in (("own", signing_forms(alg)), ("pub", {} if alg in HMAC else public_forms(alg))):
            for form, (content, options) in forms.items():
                for source in sources_of(alg, half, form):
                    name = host_of(alg, half, form, source)
                    add(name, content, source_line(alg, source, name, options))
        for form in FORMS:
            # What is needed to verify, and no more.
            name = "%s-trusts-%s" % (alg.lower(), form)
            set_line = "AuthJWTKeySet file:@dir@/keys/"
            add(name, module_key(alg, form, False), set_line + name if form == "set" else
                "AuthJWTKey %s file:@dir@/keys/%s verify" % (alg, name))
            config.append("Listen %s:@port@\n" % address(alg, form))
        add(signer(alg, "set"), module_key(alg, "set", True), set_line + signer(alg, "set"))
    return "".join(config), files, env


def module_key(alg, form, private):
    if form == "pem":
        return secret(alg) if alg in HMAC else private_pem(alg) if private else public_pem(pair(alg))
    key = jwk(alg, private=private or alg in HMAC)
    return json.dumps(key) if form == "jwk" else jwk_set({**key, "alg": alg})


def party_key(alg, form, private):
    """What a third party gets: the same, with the kid where it comes as a set."""
    key = module_key(alg, form, private)
    if form == "set":
        key = jwk_set({**jwk(alg, private=private or alg in HMAC), "alg": alg, "kid": thumbprint(alg) or "shared"})
    return key


@pytest.fixture(scope="module")
def server():
    config, files, env = furnish()
    made = Httpd(config, env=env)
    for name, content in files.items():
        public = "-pub-" in name or ("-trusts-" in name and name[5:7] != "hs")
        made.write(name, content, 0o644 if public else 0o600)
        if "-set" in name and os.getuid() == 0:
            shutil.chown(made.path(name), user="www-data")     # it is looked at while httpd runs
    try:
        yield made.start()
    finally:
        made.close()
        Httpd.live.remove(made)


@pytest.fixture(scope="module", autouse=True)
def jose(tmp_path_factory):
    Jose.start(str(tmp_path_factory.mktemp("jose")))
    yield
    Jose.stop()


ran = {}                    # (alg, form, way): letters of the parties that did it


def attempt(party, alg, form, way, action, succeeded=lambda result: True):
    """Run one cell of the table: it works, or fails in the words of CANNOT."""
    reason = CANNOT.get((party.name, alg, form, way))
    if reason is None:
        result = action()
        assert succeeded(result), (alg, form, way)
        ran.setdefault((alg, form, way), set()).add(party.letter)
        return result
    with pytest.raises(Exception) as failure:
        action()
    assert re.search(reason, "%s %s" % (failure.type.__name__, failure.value)), failure.value
    return None


def login(server, host):
    answer = server.try_login("ann", host=host)
    assert_logged_in(answer)
    return answer.json()["access_token"]


def hosts_of(alg, half, source):
    forms = signing_forms(alg) if half == "own" else public_forms(alg)
    return {form: host_of(alg, half, form, source) for form in forms if source in sources_of(alg, half, form)}


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("alg", ALGS)
def test_a_login_is_verified_by_others_whatever_form_the_signing_key_has(server, alg, source):
    for form, host in hosts_of(alg, "own", source).items():
        token = login(server, host)
        header = jwt.get_unverified_header(token)
        assert header["alg"] == alg and header.get("kid") == thumbprint(alg), (form, header)
        for party in PYTHON:
            got = party.verify(alg, "pem", module_key(alg, "pem", False), token)
            assert got["sub"] == "ann" and got["iss"] == host, (form, party.name)
            with pytest.raises(Exception):
                party.verify(alg, "pem", module_key(alg, "pem", False), tamper(token, 1))


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("alg", ALGS)
def test_tokens_of_others_are_accepted_whatever_form_the_signing_key_has(server, alg, source):
    for form, host in hosts_of(alg, "own", source).items():
        assert_accepts_all_python_parties(server, alg, host, form)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("alg", ASYMMETRIC)
def test_tokens_of_others_are_accepted_whatever_form_the_public_key_has(server, alg, source):
    for form, host in hosts_of(alg, "pub", source).items():
        assert_accepts_all_python_parties(server, alg, host, form)


def assert_accepts_all_python_parties(server, alg, host, form):
    for party in PYTHON:
        token = signed_by(party, alg, "pem", module_key(alg, "pem", True), claims("bob", iss=host))
        assert server.get("/protected", token, host=host).status == 200, (form, party.name)
    assert_error(server.get("/protected", tamper(token), host=host), "token_invalid")
    assert_error(server.get("/protected", tamper(token, 1), host=host), "token_invalid")


@pytest.mark.parametrize("alg", ASYMMETRIC)
def test_a_public_half_verifies_and_cannot_issue(server, alg, expect_log):
    expect_log(r"AJ\d{4}: .*no key of this server can sign")
    host = hosts_of(alg, "pub", "file")["SPKI"]
    assert server.try_login("ann", host=host).status == 500
    assert_logged_in(server.try_login("ann", host=hosts_of(alg, "own", "file")["PKCS#8"]))


@pytest.mark.parametrize("party", PARTIES, ids=lambda party: party.name)
@pytest.mark.parametrize("alg", ALGS)
def test_what_the_module_signs_the_third_party_verifies_with_pem_jwk_and_jwk_set(server, alg, party):
    for form in FORMS:
        token, key = login(server, signer(alg, form)), party_key(alg, form, False)
        got = attempt(party, alg, form, "sign", lambda: party.verify(alg, form, key, token))
        if got:
            assert got["sub"] == "ann" and got["type"] == "access", form
            with pytest.raises(Exception):
                party.verify(alg, form, key, tamper(token, 1))


@pytest.mark.parametrize("party", PARTIES, ids=lambda party: party.name)
@pytest.mark.parametrize("alg", ALGS)
def test_what_the_third_party_signs_the_module_verifies_with_pem_jwk_and_jwk_set(server, alg, party):
    for form in FORMS:
        host = "%s-trusts-%s" % (alg.lower(), form)
        token = attempt(party, alg, form, "verify", lambda: signed_by(
            party, alg, form, party_key(alg, form, True), claims("bob", iss=host), thumbprint(alg)),
            lambda made: server.get("/protected", made, host=host).status == 200)
        if token:
            assert_error(server.get("/protected", tamper(token, 1), host=host), "token_invalid")


@pytest.mark.parametrize("party", [one for one in PARTIES if one.letter != "C"], ids=lambda party: party.name)
@pytest.mark.parametrize("alg", ASYMMETRIC)
def test_third_parties_verify_our_tokens_from_jwt_jwks_over_http(server, alg, party):
    for form in FORMS:
        url = "http://%s:%d/jwks" % (address(alg, form), server.port)
        token = login(server, signer(alg, form))
        assert party.verify(alg, "url", url, token)["sub"] == "ann", form
        with pytest.raises(Exception):
            party.verify(alg, "url", url, tamper(token, 1))


@pytest.mark.parametrize("alg", ALGS)
def test_a_token_for_one_algorithm_is_refused_by_the_keys_of_all_others(server, alg):
    for other in ALGS:
        host = "%s-trusts-pem" % other.lower()
        token = signed_by(PYTHON[0], alg, "pem", module_key(alg, "pem", True), claims("bob", iss=host))
        answer = server.get("/protected", token, host=host)
        assert (answer.status == 200) == (alg == other), (alg, other, answer)


@pytest.mark.parametrize("alg", ASYMMETRIC)
def test_a_public_key_is_never_taken_as_a_shared_secret(server, alg):
    for form, (content, _) in public_forms(alg).items():
        host = hosts_of(alg, "pub", "file")[form]
        for text in (content, content.strip(), content + "\n"):
            forged = sign_bytes({"alg": "HS256", "typ": "JWT"}, claims("ann", iss=host), text)
            assert_error(server.get("/protected", forged, host=host), "token_invalid")
        good = signed_by(PYTHON[0], alg, "pem", module_key(alg, "pem", True), claims("ann", iss=host))
        assert server.get("/protected", good, host=host).status == 200


def cell(alg, form, way, letters):
    return " ".join(letter if letter in ran.get((alg, form, way), ()) else "–" for letter in letters)


def table(letters):
    """The table of docs/algorithms.md, as these tests found it."""
    lines = ["| | PEM or secret: sign | PEM or secret: verify | JWK: sign | JWK: verify | JWK Set: sign | JWK Set: verify |",
             "|---|---|---|---|---|---|---|"]
    for alg in ALGS:
        lines.append("| %s | %s |" % (alg, " | ".join(cell(alg, form, way, letters) for form in FORMS for way in ("sign", "verify"))))
    return lines


def test_the_table_in_the_documentation_equals_what_ran(request):
    wanted = {name for name in globals() if name.startswith("test_")}
    if not wanted <= {item.originalname for item in request.session.items} or len(ran) == 0:
        pytest.skip("only with all tests of this file")
    letters = "".join(party.letter for party in PARTIES if not (party.letter == "N" and Jose.absent))
    text = [line for line in DOCUMENT.read_text().splitlines() if line.startswith("|")]
    if "N" not in letters:
        text = [re.sub(r" [N–] \|", " |", line) if line.startswith(tuple("| %s " % alg for alg in ALGS)) else line
                for line in text]
    start = next((at for at, line in enumerate(text) if line.startswith("| | PEM or secret: sign")), 0)
    made = table(letters)
    assert text[start:start + len(made)] == made, "\n".join(["the table that ran is:"] + made)


def test_the_documentation_names_each_library_and_what_it_cannot_do():
    lines = DOCUMENT.read_text().splitlines()
    assert all(any("**%s** %s" % (party.letter, party.name) in line for line in lines) for party in PARTIES)
    for name, reason in (("python-cryptography", "no reader for JWK"), ("npm jose", "no shared secrets in a JWK Set")):
        assert any(name in line and reason in line for line in lines), (name, reason)
    assert {name for name, *_ in CANNOT} == {"python-cryptography", "npm jose"}


def test_the_documentation_names_the_versions_that_ran():
    installed = {"PyJWT": jwt.__version__, "python-cryptography": cryptography.__version__,
                 "npm jose": json.loads((HERE / "package.json").read_text())["dependencies"]["jose"]}
    text = DOCUMENT.read_text()
    if "%s %s" % ("PyJWT", installed["PyJWT"]) not in text:
        pytest.skip("other versions than Debian 12's are installed: %s" % installed)
    assert all("%s %s" % pair in text for pair in installed.items()), installed


def test_the_vector_figures_in_the_documentation_equal_what_the_unit_tests_print():
    program = TOP / os.environ.get("B", "build") / "unit"
    if not program.exists():
        pytest.skip("the unit tests are not built")
    said = subprocess.run([str(program)], cwd=TOP / "tests/unit", env={**os.environ, "CK_RUN_SUITE": "vectors"},
                          capture_output=True, text=True, timeout=60).stdout
    ran_vectors = re.findall(r"vectors: (\S+): (\d+) applicable, (\d+) agree, (\d+) differ(?:; .*:((?: \d+)*))?", said)
    assert len(ran_vectors) == 6, said
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in DOCUMENT.read_text().splitlines()
            if line.startswith("|")]
    for name, *figures, unlike in ran_vectors:
        row = next(one for one in rows if "`%s`" % name in one[0])
        assert row[2:] == [*figures, str(len(unlike.split()))], (name, row)
        kind = {"json_web_signature_test.json": "signature", "json_web_key_test.json": "key"}.get(name, "crypto")
        named = [number for one in rows if one[0] == kind for number in one[1].split(", ")]
        assert not unlike or sorted(named, key=int) == sorted(unlike.split(), key=int), (name, named)


def test_the_lockfile_names_no_registry():
    assert "resolved" not in (HERE / "package-lock.json").read_text() and "integrity" in (HERE / "package-lock.json").read_text()
