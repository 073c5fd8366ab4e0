#!/usr/bin/env python3
"""The live matrix against the network itself: cuts, loss and delay that the routers make, while no run goes on.

    matrix_test.py MatrixTest    cut links, one-way cuts, loss
    matrix_test.py DelayTest     delay; needs netem

What is expected is what was done to the routers. The product is only asked.
"""

import collections
import json
import math
import statistics
import subprocess
import unittest

import faultlab
from faultlab import wait_until

FAMILIES = ("FAMILY_IPV4", "FAMILY_IPV6")
WINDOW = 3  # seconds of probes in one live matrix
# What a device loses of its own when it is down, and what it loses with it, in the router of London.
PEERING = (("addr", "fd2e:0:0:ffff::1/64", "nodad"), ("route", "172.33.0.0/16", "via", "198.18.255.2"),
           ("route", "fd21::/48", "via", "fd2e:0:0:ffff::2"))


class RouterTest(faultlab.TimedTest):
    """One fleet for all tests of a class, which end with all edges open."""

    # Most probes that a node sends in a second: with ten targets each is probed five times a second.
    PROBES = 100

    @classmethod
    def setUpClass(cls):
        cls.lab = cls.enterClassContext(faultlab.Lab())
        before = cls.lab.kernel_state()
        cls.lab.configure(f"probe: {{rate: {cls.PROBES}}}\n", lease="15s")
        cls.lab.start()
        cls.addClassCleanup(cls.lab.assert_kernel_unchanged, before)
        cls.addClassCleanup(cls.lab.stop)
        cls.lab.await_mesh()
        london = {name for name in cls.lab.nodes if name.startswith("lon-")}
        paris = set(cls.lab.nodes) - london
        cls.to_paris = {(a, b) for a in london for b in paris}
        cls.to_london = {(b, a) for a, b in cls.to_paris}
        cls.every_edge = {(a, b, f) for a in cls.lab.nodes for b in cls.lab.nodes if a != b for f in FAMILIES}

    def setUp(self):
        self.lab.await_mesh()

    def edges(self, ways, families=FAMILIES):
        return {(*way, family) for way in ways for family in families}

    def look(self):
        """The live matrix: each edge by (from, to, IP version)."""
        return self.by_edge(self.lab.cli_json("matrix"))

    def looks(self, count):
        """So many live matrices one after the other, which have no probe in common, of the time from now on."""
        watch = self.lab.popen_cli("matrix", "--watch", "--every", f"{WINDOW}s", "--json", stdout=subprocess.PIPE)
        with watch:
            try:
                for number in range(count + 2):
                    answer = self.by_edge(json.loads(watch.stdout.readline()))
                    # The first two are of the time before, too.
                    if number >= 2:
                        yield answer
            finally:
                watch.terminate()

    def by_edge(self, answer):
        edges = answer["now"]["edges"]
        seen = {(edge["from"], edge["to"], edge["family"]): edge for edge in edges}
        self.assertEqual(set(seen), self.every_edge)
        for edge in edges:
            self.assertTrue(edge["planned_reachable"], "no run goes on")
        return seen

    def await_cut(self, cut):
        """Until these edges are cut, and at that very look every other is open; nothing but these was ever cut."""
        def reached():
            seen = {edge: verdict["observed"] for edge, verdict in self.look().items()}
            self.assertLessEqual({edge for edge, reach in seen.items() if reach == "REACH_CUT"}, cut)
            return seen == {edge: "REACH_CUT" if edge in cut else "REACH_OPEN" for edge in self.every_edge}
        wait_until(reached, 20, f"{len(cut)} edges are cut and all others are open")

    def at_router(self, router, rule):
        """Until the test ends a router drops what it forwards that the rule says."""
        self.lab.exec(router, "nft", "add table inet test; "
                      "add chain inet test f { type filter hook forward priority 0; }; "
                      f"add rule inet test f {rule}")
        self.addCleanup(self.lab.exec, router, "nft", "delete table inet test")


