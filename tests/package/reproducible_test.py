#!/usr/bin/env python3
"""Packages that somebody else makes of the same programs are the same, byte for byte."""

import pathlib
import subprocess
import tempfile
import unittest

from sandbox import PACKAGES, REPO, TREE

# Another user's habits: umask, language, clock and working directory.
ELSEWHERE = ["env", "TZ=Pacific/Auckland", "LC_ALL=de_DE.UTF-8", "sh", "-c", 'umask 077; cd / && exec "$@"', "sh"]


class ReproducibleTest(unittest.TestCase):

    def test_made_twice_they_are_the_same(self):
        with tempfile.TemporaryDirectory() as out:
            subprocess.run([*ELSEWHERE, REPO / "packaging/make", "--tree", TREE, "--out", out], check=True,
                           stdout=subprocess.DEVNULL)
            first = (PACKAGES / "SHA256SUMS").read_text(encoding="ascii").splitlines()
            again = pathlib.Path(out, "SHA256SUMS").read_text(encoding="ascii").splitlines()
            self.assertEqual(again, first)
            self.assertEqual(len(again), 7)


if __name__ == "__main__":
    unittest.main(verbosity=2)
