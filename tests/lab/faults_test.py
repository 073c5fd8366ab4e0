#!/usr/bin/env python3
"""Every kind of fault end to end, as traffic between nodes feels it. Each test ends with the kernel as it began.

    faults_test.py KernelTest     what any kernel can do
    faults_test.py NetemTest      what needs netem
"""

import errno
import json
import statistics
import unittest

import faultlab
import traffic
from e2e_test import LabTest, plan
from faultlab import wait_until

# Prints the error's number, 0 for none, and how long the attempt took.
CONNECT = """
import json, socket, sys, time
began = time.monotonic()
sock = socket.socket()
sock.settimeout(float(sys.argv[3]))
try:
    sock.connect((sys.argv[1], int(sys.argv[2])))
    error = 0
except TimeoutError:
    error = -1
except OSError as failure:
    error = failure.errno
print(json.dumps([error, time.monotonic() - began]))
"""
TIMED_OUT = -1

# Takes connections for ever and echoes what comes.
ECHO_SERVER = """
import socket, sys, threading
def echo(connection):
    while data := connection.recv(65536):
        connection.sendall(data)
server = socket.create_server(("", int(sys.argv[1])))
print("ready", flush=True)
while True:
    connection, _ = server.accept()
    threading.Thread(target=echo, args=(connection,), daemon=True).start()
"""

# Sends for so many seconds; prints bytes per second as the receiver acknowledged them.
TCP_FLOOD = """
import json, socket, sys, time
sock = socket.create_connection((sys.argv[1], int(sys.argv[2])))
sock.settimeout(30)
seconds, block, sent = float(sys.argv[3]), b"x" * 65536, 0
began = time.monotonic()
while time.monotonic() < began + seconds:
    sent += sock.send(block)
sock.shutdown(socket.SHUT_WR)
while sock.recv(65536):
    pass
print(json.dumps(sent / (time.monotonic() - began)))
"""

TCP_SINK = """
import socket, sys
server = socket.create_server(("", int(sys.argv[1])))
print("ready", flush=True)
while True:
    connection, _ = server.accept()
    while connection.recv(1 << 20):
        pass
    connection.close()
"""


# Prints what arrives, until three seconds have brought nothing.
UDP_LISTENER = """
import json, socket, sys, time
sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
sock.bind(("::", int(sys.argv[1])))
print("ready", flush=True)
sock.settimeout(30)
while True:
    try:
        number, sent = json.loads(sock.recv(2048))
    except TimeoutError:
        break
    print(json.dumps([number, sent, time.monotonic()]))
    sock.settimeout(3)
"""


class FaultTest(LabTest):
    def connect(self, sender, address, port, patience=1.0):
        """The error of a TCP connection attempt (0: none), and the seconds it took."""
        return json.loads(self.lab.exec(sender, "python3", "-c", CONNECT, address, port, patience).stdout)

    def serve(self, node, *ports, program=ECHO_SERVER):
        for port in ports:
            server = traffic.Program(self.lab, node, program, port)
            self.enterContext(server)
            server.await_ready()

    def run_plan(self, *steps):
        with plan(steps) as file:
            return self.run_detached("run", file.name)

    def verify(self, *steps):
        self.lab.await_mesh()
        with plan(steps) as file:
            run = self.lab.cli_json("run", file.name, expect=None)
        self.assertEqual(run["outcome"], "OUTCOME_VERIFIED", run["summary"])
        return {stage["name"]: stage for stage in run["stages"]}

    def counters(self, run, node, step=0):
        """What a node counted for a step of a run that is over."""
        outcome = next(n for n in self.get(run)["nodes"] if n["node"] == node)["outcome"]
        return next(c for c in outcome["counters"] if c.get("step", 0) == step)


