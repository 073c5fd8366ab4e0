#!/usr/bin/env python3
"""Runs that wait for their stages to be observed as planned: `faultline run --wait-verified`.

Each test ends with the kernel as it began.
"""

import unittest

import faultlab
from e2e_test import LabTest, plan
from faultlab import wait_until

STEPS = ["{at: 6s, for: 6s, name: one-way, block: {from: london, to: paris}}",
         "{after: one-way, for: 3s, name: split, partition: [london, paris]}"]
LENGTH = 18


def seconds(text):
    return float(text.removesuffix("s"))


class HoldTest(LabTest):
    # Longer than a session's end needs to be noticed.
    lease = 12

    def setUp(self):
        super().setUp()
        self.lab.await_mesh()

    def start(self, *options):
        with plan(STEPS) as file:
            return self.lab.cli_json("run", file.name, "--detach", *options)["id"]

    def await_held(self, run, stage):
        """Until the run's stage lasts longer than planned."""
        def held():
            return next((s for s in self.get(run)["schedule"] if s["name"] == stage and "held" in s), None)
        return wait_until(held, 30, f"{stage} is held")

    def began(self, run, step):
        """When a step began on each node, in seconds after T0."""
        return [seconds(t["actual"]) for node in run["nodes"] for t in node["transitions"]
                if t["step"] == step and t["transition"] == "TRANSITION_FIRED"]

    def kinds(self, run):
        return [line.split('"kind": "')[1].split('"')[0]
                for line in self.lab.cli("events", "--run", run, "--json").stdout.splitlines()]

    def test_what_is_observed_in_time_takes_no_longer(self):
        with plan(STEPS) as file:
            run = self.lab.cli_json("run", file.name, "--wait-verified")
        self.assertEqual(run["outcome"], "OUTCOME_VERIFIED", run["summary"])
        self.assertEqual(run["wait_verified"], "60s")
        self.assertEqual([s for s in run["schedule"] if "held" in s], [])
        self.assertEqual(seconds(run["length"]), LENGTH)
        for node in run["nodes"]:
            self.assertAlmostEqual(seconds(node["outcome"]["at"]), LENGTH, delta=0.2)
        self.assertNotIn("run_held", self.kinds(run["id"]))

    def test_step_waits_until_the_baseline_is_whole_and_begins_everywhere_at_once(self):
        self.lab.cut("london-to-paris")
        run = self.start("--wait-verified")
        self.await_held(run, "baseline")
        # Nothing acts on any node meanwhile.
        self.assertEqual(self.began(self.get(run), 0), [])
        self.lab.uncut()
        over = self.await_over(run, 60)
        self.assertEqual(over["outcome"], "OUTCOME_VERIFIED", over["summary"])
        held = seconds(over["stages"][0]["held"])
        self.assertGreater(held, 0)
        self.assertGreater(seconds(over["stages"][0]["observed_from"]), 0)
        began = self.began(over, 0)
        self.assertEqual(len(began), 6)
        self.assertLess(max(began) - min(began), 0.1)
        self.assertAlmostEqual(min(began), 6 + held, delta=0.1)
        self.assertAlmostEqual(seconds(over["length"]), LENGTH + held, places=3)
        for step in (0, 1):
            transitions = [t for n in over["nodes"] for t in n["transitions"] if t["step"] == step]
            self.assertTrue(transitions)
            for transition in transitions:
                self.assertLess(seconds(transition["actual"]) - seconds(transition["planned"]), 0.1)
        kinds = self.kinds(run)
        self.assertLess(kinds.index("run_held"), kinds.index("run_proceeded"))
        self.assertLess(kinds.index("run_proceeded"), kinds.index("step_fired"))
        self.assertRegex(self.lab.cli("show", run).stdout, "\nbaseline .* as planned; held .*s, judged from .*s on\n")

    def test_stage_that_is_disturbed_lasts_until_it_is_as_planned(self):
        run = self.start("--wait-verified=40s")
        self.await_fired(run)
        # Of the two ways, the one that the step leaves alone.
        self.lab.cut("paris-to-london")
        self.await_held(run, "one-way")
        self.assertEqual(self.began(self.get(run), 1), [])
        self.assertFalse(self.reaches("lon-1", "par-1"), "the present step acts on")
        self.lab.uncut()
        over = self.await_over(run, 60)
        self.assertEqual(over["outcome"], "OUTCOME_VERIFIED", over["summary"])
        held = seconds(over["stages"][1]["held"])
        self.assertGreater(held, 0)
        began = self.began(over, 1)
        self.assertEqual(len(began), 6)
        self.assertLess(max(began) - min(began), 0.1)
        self.assertAlmostEqual(min(began), 12 + held, delta=0.1)

    def test_what_is_never_as_planned_heals_when_patience_is_over(self):
        self.lab.cut("london-to-paris")
        run = self.start("--wait-verified=3s")
        over = self.await_over(run, 40)
        self.assertEqual(over["outcome"], "OUTCOME_NOT_VERIFIED")
        self.assertRegex(over["summary"], "^baseline was not observed as planned within 3s of its planned end; baseline: "
                                          "lon-. → par-. .* was planned open but none of")
        self.assertEqual({n["outcome"]["end"] for n in over["nodes"]}, {"NODE_END_RELEASED"})
        self.assertEqual(self.began(over, 0), [])
        with plan(STEPS) as file:
            done = self.lab.cli("run", file.name, "--wait-verified=1s", expect=1)
        self.assertIn("NOT verified: baseline was not observed as planned within 1s", done.stdout)

    def test_node_that_is_away_for_a_moment_is_told_when_it_is_back(self):
        run = self.start("--wait-verified")
        self.await_fired(run)
        self.lab.exec("par-1", "nft", "add table ip away; add chain ip away in { type filter hook input priority 0; }; "
                      "add rule ip away in tcp sport 7400 drop")
        wait_until(lambda: any(n["info"]["name"] == "par-1" and not n["connected"]
                               for n in self.lab.cli_json("nodes")["nodes"]), 20, "par-1 is away")
        self.lab.exec("par-1", "nft", "delete table ip away")
        over = self.await_over(run, 60)
        self.assertIn("held", over["stages"][1])
        self.assertEqual({n["node"]: n["outcome"]["end"] for n in over["nodes"]},
                         {node: "NODE_END_COMPLETED" for node in self.lab.nodes})
        began = self.began(over, 1)
        self.assertEqual(len(began), 6)
        self.assertLess(max(began) - min(began), 0.1)

    def test_dead_controller_heals_what_is_held(self):
        self.lab.cut("london-to-paris")
        before = self.lab.kernel_state()
        run = self.start("--wait-verified")
        self.await_held(run, "baseline")
        self.lab.exec("ops", "kill", "-9", str(self.lab.pid("controller")))
        wait_until(lambda: self.lab.kernel_state() == before, 30, "every node has healed")
        self.lab.uncut()

    def test_run_that_goes_on_without_its_controller_cannot_wait(self):
        with plan(STEPS, "on_controller_loss: continue\n") as file:
            done = self.lab.cli("run", file.name, "--wait-verified", expect=2)
        self.assertIn("--wait-verified needs on_controller_loss: heal", done.stderr)


if __name__ == "__main__":
    faultlab.require_root()
    unittest.main(verbosity=2)
