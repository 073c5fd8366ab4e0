#!/usr/bin/env python3
"""The product end to end, in a lab: real controller, real agents, real kernel.

Every test ends with the same kernel state in every node as it began with.
"""

import os
import pathlib
import signal
import subprocess
import tempfile
import threading
import time
import unittest

import faultlab
import traffic
from faultlab import wait_until

LONDON, PARIS = "172.32.0.0/16,fd20::/48", "172.33.0.0/16,fd21::/48"
LEASE = 2  # seconds


def plan(steps, extra=""):
    """A plan file of London and Paris; ends with the test that made it."""
    file = tempfile.NamedTemporaryFile("w", suffix=".yaml")
    file.write(
        'name: test\ngroups:\n  london: {cidrs: [172.32.0.0/16, "fd20::/48"]}\n'
        '  paris: {cidrs: [172.33.0.0/16, "fd21::/48"]}\n'
        f"{extra}steps:\n" + "".join(f"  - {step}\n" for step in steps))
    file.flush()
    return file


class LabTest(faultlab.TimedTest):
    """A fresh lab and fleet for every test."""

    # What is not about a lease has one that a busy machine does not lose.
    lease = 15

    def setUp(self):
        self.lab = self.enterContext(faultlab.Lab())
        before = self.lab.kernel_state()
        self.lab.start(lease=f"{self.lease}s")
        # Last in, first out: while the lab is still up.
        self.addCleanup(self._check_teardown, before)

    def _check_teardown(self, before):
        self.lab.stop()
        self.lab.assert_kernel_unchanged(before)

    def run_detached(self, *args):
        """Starts a run and waits until its first step acts on every node; the run's id."""
        run = self.lab.cli_json(*args, "--detach")["id"]
        self.await_fired(run)
        return run

    def await_fired(self, run, step=0):
        def fired():
            nodes = self.get(run)["nodes"]
            return all(any(t["step"] == step and t["transition"] == "TRANSITION_FIRED" for t in n["transitions"])
                       for n in nodes)
        wait_until(fired, 20, f"step {step} of {run} fires on every node")

    def get(self, run):
        return self.lab.cli_json("show", run)["run"]

    def await_over(self, run, timeout=30):
        wait_until(lambda: self.get(run)["state"] == "RUN_STATE_ENDED", timeout, f"{run} is over")
        return self.get(run)

    def address(self, node):
        return self.lab.nodes[node].ipv4

    def reaches(self, sender, receiver, port=9000):
        arrived, _ = traffic.udp_arrivals(self.lab, sender, receiver, self.address(receiver), port)
        return arrived == 5


