#!/usr/bin/env python3
"""What the writers of plans/subjects note and account for, and the plans beside them; needs no database."""

import contextlib
import io
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import types
import unittest

import contract
from programs import REPO, SUBJECTS

sys.path.insert(0, str(SUBJECTS))

import writer  # pylint: disable=wrong-import-position

BIN = pathlib.Path(os.environ.get("FAULTLINE_BIN", REPO / "build" / "bin"))


class Forgetful:
    """A database that takes records 1, 2, 3, 4, 5, ... and so on, tells of every third that it failed, and keeps but
    those of `kept`."""

    server = "here"

    def __init__(self, over, kept=(), failures=0):
        self._over = over
        self._kept = kept
        self._failures = failures

    def append(self, record):
        if record.endswith("00000006"):
            self._over.set()
        if int(record[-1]) % 3 == 0:
            raise OSError("no")

    def records(self):
        self._failures -= 1
        if self._failures >= 0:
            raise OSError("leader changed")
        return self._kept

    def leader(self):
        return None


class WriterTest(unittest.TestCase):
    def setUp(self):
        self.directory = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory())) / "run"
        self.options = types.SimpleNamespace(directory=self.directory, side="london", every=0, patience=60)
        over = threading.Event()
        with writer.Notes(self.directory, "london") as notes:
            writer.append_for_ever(Forgetful(over), notes, "london", 0, over)

    def account(self, kept):
        with contextlib.redirect_stdout(io.StringIO()) as output:
            writer.account(lambda _: Forgetful(None, kept), self.options)
        lines = output.getvalue().splitlines()
        self.assertEqual([contract.check(line) for line in lines], [None] * len(lines))
        return [json.loads(line) for line in lines]

    def test_each_write_is_noted_with_what_came_of_it(self):
        notes = writer.read_notes(self.directory)["london"]
        self.assertEqual([note["ok"] for note in notes], [True, True, False, True, True, False])
        self.assertEqual([note["record"] for note in notes], [f"london-0000000{n}" for n in range(1, 7)])

    def test_found_lost_and_extra_are_told_apart(self):
        told = self.account({"london-00000001", "london-00000002", "london-00000003", "of another"})
        self.assertEqual(told[-1], {"side": "london", "acknowledged": 4, "found": 2, "lost": 2, "extra": 1})
        self.assertEqual(len(told), 7)

    def test_what_keeps_nothing_has_no_account(self):
        self.assertEqual(len(self.account(None)), 6)

    def test_records_are_asked_for_again_while_it_fails(self):
        self.assertEqual(writer.records_of(Forgetful(None, {"1"}, failures=2), 60), {"1"})
        with self.assertRaisesRegex(SystemExit, "the records cannot be read: leader changed"):
            writer.records_of(Forgetful(None, {"1"}, failures=2), 0)

    def test_half_a_line_is_left_for_later(self):
        with open(self.directory / "london.jsonl", "a", encoding="utf-8") as file:
            file.write('{"time": 1')
        self.assertEqual(len(writer.read_notes(self.directory)["london"]), 6)

    def test_notes_of_another_run_are_not_mixed_in(self):
        with self.assertRaisesRegex(SystemExit, "is there already: give each run a new directory"):
            writer.write(Forgetful, self.options)

    def test_without_notes_it_says_what_is_missing(self):
        self.options.directory = self.directory / "elsewhere"
        with self.assertRaisesRegex(SystemExit, "has no notes"):
            writer.account(Forgetful, self.options)


class ContractTest(unittest.TestCase):
    def test_what_is_not_of_it_is_named(self):
        for line, reason in (("hello", "not JSON"), ("3", "not an object"), ('{"ok": true, "side": "a"}', "no time"),
                             ('{"time": 1, "ok": true}', "neither"), ('{"time": 1, "ok": 1, "side": "a"}', "neither"),
                             ('{"time": 1, "side": "%s", "ok": true}' % ("a" * 65), "side"),
                             ('{"acknowledged": 3, "found": 1, "lost": 1, "extra": 0}', "found + lost")):
            self.assertIn(reason, contract.check(line) or "nothing", line)
        self.assertIsNone(contract.check('{"time": 1763846400.123, "side": "london", "ok": true, "ms": 3.2}'))
        self.assertIsNone(contract.check('{"time": 1, "event": "leader a -> b", "else": []}'))


class ShippedTest(unittest.TestCase):
    def test_every_writer_says_how_it_is_used(self):
        """The one for Aerospike needs a client that is not here."""
        for path in sorted(SUBJECTS.glob("*_*.py")):
            compile(path.read_text(), path, "exec")
            if path.stem != "aerospike_writer":
                done = subprocess.run(["python3", path, "--help"], capture_output=True, text=True, check=True)
                self.assertIn("--servers", done.stdout)

    def test_what_was_not_run_says_so_first(self):
        for name in ("aerospike_writer.py", "aerospike.yaml"):
            self.assertIn("NOT RUN HERE", (SUBJECTS / name).read_text().splitlines()[0])

    def test_every_plan_is_valid(self):
        plans = {"etcd": ("endpoints", "servers", "notes"), "redis-sentinel": ("ours", "theirs", "sentinels", "notes"),
                 "web-failover": ("az", "name", "notes"), "aerospike": ("server", "servers", "notes")}
        self.assertEqual(set(plans), {path.stem for path in SUBJECTS.glob("*.yaml")})
        for name, variables in plans.items():
            options = [word for variable in variables for word in ("--set", f"{variable}=x")]
            done = subprocess.run([BIN / "faultline", "plan", "check", SUBJECTS / f"{name}.yaml", *options],
                                  capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
