#!/usr/bin/env python3
"""What is told of runs and nodes: events, live counters, changes by others, and what cut-off nodes saw meanwhile.

Each test ends with the kernel as it began.
"""

import json
import subprocess
import unittest

import faultlab
from e2e_test import LEASE, LONDON, PARIS, LabTest, plan
from faultlab import wait_until

SPLIT = "{at: 1s, for: 2s, name: split, partition: [london, paris]}"


class ObservationTest(LabTest):
    lease = LEASE

    def events(self, *options):
        lines = self.lab.cli("events", *options, "--json").stdout.splitlines()
        return [json.loads(line) for line in lines]

    def kinds(self, *options):
        return [event["kind"] for event in self.events(*options)]

    def await_event(self, kind, *options):
        """The first of a kind."""
        def found():
            return next((e for e in self.events(*options) if e["kind"] == kind), None)
        return wait_until(found, 15, f"an event {kind}")

    def isolate(self, node):
        """Cuts a node off from its controller, and from nobody else."""
        controller = (self.lab.state / f"{node}.yaml").read_text().split("controller: ")[1].split(":")[0]
        self.lab.exec(node, "nft", "add table ip away; add chain ip away in { type filter hook input priority 0; }; "
                      f"add rule ip away in ip saddr {controller} drop")

    def connected(self, node):
        return any(n["connected"] for n in self.lab.cli_json("nodes")["nodes"] if n["info"]["name"] == node)

    def test_events_tell_a_run_from_armed_to_end(self):
        follower = self.follow()
        with plan([SPLIT]) as file:
            run = self.lab.cli_json("run", file.name, expect=None)["id"]
        seen = []
        while not seen or seen[-1]["kind"] != "run_ended":
            seen.append(json.loads(follower.stdout.readline()))
        events = self.events("--run", run)
        self.assertEqual(events, [e for e in seen if e.get("run") == run], "followed and listed are the same")
        kinds = [event["kind"] for event in events]
        self.assertEqual(kinds[:2], ["run_armed", "run_fired"])
        self.assertEqual(kinds[-1], "run_ended")
        for kind in ("step_fired", "step_healed", "node_ended"):
            of_kind = [event for event in events if event["kind"] == kind]
            self.assertEqual(sorted(event["node"] for event in of_kind), sorted(self.lab.nodes), kind)
        fired = next(event for event in events if event["kind"] == "step_fired")
        self.assertEqual(fired["step"], "split")
        self.assertGreater(fired["late_ms"], 0)
        ended = next(event for event in events if event["kind"] == "node_ended")
        self.assertGreater(ended["packets"], 0)
        numbers = [event["number"] for event in seen]
        self.assertEqual(numbers, list(range(numbers[0], numbers[0] + len(numbers))))
        self.assertIn("step fired", self.lab.cli("events", "--run", run).stdout)
        self.assertEqual(self.events("--run", run, "--node", "lon-1", "--most", 1)[0]["end"], "completed")

    def test_a_report_tells_what_the_log_does_and_each_thing_once(self):
        run = self.run_detached("block", LONDON, PARIS, "--for", "1m")
        self.lab.lab("plug", "par-1", "eth1", "172.33.200.9/24")
        self.await_event("node_changed", "--node", "par-1")
        self.lab.lab("unplug", "par-1", "eth1")
        self.await_event("foreign_change", "--run", run)
        self.lab.stop("lon-1")
        self.await_event("node_lost", "--node", "lon-1")
        self.lab.start("lon-1")
        wait_until(lambda: self.connected("lon-1"), 20, "it is back")
        self.lab.cli("abort", run)
        lines = [json.loads(line) for line in self.lab.cli("report", run, "--format", "events").stdout.splitlines()]
        # What happened before the run began is none of its business.
        accepted = next(line["time"] for line in lines if line["kind"] == "run_accepted")
        logged = [e for e in self.events() if e.get("run", run) == run and e["time"] >= accepted]
        for event in logged:
            self.assertGreater(event.pop("number"), 0)
        told = [line for line in lines if line in logged]
        self.assertEqual([event for event in logged if event not in told], [])
        self.assertEqual(len(told), len(logged), "each thing once")
        self.assertEqual([e["node"] for e in told if e["kind"] in ("node_lost", "node_connected")], ["lon-1", "lon-1"])
        rest = [line["kind"] for line in lines if line not in told and not line["kind"].startswith("stage_")]
        self.assertEqual(rest, ["run_accepted", "run_started"])
        times = [line["time"] for line in lines]
        self.assertEqual(times, sorted(times))

    def test_what_an_abort_heals_is_late_from_the_abort_on(self):
        run = self.run_detached("block", LONDON, PARIS, "--for", "1m")
        for node in self.lab.nodes:
            self.await_event("step_fired", "--run", run, "--node", node)
        # What its agent's end heals is no answer to the abort.
        self.lab.stop("par-1")
        self.await_event("node_ended", "--run", run, "--node", "par-1")
        self.lab.cli("abort", run)
        ended = float(self.get(run)["ended_early"].removesuffix("s"))
        healed = {event["node"]: event for event in self.events("--run", run) if event["kind"] == "step_healed"}
        self.assertEqual(set(healed), set(self.lab.nodes))
        self.assertNotIn("late_ms", healed.pop("par-1"))
        for event in healed.values():
            self.assertLess(event["at_s"], event["planned_s"])
            self.assertAlmostEqual(event["late_ms"] / 1000, event["at_s"] - ended, places=6)
            self.assertGreaterEqual(event["late_ms"], 0)
        shown = self.lab.cli("show", run).stdout
        self.assertIn(f"{max(event['late_ms'] for event in healed.values()):.2f} ms", shown)
        self.assertIn("HEALED LATE counts from then", shown)
        self.lab.start("par-1")

    def follow(self):
        """Reads from before the caller goes on: it begins with what there is."""
        follower = self.lab.popen_cli("events", "--follow", "--since", "1h", "--json", stdout=subprocess.PIPE)
        self.enterContext(follower)
        self.addCleanup(follower.terminate)
        return follower

    def test_events_outlive_the_controller(self):
        before = self.kinds()
        self.assertEqual(before.count("node_connected"), len(self.lab.nodes))
        self.lab.stop("controller")
        self.lab.start("controller", lease=f"{LEASE}s")
        wait_until(lambda: all(map(self.connected, self.lab.nodes)), 20, "all agents are back")
        after = self.kinds()
        self.assertEqual(after[:len(before)], before)
        self.assertEqual(after.count("node_connected"), 2 * len(self.lab.nodes))

    def test_interface_that_comes_and_goes_during_a_run(self):
        run = self.run_detached("block", LONDON, PARIS, "--for", "1m")
        self.lab.lab("plug", "par-1", "eth1", "172.33.200.9/24")
        self.assertIn("came: 172.33.200.9 on eth1", self.await_event("node_changed", "--node", "par-1")["detail"])
        self.lab.lab("unplug", "par-1", "eth1")
        self.assertIn("interface eth1 has gone", self.await_event("foreign_change", "--run", run)["detail"])
        self.lab.cli("abort", run)
        self.assertIn("interface eth1 has gone", "".join(self.get(run)["warnings"]))

    def test_lane_that_somebody_deletes_is_told_and_the_run_heals_all_the_same(self):
        with plan(["{at: 0s, for: 1m, name: slow, impair: {between: [london, paris], rate: 50mbit}}"]) as file:
            run = self.run_detached("run", file.name)
        self.assertTrue(self.reaches("lon-1", "par-1"))
        self.lab.exec("par-1", "tc", "qdisc", "replace", "dev", "fl0", "root", "pfifo")
        change = self.await_event("foreign_change", "--run", run)
        self.assertEqual(change["node"], "par-1")
        self.assertIn("changed the qdiscs of the device fl0", change["detail"])
        self.lab.exec("par-1", "ip", "link", "del", "fl0")
        wait_until(lambda: any("deleted the device fl0" in event.get("detail", "") for event in
                               self.events("--run", run)), 10, "deleted")
        self.assertFalse(self.reaches("lon-1", "par-1"), "packets that were to go through it are lost")
        self.lab.cli("abort", run)
        self.assertTrue(self.reaches("lon-1", "par-1"))
        self.assertEqual({e["node"] for e in self.events("--run", run) if e["kind"] == "foreign_change"},
                         {"par-1"})

    def test_what_others_do_beside_a_run_is_not_told(self):
        run = self.run_detached("block", LONDON, PARIS, "--for", "1m")
        self.lab.exec("par-1", "nft", "add table ip mine; add chain ip mine c; flush ruleset")
        self.lab.exec("par-1", "tc", "qdisc", "add", "dev", "eth0", "root", "pfifo")
        self.lab.exec("par-1", "tc", "qdisc", "del", "dev", "eth0", "root")
        self.assertFalse(self.reaches("lon-1", "par-1"))
        self.lab.cli("abort", run)
        self.assertNotIn("foreign_change", self.kinds("--run", run))

    def test_counters_are_shown_while_a_step_acts(self):
        run = self.run_detached("block", LONDON, PARIS, "--one-way", "--for", "1m")
        def counted():
            node = next(n for n in self.get(run)["nodes"] if n["node"] == "par-1")
            return int(node["counters"][0]["packets"]) if node["counters"] else 0
        # The probes of the mesh are dropped all the time.
        first = wait_until(counted, 10, "the probes are counted")
        wait_until(lambda: counted() > first, 10, "they go on being counted")
        self.assertNotIn("matched nothing", self.lab.cli("show", run).stdout)
        self.lab.cli("abort", run)
        node = next(n for n in self.get(run)["nodes"] if n["node"] == "par-1")
        self.assertEqual(node["counters"], [])
        self.assertGreaterEqual(int(node["outcome"]["counters"][0]["packets"]), first)

    def test_what_a_cut_off_node_saw_counts_when_it_is_back(self):
        self.lab.await_mesh()
        steps = ["{at: 2s, for: 8s, name: split, partition: [london, paris]}"]
        with plan(steps, "on_controller_loss: continue\n") as file:
            run = self.run_detached("run", file.name)
        self.isolate("par-1")
        self.addCleanup(self.lab.exec, "par-1", "nft", "delete table ip away", expect=None)
        self.await_event("node_lost", "--node", "par-1")
        self.lab.exec("par-1", "nft", "delete table ip away")
        ended = self.await_over(run)
        self.assertEqual(ended["outcome"], "OUTCOME_VERIFIED", ended["summary"])
        self.assertEqual(ended["warnings"], [])
        split = next(stage for stage in ended["stages"] if stage["name"] == "split")
        for edge in split["edges"]:
            if "par-1" in (edge["from"], edge["to"]):
                self.assertGreaterEqual(edge["sent"], 10, "twice a second for nearly eight seconds")

    def test_node_that_is_cut_off_to_the_end_is_named(self):
        self.lab.await_mesh()
        with plan(["{at: 2s, for: 4s, name: split, partition: [london, paris]}"],
                  "on_controller_loss: continue\n") as file:
            run = self.run_detached("run", file.name)
        self.isolate("par-1")
        ended = self.await_over(run)
        self.lab.exec("par-1", "nft", "delete table ip away")
        wait_until(lambda: self.connected("par-1"), 20, "it is back")
        self.assertEqual(ended["outcome"], "OUTCOME_NOT_VERIFIED")
        self.assertIn("split was judged without all observations of par-1", "".join(ended["warnings"]))


