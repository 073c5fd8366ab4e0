#!/usr/bin/env python3
"""The daemons as a service manager sees them: what they tell it, what they log, and how they end when they cannot start."""

import contextlib
import ctypes
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

import faultlab
from faultlab import wait_until

sys.path.append(str(faultlab.REPO / "tests" / "support"))
from certificates import Authority  # noqa: E402

BIN = pathlib.Path(os.environ.get("FAULTLINE_BIN", faultlab.REPO / "build/bin"))
PROGRAMS = {"agent": BIN / "faultline-agent", "controller": BIN / "faultline-controller"}
NODES = {"agent": "lon-1", "controller": "ops"}
LISTEN = "198.18.0.10:7400"
WATCHDOG = 1.0  # seconds
PATIENCE = 60  # seconds that a machine may take that does much else
PTRACE_DETACH, PTRACE_SEIZE, PTRACE_INTERRUPT = 17, 0x4206, 0x4207
WAIT_ALL = 0x40000000  # __WALL
# A host of its own as far as /run goes, with a journal that is the test's.
WITH_JOURNAL = 'mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/journal && mount --bind "$0" /run/systemd/journal && exec "$@"'


class Datagrams:
    """A Unix socket that a service manager or a journal could have."""

    def __init__(self, path):
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self.seen = []

    def close(self):
        self._socket.close()
        self.path.unlink()

    def next(self, timeout=PATIENCE):
        """None when none comes in that time."""
        self._socket.settimeout(timeout)
        try:
            self.seen.append(self._socket.recv(1 << 16).decode())
        except (TimeoutError, BlockingIOError):
            return None
        return self.seen[-1]

    def drain(self):
        while self.next(timeout=0) is not None:
            pass

    def until(self, wanted):
        """Reads until one is, or satisfies, `wanted`; returns it."""
        fits = wanted if callable(wanted) else wanted.__eq__
        while (datagram := self.next()) is not None:
            if fits(datagram):
                return datagram
        raise AssertionError(f"{wanted} did not come: {self.seen[-20:]}")


def fields(datagram):
    """Of a record that has no value of several lines."""
    return dict(line.split("=", 1) for line in datagram.splitlines())


@contextlib.contextmanager
def thread_stopped(pid, name):
    """Within the block that thread of the process stands still, and it alone."""
    threads = [task for task in pathlib.Path(f"/proc/{pid}/task").iterdir() if (task / "comm").read_text().strip() == name]
    assert len(threads) == 1, threads
    thread = int(threads[0].name)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    assert libc.ptrace(PTRACE_SEIZE, thread, None, None) == 0, os.strerror(ctypes.get_errno())
    try:
        assert libc.ptrace(PTRACE_INTERRUPT, thread, None, None) == 0, os.strerror(ctypes.get_errno())
        os.waitpid(thread, WAIT_ALL)
        yield
    finally:
        libc.ptrace(PTRACE_DETACH, thread, None, None)


class ServiceTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.lab = cls.enterClassContext(faultlab.Lab())
        cls.before = cls.lab.kernel_state()
        cls.addClassCleanup(cls.lab.assert_kernel_unchanged, cls.before)

    def setUp(self):
        # Not in the checkout, whose path may be too long for a socket's, and closed to an ordinary user.
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="faultline-")))
        (self.folder / "journal").mkdir()
        self.manager = Datagrams(self.folder / "notify")
        self.addCleanup(self.manager.close)

    def path(self, daemon):
        return self.folder / f"{daemon}.yaml"

    def configure(self, daemon, more=""):
        text = {"agent": f"name: lon-1\ncontroller: {LISTEN}\nruntime: {self.folder}/run\nmetrics: {{listen: ''}}\n",
                "controller": f"listen: {LISTEN}\nsocket: {self.lab.state}/controller.sock\nstate: {self.folder}/state\n"
                              "metrics: {listen: ''}\n"}[daemon]
        self.path(daemon).write_text(text + more)

    @contextlib.contextmanager
    def serving(self, daemon, *before, env=None, stderr=None, security=("--insecure",)):
        """A daemon that was started, and has told its manager that it is ready."""
        environment = {**os.environ, "NOTIFY_SOCKET": str(self.manager.path), "WATCHDOG_USEC": str(int(WATCHDOG * 1e6)),
                       **(env or {})}
        with open(self.folder / f"{daemon}.log", "w", encoding="utf-8") as log, \
                self.lab.popen(NODES[daemon], *before, PROGRAMS[daemon], *security, "--config", self.path(daemon),
                               env=environment, stderr=stderr or log) as process:
            try:
                self.manager.until("READY=1")
                yield process
            finally:
                process.send_signal(signal.SIGCONT)
                process.terminate()
                self.assertEqual(process.wait(PATIENCE), 0)

    def log(self, daemon):
        return (self.folder / f"{daemon}.log").read_text()

    def ask(self, *words, expect=0, through=()):
        asked = self.folder / "asking.yaml"
        asked.write_text(f"controller: {LISTEN}\nruntime: {self.folder}/run\n")
        return self.lab.exec("lon-1", *through, PROGRAMS["agent"], *words, "--config", asked, expect=expect)

    def level(self, *words, expect=0):
        return self.ask("log-level", *words, expect=expect)


