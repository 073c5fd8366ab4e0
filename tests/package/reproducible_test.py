#!/usr/bin/env python3
"""Packages that somebody else makes are the same, byte for byte: of the same programs by making them twice; and the
programs, wherever they are built, by what would make them differ: a path in a shipped file, or in an object."""

import functools
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import tarfile
import tempfile
import unittest

from sandbox import PACKAGES, REPO, TREE, package

# Another user's habits: umask, language, clock and working directory.
ELSEWHERE = ["env", "TZ=Pacific/Auckland", "LC_ALL=de_DE.UTF-8", "sh", "-c", 'umask 077; cd / && exec "$@"', "sh"]
# A library's, one that has its own name in it, and a generated one.
SOURCES = ("common/service/daemon.cc", "common/identity/certificate.cc", "identity.pb.cc")


class ReproducibleTest(unittest.TestCase):

    def test_made_twice_they_are_the_same(self):
        with tempfile.TemporaryDirectory() as out:
            subprocess.run([*ELSEWHERE, REPO / "packaging/make", "--tree", TREE, "--out", out], check=True,
                           stdout=subprocess.DEVNULL)
            first = (PACKAGES / "SHA256SUMS").read_text(encoding="ascii").splitlines()
            again = pathlib.Path(out, "SHA256SUMS").read_text(encoding="ascii").splitlines()
            self.assertEqual(again, first)
            self.assertEqual(len(again), 7)

    def test_no_file_has_the_time_of_its_checkout(self):
        for component in ("faultline-agent", "faultline-controller", "faultline"):
            listed = subprocess.run(["rpm", "--query", "--package", package(f"{component}-[0-9]*.rpm"), "--queryformat",
                                     "[%{FILEMTIMES}\\n]"], check=True, stdout=subprocess.PIPE, text=True).stdout
            times = listed.split()
            self.assertGreater(len(times), 10)
            self.assertEqual(len(set(times)), 1, component)

    def test_no_shipped_file_says_where_it_was_built(self):
        places = [str(REPO).encode(), str(TREE).encode()]
        with tarfile.open(package("faultline-*-linux.tar.gz")) as archive:
            files = [member for member in archive if member.isfile()]
            self.assertGreater(len(files), 50)
            for file in files:
                content = archive.extractfile(file).read()
                self.assertEqual([place for place in places if place in content], [], file.name)


class ObjectsTest(unittest.TestCase):
    """The same sources in two directories give the same objects, as this tree compiles them."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.other = pathlib.Path(folder.name, "another-checkout")
        for part in ("agent", "common"):
            shutil.copytree(REPO / part, cls.other / part)
        (cls.other / "build").mkdir()
        (cls.other / "build/static").symlink_to(REPO / "build/static")
        tree = cls.other / TREE.relative_to(REPO)
        for part in TREE.glob("generated*"):
            shutil.copytree(part, tree / part.name)
        # Files that include several sources, which are compiled as one.
        for part in (TREE / "common").rglob("Unity/*.cxx"):
            copy = cls.other / part.relative_to(REPO)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(part.read_text(encoding="utf-8").replace(str(REPO), str(cls.other)), encoding="utf-8")
        cls.commands = json.loads((TREE / "compile_commands.json").read_text(encoding="utf-8"))

    @classmethod
    def compiled(cls, command, place, named=lambda word: word):
        """The object, of a command that is meant for this checkout, in the one at `place`."""
        words = [named(word) for word in shlex.split(command["command"].replace(str(REPO), str(place)))]
        if pathlib.Path(words[0]).name == "ccache":
            del words[0]
        made = cls.other / "made.o"
        words[words.index("-o") + 1] = str(made)
        subprocess.run(words, cwd=command["directory"].replace(str(REPO), str(place)), check=True)
        return made.read_bytes()

    @classmethod
    def command_of(cls, source):
        def is_of(file):
            return file.match(source) or file.parent.name == "Unity" and f'/{source}"' in file.read_text(encoding="utf-8")
        return next(command for command in cls.commands if is_of(pathlib.Path(command["file"])))

    @classmethod
    @functools.cache
    def compiled_here(cls, source):
        return cls.compiled(cls.command_of(source), REPO)

    def test_they_do_not_depend_on_the_directory(self):
        for source in SOURCES:
            command = self.command_of(source)
            here = self.compiled_here(source)
            self.assertFalse(str(REPO).encode() in here, f"the object of {source} says where it was compiled")
            self.assertTrue(here == self.compiled(command, self.other), f"of {source} there are two objects")

    def test_nor_on_whether_a_compiler_cache_makes_paths_relative(self):
        for source in SOURCES:
            command = self.command_of(source)

            def relative(word):
                option = word[:2] if word.startswith("-I") else ""
                path = word.removeprefix(option)
                inside = path.startswith(f"{REPO}/")
                return option + os.path.relpath(path, command["directory"]) if inside else word

            self.assertTrue(self.compiled_here(source) == self.compiled(command, REPO, relative),
                            f"of {source} there are two objects")


if __name__ == "__main__":
    unittest.main(verbosity=2)
