"""The rules for alerts and the dashboard name only metrics that exist, and labels that they have."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yml"
DASHBOARD = ROOT / "deploy" / "grafana" / "undersigned.json"
NAME = re.compile(r"\bundersigned_[a-z_]+")


def known() -> set[str]:
    """Return the metrics in the table of docs/running.md, as they are stored."""
    docs = (ROOT / "docs" / "running.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(undersigned_\w+)` \|", docs, re.MULTILINE)
    return {*rows, "undersigned_answer_seconds_bucket", "undersigned_answer_seconds_count"}


def test_the_table_in_the_docs_is_complete() -> None:
    made = set()
    for path in ("petition/metrics.py", "letters/shared/counting.py"):
        source = (ROOT / path).read_text(encoding="utf-8")
        made |= {f"{name}_total" for name in re.findall(r'Counter\("(\w+)"', source)}
        made |= set(re.findall(r'(?:Histogram|GaugeMetricFamily)\(\s*"(\w+)"', source))
    assert len(made) == 14
    assert made == known() - {"undersigned_answer_seconds_bucket", "undersigned_answer_seconds_count"}


def test_alerts_and_dashboard_name_metrics_that_exist() -> None:
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    asked = " ".join(target["expr"] for panel in panels for target in panel["targets"])
    in_alerts, in_dashboard = set(NAME.findall(ALERTS.read_text(encoding="utf-8"))), set(NAME.findall(asked))
    assert len(in_alerts) > 5
    assert in_alerts <= known()
    assert in_dashboard <= known()
    # Nothing that the site counts is missing from the dashboard.
    assert {name.removesuffix("_bucket").removesuffix("_count") for name in in_dashboard} == known() - {
        "undersigned_answer_seconds_bucket",
        "undersigned_answer_seconds_count",
    }


def test_each_alert_says_what_to_do() -> None:
    text = ALERTS.read_text(encoding="utf-8")
    assert text.count("- alert:") == text.count("action:") == text.count("severity:") > 5


def test_prometheus_accepts_the_rules() -> None:
    promtool = shutil.which("promtool")
    if not promtool:
        pytest.skip("promtool is not installed here (Debian, Ubuntu: apt install prometheus).")
    checked = subprocess.run(
        [promtool, "check", "rules", "--lint=all", "--lint-fatal", str(ALERTS)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert checked.returncode == 0, checked.stderr