class WatchdogTest(ServiceTest):
    def silent(self):
        """Whether nothing comes for two whole intervals: half of one is what the daemon has."""
        self.manager.drain()
        return self.manager.next(timeout=2 * WATCHDOG) is None

    def fed(self):
        for _ in range(3):
            self.manager.until("WATCHDOG=1")

    def test_stopped_agent_is_not_fed(self):
        self.configure("agent")
        with self.serving("agent") as agent:
            self.fed()
            agent.send_signal(signal.SIGSTOP)
            wait_until(lambda: " T " in pathlib.Path(f"/proc/{agent.pid}/stat").read_text(), PATIENCE, "it stands still")
            self.assertTrue(self.silent(), self.manager.seen)
            agent.send_signal(signal.SIGCONT)
            self.fed()
        self.manager.until("STOPPING=1")

    def test_agent_whose_engine_stands_still_is_not_fed(self):
        self.configure("agent")
        with self.serving("agent") as agent:
            self.fed()
            with thread_stopped(agent.pid, "engine"):
                self.assertTrue(self.silent(), self.manager.seen)
                # All else of it goes on.
                self.assertEqual(self.level().stdout, "info\n")
            self.fed()

    def test_controller_whose_runs_stand_still_is_not_fed(self):
        self.configure("controller")
        with self.serving("controller") as controller:
            self.fed()
            with thread_stopped(controller.pid, "runs"):
                self.assertTrue(self.silent(), self.manager.seen)
            self.fed()

    def test_without_a_watchdog_it_is_not_fed(self):
        self.configure("agent")
        with self.serving("agent", env={"WATCHDOG_USEC": ""}):
            self.assertTrue(self.silent(), self.manager.seen)


