#!/usr/bin/env python3
"""What packaging/make refuses, before it makes anything."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import sandbox
from sandbox import REPO, TREE

NOBODY = 65534


class MakeTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.out = self.folder / "out"

    def refusal(self, make=REPO / "packaging/make", **environment):
        done = subprocess.run([make, "--tree", TREE, "--out", self.out], env={**os.environ, **environment},
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=60, check=False)
        self.assertEqual(done.returncode, 1, done.stdout)
        return done.stdout

    def keep(self, *names):
        """Files that are somebody's, where packages are to go."""
        self.out.mkdir()
        for name in names:
            (self.out / name).write_text("mine")

    def test_a_folder_with_anything_else_in_it_is_left_alone(self):
        self.keep("SHA256SUMS", "faultline_0.0.1_amd64.deb", "thesis.txt")
        self.assertEqual(self.refusal(), f"make: --out: {self.out}/thesis.txt is no package, and what is there would be "
                                         "replaced: give a folder of its own\n")
        self.assertEqual({path.read_text() for path in self.out.iterdir()}, {"mine"})
        self.assertEqual(len(list(self.out.iterdir())), 3)

    def checkout(self):
        """With one commit, of this packaging/make."""
        root = self.folder / "checkout"
        shutil.copytree(REPO / "packaging", root / "packaging")
        shutil.copy(REPO / "CMakeLists.txt", root)
        git = ["git", "-C", root, "-c", "user.name=none", "-c", "user.email=none@example.com"]
        for words in (["init", "--quiet"], ["add", "CMakeLists.txt"], ["commit", "--quiet", "--message=one"]):
            subprocess.run([*git, *words], check=True)
        return root

    @staticmethod
    def telling_its_time(root):
        """Its packaging/make, which does that instead of what would come next."""
        script = root / "packaging/make"
        script.write_text(script.read_text().replace("\nexport SOURCE_DATE_EPOCH\n",
                                                     '\ndie "made at $SOURCE_DATE_EPOCH"\n'))
        return script

    def test_the_last_commit_is_found_in_another_users_checkout(self):
        root = self.checkout()
        for path in [root, *root.rglob("*")]:
            os.chown(path, NOBODY, NOBODY)
        script = self.telling_its_time(root)
        committed = subprocess.run(["git", "-c", "safe.directory=*", "-C", root, "log", "-1", "--format=%ct"], check=True,
                                   stdout=subprocess.PIPE, text=True).stdout
        os.utime(root / "CMakeLists.txt", (1, 1))
        self.assertEqual(self.refusal(script), f"make: made at {committed}")

    def test_without_a_last_commit_it_says_what_it_takes_instead(self):
        root = self.checkout()
        (root / ".git/HEAD").unlink()
        os.utime(root / "CMakeLists.txt", (1, 1))
        said = self.refusal(self.telling_its_time(root))
        self.assertIn("make: no last commit can be read: ", said)
        self.assertIn("make: made at 1\n", said)


if __name__ == "__main__":
    sandbox.main()
