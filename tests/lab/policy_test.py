#!/usr/bin/env python3
"""Who may run what, and the log of who asked: the policy's rules, a second person's approval, `faultline audit`.

One lab for all tests. Whoever reaches the controller is one and the same person here, so that what takes two is only
seen to be refused to one. Every node's kernel ends as it was.
"""

import datetime
import json
import os
import signal
import unittest

import faultlab
from e2e_test import plan
from faultlab import wait_until

SPLIT = "{at: 0s, for: 5s, name: split, partition: [london, paris]}"
ALL = "  - allow: {roles: [admin]}\n"


class PolicyTest(faultlab.TimedTest):
    @classmethod
    def setUpClass(cls):
        cls.lab = cls.enterClassContext(faultlab.Lab())
        before = cls.lab.kernel_state()
        cls.lab.start("controller", lease="3s")
        cls.policy = cls.lab.state / "policy.yaml"
        cls.policy.write_text(f"rules:\n{ALL}")
        cls.log = cls.lab.state / "controller.log"
        cls.audit = cls.lab.state / "state" / "audit.jsonl"
        cls.lab.configure(f"policy: {cls.policy}\n")
        cls.lab.start()
        cls.addClassCleanup(cls.lab.assert_kernel_unchanged, before)
        cls.addClassCleanup(cls.lab.stop)

    def setUp(self):
        wait_until(lambda: sum(n["connected"] for n in self.lab.cli_json("nodes")["nodes"]) == 6, 20, "all are there")

    def reload(self, text, said):
        """Puts a policy into the file and waits for what the controller says of it."""
        self.policy.write_text(text)
        lines = self.log.read_text().count(said)
        os.kill(self.lab.pid("controller"), signal.SIGHUP)
        wait_until(lambda: self.log.read_text().count(said) > lines, 10, f"the controller says '{said}'")

    def set_rules(self, rules):
        self.reload(f"rules:\n{rules}", "read the policy again")

    def refuse(self, *steps, options=()):
        with plan(steps or [SPLIT]) as file:
            return self.lab.cli("run", file.name, *options, expect=3).stderr

    def check(self, *steps):
        with plan(steps or [SPLIT]) as file:
            return self.lab.cli("plan", "check", file.name).stderr

    def listed(self):
        return self.lab.cli_json("audit", "list")["lines"]

    def verify(self, expect=0, options=()):
        return self.lab.cli("audit", "verify", "--file", self.audit.parent, *options, expect=expect)

    # The policy.

    def test_refused_by_each_kind_of_rule(self):
        now = datetime.datetime.now(datetime.timezone.utc)
        later = (now + datetime.timedelta(hours=12)).strftime("%H:%M")
        after = (now + datetime.timedelta(hours=12, minutes=1)).strftime("%H:%M")
        runs = len(self.lab.cli_json("runs").get("runs", []))
        for rule, said in (
                ("allow: {roles: [operator]}", "for the role operator, 'root' is admin"),
                ("allow: {users: [alice]}", "for alice, not for 'root'"),
                ("allow: {faults: [block, impair]}", "only the faults block, impair, not partition (step 'split')"),
                ("allow: {groups: [lon*]}", "only the groups lon*, not 'paris' (step 'split')"),
                ("allow: {cidrs: [172.32.0.0/16, 'fd20::/48']}",
                 "only addresses of 172.32.0.0/16, fd20::/48, not 172.33.0.0/16, fd21::/48 (step 'split')"),
                ("allow: {envs: [staging]}", "only the env staging, lon-1 has none"),
                ("allow: {labels: {region: eu-west-2}}", "only the region eu-west-2, par-1 has region=eu-west-3"),
                ("allow: {max_duration: 4s}", "at most 4s, the plan takes 5s"),
                ("allow: {max_share: 50%}", "at most 50% of its 6 nodes, the plan acts on 6"),
                (f"allow: {{hours: {{from: '{later}', to: '{after}', zone: UTC}}}}", f"only {later} to {after} UTC"),
        ):
            with self.subTest(rule):
                self.set_rules(f"  - {rule}\n")
                self.assertIn(f"refused by policy.yaml:2: {said}", self.refuse())
                self.assertIn("warning: refused by policy.yaml:2: ", self.check())
        with self.subTest("deny"):
            self.set_rules(ALL + "  - deny: {labels: {region: eu-west-3}, reason: ask the on-call}\n")
            self.assertIn("refused by policy.yaml:3: it denies step 'split' on par-1: ask the on-call", self.refuse())
            self.assertIn("ask the on-call", self.lab.cli("block", "lon-1", "par-1", "--for", "1s", expect=3).stderr)
        self.assertEqual(len(self.lab.cli_json("runs").get("runs", [])), runs)
        self.set_rules(ALL)
        self.assertNotIn("warning: refused", self.check())
        self.lab.await_mesh()
        with plan([SPLIT]) as file:
            self.assertEqual(self.lab.cli_json("run", file.name)["outcome"], "OUTCOME_VERIFIED")

    def test_at_its_moment_the_policy_of_that_moment_holds(self):
        self.set_rules(ALL)
        with plan([SPLIT]) as file:
            run = self.lab.cli_json("run", file.name, "--at", "+5s")["id"]
        self.set_rules("  - allow: {users: [alice]}\n")
        wait_until(lambda: self.lab.cli_json("show", run)["run"]["state"] == "RUN_STATE_ENDED", 20, "it is over")
        record = self.lab.cli_json("show", run)["run"]
        self.assertEqual(record["outcome"], "OUTCOME_REFUSED")
        self.assertIn("refused by policy.yaml:2: for alice, not for 'root'", record["summary"])
        self.assertFalse(record.get("nodes"))

    def test_policy_that_does_not_read_changes_nothing(self):
        self.set_rules("  - allow: {users: [alice]}\n")
        self.reload("rules:\n  - alow: {users: [root]}\n", "the policy stays as it was")
        self.assertIn(f"{self.policy}:2:5: unknown key 'alow'", self.log.read_text())
        self.assertIn("for alice", self.refuse())
        # With it no controller starts.
        self.lab.stop("controller")
        started = self.lab.lab("start", "controller", expect=None)
        self.assertNotEqual(started.returncode, 0)
        self.assertEqual(self.log.read_text().count(f"faultline-controller: {self.policy}:2:5: unknown key 'alow'"), 1)
        self.policy.write_text(f"rules:\n{ALL}")
        self.lab.start("controller")

    def test_what_takes_two_waits_and_is_not_approved_by_one(self):
        self.set_rules(ALL + "  - approve: {labels: {region: eu-west-3}, reason: two keys}\n")
        self.assertIn("warning: policy.yaml:3: it wants a second person for step 'split' on par-1: two keys",
                      self.check())
        with plan([SPLIT]) as file:
            self.assertIn("warning: policy.yaml:3: it wants a second person",
                          self.lab.cli("plan", "preview", file.name).stdout)
            run = self.lab.cli_json("run", file.name, "--detach")["id"]
        record = self.lab.cli_json("show", run)["run"]
        self.assertEqual(record["state"], "RUN_STATE_WAITING")
        self.assertIn(f"waits for a second person to run `faultline approve {run}`", record["summary"])
        self.assertIn(f"approve {run}", self.lab.cli("runs").stdout)
        self.assertIn("it takes a second person", self.lab.cli("approve", run, expect=3).stderr)
        self.assertEqual(self.lab.cli_json("show", run)["run"]["state"], "RUN_STATE_WAITING")
        self.lab.cli("abort", run)
        self.assertEqual(self.lab.cli_json("show", run)["run"]["outcome"], "OUTCOME_ABORTED")
        self.lab.cli("approve", run, expect=3)
        refused = [line for line in self.listed() if line["action"] == "approve a run"]
        self.assertEqual([line["decision"] for line in refused], ["refused", "failed"])

    # The audit log.

    def test_log_has_who_asked_for_what(self):
        self.set_rules(ALL)
        before = len(self.listed())
        with plan([SPLIT]) as file:
            run = self.lab.cli_json("run", file.name, "--detach")["id"]
        self.lab.cli("abort", run)
        self.lab.cli("freeze", "add", "x\n\x1b[31m", "--to", "+1h", expect=None)
        started, aborted, asked, failed = self.listed()[before:]
        self.assertEqual((started["who"], started["role"], started["action"], started["decision"], started["run_id"]),
                         ("root", "admin", "start a run", "allowed", run))
        self.assertTrue(started["from"].startswith("unix:"))
        self.assertEqual(len(started["plan_digest"]), 64)
        self.assertEqual((aborted["action"], aborted["reason"]), ("abort a run", run))
        self.assertEqual((asked["action"], asked["decision"]), ("add a freeze", "allowed"))
        self.assertEqual((failed["action"], failed["decision"]), ("add a freeze", "failed"))
        self.assertNotIn("\x1b", self.audit.read_text())
        self.assertNotIn("\x1b", self.lab.cli("audit", "list", "--since", "1h").stdout)
        self.assertEqual(self.audit.stat().st_mode & 0o777, 0o600)
        self.assertIn(f"{failed['seq']} entries, each as it was written", self.verify().stdout)

    def test_verify_names_what_was_changed(self):
        self.set_rules(ALL)
        self.lab.cli("heal")
        self.lab.cli("heal")
        whole = self.audit.read_bytes()
        lines = whole.splitlines(keepends=True)
        self.addCleanup(self.audit.write_bytes, whole)
        self.audit.write_bytes(b"".join(lines[:-2] + [lines[-2].replace(b"root", b"nobody")] + lines[-1:]))
        self.assertIn(f"audit.jsonl:{len(lines) - 1}: its hash is not that of its text", self.verify(expect=1).stderr)
        self.audit.write_bytes(b"".join(lines[:-2] + lines[-1:]))
        self.assertIn(f"entry {json.loads(lines[-2])['seq']} is missing", self.verify(expect=1).stderr)
        # Of its end only the controller knows.
        self.audit.write_bytes(b"".join(lines[:-1]))
        self.verify(options=["--offline"])
        self.assertIn("its end was cut off", self.verify(expect=1).stderr)

    def test_log_goes_on_after_a_crash_and_what_it_tore(self):
        self.lab.cli("heal")
        os.kill(self.lab.pid("controller"), signal.SIGKILL)
        wait_until(lambda: self.lab.lab("pids").stdout.count("controller") == 0, 10, "the controller is dead")
        with self.audit.open("ab") as file:
            file.write(b'{"seq":7,"time":"20')
        self.lab.start("controller")
        self.lab.cli("heal")
        self.assertIn("each as it was written", self.verify().stdout)
        self.assertIn(b'{"seq":7,"time":"20\n', self.audit.read_bytes())

    def test_without_the_log_nothing_begins_but_everything_heals(self):
        self.set_rules(ALL)
        with plan([SPLIT]) as file:
            waiting = self.lab.cli_json("run", file.name, "--at", "+1h")["id"]
        # It opens its log for the first thing that it writes to it.
        self.lab.stop("controller")
        self.lab.start("controller")
        self.setUp()
        kept = self.audit.with_name("kept")
        self.audit.rename(kept)
        # No link is followed.
        self.audit.symlink_to("nowhere")
        try:
            self.assertIn("cannot be written to the audit log", self.refuse())
            aborted = self.lab.cli("abort", waiting)
            self.assertIn("warning: the audit log cannot be written", aborted.stderr)
            self.assertIn("aborted", aborted.stdout)
            self.assertIn("warning: the audit log cannot be written", self.lab.cli("heal").stderr)
        finally:
            self.lab.stop("controller")
            kept.rename(self.audit)
            self.lab.start("controller")


if __name__ == "__main__":
    faultlab.require_root()
    unittest.main(verbosity=2)
