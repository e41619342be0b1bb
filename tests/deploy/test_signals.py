"""deploy/signals.md, alerts, runbook and dashboard, held against the metrics and events that there are."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
ALERTS = (DEPLOY / "alerts.yml").read_text("utf-8")
RUNBOOK = (DEPLOY / "runbook.md").read_text("utf-8")
DASHBOARD = json.loads((DEPLOY / "dashboard.json").read_text("utf-8"))

SERIES = """
from gateway.ops import metrics
for family in metrics.REGISTRY.collect():
    for sample in family.samples:
        print(sample.name)
    print(family.name)
"""


def fresh(code):
    """What code prints in a process in which nothing has happened."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    return done.stdout


@pytest.fixture(scope="module")
def series():
    """Names of all series."""
    return set(fresh(SERIES).split())


def test_every_metric_and_event_has_its_row():
    """The tables of deploy/signals.md are those of the code; `python tests/deploy/reference.py` writes them."""
    code = "import reference; print(reference.filled(reference.DOCUMENT.read_text('utf-8')), end='')"
    wanted = fresh(f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); {code}")
    assert (DEPLOY / "signals.md").read_text("utf-8").splitlines() == wanted.splitlines()


def metrics_in(expression):
    """Names of metrics; what stands in quotes are values of labels."""
    return set(re.findall(r"\bgateway_[a-z_]+", re.sub(r'"[^"]*"', "", expression)))


def test_alerts_name_metrics_that_there_are(series):
    """An alert on a metric that does not exist would never fire."""
    expressions = re.findall(r"expr: (?:[|>]-?\n)?((?:.+\n)(?:          .+\n)*)", ALERTS)
    assert len(expressions) == ALERTS.count("- alert: ")
    assert metrics_in(" ".join(expressions)) <= series


def test_alerts_name_label_values_that_there_are():
    """A label value in an alert is one that the metric has."""
    page = fresh(
        "from prometheus_client import generate_latest as g; from gateway.ops import metrics as m; print(g(m.REGISTRY).decode())"
    )
    found = re.findall(r'(gateway_[a-z_]+)\{([a-z]+)=~?"([^"]+)"', ALERTS)
    assert found
    for name, label, value in found:
        for each in value.split("|"):
            assert re.search(rf'^{name}\{{[^}}]*{label}="{each}"', page, re.MULTILINE), (name, label, each)


def names():
    return re.findall(r"^ +- alert: (\w+)$", ALERTS, re.MULTILINE)


def test_every_alert_has_a_section_in_the_runbook():
    """Each alert has one section, in the same order, and the runbook has no section for an alert that is gone."""
    assert re.findall(r"^## (Gateway\w+)$", RUNBOOK, re.MULTILINE) == names()
    assert len(set(names())) == len(names())


def test_every_alert_leads_to_its_section():
    """The annotation that an operator is shown links to the section of that alert."""
    assert re.findall(r"runbook.md#(\w+)", ALERTS) == [name.lower() for name in names()]
    assert len(re.findall(r"^ +severity: (?:critical|warning|info)$", ALERTS, re.MULTILINE)) == len(names())


def test_every_section_says_what_to_do():
    """A section says what is the matter, where to look and what to do."""
    for section in re.split(r"^## ", RUNBOOK, flags=re.MULTILINE)[1:]:
        name = section.partition("\n")[0]
        for word in ("**Means.**", "**Look.**", "**Do.**"):
            assert word in section, f"{name} lacks {word}"


def queries():
    return [target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", ())]


def test_the_dashboard_queries_metrics_that_there_are(series):
    """No panel of the dashboard stays empty for a metric that does not exist."""
    assert len(queries()) >= 10
    for query in queries():
        assert metrics_in(query), query
        assert metrics_in(query) <= series, query


def test_the_dashboard_can_be_imported():
    """Panels have ids of their own, a place on the grid, and the data source that the reader chooses."""
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)
    for panel in DASHBOARD["panels"]:
        assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    assert [each["name"] for each in DASHBOARD["templating"]["list"]] == ["datasource", "instance"]


def test_alerts_that_promtool_tests():
    """Every alert fires in deploy/alerts.test.yml; `.ci/deploy` has promtool run it."""
    tested = set(
        re.findall(r"alertname=\"(\w+)\"", (ROOT / "tests" / "deploy" / "alerts.test.yml").read_text("utf-8"))
    )
    assert tested == set(names())
