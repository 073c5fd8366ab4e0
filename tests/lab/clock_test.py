#!/usr/bin/env python3
"""Wall clocks that are set to and fro by an hour while a run goes on: nothing but what people read may change.

    clock_test.py DaemonClockTest    the clock of the controller alone, or of one agent (libfaketime)
    clock_test.py MachineClockTest   that of the machine that all of them share; only where tests/vm/run has booted it
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest
import unittest.mock
from datetime import datetime, timedelta, timezone

import faultlab
import matrix_test
from e2e_test import plan
from faultlab import SKIPPED, wait_until
from matrix_test import seconds

FAKETIME = next(iter(sorted(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))), None)
HOUR = 3600
TEN_YEARS = 87660 * HOUR
SCHEDULED = "{at: 0s, for: 1s, name: short, block: {from: london, to: paris}}"
LATE = 0.5  # seconds


def moment(timestamp):
    """Of a record's time, in seconds as time.time() counts them."""
    return datetime.fromisoformat(timestamp[:19] + "+00:00").timestamp()


class ClockTest(matrix_test.RouterTest):
    """The story of a run whose clock is set; which clock that is, is the subclass's."""

    STEP = 3  # seconds, in each of which the clock is set

    def get(self, run):
        return self.lab.cli_json("show", run)["run"]

    def await_step(self, run, step):
        def fired():
            return all(any(t["step"] == step and t["transition"] == "TRANSITION_FIRED" for t in node["transitions"])
                       for node in self.get(run)["nodes"])
        wait_until(fired, 20, f"step {step} acts on every node")

    def carry_out(self, *clock):
        """A run of three steps; when the n-th acts everywhere the n-th of these is called."""
        with plan([f"{{at: 3s, for: {self.STEP}s, name: one-way, block: {{from: london, to: paris}}}}",
                   f"{{after: one-way, for: {self.STEP}s, name: split, partition: [london, paris]}}",
                   f"{{after: split, for: {self.STEP}s, name: back, block: {{from: paris, to: london}}}}"]) as file:
            run = self.lab.cli_json("run", file.name, "--detach")["id"]
        for step, change in enumerate(clock):
            self.await_step(run, step)
            change()
        wait_until(lambda: self.get(run)["state"] == "RUN_STATE_ENDED", 20 + 3 * self.STEP, "the run is over")
        return self.get(run)

    def assert_untouched(self, run):
        """Its steps fired and healed at their moments, it was observed as planned, and no delay is absurd."""
        self.assertEqual(run["outcome"], "OUTCOME_VERIFIED", run["summary"])
        self.assertEqual(run["warnings"], [])
        for node in run["nodes"]:
            self.assertEqual(len(node["transitions"]), 2 * 3, node["node"])
            for transition in node["transitions"]:
                late = seconds(transition["actual"]) - seconds(transition["planned"])
                self.assertLess(abs(late), LATE, (node["node"], transition))
        delays = [seconds(edge["mean_delay"]) for stage in run["stages"] for edge in stage["edges"]
                  if edge["observed"] == "REACH_OPEN"]
        self.assertGreater(len(delays), 0)
        self.assertLess(max(map(abs, delays)), LATE)

    def runs_of(self, schedule):
        return [run for run in self.lab.cli_json("runs")["runs"] if run.get("schedule_name") == schedule]

    def check_controllers_clock(self, set_ahead):
        """`set_ahead` sets the controller's clock so many seconds ahead of the right one."""
        due = datetime.now(timezone.utc) + timedelta(minutes=30)
        with plan([SCHEDULED]) as file:
            self.lab.cli("schedule", "add", file.name, "--name", "daily", "--cron", f"{due.minute} {due.hour} * * *")
        self.addCleanup(self.lab.cli, "schedule", "remove", "daily")

        def jump():
            set_ahead(HOUR)
            wait_until(lambda: self.runs_of("daily"), 10, "the schedule's moment is passed")

        began = time.time()
        run = self.carry_out(jump, lambda: set_ahead(0), lambda: set_ahead(HOUR))
        self.assert_untouched(run)
        # Twice the clock has gone over the moment, at which nothing could begin.
        self.assertEqual([missed["outcome"] for missed in self.runs_of("daily")], ["OUTCOME_MISSED"])
        # What people read is what the clock said at that moment.
        self.assertLess(abs(moment(run["started"]) - began), 30)
        self.assertLess(abs(moment(run["ended"]) - began - HOUR), 60)
        set_ahead(0)


