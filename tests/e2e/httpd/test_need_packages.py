# SPDX-License-Identifier: Apache-2.0
"""What conf/need-packages installs is not started, and not enabled for the next boot, nor in the system's httpd; what was enabled stays so."""
import os
import pathlib
import signal
import subprocess

import pytest

SCRIPT = pathlib.Path(__file__).resolve().parents[3] / "conf/need-packages"
WANTS = "/etc/systemd/system/multi-user.target.wants/"
MODS = "/etc/apache2/mods-enabled/"
# Folders of the machine that only this run sees, and programs that do as Debian's would.
RUN = """set -eu
mount -t tmpfs tmpfs /etc/systemd/system
mount -t tmpfs tmpfs /etc/apache2
mount --bind sbin /usr/sbin
mkdir %(mods)s
ln -s /unit %(mods)sold.load
mkdir -p %(wants)s
ln -s /unit %(wants)sold.service
status=0
PATH="$PWD/bin:$PATH" %(script)s there absent || status=$?
ls %(wants)s
ls %(mods)s
ls /usr/sbin
echo "status $status"
""" % {"wants": WANTS, "mods": MODS, "script": SCRIPT}
DPKG_QUERY = """#!/bin/sh
case "$*" in *there) echo installed;; *) exit 1;; esac
"""
APT_GET = """#!/bin/sh
echo "apt-get $*" >>calls
case " $* " in
*" --assume-no "*) echo "Need to get 42 MB of archives."; exit 1;;
*" install "*)
    /usr/sbin/policy-rc.d memcached start || echo "policy $?" >>calls
    ln -s /unit %snew.service
    ln -s /unit %snew.load
    ln -s /unit %snew.conf
    %%s;;
esac
""" % (WANTS, MODS, MODS)


def may_mount():
    return os.getuid() == 0 and subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode == 0


@pytest.mark.skipif(not may_mount(), reason="to show it other folders needs root and a mount namespace of its own")
@pytest.mark.parametrize("own_policy", [False, True])
@pytest.mark.parametrize("then, status", [("true", 0), ("exit 100", 100), ("kill -%d $PPID; sleep 1" % signal.SIGTERM, 130)])
def test_nothing_is_enabled_or_started(tmp_path, own_policy, then, status):
    for name, content in (("bin/dpkg-query", DPKG_QUERY), ("bin/apt-get", APT_GET % then), ("sbin/update-rc.d", ""),
                          ("bin/a2dismod", "#!/bin/sh\necho \"a2dismod $*\" >>calls\n")):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
        path.chmod(0o755)
    if own_policy:
        (tmp_path / "sbin/policy-rc.d").write_text("#!/bin/sh\nexit 102\n")
        (tmp_path / "sbin/policy-rc.d").chmod(0o755)
    done = subprocess.run(["unshare", "-m", "sh", "-c", RUN], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    said = done.stdout.splitlines()
    assert said[0] == "Installing: absent" and said[1] == "Need to get 42 MB of archives.", done.stdout + done.stderr
    assert said[2:] == ["old.service", "old.load", *(["policy-rc.d"] if own_policy else []), "update-rc.d", "status %d" % status], done.stdout + done.stderr
    calls = (tmp_path / "calls").read_text()
    assert "there" not in calls and calls.count(" absent\n") == 2 and "a2dismod -q -f new\n" in calls and "policy %d" % (102 if own_policy else 101) in calls
