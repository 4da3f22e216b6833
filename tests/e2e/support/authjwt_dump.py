# SPDX-License-Identifier: Apache-2.0
"""`httpd -t -D DUMP_AUTHJWT`, read as a program would."""
import subprocess


def dump(server):
    """(servers, stderr): a list of [(name, value)] for each server, in order."""
    if server.port is None:
        server._pick_port()
    done = subprocess.run(server._command("-t", "-D", "DUMP_AUTHJWT"), env=server.env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    blocks = [[tuple(line.split(": ", 1)) for line in block.splitlines()] for block in done.stdout.split("\n\n")]
    return [block for block in blocks if block and block[0][0] == "server"], done.stderr


def values(block, name):
    return [value for key, value in block if key == name]