class DaemonClockTest(ClockTest):
    def with_own_clock(self, piece):
        """Starts it anew with a wall clock of its own; gives what sets that, in seconds ahead of the right one."""
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        bin_folder = pathlib.Path(os.environ.get("FAULTLINE_BIN") or faultlab.REPO / "build/bin")
        program = "faultline-controller" if piece == "controller" else "faultline-agent"
        for name in ("faultline", "faultline-controller", "faultline-agent"):
            if name != program:
                (folder / name).symlink_to(bin_folder / name)
        ahead = folder / "ahead"
        ahead.write_text("+0\n")
        (folder / program).write_text(
            f"#!/bin/sh\nexport LD_PRELOAD={FAKETIME} FAKETIME_TIMESTAMP_FILE={ahead} FAKETIME_NO_CACHE=1 "
            f'FAKETIME_DONT_FAKE_MONOTONIC=1 FAKETIME_DONT_RESET=1\nexec {bin_folder / program} "$@"\n')
        (folder / program).chmod(0o755)
        self.lab.stop(piece)
        with unittest.mock.patch.dict(os.environ, FAULTLINE_BIN=str(folder)):
            self.lab.start(piece)
        self.addCleanup(self.lab.start)
        self.addCleanup(self.lab.stop, piece)
        self.lab.await_mesh()

        def set_ahead(by):
            # At once: a file that is half written would be another time.
            (folder / "next").write_text(f"{by:+d}\n")
            (folder / "next").rename(ahead)
        return set_ahead

    def test_controllers_clock(self):
        self.check_controllers_clock(self.with_own_clock("controller"))

    def test_one_agents_clock(self):
        set_ahead = self.with_own_clock("par-1")
        set_ahead(HOUR)
        run = self.carry_out(lambda: set_ahead(-HOUR), lambda: set_ahead(HOUR), lambda: set_ahead(0))
        self.assert_untouched(run)
        log = (self.lab.state / "par-1.log").read_text().splitlines()
        (armed,) = [line for line in log if f"run {run['id']}: armed" in line]
        self.assertLess(abs(moment(armed) - moment(run["started"]) - HOUR), 10, "its clock was wrong indeed")

    def test_one_agents_clock_by_ten_years(self):
        set_ahead = self.with_own_clock("par-1")
        run = self.carry_out(lambda: set_ahead(TEN_YEARS), lambda: set_ahead(-TEN_YEARS), lambda: set_ahead(0))
        self.assert_untouched(run)


class MachineClockTest(ClockTest):
    # The machine whose clock may be set is slow.
    STEP = 8
    PROBES = 20

    def setUp(self):
        if b"tests/vm/guest/session" not in pathlib.Path("/proc/1/cmdline").read_bytes():
            self.skipTest("this machine's clock is not ours to set")
        super().setUp()

    def test_everybodys_clock(self):
        # Against the one clock that nobody sets.
        right = time.time() - time.monotonic()

        def set_ahead(by):
            now = right + time.monotonic() + by
            subprocess.run(["date", "-s", f"@{now:.3f}"], check=True, stdout=subprocess.DEVNULL)
        self.addCleanup(set_ahead, 0)
        self.check_controllers_clock(set_ahead)


if __name__ == "__main__":
    faultlab.require_root()
    if FAKETIME is None:
        print("SKIPPED: clocks of single programs are set by libfaketime, which is missing")
        sys.exit(SKIPPED)
    unittest.main(verbosity=2)
