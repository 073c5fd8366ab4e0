#!/usr/bin/env python3
"""Who is admitted and who is sent away, by real daemons that speak TLS in a lab: `faultline pki`, `token`, `login`,
`node revoke`, `faultline-agent enroll`, and certificates that are renewed."""

import json
import os
import pathlib
import re
import stat
import subprocess
import time
import unittest
import unittest.mock

import faultlab
from faultlab import wait_until

CONTROLLER = "198.18.0.10:7400"
BIN = pathlib.Path(os.environ.get("FAULTLINE_BIN", faultlab.REPO / "build/bin"))


class IdentityLab(unittest.TestCase):
    """A lab, a certificate authority of its own and a controller; agents are enrolled by each test. Nodes that one test
    has used are not used by another."""

    authority = ""

    @classmethod
    def setUpClass(cls):
        cls.lab = cls.enterClassContext(faultlab.Lab())
        state = cls.lab.state
        cls.init(state / "pki", "198.18.0.10", "localhost")
        (state / "controller.yaml").write_text(
            f"listen: {CONTROLLER}\nsocket: {state}/controller.sock\nstate: {state}/state\nlease: 3s\n"
            f"tls: {{ca: {state}/pki/ca.crt, certificate: {state}/pki/controller.crt, key: {state}/pki/controller.key}}\n"
            f"{cls.authority}")
        for node in cls.lab.nodes.values():
            cls.configure(node.name, node.name)
        cls.lab.start("controller")

    @classmethod
    def init(cls, folder, *hosts):
        return faultlab._run([BIN / "faultline", "pki", "init", "--dir", folder,
                              *(word for host in hosts for word in ("--host", host))], 0, 20)

    @classmethod
    def configure(cls, piece, name):
        state = cls.lab.state
        tls = ", ".join(f"{key}: {state}/{piece}.tls/{file}"
                        for key, file in (("ca", "ca.crt"), ("certificate", "node.crt"), ("key", "node.key")))
        (state / f"{piece}.yaml").write_text(
            f"name: {name}\ncontroller: {CONTROLLER}\nruntime: {state}/{piece}.run\ntls: {{{tls}}}\n")

    def token(self, *options):
        return self.lab.cli("token", "create", *options).stdout.strip()

    def enroll(self, node, token, *options, expect=0):
        return self.lab.exec(node, BIN / "faultline-agent", "enroll", "--config", self.lab.state / f"{node}.yaml",
                             "--token", token, *options, expect=expect)

    def start(self, *nodes):
        for node in nodes:
            self.enroll(node, self.token())
        self.lab.start(*nodes)

    def as_user(self, user, *words, expect=0):
        home = self.lab.state / f"home-{user}"
        return self.lab.exec("lon-1", "env", f"XDG_CONFIG_HOME={home}", BIN / "faultline", *words, expect=expect)

    def login(self, user, role, *options):
        token = self.token("--user", user, "--role", role)
        return self.as_user(user, "login", "--controller", CONTROLLER, "--token", token, *options)

    def file(self, node, name):
        return self.lab.state / f"{node}.tls" / name

    def log(self, piece):
        return (self.lab.state / f"{piece}.log").read_text()

    def connected(self, node):
        return any(n["info"]["name"] == node and n["connected"] for n in self.lab.cli_json("nodes")["nodes"])

    def end_of_certificate(self, node):
        return subprocess.run(["openssl", "x509", "-noout", "-enddate", "-in", self.file(node, "node.crt")],
                              capture_output=True, text=True, check=True).stdout


class BlockTest(IdentityLab):

    def test_enrolled_nodes_carry_out_a_block_over_tls_that_an_operator_asks_for(self):
        # Neither agents nor the command ask it, though there is none.
        proxy = dict.fromkeys(("http_proxy", "https_proxy", "grpc_proxy"), "http://127.0.0.1:9")
        self.enterContext(unittest.mock.patch.dict(os.environ, proxy))
        self.start("lon-1", "par-1")
        self.assertEqual(stat.S_IMODE(self.file("lon-1", "node.key").stat().st_mode), 0o600)
        self.lab.await_mesh()
        self.login("olga", "operator")
        said = self.as_user("olga", "block", "172.32.0.0/16", "172.33.0.0/16", "--for", "6s", "--json").stdout
        run = json.loads(said)
        self.assertEqual(run["outcome"], "OUTCOME_VERIFIED", run["summary"])
        self.assertEqual([n["node"] for n in run["nodes"]], ["lon-1", "par-1"])
        self.assertRegex(self.lab.cli("node", "list").stdout, r"lon-1 +until 20")


