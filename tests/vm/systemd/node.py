"""The machine that tests/vm/boot has booted, as a node: its network, its packages, its services, faults on it.

The network is a pair of interfaces, `up0` here and `eth0` in a namespace of the test's own, which is the other node. All of
the files here are for that machine alone: they install, kill and remove.
"""

import difflib
import json
import os
import pathlib
import subprocess
import sys
import time
import unittest
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "lab"))

import traffic  # noqa: E402  (of tests/lab)
from faultlab import wait_until  # noqa: E402

PACKAGES = pathlib.Path(__file__).resolve().parents[3] / "build" / "vm" / "packages"
AGENT, CONTROLLER = "faultline-agent", "faultline-controller"
NAME = os.uname().nodename
HERE, PEER = "198.51.100.1", "198.51.100.2"
LEASE = 15  # seconds, unless the controller's configuration says otherwise
SLACK = 3  # seconds that an emulated machine may take
PATIENCE = 120  # seconds for a daemon to start on one


def run(*command, expect=0, timeout=120, **options):
    """Waits for a command; any exit status but `expect` is an error, unless that is None."""
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=timeout, check=False, **options)
    if expect is not None and done.returncode != expect:
        raise AssertionError(f"{' '.join(map(str, command))}\nexit status {done.returncode}, expected {expect}\n"
                             f"{done.stdout}{done.stderr}")
    return done


def output(*command, **options):
    return run(*command, **options).stdout.strip()


def property_of(unit, name):
    return output("systemctl", "show", "--property", name, "--value", unit)


def main_pid(unit):
    return int(property_of(unit, "MainPID"))


def is_active(unit):
    return output("systemctl", "is-active", unit, expect=None) == "active"


def process_status(pid):
    """What /proc/PID/status says, by key."""
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}


def modules():
    return {line.split()[0] for line in pathlib.Path("/proc/modules").read_text().splitlines()}


def journal(unit, since=None):
    """The unit's records as dictionaries: all since the boot, or after that cursor."""
    after = [f"--after-cursor={since}"] if since else ["--boot"]
    text = output("journalctl", "--output=json", f"--unit={unit}", "--no-pager", *after)
    return [json.loads(line) for line in text.splitlines()]


def cursor():
    """Of the journal's last record."""
    return json.loads(output("journalctl", "--output=json", "--lines=1", "--no-pager"))["__CURSOR"]


def package(name):
    """The package's file that was built."""
    (path,) = PACKAGES.glob(f"{name}_*.deb")
    return path


def kernel_state():
    """Rules, links and qdiscs, without what counts or comes and goes by itself."""
    return "\n".join((output("nft", "-s", "list", "ruleset"), output("ip", "-o", "-br", "link"),
                      output("tc", "qdisc", "show")))


def assert_kernel_becomes(before):
    """Who has died may leave idle devices to the next one: they go soon."""
    def changes():
        return list(difflib.unified_diff(before.splitlines(), kernel_state().splitlines(), n=0, lineterm=""))
    try:
        wait_until(lambda: not changes(), SLACK, "the kernel's state is as it was")
    except AssertionError as late:
        raise AssertionError("\n".join([str(late), *changes()])) from None


def plug_in():
    """The other node and the cable to it."""
    if not os.path.exists("/run/netns/peer"):
        for words in ("netns add peer", "link add up0 type veth peer name eth0 netns peer",
                      f"addr add {HERE}/24 dev up0", "link set up0 up",
                      f"-n peer addr add {PEER}/24 dev eth0", "-n peer link set eth0 up"):
            run("ip", *words.split())


class Cable:
    """For tests/lab/traffic, which calls the two ends nodes of a lab."""

    @staticmethod
    def popen(end, *command, **options):
        options.setdefault("text", True)
        return subprocess.Popen(["ip", "netns", "exec", "peer", *command] if end == "peer" else command, **options)


def session_is_up():
    try:
        with urllib.request.urlopen("http://127.0.0.1:7403/metrics", timeout=5) as page:
            return b"faultline_agent_session_up 1" in page.read()
    except OSError:
        return False


def await_session():
    """Until the controller has this node registered, as the agent sees it."""
    wait_until(session_is_up, PATIENCE, f"{AGENT} is registered")


class NodeTest(unittest.TestCase):
    """On the machine with both packages installed. A stream of datagrams from the other node shows what gets through."""

    @classmethod
    def setUpClass(cls):
        plug_in()
        await_session()
        cls.before = kernel_state()
        cls.stream = cls.enterClassContext(traffic.Stream(Cable, "peer", "here", HERE, interval=0.05))
        cls.stream.first_after(time.monotonic(), PATIENCE)

    def run(self, result=None):
        began = time.monotonic()
        super().run(result)
        print(f"TOOK {self.id()}: {time.monotonic() - began:.0f} s", flush=True)

    def fault(self):
        """Nothing of the other node's gets through for five minutes; returns when that acts."""
        await_session()
        wait_until(lambda: self.detach("block", PEER, NAME, "--one-way"), PATIENCE, "a run begins")
        self.stream.await_silence()

    def detach(self, *fault):
        return run("faultline", *fault, "--for", "5m", "--detach", expect=None).returncode == 0

    def assert_healed(self, blow, bound):
        """Deals the blow; datagrams get through again within the bound, in seconds. What the blow returned."""
        began = time.monotonic()
        self.assertTrue(self.stream.silent_since(began - 0.2), "the fault acts until then")
        result = blow()
        took = self.stream.first_after(began, bound + SLACK) - began
        print(f"MEASURED {self.id().split('.')[-1]}: {took:.2f} s, bound {bound} s", flush=True)
        self.assertLess(took, bound + SLACK)
        return result

    def assert_back(self, old):
        """Another process than `old` serves, registered, and nothing is left in the kernel."""
        wait_until(lambda: main_pid(AGENT) not in (0, old) and is_active(AGENT), PATIENCE, f"{AGENT} is started again")
        await_session()
        assert_kernel_becomes(self.before)
        self.assertIn("nothing of faultline", output(AGENT, "status"))
