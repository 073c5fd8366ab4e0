"""Whatever happens to the service while a fault acts: traffic flows again, the service is back, nothing of ours is left.

The fault is real, the unit is the package's and systemd acts by itself.
"""

import os
import pathlib
import shutil
import signal
import time
import unittest

import node
from node import AGENT, CONTROLLER, LEASE, output, run
from faultlab import wait_until

PROGRAM = pathlib.Path("/usr/sbin/faultline-agent")
ASLEEP = 6  # seconds


class ServiceTest(node.NodeTest):
    def kill(self, sig):
        old = node.main_pid(AGENT)
        self.fault()
        mark = node.cursor()
        self.assert_healed(lambda: os.kill(old, sig), 0)
        self.assert_back(old)
        said = "\n".join(record["MESSAGE"] for record in node.journal(AGENT, mark))
        self.assertIn("healed: ", said, "ExecStopPost healed")
        return said

    def test_sigkill(self):
        self.assertIn("status=9/KILL", self.kill(signal.SIGKILL))

    def test_sigsegv(self):
        self.assertIn("status=11/SEGV", self.kill(signal.SIGSEGV))

    def test_sigstop(self):
        """Whatever comes first: the lease, or the watchdog."""
        old = node.main_pid(AGENT)
        watchdog = node.property_of(AGENT, "WatchdogUSec")
        self.assertNotIn(watchdog, ("0", "infinity"), "the unit has a watchdog")
        self.fault()
        mark = node.cursor()
        self.assert_healed(lambda: os.kill(old, signal.SIGSTOP), LEASE)
        self.assert_back(old)
        self.assertIn("Watchdog timeout", "\n".join(record["MESSAGE"] for record in node.journal(AGENT, mark)))

    def test_out_of_memory(self):
        old = node.main_pid(AGENT)
        self.fault()
        mark = node.cursor()
        pathlib.Path(f"/proc/{old}/oom_score_adj").write_text("1000")
        # The kernel kills as if there were no memory left: who has that score is the first.
        self.assert_healed(lambda: pathlib.Path("/proc/sysrq-trigger").write_text("f"), 0)
        self.assert_back(old)
        self.assertIn("OOM killer", "\n".join(record["MESSAGE"] for record in node.journal(AGENT, mark)))

    def test_stop(self):
        old = node.main_pid(AGENT)
        self.fault()
        self.assert_healed(lambda: run("systemctl", "stop", AGENT), 0)
        node.assert_kernel_becomes(self.before)
        self.assertIn("agent: none runs", output(AGENT, "status"))
        run("systemctl", "start", AGENT)
        self.assert_back(old)

    def test_restart(self):
        old = node.main_pid(AGENT)
        self.fault()
        self.assert_healed(lambda: run("systemctl", "restart", AGENT), 0)
        self.assert_back(old)

    def test_program_replaced_and_restarted(self):
        old = node.main_pid(AGENT)
        self.fault()
        shutil.copy2(PROGRAM, "/usr/sbin/other")
        os.rename("/usr/sbin/other", PROGRAM)
        self.assertTrue(os.readlink(f"/proc/{old}/exe").endswith(" (deleted)"))
        self.assert_healed(lambda: run("systemctl", "restart", AGENT), 0)
        self.assert_back(old)

    def test_suspend(self):
        """The lease is counted while the machine runs: of what was left when it fell asleep, all is left."""
        old = node.main_pid(AGENT)
        self.fault()
        controller = node.main_pid(CONTROLLER)
        os.kill(controller, signal.SIGSTOP)
        self.addCleanup(os.kill, controller, signal.SIGCONT)
        slept = time.clock_gettime(time.CLOCK_BOOTTIME) - time.monotonic()
        self.assert_healed(lambda: run("rtcwake", "--mode", "mem", "--seconds", ASLEEP), LEASE)
        slept = time.clock_gettime(time.CLOCK_BOOTTIME) - time.monotonic() - slept
        print(f"MEASURED test_suspend: asleep for {slept:.1f} s", flush=True)
        self.assertGreater(slept, 1)
        self.assertEqual(node.main_pid(AGENT), old)
        os.kill(controller, signal.SIGCONT)
        node.await_session()
        node.assert_kernel_becomes(self.before)

    def test_wrong_configuration(self):
        """`systemctl status` shows the line, and nothing is tried for ever."""
        old = node.main_pid(AGENT)
        file = pathlib.Path("/etc/faultline/agent.yaml")
        good = file.read_text()
        self.addCleanup(self.set_right, file, good, old)
        file.write_text(good + "\ncolour: blue\n")
        run("systemctl", "restart", AGENT, expect=None)
        wait_until(lambda: node.property_of(AGENT, "ActiveState") == "failed", node.PATIENCE, "it is given up")
        line = len(good.splitlines()) + 2
        self.assertRegex(output("systemctl", "status", "--no-pager", "--full", AGENT, expect=3),
                         rf"{file}:{line}:1: .*colour")
        self.assertEqual(node.property_of(AGENT, "ExecMainStatus"), "2")

    def set_right(self, file, good, old):
        file.write_text(good)
        run("systemctl", "restart", AGENT)
        self.assert_back(old)


if __name__ == "__main__":
    unittest.main()
