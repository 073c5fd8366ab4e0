#!/usr/bin/env python3
"""That runs leave nothing on their nodes, and that what is left or changed meanwhile is named.

Each test ends with the kernel as it began.
"""

import unittest

import faultlab
from e2e_test import LONDON, PARIS, LabTest, plan

SPLIT = "{at: 1s, for: 3s, name: split, partition: [london, paris]}"
FIREWALL = ("add table inet fw; add set inet fw known { type ipv4_addr; flags dynamic; }; "
            "add chain inet fw in { type filter hook input priority 0; policy accept; }; "
            "add rule inet fw in counter; add rule inet fw in udp dport 7401 counter update @known { ip saddr }")


class ResidueTest(LabTest):
    def nft(self, node, text):
        self.lab.exec(node, "nft", text)

    def firewall(self, node):
        """Its rules count every packet; removed before the test's own check of the teardown."""
        self.nft(node, FIREWALL)
        self.addCleanup(self.nft, node, "delete table inet fw")

    def proofs(self, run):
        """By node, without what all have in common."""
        return {node["node"]: (node["outcome"]["residue"]["finding"].removeprefix("RESIDUE_FINDING_"),
                               node["outcome"]["residue"].get("things", [])) for node in run["nodes"]}

    def test_run_beside_a_firewall_leaves_nothing(self):
        for node in self.lab.nodes:
            self.firewall(node)
        self.lab.await_mesh()
        counted = self.lab.exec("par-1", "nft", "list table inet fw").stdout
        slow = "{after: split, for: 3s, name: slow, impair: {from: london, to: paris, rate: 50mbit}}"
        with plan([SPLIT, slow]) as file:
            run = self.lab.cli_json("run", file.name)
        self.assertNotEqual(self.lab.exec("par-1", "nft", "list table inet fw").stdout, counted)
        self.assertEqual(self.proofs(run), {node: ("EQUAL", []) for node in self.lab.nodes})
        self.assertEqual(run["outcome"], "OUTCOME_VERIFIED", run["summary"])
        self.assertTrue(run["summary"].endswith("; no residue on 6 of 6 nodes"), run["summary"])
        self.assertEqual(run.get("warnings", []), [])
        self.assertIn("no residue on 6 of 6 nodes", self.lab.cli("show", run["id"]).stdout)
        self.assertIn('name="residue" time="0"></testcase>',
                      self.lab.cli("report", run["id"], "--format", "junit").stdout)

    def test_what_others_change_meanwhile_is_a_note(self):
        self.firewall("par-1")
        run = self.run_detached("partition", LONDON, PARIS, "--for", "5m")
        self.nft("par-1", "add rule inet fw in tcp dport 22 accept")
        self.lab.exec("lon-1", "ip", "link", "add", "d0", "type", "ifb")
        self.addCleanup(self.lab.exec, "lon-1", "ip", "link", "del", "d0")
        self.lab.cli("abort", run)
        over = self.await_over(run)
        proofs = self.proofs(over)
        self.assertEqual(proofs["par-1"], ("CHANGED", ["chain in of table inet fw: 2 rules before, 3 now"]))
        self.assertEqual(proofs["lon-1"], ("CHANGED", ["device d0 came"]))
        self.assertEqual(proofs["lon-2"], ("EQUAL", []))
        self.assertIn("on lon-1 others changed: device d0 came", over["warnings"])
        self.assertTrue(over["summary"].endswith("; no residue on 6 of 6 nodes"), over["summary"])

    def test_what_bears_our_name_afterwards_is_named_and_cleared_up_before_the_next_run(self):
        self.lab.await_mesh()
        run = self.run_detached("partition", LONDON, PARIS, "--for", "4s")
        self.nft("par-1", "add table inet faultline")
        over = self.await_over(run)
        self.assertEqual(self.proofs(over)["par-1"], ("LEFT", ["table inet faultline"]))
        self.assertEqual(over["outcome"], "OUTCOME_NOT_VERIFIED")
        self.assertRegex(over["summary"], "^something is left on par-1: table inet faultline; ")
        self.assertTrue(over["summary"].endswith("; no residue on 5 of 6 nodes"), over["summary"])
        self.assertIn('<failure message="par-1: table inet faultline" type="Residue">',
                      self.lab.cli("report", run, "--format", "junit").stdout)
        run = self.run_detached("block", LONDON, PARIS, "--for", "5m")
        self.assertNotIn("inet faultline", self.lab.kernel_state("par-1")["par-1"])
        self.lab.cli("abort", run)
        self.assertEqual(self.proofs(self.await_over(run))["par-1"], ("EQUAL", []))


if __name__ == "__main__":
    faultlab.require_root()
    unittest.main(verbosity=2)
