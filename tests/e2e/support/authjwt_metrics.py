# SPDX-License-Identifier: Apache-2.0
"""Metrics of a server: read strictly, and compared."""
import re
import time

from authjwt_env import endpoint

SCRAPE = endpoint("/metrics", "metrics", "Require local")
SAMPLE = re.compile(r'(?P<name>[a-z_]+)(?:\{(?P<label>[a-z]+)="(?P<value>[^"\\\n]*)"\})? (?P<number>[0-9.e+-]+)')


def parse(text):
    """{name or (name, value of its label): number}. Each metric has HELP and TYPE before its samples, and each sample is there once."""
    found, announced = {}, []
    for line in text.splitlines():
        if line.startswith("# "):
            announced.append(line.split()[1:3])
            continue
        match = SAMPLE.fullmatch(line)
        assert match, line
        name = match["name"]
        family = re.sub("_(bucket|sum|count)$", "", name) if "seconds" in name else name
        assert ["HELP", family] in announced and announced[-1] == ["TYPE", family], line
        key = (name, match["value"]) if match["label"] else name
        assert key not in found, line
        found[key] = float(match["number"])
    return found


def scrape(server, path="/metrics"):
    answer = server.get(path)
    assert answer.status == 200 and answer.header("Content-Type") == "text/plain; version=0.0.4; charset=utf-8", answer
    return parse(answer.text)


def changed(server, before):
    """{sample: how much it has grown} of all counters that have."""
    now = scrape(server)
    assert all(now.get(key, 0) >= value for key, value in before.items() if "entries" not in key and "ratio" not in key), "a counter fell"
    return {key: value - before.get(key, 0) for key, value in now.items() if value != before.get(key, 0)}


def settled(server, wanted, before, seconds=60):
    """Wait until the counters have grown by this and no more: a child may still be about to count what nobody waits for."""
    end = time.monotonic() + seconds
    while True:
        found = {key: value for key, value in changed(server, before).items() if key in wanted or key[0] == "authjwt_requests_total"}
        if found == wanted or time.monotonic() > end:
            assert found == wanted
            return
        time.sleep(0.02)
