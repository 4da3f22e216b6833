# SPDX-License-Identifier: Apache-2.0
"""Programs that httpd starts inherit nothing of this module: no descriptor of store, keys or mutexes, no key from the environment."""
import glob
import os
import re
import secrets

import pytest
from authjwt_client import assert_logged_in
from authjwt_env import DEFAULT, Httpd, Known, apxs, location, not_sanitized
from authjwt_leaks import register_secret

KEY = register_secret(secrets.token_hex(24))
# Both lists, of the shell itself and not of ls.
SHOW = "ls -l /proc/$$/fd 2>&1; tr '\\0' '\\n' </proc/$$/environ"
CGI = "#!/bin/sh\nprintf 'Content-Type: text/plain\\r\\n\\r\\n'\n%s\n" % SHOW
FILTER = "#!/bin/sh\n%s\nexec cat\n" % SHOW
PIPE = "#!/bin/sh\n{ %s; } >@dir@/shown/pipe.$$\nmv @dir@/shown/pipe.$$ @dir@/shown/pipe\nexec cat >/dev/null\n" % SHOW
MAP = "#!/bin/sh\n{ %s; } >@dir@/shown/map.$$\nmv @dir@/shown/map.$$ @dir@/shown/map\nwhile read x; do echo NULL; done\n" % SHOW
SOURCE = "#!/bin/sh\n{ %s; } >@dir@/shown/source.$$\nmv @dir@/shown/source.$$ @dir@/shown/source\necho %s\n" % (SHOW, secrets.token_hex(24))
CONFIG = DEFAULT.replace("AuthJWTKey HS256 file:@dir@/secret", "AuthJWTKey HS256 env:SIGNING_SECRET kid=a\nAuthJWTKey HS384 \"exec:@dir@/source.sh\"") + (
    "ScriptAlias /show @dir@/cgi-bin/show.sh\n" + location("/show", "Require all granted")
    + "ExtFilterDefine show mode=output cmd=@dir@/filter.sh\n" + location("/filtered", "SetOutputFilter show", "Require all granted")
    + 'CustomLog "|@dir@/pipe.sh" "%U"\nRewriteEngine On\nRewriteMap ask prg:@dir@/map.sh\n')
OURS = re.compile(r"data\.mdb|lock\.mdb|/state|secret|authjwt-(?!e2e)|\.users|\.groups")


# httpd says this of its own programs of the generation before: the piped log and the RewriteMap.
LOST = r"AH00167: |AH00488: "


class Furnished(Httpd):
    """With the scripts that run while it starts."""

    def start(self):
        for name, text in (("pipe", PIPE), ("map", MAP), ("source", SOURCE)):
            self.write(name + ".sh", text.replace("@dir@", self.dir), 0o755)
        for name, text in (("cgi-bin/show", CGI), ("filter", FILTER)):
            self.write(name + ".sh", text, 0o755)
        self.write("htdocs/filtered", "text\n")
        os.makedirs(self.path("shown"), exist_ok=True)
        os.chmod(self.path("shown"), 0o777)
        return super().start()


@pytest.fixture(scope="module", params=["prefork-default", "event-default", "prefork-fcntl", "event-fcntl"])
def shown(request):
    """name -> what the program showed, after the children have used store, keys and throttle; each once more after a reload."""
    mpm, mutex = request.param.split("-")
    server = Furnished(CONFIG, mpm=mpm, mutex=mutex, modules=("ext_filter",), env={"SIGNING_SECRET": KEY, "HARMLESS": "x"})
    with server:
        found = list(look(server))
    faults, _ = server.faults(allowed=[LOST])
    Httpd.live.remove(server)
    assert not faults, faults
    return found


def look(server):
    for turn in ("started", "reloaded"):
        for _ in range(6):                       # every child has opened what it opens
            access, refresh = server.login()
            assert server.get("/protected", access).status == 200
            assert server.try_login("bob", path="/login", headers={"X": "y"}).status == 200
        assert server.post("/logout", access).status == 200
        for _ in range(6):
            yield turn + " cgi", server.get("/show").text
            yield turn + " filter", server.get("/filtered").text
        for name in ("pipe", "map", "source"):
            server._wait(name, lambda name=name: os.path.exists(server.path("shown/" + name)))
            with open(server.path("shown/" + name), encoding="utf-8") as file:
                yield "%s %s" % (turn, name), file.read()
            os.unlink(server.path("shown/" + name))
        if turn == "started":
            server.graceful()


def test_the_programs_show_what_they_have(shown):
    assert len(shown) == 30
    for name, text in shown:
        assert "total 0" in text and re.search(r" 0 -> ", text), (name, text)
    assert any("HARMLESS=x" in text for _, text in shown), "the control: the environment of httpd is shown"


def test_no_descriptor_of_ours_is_open_there(shown):
    for name, text in shown:
        for line in text.splitlines():
            assert not (" -> " in line and OURS.search(line.split(" -> ")[1])), (name, line)


def test_no_key_is_in_their_environment(shown):
    for name, text in shown:
        assert KEY not in text and "SIGNING_SECRET" not in text, name
        assert not [secret for secret in (Known.secret, *Known.passwords.values()) if secret in text], name


PHP = sorted(glob.glob(os.path.join(apxs("LIBEXECDIR"), "libphp*.so")))


@not_sanitized
@pytest.mark.skipif(not PHP, reason="libapache2-mod-php is not installed")
def test_nor_does_php_within_httpd_see_them(new_server):
    config = DEFAULT.replace("file:@dir@/secret", "env:SIGNING_SECRET")
    server = new_server("LoadModule php_module %s\n" % PHP[-1] + config + '<FilesMatch "\\.php$">\nSetHandler application/x-httpd-php\n</FilesMatch>\n',
                        mpm="prefork", env={"SIGNING_SECRET": KEY, "HARMLESS": "x"})
    server.write("show.sh", "#!/bin/sh\n%s\n" % SHOW, 0o755)
    server.write("htdocs/show.php", '<?php echo getenv("HARMLESS"), "|", getenv("SIGNING_SECRET"), "|"; passthru("%s");' % server.path("show.sh"))
    server.start()
    for _ in range(4):
        assert_logged_in(server.try_login())
    for _ in range(4):
        text = server.get("/show.php").text
        assert text.startswith("x||") and KEY not in text
        assert not [line for line in text.splitlines() if " -> " in line and OURS.search(line.split(" -> ")[1])], text
