# SPDX-License-Identifier: Apache-2.0
"""The program authjwtctl."""
import os
import pathlib
import subprocess

from authjwt_env import apxs

CTL = pathlib.Path(os.environ.get("B") or pathlib.Path(__file__).resolve().parents[3] / "build") / "authjwtctl"
HTTPD = os.path.join(apxs("SBINDIR"), apxs("PROGNAME"))


def ctl(*arguments, stdin="", status=0, **more):
    """Run it; returns what it prints, after the exit status has been compared."""
    done = subprocess.run([str(CTL), *map(str, arguments)], input=stdin, capture_output=True, text=True, timeout=60, **more)
    assert done.returncode == status, (done.returncode, done.stdout, done.stderr)
    return done.stdout if status != 2 else done.stderr


def configured(server):
    """The options that make it ask httpd for this server's configuration."""
    server.configtest()                      # writes the file
    return ["--config", server.path("httpd.conf"), "--httpd", HTTPD]


def refusal(text):
    """The last check that an explanation shows, and the tag of the refusal."""
    lines = text.splitlines()
    last = [line for line in lines if " REFUSED" in line]
    assert len(last) == 1 and lines[-1].startswith("refused: ") and lines[-2] == last[0], text
    return last[0].split("  ")[0], lines[-1].split()[1]