def seconds(text):
    """Of a length of time as JSON has it: "5.25s"."""
    return float(text.removesuffix("s"))


class BoundaryTest(LabTest):
    """When a fault takes and lifts, as probes see it."""

    # Seconds: what is promised of probes that leave in time. On a busy machine some do not.
    RESOLUTION = 0.010

    def test_instants_are_known_where_the_run_cuts_and_nowhere_else(self):
        self.lab.await_mesh()
        steps = ["{at: 2s, for: 3s, name: cut, block: {from: london, to: paris}}"]
        with plan(steps) as file:
            run = self.lab.cli_json("run", file.name, expect=None)
        self.assertEqual(run["outcome"], "OUTCOME_VERIFIED", run["summary"])
        observed = {o["transition"]: o for o in run["observed_transitions"]}
        self.assertEqual(set(observed), {"TRANSITION_FIRED", "TRANSITION_HEALED"})
        cut = {(a, b, family) for a in self.lab.nodes for b in self.lab.nodes if a[:3] == "lon" and b[:3] == "par"
               for family in ("FAMILY_IPV4", "FAMILY_IPV6")}
        kernels = {(n["node"], t["transition"]): (n, t) for n in run["nodes"] for t in n["transitions"]}
        resolutions = []
        for kind, transition in observed.items():
            self.assertEqual(transition["changing_edges"], len(cut))
            self.assertEqual({(e["from"], e["to"], e["family"]) for e in transition["edges"]}, cut)
            for edge in transition["edges"]:
                with self.subTest(kind=kind, edge=edge):
                    earliest, latest = seconds(edge["earliest"]), seconds(edge["latest"])
                    resolutions.append(latest - earliest)
                    # As the receiver's kernel says, which acts between the agent's timer and its own confirmation.
                    node, confirmed = kernels[edge["to"], kind]
                    error = seconds(node["clock_error"]) + 0.001
                    actual = seconds(confirmed["actual"])
                    self.assertLessEqual(earliest, actual + error)
                    self.assertGreaterEqual(latest, actual - seconds(confirmed["kernel_time"]) - error)
        self.assertEqual(len(resolutions), 2 * len(cut))
        within = sum(resolution <= self.RESOLUTION + 1e-6 for resolution in resolutions)
        self.assertGreaterEqual(within, len(resolutions) / 2, sorted(resolutions))
        shown = self.lab.cli("show", run["id"]).stdout
        self.assertRegex(shown, r"cut, observed: took in <= [0-9.]+ ms, healed in <= [0-9.]+ ms, resolution [0-9.]+ ms, "
                                r"on 18 directions")

    def test_nothing_is_said_of_faults_that_do_not_cut(self):
        self.lab.await_mesh()
        with plan(["{at: 1s, for: 3s, name: lossy, impair: {from: london, to: paris, loss: 30%}}"]) as file:
            run = self.lab.cli_json("run", file.name, expect=None)
        self.assertEqual([stage["name"] for stage in run["stages"]], ["baseline", "lossy", "healed"])
        self.assertEqual(run["observed_transitions"], [])