class RunTest(LabTest):
    def test_plan_is_carried_out_and_verified(self):
        self.lab.await_mesh()
        with plan(["{at: 1s, for: 3s, name: one-way, block: {from: london, to: paris}}",
                   "{after: one-way, for: 3s, name: split, partition: [london, paris]}"]) as file:
            run = self.lab.cli_json("run", file.name)
        self.assertEqual(run["outcome"], "OUTCOME_VERIFIED", run["summary"])
        stages = {stage["name"]: stage for stage in run["stages"]}
        self.assertEqual(list(stages), ["baseline", "one-way", "split", "healed"])
        edges = {(e["from"], e["to"], e["family"]): e["observed"] for e in stages["one-way"]["edges"]}
        self.assertEqual(len(edges), 60)
        self.assertEqual(edges["lon-1", "par-1", "FAMILY_IPV4"], "REACH_CUT")
        self.assertEqual(edges["lon-1", "par-1", "FAMILY_IPV6"], "REACH_CUT")
        self.assertEqual(edges["par-1", "lon-1", "FAMILY_IPV4"], "REACH_OPEN")

    def test_block_is_one_way_and_silent_to_its_sender(self):
        run = self.run_detached("block", LONDON, PARIS, "--one-way", "--for", "30s")
        for address in (self.address("par-1"), self.lab.nodes["par-1"].ipv6):
            arrived, errors = traffic.udp_arrivals(self.lab, "lon-1", "par-1", address)
            self.assertEqual((arrived, errors), (0, []))
        self.assertTrue(self.reaches("par-1", "lon-1"))
        self.assertTrue(self.reaches("lon-1", "lon-2"))
        self.lab.cli("abort", run)
        self.assertTrue(self.reaches("lon-1", "par-1"))

    def test_receiver_without_an_agent_is_cut_off_at_the_sender_in_silence(self):
        self.lab.stop("par-1", "par-2", "par-3")
        wait_until(lambda: sum(n["connected"] for n in self.lab.cli_json("nodes")["nodes"]) == 3, 10, "Paris is gone")
        run = self.run_detached("block", LONDON, PARIS, "--one-way", "--for", "30s")
        self.assertIn("fl0", self.lab.kernel_state("lon-1")["lon-1"])
        arrived, errors = traffic.udp_arrivals(self.lab, "lon-1", "par-1", self.address("par-1"), count=200)
        self.assertEqual((arrived, errors), (0, []))
        self.assertTrue(self.reaches("par-1", "lon-1"))
        self.lab.cli("abort", run)
        self.assertTrue(self.reaches("lon-1", "par-1"))

    def test_nothing_cuts_off_the_nodes_own_dns_servers_or_the_time(self):
        # A server that has an agent too drops what comes from others by itself: it does not know who asks it.
        self.lab.stop("par-1", "lon-1")
        resolv_conf = pathlib.Path(f"/etc/netns/{self.lab.prefix}-par-1/resolv.conf")
        resolv_conf.write_text(f"nameserver {self.address('lon-1')}\nnameserver {self.lab.nodes['lon-1'].ipv6}\n")
        self.lab.start("par-1")
        run = self.run_detached("partition", LONDON, PARIS, "--for", "1m")
        self.assertFalse(self.reaches("par-1", "lon-1"))
        self.assertFalse(self.reaches("lon-1", "par-1", port=53), "it is not a server for others")
        self.assertTrue(self.reaches("par-1", "lon-1", port=53))
        self.assertFalse(self.reaches("par-1", "lon-2", port=53), "it asks another one")
        self.assertFalse(self.reaches("par-2", "lon-1", port=53), "another node asks nobody")
        self.assertTrue(self.reaches("par-2", "lon-2", port=123))
        with traffic.Program(self.lab, "lon-1", traffic.TCP_SERVER, 53).await_ready():
            with traffic.Program(self.lab, "par-1", traffic.TCP_CLIENT, self.address("lon-1"), 53) as client:
                self.assertIn("took", client.read())
        self.lab.cli("abort", run)


