#!/usr/bin/env python3
"""Whatever dies, hangs, fills up or is taken away: traffic flows again within the bound, and nothing of ours remains.

docs/SAFETY.md has the table of which test shows what. Every test measures from the blow to the first datagram that gets
through, and prints it.

    healing_test.py AtOnceTest    what heals at once: the lease is so long that it cannot be what healed
    healing_test.py BrokenTest    `heal` and `status` on nodes where little works any more; the same lease
    healing_test.py LeaseTest     what heals by the lease, with nobody alive or able to do anything
"""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
import unittest.mock

import faultlab
import traffic
from e2e_test import LONDON, PARIS
from faultlab import wait_until

BIN = pathlib.Path(os.environ.get("FAULTLINE_BIN", faultlab.REPO / "build/bin")).resolve()
NODE = "par-1"
SLACK = 3  # seconds that a busy machine may take
MEMORY = pathlib.Path("/sys/fs/cgroup/memory") if os.path.isdir("/sys/fs/cgroup/memory") else \
    pathlib.Path("/sys/fs/cgroup")

# Takes memory until that process has gone; the kernel is to take it for the last to be killed.
HOG = """
import os, sys
open("/proc/self/oom_score_adj", "w").write("-999")
taken = []
while os.path.exists(f"/proc/{sys.argv[1]}/ns/net"):
    taken.append(b"x" * (1 << 20))
"""

# Connections that say nothing.
CROWD = """
import socket, sys, time
crowd = []
for _ in range(int(sys.argv[2])):
    connection = socket.socket()
    connection.setblocking(False)
    connection.connect_ex(("127.0.0.1", int(sys.argv[1])))
    crowd.append(connection)
print("ready", flush=True)
time.sleep(1000)
"""