class LogTest(ServiceTest):
    def test_level_is_changed_at_run_time(self):
        self.configure("agent")
        with self.serving("agent"):
            self.assertEqual(self.level().stdout, "info\n")
            self.assertEqual(self.level("debug").stdout, "debug\n")
            self.assertEqual(self.level().stdout, "debug\n")
            self.assertIn("there is no log level 'loud'", self.level("loud", expect=2).stderr)
            self.assertEqual(self.level().stdout, "debug\n")
            self.assertIn("info the log's level is debug now\n", self.log("agent"))
        self.assertIn("no agent listens at", self.level(expect=1).stderr)

    def test_hangup_has_the_level_read_again(self):
        self.configure("agent", "log: {level: warning}\n")
        with self.serving("agent") as agent:
            self.assertEqual(self.level().stdout, "warning\n")
            self.configure("agent", "log: {level: debug}\n")
            agent.send_signal(signal.SIGHUP)
            wait_until(lambda: self.level().stdout == "debug\n", PATIENCE, "the level is that of the file")
            self.configure("agent", "log: {level: error}\nprotcet: {ports: [1]}\n")
            agent.send_signal(signal.SIGHUP)
            refusal = "nothing of it taken: " + str(self.path("agent")) + ":6:1: unknown key 'protcet'"
            wait_until(lambda: refusal in self.log("agent"), PATIENCE, "it says what is wrong")
            self.assertEqual(self.level().stdout, "debug\n")

    def test_hangup_reaches_the_controller(self):
        self.configure("controller")
        with self.serving("controller") as controller:
            self.configure("controller", "log: {level: error}\n")
            controller.send_signal(signal.SIGHUP)
            wait_until(lambda: "the log's level is error now" in self.log("controller"), PATIENCE, "the level is the file's")
            self.configure("controller", "log: {level: inof}\n")
            controller.send_signal(signal.SIGHUP)
            wait_until(lambda: "did you mean 'info'" in self.log("controller"), PATIENCE, "it says what is wrong")

    def test_journal_gets_records_with_their_fields(self):
        self.configure("agent")
        journal = Datagrams(self.folder / "journal" / "socket")
        self.addCleanup(journal.close)
        self.lab.start("controller", "par-1")
        self.addCleanup(self.lab.stop)
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        found = os.fstat(writer)
        with self.serving("agent", "unshare", "--mount", "sh", "-c", WITH_JOURNAL, self.folder / "journal", stderr=writer,
                          env={"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"}):
            os.close(writer)
            journal.until(lambda text: "MESSAGE=registered as lon-1" in text)
            self.lab.await_mesh()
            self.lab.cli("block", "lon-1", "par-1", "--for", "1s")
            began = fields(journal.until(lambda text: "step 0: began" in text))
            journal.until(lambda text: "healed: " in text)
        self.assertEqual({key: began[key] for key in ("PRIORITY", "SYSLOG_IDENTIFIER", "FAULTLINE_STEP", "FAULTLINE_NODE")},
                         {"PRIORITY": "6", "SYSLOG_IDENTIFIER": "faultline-agent", "FAULTLINE_STEP": "0",
                          "FAULTLINE_NODE": "lon-1"})
        self.assertIn(f"run {began['FAULTLINE_RUN']}: ", began["MESSAGE"])
        self.assertTrue([text for text in journal.seen if f"\nFAULTLINE_RUN={began['FAULTLINE_RUN']}\n" in text
                         and "armed in" in text], journal.seen)
        self.assertEqual(os.read(reader, 1 << 16), b"", "nothing goes the other way too")


    def test_every_record_has_the_node_though_the_configuration_has_none(self):
        self.configure("agent")
        self.path("agent").write_text(self.path("agent").read_text().replace("name: lon-1\n", ""))
        journal = Datagrams(self.folder / "journal" / "socket")
        self.addCleanup(journal.close)
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        found = os.fstat(writer)
        with self.serving("agent", "unshare", "--mount", "sh", "-c", WITH_JOURNAL, self.folder / "journal", stderr=writer,
                          env={"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"}):
            os.close(writer)
            # About no run and no node, from a thread of the session's.
            journal.until(lambda text: "dialling again" in text)
        journal.drain()
        for record in journal.seen:
            self.assertIn(f"\nFAULTLINE_NODE={os.uname().nodename}\n", record)


class PriorityTest(ServiceTest):
    def real_time(self, process):
        """The names of its threads that are real-time."""
        return [(task / "comm").read_text().strip() for task in pathlib.Path(f"/proc/{process.pid}/task").iterdir()
                if os.sched_getscheduler(int(task.name)) != os.SCHED_OTHER]

    def priority(self):
        findings = json.loads(self.ask("doctor", "--json", "--insecure", expect=None).stdout)["findings"]
        return [finding["detail"] for finding in findings if finding["subject"] == "priority"]

    def test_one_thread_is_given_it_by_who_may(self):
        self.configure("agent")
        with self.serving("agent") as agent:
            self.assertRegex(self.priority()[0], "^as everybody's: .*`faultline-agent realtime`")
            refused = self.ask("realtime", expect=1, through=("setpriv", "--bounding-set=-sys_nice")).stderr
            self.assertIn("Operation not permitted: run this as root, in a control group that may", refused)
            self.assertEqual(self.real_time(agent), [])
            self.assertEqual(self.ask("realtime").stdout,
                             f"the agent, process {agent.pid}, carries faults out at real-time priority\n")
            self.assertEqual(self.real_time(agent), ["engine"])
            self.assertEqual(self.priority(), ["real-time: faults begin and end on time on a busy machine too"])
            self.ask("realtime", "now", expect=2)
        self.assertIn("no agent listens at", self.ask("realtime", expect=1).stderr)
        self.assertEqual(self.priority(), [])


