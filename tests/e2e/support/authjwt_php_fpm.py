# SPDX-License-Identifier: Apache-2.0
"""A private PHP-FPM on a unix socket and on a TCP port; the pages are files that httpd serves.

    with PhpFpm() as php: Httpd(CONFIG.replace("@php@", php.handler), modules=PhpFpm.MODULES)

where CONFIG has `SetHandler @php@`. PAGE shows all that a script sees, as JSON; seen(answer) reads it.
"""
import glob
import os

from authjwt_service import Service, free_port

PAGE = """<?php
header('Content-Type: application/json');
echo json_encode(['server' => $_SERVER, 'cookie' => $_COOKIE, 'get' => $_GET, 'post' => $_POST,
                  'length' => strlen($body = file_get_contents('php://input')), 'sha256' => hash('sha256', $body)]);
"""
SETTINGS = """[global]
error_log = %(dir)s/fpm.log
daemonize = no
[tcp]
listen = 127.0.0.1:%(port)d
%(common)s
[unix]
listen = %(socket)s
%(common)s
"""
COMMON = """pm = static
pm.max_children = 2
clear_env = yes
catch_workers_output = yes
php_admin_value[session.save_path] = %(sessions)s
"""
AS_ROOT = "user = www-data\ngroup = www-data\nlisten.owner = www-data\nlisten.group = www-data\nlisten.mode = 0600\n"


def program():
    """Debian puts the version into its name."""
    found = sorted(glob.glob("/usr/sbin/php-fpm[0-9]*"))
    assert found, "php-fpm is not installed"
    return found[-1]


class PhpFpm(Service):
    MODULES = ("proxy", "proxy_fcgi")

    def __init__(self):
        super().__init__()
        self.port, self.socket = free_port(), self.path("fpm.sock")
        sessions = self.path("sessions")
        os.mkdir(sessions)
        os.chmod(sessions, 0o1777)
        common = COMMON % {"sessions": sessions} + (AS_ROOT if os.getuid() == 0 else "")
        config = SETTINGS % {"dir": self.dir, "port": self.port, "socket": self.socket, "common": common}
        # -n: no php.ini, PHP's own defaults.
        self.run([program(), "-n", "-F", "-y", self.write("fpm.conf", config)], self.socket, ("127.0.0.1", self.port))

    @property
    def handler(self):
        """Argument of SetHandler, through the unix socket."""
        return '"proxy:unix:%s|fcgi://localhost"' % self.socket

    @property
    def address(self):
        """Beginning of a ProxyPassMatch target, through TCP."""
        return "fcgi://127.0.0.1:%d" % self.port


def seen(answer):
    """What PAGE saw."""
    assert answer.status == 200 and answer.header("Content-Type") == "application/json", answer
    return answer.json()
