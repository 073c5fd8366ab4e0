"""The daemons over mutual TLS 1.3, with certificates of a CA of the test's own."""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import unittest

import faultlab
from faultlab import Lab, wait_until

sys.path.append(str(faultlab.REPO / "tests" / "support"))
from certificates import Authority  # noqa: E402

LISTEN = "198.18.0.10:7400"
BIN = pathlib.Path(os.environ.get("FAULTLINE_BIN", faultlab.REPO / "build/bin"))
AGENTS = ("lon-1", "par-1")


class TlsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.lab = cls.enterClassContext(Lab())
        cls.pki = Authority(cls.lab.state / "pki")
        cls.pki.issue("controller", "faultline:controller", hosts=["198.18.0.10"])
        cls.pki.issue("alice", "faultline:user:alice")
        cls.configure("controller", f"listen: {LISTEN}\nsocket: {cls.socket_folder()}/controller.sock\n"
                                    f"state: {cls.lab.state}/state\nlease: 3s\n" + cls.pki.tls("controller"))
        for node in AGENTS:
            cls.pki.issue(node, f"faultline:node:{node}")
            cls.configure(node, cls.agent_config(node, node))

    @classmethod
    def socket_folder(cls):
        return cls.lab.state

    @classmethod
    def configure(cls, piece, text):
        (cls.lab.state / f"{piece}.yaml").write_text(text)

    @classmethod
    def agent_config(cls, node, certificate):
        """What makes the agent on a node call itself by the node's name, with the certificate of that file name."""
        return (f"name: {node}\ncontroller: {LISTEN}\nruntime: {cls.lab.state}/{node}.run\n"
                f"labels: {{region: {cls.lab.nodes[node].region}}}\n" + cls.pki.tls(certificate))

    def connected(self):
        return {node["info"]["name"] for node in self.lab.cli_json("nodes").get("nodes", []) if node.get("connected")}

    def log(self, piece):
        return (self.lab.state / f"{piece}.log").read_text()

    def over_tls(self, *args, certificate="alice", expect=0):
        """The command line on another host than the controller's."""
        return self.lab.exec("par-2", BIN / "faultline", "--controller", LISTEN, *self.pki.flags(certificate), *args,
                             expect=expect)