class MatrixTest(RouterTest):
    LOOKS = 12  # 36 s, and so 180 probes an edge

    def restore_peering(self):
        self.lab.exec("rtr-lon", "ip", "link", "set", "peering", "up")
        for kind, *what in PEERING:
            self.lab.exec("rtr-lon", "ip", kind, "replace", *what, "dev", "peering")

    def test_link_that_is_down_is_cut_both_ways_until_it_is_up(self):
        self.lab.exec("rtr-lon", "ip", "link", "set", "peering", "down")
        self.addCleanup(self.restore_peering)
        self.await_cut(self.edges(self.to_paris | self.to_london))
        self.doCleanups()
        self.lab.await_mesh()

    def test_cut_of_one_way(self):
        for ways, router in ((self.to_paris, "rtr-lon"), (self.to_london, "rtr-par")):
            self.lab.await_mesh()
            self.at_router(router, 'oifname "peering" drop')
            self.await_cut(self.edges(ways))
            self.doCleanups()

    def test_cut_of_one_way_and_one_ip_version(self):
        self.at_router("rtr-par", 'iifname "peering" meta nfproto ipv6 drop')
        self.await_cut(self.edges(self.to_paris, ["FAMILY_IPV6"]))

    def test_loss_is_seen_where_it_is_and_as_much_as_it_is(self):
        lossy = self.edges(self.to_paris)
        self.at_router("rtr-lon", 'oifname "peering" numgen random mod 10 == 0 drop')
        sent, received = collections.Counter(), collections.Counter()
        for seen in self.looks(self.LOOKS):
            for edge, verdict in seen.items():
                sent[edge] += verdict["sent"]
                received[edge] += verdict["received"]
        for edge in self.every_edge - lossy:
            self.assertEqual(received[edge], sent[edge], edge)
        for edge in lossy:
            self.assert_share(received[edge], sent[edge], edge)
        self.assert_share(sum(received[edge] for edge in lossy), sum(sent[edge] for edge in lossy), "all of them")

    def assert_share(self, received, sent, what):
        """Within four standard deviations of nine tenths."""
        self.assertGreater(sent, self.LOOKS * WINDOW * 4, what)
        deviation = math.sqrt(0.9 * 0.1 / sent)
        self.assertAlmostEqual(received / sent, 0.9, delta=4 * deviation, msg=f"{what}, {sent} probes")


class DelayTest(RouterTest):
    """Of a machine whose kernel has netem."""

    DELAY = 0.040
    LATE = 0.005  # by how much netem and the nodes, on a slow machine, are late

    def delays(self):
        """In seconds, of each edge the mean one-way delay; and the greatest error that the nodes' clocks are said to
        have."""
        looks = list(self.looks(2))
        delays = {edge: statistics.mean(seconds(seen[edge]["mean_delay"]) for seen in looks)
                  for edge in self.every_edge}
        return delays, max(seconds(node["round_trip"]) / 2 for node in self.lab.cli_json("nodes")["nodes"])

    def test_delay_of_one_way_is_seen_in_that_way_only(self):
        before, error_before = self.delays()
        self.lab.exec("rtr-lon", "tc", "qdisc", "add", "dev", "peering", "root", "netem", "delay", "40ms")
        self.addCleanup(self.lab.exec, "rtr-lon", "tc", "qdisc", "del", "dev", "peering", "root")
        after, error_after = self.delays()
        # Each delay carries the errors of two clocks.
        error = 2 * (error_before + error_after) + self.LATE
        self.assertLess(error, self.DELAY / 2, "or it tells nothing")
        late = self.edges(self.to_paris)
        for edge in self.every_edge:
            rise = after[edge] - before[edge]
            self.assertAlmostEqual(rise, self.DELAY if edge in late else 0, delta=error, msg=f"{edge}")
        print(f"to Paris {statistics.mean(after[e] - before[e] for e in late) * 1e3:.2f} ms more, the others "
              f"{statistics.mean(after[e] - before[e] for e in self.every_edge - late) * 1e3:.2f} ms; "
              f"each within {error * 1e3:.2f} ms")


def seconds(duration):
    return float(duration.removesuffix("s"))


if __name__ == "__main__":
    faultlab.require_root()
    unittest.main(verbosity=2)
