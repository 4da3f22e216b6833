# SPDX-License-Identifier: Apache-2.0
"""server-status: our section, and lines of ?auto."""
import re

import pytest
from authjwt_env import DEFAULT, Known, endpoint, location
from authjwt_metrics import SCRAPE, scrape
from authjwt_tokens import claims, sign

OPTIONS = {"modules": ("status",)}
CONFIG = DEFAULT + SCRAPE + location("/status", "SetHandler server-status", "Require local") + endpoint("/revoke", "revoke")


def lines(server):
    """The lines of ?auto; none twice, each a name and a value."""
    text = server.get("/status?auto").text
    pairs = [line.partition(": ") for line in text.splitlines() if line.startswith("AuthJWT")]
    assert len({name for name, _, _ in pairs}) == len(pairs)
    assert all(colon and re.fullmatch(r"AuthJWT[A-Z][A-Za-z]+", name) and value.isdigit() for name, colon, value in pairs), pairs
    return {name[len("AuthJWT"):]: int(value) for name, _, value in pairs}


def test_each_line_counts_what_it_says(server):
    before = lines(server)
    server.get("/protected")
    good = sign(claims("bob"), Known.secret)
    for _ in range(2):
        assert server.get("/protected", good).status == 200
    access, refresh = server.login()
    server.post("/login", json={"username": "ann", "password": Known.wrong_password})
    assert server.post("/refresh", refresh).status == 200
    assert server.post("/logout", access).status == 200
    now = lines(server)
    grown = {name: now[name] - before[name] for name in now if now[name] != before[name]}
    hits = grown.pop("CacheHits", 0)
    assert grown == {"RequestsTokenMissing": 1, "RequestsOk": 5, "RequestsInvalidCredentials": 1, "Logins": 1, "LoginFailures": 1,
                     "Refreshes": 1, "Logouts": 1, "Revocations": 1}
    assert hits <= 1, "the two requests may have met two processes"


def test_the_lines_are_all_there_and_agree_with_the_metrics(server):
    found, counted = lines(server), scrape(server)
    assert {"Logins", "LoginFailures", "Refreshes", "Logouts", "CacheHits", "StoreErrors", "Revocations"} <= set(found)
    codes = {key[1] for key in counted if key[0] == "authjwt_requests_total"}
    named = {"Requests" + "".join(word.capitalize() for word in code.split("_")): code for code in codes}
    assert set(named) == {name for name in found if name.startswith("Requests")}
    assert all(found[name] == counted["authjwt_requests_total", code] for name, code in named.items())


def test_people_get_a_section(server):
    page = server.get("/status").text
    assert page.count("mod_authjwt)</h1>") == 1 and "failed logins</td>" in page and "requests: token_missing</td>" in page


def test_without_mod_status_nothing_is_missing(new_server):
    assert new_server(DEFAULT).start().get("/protected").status == 401


@pytest.mark.parametrize("mpm", ["prefork", "worker"])
def test_other_ways_of_processes(new_server, mpm):
    server = new_server(CONFIG, mpm=mpm, modules=("status",)).start()
    for _ in range(10):
        server.get("/protected")
    server._wait("ten requests", lambda: lines(server)["RequestsTokenMissing"] == 10)
