#!/usr/bin/env python3
"""What the daemons show to Prometheus, in a lab: promtool finds no fault with it, and it says what `faultline` says."""

import collections
import os
import pathlib
import re
import signal
import subprocess
import unittest

import faultlab
from e2e_test import plan
from faultlab import wait_until

CONTROLLER, AGENT = 7402, 7403
LEASE = 3  # seconds
PROMTOOL = faultlab.REPO / "tests/support/promtool"
GET = """
import sys, urllib.request
sys.stdout.write(urllib.request.urlopen(sys.argv[1], timeout=20).read().decode())
"""
REACH = """
import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=5)
    print("open")
except ConnectionRefusedError:
    print("refused")
"""
SAMPLE = re.compile(r'^(\w+)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'(\w+)="([^"]*)"')


class Scrape:
    """Prometheus' text, read: samples by name, each with its labels."""

    def __init__(self, text):
        self.text = text
        self.types = dict(re.findall(r"^# TYPE (\w+) (\w+)$", text, re.MULTILINE))
        self.samples = collections.defaultdict(list)
        for line in text.splitlines():
            if not line.startswith("#"):
                name, labels, value = SAMPLE.match(line).groups()
                self.samples[name].append((dict(LABEL.findall(labels or "")), float(value)))

    def all(self, name, **labels):
        """Values of the samples that have these labels."""
        return [value for own, value in self.samples[name] if labels.items() <= own.items()]

    def one(self, name, **labels):
        (value,) = self.all(name, **labels)
        return value


def documented(prefix):
    text = (faultlab.REPO / "docs/METRICS.md").read_text()
    return dict(re.findall(rf"^\| ({prefix}\w+) \| (\w+) \|", text, re.MULTILINE))


def seconds(duration):
    return float(duration.removesuffix("s"))


class MetricsLab(faultlab.TimedTest):
    """One lab for all tests of a class."""

    @classmethod
    def setUpClass(cls):
        cls.lab = cls.enterClassContext(faultlab.Lab())
        before = cls.lab.kernel_state()
        cls.lab.start(lease=f"{LEASE}s")
        cls.addClassCleanup(cls.lab.assert_kernel_unchanged, before)
        cls.addClassCleanup(cls.lab.stop)

    def controller(self):
        return Scrape(self.lab.exec("ops", "python3", "-c", GET, f"http://127.0.0.1:{CONTROLLER}/metrics").stdout)

    def agent(self, node):
        return Scrape(self.lab.exec(node, "python3", "-c", GET, f"http://127.0.0.1:{AGENT}/metrics").stdout)

    def agents(self):
        return {node: self.agent(node) for node in self.lab.nodes}


class ProbesTest(MetricsLab):
    """Its agents are not restarted, so they count all that the controller ever hears of."""

    def heard(self):
        """What the controller shows once most of many probes have arrived; the first came before somebody listened."""
        shown = self.controller()
        received = shown.samples["faultline_controller_probes_received_total"]
        enough = [value > 100 and value > 0.8 * shown.one("faultline_controller_probes_sent_total", **labels)
                  for labels, value in received]
        return shown if len(enough) == 4 and all(enough) else None

    def were_sent(self, arrived):
        sent = self.controller()
        return all(sent.one("faultline_controller_probes_sent_total", **labels) >= value for labels, value in arrived)

    def test_probes_by_pair_of_regions(self):
        shown = wait_until(self.heard, 60, "most probes arrive")
        agents = self.agents()
        pairs = {(labels["from_region"], labels["to_region"]): value
                 for labels, value in shown.samples["faultline_controller_probes_sent_total"]}
        regions = {node.region for node in self.lab.nodes.values()}
        self.assertEqual(set(pairs), {(a, b) for a in regions for b in regions})
        # What agents had sent later is no less.
        self.assertLessEqual(sum(pairs.values()), sum(own.one("faultline_agent_probes_sent_total")
                                                      for own in agents.values()))
        arrived = shown.samples["faultline_controller_probes_received_total"]
        # Of the newest windows only one end may have told.
        wait_until(lambda: self.were_sent(arrived), 30, "the senders tell of all that arrived")
        for labels, received in arrived:
            timed = shown.one("faultline_controller_probe_delay_seconds_count", **labels)
            self.assertEqual(timed, received)
            self.assertLess(shown.one("faultline_controller_probe_delay_seconds_sum", **labels), timed * 0.5)


