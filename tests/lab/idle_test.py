#!/usr/bin/env python3
"""What an agent costs a node on which nothing goes on, and while it holds a large fault."""

import re
import subprocess
import sys
import unittest

import faultlab
from faultlab import Lab, wait_until

sys.path.append(str(faultlab.REPO / "tests" / "support"))
from certificates import Authority  # noqa: E402

NODE = "lon-1"
LISTEN = "198.18.0.10:7400"
MEGABYTE = 1_000_000
MOST_IDLE = 16 * MEGABYTE
MOST_HOLDING = 64 * MEGABYTE
MOST_IN_FIVE_MINUTES = 10_000  # bytes, each way, with all headers
EXCHANGES = 2
MOST_WORDS = 200
PREFIXES = 100_000
# An agent of which something is wanted asks for the time every second; of which nothing is, much more seldom.
PAUSE = 3  # seconds

# Tells of each frame of the session on eth0: when, "out" or "in", bytes, bytes of TCP's payload.
WATCH = """
import socket, time
frames = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
frames.bind(("eth0", 0))
print("ready", flush=True)
while True:
    frame, origin = frames.recvfrom(65535)
    if frame[12:14] != b"\\x08\\x00" or frame[23] != 6:
        continue
    tcp = 14 + (frame[14] & 15) * 4
    if b"\\x1c\\xe8" not in (frame[tcp:tcp + 2], frame[tcp + 2:tcp + 4]):  # port 7400
        continue
    payload = 14 + int.from_bytes(frame[16:18], "big") - tcp - (frame[tcp + 12] >> 4) * 4
    print(time.monotonic(), "out" if origin[2] == 4 else "in", len(frame), payload, flush=True)
"""

LARGE = """
name: large
groups:
  me: {{nodes: [{node}]}}
  many: {{cidrs: [{cidrs}]}}
steps:
  - {{name: cut, at: 0s, for: 10m, block: {{from: many, to: me}}}}
"""


class IdleTest(unittest.TestCase):
    """A controller and one agent, without any to be probed."""

    def setUp(self):
        self.lab = self.enterContext(Lab())

    def memory(self, what="VmRSS"):
        with open(f"/proc/{self.lab.pid(NODE)}/status", encoding="utf-8") as status:
            return int(re.search(rf"^{what}:\s+(\d+) kB$", status.read(), re.M)[1]) * 1024

    def exchanges(self, frames):
        """Of frames, lists of them: each begins with what the agent says after a pause."""
        exchange, said, words = None, None, 0
        for frame in frames:
            when, way, _, payload = frame
            if payload > 0:
                words += 1
                self.assertLess(words, MOST_WORDS, "the session does not become idle")
                if way == "out" and said is not None and when - said > PAUSE:
                    if exchange is not None:
                        yield exchange
                    exchange = []
                said = when
            if exchange is not None:
                exchange.append(frame)

    def frames(self, watcher):
        for line in watcher.stdout:
            when, way, size, payload = line.split()
            yield float(when), way, int(size), int(payload)

    def assert_idle_session_is_quiet(self):
        with self.lab.popen(NODE, sys.executable, "-c", WATCH, stdout=subprocess.PIPE) as watcher:
            try:
                self.assertEqual(watcher.stdout.readline(), "ready\n")
                exchanges = self.exchanges(self.frames(watcher))
                seen = [next(exchanges) for _ in range(EXCHANGES + 1)]
            finally:
                watcher.kill()
        # From the beginning of the first one to that of the one after the last that counts.
        elapsed = seen[-1][0][0] - seen[0][0][0]
        for way in ("out", "in"):
            counted = sum(size for exchange in seen[:-1] for _, its_way, size, _ in exchange if its_way == way)
            in_five_minutes = counted * 300 / elapsed
            print(f"{way}: {counted / EXCHANGES:.0f} bytes an exchange, {in_five_minutes:.0f} in 5 min")
            self.assertLessEqual(in_five_minutes, MOST_IN_FIVE_MINUTES)
        self.assertLessEqual(self.memory(), MOST_IDLE)


class PlaintextTest(IdleTest):
    def test_an_idle_session_is_small_and_quiet(self):
        self.lab.start("controller", NODE)
        self.assert_idle_session_is_quiet()

    def test_a_large_fault_is_held_in_little_memory_and_leaves_none_behind(self):
        # The default: what arming takes on a busy machine may be longer than a lab's.
        self.lab.start("controller", NODE, lease="15s")
        before = self.lab.kernel_state(NODE)
        plan = self.lab.state / "large.yaml"
        # No two of them are one larger prefix.
        cidrs = ", ".join(f"10.{i >> 15}.{i >> 7 & 255}.{(i & 127) * 2}/32" for i in range(PREFIXES))
        plan.write_text(LARGE.format(node=NODE, cidrs=cidrs))
        run = self.lab.cli("run", plan, "--detach").stdout.strip()

        def fired():
            return self.lab.cli_json("show", run)["run"]["nodes"][0].get("transitions")
        wait_until(fired, 60, "it has begun")
        print(f"holding: {self.memory() / MEGABYTE:.1f} MB, at most {self.memory('VmHWM') / MEGABYTE:.1f} MB so far")
        self.assertLessEqual(self.memory("VmHWM"), MOST_HOLDING)
        self.lab.cli("abort", run)
        wait_until(lambda: self.memory() <= MOST_IDLE, 20, "the agent gives back what it used")
        print(f"afterwards: {self.memory() / MEGABYTE:.1f} MB")
        self.lab.stop()
        self.lab.assert_kernel_unchanged(before)


class TlsTest(IdleTest):
    def test_an_idle_session_over_tls_is_small_and_quiet(self):
        state = self.lab.state
        pki = Authority(state / "pki")
        pki.issue("controller", "faultline:controller", hosts=["198.18.0.10"])
        pki.issue(NODE, f"faultline:node:{NODE}")
        (state / "controller.yaml").write_text(f"listen: {LISTEN}\nsocket: {state}/controller.sock\n"
                                               f"state: {state}/state\n" + pki.tls("controller"))
        (state / f"{NODE}.yaml").write_text(f"name: {NODE}\ncontroller: {LISTEN}\nruntime: {state}/{NODE}.run\n"
                                            + pki.tls(NODE))
        self.lab.start("controller", NODE)
        self.assert_idle_session_is_quiet()


if __name__ == "__main__":
    faultlab.require_root()
    unittest.main(verbosity=2)
