"""What the writers of this folder share: a client that appends numbered records and notes what came of each, and an
accounting of what the database has of them in the end. A database of your own needs one class (see etcd_writer.py):

    append(record)   writes one text; returns once it is acknowledged, and raises an OSError when it is not
    records()        the set of all texts that were appended, read so that nothing acknowledged may be missing; None
                     when it is not something that keeps them
    leader()         who leads as this side's nodes see it, as a short text; None when nobody does
    server           a text: who answered append last

    python3 etcd_writer.py write --side london --servers 172.32.15.231,172.32.4.2 DIRECTORY    until it is ended
    python3 etcd_writer.py account --sides london,paris --servers 172.32.15.231,172.33.11.90 DIRECTORY

`write` runs on a node of each side, where this file and the database's have to be copied to, and keeps
DIRECTORY/SIDE.jsonl there, a line for each write and each change of leader. `account` runs on the controller's host,
reads the DIRECTORY there, and prints these lines and an accounting of each side, as an observation of a plan with
`format: operations` reads them (docs/CLIENTS.md). So the files have to come together: let DIRECTORY be on a disk that
all share, or fetch both files before `account`. With --sides it fails, having told what there is, when one is missing.
The name of the directory is part of each record's name: take a new one for each run.
"""

import argparse
import json
import pathlib
import select
import signal
import socket
import threading
import time


class End:
    """As threading.Event, but a signal's handler may set it at any time: Event's would wait for a lock that the thread
    it has interrupted may hold."""

    def __init__(self):
        self._ours, self._theirs = socket.socketpair()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._ours.close()
        self._theirs.close()

    def set(self):
        self._theirs.close()

    def wait(self, seconds):
        """Whether it is set, for which it waits no longer than this."""
        return bool(select.select([self._ours], [], [], seconds)[0])


class Notes:
    """A side's file of JSON lines; any thread may add to it."""

    def __init__(self, directory, side):
        directory.mkdir(parents=True, exist_ok=True)
        self._file = open(directory / f"{side}.jsonl", "x", encoding="utf-8", buffering=1)
        self._side = side
        self._lock = threading.Lock()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._file.close()

    def add(self, **what):
        with self._lock:
            self._file.write(json.dumps({"time": round(time.time(), 6), "side": self._side, **what}) + "\n")


def append_for_ever(client, notes, side, every, end):
    """A record every so many seconds, or as fast as they are answered if that is slower."""
    number = 0
    due = time.monotonic()
    while not end.wait(max(0, due - time.monotonic())):
        number += 1
        began = time.monotonic()
        due = max(due + every, began)
        note = {"ok": True, "record": f"{side}-{number:08}"}
        try:
            client.append(note["record"])
        except OSError as error:
            note.update(ok=False, error=str(error) or type(error).__name__)
        except Exception as error:  # pylint: disable=broad-exception-caught
            # Another's library may raise anything.
            note.update(ok=False, error=repr(error))
        note.update(ms=round((time.monotonic() - began) * 1000, 3), server=client.server)
        notes.add(**note)


def leader_of(client):
    try:
        return client.leader()
    except Exception:  # pylint: disable=broad-exception-caught
        return None


def watch_leader(client, notes, every, end):
    known = leader_of(client)
    while not end.wait(every):
        leader = leader_of(client)
        if leader != known:
            notes.add(event=f"leader {known or 'none'} -> {leader or 'none'}")
            known = leader


def write(make_client, options):
    try:
        notes = Notes(options.directory, options.side)
    except FileExistsError as error:
        raise SystemExit(f"{error.filename} is there already: give each run a new directory") from None
    with notes, End() as end:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda *_: end.set())
        watch = threading.Thread(target=watch_leader, args=(make_client(options), notes, 0.2, end))
        watch.start()
        try:
            append_for_ever(make_client(options), notes, options.side, options.every, end)
        finally:
            end.set()
            watch.join()


def read_notes(directory):
    """By side; a last line that is still being written is left out."""
    notes = {}
    for path in sorted(directory.glob("*.jsonl")):
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        notes[path.stem] = [json.loads(line) for line in lines if line.endswith("\n")]
    return notes


def account_of(notes, found):
    """What became of one side's writes, of which the database has those `found`."""
    acknowledged = {note["record"] for note in notes if note.get("ok")}
    others = {note["record"] for note in notes if note.get("ok") is False}
    return {"acknowledged": len(acknowledged), "found": len(acknowledged & found),
            "lost": len(acknowledged - found), "extra": len(others & found)}


def records_of(client, patience):
    """Asked again for so many seconds while it fails: a database that has just come together may elect once more."""
    over = time.monotonic() + patience
    while True:
        try:
            return client.records()
        except OSError as error:
            if time.monotonic() > over:
                raise SystemExit(f"the records cannot be read: {error}") from None
            time.sleep(0.2)


def folded(notes):
    """The notes; of operations of the same hundredth of a second that ended alike and took as long, to a tenth of a
    millisecond, the last with how many there are."""
    alike = {}
    for number, note in enumerate(notes):
        key = number if "ok" not in note else (int(note["time"] * 100), note["ok"], round(note["ms"], 1))
        count = alike[key]["count"] + 1 if key in alike else 1
        alike[key] = {**note, "count": count}
    for note in alike.values():
        yield note if note["count"] > 1 else {key: value for key, value in note.items() if key != "count"}


def account(make_client, options):
    # In this order: what is acknowledged while we read is not noted yet, and so not missed.
    notes = read_notes(options.directory)
    if not notes:
        raise SystemExit(f"{options.directory} has no notes: was `write` given the same directory?")
    found = records_of(make_client(options), options.patience)
    # Accountings come first: of a great deal of output the rest is not read.
    for side, lines in notes.items() if found is not None else ():
        print(json.dumps({"side": side, **account_of(lines, found)}))
    for lines in notes.values():
        for line in folded(lines):
            print(json.dumps(line))
    if missing := [side for side in options.sides if side not in notes]:
        raise SystemExit(f"{options.directory} has no notes of {', '.join(missing)}: `write` keeps them where it runs; "
                         "bring them here before `account`")


def main(make_client, add_options=lambda parser: None):
    """`make_client(options)` gives a client for one thread: of `servers`, texts, and of `directory`, a path."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", choices=["write", "account"])
    parser.add_argument("directory", type=pathlib.Path, metavar="DIRECTORY")
    parser.add_argument("--servers", required=True, type=lambda text: text.split(","), help="addresses, with commas")
    parser.add_argument("--side", help="write: what this client is called, such as its region")
    parser.add_argument("--sides", type=lambda text: text.split(","), default=[],
                        help="account: all clients' sides, with commas; fails when there are no notes of one")
    parser.add_argument("--every", type=float, default=0.05, help="write: seconds from write to write (0.05)")
    parser.add_argument("--timeout", type=float, default=1, help="how many seconds one answer may take (1)")
    parser.add_argument("--patience", type=float, default=20, help="account: for how many seconds it asks again (20)")
    add_options(parser)
    options = parser.parse_args()
    if options.mode == "write" and not options.side:
        parser.error("write needs --side")
    (write if options.mode == "write" else account)(make_client, options)