class MetricsTest(MetricsLab):
    def setUp(self):
        self.addCleanup(self.end_all)

    def end_all(self):
        self.lab.start()
        for run in self.lab.cli_json("runs").get("runs", []):
            if run["state"] != "RUN_STATE_ENDED":
                self.lab.cli("abort", run["id"])
                self.await_over(run["id"])

    def get(self, run):
        return self.lab.cli_json("show", run)["run"]

    def run_detached(self, steps, extra=""):
        with plan(steps, extra) as file:
            return self.lab.cli_json("run", file.name, "--detach")["id"]

    def await_transition(self, run, transition):
        def seen():
            nodes = self.get(run).get("nodes", [])
            return nodes and all(any(t["transition"] == transition for t in n.get("transitions", [])) for n in nodes)
        wait_until(seen, 30, f"every node tells of {transition} in {run}")

    def await_over(self, run):
        wait_until(lambda: self.get(run)["state"] == "RUN_STATE_ENDED", 60, f"{run} is over")
        return self.get(run)

    def test_names_and_types_are_those_of_the_documentation(self):
        self.assertEqual(self.controller().types, documented("faultline_controller_"))
        self.assertEqual(self.agent("lon-1").types, documented("faultline_agent_"))

    def test_promtool_finds_nothing_wrong(self):
        run = self.run_detached(["{at: 0s, for: 10m, name: split, partition: [london, paris]}"])
        self.await_transition(run, "TRANSITION_FIRED")
        for text in (self.controller().text, self.agent("par-1").text):
            done = subprocess.run([PROMTOOL, "check", "metrics"], input=text, capture_output=True, text=True)
            if done.returncode == faultlab.SKIPPED:
                self.skipTest(done.stdout)
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

    def test_sessions_are_those_that_the_controller_has(self):
        nodes = self.lab.cli_json("nodes")["nodes"]
        shown = self.controller()
        self.assertEqual(shown.one("faultline_controller_sessions"), sum(node["connected"] for node in nodes))
        self.assertEqual(shown.one("faultline_controller_sessions"), 6)
        self.assertEqual(shown.one("faultline_controller_nodes"), 6)
        for node in nodes:
            name = node["info"]["name"]
            own = self.agent(name)
            self.assertEqual(shown.one("faultline_controller_node_session_up", node=name), 1)
            self.assertEqual(own.one("faultline_agent_session_up"), 1)
            self.assertEqual(own.one("faultline_agent_build_info", node=name, version=node["info"]["agent_version"],
                                     kernel=node["info"]["capabilities"]["kernel_release"]), 1)
            for bound in (own.one("faultline_agent_clock_error_bound_seconds"),
                          shown.one("faultline_controller_node_clock_error_bound_seconds", node=name)):
                self.assertGreater(bound, 0)
                self.assertLess(bound, 0.1)

    def test_a_run_from_its_step_to_its_end(self):
        ended = self.controller().one("faultline_controller_runs_ended_total", outcome="verified")
        fired = self.controller().one("faultline_controller_step_lateness_seconds_count", transition="fire")
        completed = {name: own.one("faultline_agent_runs_ended_total", end="completed")
                     for name, own in self.agents().items()}
        self.lab.await_mesh()
        run = self.run_detached(["{at: 0s, for: 12s, name: split, partition: [london, paris]}"],
                                "warmup: 1s\ncooldown: 10s\n")
        self.await_transition(run, "TRANSITION_FIRED")
        self.check_active(run)
        self.await_transition(run, "TRANSITION_HEALED")
        healed = self.agents()
        self.assertEqual(self.controller().one("faultline_controller_active_faults"), 0)
        for own in healed.values():
            self.assertEqual(own.one("faultline_agent_active_faults"), 0)
            self.assertEqual(own.one("faultline_agent_open_gates"), 0)
        record = self.await_over(run)
        self.check_counters(record, healed)
        self.check_over(record, ended, fired, completed)

    def check_active(self, run):
        shown = self.controller()
        self.assertEqual(shown.one("faultline_controller_active_faults"), 1)
        self.assertEqual(shown.one("faultline_controller_runs", phase="running"), 1)
        self.assertEqual(shown.one("faultline_controller_run_nodes", run=run), 6)
        self.assertEqual(shown.one("faultline_controller_run_nodes_gone", run=run), 0)
        self.assertLess(0, shown.one("faultline_controller_fault_remaining_seconds", run=run, step="split"))
        self.assertLess(shown.one("faultline_controller_fault_remaining_seconds", run=run, step="split"), 12)
        for own in self.agents().values():
            self.assertEqual(own.one("faultline_agent_active_faults"), 1)
            self.assertEqual(own.one("faultline_agent_open_gates"), 1)
            self.assertEqual(own.one("faultline_agent_runs", state="fired"), 1)
            self.assertEqual(own.one("faultline_agent_lease_seconds", run=run), LEASE)
            self.assertLess(0, own.one("faultline_agent_lease_remaining_seconds", run=run))
            self.assertLessEqual(own.one("faultline_agent_lease_remaining_seconds", run=run), LEASE)
            # Renewed meanwhile, or at the step's end; with a grace of 0.1 s.
            self.assertLess(0, own.one("faultline_agent_gate_remaining_seconds", run=run, step="split"))
            self.assertLess(own.one("faultline_agent_gate_remaining_seconds", run=run, step="split"), LEASE + 0.2)

    def check_counters(self, record, healed):
        """The gates were closed by then, so nothing more was counted."""
        names = [("faultline_agent_fault_packets_total", "packets"), ("faultline_agent_fault_bytes_total", "bytes")]
        for part in record["nodes"]:
            (counters,) = part["outcome"]["counters"]
            for name, key in names:
                self.assertEqual(healed[part["node"]].one(name, run=record["id"], step="split"), int(counters[key]))
            self.assertGreater(int(counters["packets"]), 0, "the probes of the other city meet the rules")

    def check_over(self, record, ended, fired, completed):
        self.assertEqual(record["outcome"], "OUTCOME_VERIFIED", record["summary"])
        shown = self.controller()
        self.assertEqual(shown.one("faultline_controller_runs_ended_total", outcome="verified"), ended + 1)
        self.assertEqual(shown.one("faultline_controller_step_lateness_seconds_count", transition="fire"), fired + 6)
        self.assertEqual(shown.all("faultline_controller_fault_remaining_seconds"), [])
        late = {t["transition"]: seconds(t["actual"]) - seconds(t["planned"])
                for part in record["nodes"] for t in part["transitions"]}
        self.assertGreater(shown.one("faultline_controller_step_lateness_seconds_sum", transition="fire"),
                           late["TRANSITION_FIRED"] - 1e-9)
        for name, own in self.agents().items():
            self.assertEqual(own.one("faultline_agent_runs_ended_total", end="completed"), completed[name] + 1)
            self.assertEqual(own.one("faultline_agent_residue"), 0)
            for gone in ("fault_packets_total", "lease_seconds", "gate_remaining_seconds"):
                self.assertEqual(own.all(f"faultline_agent_{gone}"), [])

    def test_a_node_that_is_gone_in_a_fault_is_seen(self):
        run = self.run_detached(["{at: 0s, for: 10m, name: split, partition: [london, paris]}"])
        self.await_transition(run, "TRANSITION_FIRED")
        os.kill(self.lab.pid("par-3"), signal.SIGKILL)
        wait_until(lambda: self.controller().one("faultline_controller_run_nodes_gone", run=run) == 1, 20,
                   "par-3 is seen to be gone")
        shown = self.controller()
        self.assertEqual(shown.one("faultline_controller_node_session_up", node="par-3"), 0)
        self.assertEqual(shown.all("faultline_controller_node_clock_error_bound_seconds", node="par-3"), [])
        self.assertGreater(shown.one("faultline_controller_fault_remaining_seconds", run=run), 0)
        self.lab.cli("abort", run)
        self.await_over(run)
        self.assertEqual(self.controller().all("faultline_controller_run_nodes_gone"), [])

    def test_a_lease_that_is_not_renewed_is_seen(self):
        before = self.agent("lon-2").one("faultline_agent_runs_ended_total", end="lease_lost")
        run = self.run_detached(["{at: 0s, for: 10m, name: split, partition: [london, paris]}"])
        self.await_transition(run, "TRANSITION_FIRED")
        os.kill(self.lab.pid("controller"), signal.SIGSTOP)
        try:
            def runs_down():
                left = self.agent("lon-2").all("faultline_agent_lease_remaining_seconds", run=run)
                return left == [] or left[0] < LEASE / 2
            wait_until(runs_down, 20, "the lease runs down")
            wait_until(lambda: self.agent("lon-2").one("faultline_agent_runs_ended_total", end="lease_lost") ==
                       before + 1, 20, "the lease is lost")
            wait_until(lambda: self.agent("lon-2").one("faultline_agent_session_up") == 0, 20, "so is the session")
            log = self.lab.state / "lon-2.log"
            wait_until(lambda: "has said nothing for too long" in log.read_text(), 20, "which the agent gives the reason of")
        finally:
            os.kill(self.lab.pid("controller"), signal.SIGCONT)
        self.await_over(run)

    def test_nobody_else_can_ask(self):
        for node, address, port in (("lon-2", self.lab.nodes["lon-1"].ipv4, AGENT), ("lon-2", "198.18.0.10", CONTROLLER)):
            self.assertEqual(self.lab.exec(node, "python3", "-c", REACH, address, port).stdout.strip(), "refused")

    def second_controller(self, extra):
        """Another controller on the host of the first, with sockets of its own."""
        config = pathlib.Path(self.lab.state) / "second.yaml"
        config.write_text(f"listen: 198.18.0.10:7500\nsocket: {self.lab.state}/second.sock\n"
                          f"state: {self.lab.state}/second\n{extra}")
        program = pathlib.Path(os.environ.get("FAULTLINE_BIN", faultlab.REPO / "build/bin"))
        return [program / "faultline-controller", "--insecure", "--config", config]

    def test_a_taken_port_is_one_clear_error(self):
        done = self.lab.exec("ops", *self.second_controller(""), expect=1)
        self.assertEqual(done.stderr.splitlines()[-1],
                         "faultline-controller: metrics: cannot listen on 127.0.0.1:7402: another program does; "
                         "`ss -tlnp sport = 7402` names it. Give another address in the configuration as "
                         "metrics: {listen: ...}, or '' for none")

    def test_the_network_must_be_allowed(self):
        done = self.lab.exec("ops", *self.second_controller("metrics: {listen: '0.0.0.0:7503'}\n"), expect=2)
        self.assertIn("add allow_network: true", done.stderr)

    def test_metrics_can_be_put_elsewhere_or_left_out(self):
        for extra, expected in (("metrics: {listen: ''}\n", "refused"),
                                ("metrics: {listen: '0.0.0.0:7503', allow_network: true}\n", "open")):
            log = open(self.lab.state / "second.log", "w+", encoding="utf-8")
            with log, self.lab.popen("ops", *self.second_controller(extra), stderr=log) as process:
                wait_until(lambda: "listening on" in (self.lab.state / "second.log").read_text(), 20, "it is up")
                self.assertEqual(self.lab.exec("lon-1", "python3", "-c", REACH, "198.18.0.10", 7503).stdout.strip(),
                                 expected)
                process.terminate()
                self.assertEqual(process.wait(20), 0)


if __name__ == "__main__":
    faultlab.require_root()
    unittest.main()
