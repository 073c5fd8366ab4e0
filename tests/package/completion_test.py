#!/usr/bin/env python3
"""Completion as it is shipped: in bash by asking for it, in zsh and fish by their own syntax checks and, in fish, by
asking as well."""

import os
import pathlib
import subprocess
import tempfile
import unittest

from sandbox import BIN, REPO, package

PROGRAMS = ("faultline", "faultline-agent", "faultline-controller")

# What bash does at TAB, with the words of a line and the number of the one that is typed.
ASK = """
source "$1"; shift
function=$1; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
"$function"
printf '%s\\n' "${COMPREPLY[@]}"
"""


class CompletionTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.root = pathlib.Path(folder.name)
        for name in ("faultline-agent", "faultline-controller"):
            subprocess.run(["dpkg-deb", "--extract", package(f"{name}_*.deb"), folder.name], check=True)
        (cls.root / "here").mkdir()
        for file in ("mine.yaml", "notes.txt"):
            (cls.root / "here" / file).touch()
        cls.environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "FAULTLINE_PLANS": str(REPO / "plans"),
                           "HOME": folder.name}

    def say(self, *words):
        return subprocess.run([str(word) for word in words], env=self.environment, cwd=self.root / "here", check=True,
                              text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout

    def bash(self, *words):
        script = self.root / "usr/share/bash-completion/completions" / words[0]
        said = self.say("bash", "-c", ASK, "bash", script, f"_{words[0].replace('-', '_')}", *words)
        return set(said.split())

    def test_bash_offers_verbs(self):
        self.assertLessEqual({"run", "plan", "plans", "pki", "heal"}, self.bash("faultline", ""))
        self.assertEqual(self.bash("faultline", "plan", "c"), {"check"})
        self.assertEqual(self.bash("faultline-agent", "he"), {"heal"})
        self.assertEqual(self.bash("faultline", "no-such-verb-"), set())

    def test_bash_offers_options(self):
        self.assertLessEqual({"--watch", "--set", "--controller"}, self.bash("faultline", "run", "x.yaml", "--"))
        self.assertEqual(self.bash("faultline-agent", "enroll", "--tok"), {"--token"})
        self.assertEqual(self.bash("faultline-controller", "--ins"), {"--insecure"})

    def test_bash_offers_plans_and_files(self):
        self.assertEqual(self.bash("faultline", "plan", "check", "m"), {"mine.yaml"})
        self.assertEqual(self.bash("faultline", "run", "split"), {"split-brain"})
        self.assertEqual(self.bash("faultline", "report", "run-1", "-o", "n"), {"notes.txt"})
        self.assertEqual(self.bash("faultline", "run", "x.yaml", "--for", "n"), set())

    def test_zsh_and_fish_understand_theirs(self):
        for program in PROGRAMS:
            for folder in ("vendor-completions", "site-functions"):
                self.assertEqual(self.say("zsh", "-n", self.root / f"usr/share/zsh/{folder}/_{program}"), "")
            self.assertEqual(self.say("fish", "-n", self.root / f"usr/share/fish/vendor_completions.d/{program}.fish"), "")

    def fish(self, line):
        script = self.root / "usr/share/fish/vendor_completions.d" / f"{line.split()[0]}.fish"
        said = self.say("fish", "--no-config", "-c", f"source {script}; complete -C '{line}'")
        return {words.split("\t")[0] for words in said.splitlines()}

    def test_fish_offers_the_same(self):
        self.assertEqual(self.fish("faultline plan c"), {"check"})
        self.assertIn("--watch", self.fish("faultline run x.yaml --"))
        self.assertLessEqual({"mine.yaml", "split-brain"}, self.fish("faultline run "))

    def test_zsh_offers_the_same(self):
        # Its own functions, replaced by what prints what they would offer.
        ask = ('_describe() { print -l -- ${(P)2} }; _files() { print files $@ }; compadd() { print -l -- ${(P)2} }; '
               'script=$1; shift; words=("$@"); CURRENT=$#; f() { source $script }; f')

        def offered(*words):
            return self.say("zsh", "-f", "-c", ask, "zsh", self.root / "usr/share/zsh/site-functions/_faultline", *words)

        self.assertRegex(offered("faultline", "plan", "c"), r"\Acheck:Say everything")
        self.assertIn("--watch:", offered("faultline", "run", "x.yaml", "--"))
        said = offered("faultline", "run", "")
        self.assertIn("files -g *.y(a|)ml", said)
        self.assertIn("split-brain\n", said)


if __name__ == "__main__":
    unittest.main(verbosity=2)
