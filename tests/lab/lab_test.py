#!/usr/bin/env python3
"""Proves the lab itself, without Faultline: reachability, cuts, parallel labs, teardown."""

import itertools
import pathlib
import signal
import subprocess
import sys
import unittest

from faultlab import HERE, Lab, require_root, wait_until

UDP_PORT = 3000

# Prints "ready", waits to be told that all is sent, then prints "heard" or "silence". A datagram
# that was let through has arrived long before the grace it gets after that.
LISTEN = f"""
import socket, sys
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.bind(("::", {UDP_PORT}))
print("ready", flush=True)
sys.stdin.readline()
s.settimeout(0.3)
try:
    s.recv(16)
    print("heard")
except TimeoutError:
    print("silence")
"""

SEND = f"""
import socket, sys
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
s = socket.socket(family, socket.SOCK_DGRAM)
for _ in range(5):
    s.sendto(b"hello", (sys.argv[1], {UDP_PORT}))
"""


def hears(lab, sender, receiver, version=4):
    """Whether a UDP datagram from sender reaches receiver: says nothing of the way back."""
    node = lab.nodes[receiver]
    with lab.popen(receiver, sys.executable, "-c", LISTEN,
                   stdin=subprocess.PIPE, stdout=subprocess.PIPE) as listener:
        assert listener.stdout.readline() == "ready\n"
        lab.exec(sender, sys.executable, "-c", SEND, node.ipv4 if version == 4 else node.ipv6)
        return listener.communicate("sent\n", timeout=10)[0] == "heard\n"


def named_traces(prefix):
    return [path for parent in ("/run/netns", "/etc/netns")
            for path in pathlib.Path(parent).glob(f"{prefix}-*")]


def inode(path):
    try:
        return path.stat().st_ino
    except OSError:
        return None


def processes_inside(namespaces):
    """Processes in network namespaces given by inode: found even when the name is gone."""
    return [path for path in pathlib.Path("/proc").glob("[0-9]*/ns/net")
            if inode(path) in namespaces]


def host_links():
    output = subprocess.run(["ip", "-o", "link"], check=True, capture_output=True, text=True).stdout
    return sorted(line.split(":")[1] for line in output.splitlines())


class Reachability(unittest.TestCase):
    def ping_all_pairs(self, lab):
        targets = [address for node in lab.nodes.values() for address in (node.ipv4, node.ipv6)]
        targets += ["198.18.0.10", "fd2f::10"]
        for name in lab.nodes:
            lab.exec(name, "sh", "-c", 'for a; do ping -qc1 -W2 $a || exit; done', "sh", *targets)

    def test_every_node_reaches_every_other_and_ops(self):
        with Lab() as lab:
            self.assertEqual(
                {name: node.ipv4 for name, node in lab.nodes.items()},
                {"lon-1": "172.32.15.231", "lon-2": "172.32.4.2", "lon-3": "172.32.5.239",
                 "par-1": "172.33.11.90", "par-2": "172.33.8.38", "par-3": "172.33.7.44"})
            self.ping_all_pairs(lab)

    def test_two_nodes_in_each_of_six_subnets(self):
        with Lab(per_subnet=2) as lab:
            zones = [node.az for node in lab.nodes.values()]
            self.assertEqual({zone: zones.count(zone) for zone in zones},
                             {f"eu-west-{r}{s}": 2 for r, s in itertools.product("23", "abc")})
            self.ping_all_pairs(lab)

    def test_names_resolve_without_a_name_server(self):
        with Lab() as lab:
            self.assertIn("172.33.11.90", lab.exec("lon-1", "getent", "ahostsv4", "par-1").stdout)
            lab.exec("lon-1", "getent", "hosts", "no.such.name", expect=2, timeout=5)