class EnrolmentTest(IdentityLab):

    def test_a_token_is_used_up(self):
        token = self.token()
        self.enroll("lon-2", token)
        self.assertIn("used up", self.enroll("lon-2", token, "--name", "other", expect=1).stderr)

    def test_a_token_ends(self):
        token = self.token("--ttl", "1s", "--node", "ended-*")
        wait_until(lambda: "ended-*" not in self.lab.cli("token", "list").stdout, 10, "the token has ended")
        self.assertIn("has ended", self.enroll("lon-2", token, "--name", "ended-1", expect=1).stderr)

    def test_a_removed_token_and_one_for_other_names_admit_nobody(self):
        token = self.token("--node", "par-*")
        self.assertIn("not for 'lon-9'", self.enroll("lon-2", token, "--name", "lon-9", expect=1).stderr)
        self.lab.cli("token", "remove", token)
        self.assertIn("not one of this controller", self.enroll("lon-2", token, "--name", "par-9", expect=1).stderr)

    def test_a_token_of_another_authority_is_not_sent(self):
        other = self.init(self.lab.state / "other", "198.18.0.10").stdout
        stranger = ".".join([*self.token().split(".")[:3], re.search(r"SHA-256 (\w+)", other).group(1)])
        before = self.log("controller")
        refused = self.enroll("lon-2", stranger, "--name", "lon-8", expect=1).stderr
        self.assertIn("is not of the certificate authority", refused)
        self.assertNotIn("enrolled", self.log("controller").removeprefix(before))

    def test_a_node_that_lies_about_its_name_is_refused(self):
        self.enroll("par-2", self.token())
        self.configure("par-2", "liar")
        agent = self.lab.popen("par-2", BIN / "faultline-agent", "--config", self.lab.state / "par-2.yaml",
                               stderr=subprocess.PIPE)
        try:
            for line in agent.stderr:
                if "calls itself 'liar'" in line:
                    break
            else:
                self.fail("the agent has ended")
            self.assertNotIn("liar", [n["info"]["name"] for n in self.lab.cli_json("nodes")["nodes"]])
            self.assertRegex(self.lab.cli("audit", "list").stdout,
                             r"faultline:node:par-2 .* open a session +refused .*calls itself 'liar'")
        finally:
            agent.terminate()
            agent.wait()
            agent.stderr.close()

    def test_an_enrolled_name_is_taken_until_it_is_replaced_and_then_the_former_is_dropped(self):
        self.start("par-3")
        self.assertIn("is enrolled", self.enroll("lon-2", self.token(), "--name", "par-3", expect=1).stderr)
        self.assertTrue(self.connected("par-3"))
        former = self.lab.state / "par-3.former"
        self.file("par-3", "node.crt").parent.rename(former)
        self.enroll("par-3", self.token("--replace"))
        self.assertIn("node par-3: session ended: the node was enrolled anew", self.log("controller"))
        # The files are new ones already, and so it comes back.
        wait_until(lambda: self.connected("par-3"), 40, "the node is back")
        self.lab.stop("par-3")

    def test_a_revoked_node_is_dropped_within_a_second_and_says_why(self):
        self.start("lon-3")
        began = time.monotonic()
        said = self.lab.cli("node", "revoke", "lon-3").stdout
        self.assertIn("its session was ended", said)
        self.assertFalse(self.connected("lon-3"))
        self.assertLess(time.monotonic() - began, 1)
        wait_until(lambda: "has been revoked" in self.log("lon-3"), 10, "the agent says why")
        self.assertRegex(self.lab.cli("events", "--node", "lon-3").stdout, r"revoked by \w+")
        self.assertFalse(self.connected("lon-3"))
        self.assertRegex(self.lab.cli("node", "list").stdout, r"lon-3 +revoked")
        # It may be admitted again, with a new certificate.
        self.enroll("lon-3", self.token())
        wait_until(lambda: self.connected("lon-3"), 60, "the node is back")
        self.lab.stop("lon-3")


