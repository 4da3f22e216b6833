# SPDX-License-Identifier: Apache-2.0
"""Whatever is done to the store under load: no ended session is let in, no request hangs, 503 says when to come again, the log says what
happened once a second, and within five seconds all is well. Each for a moment here, and for a minute in `make faults`."""
import contextlib
import os
import shutil
import time

import pytest
from authjwt_authority import Authority
from authjwt_hosts import Network, On, missing
from authjwt_outage import COMPLAINT, TIMEOUT
from authjwt_service import free_port
from authjwt_tcp_proxy import Proxy
from authjwt_valkey import ACL, PASSWORD, Valkey, wait

LOSS = r":error\].*AJ1407: .* has lost its entries: sessions that began before .* are refused"
several_hosts = pytest.mark.skipif(bool(missing()), reason=missing() or "-")
OPEN = ["bind *", "protected-mode no"]


@contextlib.contextmanager
def killed(server, meanwhile=lambda: None):
    server.kill()
    meanwhile()
    yield
    server.start()


@contextlib.contextmanager
def changed(begin, end):
    begin()
    yield
    end()


def test_the_server_is_killed(valkey, outages):
    store = valkey()
    with outages(store.address, said=COMPLAINT + ".*Connection refused") as load:
        load.during(lambda: killed(store))


def test_the_server_is_stopped_for_longer_than_the_timeout(valkey, outages):
    store = valkey()
    with outages(store.address, said=COMPLAINT + ".*did not answer in time") as load:
        load.during(store.hanging)


def test_all_entries_are_flushed(valkey, outages, expect_log):
    expect_log(LOSS)
    store = valkey()
    with outages(store.address, said=LOSS) as load:
        load.during(lambda: changed(lambda: store.reply("FLUSHALL"), lambda: None), unavailable=(), loses=True)


def test_the_server_comes_back_empty(valkey, outages, expect_log):
    expect_log(LOSS)
    store = valkey()

    def empty():
        for name in os.listdir(store.dir):
            if name.startswith(("dump", "appendonly")):
                shutil.rmtree(store.path(name)) if os.path.isdir(store.path(name)) else os.unlink(store.path(name))

    with outages(store.address) as load:
        load.during(lambda: killed(store, empty), loses=True)


def test_the_server_is_slow(valkey, outages):
    store = valkey()
    with Proxy(store.port) as proxy:
        def slow(data):
            time.sleep(TIMEOUT + 0.1)
            return data

        with outages(proxy.address, said=COMPLAINT + ".*did not answer in time") as load:
            load.during(lambda: changed(lambda: setattr(proxy, "change", slow), lambda: setattr(proxy, "change", None)))


def test_the_server_takes_questions_and_never_answers(valkey, outages):
    store = valkey()
    with Proxy(store.port) as proxy:
        with outages(proxy.address, said=COMPLAINT + ".*did not answer in time") as load:
            load.during(lambda: changed(lambda: setattr(proxy, "change", lambda data: None), lambda: setattr(proxy, "change", None)))


def test_the_password_is_changed(valkey, outages):
    store = valkey(ACL % PASSWORD)

    def change(password):
        assert store.reply("ACL", "SETUSER", "httpd", "resetpass", ">" + password) == "OK"
        store.reply("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")

    with outages(store.address, "AuthJWTStoreAuth httpd file:@dir@/store.password", files=[("store.password", PASSWORD)],
                 said=COMPLAINT + ".*it does not accept the user or the password") as load:
        load.during(lambda: changed(lambda: change("another"), lambda: change(PASSWORD)))


def test_the_certificate_expires(valkey, outages):
    authority = Authority()
    port = free_port()
    files = {expired: authority.issue("expired" if expired else "server", "127.0.0.1", expired=expired) for expired in (False, True)}
    store = valkey("tls-port %d" % port, "tls-cert-file " + files[False][0], "tls-key-file " + files[False][1],
                   "tls-ca-cert-file " + authority.ca, "tls-auth-clients no")

    def show(expired):
        assert store.reply("CONFIG", "SET", "tls-cert-file", files[expired][0], "tls-key-file", files[expired][1]) == "OK"
        store.reply("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")

    try:
        with outages("127.0.0.1:%d" % port, "AuthJWTStoreTLS on ca=" + authority.ca,
                     said=COMPLAINT + ".*the server's certificate is not accepted: certificate has expired") as load:
            load.during(lambda: changed(lambda: show(True), lambda: show(False)))
    finally:
        shutil.rmtree(authority.dir)


# -- networks -----------------------------------------------------------------------------------------------------

@pytest.fixture
def net():
    with Network() as one:
        yield one


@several_hosts
@pytest.mark.parametrize("restarted", [False, True])
def test_the_network_loses_all_packets_and_the_server_its_half_of_the_connections(net, outages, new_server, restarted):
    here, there = net.host(), net.host()
    store = On(there, lambda: Valkey(*OPEN))

    @contextlib.contextmanager
    def cut():
        with net.apart(there):
            yield
            if restarted:
                store.kill()                # its connections end without a word
                store.start()

    try:
        with outages("%s:%d" % (there.address, store.port), server=lambda config: On(here, lambda: new_server(config)),
                     said=COMPLAINT + ".*did not answer in time") as load:
            load.during(cut)
    finally:
        store.close()


@several_hosts
def test_the_only_replica_is_cut_off(net, outages, new_server):
    one, two = net.host(), net.host()
    primary = On(one, lambda: Valkey(*OPEN))
    replica = On(two, lambda: Valkey(*OPEN, "replicaof %s %d" % (one.address, primary.port), "repl-diskless-sync-delay 0",
                                     "repl-timeout 4"))
    try:
        wait(lambda: "state=online" in primary.reply("INFO", "replication"))
        with outages("%s:%d" % (one.address, primary.port), "AuthJWTStoreReplicas 1 200ms", server=lambda config: On(one, lambda: new_server(config)),
                     said=COMPLAINT + "no replica had it in time", bound=2 * TIMEOUT + 0.2) as load:
            load.during(lambda: net.apart(two), unavailable=("logout",))
            assert load.since(0, "alive")[503] == 0             # look-ups go on
    finally:
        replica.close()
        primary.close()
