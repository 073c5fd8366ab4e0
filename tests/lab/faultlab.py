"""Labs for end-to-end tests: a thin layer over tests/lab/lab, standard library only.

    with Lab() as lab:
        before = lab.kernel_state()
        lab.start()
        lab.cli("run", "plans/split-brain.yaml")
        lab.stop()
        lab.assert_kernel_unchanged(before)
"""

import dataclasses
import difflib
import itertools
import json
import os
import pathlib
import subprocess
import sys
import threading
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
REPO = HERE.parent.parent
SKIPPED = 77  # exit status that CTest takes for "skipped"

_labs_made = itertools.count()


def require_root():
    """Ends the program as skipped, saying why, unless it may make namespaces."""
    if os.geteuid() != 0:
        print("SKIPPED: labs are made of network namespaces, which need root")
        sys.exit(SKIPPED)
    # Labs wait for moments; what CTest runs beside them only computes.
    os.nice(-10)


def wait_until(fn, timeout, what):
    """Polls fn until it returns something true and returns that. `timeout` is in seconds."""
    deadline = time.monotonic() + timeout
    while not (result := fn()):
        if time.monotonic() >= deadline:
            raise AssertionError(f"not within {timeout} s: {what}")
        time.sleep(0.02)
    return result


class Stalls:
    """Within the block: for how long each processor did not run who had the right to, at most."""

    def __enter__(self):
        self._over = threading.Event()
        self._longest = {cpu: 0 for cpu in os.sched_getaffinity(0)}
        self._threads = [threading.Thread(target=self._watch, args=(cpu,)) for cpu in self._longest]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        for thread in self._threads:
            thread.join()

    @property
    def longest(self):
        """In seconds."""
        return max(self._longest.values())

    def _watch(self, cpu):
        os.sched_setaffinity(threading.get_native_id(), {cpu})
        woken = time.monotonic()
        while not self._over.wait(0.02):
            before, woken = woken, time.monotonic()
            self._longest[cpu] = max(self._longest[cpu], woken - before - 0.02)


class TimedTest(unittest.TestCase):
    """A test whose plans have to act at their moments. When it fails and the machine is seen to have stalled for longer
    than a verdict allows for, it is tried once more, and says so; else it has failed."""

    LONGEST_STALL = 0.1  # seconds

    def run(self, result=None):
        failures, errors = len(result.failures), len(result.errors)
        with Stalls() as stalls:
            super().run(result)
        if len(result.failures) == failures and len(result.errors) == errors:
            return result
        again = stalls.longest > self.LONGEST_STALL
        print(f"{self.id()} failed; a processor stalled for {stalls.longest:.2f} s{': once more' if again else ''}\n"
              + "".join(text for _, text in result.failures[failures:] + result.errors[errors:])
              + (self.lab.logs() if hasattr(self, "lab") else ""), flush=True)
        if again:
            del result.failures[failures:], result.errors[errors:]
            super().run(result)
        return result


@dataclasses.dataclass(frozen=True)
class Node:
    name: str
    region: str
    az: str
    ipv4: str
    ipv6: str


class Lab:
    """One lab, up inside the `with` block. Its prefix is not used by any other process."""

    def __init__(self, prefix=None, per_subnet=None):
        self.prefix = prefix or f"t{os.getpid()}x{next(_labs_made)}"
        self.nodes = {}  # name -> Node
        self._per_subnet = per_subnet
        labs = os.environ.get("FAULTLINE_LAB_DIR") or REPO / "build" / "lab"
        self.state = pathlib.Path(labs) / self.prefix

    def __enter__(self):
        size = ["--per-subnet", str(self._per_subnet)] if self._per_subnet else []
        self.lab("up", *size)
        self.nodes = {
            node.name: node
            for node in (Node(*line.split()) for line in self.lab("nodes").stdout.splitlines())
        }
        return self

    def __exit__(self, failure, *_):
        if failure:
            print(self.logs(), file=sys.stderr)
        self.lab("down")

    def lab(self, *args, expect=0, timeout=60):
        """Runs a verb of tests/lab/lab; any other exit status than `expect` is an error."""
        return _run(self.command(*args), expect, timeout)

    def exec(self, node, *command, expect=0, timeout=60):
        """Runs a command in a node and waits. `expect=None` accepts any exit status."""
        return _run(self.command("exec", node, *command), expect, timeout)

    def popen(self, node, *command, **options):
        """Starts a command in a node; the caller ends it and waits for it."""
        options.setdefault("text", True)
        return subprocess.Popen(self.command("exec", node, *command), **options)

    def start(self, *pieces, lease=None):
        """Starts 'controller' or agents by node name, or everything, and waits until ready."""
        return self.lab("start", *(["--lease", lease] if lease else []), *pieces)

    def stop(self, *pieces):
        return self.lab("stop", *pieces)

    def configure(self, lines, lease=None):
        """Adds lines to the controller's configuration, with which it is started next; ends it."""
        config = self.state / "controller.yaml"
        if not config.exists():
            self.start("controller", lease=lease)
        self.stop("controller")
        config.write_text(config.read_text() + lines)

    def pid(self, piece):
        return int((self.state / f"{piece}.pid").read_text())

    def cli(self, *args, expect=0, timeout=180):
        """Runs the faultline command in ops; any other exit status than `expect` is an error."""
        return _run(self.command("faultline", *args), expect, timeout)

    def popen_cli(self, *args, **options):
        """Starts the faultline command in ops; the caller ends it and waits for it."""
        options.setdefault("text", True)
        return subprocess.Popen(self.command("faultline", *args), **options)

    def cli_json(self, *args, expect=0, timeout=180):
        """As cli, with --json; returns what it printed, parsed."""
        return json.loads(self.cli(*args, "--json", expect=expect, timeout=timeout).stdout)

    def await_mesh(self):
        """Until every node hears every other: the first probes may come before somebody listens."""
        def heard():
            edges = self.cli_json("matrix")["now"]["edges"]
            return edges and all(edge["observed"] == "REACH_OPEN" for edge in edges)
        wait_until(heard, 60, "every node hears every other")

    def cut(self, direction="both"):
        self.lab("cut", direction)

    def uncut(self):
        self.lab("uncut")

    def kernel_state(self, *names):
        """Rules, links and qdiscs as text, by node name; of all nodes unless some are named."""
        return {name: self.lab("kernel-state", name).stdout for name in names or self.nodes}

    def assert_kernel_unchanged(self, before):
        """`before` is what kernel_state gave; names every node and line that differs now."""
        after = self.kernel_state(*before)
        changes = [
            line
            for name in before
            for line in difflib.unified_diff(
                before[name].splitlines(), after[name].splitlines(),
                f"{name} before", f"{name} after", n=0, lineterm="")
        ]
        if changes:
            raise AssertionError("the kernel's state changed:\n" + "\n".join(changes))

    def logs(self, lines=30):
        """The end of every log of this lab, each under its name."""
        return "\n".join(
            f"--- the end of {path.name}\n" + "\n".join(path.read_text().splitlines()[-lines:])
            for path in sorted(self.state.glob("*.log")))

    def command(self, *args):
        """What runs a verb of tests/lab/lab."""
        return [str(HERE / "lab"), "--prefix", self.prefix, *map(str, args)]


def _run(command, expect, timeout):
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout)
    if expect is not None and done.returncode != expect:
        raise AssertionError(
            f"{' '.join(command)}\nexit status {done.returncode}, expected {expect}\n"
            f"{done.stdout}{done.stderr}")
    return done
