#!/usr/bin/env python3
"""Faults beside what else is on a node: firewalls, containers, tunnels, qdiscs, interfaces that change.

Each test ends with the kernel as it began; what the test itself put there must be untouched in between.
"""

import subprocess
import unittest

import faultlab
import traffic
from e2e_test import LONDON, PARIS
from faults_test import TIMED_OUT, FaultTest
from faultlab import wait_until

FIREWALL = """
flush ruleset
table inet firewall {
  chain input {
    type filter hook input priority 0; policy accept;
    ct state established,related accept
    ip saddr 10.0.0.0/8 drop
  }
}
"""


class NeighbourTest(FaultTest):
    def block(self, sender=LONDON, receiver=PARIS):
        return self.run_detached("block", sender, receiver, "--one-way", "--for", "1m")

    def ruleset(self, node):
        """All rules that are not ours."""
        listing = self.lab.exec(node, "nft", "-s", "list", "ruleset").stdout
        tables = ("table " + text for text in listing.split("table ")[1:])
        return [table for table in tables if not table.split("{")[0].rstrip().endswith(" faultline")]


class CoexistenceTest(NeighbourTest):
    def reload_firewall(self, node):
        rules = self.lab.state / "firewall.nft"
        rules.write_text(FIREWALL)
        self.lab.exec(node, "nft", "-f", rules)

    def test_firewall_service_that_flushes_everything_neither_ends_a_fault_nor_is_changed_by_it(self):
        self.reload_firewall("par-1")
        self.addCleanup(self.lab.exec, "par-1", "nft", "delete table inet firewall")
        rules = self.ruleset("par-1")
        run = self.block()
        self.assertFalse(self.reaches("lon-1", "par-1"))
        self.reload_firewall("par-1")
        self.assertFalse(self.reaches("lon-1", "par-1"), "the owner flag keeps our table through a flush")
        self.assertEqual(self.ruleset("par-1"), rules)
        self.lab.cli("abort", run)
        self.assertTrue(self.reaches("lon-1", "par-1"))
        self.assertEqual(self.ruleset("par-1"), rules)

    def with_iptables(self, iptables, *flush):
        """Rules that accept everything first, as firewalls have them: faults are under them."""
        save = f"{iptables}-save"
        for rule in (["INPUT", "-j", "ACCEPT"], ["OUTPUT", "-j", "ACCEPT"]):
            self.lab.exec("par-1", iptables, "-I", *rule)
        listing = lambda: [line for line in self.lab.exec("par-1", save).stdout.splitlines() if line.startswith("-A")]
        before = listing()
        self.assertEqual(len(before), 2)
        # All that is there, by its own command.
        self.addCleanup(self.lab.exec, "par-1", *flush)
        run = self.block()
        self.assertFalse(self.reaches("lon-1", "par-1"))
        self.assertEqual(listing(), before)
        self.lab.cli("abort", run)
        self.assertTrue(self.reaches("lon-1", "par-1"))
        self.assertEqual(listing(), before)

    def test_iptables_nft(self):
        # Without its table nothing is left of it.
        self.with_iptables("iptables-nft", "nft", "delete table ip filter")

    def test_iptables_legacy(self):
        self.with_iptables("iptables-legacy", "iptables-legacy", "-F")

    def test_containers_behind_a_bridge_suffer_by_their_peers_real_address(self):
        inner = f"{self.lab.prefix}-box"
        host = lambda *command: self.lab.exec("par-1", *command)
        # Not in a node: there a new namespace's mount would stay unseen by all others.
        run_ip = lambda *command: subprocess.run(["ip", *command], check=True)
        run_ip("netns", "add", inner)
        self.addCleanup(run_ip, "netns", "del", inner)
        host("ip", "link", "add", "docker0", "type", "bridge")
        self.addCleanup(host, "ip", "link", "del", "docker0")
        host("ip", "addr", "add", "10.88.0.1/24", "dev", "docker0")
        host("ip", "link", "set", "docker0", "up")
        host("ip", "link", "add", "box", "type", "veth", "peer", "name", "eth0", "netns", inner)
        host("ip", "link", "set", "box", "master", "docker0", "up")
        for command in ("link set lo up", "link set eth0 up", "addr add 10.88.0.2/24 dev eth0",
                        "route add default via 10.88.0.1"):
            run_ip("-n", inner, *command.split())
        host("sysctl", "-qw", "net.ipv4.ip_forward=1")
        host("nft", "add table ip nat; add chain ip nat post { type nat hook postrouting priority 100; }; "
             "add rule ip nat post ip saddr 10.88.0.0/24 masquerade")
        self.addCleanup(host, "nft", "delete table ip nat")
        self.serve("lon-1", 3000)
        connect = lambda: self.connect_in(inner, self.address("lon-1"), 3000)
        self.assertEqual(connect(), 0)
        answers = self.block()
        self.assertEqual(connect(), TIMED_OUT, "answers from London do not reach the container")
        self.lab.cli("abort", answers)
        self.assertEqual(connect(), 0)
        asks = self.block(PARIS, LONDON)
        self.assertEqual(connect(), TIMED_OUT, "the container does not reach London")
        self.lab.cli("abort", asks)
        self.assertEqual(connect(), 0)

    def connect_in(self, namespace, address, port):
        script = f"""
import socket, sys
try:
    socket.create_connection(("{address}", {port}), 1)
except TimeoutError:
    print({TIMED_OUT})
except OSError as error:
    print(error.errno)
else:
    print(0)
"""
        return int(subprocess.run(["ip", "netns", "exec", namespace, "python3", "-c", script], check=True,
                                  capture_output=True, text=True).stdout)

    def tunnel(self, kind, *options):
        """A tunnel between lon-1 and par-1 with 10.99.0.1 and 10.99.0.2 inside."""
        ends = (("lon-1", "par-1", "10.99.0.1"), ("par-1", "lon-1", "10.99.0.2"))
        for node, peer, inside in ends:
            self.lab.exec(node, "ip", "link", "add", "tun0", "type", kind, "local", self.address(node),
                          "remote", self.address(peer), *options)
            self.addCleanup(self.lab.exec, node, "ip", "link", "del", "tun0")
            self.lab.exec(node, "ip", "addr", "add", f"{inside}/24", "dev", "tun0")
            self.lab.exec(node, "ip", "link", "set", "tun0", "up")

    def inside(self):
        arrived, _ = traffic.udp_arrivals(self.lab, "lon-1", "par-1", "10.99.0.2", 9001)
        return arrived > 0

    def test_tunnel_is_cut_by_its_ends_and_what_is_inside_by_its_own_addresses(self):
        self.tunnel("vxlan", "id", "5", "dstport", "4789")
        wait_until(self.inside, 5, "the tunnel works")
        outside = self.block()
        self.assertFalse(self.inside())
        self.lab.cli("abort", outside)
        self.assertTrue(self.inside())
        # The agents have told the controller of the new addresses.
        inner = self.block("10.99.0.1", "10.99.0.2")
        self.assertFalse(self.inside())
        self.assertTrue(self.reaches("lon-1", "par-1"))
        self.lab.cli("abort", inner)

    def test_the_users_own_qdiscs_are_not_touched(self):
        self.lab.exec("par-1", "tc", "qdisc", "add", "dev", "eth0", "root", "handle", "7:", "htb", "default", "1")
        self.addCleanup(self.lab.exec, "par-1", "tc", "qdisc", "del", "dev", "eth0", "root")
        self.lab.exec("par-1", "tc", "class", "add", "dev", "eth0", "parent", "7:", "classid", "7:1", "htb", "rate",
                      "1gbit")
        state = lambda: [self.lab.exec("par-1", "tc", kind, "show", "dev", "eth0").stdout
                         for kind in ("qdisc", "class", "filter")]
        before = state()
        run = self.run_plan("{at: 0s, for: 1m, name: slow, impair: {between: [london, paris], rate: 50mbit}}")
        self.assertTrue(self.reaches("lon-1", "par-1"))
        self.assertEqual(state(), before)
        self.lab.cli("abort", run)
        self.assertEqual(state(), before)

    def count(self, node, table, condition):
        """Has a node count the packets that come in and meet the condition, in a table of that name; what reads it."""
        self.lab.exec(node, "nft", f"add table inet {table}; add chain inet {table} in {{ type filter hook prerouting "
                      f"priority 0; }}; add rule inet {table} in {condition} counter")
        self.addCleanup(self.lab.exec, node, "nft", f"delete table inet {table}")
        listing = lambda: self.lab.exec(node, "nft", f"list table inet {table}").stdout
        return lambda: int(listing().split("packets ")[1].split()[0])

    def test_marks_stay_on_packets_and_still_choose_their_route(self):
        node = lambda *command: self.lab.exec("par-1", *command)
        self.lab.lab("plug", "par-1", "eth1", "172.33.200.9/24")
        self.addCleanup(self.lab.lab, "unplug", "par-1", "eth1")
        node("ip", "route", "add", "default", "via", "172.33.200.1", "dev", "eth1", "table", "100")
        node("ip", "rule", "add", "fwmark", "7", "lookup", "100")
        self.addCleanup(node, "ip", "rule", "del", "fwmark", "7")
        node("nft", "add table inet marks; add chain inet marks out { type route hook output priority mangle; }; "
             "add rule inet marks out udp dport 9000 meta mark set 7; add table netdev marks; "
             "add chain netdev marks in { type filter hook ingress device eth0 priority -600; }; "
             "add rule netdev marks in udp dport 9000 meta mark set 9")
        self.addCleanup(node, "nft", "delete table inet marks; delete table netdev marks")
        routed = self.count("rtr-par", "routed", 'iifname "par-1.eth1" udp dport 9000')
        marked = self.count("par-1", "marked", "iifname eth0 meta mark 9 udp dport 9000")
        state = lambda: [node("ip", "rule").stdout, node("ip", "route", "show", "table", "all").stdout,
                         *self.ruleset("par-1")]
        before = state()
        # The router has no agent, so both ways are par-1's to impair: in by eth0, out by eth1.
        router = "172.33.0.1"
        sent = lambda: traffic.udp_arrivals(self.lab, "par-1", "rtr-par", router)[0]
        run = self.run_detached("impair", self.address("par-1"), router, "--rate", "50mbit", "--for", "1m")
        self.assertEqual((sent(), routed()), (5, 5))
        self.assertTrue(self.reaches("rtr-par", "par-1"))
        self.assertEqual(marked(), 5)
        self.lab.cli("abort", run)
        counted = self.counters(run, "par-1")
        self.assertEqual((int(counted["packets"]), int(counted["passed"])), (10, 10), "all went through a lane, once")
        run = self.run_detached("block", self.address("par-1"), router, "--for", "1m")
        self.assertEqual((sent(), routed()), (0, 5))
        self.lab.cli("abort", run)
        self.assertEqual((sent(), routed()), (5, 10))
        self.assertEqual(state(), before)

    def test_interface_that_is_renamed_stays_cut(self):
        self.lab.lab("plug", "par-1", "eth1", "172.33.200.9/24")
        reached = lambda: traffic.udp_arrivals(self.lab, "lon-1", "par-1", "172.33.200.9")[0] > 0
        wait_until(reached, 5, "the second interface works")
        run = self.block()
        self.assertFalse(reached())
        rename = lambda old, new: [self.lab.exec("par-1", "ip", "link", "set", *words) for words in (
            (old, "down"), (old, "name", new), (new, "up"))]
        rename("eth1", "lan9")
        wait_until(lambda: not reached(), 5, "the renamed interface is cut")
        self.lab.cli("abort", run)
        self.assertTrue(reached())
        self.lab.lab("unplug", "par-1", "lan9")

    def test_interface_that_goes_and_comes_back_during_a_run(self):
        run = self.block()
        reached = lambda: traffic.udp_arrivals(self.lab, "lon-1", "par-1", "172.33.200.9")[0] > 0
        for _ in range(2):
            self.lab.lab("plug", "par-1", "eth1", "172.33.200.9/24")
            wait_until(lambda: not reached(), 5, "the interface is cut each time")
            self.lab.lab("unplug", "par-1", "eth1")
        self.lab.lab("plug", "par-1", "eth1", "172.33.200.9/24")
        self.lab.cli("abort", run)
        self.assertTrue(reached())
        self.lab.lab("unplug", "par-1", "eth1")


if __name__ == "__main__":
    faultlab.require_root()
    unittest.main(verbosity=2)
