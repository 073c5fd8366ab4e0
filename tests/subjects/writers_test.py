#!/usr/bin/env python3
"""What the writers of plans/subjects note and account for, and the plans beside them; needs no database."""

import contextlib
import io
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import types
import unittest
import unittest.mock

import programs
from programs import REPO, SUBJECTS

sys.path.insert(0, str(SUBJECTS))

import redis_writer  # pylint: disable=wrong-import-position
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
        self.options = types.SimpleNamespace(directory=self.directory, side="london", every=0, patience=60, sides=[])
        over = threading.Event()
        with writer.Notes(self.directory, "london") as notes:
            writer.append_for_ever(Forgetful(over), notes, "london", 0, over)

    def account(self, kept):
        with contextlib.redirect_stdout(io.StringIO()) as output:
            writer.account(lambda _: Forgetful(None, kept), self.options)
        return [json.loads(line) for line in output.getvalue().splitlines()]

    def test_each_write_is_noted_with_what_came_of_it(self):
        notes = writer.read_notes(self.directory)["london"]
        self.assertEqual([note["ok"] for note in notes], [True, True, False, True, True, False])
        self.assertEqual([note["record"] for note in notes], [f"london-0000000{n}" for n in range(1, 7)])

    def test_found_lost_and_extra_are_told_apart(self):
        told = self.account({"london-00000001", "london-00000002", "london-00000003", "of another"})
        self.assertEqual(told[0], {"side": "london", "acknowledged": 4, "found": 2, "lost": 2, "extra": 1})
        self.assertEqual(self.counts(told[1:]), {True: 4, False: 2})

    @staticmethod
    def counts(told):
        """Of operations, by how they ended."""
        return {ok: sum(line.get("count", 1) for line in told if line["ok"] == ok) for ok in (True, False)}

    def test_what_keeps_nothing_has_no_account(self):
        self.assertEqual(self.counts(self.account(None)), {True: 4, False: 2})

    def test_what_is_alike_is_told_once(self):
        def note(time, took, ok=True):
            return {"time": time, "side": "a", "ok": ok, "ms": took}
        notes = [note(1.0001, 0.31), note(1.0002, 0.29), {"time": 1.0003, "event": "leader"}, note(1.0004, 0.3, False),
                 note(1.0005, 0.34), note(1.0006, 7), note(1.0101, 0.3)]
        self.assertEqual(list(writer.folded(notes)),
                         [{**note(1.0005, 0.34), "count": 3}, *notes[2:4], notes[5], notes[6]])

    def test_a_side_without_notes_is_a_failure_that_tells_what_there_is(self):
        self.options.sides = ["london", "paris", "rome"]
        with contextlib.redirect_stdout(io.StringIO()) as output, self.assertRaisesRegex(
                SystemExit, "has no notes of paris, rome: `write` keeps them where it runs"):
            writer.account(lambda _: Forgetful(None, set()), self.options)
        self.assertEqual(json.loads(output.getvalue().splitlines()[0])["acknowledged"], 4)

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


