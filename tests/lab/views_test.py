#!/usr/bin/env python3
"""The live views, in labs and in real terminals (tmux): what `top` and `matrix --watch` draw, and what they leave behind.

What is drawn is judged twice: by what the terminal then shows, and by the bytes that were sent to it.
"""

import contextlib
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unicodedata
import unittest

import faultlab
from e2e_test import plan
from faultlab import SKIPPED, wait_until

SPLIT = "{at: 0s, for: 5m, name: split, block: {from: london, to: paris}}"
LATER = "{after: split, for: 1m, name: later, partition: [london, paris]}"
CUT = r"lon-\d → par-\d +█ cut +100%"
ESCAPE = "\x1b"
CONTROL = r"\x1b\[[0-9;?]*[a-zA-Z]"  # a control sequence
ALL_SHOWN = 9  # edges from London to Paris


def columns(line):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


class Window:
    """A terminal by a tmux server of its own, with a shell in it; what is sent to it is logged."""

    def __init__(self, directory, width, height):
        self.directory = pathlib.Path(directory)
        self.width, self.height = width, height
        self._log = self.directory / "sent"
        config = self.directory / "tmux.conf"
        config.write_text("set -g status off\n")
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TERM": "xterm-256color"}
        self._tmux("-f", str(config), "new-session", "-d", "-x", str(width), "-y", str(height), "sh", env=environment)

    def __enter__(self):
        try:
            self._prepare()
        except BaseException:
            self._tmux("kill-server")
            raise
        return self

    def _prepare(self):
        self.type("PS1='$ '; PS2=; unset ENV; echo rea''dy; stty size")
        self.await_text(rf"ready\n{self.height} {self.width}\n")
        self._tmux("pipe-pane", "-O", f"cat >> {shlex.quote(str(self._log))}")
        self.type(f"stty -a > {shlex.quote(str(self.directory / 'before'))}; echo sa''ved")
        self.await_text("(?m)^saved$")

    def __exit__(self, *_):
        self._tmux("kill-server")

    def _tmux(self, *args, env=None):
        command = ["tmux", "-u", "-S", str(self.directory / "tmux"), *args]
        return subprocess.run(command, check=True, capture_output=True, text=True, env=env, timeout=30).stdout

    def type(self, line):
        self._tmux("send-keys", "-l", line)
        self.press("Enter")

    def press(self, *keys):
        self._tmux("send-keys", *keys)

    def resize(self, width, height):
        self._tmux("resize-window", "-x", str(width), "-y", str(height))
        self.width, self.height = width, height

    def screen(self, colours=False):
        return self._tmux("capture-pane", "-p", *(["-e"] if colours else []))

    def alternate(self):
        return self._tmux("display-message", "-p", "#{alternate_on}").strip() == "1"

    def cursor(self):
        return self._tmux("display-message", "-p", "#{cursor_flag}").strip() == "1"

    def drawn_rows(self):
        """What was written into each row since the screen was last cleared, row by row."""
        sent = self._log.read_bytes().decode(errors="replace").rsplit(f"{ESCAPE}[2J", 1)[-1]
        return [re.sub(CONTROL, "", row) for row in re.split(r"\x1b\[\d+;1H", sent)[1:]]

    def await_text(self, pattern, timeout=30):
        last = []

        def seen():
            last[:] = [self.screen()]
            return re.search(pattern, last[0])
        try:
            wait_until(seen, timeout, f"{pattern!r} is on the screen")
        except AssertionError as error:
            raise AssertionError(f"{error}:\n{last[0]}") from None
        return last[0]