class EndingTest(LabTest):
    lease = LEASE

    def test_abort_heals_at_once(self):
        run = self.run_detached("partition", LONDON, PARIS, "--for", "5m")
        self.assertFalse(self.reaches("lon-1", "par-1"))
        self.lab.cli("abort", run)
        self.assertTrue(self.reaches("lon-1", "par-1"))
        self.assertEqual(self.get(run)["outcome"], "OUTCOME_ABORTED")

    def test_heal_ends_every_run(self):
        first = self.run_detached("block", "lon-1", "lon-2", "--for", "5m")
        second = self.run_detached("block", "par-1", "par-2", "--for", "5m")
        self.assertFalse(self.reaches("lon-1", "lon-2") or self.reaches("par-1", "par-2"))
        self.assertCountEqual(self.lab.cli_json("heal", "--all")["run_ids"], [first, second])
        self.assertTrue(self.reaches("lon-1", "lon-2") and self.reaches("par-1", "par-2"))

    def test_ctrl_c_heals(self):
        self.interrupt(1)

    def test_two_hasty_ctrl_c_heal_as_well(self):
        self.interrupt(2)

    def interrupt(self, times):
        process = subprocess.Popen(
            [str(faultlab.HERE / "lab"), "--prefix", self.lab.prefix, "faultline",
             "partition", LONDON, PARIS, "--for", "5m"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
        wait_until(lambda: self.lab.cli_json("runs")["runs"], 10, "the run exists")
        run = self.lab.cli_json("runs")["runs"][0]["id"]
        self.await_fired(run)
        for _ in range(times):
            os.killpg(process.pid, signal.SIGINT)
            time.sleep(0.03)
        process.communicate(timeout=20)
        # A late one may find the command done with the run, and end it as any program.
        self.assertIn(process.returncode, (1, -signal.SIGINT) if times > 1 else (1,))
        self.assertEqual(self.await_over(run)["outcome"], "OUTCOME_ABORTED")
        self.assertTrue(self.reaches("lon-1", "par-1"))

    def test_agent_heal_on_the_node(self):
        run = self.run_detached("block", LONDON, PARIS, "--one-way", "--for", "5m")
        config = self.lab.state / "par-1.yaml"
        binary = pathlib.Path(os.environ.get("FAULTLINE_BIN", faultlab.REPO / "build/bin")) / "faultline-agent"
        done = self.lab.exec("par-1", binary, "--config", config, "heal")
        self.assertIn("ended 1 runs", done.stdout)
        self.assertTrue(self.reaches("lon-1", "par-1"))
        self.assertFalse(self.reaches("lon-1", "par-2"))
        self.lab.cli("abort", run)

    def test_sigterm_of_an_agent_heals(self):
        run = self.run_detached("block", LONDON, PARIS, "--one-way", "--for", "5m")
        self.lab.stop("par-1")
        self.assertTrue(self.reaches("lon-1", "par-1"))
        ends = {node["node"]: node.get("outcome", {}).get("end") for node in self.get(run)["nodes"]}
        self.assertEqual(ends["par-1"], "NODE_END_SHUTDOWN")
        self.lab.cli("abort", run)

    def test_nothing_cuts_off_the_controller_or_ssh(self):
        run = self.run_detached("partition", "172.32.0.0/16", "172.33.0.0/16,198.18.0.0/15", "--for", "4s")
        self.assertFalse(self.reaches("par-1", "lon-1"))
        self.assertFalse(self.reaches("par-1", "lon-1", port=22), "UDP port 22 is not SSH")
        with traffic.Program(self.lab, "lon-1", traffic.TCP_SERVER, 22).await_ready():
            with traffic.Program(self.lab, "par-1", traffic.TCP_CLIENT, self.address("lon-1"), 22) as client:
                self.assertIn("took", client.read())
        # Long after the lease the sessions still renew it.
        self.assertEqual(self.await_over(run)["nodes"][0]["outcome"]["end"], "NODE_END_COMPLETED")

    def test_sigkill_of_an_agent_heals_at_once(self):
        run = self.run_detached("block", LONDON, PARIS, "--one-way", "--for", "5m")
        os.kill(self.lab.pid("par-1"), signal.SIGKILL)
        wait_until(lambda: "faultline" not in self.lab.kernel_state("par-1")["par-1"], 1, "the table vanishes")
        self.assertTrue(self.reaches("lon-1", "par-1"))
        self.assertFalse(self.reaches("lon-1", "par-2"))
        self.lab.cli("abort", run)

    def test_sigkill_of_an_agent_that_acts_at_the_sender_heals_within_the_lease(self):
        self.lab.stop("par-1", "par-2", "par-3")
        wait_until(lambda: sum(n["connected"] for n in self.lab.cli_json("nodes")["nodes"]) == 3, 10, "Paris is gone")
        run = self.run_detached("block", LONDON, PARIS, "--one-way", "--for", "5m")
        self.assertFalse(self.reaches("lon-1", "par-1"))
        os.kill(self.lab.pid("lon-1"), signal.SIGKILL)
        wait_until(lambda: self.reaches("lon-1", "par-1"), LEASE + 3, "the kernel heals a dead agent's node")
        self.assertFalse(self.reaches("lon-2", "par-1"))
        self.lab.cli("abort", run)
        # Its next start removes what acts on nothing any more.
        self.lab.stop("lon-1")
        self.lab.start("lon-1")

    def test_sigstop_of_an_agent_heals_within_the_lease(self):
        run = self.run_detached("block", LONDON, PARIS, "--one-way", "--for", "5m")
        pid = self.lab.pid("par-1")
        os.kill(pid, signal.SIGSTOP)
        try:
            wait_until(lambda: self.reaches("lon-1", "par-1"), LEASE + 2, "the kernel heals a stopped agent's node")
            self.assertIn("faultline", self.lab.kernel_state("par-1")["par-1"], "by the gate, not by the table's end")
        finally:
            os.kill(pid, signal.SIGCONT)
        self.lab.cli("abort", run)

    def test_controller_loss_heals_within_the_lease(self):
        run = self.run_detached("partition", LONDON, PARIS, "--for", "5m")
        os.kill(self.lab.pid("controller"), signal.SIGKILL)
        wait_until(lambda: self.reaches("lon-1", "par-1"), LEASE + 3, "the nodes heal without their controller")
        self.lab.stop("controller")
        self.lab.start("controller")
        ended = self.await_over(run)
        self.assertEqual(ended["outcome"], "OUTCOME_INTERRUPTED")
        self.assertEqual({node["outcome"]["end"] for node in ended["nodes"]}, {"NODE_END_LEASE_LOST"})

    def test_run_that_may_continue_outlives_its_controller(self):
        with plan(["{at: 0s, for: 8s, name: split, partition: [london, paris]}"],
                  "on_controller_loss: continue\n") as file:
            run = self.run_detached("run", file.name)
        os.kill(self.lab.pid("controller"), signal.SIGKILL)
        began = time.monotonic()
        while time.monotonic() < began + LEASE + 1.5:
            self.assertFalse(self.reaches("lon-1", "par-1"))
        wait_until(lambda: self.reaches("lon-1", "par-1"), 10, "the step ends at its own time")
        self.lab.stop("controller")
        self.lab.start("controller")
        self.assertEqual({n["outcome"]["end"] for n in self.await_over(run)["nodes"]}, {"NODE_END_COMPLETED"})

    def test_agent_that_starts_removes_what_an_earlier_life_left(self):
        self.lab.stop("lon-1")
        self.lab.exec("lon-1", "nft", "add table netdev faultline; add chain netdev faultline old "
                      '{ type filter hook ingress devices = { eth0 } priority 0; }; '
                      "add rule netdev faultline old ip saddr 172.33.0.0/16 drop")
        self.lab.exec("lon-1", "ip", "link", "add", "fl3", "type", "ifb")
        self.lab.exec("lon-1", "ip", "link", "set", "fl3", "alias", "faultline")
        self.lab.exec("lon-1", "ip", "link", "add", "fl4", "type", "ifb")  # Somebody else's: no alias.
        self.lab.start("lon-1")
        state = self.lab.kernel_state("lon-1")["lon-1"]
        self.assertNotIn("faultline", state)
        self.assertNotIn("fl3", state)
        self.assertIn("fl4", state)
        self.lab.exec("lon-1", "ip", "link", "del", "fl4")


class RefusalTest(LabTest):
    def test_node_that_refuses_stops_everything_everywhere(self):
        config = self.lab.state / "par-2.yaml"
        config.write_text(config.read_text() + "guard: {max_duration: 5s}\n")
        self.lab.stop("par-2")
        before = self.lab.kernel_state()
        self._start_with(config, "par-2")
        done = self.lab.cli("partition", LONDON, PARIS, "--for", "1m", expect=3)
        self.assertIn("par-2 refused", done.stdout)
        self.assertIn("guard.max_duration", done.stdout)
        self.lab.assert_kernel_unchanged(before)

    def _start_with(self, config, node):
        """The lab writes a node's configuration at start; this starts an agent with one of the test's own."""
        binary = pathlib.Path(os.environ.get("FAULTLINE_BIN", faultlab.REPO / "build/bin")) / "faultline-agent"
        process = self.lab.popen(node, binary, "--insecure", "--config", config, stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        wait_until(lambda: all(n["connected"] for n in self.lab.cli_json("nodes")["nodes"]), 10, f"{node} joins")

    def test_errors_of_a_plan_are_all_told_and_nothing_runs(self):
        with plan(["{at: 1s, for: 30, name: a, partition: [london, pariss]}",
                   "{at: 1s, name: b, blok: {from: london, to: paris}}"]) as file:
            done = self.lab.cli("run", file.name, expect=2)
        for expected in (":6:", "has no unit", "did you mean 'paris'?", ":7:", "did you mean 'block'?", "'for'"):
            self.assertIn(expected, done.stderr)
        self.assertFalse(self.lab.cli_json("runs")["runs"])

    def test_groups_that_match_no_node_are_told_with_their_place(self):
        done = self.lab.cli("block", "region=eu-west-9", PARIS, "--for", "5s", expect=2)
        self.assertIn("eu-west-9", done.stderr)
        done = self.lab.cli("partition", "10.1.0.0/16", "10.2.0.0/16", "--for", "5s", expect=2)
        self.assertIn("neither group has a connected node", done.stderr)

    def test_controller_that_does_not_answer(self):
        self.lab.stop("controller")
        self.assertIn("does not answer", self.lab.cli("nodes", expect=4).stderr)

    def test_second_controller_leaves_the_first_ones_socket_alone(self):
        config = self.lab.state / "second.yaml"
        config.write_text(f"listen: 127.0.0.1:7499\nsocket: {self.lab.state}/controller.sock\n"
                          f"state: {self.lab.state}/second\n")
        binary = pathlib.Path(os.environ.get("FAULTLINE_BIN", faultlab.REPO / "build/bin")) / "faultline-controller"
        done = self.lab.exec("lon-1", binary, "--insecure", "--config", config, expect=1, timeout=20)
        self.assertIn("another controller may be using this socket", done.stderr)
        self.lab.cli("nodes")

    def test_unknown_run_and_wrong_usage(self):
        self.assertIn("no run 'x-1'", self.lab.cli("show", "x-1", expect=2).stderr)
        self.lab.cli("frobnicate", expect=2)
        self.assertIn("--for", self.lab.cli("block", "a", "b", expect=2).stderr)

    def test_second_agent_with_a_taken_name_is_kept_out(self):
        config = self.lab.state / "twin.yaml"
        # On the node of another, which has the port for metrics.
        config.write_text((self.lab.state / "lon-1.yaml").read_text().replace("lon-1.run", "twin.run")
                          + "metrics: {listen: ''}\n")
        binary = pathlib.Path(os.environ.get("FAULTLINE_BIN", faultlab.REPO / "build/bin")) / "faultline-agent"
        twin = self.lab.popen("lon-2", binary, "--insecure", "--config", config, stderr=subprocess.PIPE)
        self.addCleanup(twin.communicate)
        self.addCleanup(twin.terminate)
        lines = []
        reader = threading.Thread(target=lambda: lines.extend(iter(twin.stderr.readline, "")), daemon=True)
        reader.start()
        wait_until(lambda: any("another live agent" in line for line in lines), 10, "the twin is told why")


class OracleTest(LabTest):
    """Our block against a true cut of the routers' peering link."""

    def story(self, cut, heal):
        """An established connection's life across a cut of 5 s: time to flow again, and errors."""
        with traffic.Program(self.lab, "par-1", traffic.TCP_SERVER, 3000).await_ready():
            with traffic.Program(self.lab, "lon-1", traffic.TCP_CLIENT, self.address("par-1"), 3000) as client:
                client.read()
                cut()
                began = time.monotonic()
                wait_until(lambda: time.monotonic() > began + 5, 6, "the cut has lasted")
                retransmits = self.backoff()
                heal()
                healed = time.monotonic()
                while True:
                    line = client.read()
                    self.assertNotIn("error", line)
                    if line["began"] + line["took"] > healed:
                        return retransmits, line["began"] + line["took"] - healed

    def backoff(self):
        """How often the connection's RTO has been doubled by now."""
        info = self.lab.exec("lon-1", "ss", "-tinH", "dport = :3000").stdout
        return int(info.split("backoff:")[1].split()[0])

    def test_block_tells_the_same_tcp_story_as_a_true_cut(self):
        true_backoff, true_flow = self.story(self.lab.cut, self.lab.uncut)
        runs = []
        ours_backoff, ours_flow = self.story(
            lambda: runs.append(self.run_detached("partition", LONDON, PARIS, "--for", "1m")),
            lambda: self.lab.cli("abort", runs[0]))
        self.assertGreaterEqual(true_backoff, 3)
        self.assertLessEqual(abs(true_backoff - ours_backoff), 1)
        # Both wait for TCP's next retransmission, seconds after the heal; a local drop would flow again at once.
        self.assertGreater(true_flow, 0.3)
        self.assertGreater(ours_flow, 0.3)


if __name__ == "__main__":
    faultlab.require_root()
    unittest.main(verbosity=2)
