# SPDX-License-Identifier: Apache-2.0
"""The commands of a page, run as they stand there on a private httpd: its files are below the server's directory, and `systemctl` is the
test's server.

    steps = Steps(server, "operations.md", "A wrong key", {"/etc/apache2/": server.path("")})
    steps.run("explain", status=1); ...; steps.finish()
"""
import os
import subprocess

from authjwt_ctl import CTL, HTTPD
from authjwt_docs import blocks

SHIM = '#!/bin/sh\nexec %s -d %s -f httpd.conf "$@"\n'


class Steps:
    def __init__(self, server, page, heading, replaced=()):
        self.server, self.replaced = server, dict(replaced)
        self.left = [line for one in blocks(page, heading) for line in one.replace("\\\n", "").splitlines() if line.strip()]
        os.makedirs(server.path("bin"), exist_ok=True)
        server.write("bin/apachectl", SHIM % (HTTPD, server.dir), 0o755)
        server.write("bin/authjwtctl", '#!/bin/sh\nexec %s "$@"\n' % CTL, 0o755)
        self.env = {**server.env, "PATH": server.path("bin") + ":" + server.env["PATH"], "CONF": server.path("httpd.conf")}
        self.env.pop("LD_PRELOAD", None)

    def run(self, having, status=0, again=False):
        """Run the one command that is this, or has these words; what it prints. again: it stays to be run. status None: any."""
        found = [one for one in self.left if one.strip() == having] or [one for one in self.left if having in one]
        assert len(found) == 1, (having, self.left)
        if not again:
            self.left.remove(found[0])
        return "".join([self._part(part.strip(), status) for part in found[0].split(" && ")])

    def _part(self, part, status):
        if part.startswith("systemctl "):
            {"reload": self.server.graceful, "stop": self.server.stop, "start": self.server.start,
             "restart": self.server.restart}[part.split()[1]]()
            return ""
        if part == "apachectl configtest":
            assert self.server.configtest()[0] == 0
            return ""
        for old, new in self.replaced.items():
            part = part.replace(old, new)
        done = subprocess.run(["sh", "-c", part], cwd=self.server.dir, env=self.env, capture_output=True, text=True, timeout=60)
        assert status is None or done.returncode == status, done
        return done.stdout

    def finish(self, *others):
        """All has been run, but for what is a way that was not taken."""
        left = [one for one in self.left if not any(other in one for other in others)]
        assert not left, left
