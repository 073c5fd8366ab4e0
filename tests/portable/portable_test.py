"""That what is shipped runs where it was not built: on older and newer Debians, with none of their libraries.

BullseyeTest and TrixieTest each run in a clean root of that release (tests/package/root), laid under an overlay in
namespaces of the test's own: mounts, network, processes. All of it is gone when the test's process is.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

REPO = pathlib.Path(__file__).resolve().parent.parent.parent
BIN = pathlib.Path(os.environ.get("FAULTLINE_BIN", REPO / "build/bin"))
PROGRAMS = ("faultline", "faultline-agent", "faultline-controller")
# What the programs are for, as uname calls it; and what runs them here, if not this machine itself.
MACHINE = os.environ.get("FAULTLINE_MACHINE", os.uname().machine)
EMULATOR = [] if MACHINE == os.uname().machine else [f"qemu-{MACHINE}-static"]
SKIPPED = 77
MOST_AGENT = 12_000_000  # bytes of the stripped agent
NAME = "controller.test"
AGENT = f"name: lon-1\ncontroller: {NAME}:7400\nlabels: {{region: london}}\ninterfaces: [fl-a]\n"
CONTROLLER = f"listen: {NAME}:7400\nlease: 3s\n"
# What a host may ask for that has a directory service and a module for OpenSSL; none of it is there.
NSSWITCH = "passwd: sss files\ngroup: sss files\nhosts: sss mymachines files dns\nservices: db files\n"
OPENSSL = """openssl_conf = start
config_diagnostics = 1
[start]
providers = some
[some]
hardware = theirs
[theirs]
module = /usr/lib/hardware.so
activate = 1
"""
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "OPENSSL_CONF": "/etc/modules.cnf"}


def run(*command, expect=0, **options):
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=60, **options)
    if expect is not None and done.returncode != expect:
        raise AssertionError(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done


def wait_until(fn, timeout, what):
    deadline = time.monotonic() + timeout
    while not (result := fn()):
        if time.monotonic() >= deadline:
            raise AssertionError(f"not within {timeout} s: {what}")
        time.sleep(0.02)
    return result


class FileTest(unittest.TestCase):
    """The programs as files."""

    def test_nothing_of_the_host_is_loaded(self):
        for program in PROGRAMS:
            headers = run("readelf", "--wide", "--program-headers", "--dynamic", BIN / program).stdout
            self.assertRegex(headers, r"\bDYNAMIC\b")
            self.assertNotRegex(headers, r"\bINTERP\b|\(NEEDED\)", program)
            # At a random address, with nothing both writable and executable.
            self.assertRegex(headers, r"Elf file type is DYN")
            self.assertRegex(headers, r"GNU_STACK\s+\S+ \S+ \S+ \S+ \S+ RW\s")
            self.assertNotRegex(headers, r"LOAD\s+\S+ \S+ \S+ \S+ \S+ RWE")

    def test_agent_is_small(self):
        with tempfile.TemporaryDirectory() as folder:
            stripped = pathlib.Path(folder) / "agent"
            run(f"{MACHINE}-linux-gnu-strip", "-o", stripped, BIN / "faultline-agent")
            self.assertLessEqual(stripped.stat().st_size, MOST_AGENT)


class SystemTest:
    """A fleet of one in a root of another Debian, from its enrolment to a fault that is healed."""

    suite = ""

    @classmethod
    def setUpClass(cls):
        made = run(REPO / "tests/package/root", cls.suite, expect=None)
        if made.returncode != 0:
            raise AssertionError(made.stderr)
        cls.root = cls.lay_root(pathlib.Path(made.stdout.strip()))
        run("ip", "link", "set", "lo", "up")
        run("ip", "link", "add", "fl-a", "type", "veth", "peer", "name", "fl-b")
        for name, address in (("fl-a", "198.18.0.1/24"), ("fl-b", "198.18.1.1/24")):
            run("ip", "address", "add", address, "dev", name)
            run("ip", "link", "set", name, "up")

    @classmethod
    def lay_root(cls, lower):
        stage = REPO / "build/portable"
        stage.mkdir(exist_ok=True)
        run("mount", "-t", "tmpfs", "stage", stage)
        for folder in ("upper", "work", "root"):
            (stage / folder).mkdir()
        root = stage / "root"
        run("mount", "-t", "overlay", "-o", f"lowerdir={lower},upperdir={stage}/upper,workdir={stage}/work", "root", root)
        run("mount", "-t", "proc", "proc", root / "proc")
        run("mount", "--bind", "/dev", root / "dev")
        for program in PROGRAMS:
            shutil.copy(BIN / program, root / "usr/bin")
        etc = root / "etc"
        (etc / "faultline").mkdir()
        (etc / "faultline/agent.yaml").write_text(AGENT)
        (etc / "faultline/controller.yaml").write_text(CONTROLLER)
        (etc / "hosts").write_text(f"127.0.0.1 localhost\n127.0.0.1 {NAME}\n")
        (etc / "resolv.conf").write_text("")
        (etc / "nsswitch.conf").write_text(NSSWITCH)
        (etc / "modules.cnf").write_text(OPENSSL)
        return root

    def there(self, *command, expect=0):
        return run("chroot", self.root, *command, expect=expect, env=ENVIRONMENT)

    def start(self, program):
        log = open(self.root / f"tmp/{program}.log", "w", encoding="utf-8")
        self.addCleanup(log.close)
        process = subprocess.Popen(["chroot", str(self.root), program], stderr=log, stdin=subprocess.DEVNULL,
                                   env=ENVIRONMENT)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def log(self, program):
        return (self.root / f"tmp/{program}.log").read_text()

    def nodes(self):
        done = self.there("faultline", "nodes", "--json", expect=None)
        return json.loads(done.stdout).get("nodes", []) if done.returncode == 0 else []

    def stop(self, process, program):
        process.terminate()
        self.assertEqual(process.wait(timeout=30), 0, self.log(program))

    def test_fleet_of_one(self):
        for program in PROGRAMS:
            self.assertRegex(self.there(program, "--version").stdout, r"^\d+\.\d+\.\d+")
        self.assertIn("nothing of faultline", self.there("faultline-agent", "status").stdout)
        self.there("faultline", "pki", "init", "--host", NAME)
        controller = self.start("faultline-controller")
        wait_until(lambda: "listening on" in self.log("faultline-controller"), 20, "the controller listens")
        token = re.search(r"fl1\.\S+", self.there("faultline", "token", "create").stdout).group()
        self.there("faultline-agent", "enroll", "--token", token)
        agent = self.start("faultline-agent")
        try:
            wait_until(lambda: any(node.get("connected") for node in self.nodes()), 20, "the agent is connected")
        except AssertionError as late:
            raise AssertionError(self.log("faultline-agent") + self.log("faultline-controller")) from late
        self.a_fault_is_seen_and_healed()
        for process in (agent, controller):
            maps = pathlib.Path(f"/proc/{process.pid}/maps").read_text()
            self.assertNotIn(".so", maps)
        self.stop(agent, "faultline-agent")
        self.stop(controller, "faultline-controller")
        self.assertIn("nothing of faultline", self.there("faultline-agent", "status").stdout)

    def a_fault_is_seen_and_healed(self):
        self.there("faultline", "block", "203.0.113.0/24", "lon-1", "--for", "30s", "--detach")
        wait_until(lambda: "203.0.113.0/24" in run("nft", "list", "ruleset").stdout, 20, "the fault is in the kernel")
        self.there("faultline-agent", "status", expect=3)
        self.there("faultline-agent", "heal")
        self.assertNotIn("203.0.113", run("nft", "list", "ruleset").stdout)


class BullseyeTest(SystemTest, unittest.TestCase):
    suite = "bullseye"


class TrixieTest(SystemTest, unittest.TestCase):
    suite = "trixie"


class EmulatedTest(unittest.TestCase):
    """The programs of another architecture under qemu-user, which has no nftables: a controller, the command line, and an
    agent that enrols, over loopback."""

    AT = "127.0.0.1:7400"

    @classmethod
    def setUpClass(cls):
        run("ip", "link", "set", "lo", "up")
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.state = pathlib.Path(folder.name)
        pki = cls.state / "pki"
        files = f"tls:\n  ca: {pki}/ca.crt\n  certificate: {pki}/controller.crt\n  key: {pki}/controller.key\n"
        cls.write("controller.yaml", f"listen: {cls.AT}\nsocket: {cls.state}/socket\nstate: {cls.state}/state\n{files}"
                                     f"authority:\n  key: {pki}/ca.key\n")
        cls.write("agent.yaml", f"name: lon-1\ncontroller: {cls.AT}\nruntime: {cls.state}/run\n"
                                f"tls:\n  ca: {cls.state}/ca.crt\n  certificate: {cls.state}/node.crt\n"
                                f"  key: {cls.state}/node.key\n")
        cls.emulated("faultline", "pki", "init", "--dir", pki, "--host", "127.0.0.1")
        cls.log = open(cls.state / "log", "w", encoding="utf-8")
        cls.addClassCleanup(cls.log.close)
        cls.controller = subprocess.Popen(
            [*EMULATOR, BIN / "faultline-controller", "--config", cls.state / "controller.yaml"], stderr=cls.log,
            stdin=subprocess.DEVNULL)
        cls.addClassCleanup(cls.controller.wait)
        cls.addClassCleanup(cls.controller.kill)
        wait_until(lambda: "listening on" in cls.said(), 60, "the controller listens")

    @classmethod
    def write(cls, name, text):
        (cls.state / name).write_text(text)

    @classmethod
    def said(cls):
        return (cls.state / "log").read_text()

    @staticmethod
    def emulated(program, *words, expect=0, **options):
        return run(*EMULATOR, BIN / program, *words, expect=expect, **options)

    def cli(self, *words, expect=0):
        return self.emulated("faultline", "--controller", f"unix:{self.state}/socket", *words, expect=expect)

    def test_each_says_what_it_is(self):
        for program in PROGRAMS:
            self.assertRegex(self.emulated(program, "--version").stdout, r"^\d+\.\d+\.\d+\n$")
            self.assertIn("Usage: ", self.emulated(program, "--help").stdout)

    def test_plans_are_checked(self):
        # But those of AWS' address ranges, a file of the user's own.
        plans = [plan for plan in (REPO / "plans").glob("*.yaml") if "ip-ranges.json" not in plan.read_text()]
        self.assertGreater(len(plans), 10)
        for plan in plans:
            self.emulated("faultline", "plan", "check", plan)
        self.write("wrong.yaml", "name: wrong\nsteps: [{fault: {kind: blok}}]\n")
        self.assertIn("wrong.yaml:", self.emulated("faultline", "plan", "check", self.state / "wrong.yaml", expect=2).stderr)

    def test_a_node_is_enrolled(self):
        self.assertEqual(json.loads(self.cli("nodes", "--json").stdout).get("nodes", []), [])
        token = re.search(r"fl1\.\S+", self.cli("token", "create").stdout).group()
        agent = ("faultline-agent", "--config", self.state / "agent.yaml")
        self.emulated(*agent, "enroll", "--token", token)
        self.assertIn("lon-1", self.cli("node", "list").stdout)
        certificate = run("openssl", "verify", "-CAfile", self.state / "pki/ca.crt", self.state / "node.crt").stdout
        self.assertIn("node.crt: OK", certificate)
        # A token is good once.
        self.emulated(*agent, "enroll", "--token", token, expect=1)

    def test_an_agent_tells_what_its_kernel_lacks(self):
        """Of qemu-user, as of any kernel without nftables."""
        said = self.emulated("faultline-agent", "--config", self.state / "agent.yaml", expect=1).stderr
        self.assertIn("netlink", said)

    @classmethod
    def tearDownClass(cls):
        cls.controller.terminate()
        if cls.controller.wait(timeout=60) != 0:
            raise AssertionError(cls.said())


def enter_namespaces():
    """This program once more, in namespaces of its own that end with it."""
    if os.environ.get("FAULTLINE_PORTABLE_INSIDE"):
        return
    # Inside there is no mirror to make a root from.
    for system in (BullseyeTest, TrixieTest):
        if len(sys.argv) == 1 or system.__name__ in sys.argv:
            subprocess.run([REPO / "tests/package/root", system.suite], check=True, stdout=subprocess.DEVNULL)
    os.environ["FAULTLINE_PORTABLE_INSIDE"] = "1"
    os.execvp("unshare", ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc",
                          sys.executable, *sys.argv])


if __name__ == "__main__":
    if os.geteuid() != 0:
        print("SKIPPED: roots and namespaces need root")
        sys.exit(SKIPPED)
    enter_namespaces()
    unittest.main(verbosity=2)
