# SPDX-License-Identifier: Apache-2.0
"""The provider serves any module that takes a socache provider."""
from authjwt_basic import credentials
from authjwt_env import DEFAULT, Known, location

CACHED = location("/p/basic", "AuthType Basic", 'AuthName "test"', "AuthBasicProvider socache file", "AuthUserFile @dir@/users",
                  "AuthnCacheProvideFor file", "AuthnCacheTimeout 600", "Require valid-user")


def test_mod_authn_socache_uses_it_on_every_process_and_host(valkey, new_server, expect_log):
    expect_log(r"AH01618: user ann not found")
    store = valkey()
    config = "AuthnCacheSOCache valkey:%s/1\n" % store.address + DEFAULT + CACHED
    one, two = (new_server(config, modules=("authn_socache",)).start() for _ in range(2))
    login = {"headers": credentials("ann", Known.passwords["ann"])}
    two.write("users", "")                              # it has the user from the cache, or not at all
    assert two.get("/p/basic", **login).status == 401
    assert one.get("/p/basic", **login).status == 200
    assert [two.get("/p/basic", **login).status for _ in range(8)] == [200] * 8
    assert "authjwt:" in store.reply("-n", "1", "KEYS", "*")