class HealingTest(faultlab.TimedTest):
    """One lab for all tests, with agents on two nodes; the fault is London cut off from Paris, both ways."""

    lease = 30  # seconds

    @classmethod
    def setUpClass(cls):
        if cls is HealingTest:
            raise unittest.SkipTest("the classes below have the tests")
        cls.lab = cls.enterClassContext(faultlab.Lab())
        cls.before = cls.lab.kernel_state(NODE)
        cls.lab.start("controller", "lon-1", NODE, lease=f"{cls.lease}s")
        cls.addClassCleanup(cls.lab.stop)
        cls.stream = cls.enterClassContext(traffic.Stream(cls.lab, "lon-1", NODE, cls.lab.nodes[NODE].ipv4))

    def setUp(self):
        self.lab.start("controller", "lon-1", NODE)
        self.stream.first_after(time.monotonic(), 10)
        self.addCleanup(self.end)

    def end(self):
        """Whatever the test broke is whole again, and nothing of ours is in the node's kernel."""
        self.lab.start("controller", "lon-1", NODE)
        self.lab.cli("heal", "--all")
        self.lab.assert_kernel_unchanged(self.before)

    def cut(self):
        """A partition for five minutes that acts by now; the run."""
        run = self.lab.cli_json("partition", LONDON, PARIS, "--for", "5m", "--detach")["id"]
        self.stream.await_silence()
        self.assertIn("fl0", self.state(), "lanes are among what may be left: other nodes of London have no agent")
        return run

    def state(self):
        return self.lab.kernel_state(NODE)[NODE]

    def agent(self, *arguments, config=None, expect=0, pid=None):
        """The agent's command on the node; in the mount namespace of that process, if any."""
        command = [str(BIN / "faultline-agent"), "--config", str(config or self.lab.state / f"{NODE}.yaml"), *arguments]
        if pid:
            command = ["nsenter", "-t", str(pid), "-m", "-n", *command]
            done = subprocess.run(command, capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
            return done
        return self.lab.exec(NODE, *command, expect=expect)

    def status(self, expect, **options):
        return json.loads(self.agent("status", "--json", expect=expect, **options).stdout)

    def answers(self):
        return json.loads(self.agent("status", "--json", expect=None).stdout)["agent"]["state"] == "answers"

    def assert_healed(self, blow, bound):
        """Deals the blow; datagrams get through again within the bound, in seconds."""
        began = time.monotonic()
        self.assertTrue(self.stream.silent_since(began - 0.2), "the fault acts until then")
        blow()
        took = self.stream.first_after(began, bound + SLACK) - began
        print(f"MEASURED {self.id().split('.')[-1]}: {took:.2f} s, bound {bound} s", flush=True)

    def assert_nothing_left(self):
        """By the command that says so, and by ip and nft."""
        self.assertEqual(self.status(0)["runs"], [])
        self.lab.assert_kernel_unchanged(self.before)

    def kill(self, sig):
        os.kill(self.lab.pid(NODE), sig)

    @contextlib.contextmanager
    def no_descriptor_left(self):
        """Strangers hold so many connections to its metrics that the agent has no file descriptor left."""
        pid = self.lab.pid(NODE)
        limit = max(map(int, os.listdir(f"/proc/{pid}/fd"))) + 1
        subprocess.run(["prlimit", f"--pid={pid}", f"--nofile={limit}"], check=True)
        with traffic.Program(self.lab, NODE, CROWD, 7403, limit).await_ready():
            wait_until(lambda: len(os.listdir(f"/proc/{pid}/fd")) == limit, 5, "there is no descriptor left")
            yield
        subprocess.run(["prlimit", f"--pid={pid}", "--nofile=1024"], check=False, stderr=subprocess.DEVNULL)

    def gone(self, pid):
        return not os.path.exists(f"/proc/{pid}/ns/net")


class AtOnceTest(HealingTest):
    def die(self, blow):
        """The agent dies of the blow: traffic flows at once; the lanes, which act on nothing, go by `heal`."""
        self.cut()
        pid = self.lab.pid(NODE)
        self.assert_healed(blow, 0)
        wait_until(lambda: self.gone(pid), 5, "the agent is dead")
        left = self.status(3)
        self.assertEqual((left["agent"]["state"], left["runs"], left["tables"]), ("absent", [], []))
        self.assertIn("fl0", left["devices"])
        self.assertIn("nothing of faultline is left", self.agent("heal").stdout)
        self.assert_nothing_left()

    def test_sigkill(self):
        self.die(lambda: self.kill(signal.SIGKILL))

    def test_sigsegv(self):
        self.die(lambda: self.kill(signal.SIGSEGV))

    def test_out_of_memory(self):
        if not os.path.exists(MEMORY / "cgroup.procs"):
            self.skipTest("no memory cgroup here")
        group = MEMORY / f"faultline-{os.getpid()}"
        group.mkdir()
        self.addCleanup(wait_until, lambda: subprocess.run(["rmdir", group], stderr=subprocess.DEVNULL).returncode == 0,
                        10, "the group is empty")
        inside = ["sh", "-c", f'echo $$ >{group}/cgroup.procs && exec "$@"', "sh"]
        self.lab.stop(NODE)
        subprocess.run([*inside, *self.lab.command("start", NODE)], check=True, timeout=60)
        pid = self.lab.pid(NODE)
        pathlib.Path(f"/proc/{pid}/oom_score_adj").write_text("1000")
        two = (group / "memory.max").exists()
        (group / ("memory.max" if two else "memory.limit_in_bytes")).write_text(str(256 << 20))
        # Who takes it may be the next to be killed, before it sees that the agent has gone.
        self.die(lambda: subprocess.run([*inside, "python3", "-c", HOG, str(pid)], check=False, timeout=60))
        counted = (group / ("memory.events" if two else "memory.oom_control")).read_text()
        self.assertRegex(counted, r"oom_kill [1-9]")

    def test_systemctl_stop(self):
        self.cut()
        self.assert_healed(lambda: self.lab.stop(NODE), 0)
        self.assert_nothing_left()

    def test_systemctl_restart(self):
        self.cut()

        def restart():
            self.lab.stop(NODE)
            self.lab.start(NODE)
        self.assert_healed(restart, 0)
        self.assert_nothing_left()

    def test_killed_and_restarted_at_once(self):
        self.cut()

        def restart():
            self.kill(signal.SIGKILL)
            self.lab.start(NODE)
        self.assert_healed(restart, 0)
        self.assert_nothing_left()

    def test_netlink_notices_lost(self):
        """Others change so much while the agent cannot listen that its socket overflows (ENOBUFS)."""
        run = self.cut()
        self.kill(signal.SIGSTOP)
        self.addCleanup(self.lab.exec, NODE, "nft", "delete table inet flood")
        try:
            flood = self.lab.state / "flood.nft"
            flood.write_text("add table inet flood\nadd set inet flood s { type ipv4_addr; }\n" + "".join(
                f'add element inet flood s {{ 10.0.{n // 250}.{n % 250} comment "{"x" * 120}" }}\n'
                for n in range(60000)))
            self.lab.exec(NODE, "nft", "-f", flood)
            drops = [int(line.split()[8]) for line in self.lab.exec(NODE, "cat", "/proc/net/netlink").stdout.splitlines()
                     if line.split()[1] == "12"]
            self.assertTrue(any(drops), "its socket has lost notices")
        finally:
            self.kill(signal.SIGCONT)
        self.assert_healed(lambda: self.lab.cli("abort", run), 0)
        self.assertEqual(self.status(0)["agent"]["state"], "answers")

    @contextlib.contextmanager
    def own_copy(self):
        """The agent runs from a copy of its program; the copy's path."""
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        for name in ("faultline", "faultline-controller", "faultline-agent"):
            shutil.copy(BIN / name, folder / name)
        self.lab.stop(NODE)
        with unittest.mock.patch.dict(os.environ, FAULTLINE_BIN=str(folder)):
            self.lab.start(NODE)
        yield folder / "faultline-agent"
        self.lab.stop(NODE)

    def test_program_deleted(self):
        with self.own_copy() as program:
            run = self.cut()
            program.unlink()
            self.assertEqual(self.status(3)["agent"]["state"], "answers")
            self.assert_healed(lambda: self.lab.cli("abort", run), 0)
            self.assert_nothing_left()

    def test_program_upgraded_while_it_hangs(self):
        with self.own_copy() as program:
            self.cut()
            pid = self.lab.pid(NODE)
            shutil.copy(program, program.with_suffix(".new"))
            program.with_suffix(".new").rename(program)
            self.kill(signal.SIGSTOP)
            self.assert_healed(lambda: self.agent("heal"), 2)
            wait_until(lambda: self.gone(pid), 5, "it was killed, whose program is another file now")
            self.assert_nothing_left()


class BrokenTest(HealingTest):
    def test_status_says_what_the_kernel_will_do(self):
        run = self.cut()
        said = self.status(3)
        self.assertEqual(said["agent"] | {"pid": 0}, {
            "state": "answers", "pid": 0, "controller": "198.18.0.10:7400", "connected": True})
        self.assertEqual(said["agent"]["pid"], self.lab.pid(NODE))
        (shown,) = said["runs"]
        self.assertEqual((shown["id"], shown["interfaces"], shown["in_force"]), (run, ["eth0"], True))
        self.assertLessEqual(shown["heals_within_seconds"], self.lease)
        self.assertGreater(shown["heals_within_seconds"], self.lease / 2)
        text = self.agent("status", expect=3).stdout
        self.assertRegex(text, rf"run {run} on eth0: heals by itself in \d+\.\d s, enforced by the kernel")
        # Asked without any configuration it is the same, but for what only the agent knows.
        self.assertEqual(self.status(3, config="/nonexistent")["runs"][0]["id"], run)
        self.lab.cli("abort", run)
        self.assertIn("nothing of faultline is in this kernel", self.agent("status").stdout)

    def test_agent_that_hangs(self):
        self.cut()
        pid = self.lab.pid(NODE)
        self.kill(signal.SIGSTOP)
        said = self.status(3)
        self.assertEqual((said["agent"]["state"], said["agent"]["pid"]), ("hangs", pid))
        self.assertTrue(said["runs"][0]["in_force"])
        refused = self.agent("heal", "--no-kill", expect=1)
        self.assertIn(f"process {pid}", refused.stderr)
        self.assertFalse(self.gone(pid))
        self.assertTrue(self.stream.silent_since(time.monotonic() - 0.2))
        # Two seconds are given to it to answer.
        self.assert_healed(lambda: self.assertIn(f"process {pid}", self.agent("heal").stdout), 2)
        wait_until(lambda: self.gone(pid), 5, "it was killed")
        self.assert_nothing_left()

    def test_heal_kills_nobody_who_answers(self):
        self.cut()
        pid = self.lab.pid(NODE)
        self.assert_healed(lambda: self.assertIn("the agent ended 1 runs", self.agent("heal").stdout), 0)
        self.assertFalse(self.gone(pid))
        self.assert_nothing_left()

    def test_no_configuration_and_no_one_to_ask(self):
        """The socket is where only the configuration says, which is broken."""
        self.cut()
        pid = self.lab.pid(NODE)
        broken = self.lab.state / "broken.yaml"
        broken.write_text("runtime: [\n")
        self.assert_healed(lambda: self.agent("heal", config=broken), 0)
        wait_until(lambda: self.gone(pid), 5, "it was found by what it owns, and killed")
        self.assert_nothing_left()

    def test_another_process_that_owns_the_table_is_never_killed(self):
        self.lab.stop(NODE)
        # nft itself, waiting at its prompt, owns a table of our name.
        owner = self.lab.popen(NODE, "nft", "-i", stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        self.addCleanup(owner.communicate)
        owner.stdin.write("add table netdev faultline { flags owner; }\n")
        owner.stdin.flush()
        wait_until(lambda: "table netdev faultline" in self.state(), 5, "the table is there")
        refused = self.agent("heal", expect=1)
        self.assertIn("belongs to another live process", refused.stderr)
        self.assertIsNone(owner.poll())

    @contextlib.contextmanager
    def own_disk(self):
        """The agent's runtime folder and log are on a disk of 64 KiB that no one else sees; its process and the disk."""
        self.lab.stop(NODE)
        config = self.lab.state / "disk.yaml"
        disk = self.lab.state / "disk"
        disk.mkdir(exist_ok=True)
        original = (self.lab.state / f"{NODE}.yaml").read_text()
        config.write_text(original.replace(f"runtime: {self.lab.state}/{NODE}.run", f"runtime: {disk}/run"))
        script = f"mount -t tmpfs -o size=64k tmpfs {disk}; exec {BIN}/faultline-agent --insecure --config {config} 2>>{disk}/log"
        process = self.lab.popen(NODE, "sh", "-c", script)

        def connected():
            return any(n["connected"] for n in self.lab.cli_json("nodes")["nodes"] if n["info"]["name"] == NODE)
        try:
            wait_until(connected, 10, "it joins")
            yield process, disk, config
        finally:
            process.kill()
            process.wait()

    def in_its_world(self, process, *command):
        return subprocess.run(["nsenter", "-t", str(process.pid), "-m", *map(str, command)], capture_output=True,
                              text=True, timeout=20)

    def check_broken_disk(self, process, config):
        self.assertEqual(self.status(3, config=config, pid=process.pid)["agent"]["state"], "answers")
        self.assert_healed(lambda: self.agent("heal", config=config, pid=process.pid), 0)
        self.assertIsNone(process.poll(), "it lives on")
        self.lab.cli("heal", "--all")
        # What it cannot write does not keep it from another run, and from its end.
        run = self.cut()
        self.assert_healed(lambda: self.lab.cli("abort", run), 0)
        self.cut()
        self.assert_healed(process.kill, 0)
        self.agent("heal", config=config)
        self.assert_nothing_left()

    def test_full_disk(self):
        with self.own_disk() as (process, disk, config):
            self.cut()
            full = self.in_its_world(process, "dd", "if=/dev/zero", f"of={disk}/filler", "bs=1k")
            self.assertIn("No space left", full.stderr)
            self.check_broken_disk(process, config)

    def test_read_only_disk(self):
        with self.own_disk() as (process, disk, config):
            self.cut()
            # Its log holds the disk open for writing.
            self.in_its_world(process, "mount", "--bind", disk, disk)
            self.assertEqual(self.in_its_world(process, "mount", "-o", "remount,bind,ro", disk).returncode, 0)
            self.assertIn("Read-only", self.in_its_world(process, "touch", f"{disk}/run/new").stderr)
            self.check_broken_disk(process, config)

    def test_no_descriptor_left(self):
        """The one that it keeps back for this its metrics may snatch; then it counts as one that hangs."""
        self.cut()
        with self.no_descriptor_left():
            said = self.status(3)
            self.assertIn(said["agent"]["state"], ("answers", "hangs"))
            self.assertTrue(said["runs"][0]["in_force"])
            self.assert_healed(lambda: self.assertIn("healed: ", self.agent("heal").stdout), 2)
            self.assertEqual(self.status(0)["tables"], [])
            self.lab.assert_kernel_unchanged(self.before)


class LeaseTest(HealingTest):
    lease = 3

    def test_sigstop(self):
        self.cut()
        self.kill(signal.SIGSTOP)
        self.addCleanup(self.kill, signal.SIGCONT)
        # As the kernel says while the agent cannot.
        left = self.status(3)["runs"][0]["heals_within_seconds"]
        self.assertLessEqual(left, self.lease)
        self.assert_healed(lambda: None, left)
        said = self.status(3)
        self.assertEqual((said["agent"]["state"], said["runs"][0]["in_force"]), ("hangs", False))
        self.agent("heal")
        self.assert_nothing_left()

    def test_controller_dead(self):
        self.cut()
        self.assert_healed(lambda: os.kill(self.lab.pid("controller"), signal.SIGKILL), self.lease)
        wait_until(lambda: "faultline" not in self.state(), SLACK, "the agent has taken the run apart")
        self.assert_nothing_left()

    def test_controller_hangs(self):
        self.cut()
        pid = self.lab.pid("controller")
        self.addCleanup(os.kill, pid, signal.SIGCONT)
        self.assert_healed(lambda: os.kill(pid, signal.SIGSTOP), self.lease)
        wait_until(lambda: "faultline" not in self.state(), SLACK, "the agent has taken the run apart")
        self.assert_nothing_left()

    def cut_off_from_controller(self):
        """Somebody else's rules, or a broken link: not ours."""
        self.addCleanup(self.lab.exec, NODE, "nft", "delete table inet broken", expect=None)
        self.lab.exec(NODE, "nft", "add table inet broken; "
                      "add chain inet broken in { type filter hook input priority -400; }; "
                      "add chain inet broken out { type filter hook output priority -400; }; "
                      "add rule inet broken in tcp sport 7400 drop; add rule inet broken out tcp dport 7400 drop")

    def test_last_path_to_the_controller_lost(self):
        self.cut()
        self.assert_healed(self.cut_off_from_controller, self.lease)
        self.lab.exec(NODE, "nft", "delete table inet broken")
        wait_until(lambda: "faultline" not in self.state(), SLACK, "the agent has taken the run apart")
        self.assert_nothing_left()

    def test_no_descriptor_left_and_no_controller(self):
        self.cut()
        pid = self.lab.pid(NODE)
        with self.no_descriptor_left():
            self.assert_healed(lambda: os.kill(self.lab.pid("controller"), signal.SIGKILL), self.lease)
            # gRPC ends a process in which it finds none when it dials; whoever restarts that clears up.
            wait_until(lambda: self.gone(pid) or "faultline" not in self.state(), SLACK, "the run has gone")
        if self.gone(pid):
            self.lab.start(NODE)
            # It answers when it has cleared up, and tried what this kernel can, with a lane of its own.
            wait_until(self.answers, SLACK, "the new one has cleared up")
        self.assert_nothing_left()

    def test_everybody_stopped(self):
        """As long as nothing of ours runs at all the kernel's own bound is all there is."""
        self.cut()
        pids = [self.lab.pid(piece) for piece in ("controller", "lon-1", NODE)]
        def stop():
            for pid in pids:
                os.kill(pid, signal.SIGSTOP)
        for pid in pids:
            self.addCleanup(os.kill, pid, signal.SIGCONT)
        self.assert_healed(stop, self.lease)
        self.assertFalse(self.status(3)["runs"][0]["in_force"])


if __name__ == "__main__":
    faultlab.require_root()
    unittest.main(verbosity=2)