class KernelTest(FaultTest):
    def test_reject_answers_at_once_and_only_on_its_ports(self):
        self.serve("par-1", 3000, 3001)
        self.run_plan("{at: 0s, for: 1m, name: rst, block: {from: london, to: paris, action: reject, protocol: tcp, "
                      "ports: [3001-3002]}}")
        address = self.address("par-1")
        error, took = self.connect("lon-1", address, 3001)
        self.assertEqual(error, errno.ECONNREFUSED)
        self.assertLess(took, 0.9, "refused, not timed out")
        self.assertEqual(self.connect("lon-1", address, 3000)[0], 0)
        self.assertTrue(self.reaches("lon-1", "par-1", port=3001), "UDP is not concerned")

    def test_reject_tells_udp_senders_too(self):
        self.run_plan("{at: 0s, for: 1m, name: icmp, block: {from: london, to: paris, action: reject}}")
        arrived, errors = traffic.udp_arrivals(self.lab, "lon-1", "par-1", self.address("par-1"), count=20)
        self.assertEqual(arrived, 0)
        self.assertTrue(errors, "an ICMP error reaches the sender's socket")
        self.assertEqual({number for _, number in errors}, {errno.EHOSTUNREACH})

    def test_reject_at_the_sender_for_receivers_without_an_agent(self):
        self.lab.stop("par-1", "par-2", "par-3")
        wait_until(lambda: sum(n["connected"] for n in self.lab.cli_json("nodes")["nodes"]) == 3, 10, "Paris is gone")
        self.serve("par-1", 3000)
        run = self.run_plan("{at: 0s, for: 1m, name: rst, block: {from: london, to: paris, action: reject}}")
        self.assertEqual(self.connect("lon-1", self.address("par-1"), 3000)[0], errno.ECONNREFUSED)
        self.lab.cli("abort", run)
        self.assertEqual(self.connect("lon-1", self.address("par-1"), 3000)[0], 0)

    def test_partition_of_a_port_leaves_the_others_alone(self):
        self.serve("par-1", 3000, 3002)
        self.run_plan("{at: 0s, for: 1m, name: heartbeat, partition: {groups: [london, paris], protocol: tcp, "
                      "ports: [3002]}}")
        self.assertEqual(self.connect("lon-1", self.address("par-1"), 3002)[0], TIMED_OUT)
        self.assertEqual(self.connect("lon-1", self.address("par-1"), 3000)[0], 0)

    def test_exclusions_pass(self):
        self.serve("par-1", 3000, 3001)
        self.run_plan(f"{{at: 0s, for: 1m, name: most, partition: {{groups: [london, paris], exclude_ports: [3001], "
                      f"exclude: [{self.address('lon-2')}/32]}}}}")
        self.assertEqual(self.connect("lon-1", self.address("par-1"), 3000)[0], TIMED_OUT)
        self.assertEqual(self.connect("lon-1", self.address("par-1"), 3001)[0], 0)
        self.assertEqual(self.connect("lon-2", self.address("par-1"), 3000)[0], 0)

    def test_security_group_refuses_new_connections_one_way_and_keeps_open_ones(self):
        self.serve("par-1", 3000)
        self.serve("lon-1", 3000)
        with traffic.Program(self.lab, "lon-1", traffic.TCP_CLIENT, self.address("par-1"), 3000) as client:
            self.assertIn("took", client.read())
            self.run_plan("{at: 0s, for: 1m, name: sg, block: {from: london, to: paris}, semantics: security-group}")
            self.assertEqual(self.connect("lon-1", self.address("par-1"), 3000)[0], TIMED_OUT)
            self.assertEqual(self.connect("par-1", self.address("lon-1"), 3000)[0], 0, "the other way opens")
            fired = client.read()["began"]
            while (line := client.read())["began"] < fired + 0.5:
                self.assertLess(line["took"], 0.5, "the open connection lives on")

    def test_flap_comes_and_goes_and_heals(self):
        run = self.run_plan("{at: 0s, for: 1m, name: flap, partition: [london, paris], flap: {down: 1s, up: 1s}}")
        with traffic.Program(self.lab, "par-1", traffic.UDP_RECEIVER, 9000).await_ready() as inbox:
            with traffic.Program(
                    self.lab, "lon-1", traffic.UDP_SENDER, self.address("par-1"), 9000, 0.01, 0, 800) as outbox:
                (errors,) = outbox.finish()
            arrivals = [number for number, _, _ in inbox.stop()]
        self.assertEqual(errors, [])
        gaps = [after - before - 1 for before, after in zip(arrivals, arrivals[1:]) if after - before > 20]
        self.assertGreaterEqual(len(gaps), 3, arrivals)
        # Each gap is one phase of a second; the sender sleeps a little more than 10 ms between two.
        for gap in gaps:
            self.assertTrue(70 <= gap <= 105, gaps)
        self.lab.cli("abort", run)
        self.assertTrue(self.reaches("lon-1", "par-1"))

    def test_flap_is_verified_by_the_share_of_probes_that_arrive(self):
        stages = self.verify("{at: 3s, for: 14s, name: flap, partition: [london, paris], flap: {down: 1s, up: 1s}}")
        edge = next(e for e in stages["flap"]["edges"] if (e["from"], e["to"]) == ("lon-1", "par-1"))
        self.assertTrue(0 < edge["received"] < edge["sent"], edge)

    def test_loss_without_netem_is_seen_by_the_probes(self):
        with plan(["{at: 3s, for: 10s, name: lossy, impair: {between: [london, paris], loss: 30%}}"]) as file:
            run = self.lab.cli_json("run", file.name, expect=None)
        # Over all edges at once: of one alone there are only some twenty probes.
        edges = [edge for stage in run["stages"] if stage["name"] == "lossy" for edge in stage["edges"]
                 if edge["from"][:3] != edge["to"][:3]]
        sent = sum(edge["sent"] for edge in edges)
        received = sum(edge.get("received", 0) for edge in edges)
        self.assertGreater(sent, 300)
        self.assertAlmostEqual(received / sent, 0.7, delta=0.1)

    def test_rate_holds_and_is_one_way(self):
        self.serve("par-1", 3000, program=TCP_SINK)
        self.serve("lon-1", 3000, program=TCP_SINK)
        flood = lambda sender, receiver: json.loads(self.lab.exec(
            sender, "python3", "-c", TCP_FLOOD, self.address(receiver), 3000, 3).stdout) * 8 / 1e6
        run = self.run_plan("{at: 0s, for: 1m, name: slow, impair: {from: london, to: paris, rate: 20mbit}}")
        slow = flood("lon-1", "par-1")
        # Payload; headers take 4 % of an MTU packet.
        self.assertTrue(16 < slow < 20.5, slow)
        self.assertGreater(flood("par-1", "lon-1"), 100)
        self.lab.cli("abort", run)
        counters = self.counters(run, "par-1")
        self.assertGreater(int(counters["passed"]), 3000)
        self.assertEqual(int(counters.get("lost", 0)), 0)

    def test_interface_that_appears_during_a_run_is_cut_too(self):
        run = self.run_plan("{at: 0s, for: 1m, name: cut, block: {from: london, to: paris}}")
        self.lab.lab("plug", "par-1", "eth1", "172.33.200.9/24")
        self.addCleanup(self.lab.lab, "unplug", "par-1", "eth1")
        def reached():
            arrived, _ = traffic.udp_arrivals(self.lab, "lon-1", "par-1", "172.33.200.9")
            return arrived > 0
        wait_until(lambda: not reached(), 5, "the new interface is cut")
        self.lab.cli("abort", run)
        self.assertTrue(reached())

    def test_node_without_netem_refuses_a_delay_before_anything_happens(self):
        has_netem = self.lab.exec(
            "lon-1", "tc", "qdisc", "add", "dev", "lo", "root", "netem", "delay", "1ms", expect=None).returncode == 0
        if has_netem:
            self.lab.exec("lon-1", "tc", "qdisc", "del", "dev", "lo", "root")
            self.skipTest("this kernel has netem")
        before = self.lab.kernel_state()
        with plan(["{at: 0s, for: 5s, name: far, impair: {between: [london, paris], delay: 80ms}}"]) as file:
            done = self.lab.cli("run", file.name, expect=2)
        for expected in ("step 'far'", "lon-1", "netem", "sch_netem"):
            self.assertIn(expected, done.stderr)
        self.lab.assert_kernel_unchanged(before)


