# SPDX-License-Identifier: Apache-2.0
"""Where a valkey store is and what belongs to it: a wrong line does not start, and the sentence says what to write."""
import pytest
from authjwt_authority import Authority
from authjwt_env import Known
from authjwt_leaks import find_leaks, register_secret
from authjwt_valkey import config_on

LITERAL = register_secret("a-literal-password-of-the-revocation-store")
HERE = "valkey:127.0.0.1"

WRONG = {
    "no address": ("valkey", [], "AuthJWTRevocationStore valkey: say where the server is: write HOST[:PORT][/DB]"),
    "an empty address": ("valkey:", [], "say where the server is"),
    "a URL": ("valkey://cache.example:6379", [], "is no URL; write HOST[:PORT][/DB], and user and password with AuthJWTStoreAuth"),
    "a URL with a password": ("valkey:redis://user:%s@cache.example" % LITERAL, [], "AuthJWTRevocationStore valkey:...: is no URL; write HOST"),
    "a password before the host": ("valkey:%s@cache.example:6379/1" % LITERAL, [], "AuthJWTRevocationStore valkey:...: is no URL; write HOST"),
    "a password before a Sentinel": ("valkey:sentinel:mymaster@user:%s@one,two" % LITERAL, [],
                                     "AuthJWTRevocationStore valkey:...: is no URL; write sentinel:MASTER@HOST"),
    "a password for httpd's redis": ("redis:user:%s@cache.example:6379" % LITERAL, [], "redis:...: is no URL; write HOST[:PORT]. For a user"),
    "a URL for httpd's memcache": ("memcache://cache.example", [], "memcache://cache.example: is no URL"),
    "a password for an unknown provider": ("keydb:user:%s@cache.example" % LITERAL, [], 'keydb:...: "keydb" is no socache provider'),
    "several servers": ("valkey:one,two", [], "names several servers; name the one that takes writes"),
    "a port that is none": ("valkey:one:0", [], '"0" is no port'),
    "a port that is too large": ("valkey:one:65536", [], '"65536" is no port'),
    "an IPv6 address without brackets": ("valkey:::1", [], "write an IPv6 address in brackets, as in [::1]:6379"),
    "a relative path": ("valkey:unix:run/valkey.sock", [], "a unix socket needs an absolute path"),
    "no master": ("valkey:sentinel:one,two", [], "write sentinel:MASTER@HOST[:PORT],HOST..."),
    "no Sentinel": ("valkey:sentinel:mymaster@", [], "is no host"),
    "a Sentinel that would vote twice": ("valkey:sentinel:mymaster@one,two,one:26379", [], 'names the Sentinel "one" twice'),
    "a source that is none": (HERE, ["AuthJWTStoreAuth %s" % LITERAL], "AuthJWTStoreAuth: the source is none of file:PATH, env:NAME"),
    "a password that is not there": (HERE, ["AuthJWTStoreAuth file:@dir@/nothing"], "AuthJWTStoreAuth: file:@dir@/nothing: cannot open"),
    "an empty password": (HERE, ["AuthJWTStoreAuth file:@dir@/empty"], "AuthJWTStoreAuth: file:@dir@/empty: the password is empty"),
    "TLS neither on nor off": (HERE, ["AuthJWTStoreTLS yes"], "AuthJWTStoreTLS: write off, or on [ca=FILE]"),
    "TLS off with a file": (HERE, ["AuthJWTStoreTLS off ca=@dir@/secret"], "AuthJWTStoreTLS: off stands alone"),
    "an unknown option of TLS": (HERE, ["AuthJWTStoreTLS on verify=no"], '"verify=no" is none of ca=FILE, cert=FILE, key=FILE'),
    "an option of TLS twice": (HERE, ["AuthJWTStoreTLS on ca=@dir@/cert ca=@dir@/cert"], "AuthJWTStoreTLS: an option is there twice"),
    "a file that is not there": (HERE, ["AuthJWTStoreTLS on ca=@dir@/nothing"], 'AuthJWTStoreTLS: there is no file "@dir@/nothing"'),
    "a certificate without its key": (HERE, ["AuthJWTStoreTLS on cert=@dir@/cert"], "cert= and key= belong together"),
    "authorities that are none": (HERE, ["AuthJWTStoreTLS on ca=@dir@/empty"], "the certificates of @dir@/empty cannot be read"),
    "a certificate that is none": (HERE, ["AuthJWTStoreTLS on cert=@dir@/empty key=@dir@/key"], "the certificate @dir@/empty cannot be read"),
    "the key of another": (HERE, ["AuthJWTStoreTLS on cert=@dir@/cert key=@dir@/other"],
                           "the private key @dir@/other cannot be used with the certificate"),
    "TLS on a unix socket": ("valkey:unix:/run/v.sock", ["AuthJWTStoreTLS on"], "a unix socket has no TLS"),
    "replicas that are no number": (HERE, ["AuthJWTStoreReplicas one"], 'AuthJWTStoreReplicas: "one" is no number of replicas'),
    "less than no replicas": (HERE, ["AuthJWTStoreReplicas -1"], '"-1" is no number of replicas'),
    "no time for replicas": (HERE, ["AuthJWTStoreReplicas 1 0s"], 'AuthJWTStoreReplicas: "0s" must be longer than 0'),
    "no timeout": (HERE, ["AuthJWTStoreTimeout 0"], 'AuthJWTStoreTimeout: "0" must be longer than 0, and at most one minute'),
    "a timeout without end": (HERE, ["AuthJWTStoreTimeout 2m"], 'AuthJWTStoreTimeout: "2m" must be longer than 0, and at most one minute'),
    "a timeout that is no time": (HERE, ["AuthJWTStoreTimeout soon"], '"soon" is no time; write a whole number with ms, s or m, such as 500ms'),
    "a password for lmdb": ("lmdb:@dir@/state", ["AuthJWTStoreAuth file:@dir@/secret"], "AuthJWTStoreAuth is for a store valkey:... alone"),
    "TLS for lmdb": ("lmdb:@dir@/state", ["AuthJWTStoreTLS off"], "AuthJWTStoreTLS is for a store valkey:... alone"),
    "replicas of shmcb": ("shmcb", ["AuthJWTStoreReplicas 0"], "AuthJWTStoreReplicas is for a store valkey:... alone"),
    "a timeout for dbm": ("dbm:@dir@/db", ["AuthJWTStoreTimeout 1s"], "AuthJWTStoreTimeout is for a store valkey:... alone"),
}


