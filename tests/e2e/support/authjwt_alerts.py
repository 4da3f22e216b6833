# SPDX-License-Identifier: Apache-2.0
"""What Prometheus makes of metrics that were scraped: the alerts of conf/examples/prometheus-alerts.yml, judged by promtool."""
import json
import subprocess

from authjwt_docs import DOCS
from authjwt_metrics import scrape

RULES = DOCS.parent / "conf/examples/prometheus-alerts.yml"
LABEL = {"authjwt_requests_total": "code", "authjwt_logins_total": "result", "authjwt_refreshes_total": "result"}


class Scrapes:
    """Each take() counts as one a minute."""

    def __init__(self, server):
        self.server, self.taken = server, []

    def take(self):
        self.taken.append(scrape(self.server))
        return len(self.taken) - 1

    def _series(self):
        for key in self.taken[0]:
            name, value = key if isinstance(key, tuple) else (key, None)
            if value is None or name in LABEL:
                label = '%s="%s",' % (LABEL[name], value) if value is not None else ""
                yield {"series": '%s{%sinstance="a",job="j"}' % (name, label), "values": " ".join("%g" % one.get(key, 0) for one in self.taken)}

    def fires(self, alert, minute, tmp_path):
        """Whether the alert fires then. promtool compares labels and texts too, so it is told that nothing fires, and must object."""
        case = {"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": [{
            "interval": "1m", "input_series": list(self._series()),
            "alert_rule_test": [{"eval_time": "%dm" % minute, "alertname": alert, "exp_alerts": []}]}]}
        file = tmp_path / "case.json"
        file.write_text(json.dumps(case))
        done = subprocess.run(["promtool", "test", "rules", str(file)], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0 or alert in done.stdout + done.stderr, done
        return done.returncode != 0