class RefusingTest(unittest.TestCase):
    """What goes wrong with the database's own code, or its connection, is a write that failed."""

    def setUp(self):
        self.directory = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory())) / "run"
        self.options = types.SimpleNamespace(directory=self.directory, side="london", every=0, patience=60, sides=[])
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            self.addCleanup(signal.signal, number, signal.getsignal(number))

    def test_whatever_append_raises_is_noted(self):
        class Broken(Forgetful):
            def append(self, record):
                if record.endswith("3"):
                    os.kill(os.getpid(), signal.SIGTERM)
                raise KeyError("shard")
        writer.write(lambda _: Broken(None), self.options)
        notes = writer.read_notes(self.directory)["london"]
        self.assertEqual([(note["ok"], note["error"]) for note in notes], [(False, "KeyError('shard')")] * len(notes))
        self.assertGreaterEqual(len(notes), 3)

    def test_its_end_may_come_while_it_looks_for_it(self):
        """With threading.Event the handler of the signal would wait for a lock that its own thread holds."""
        program = ("import signal, sys; sys.path.insert(0, sys.argv[1]); import writer\n"
                   "with writer.End() as end:\n"
                   "    signal.signal(signal.SIGALRM, lambda *_: end.set())\n"
                   "    signal.setitimer(signal.ITIMER_REAL, 1e-4, 1e-4)\n"
                   "    while not end.wait(60): pass\n"
                   "    for _ in range(100_000): assert end.wait(0)\n"
                   "    signal.setitimer(signal.ITIMER_REAL, 0)\n")
        subprocess.run([sys.executable, "-c", program, SUBJECTS], timeout=60, check=True)

    def test_a_writer_that_cannot_go_on_ends(self):
        class Deposed(Forgetful):
            def append(self, record):
                raise KeyboardInterrupt
        with self.assertRaises(KeyboardInterrupt):
            writer.write(lambda _: Deposed(None), self.options)
        self.assertEqual(threading.active_count(), 1)

    def test_whatever_leader_raises_is_nobody(self):
        over, leaders = threading.Event(), iter([KeyError("shard"), "lon-1", ValueError("term"), "par-1"])

        class Led(Forgetful):
            def leader(self):
                leader = next(leaders, None)
                if leader is None:
                    over.set()
                    return "par-1"
                if isinstance(leader, Exception):
                    raise leader
                return leader
        with writer.Notes(self.directory, "london") as notes:
            writer.watch_leader(Led(over), notes, 0, over)
        self.assertEqual([note["event"] for note in writer.read_notes(self.directory)["london"]],
                         ["leader none -> lon-1", "leader lon-1 -> none", "leader none -> par-1"])

    def test_half_an_answer_of_redis_is_none(self):
        ours, theirs = socket.socketpair()
        connection = redis_writer.Connection.__new__(redis_writer.Connection)
        connection._socket, connection._input = ours, ours.makefile("rb")  # pylint: disable=protected-access
        theirs.sendall(b"*2\r\n$8\r\nlondon-1\r\n$8\r\nlond")
        theirs.close()
        with self.assertRaisesRegex(ConnectionError, "closed within an answer"):
            connection._answer()  # pylint: disable=protected-access
        connection.close()


class EnvironmentTest(unittest.TestCase):
    def test_what_servers_and_tools_would_take_from_it_is_gone(self):
        given = {"ETCDCTL_ENDPOINTS": "http://elsewhere:2379", "ETCD_NAME": "x", "http_proxy": "http://elsewhere",
                 "PYTHONPATH": "/elsewhere", "PATH": "/bin", "FAULTLINE_BIN": "bin"}
        with unittest.mock.patch.dict(os.environ, given, clear=True):
            programs.clean_environment()
            self.assertEqual(dict(os.environ), {"PATH": "/bin", "FAULTLINE_BIN": "bin"})


class UnpackTest(unittest.TestCase):
    """`unpack` of ./dev, with programs that only say what they were asked for."""

    FAKES = """apt-get() { shift 2; echo "fetched $*"; for package; do touch "${package}_2.deb"; done; }
               dpkg-deb() { mkdir -p usr; }
               source <(sed -n '/^unpacked()/,/^}/p; /^unpack()/,/^}/p' "$0")
               unpack servers "$@"
               """

    def unpack(self, folder, *packages):
        return subprocess.run(["bash", "-c", self.FAKES, REPO / "dev", *packages], cwd=folder, capture_output=True,
                              text=True, check=True).stdout

    def test_a_package_that_came_to_the_list_is_fetched(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.assertEqual(self.unpack(folder, "etcd"), "fetched etcd\n")
        self.assertEqual(self.unpack(folder, "etcd"), "")
        self.assertEqual(self.unpack(folder, "etcd", "redis"), "fetched etcd redis\n")
        self.assertEqual(self.unpack(folder, "redis", "etcd"), "")
        self.assertTrue((folder / "build" / "servers" / "usr").is_dir())


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
