# SPDX-License-Identifier: Apache-2.0
"""conf/examples: the dashboard and the alert rules are well-formed, ask for metrics that exist, and each alert fires when it must and
not a moment else."""
import json
import re
import subprocess

import pytest
from authjwt_docs import DOCS
from authjwt_env import DEFAULT
from authjwt_metrics import SCRAPE, scrape

EXAMPLES = DOCS.parent / "conf/examples"
RULES, DASHBOARD = EXAMPLES / "prometheus-alerts.yml", EXAMPLES / "grafana-dashboard.json"
ALERTS = re.findall(r"alert: (\w+)", RULES.read_text())
CONFIG = DEFAULT + SCRAPE


def promtool(*arguments):
    return subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, timeout=120)


def expressions():
    return [target["expr"] for panel in json.loads(DASHBOARD.read_text())["panels"] for target in panel["targets"]]


def test_the_rules_are_well_formed(tmp_path):
    done = promtool("check", "rules", RULES)
    assert done.returncode == 0 and "SUCCESS: %d rules found" % len(ALERTS) in done.stdout, done
    bad = tmp_path / "bad.yml"
    bad.write_text(RULES.read_text().replace("> 0.8", "> > 0.8"))
    assert promtool("check", "rules", bad).returncode, "the control"


def test_so_is_every_question_of_the_dashboard(tmp_path):
    rules = tmp_path / "rules.json"
    asked = [one.replace("$__rate_interval", "5m").replace("$instance", ".*") for one in expressions()]
    rules.write_text(json.dumps({"groups": [{"name": "d", "rules": [
        {"record": "panel_%d" % number, "expr": one} for number, one in enumerate(asked)]}]}))
    assert promtool("check", "rules", rules).returncode == 0 and len(asked) > 10


def test_they_ask_for_metrics_and_labels_that_exist_and_metrics_md_names_all(server):
    server.try_login()
    found = scrape(server)
    names = {key[0] if isinstance(key, tuple) else key for key in found}
    for text in [*expressions(), RULES.read_text()]:
        assert set(re.findall(r"\bauthjwt_[a-z_]+", text)) <= names, text
        for name, value in re.findall(r'(authjwt_[a-z_]+)\{[^}]*?(?:code|result)!?=~?"([^"]+)"', text):
            assert all((name, one) in found for one in value.split("|")), (name, value)
    page = (DOCS / "metrics.md").read_text()
    families = {re.sub("_(bucket|sum|count)$", "", name) for name in names}
    assert families == set(re.findall(r"(?m)^\| `(authjwt_\w+)` \|", page))
    assert families <= {re.sub("_bucket$", "", name) for one in expressions() for name in re.findall(r"\bauthjwt_[a-z_]+", one)}
    assert set(re.findall(r"\*\*(AuthJWT\w+)\*\*", page)) == set(ALERTS) and len(ALERTS) == 5


def test_panels_do_not_lie_on_each_other():
    cells = [(x, y) for place in (panel["gridPos"] for panel in json.loads(DASHBOARD.read_text())["panels"])
             for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])]
    assert len(cells) == len(set(cells)) and max(x for x, _ in cells) < 24


FAILED, LOGGED_IN = ('authjwt_logins_total{result="failed",instance="a",job="j"}', 'authjwt_logins_total{result="ok",instance="a",job="j"}')
INVALID, GOOD = ('authjwt_requests_total{code="token_invalid",instance="a",job="j"}', 'authjwt_requests_total{code="ok",instance="a",job="j"}')
# Values a minute apart, after the first 20 minutes; whether it fires.
CASES = {
    "AuthJWTStoreErrors": [({"authjwt_store_errors_total": "0x20 3x10"}, True), ({"authjwt_store_errors_total": "7x30"}, False)],
    "AuthJWTStoreFilling": [({"authjwt_store_fill_ratio": "0.85x40"}, True), ({"authjwt_store_fill_ratio": "0.75x40"}, False)],
    "AuthJWTTheft": [({'authjwt_refreshes_total{result="theft"}': "0x20 1x10"}, True), ({'authjwt_refreshes_total{result="revoked"}': "0x20 9x10"}, False)],
    "AuthJWTGuessing": [({FAILED: "0+50x30", LOGGED_IN: "0+1x30"}, True), ({FAILED: "0+50x30", LOGGED_IN: "0+50x30"}, False),
                        ({FAILED: "0+1x30", LOGGED_IN: "0+0x30"}, False)],
    "AuthJWTTokensInvalid": [({INVALID: "0+50x30", GOOD: "0+50x30"}, True), ({INVALID: "0+50x30", GOOD: "0+900x30"}, False),
                             ({INVALID: "0+1x30", GOOD: "0+0x30"}, False)],
}


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_fires_when_it_must(tmp_path, alert):
    """promtool compares labels and annotations too: so each case is put to it, and must fail where the alert is not as it was told."""
    for number, (series, fires) in enumerate(CASES[alert]):
        case = {"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": [{
            "interval": "1m", "input_series": [{"series": name, "values": values} for name, values in series.items()],
            "alert_rule_test": [{"eval_time": "24m", "alertname": alert, "exp_alerts": []}]}]}
        file = tmp_path / ("%d.json" % number)
        file.write_text(json.dumps(case))
        done = promtool("test", "rules", file)
        assert (done.returncode != 0) == fires, done.stdout + done.stderr
        if fires:
            assert "got:[" in re.sub(r"\s", "", done.stdout + done.stderr) and alert in done.stdout + done.stderr
