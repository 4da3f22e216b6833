# SPDX-License-Identifier: Apache-2.0
"""conf/examples/cluster.conf as shipped, but for replacements: two hosts, a primary with a replica and TLS, under a Sentinel, with the lines
for the server of entries that stand in the example's own head."""
import contextlib
import re

import pytest
from authjwt_authority import Authority
from authjwt_client import PROBLEMS
from authjwt_env import Known
from authjwt_examples import EXAMPLES, WWW, Example
from authjwt_leaks import register_token
from authjwt_service import free_port
from authjwt_valkey import PASSWORD, Valkey, wait

NAME = "cluster.conf"


def lines_of_the_server():
    """What the example says for valkey.conf."""
    said = re.findall(r"(?m)^#        (maxmemory-policy|appendonly|min-replicas-\S+|user) (.*)$", (EXAMPLES / NAME).read_text())
    assert len(said) == 5, said
    return ["%s %s" % pair for pair in said]


@pytest.fixture(scope="module")
def group():
    """(primary, replica, Sentinel, authority), TLS for all."""
    authority = Authority()
    cert, key = authority.issue("server", "localhost", "127.0.0.1")
    tls = ["tls-cert-file " + cert, "tls-key-file " + key, "tls-ca-cert-file " + authority.ca, "tls-auth-clients no", "tls-replication yes"]
    lines = [line.replace("PASSWORD", PASSWORD) for line in lines_of_the_server()] + tls

    def tls_port():
        return "tls-port %d" % ports.setdefault(len(ports), free_port())

    ports = {}
    with contextlib.ExitStack() as started:
        primary = started.enter_context(Valkey(*lines, tls_port()))
        replica = started.enter_context(Valkey(*lines, tls_port(), "replicaof 127.0.0.1 %d" % ports[0], "repl-diskless-sync-delay 0"))
        sentinel = started.enter_context(Valkey(*tls, tls_port(), "sentinel monitor mymaster 127.0.0.1 %d 1" % ports[0], sentinel=True))
        wait(lambda: "state=online" in primary.reply("INFO", "replication"))
        yield primary, replica, ports[2], authority


@pytest.fixture
def hosts(group, expect_log):
    _, _, port, authority = group
    names = ",".join("sentinel%d.example.com" % n for n in (1, 2, 3))
    with open(authority.ca, encoding="utf-8") as file:
        files = {"jwt.store-password": PASSWORD, "jwt.store-ca.pem": file.read(), "www/app/api/me.txt": "mine\n", "www/app/index.html": "open\n"}
    made = [Example(NAME, {**WWW, names: "localhost:%d" % port}, files=files) for _ in range(2)]
    with contextlib.ExitStack() as started:
        for one in made:
            started.callback(one.close)
            one.write("jwt.store-password", PASSWORD + "\n", 0o600)
        yield [one.start().client() for one in made]


def ask(host, method, path, token, **more):
    return host.request(method, path, headers={"Authorization": "Bearer " + token} if token else {}, **more)


def code_of(answer):
    return answer.status_code, answer.json().get("code")


def pair_of(host, user="ann"):
    answer = host.post("/login", json={"username": user, "password": Known.passwords[user]}).json()
    return register_token(answer["access_token"]), register_token(answer["refresh_token"])


def test_sessions_are_the_same_at_both_hosts_and_a_logout_counts_at_both(hosts):
    one, two = hosts
    assert one.get("/").status_code == 200
    assert code_of(ask(one, "GET", "/api/me.txt", None)) == (401, "token_missing")
    access, refresh = pair_of(one)
    assert ask(two, "GET", "/api/me.txt", access).text == "mine\n"
    successors = [ask(host, "POST", "/refresh", refresh).json()["refresh_token"] for host in (one, two)]
    for token in successors:
        register_token(token)
    assert successors[0] == successors[1]
    assert ask(two, "POST", "/logout", access).status_code == 200
    for host in hosts:
        assert code_of(ask(host, "GET", "/api/me.txt", access)) == (401, "token_revoked")
        assert code_of(ask(host, "POST", "/refresh", successors[0])) == (401, "token_revoked")
    assert PROBLEMS["token_revoked"][0] == 401


def test_a_logout_is_not_answered_200_before_a_replica_has_it(group, hosts, expect_log):
    expect_log(r"AJ2110: .*no replica had it in time")
    expect_log.may("AJ2110: |AJ1503: ")
    one, two = hosts
    _, replica, *_ = group
    kept, ended = pair_of(one), pair_of(one)
    assert ask(one, "POST", "/logout", ended[0]).status_code == 200
    with replica.hanging():
        answer = ask(one, "POST", "/logout", kept[0])
        assert code_of(answer) == (503, "store_unavailable") and answer.headers["Retry-After"] == "5"
        assert code_of(ask(two, "GET", "/api/me.txt", ended[0])) == (401, "token_revoked")
    wait(lambda: ask(one, "POST", "/logout", pair_of(one)[0]).status_code == 200)


def test_the_servers_lines_are_the_documented_user_and_no_warning(group, hosts):
    primary, *_ = group
    assert primary.reply("CONFIG", "GET", "maxmemory-policy").split()[-1] == "noeviction"
    for one in hosts:
        log = one.server.read_log()
        assert "AJ2101: " not in log and "AJ2103: " in log