class FleetTest(TlsTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.lab.start("controller", *AGENTS)
        cls.addClassCleanup(cls.lab.stop)

    def test_a_run_is_verified_over_tls(self):
        done = self.lab.cli("block", "lon-1", "par-1", "--for", "2s")
        self.assertIn("verified: every observation equalled the plan", done.stdout)
        self.assertIn("lon-1", self.over_tls("nodes").stdout)

    def test_a_node_speaks_only_for_itself(self):
        """Refused with the reason for as long as it lies; welcome, by itself, when its files are mended."""
        self.pki.issue("liar", "faultline:node:par-1")
        self.configure("lon-2", self.agent_config("lon-2", "liar"))
        lie = "its certificate is of node 'par-1', and it calls itself 'lon-2'"
        with open(self.lab.state / "lon-2.log", "w", encoding="utf-8") as log, \
                self.lab.popen("lon-2", BIN / "faultline-agent", "--config", self.lab.state / "lon-2.yaml",
                               stderr=log) as agent:
            try:
                wait_until(lambda: lie in self.log("lon-2"), 10, "the agent is told why")
                wait_until(lambda: self.log("controller").count(lie) >= 3, 10, "it goes on trying, and that is logged")
                self.assertEqual(self.log("lon-2").count(lie), 1)
                self.assertEqual(self.connected(), set(AGENTS))
                self.pki.issue("liar", "faultline:node:lon-2")
                wait_until(lambda: "lon-2" in self.connected(), 40, "it is welcome")
            finally:
                agent.terminate()

    def test_only_tls13_is_spoken(self):
        for version, expected in (("-tls1_2", "New, (NONE), Cipher is (NONE)"), ("-tls1_3", "New, TLSv1.3, Cipher is")):
            done = self.shake(version)
            self.assertIn(expected, done.stdout)
            self.assertEqual(done.returncode == 0, version == "-tls1_3")

    def test_plaintext_is_not(self):
        done = self.lab.exec("par-2", BIN / "faultline", "--controller", LISTEN, "--insecure", "nodes", expect=4)
        self.assertIn("does not answer", done.stderr)

    def test_certificates_of_another_ca_are_refused(self):
        other = Authority(self.lab.state / "other")
        other.issue("alice", "faultline:user:alice")
        done = self.lab.exec("par-2", BIN / "faultline", "--controller", LISTEN, *other.flags("alice"), "nodes", expect=4)
        self.assertIn("certificate verify failed", done.stderr)

    def test_a_node_may_not_call(self):
        done = self.over_tls("nodes", certificate="lon-1", expect=None)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("the certificate is of node 'lon-1', and only a user's may call", done.stderr)

    def test_roles_are_the_directorys(self):
        """Of whom nothing is said is a viewer: sees, and starts nothing."""
        self.over_tls("nodes")
        done = self.over_tls("block", "lon-1", "par-1", "--for", "1s", expect=None)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("'alice' has the role viewer and may not", done.stderr)

    def test_renewed_files_are_taken_up_by_the_running_controller(self):
        def serial():
            found = re.search(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", self.shake("-tls1_3").stdout,
                              re.DOTALL)
            return found and subprocess.run(["openssl", "x509", "-noout", "-serial"], input=found.group(), text=True,
                                            capture_output=True, check=True).stdout
        before, pid = serial(), self.lab.pid("controller")
        registered = self.log("controller").count("registered from")
        self.assertTrue(before)
        self.pki.issue("controller", "faultline:controller", hosts=["198.18.0.10"])
        wait_until(lambda: serial() not in (before, None), 20, "the new certificate is shown")
        self.over_tls("nodes")
        self.assertEqual(self.lab.pid("controller"), pid)
        self.assertEqual(self.log("controller").count("registered from"), registered, "sessions live on")

    def shake(self, version):
        """What the openssl program makes of the controller. It prints the other's first words, which are no text."""
        with self.lab.popen("par-2", "openssl", "s_client", "-connect", LISTEN, version, "-alpn", "h2", "-CAfile",
                            self.pki.certificate, "-verify_return_error", stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, errors="replace") as process:
            return subprocess.CompletedProcess(process.args, stdout=process.communicate(timeout=60)[0],
                                               returncode=process.returncode)


class StartTest(TlsTest):
    """What is wrong with the files is one line at the start."""

    def refusal(self, program, config):
        path = self.lab.state / "tried.yaml"
        path.write_text(config)
        done = self.lab.exec("ops", BIN / program, "--config", path, expect=1, timeout=20)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        return done.stderr

    def test_without_files_nothing_starts(self):
        config = (self.lab.state / "controller.yaml").read_text()
        said = self.refusal("faultline-controller", config.replace("pki/controller.crt", "pki/absent.crt"))
        for words in (f"{self.pki.folder}/absent.crt: No such file", "`faultline pki init`", "--insecure"):
            self.assertIn(words, said)
        said = self.refusal("faultline-agent", self.agent_config("lon-1", "absent"))
        for words in (f"{self.pki.folder}/absent.crt: No such file", "`faultline-agent enroll`", "--insecure"):
            self.assertIn(words, said)

    def test_files_that_do_not_fit_are_named(self):
        self.pki.issue("ended", "faultline:node:lon-1", start="20240101000000Z", end="20240102000000Z")
        self.assertIn("ended.crt has ended at 2024-01-02 00:00 UTC", self.refusal(
            "faultline-agent", self.agent_config("lon-1", "ended")))
        mixed = self.agent_config("lon-1", "lon-1").replace("lon-1.key", "par-1.key")
        self.assertIn(f"par-1.key is not the key of {self.pki.folder}/lon-1.crt", self.refusal("faultline-agent", mixed))

    def test_the_command_line_needs_files_or_says_insecure(self):
        done = self.lab.exec("ops", BIN / "faultline", "--controller", LISTEN, "nodes", expect=2)
        for words in ("--tls-ca", "`faultline login`", "--insecure"):
            self.assertIn(words, done.stderr)


class LocalTest(TlsTest):
    """Who calls through the Unix socket, by what the kernel says."""

    @classmethod
    def socket_folder(cls):
        return cls.folder

    @classmethod
    def setUpClass(cls):
        # Other users are to reach the socket, and the checkout may be closed to them.
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="faultline-", dir="/tmp")))
        cls.folder.chmod(0o755)
        super().setUpClass()
        for name in ("controller.sock", "controller.sock.login"):
            (cls.lab.state / name).symlink_to(cls.folder / name)
        cls.lab.start("controller", *AGENTS)
        cls.addClassCleanup(cls.lab.stop)

    def as_daemon(self, *args, user=1, group=0, groups=(), expect=0):
        """As the user `daemon`, who is in no group of Faultline's; `group` 0 may open the socket."""
        groups = "--groups=" + ",".join(map(str, groups)) if groups else "--clear-groups"
        return self.lab.exec("ops", "setpriv", f"--reuid={user}", f"--regid={group}", groups, BIN / "faultline",
                             "--controller", f"unix:{self.folder}/controller.sock", *args, expect=expect)

    def test_root_may_do_everything(self):
        self.lab.cli("block", "lon-1", "par-1", "--for", "1s")

    def test_others_see_and_do_nothing(self):
        self.assertIn("lon-1", self.as_daemon("nodes").stdout)
        done = self.as_daemon("block", "lon-1", "par-1", "--for", "1s", expect=None)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("'daemon' has the role viewer and may not", done.stderr)

    def test_roles_are_by_the_groups_of_the_process(self):
        """Also of a user that no file of the host's knows, as those of a directory service."""
        groups = self.lab.state / "group"
        groups.write_text("root:x:0:\nfaultline-operator:x:61234:\n")
        # For the controller alone, which has a mount namespace of its own.
        subprocess.run(["nsenter", f"--target={self.lab.pid('controller')}", "--mount",
                        "mount", "--bind", groups, "/etc/group"], check=True)
        self.as_daemon("block", "lon-1", "par-1", "--for", "1s", user=61000, groups=[61234])
        for others in ((), (61235,)):
            done = self.as_daemon("block", "lon-1", "par-1", "--for", "1s", user=61000, groups=others, expect=None)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("'uid 61000' has the role viewer and may not", done.stderr)

    def test_who_may_not_open_the_socket_gets_nowhere(self):
        self.as_daemon("nodes", group=1, expect=4)

    def test_another_controller_is_another_pass(self):
        """A command that follows a controller goes on when it is started anew."""
        with self.lab.popen_cli("matrix", "--watch", "--every", "100ms", "--json", stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE) as watching:
            try:
                self.assertTrue(watching.stdout.readline())
                self.lab.stop("controller")
                self.lab.start("controller")
                self.assertIn("does not answer; trying", watching.stderr.readline())
                seen = time.monotonic()
                # What had come before the end stands in the pipe.
                while not '"lon-1"' in watching.stdout.readline():
                    self.assertLess(time.monotonic() - seen, 20)
            finally:
                watching.terminate()
        self.lab.await_mesh()

    def test_an_agent_on_the_controllers_own_host(self):
        self.configure("ops", f"name: ops\ncontroller: unix:{self.lab.state}/controller.sock\n"
                              f"runtime: {self.lab.state}/ops.run\nmetrics: {{listen: ''}}\n")
        with self.lab.popen("ops", BIN / "faultline-agent", "--config", self.lab.state / "ops.yaml",
                            stderr=subprocess.DEVNULL) as agent:
            try:
                wait_until(lambda: "ops" in self.connected(), 10, "it is welcome")
            finally:
                agent.terminate()


if __name__ == "__main__":
    faultlab.require_root()
    unittest.main(verbosity=2)
