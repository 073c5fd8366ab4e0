#!/usr/bin/env python3
"""Faults that name TCP ports, which no UDP probe sees: what the nodes' connections say of them.

What must be observed is written here. Each test ends with the kernel as it began.
"""

import json
import unittest

import faultlab
import traffic
from e2e_test import LabTest, plan
from faultlab import wait_until
from scenarios_test import DOORS, ways

LONDON = {"lon-1", "lon-2", "lon-3"}
PARIS = {"par-1", "par-2", "par-3"}
STEP = "at: 2s, for: 4s, name: shut"


class TcpTest(LabTest):
    def serve(self, *ports, nodes=LONDON | PARIS):
        for node in nodes:
            self.enterContext(traffic.Program(self.lab, node, DOORS, *ports)).await_ready()

    def run_steps(self, *steps):
        self.lab.await_mesh()
        with plan(steps) as file:
            return self.lab.cli_json("run", file.name, expect=None)

    def stages(self, run):
        return {stage["name"]: stage for stage in run["stages"]}

    def ways(self, stage, reach, port, families=("FAMILY_IPV4", "FAMILY_IPV6")):
        """The ways on which the connections to a port were so observed; of these IP versions alike."""
        seen = {}
        for edge in stage["tcp"]:
            if edge["port"] == port and edge["family"] in families:
                seen.setdefault((edge["from"], edge["to"]), set()).add(edge.get("observed", "REACH_UNSPECIFIED"))
        self.assertTrue(seen, f"somebody dials {port}")
        self.assertEqual({len(reaches) for reaches in seen.values()}, {1}, (stage["name"], seen))
        return {way for way, reaches in seen.items() if reaches == {f"REACH_{reach}"}}

    def attempts(self, stage, outcome, port, senders):
        return [edge.get(outcome, 0) for edge in stage["tcp"] if edge["port"] == port and edge["from"] in senders]

    def test_a_port_cut_one_way_is_seen_by_connections_alone(self):
        self.serve(3001, 3002)
        run = self.run_steps(f"{{{STEP}, block: {{from: london, to: paris, protocol: tcp, ports: 3001}}}}",
                             "{after: shut, for: 3s, name: other, block: {from: paris, to: london, protocol: tcp, "
                             "ports: 3002}}")
        self.assertEqual(run["outcome"], "OUTCOME_VERIFIED", run["summary"])
        stages = self.stages(run)
        self.assertEqual(list(stages), ["baseline", "shut", "other", "healed"])
        everything = ways(LONDON, PARIS) | ways(PARIS, LONDON)
        cut = {("shut", 3001): ways(LONDON, PARIS), ("other", 3002): ways(PARIS, LONDON)}
        for name, stage in stages.items():
            self.assertFalse(stage.get("unseen"), name)
            self.assertEqual({edge["observed"] for edge in stage["edges"]}, {"REACH_OPEN"}, "UDP probes see nothing")
            for port in (3001, 3002):
                shut = cut.get((name, port), set())
                self.assertEqual(self.ways(stage, "CUT", port), shut, (name, port))
                self.assertEqual(self.ways(stage, "OPEN", port), everything - shut, (name, port))
        self.assertEqual(sum(self.attempts(stages["shut"], "refused", 3001, LONDON)), 0, "a drop is silent")
        self.assertIn("connections", run["summary"])
        text = self.lab.cli("show", run["id"]).stdout
        self.assertRegex(text, r"shut +3001 +cut +18 +as planned +\d+ timed out")

    def test_a_reject_is_seen_as_refused(self):
        self.serve(3001)
        run = self.run_steps(f"{{{STEP}, block: {{from: london, to: paris, action: reject, protocol: tcp, "
                             "ports: 3001}}")
        self.assertEqual(run["outcome"], "OUTCOME_VERIFIED", run["summary"])
        shut = self.stages(run)["shut"]
        self.assertFalse(shut.get("unseen"))
        self.assertEqual(self.ways(shut, "CUT", 3001, ["FAMILY_IPV4"]), ways(LONDON, PARIS))
        self.assertEqual(self.ways(shut, "OPEN", 3001, ["FAMILY_IPV4"]), ways(PARIS, LONDON))
        self.assertEqual(self.ways(shut, "UNSPECIFIED", 3001, ["FAMILY_IPV6"]), ways(LONDON, PARIS),
                         "over IPv6 nobody listens: the fault's reset is like any other")
        self.assertTrue(all(count >= 2 for count in self.attempts(shut, "refused", 3001, LONDON)), shut["tcp"])
        self.assertEqual(sum(self.attempts(shut, "timed_out", 3001, LONDON)), 0)

    def test_without_a_service_refused_is_open_and_a_drop_is_seen_all_the_same(self):
        run = self.run_steps(f"{{{STEP}, partition: {{groups: [london, paris], protocol: tcp, ports: 3001}}}}")
        self.assertEqual(run["outcome"], "OUTCOME_VERIFIED", run["summary"])
        stages = self.stages(run)
        everything = ways(LONDON, PARIS) | ways(PARIS, LONDON)
        for name in ("baseline", "healed"):
            self.assertEqual(self.ways(stages[name], "OPEN", 3001), everything, name)
            self.assertEqual(sum(self.attempts(stages[name], "connected", 3001, LONDON | PARIS)), 0)
        self.assertEqual(self.ways(stages["shut"], "CUT", 3001), everything)

    def test_a_fault_that_does_not_take_is_told(self):
        """Paris's owner protects a port, which the controller does not know of."""
        self.serve(3001)
        for node in PARIS:
            self.configure(node, "protect: {ports: [3001]}")
        run = self.run_steps(f"{{{STEP}, block: {{from: london, to: paris, protocol: tcp, ports: 3001-3002}}}}")
        self.assertEqual(run["outcome"], "OUTCOME_NOT_VERIFIED", run["summary"])
        self.assertRegex(run["summary"], r"shut: lon-\d → par-\d port 3001 .* was planned cut but of its attempts \d+ conn")
        shut = self.stages(run)["shut"]
        self.assertEqual(self.ways(shut, "OPEN", 3001), ways(LONDON, PARIS) | ways(PARIS, LONDON))
        self.assertEqual(self.ways(shut, "CUT", 3002), ways(LONDON, PARIS))

    def configure(self, node, *lines):
        """Has a node's agent begin anew, with more in its configuration."""
        self.lab.stop(node)
        file = self.lab.state / f"{node}.yaml"
        file.write_text(file.read_text() + "\n".join(lines) + "\n")
        self.lab.start(node)

    def listens(self, node, port):
        return bool(self.lab.exec(node, "ss", "-Hltn", f"sport = :{port}").stdout)

    def test_an_agent_listens_where_nobody_does_if_it_may_and_only_meanwhile(self):
        self.configure("par-1", "tcp_listeners: true")
        self.serve(3001, nodes=["par-2"])
        self.lab.await_mesh()
        with plan([f"{{{STEP}, block: {{from: london, to: paris, protocol: tcp, ports: 3001}}}}"]) as file:
            run = self.lab.cli_json("run", file.name, "--detach")["id"]
        wait_until(lambda: self.listens("par-1", 3001), 10, "par-1 listens")
        self.assertFalse(self.listens("par-3", 3001))
        over = self.await_over(run)
        self.assertEqual(over["outcome"], "OUTCOME_VERIFIED", over["summary"])
        # In the baseline an attempt may come before the listener.
        healed = self.stages(over)["healed"]
        outcomes = {node: {outcome for edge in healed["tcp"] if (edge["to"], edge["family"]) == (node, "FAMILY_IPV4")
                           for outcome in ("connected", "refused") if edge.get(outcome)} for node in PARIS}
        self.assertEqual(outcomes, {"par-1": {"connected"}, "par-2": {"connected"}, "par-3": {"refused"}})
        wait_until(lambda: not self.listens("par-1", 3001), 10, "its listener is gone")

    def test_a_killed_agent_leaves_no_listener(self):
        self.configure("par-1", "tcp_listeners: true")
        self.lab.await_mesh()
        with plan(["{at: 0s, for: 1m, name: shut, block: {from: london, to: paris, protocol: tcp, ports: 3001}}"]) as file:
            run = self.run_detached("run", file.name)
        wait_until(lambda: self.listens("par-1", 3001), 10, "par-1 listens")
        self.lab.exec("par-1", "kill", "-9", str(self.lab.pid("par-1")))
        wait_until(lambda: not self.listens("par-1", 3001), 10, "its listener is gone")
        self.lab.cli("abort", run)
        self.lab.stop("par-1")
        self.lab.start("par-1")

    def test_switched_off_nobody_dials(self):
        self.lab.configure("probe: {tcp: false}\n")
        self.lab.start("controller")
        wait_until(lambda: all(node["connected"] for node in self.lab.cli_json("nodes")["nodes"])
                   and len(self.lab.cli_json("nodes")["nodes"]) == 6, 20, "all agents are back")
        run = self.run_steps(f"{{{STEP}, block: {{from: london, to: paris, protocol: tcp, ports: 3001}}}}")
        shut = self.stages(run)["shut"]
        self.assertTrue(shut["unseen"])
        self.assertFalse(shut.get("tcp"))

    def test_reports_show_connections(self):
        run = self.run_steps(f"{{{STEP}, block: {{from: london, to: paris, protocol: tcp, ports: 3001}}}}")
        report = lambda form: self.lab.cli("report", run["id"], "--format", form).stdout
        self.assertIn('data-tcp-port="3001" data-planned="cut" data-wrong="0"', report("html"))
        self.assertRegex(report("md"), r"\| shut \| 3001 \| cut \| 18 \| as planned \|")
        self.assertIn('name="stage shut, tcp port 3001 planned cut"', report("junit"))
        self.assertRegex(report("csv"), rf"{run['id']},shut,.*,lon-1,par-1,IPv4,no,,,\d+,0,cut,,,yes,3001,0,,")
        record = json.loads(report("json"))
        self.assertEqual(len(self.stages(record)["shut"]["tcp"]), 36)
        self.assertIn("tcp port 3001 planned cut", self.lab.cli("compare", run["id"], run["id"]).stdout)


if __name__ == "__main__":
    faultlab.require_root()
    unittest.main(verbosity=2)