class UserTest(IdentityLab):

    def test_an_operator_logs_in_and_may_not_admit_others(self):
        self.assertIn("as olga", self.login("olga", "operator").stdout)
        folder = self.lab.state / "home-olga/faultline"
        self.assertEqual(stat.S_IMODE((folder / "contexts/default/user.key").stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(folder.stat().st_mode), 0o700)
        self.assertRegex(self.as_user("olga", "user", "list").stdout, r"olga +operator +until 20")
        refused = self.as_user("olga", "token", "create", expect=None)
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("'olga' has the role operator and may not create a token", refused.stderr)

    def test_what_a_user_may_do_changes_at_once(self):
        self.login("vera", "viewer")
        self.assertNotEqual(self.as_user("vera", "token", "create", expect=None).returncode, 0)
        self.lab.cli("user", "role", "vera", "admin")
        self.assertTrue(self.as_user("vera", "token", "create").stdout.startswith("fl1."))
        self.lab.cli("user", "remove", "vera")
        refused = self.as_user("vera", "user", "list", expect=None)
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("revoked", refused.stderr)

    def test_a_viewer_sees_and_may_not_block(self):
        self.login("wim", "viewer")
        self.as_user("wim", "nodes")
        refused = self.as_user("wim", "block", "lon-1", "par-1", "--for", "2s", expect=3)
        self.assertIn("'wim' has the role viewer and may not start a run", refused.stderr)

    def test_contexts(self):
        self.assertIn("no context", self.as_user("carl", "context", "list").stdout)
        self.login("carl", "viewer", "--context", "prod")
        self.assertRegex(self.as_user("carl", "context", "list").stdout, rf"prod +{CONTROLLER} +yes")
        missing = self.as_user("carl", "context", "use", "staging", expect=2)
        self.assertIn("there are prod", missing.stderr)
        home = f"XDG_CONFIG_HOME={self.lab.state}/home-carl"
        unknown = self.lab.exec("lon-1", "env", home, "FAULTLINE_CONTEXT=none", BIN / "faultline", "user", "list", expect=2)
        self.assertIn("there is no context 'none'", unknown.stderr)
        # What mends that goes on; and who names a controller has the context's certificate for it.
        self.lab.exec("lon-1", "env", home, "FAULTLINE_CONTEXT=none", BIN / "faultline", "context", "list")
        self.lab.exec("lon-1", "env", home, f"FAULTLINE_CONTROLLER={CONTROLLER}", BIN / "faultline", "user", "list")
        self.as_user("carl", "--controller", CONTROLLER, "user", "list")
        other = self.as_user("carl", "--controller", "unix:/nowhere", "user", "list", expect=4)
        self.assertIn("unix:/nowhere", other.stderr)

    def test_a_nodes_certificate_is_not_a_users(self):
        self.enroll("lon-2", self.token())
        files = [word for option, file in (("--tls-ca", "ca.crt"), ("--tls-certificate", "node.crt"),
                                           ("--tls-key", "node.key"))
                 for word in (option, self.file("lon-2", file))]
        refused = self.lab.exec("lon-2", BIN / "faultline", "--controller", CONTROLLER, *files, "user", "list", expect=None)
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("only a user's may call", refused.stderr)


class RenewalTest(IdentityLab):
    authority = "authority: {validity: 20s}\n"

    def test_a_certificate_is_renewed_and_the_node_outlives_the_first(self):
        self.start("lon-1")
        key = self.file("lon-1", "node.key").read_text()
        first = self.end_of_certificate("lon-1")
        wait_until(lambda: self.end_of_certificate("lon-1") != first, 20, "the certificate was renewed")
        second = self.end_of_certificate("lon-1")
        self.assertEqual(self.file("lon-1", "node.key").read_text(), key)
        # By then the first has ended, and one that was not renewed would have been let in no more.
        wait_until(lambda: self.end_of_certificate("lon-1") != second, 20, "it was renewed again, with the second")
        wait_until(lambda: self.connected("lon-1"), 5, "the node is connected")
        self.assertRegex(self.lab.cli("audit", "list").stdout,
                         r"faultline:node:lon-1 .* renew a certificate +allowed .*node 'lon-1' until 20")
        self.assertNotIn("has ended", self.log("lon-1"))
        self.assertNotIn("has ended", self.log("controller"))


if __name__ == "__main__":
    faultlab.require_root()
    unittest.main(verbosity=2)