class NetemTest(FaultTest):
    def delays(self, sender, receiver, count=100, interval=0.02):
        """Datagrams as (number, sent, arrived) in seconds; the namespaces share a clock."""
        with traffic.Program(self.lab, receiver, UDP_LISTENER, 9000).await_ready() as inbox:
            with traffic.Program(self.lab, sender, traffic.UDP_SENDER, self.address(receiver), 9000, interval, 0,
                                 count) as outbox:
                outbox.finish()
            arrivals = inbox.finish()
        self.assertGreater(len(arrivals), count / 2)
        return arrivals

    def median_delay(self, sender, receiver):
        return statistics.median(arrived - sent for _, sent, arrived in self.delays(sender, receiver, 40))

    def assert_delays_one_way(self):
        before = self.median_delay("lon-1", "par-1")
        run = self.run_plan("{at: 0s, for: 1m, name: far, impair: {from: london, to: paris, delay: 80ms}}")
        self.assertAlmostEqual(self.median_delay("lon-1", "par-1") - before, 0.080, delta=0.008)
        self.assertLess(self.median_delay("par-1", "lon-1"), 0.040)
        self.lab.cli("abort", run)
        self.assertLess(self.median_delay("lon-1", "par-1"), 0.040)

    def test_delay_is_one_way_and_verified(self):
        self.assert_delays_one_way()
        self.verify("{at: 3s, for: 6s, name: far, impair: {between: [london, paris], delay: 80ms, jitter: 10ms, "
                    "distribution: normal, loss: 5%}}")

    def test_delay_at_the_sender_where_the_receiver_has_no_agent(self):
        self.lab.stop("par-1", "par-2", "par-3")
        wait_until(lambda: sum(n["connected"] for n in self.lab.cli_json("nodes")["nodes"]) == 3, 10, "Paris is gone")
        self.assert_delays_one_way()

    def test_jitter_does_not_reorder(self):
        self.run_plan("{at: 0s, for: 1m, name: far, impair: {from: london, to: paris, delay: 50ms, jitter: 50ms}}")
        numbers = [number for number, _, _ in self.delays("lon-1", "par-1", 200, 0.003)]
        self.assertEqual(numbers, sorted(numbers))

    def test_ramp_grows(self):
        run = self.run_plan("{at: 0s, for: 2m, name: ramp, impair: {from: london, to: paris, delay: 0ms}, "
                            "ramp: {delay: 400ms, over: 40s}}")
        early = self.median_delay("lon-1", "par-1")
        def grown():
            return self.median_delay("lon-1", "par-1")
        late = wait_until(lambda: (d := grown()) > 0.38 and d, 80, "the ramp is at its end")
        self.assertLess(early, late - 0.1)
        self.lab.cli("abort", run)

    def test_block_wins_and_the_later_of_two_impairments(self):
        run = self.run_plan(
            "{at: 0s, for: 1m, name: near, impair: {from: london, to: paris, delay: 40ms}}",
            "{at: 2s, for: 10s, name: far, impair: {from: london, to: paris, delay: 200ms}}",
            "{at: 13s, for: 10s, name: cut, block: {from: london, to: paris}}")
        self.await_fired(run, 1)
        self.assertAlmostEqual(self.median_delay("lon-1", "par-1"), 0.200, delta=0.03)
        self.await_fired(run, 2)
        self.assertFalse(self.reaches("lon-1", "par-1"))
        wait_until(lambda: self.reaches("lon-1", "par-1"), 20, "the cut ends")
        self.assertAlmostEqual(self.median_delay("lon-1", "par-1"), 0.040, delta=0.03)


if __name__ == "__main__":
    faultlab.require_root()
    unittest.main(verbosity=2)