class FailureTest(ServiceTest):
    """What keeps a daemon from serving is one line, a status of the manager's, and an exit code that says whether to try
    again."""

    def refusal(self, daemon, expect, *before, security=("--insecure",)):
        program = PROGRAMS[daemon]
        done = self.lab.exec(NODES[daemon], "env", f"NOTIFY_SOCKET={self.manager.path}", *before, program, *security,
                             "--config", self.path(daemon), expect=expect, timeout=PATIENCE)
        said = [line for line in done.stderr.splitlines() if line.startswith(program.name + ": ")]
        self.assertEqual(len(said), 1, done.stderr)
        why = said[0].removeprefix(program.name + ": ")
        self.assertEqual(self.manager.until(lambda text: text.startswith("STATUS=")), f"STATUS={why}")
        self.assertNotIn("READY=1", self.manager.seen)
        return why

    def test_an_enrolment_that_left_no_controller(self):
        self.configure("agent", f"tls: {{ca: {self.folder}/ca, certificate: {self.folder}/crt, key: {self.folder}/key}}\n")
        self.path("agent").write_text(self.path("agent").read_text().replace(f"controller: {LISTEN}\n", ""))
        self.assertIn("no controller is known", self.refusal("agent", 2))
        (self.folder / "controller").write_text("\n")
        self.assertIn(f"{self.folder}/controller is empty, which `faultline-agent enroll`", self.refusal("agent", 2))

    def test_unknown_key(self):
        for daemon in ("agent", "controller"):
            self.configure(daemon, "labesl: {a: b}\nlsiten: x\n")
            done = subprocess.run([PROGRAMS[daemon], "--config", self.path(daemon)], capture_output=True, text=True,
                                  env={"NOTIFY_SOCKET": str(self.manager.path)}, timeout=PATIENCE, check=False)
            self.assertEqual(done.returncode, 2)
            self.assertIn("unknown key", done.stderr)
            self.assertIn("did you mean '", done.stderr)
            self.assertIn("did you mean '", self.manager.next())

    def test_wrong_type(self):
        self.configure("agent", "guard: {max_runs: many}\n")
        self.assertIn(":5:19: ", self.refusal("agent", 2))
        self.configure("controller", "lease: [3s]\n")
        self.assertIn("'lease'", self.refusal("controller", 2))

    def test_two_verbs_are_one_too_many(self):
        for verbs in (["heal", "status"], ["status", "heal"], ["enroll", "--token", "t", "doctor"]):
            done = subprocess.run([PROGRAMS["agent"], *verbs], capture_output=True, text=True, timeout=PATIENCE,
                                  check=False)
            self.assertEqual(done.returncode, 2, verbs)
            self.assertIn(verbs[-1], done.stderr)

    def test_certificate_that_is_not_there_yet(self):
        """Is no fault of the configuration's: one that comes later is taken then."""
        self.configure("agent", f"tls: {{ca: {self.folder}/ca.crt, certificate: {self.folder}/n.crt, key: /n.key}}\n")
        self.assertIn(f"{self.folder}/ca.crt: No such file", self.refusal("agent", 1, security=()))

    def test_certificate_that_may_not_be_read(self):
        certificate = self.folder / "ca.crt"
        certificate.write_text("secret")
        certificate.chmod(0o600)
        self.configure("agent", f"tls: {{ca: {certificate}}}\n")
        as_nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
        self.folder.chmod(0o755)
        self.manager.path.chmod(0o777)
        self.assertIn(f"{certificate}: Permission denied", self.refusal("agent", 1, *as_nobody, security=()))

    def test_own_certificate_that_ended_while_the_controller_was_off(self):
        """With its authority's key it makes the next one; without it that is the line."""
        pki = Authority(self.folder / "pki")
        pki.issue("controller", "faultline:controller", hosts=["198.18.0.10"], start="20240101000000Z",
                  end="20240102000000Z")
        self.configure("controller", pki.tls("controller"))
        key = self.folder / "pki" / "ca.key"
        key.rename(self.folder / "away.key")
        self.assertIn("controller.crt has ended at 2024-01-02 00:00 UTC", self.refusal("controller", 1, security=()))
        (self.folder / "away.key").rename(key)
        with self.serving("controller", security=()):
            subprocess.run(["openssl", "x509", "-noout", "-checkend", "86400", "-in", self.folder / "pki/controller.crt"],
                           stdout=subprocess.DEVNULL, check=True)

    def test_port_in_use(self):
        self.configure("controller")
        with self.lab.popen("ops", "nc", "-l", "-s", *LISTEN.split(":")[:1], "-p", "7400") as other:
            try:
                wait_until(lambda: ":7400 " in self.lab.exec("ops", "ss", "-ltn").stdout, PATIENCE, "the port is taken")
                self.assertIn(f"cannot listen on {LISTEN}: another program does", self.refusal("controller", 1))
            finally:
                other.terminate()

    def test_missing_capability(self):
        self.configure("agent")
        self.assertIn("root or CAP_NET_ADMIN is needed", self.refusal("agent", 1, "setpriv", "--bounding-set=-net_admin"))

    def test_second_agent(self):
        self.configure("agent")
        with self.serving("agent"):
            done = self.lab.exec("lon-1", PROGRAMS["agent"], "--insecure", "--config", self.path("agent"), expect=1)
            self.assertIn("another agent runs here", done.stderr)


if __name__ == "__main__":
    faultlab.require_root()
    unittest.main(verbosity=2)