@pytest.fixture(scope="module")
def material():
    """Files that some configurations name."""
    authority = Authority()
    files = {"empty": "", "secret": Known.secret, "theirs": LITERAL}
    for name, path in (("cert", authority.issue("one")[0]), ("key", authority.issue("one")[1]), ("other", authority.issue("other")[1])):
        with open(path, encoding="utf-8") as file:
            files[name] = file.read()
    return files


def write(server, material):
    for name, content in material.items():
        server.write(name, content, 0o600)
    return server


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_line_does_not_start_and_says_what_to_write(new_server, material, name):
    store, lines, said = WRONG[name]
    server = write(new_server(config_on(store, *lines), modules=("socache_redis", "socache_memcache")), material)
    status, text = server.configtest()
    assert status != 0 and server.expand(said) in text, text
    assert not find_leaks(text)


@pytest.mark.parametrize("store, lines", [
    (HERE, []), ("valkey:Cache.Example:7000/3", []), ("valkey:[::1]:6380/15", []), ("valkey:[::1]", []),
    ("valkey:unix:/run/valkey/valkey.sock/2", []), ("valkey:sentinel:mymaster@a,b:26380,[::1]/4", []),
    (HERE, ["AuthJWTStoreAuth file:@dir@/secret", "AuthJWTStoreTLS on cert=cert key=key", "AuthJWTStoreReplicas 2 1500ms",
            "AuthJWTStoreTimeout 1m"]),
    (HERE, ["AuthJWTStoreAuth httpd env:NAME", "AuthJWTStoreTLS on", "AuthJWTStoreReplicas 0", "AuthJWTStoreTimeout 250ms"]),
    (HERE, ['AuthJWTStoreAuth httpd "exec:/no/such/program"']),         # not run under -t
])
def test_what_is_right_starts(new_server, material, store, lines):
    status, text = write(new_server(config_on(store, *lines), env={"NAME": Known.secret}), material).configtest()
    assert status == 0, text


VHOST = "<VirtualHost *:@port@>\nServerName v\n%s\n</VirtualHost>\n"
OTHER = "AuthJWTKey HS256 file:@dir@/theirs\nAuthJWTIssuer other\n"


@pytest.mark.parametrize("main, vhost, said", [
    # A virtual host with a store of its own kind does not inherit what is for valkey; one without, or with valkey, does.
    ([HERE, "AuthJWTStoreTimeout 1s"], "AuthJWTRevocationStore lmdb:@dir@/v", None),
    ([HERE, "AuthJWTStoreTimeout 1s"], "AuthJWTRevocationStore lmdb:@dir@/v\nAuthJWTStoreTimeout 2s", "AuthJWTStoreTimeout is for"),
    ([HERE, "AuthJWTStoreTLS on"], "AuthJWTRevocationStore valkey:unix:/s", "a unix socket has no TLS"),
    ([HERE, "AuthJWTStoreTLS on"], "AuthJWTRevocationStore valkey:unix:/s\nAuthJWTStoreTLS off", None),
    (["lmdb:@dir@/state"], "AuthJWTRevocationStore valkey:b\nAuthJWTStoreAuth file:@dir@/secret", None),
    (["lmdb:@dir@/state"], "AuthJWTStoreAuth file:@dir@/secret", "AuthJWTStoreAuth is for"),
])
def test_virtual_hosts_inherit_what_suits_their_store(new_server, material, main, vhost, said):
    server = write(new_server(config_on(*main) + VHOST % (OTHER + vhost)), material)
    status, text = server.configtest()
    assert (status != 0 and said in text) if said else status == 0, text


SAME = [("HOST:6379", "host"), ("host/0", "host"), ("sentinel:m@b,a:26379", "sentinel:m@A,B:26379/0"), ("unix:/s/0", "unix:/s"),
        ("[::1]:6379/1", "[::1]/1")]
OTHERS = [("host/1", "host"), ("host:6380", "host"), ("sentinel:m@a", "sentinel:n@a"), ("unix:/s/1", "unix:/s"), ("unix:/t", "unix:/s")]


@pytest.mark.parametrize("one, two, same", [(*pair, True) for pair in SAME] + [(*pair, False) for pair in OTHERS])
def test_two_spellings_of_one_place_are_one_store(new_server, material, one, two, same):
    # Servers with a key in common must share the store.
    second = VHOST % ("AuthJWTKey HS256 file:@dir@/secret\nAuthJWTRevocationStore valkey:" + two)
    status, text = write(new_server(config_on("valkey:" + one) + second), material).configtest()
    assert (status == 0) == same and ("AJ1408" in text) != same, text
