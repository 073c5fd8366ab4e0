#!/usr/bin/env python3
"""Faults beside firewalls that refuse what they do not know, and that are reloaded, stopped and started meanwhile."""

import unittest

import faultlab
import firewalls
import traffic
from coexistence_test import NeighbourTest
from e2e_test import LONDON, PARIS

PROBES = 7401


class FirewallTest(NeighbourTest):
    # A node that its firewall cuts off from everything heals; what administrators do here is over before.
    lease = 30

    def beside(self, firewall):
        """The firewall is par-1's; its rules leave by remove(), before the test's own check of the teardown."""
        self.addCleanup(firewall.remove)
        firewall.start()
        for port in (PROBES, 9000):
            firewall.allow(port)
        # What is allowed later stands elsewhere once ufw has read its files again.
        firewall.disturb()
        rules = self.ruleset("par-1")
        self.assertTrue(rules)
        self.stands()

        self.verify("{at: 2s, for: 4s, name: one-way, block: {from: london, to: paris}}",
                    "{after: one-way, for: 4s, name: split, partition: [london, paris]}")
        self.assertEqual(self.ruleset("par-1"), rules)

        run = self.block()
        self.assertEqual(self.arrivals_during(firewall.disturb), 0, "the fault holds whatever the firewall does")
        self.assertEqual(self.ruleset("par-1"), rules)
        self.assertTrue(self.reaches("par-1", "lon-1"), "the other way is open")
        self.lab.cli("abort", run)
        self.stands()

        run = self.block(PARIS, LONDON)
        self.assertFalse(self.reaches("par-1", "lon-1"))
        self.assertTrue(self.reaches("lon-1", "par-1"))
        self.lab.cli("abort", run)
        self.stands()
        self.assertTrue(self.reaches("par-1", "lon-1"))
        self.assertEqual(self.ruleset("par-1"), rules)

    def stands(self):
        """The firewall does what it is there for, and no fault is in its place."""
        self.assertTrue(self.reaches("lon-1", "par-1"))
        self.assertFalse(self.reaches("lon-1", "par-1", port=9001), "not allowed")

    def arrivals_during(self, action):
        """How many of the datagrams that London sends all the while reach Paris."""
        with traffic.Program(self.lab, "par-1", traffic.UDP_RECEIVER, 9000).await_ready() as inbox:
            with traffic.Program(self.lab, "lon-1", traffic.UDP_SENDER, self.address("par-1"), 9000, 0.001, 0, 10**6):
                action()
            return len(inbox.stop())


class UfwTest(FirewallTest):
    def test_faults_and_firewall_do_not_touch_each_other(self):
        self.beside(firewalls.Ufw(self.lab, "par-1"))


class FirewalldTest(FirewallTest):
    @classmethod
    def setUpClass(cls):
        cls.tree = firewalls.require_firewalld()

    def test_faults_and_firewall_do_not_touch_each_other(self):
        self.beside(firewalls.Firewalld(self.lab, "par-1", self.tree))


if __name__ == "__main__":
    faultlab.require_root()
    unittest.main(verbosity=2)