class SampleTest(LabTest):
    """A fleet that is too large for its probe rate."""

    def setUp(self):
        super().setUp()
        # Three others for each of the six, probed every two seconds.
        self.lab.configure("probe: {rate: 3}\n")
        self.lab.start("controller")
        wait_until(lambda: sum(n["connected"] for n in self.lab.cli_json("nodes")["nodes"]) == len(self.lab.nodes), 20,
                   "all agents are back")

    def test_run_is_verified_by_its_sample_and_says_so(self):
        with plan(["{at: 0s, for: 7s, name: split, partition: [london, paris]}"], "warmup: 7s\ncooldown: 7s\n") as file:
            run = self.lab.cli_json("run", file.name, expect=None)
        self.assertEqual(run["outcome"], "OUTCOME_VERIFIED", run["summary"])
        self.assertRegex(run["summary"], r"3 stages, \d+ of 180 edges")
        self.assertRegex("".join(run["warnings"]), r"too large for all its directions to be probed: \d+ of 60 are")
        for stage in run["stages"]:
            edges = {(e["from"], e["to"]) for e in stage["edges"]}
            self.assertEqual(len(stage["edges"]) + int(stage["unprobed_edges"]), 60)
            self.assertGreater(int(stage["unprobed_edges"]), 0)
            for node in self.lab.nodes:
                self.assertIn(sum(a == node for a, _ in edges), (1, 2, 3))
            # Both ways, and over the cut.
            self.assertEqual(edges, {(b, a) for a, b in edges})
            self.assertTrue(any(a[:3] != b[:3] for a, b in edges))
        # Of the directions that are cut, those of the sample.
        self.assertTrue(run["observed_transitions"])
        for transition in run["observed_transitions"]:
            self.assertLessEqual({(e["from"], e["to"]) for e in transition["edges"]}, edges)
        self.assertIn(" edges are probed)", self.lab.cli("matrix").stdout)


if __name__ == "__main__":
    faultlab.require_root()
    unittest.main(verbosity=2)
