#!/usr/bin/env python3
"""The dashboard and the alerts in packaging/ use only metrics and labels that docs/METRICS.md has, which is checked
against the code by the tests beside this one."""

import itertools
import json
import pathlib
import re
import unittest

import yaml

REPO = pathlib.Path(__file__).resolve().parents[3]
RULES = REPO / "packaging/prometheus/faultline.rules.yml"
DASHBOARD = REPO / "packaging/grafana/faultline.json"
ROW = re.compile(r"^\| (faultline_\w+) \| (\w+) \| ([\w, ]*?) ?\| ", re.MULTILINE)
# Prometheus adds them to what it scrapes, or to what a histogram is made of.
ADDED = {"job", "instance", "le"}
PARTS = {"histogram": ("_bucket", "_sum", "_count"), "summary": ("_sum", "_count")}


def documented():
    """Labels by the name of every series."""
    series = {}
    for name, kind, labels in ROW.findall((REPO / "docs/METRICS.md").read_text()):
        for suffix in PARTS.get(kind, ("",)):
            series[name + suffix] = set(labels.split(", ")) - {""}
    return series


def expressions():
    """(where, PromQL) of every alert and panel."""
    for group in yaml.safe_load(RULES.read_text())["groups"]:
        for rule in group["rules"]:
            yield rule["alert"], rule["expr"]
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


class NamesTest(unittest.TestCase):
    def test_documented_metrics_are_read(self):
        series = documented()
        self.assertIn("faultline_controller_step_lateness_seconds_bucket", series)
        self.assertEqual(series["faultline_agent_fault_packets_total"], {"index", "run", "step"})

    def test_every_metric_is_one_that_is_shown(self):
        known = documented()
        used = 0
        for where, expression in expressions():
            for name in re.findall(r"\bfaultline_\w+", expression):
                self.assertIn(name, known, where)
                used += 1
        self.assertGreater(used, 20)

    def test_every_label_is_one_of_its_metrics(self):
        known = documented()
        for where, expression in expressions():
            labels = ADDED.union(*(known[name] for name in re.findall(r"\bfaultline_\w+", expression)))
            wanted = itertools.chain(*(re.split(r"\s*,\s*", by) for by in
                                       re.findall(r"\b(?:by|on)\s*\(([^)]*)\)", expression)))
            for label in itertools.chain(wanted, re.findall(r"(\w+)=~?\"", expression)):
                self.assertIn(label, labels, where)


class DashboardTest(unittest.TestCase):
    def setUp(self):
        self.dashboard = json.loads(DASHBOARD.read_text())
        self.panels = self.dashboard["panels"]

    def test_reader_chooses_the_data_source(self):
        (variable,) = self.dashboard["templating"]["list"]
        self.assertEqual((variable["name"], variable["type"], variable["query"]),
                         ("datasource", "datasource", "prometheus"))
        for panel in self.panels:
            for part in [panel, *panel["targets"]]:
                self.assertEqual(part["datasource"], {"type": "prometheus", "uid": "${datasource}"}, panel["title"])

    def test_panels_have_numbers_of_their_own_and_do_not_overlap(self):
        self.assertEqual(len({panel["id"] for panel in self.panels}), len(self.panels))
        cells = [(panel["gridPos"]["x"] + x, panel["gridPos"]["y"] + y) for panel in self.panels
                 for x in range(panel["gridPos"]["w"]) for y in range(panel["gridPos"]["h"])]
        self.assertEqual(len(set(cells)), len(cells))
        self.assertLess(max(x for x, _ in cells), 24)

    def test_legends_use_labels_that_are_left(self):
        for panel in self.panels:
            for target in panel["targets"]:
                by = re.search(r"\bby \(([^)]*)\)", target["expr"])
                if by:
                    left = set(re.split(r"\s*,\s*", by.group(1)))
                    self.assertLessEqual(set(re.findall(r"{{(\w+)}}", target["legendFormat"])), left, panel["title"])


if __name__ == "__main__":
    unittest.main()