class Peering(unittest.TestCase):
    def assert_directions(self, lab, london_to_paris, paris_to_london):
        for version in (4, 6):
            with self.subTest(version=version):
                self.assertEqual(hears(lab, "lon-1", "par-1", version), london_to_paris)
                self.assertEqual(hears(lab, "par-1", "lon-1", version), paris_to_london)

    def test_cuts(self):
        with Lab() as lab:
            routers = lab.kernel_state("rtr-lon", "rtr-par")
            self.assert_directions(lab, True, True)
            lab.cut("london-to-paris")
            self.assert_directions(lab, False, True)
            lab.cut("paris-to-london")
            self.assert_directions(lab, True, False)
            lab.cut()
            self.assert_directions(lab, False, False)
            self.assertTrue(hears(lab, "lon-2", "lon-3"), "a cut leaves the region alone")
            lab.exec("par-1", "ping", "-qc1", "-W2", "198.18.0.10")
            lab.uncut()
            self.assert_directions(lab, True, True)
            lab.assert_kernel_unchanged(routers)

    def test_slow(self):
        with Lab() as lab:
            routers = lab.kernel_state("rtr-lon", "rtr-par")
            lab.lab("slow", "10mbit")
            self.assertIn("at most 10Mbit", lab.lab("status").stdout)
            self.assertTrue(hears(lab, "lon-1", "par-1"))
            lab.lab("unslow")
            lab.assert_kernel_unchanged(routers)


class Isolation(unittest.TestCase):
    def test_parallel_labs_do_not_disturb_each_other(self):
        with Lab() as one, Lab() as two:
            one.cut()
            self.assertFalse(hears(one, "lon-1", "par-1"))
            self.assertTrue(hears(two, "lon-1", "par-1"))
            one.lab("down")
            self.assertTrue(hears(two, "par-1", "lon-1"))

    def test_a_second_up_is_refused_and_harms_nothing(self):
        with Lab() as lab:
            self.assertIn("is up", lab.lab("up", expect=1).stderr)
            lab.exec("lon-1", "ping", "-qc1", "-W2", lab.nodes["par-1"].ipv4)


class Teardown(unittest.TestCase):
    def test_down_leaves_nothing(self):
        links = host_links()
        with Lab() as lab:
            named = pathlib.Path("/run/netns").glob(f"{lab.prefix}-*")
            namespaces = {inode(path) for path in named}
            self.assertEqual(len(namespaces), 9)
            sleeper = lab.popen("lon-1", "sleep", "1000")
            stopped = lab.popen("par-1", "sleep", "1000")
            wait_until(lambda: len(processes_inside(namespaces)) == 2, 5, "both run inside")
            stopped.send_signal(signal.SIGSTOP)
            lab.lab("down")
            self.assertEqual([sleeper.wait(5), stopped.wait(5)], [-signal.SIGTERM] * 2)
            self.assertEqual(processes_inside(namespaces), [])
            self.assertEqual(named_traces(lab.prefix), [])
            self.assertFalse(lab.state.exists())
            self.assertEqual(host_links(), links)
            lab.lab("down")

    def test_an_up_that_fails_takes_everything_down(self):
        lab = Lab()
        subprocess.run(["ip", "netns", "add", f"{lab.prefix}-par-3"], check=True)
        self.assertIn("taking down", lab.lab("up", expect=1).stderr)
        self.assertEqual(named_traces(lab.prefix), [])
        self.assertFalse(lab.state.exists())


class Usage(unittest.TestCase):
    def assert_misuse(self, lab, *args):
        with self.subTest(args=args):
            done = lab.lab(*args, expect=2)
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)

    def test_mistakes_exit_2_with_one_line(self):
        with Lab() as lab:
            for args in (["nonsense"], ["--nonsense"], ["exec"], ["exec", "lon-9", "true"],
                         ["kernel-state"], ["cut", "sideways"], ["slow"], ["slow", "fast"],
                         ["start", "lon-9"], ["stop", "ops"], ["up", "--per-subnet", "0"],
                         ["--prefix", "Bad-One", "status"], ["status", "all"]):
                self.assert_misuse(lab, *args)

    def test_no_argument_explains(self):
        done = subprocess.run([HERE / "lab"], check=True, capture_output=True, text=True)
        for verb in ("up", "down", "exec", "status", "cut", "slow", "start", "kernel-state"):
            self.assertRegex(done.stdout, rf"(?m)^  {verb}\b")


if __name__ == "__main__":
    require_root()
    unittest.main(verbosity=2)