class Views(faultlab.TimedTest):
    """One fleet for all tests of a class, which only look at it."""

    @classmethod
    def setUpClass(cls):
        cls.lab = cls.enterClassContext(faultlab.Lab())
        before = cls.lab.kernel_state()
        cls.lab.start(lease="5s")
        cls.addClassCleanup(cls.lab.assert_kernel_unchanged, before)
        cls.addClassCleanup(cls.lab.stop)
        cls.await_edges("REACH_OPEN", 60)

    @classmethod
    def await_edges(cls, reach, count):
        def reached():
            edges = cls.lab.cli_json("matrix")["now"]["edges"]
            return sum(edge["observed"] == reach for edge in edges) == count
        wait_until(reached, 30, f"{count} edges are {reach}")

    def faultline(self, *args):
        """The command of a verb against the lab's controller; what it becomes is the program itself."""
        program = pathlib.Path(os.environ.get("FAULTLINE_BIN") or faultlab.REPO / "build/bin") / "faultline"
        return ["ip", "netns", "exec", f"{self.lab.prefix}-ops", str(program),
                "--controller", f"unix:{self.lab.state}/controller.sock", *args]

    @contextlib.contextmanager
    def window(self, width=80, height=24):
        with tempfile.TemporaryDirectory() as directory, Window(directory, width, height) as window:
            yield window

    def look(self, window, *args):
        """Starts a verb in the window; when it has ended, a line has its exit status."""
        pid = shlex.quote(str(window.directory / "pid"))
        window.type(f"clear; sh -c 'echo $$ > {pid}; exec \"$@\"' sh {shlex.join(self.faultline(*args))}; echo en''ded $?")

    def pid(self, window):
        return int((window.directory / "pid").read_text())

    def assert_fits(self, window, whole=r"q quit"):
        """The frame that is drawn now leaves no row of the window; `whole` is in its last row."""
        wait_until(lambda: re.search(whole, "\n".join(window.drawn_rows())), 10, f"{whole!r} is drawn")
        for row in window.drawn_rows():
            self.assertLessEqual(columns(row), window.width, row)
            self.assertNotIn("\n", row)

    def assert_given_back(self, window, code=0):
        """The program has ended, and the terminal is as it was."""
        screen = window.await_text(rf"(?m)^ended {code}$")
        self.assertFalse(window.alternate())
        self.assertTrue(window.cursor())
        self.assertNotIn("faultline top  ", screen)
        self.assertNotIn("faultline matrix  ", screen)
        window.type(f"stty -a > {window.directory}/after; echo sa''ved")
        window.await_text(r"(?m)^saved$")
        self.assertEqual((window.directory / "after").read_text(), (window.directory / "before").read_text())
        return screen


