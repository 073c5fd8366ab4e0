"""On a clean Debian: two packages, and there is a working controller and an enrolled agent, confined as their units say."""

import json
import os
import pathlib
import unittest

import node
from node import AGENT, CONTROLLER, output, run
from faultlab import wait_until

NEEDED = {"nf_tables", "sch_netem", "ifb"}
CAP_NET_ADMIN = 1 << 12


class FirstRunTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        node.plug_in()
        cls.modules = node.modules()
        run("nft", "list", "ruleset")
        cls.before = node.kernel_state()
        cls.said = output("apt-get", "install", "--yes", "--quiet", "--option", "Dpkg::Use-Pty=0", node.package(AGENT),
                          node.package(CONTROLLER), timeout=300)
        print(cls.said, flush=True)
        node.await_session()

    def test_modules_are_loaded_by_the_service(self):
        self.assertFalse({"sch_netem", "ifb"} & self.modules, "nothing is loaded before")
        self.assertLessEqual(NEEDED, node.modules())
        self.assertIn("CAPABILITY_NETEM", self.known()["info"]["capabilities"]["has"])

    def known(self):
        # An answer may take this machine longer than the command waits for it.
        answer = wait_until(lambda: run("faultline", "nodes", "--json", expect=None).stdout, node.PATIENCE, "an answer")
        (known,) = json.loads(answer)["nodes"]
        return known

    def test_both_are_active_and_the_node_is_known(self):
        for unit in (AGENT, CONTROLLER):
            self.assertTrue(node.is_active(unit), unit)
            self.assertEqual(output("systemctl", "is-enabled", unit), "enabled")
        self.assertEqual(self.known()["info"]["name"], node.NAME)
        self.assertTrue(self.known()["connected"])

    def test_the_text_says_the_next_two_commands(self):
        self.assertIn("The next two commands:", self.said)
        for command in (["faultline", "nodes"], ["faultline", "token", "create"]):
            self.assertIn(f"  {' '.join(command)} ", self.said)
            run(*command)
        self.assertNotIn("fl1.", self.said, "tokens are secret")

    def test_they_have_no_more_privileges_than_they_need(self):
        for unit, user, capabilities in ((AGENT, "faultline-agent", CAP_NET_ADMIN), (CONTROLLER, "faultline", 0)):
            with self.subTest(unit):
                status = node.process_status(node.main_pid(unit))
                self.assertEqual(set(status["Uid"].split()), {output("id", "-u", user)})
                for kind in ("CapEff", "CapPrm", "CapInh", "CapBnd", "CapAmb"):
                    self.assertEqual(int(status[kind], 16), capabilities, kind)
                self.assertEqual((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"))

    def test_only_the_thread_that_carries_faults_out_is_real_time(self):
        policies = {}
        for task in pathlib.Path(f"/proc/{node.main_pid(AGENT)}/task").iterdir():
            policies.setdefault(os.sched_getscheduler(int(task.name)), []).append((task / "comm").read_text().strip())
        self.assertEqual(policies.get(os.SCHED_FIFO | os.SCHED_RESET_ON_FORK), ["engine"], policies)
        self.assertEqual(set(policies), {os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.SCHED_OTHER}, policies)

    def test_exposure_of_the_loaded_units(self):
        for unit, most in ((AGENT, 15), (CONTROLLER, 12)):
            run("systemd-analyze", "--no-pager", "security", f"--threshold={most}", unit)

    def test_records_in_the_journal_have_fields(self):
        # Its own records, that is; what it says on standard error as it ends has no fields.
        records = [record for record in node.journal(AGENT) if record.get("_TRANSPORT") == "journal"
                   and record.get("SYSLOG_IDENTIFIER") == AGENT]
        self.assertTrue(records)
        self.assertEqual([record["MESSAGE"] for record in records if record.get("FAULTLINE_NODE") != node.NAME], [])

    def test_an_idle_agent_leaves_the_kernel_alone(self):
        self.assertEqual(node.kernel_state(), self.before)


if __name__ == "__main__":
    unittest.main()
