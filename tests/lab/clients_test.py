#!/usr/bin/env python3
"""What clients saw: a plan's command tells of operations, and a run's record and reports have them.

The command is no client of any system: it prints what one would, of the time just past, so that every figure is known.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import faultlab
from e2e_test import plan
from report_page import Page
from report_test import BROWSER, nanoseconds

STEPS = ("{at: 0s, for: 3s, name: one-way, block: {from: london, to: paris}}",
         "{after: one-way, for: 3s, name: split, partition: [london, paris]}")
# Ten operations a second of each side from a second before T0 on, and one just now; all of Paris are acknowledged, of London
# none from 1 s to 5.5 s after T0.
ACCOUNT = r"""
import json, os, sys, time
while os.path.exists(sys.argv[1] + ".hold"):
    time.sleep(0.02)
t0, until = float(open(sys.argv[1]).read()), time.time()
for side in "london", "paris":
    for i in range(-10, int((until - t0) * 10)):
        dead = side == "london" and 10 <= i < 55
        print(json.dumps({"time": t0 + i / 10 + 0.05, "side": side, "ok": not dead, "ms": 1000 if dead else 2.5, "key": i}))
    print(json.dumps({"time": until, "side": side, "ok": True}))
print(json.dumps({"time": t0 + 5.5, "side": "london", "event": "leader lon-1 -> </script><script>alert(1)</script>"}))
print(json.dumps({"side": "london", "acknowledged": 100, "found": 98, "lost": 2, "extra": 1}))
print("cannot read key 7")
print(f"{os.environ['FAULTLINE_MOMENT']} of {os.environ['FAULTLINE_RUN']}", file=sys.stderr)
"""


class ClientsTest(faultlab.TimedTest):
    """A run to its end, and one that is aborted."""

    @classmethod
    def setUpClass(cls):
        cls.lab = cls.enterClassContext(faultlab.Lab())
        before = cls.lab.kernel_state()
        cls.lab.configure("commands: allow\n")
        cls.lab.start()
        cls.addClassCleanup(cls.lab.assert_kernel_unchanged, before)
        cls.addClassCleanup(cls.lab.stop)
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.lab.await_mesh()
        (cls.folder / "account.py").write_text(ACCOUNT)
        cls.t0 = cls.folder / "t0"
        command = json.dumps([sys.executable, str(cls.folder / "account.py"), str(cls.t0)])
        observe = f"observe:\n  - {{name: writes, at: end, format: operations, timeout: 30s, command: {command}}}\n"
        with plan(STEPS, observe) as file:
            cls.whole = cls.carry_out(file.name)
            cls.aborted = cls.carry_out(file.name, abort=True)

    @classmethod
    def carry_out(cls, file, abort=False):
        """A run, while the command is told its T0."""
        run = cls.lab.cli_json("run", file, "--detach")["id"]
        faultlab.wait_until(lambda: "started" in cls.record(run), 20, "T0")
        started = subprocess.run(["date", "-d", cls.record(run)["started"], "+%s.%N"], capture_output=True, text=True,
                                 check=True, timeout=10).stdout
        cls.t0.write_text(started)
        if abort:
            faultlab.wait_until(lambda: "one-way" in cls.fired(run), 20, "the first step")
            hold = pathlib.Path(f"{cls.t0}.hold")
            hold.touch()
            cls.aborting = [cls.lab.cli(*words).stdout for words in (("abort", run), ("heal",))]
            cls.held = cls.record(run)
            hold.unlink()
        faultlab.wait_until(lambda: cls.record(run)["state"] == "RUN_STATE_ENDED", 60, "the run's end")
        return run

    @classmethod
    def fired(cls, run):
        record = cls.record(run)
        return {record["step_names"][t["step"]] for node in record["nodes"] for t in node["transitions"]}

    @classmethod
    def record(cls, run):
        return cls.lab.cli_json("show", run)["run"]

    @staticmethod
    def last_healed(record):
        return max(nanoseconds(transition["actual"]) for node in record["nodes"] for transition in node["transitions"]
                   if transition["transition"] == "TRANSITION_HEALED")

    def report(self, run, *options):
        return self.lab.cli("report", run, *options).stdout

    def test_record_counts_what_clients_saw(self):
        record = self.record(self.whole)
        self.assertEqual(record["outcome"], "OUTCOME_VERIFIED", record["summary"])
        clients = record["clients"]
        stages = {(s["stage"], s["side"]): s for s in clients["stages"]}
        split = stages["split", "london"]
        self.assertEqual((int(split["acknowledged"]), int(split["failed"])), (5, 25))
        self.assertAlmostEqual(nanoseconds(split["first_acknowledged"]), 2.55e9, delta=1e6)
        self.assertEqual((int(stages["one-way", "london"]["acknowledged"]), int(stages["split", "paris"]["failed"])), (10, 0))
        self.assertAlmostEqual(nanoseconds(stages["one-way", "london"]["longest_silence"]), 2.05e9, delta=1e6)
        self.assertEqual(nanoseconds(split["mean_time"]), 2_500_000)
        self.assertEqual(nanoseconds(clients["healed"]), max(6 * 10**9, self.last_healed(record)))
        for side in clients["sides"]:
            self.assertLess(nanoseconds(side["first_after_heal"]), 10**8)
            self.assertEqual(sum(map(int, side["acknowledged_points"])), int(side["acknowledged"]))
            self.assertEqual(sum(map(int, side["failed_points"])), int(side["failed"]))
        self.assertEqual([int(side["failed"]) for side in clients["sides"]], [45, 0])
        self.assertEqual(clients["accountings"], [{"side": "london", "acknowledged": "100", "found": "98", "lost": "2",
                                                   "extra": "1"}])
        (capture,) = record["captures"]
        self.assertEqual(capture["moment"], "at the end")
        self.assertGreaterEqual(nanoseconds(capture["at"]), nanoseconds(record["length"]))
        self.assertEqual((capture["operations"]["bad"], capture["operations"]["happenings"]), ("1", "1"))
        (warning,) = [text for text in record["warnings"] if "writes" in text]
        self.assertRegex(warning, r"^observation writes, at the end: 1 of \d+ lines were not taken; line \d+: "
                                  r"it is no JSON object$")

    def test_who_ends_a_run_does_not_wait_for_it(self):
        self.assertEqual(self.held["state"], "RUN_STATE_ENDING")
        self.assertNotIn("captures", {key for key, value in self.held.items() if value})
        self.assertEqual([node["outcome"]["end"] for node in self.held["nodes"]], ["NODE_END_RELEASED"] * 6)
        waits = f"{self.aborted}: healed; it is over when its observations at the end are taken\n"
        self.assertEqual(self.aborting, [waits, f"healed: ended {self.aborted}\n{waits}"])

    def test_an_aborted_run_has_it_too(self):
        record = self.record(self.aborted)
        self.assertEqual(record["outcome"], "OUTCOME_ABORTED")
        stages = [s["stage"] for s in record["clients"]["stages"]]
        self.assertEqual(sorted(set(stages)), ["baseline", "ended early", "one-way"])
        # Which is when the nodes had done as they were told, not when they were told.
        self.assertEqual(nanoseconds(record["clients"]["healed"]),
                         max(nanoseconds(record["ended_early"]), self.last_healed(record)))
        self.assertEqual(record["captures"][0]["moment"], "at the end")
        self.assertGreater(nanoseconds(record["captures"][0]["at"]), nanoseconds(record["ended_early"]))

    def test_reports_tell_it(self):
        text = self.report(self.whole)
        self.assertNotIn("<script", text)
        page = Page(text)
        self.check_page(page)
        self.assertIn(f"end of {self.whole}\n", [e.text for e in page.named("pre")])
        markdown = self.report(self.whole, "--format", "md")
        self.assertIn("| split | london | 5 | 25 |", markdown)
        self.assertIn("| london | ❌ 2 LOST | 100 | 98 | 2 | 1 |", markdown)
        self.assertIn("| 5s500ms | london | leader lon-1 -", markdown)
        shown = self.lab.cli("show", self.whole).stdout
        self.assertRegex(shown, r"(?m)^clients: london \d+ acknowledged, 45 failed, first after heal: \d+ms;")
        self.assertRegex(shown, r"(?m)^of 100 acknowledged writes 2 LOST, 1 extra$")

    def check_page(self, page):
        self.assertEqual(page.loads(), [])
        drawn = {e["data-client-side"]: (int(e["data-acknowledged"]), int(e["data-failed"]))
                 for e in page.having("data-client-side")}
        self.assertEqual(drawn, {s["side"]: (int(s["acknowledged"]), int(s["failed"]))
                                 for s in self.record(self.whole)["clients"]["sides"]})
        rows = [(e["data-client-stage"], e["data-side"]) for e in page.having("data-client-stage")]
        self.assertEqual(rows, [(s["stage"], s["side"]) for s in self.record(self.whole)["clients"]["stages"]])
        self.assertEqual([e["data-lost"] for e in page.having("data-accounting")], ["true"])

    @unittest.skipIf(BROWSER is None, "no Chromium to show the page with")
    def test_a_browser_shows_it_without_complaint(self):
        file = self.folder / "report.html"
        self.report(self.whole, "-o", file)
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
                   "--enable-logging=stderr", "--window-size=1200,4500", f"--user-data-dir={self.folder}/profile"]
        done = self.lab.exec("ops", BROWSER, *options, "--dump-dom", file.as_uri(), timeout=120)
        self.assertEqual(re.findall(r".*CONSOLE.*", done.stderr), [])
        self.check_page(Page(re.sub(r"<(meta|link)([^>]*)>", r"<\1\2/>", done.stdout)))
        # To be looked at, where somebody says where.
        if "FAULTLINE_PICTURES" in os.environ:
            picture = pathlib.Path(os.environ["FAULTLINE_PICTURES"], "clients.png")
            self.lab.exec("ops", BROWSER, *options, f"--screenshot={picture}", file.as_uri(), timeout=120)

    def test_what_a_plan_may_not_ask(self):
        with plan(STEPS, "observe:\n  - {at: end, after: split, format: operation, command: [date]}\n") as file:
            said = self.lab.cli("plan", "check", file.name, expect=2).stderr
        self.assertIn(":6:10: 'at: end' and 'after' exclude each other; write an observation for each", said)
        self.assertIn("'format' must be text or operations, not 'operation'; did you mean 'operations'?", said)


if __name__ == "__main__":
    faultlab.require_root()
    unittest.main(verbosity=2)