class RunTest(Views):
    """What is seen of a run in progress."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with plan([SPLIT, LATER]) as file:
            cls.run_id = cls.lab.cli_json("run", file.name, "--detach")["id"]
        cls.await_edges("REACH_CUT", 2 * ALL_SHOWN)

    def check_top(self, width, height):
        with self.window(width, height) as window:
            self.look(window, "top")
            screen = window.await_text(CUT)
            self.assert_fits(window)
            self.assertTrue(window.alternate())
            self.assertFalse(window.cursor())
            self.assertRegex(screen, r"\Afaultline top  \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC  unix:")
            self.assertIn("6 of 6 nodes connected, clocks known to ±", screen)
            self.assertRegex(screen, rf"(?m)^> {self.run_id} +running +\dm\S* +\dm\S* +\d of \d: split$")
            self.assertRegex(screen, r"(?m)^  split +acting, .* left +6/6 +")
            self.assertRegex(screen, r"(?m)^  later +in \dm")
            self.assertIn("9 OF 30 EDGES", screen)
            self.assertEqual(len(re.findall(CUT, screen)), ALL_SHOWN, screen)
            self.assertEqual(screen.splitlines()[height - 1], "q quit   j k scroll   r next run   ? help")
            window.press("q")
            self.assert_given_back(window)
            return screen

    def test_top_in_a_small_window(self):
        self.assertRegex(self.check_top(80, 24), r"lon-1 → par-1 .*% .*█\n")

    def test_top_in_a_large_window(self):
        screen = self.check_top(200, 50)
        self.assertIn("LOST, LAST 60 S", screen)
        self.assertRegex(screen, r"lon-1 → par-1 .* cut +\S*█\S*\n?")

    def test_top_keys(self):
        with self.window(80, 12) as window:
            self.look(window, "top")
            window.await_text(r"and \d+ more")
            window.press("j", "Down")
            window.await_text("2 above")
            window.press("k")
            window.await_text("1 above")
            window.press("?")
            window.await_text("the next run's steps")
            window.press("?")
            window.await_text("1 above")
            window.press("C-c")
            self.assert_given_back(window)

    def test_top_in_another_size(self):
        with self.window(200, 50) as window:
            self.look(window, "top")
            window.await_text("LOST, LAST 60 S")
            for width, height in ((80, 24), (61, 11)):
                window.resize(width, height)
                window.await_text(rf"\Afaultline top[^\n]*\n(?:[^\n]*\n){{{height - 2}}}q quit")
                self.assert_fits(window)
            window.resize(59, 24)
            window.await_text("too small: 60x10 is needed, this is 59x24")
            self.assert_fits(window, "59x24")
            window.resize(80, 24)
            window.await_text(CUT)

    def test_matrix_in_a_small_window(self):
        with self.window(80, 24) as window:
            self.look(window, "matrix", "--watch")
            screen = window.await_text(r"(?m)^3 lon-3 .* █  █  █ .* █  █  █$")
            self.assert_fits(window, "cut")
            self.assertRegex(screen, r"\Afaultline matrix +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC +q quit")
            first = screen.splitlines()[0]
            wait_until(lambda: window.screen().splitlines()[0] != first, 10, "its time moves on")
            window.press("q")
            self.assert_given_back(window)

    def test_matrix_by_label(self):
        with self.window(200, 50) as window:
            self.look(window, "matrix", "--by", "region", "--watch", "--every", "200ms")
            screen = window.await_text(r"(?m)^eu-west-2 \(3\) +· +█ +· +█$")
            self.assertRegex(screen, r"(?m)^eu-west-3 \(3\) +· +· +· +·$")
            window.press("q")
            self.assert_given_back(window)
        self.assertRegex(self.lab.cli("matrix", "--by", "az").stdout, r"(?m)^eu-west-2\w \(\d\) ")
        self.assertRegex(self.lab.cli("matrix", "--by", "node").stdout, r"(?m)^lon-1 ")
        self.assertIn("no node has a label 'rack'", self.lab.cli("matrix", "--by", "rack", expect=2).stderr)
        self.lab.cli("matrix", "--every", "1s", expect=2)

    def test_once(self):
        done = self.lab.cli("top", "--once")
        self.assertNotIn(ESCAPE, done.stdout)
        self.assertIn(self.run_id, done.stdout)
        self.assertEqual(len(re.findall(r"lon-\d .*cut +100%", done.stdout)), ALL_SHOWN, done.stdout)
        self.assertNotIn("q quit", done.stdout)
        self.assertIn("--json", self.lab.cli("top", "--json", expect=2).stderr)

    def test_dumb_terminal(self):
        for verb in (("top",), ("matrix", "--watch")):
            with self.subTest(verb=verb), self.window(100, 50) as window:
                window.type("export TERM=dumb")
                self.look(window, *verb)
                window.await_text(r"lon-3 .*█")
                self.assertFalse(window.alternate())
                self.assertNotIn(ESCAPE, window.screen(colours=True))
                window.press("C-c")
                window.await_text(r"(?m)^(\^C)?ended 0$")


class FleetTest(Views):
    """A fleet with nothing going on but what becomes of its nodes; and ways out."""

    @contextlib.contextmanager
    def without(self, node):
        self.lab.stop(node)
        try:
            yield
        finally:
            self.lab.start(node)
            self.await_edges("REACH_OPEN", 60)

    def test_top_follows_what_changes(self):
        with self.window() as window:
            self.look(window, "top")
            window.await_text("all 30 edges are open")
            with self.without("par-3"):
                window.await_text("5 of 6 nodes connected")
                window.await_text("! gone: par-3")
                window.await_text(r"lon-1 → par-3 +\? unknown")
            window.await_text("6 of 6 nodes connected")
            window.await_text("all 30 edges are open")

    def test_colours_only_where_they_are_wanted(self):
        with self.without("par-1"):
            for setting, coloured in (("NO_COLOR=", True), ("NO_COLOR=1", False)):
                with self.subTest(setting=setting), self.window() as window:
                    window.type(f"export {setting}")
                    self.look(window, "top")
                    window.await_text("! gone: par-1")
                    (line,) = [line for line in window.screen(colours=True).splitlines() if "gone: par-1" in line]
                    self.assertEqual(ESCAPE + "[" in line, coloured, repr(line))

    def test_a_pipe_gets_a_block_a_change(self):
        for verb in (("top",), ("matrix", "--watch", "--every", "200ms")):
            with self.subTest(verb=verb), tempfile.TemporaryFile("w+") as out:
                program = subprocess.Popen(self.faultline(*verb), stdout=out, stdin=subprocess.DEVNULL,
                                           env={**os.environ, "LC_ALL": "C.UTF-8"})
                self.addCleanup(program.wait)
                self.addCleanup(program.kill)

                def blocks():
                    out.seek(0)
                    return out.read().split("faultline " + verb[0] + "  ")[1:]
                wait_until(blocks, 10, "the first block")
                before = blocks()[-1]
                with self.without("lon-3"):
                    gone = wait_until(lambda: [block for block in blocks() if "?" in block], 20, "a block of what is gone")
                self.assertNotEqual(gone[0], before)
                program.send_signal(signal.SIGTERM)
                self.assertEqual(program.wait(10), 0)
                self.assertNotIn(ESCAPE, "".join(blocks()))
                # Each says something that the one before did not.
                said = [re.sub(r"\A.*\n", "", block).strip() for block in blocks()]
                for one, other in zip(said, said[1:]):
                    self.assertNotEqual(one, other)

    def test_json_comes_a_line_an_answer(self):
        program = subprocess.Popen(self.faultline("matrix", "--watch", "--every", "100ms", "--json"), text=True,
                                   stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        self.addCleanup(program.wait)
        self.addCleanup(program.kill)
        with program.stdout:
            for line in (program.stdout.readline(), program.stdout.readline()):
                self.assertRegex(line, r'\A\{"now":.*\}\n\Z')
        # Nobody reads any more: that ends it.
        self.assertEqual(program.wait(10), 0)

    def test_every_way_out_restores_the_terminal(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
            for verb in (("top",), ("matrix", "--watch")):
                with self.subTest(signal=number, verb=verb), self.window() as window:
                    self.look(window, *verb)
                    window.await_text("q quit")
                    self.assertTrue(window.alternate())
                    os.kill(self.pid(window), number)
                    self.assert_given_back(window)

    def test_stopped_and_continued(self):
        with self.window() as window:
            self.look(window, "top")
            window.await_text("q quit")
            os.kill(self.pid(window), signal.SIGTSTP)
            window.await_text(r"(?m)^ended 14\d$")
            self.assertFalse(window.alternate())
            self.assertTrue(window.cursor())
            window.type("clear; fg; echo en''ded $?")
            window.await_text("q quit")
            self.assertTrue(window.alternate())
            window.press("q")
            self.assert_given_back(window)


class ControllerTest(Views):
    """A controller that does not answer; there are no agents."""

    @classmethod
    def setUpClass(cls):
        cls.lab = cls.enterClassContext(faultlab.Lab())

    def setUp(self):
        self.lab.start("controller")

    def test_one_that_comes_back_is_followed_on(self):
        with self.window() as window:
            self.look(window, "matrix", "--watch")
            window.await_text("q quit")
            os.kill(self.lab.pid("controller"), signal.SIGSTOP)
            try:
                window.await_text(r"does not answer; trying for \d+ s more")
                self.assert_fits(window, "does not answer")
            finally:
                os.kill(self.lab.pid("controller"), signal.SIGCONT)
            wait_until(lambda: "does not answer" not in window.screen(), 20, "the notice goes")
            self.lab.stop("controller")
            window.await_text(r"does not answer; trying for \d+ s more")
            self.lab.start("controller")
            wait_until(lambda: "does not answer" not in window.screen(), 20, "the notice goes")
            window.press("q")
            self.assert_given_back(window)

    def test_one_that_stays_away_is_given_up(self):
        with self.window() as window:
            self.look(window, "top")
            window.await_text("no two nodes can probe each other")
            self.lab.stop("controller")
            window.await_text(r"does not answer; trying for \d+ s more")
            # The window breaks the line, wherever.
            said = re.sub(r"\s", "", self.assert_given_back(window, code=4))
            self.assertIn("hasnotansweredfor10s:", said)
        self.assertIn("does not answer", self.lab.cli("top", "--once", expect=4).stderr)

    def test_hung_one_does_not_hold_up_who_leaves(self):
        with self.window() as window:
            self.look(window, "top")
            window.await_text("q quit")
            os.kill(self.lab.pid("controller"), signal.SIGSTOP)
            try:
                # By now the second question is under way; it would be for 5 s.
                window.await_text(r"trying for [123] s more")
                pressed = time.monotonic()
                window.press("q")
                window.await_text(r"(?m)^ended 0$")
                self.assertLess(time.monotonic() - pressed, 1.5)
            finally:
                os.kill(self.lab.pid("controller"), signal.SIGCONT)


if __name__ == "__main__":
    faultlab.require_root()
    if not shutil.which("tmux"):
        print("SKIPPED: the views are looked at in tmux, which is missing")
        sys.exit(SKIPPED)
    unittest.main(verbosity=2)
