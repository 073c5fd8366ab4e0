#!/usr/bin/env python3
"""What is in the packages: files, configuration, manual pages, scripts; and what Debian's and rpm's own checks say."""

import gzip
import os
import pathlib
import re
import subprocess
import tarfile
import tempfile
import unittest

from sandbox import BIN, EMULATOR, MACHINE, PACKAGES, REPO, package

AGENT, CONTROLLER, CLI = "faultline-agent", "faultline-controller", "faultline"
SERVICE = "/usr/lib/systemd/system"


def said(*words, **options):
    done = subprocess.run([str(word) for word in words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False, **options)
    return done.returncode, done.stdout


def command_line_files():
    return {"/usr/bin/faultline", "/usr/share/man/man1/faultline.1.gz", "/usr/share/man/man5/faultline-plan.5.gz",
            *completion("faultline"), *{f"/usr/share/faultline/{file.relative_to(REPO)}"
                                        for pattern in ("*.yaml", "subjects/*.yaml", "subjects/*.py")
                                        for file in REPO.glob(f"plans/{pattern}")}}


def completion(program):
    return {f"/usr/share/bash-completion/completions/{program}", f"/usr/share/fish/vendor_completions.d/{program}.fish",
            f"/usr/share/zsh/vendor-completions/_{program}", f"/usr/share/zsh/site-functions/_{program}"}


def documents(name):
    folder = f"/usr/share/doc/{name}"
    return {f"{folder}/{file}" for file in ("README.md", "SECURITY.md", "changelog.gz", "copyright")} | {
        f"{folder}/docs/{page.name}" for page in REPO.glob("docs/*.*")}


EXPECTED = {
    AGENT: {"/usr/sbin/faultline-agent", f"{SERVICE}/faultline-agent.service", f"{SERVICE}/faultline-agent.path",
            f"{SERVICE}/faultline-local-agent.service", f"{SERVICE}/faultline-agent.service.d/10-package.conf",
            "/usr/lib/sysusers.d/faultline-agent.conf", "/usr/lib/tmpfiles.d/faultline-agent.conf",
            "/usr/lib/faultline/enroll-local-agent", "/etc/faultline/agent.yaml",
            "/usr/share/man/man8/faultline-agent.8.gz"} | completion(AGENT) | documents(AGENT),
    CONTROLLER: {"/usr/sbin/faultline-controller", f"{SERVICE}/faultline-controller.service",
                 f"{SERVICE}/faultline-pki.service", f"{SERVICE}/faultline-controller.service.d/10-package.conf",
                 "/usr/lib/sysusers.d/faultline-controller.conf", "/etc/faultline/controller.yaml",
                 "/usr/share/doc/faultline-controller/examples/policy.yaml",
                 "/usr/share/man/man8/faultline-controller.8.gz", "/usr/share/faultline/grafana/faultline.json",
                 "/usr/share/faultline/prometheus/faultline.rules.yml"}
    | completion(CONTROLLER) | documents(CONTROLLER) | command_line_files(),
    CLI: documents(CLI) | command_line_files(),
}


class ArchitectureTest(unittest.TestCase):
    """What dpkg and rpm go by, and what the programs are."""

    MACHINE_OF_ELF = {"x86_64": "Advanced Micro Devices X86-64", "aarch64": "AArch64"}

    def test_packages_are_for_the_machine(self):
        dpkg = {"x86_64": "amd64", "aarch64": "arm64"}[MACHINE]
        for name in EXPECTED:
            self.assertEqual(said("dpkg-deb", "--field", package(f"{name}_*_{dpkg}.deb"), "Architecture")[1], f"{dpkg}\n")
            self.assertEqual(said("rpm", "-qp", "--qf", "%{ARCH}", package(f"{name}-[0-9]*.{MACHINE}.rpm"))[1], MACHINE)
        package(f"faultline-*-{MACHINE}-linux.tar.gz")

    def test_programs_are_for_the_machine(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in EXPECTED:
                subprocess.run(["dpkg-deb", "--extract", package(f"{name}_*.deb"), f"{folder}/{name}"], check=True)
            programs = [*pathlib.Path(folder).glob("*/usr/*bin/*")]
            self.assertEqual(len(programs), 4)
            for program in programs:
                header = said("readelf", "--file-header", "--wide", program)[1]
                self.assertRegex(header, rf"Machine: +{self.MACHINE_OF_ELF[MACHINE]}\n")
                # Of what was stripped.
                self.assertNotIn(".debug_info", said("readelf", "--sections", "--wide", program)[1])


class FilesTest(unittest.TestCase):

    def deb_files(self, name):
        listed = said("dpkg-deb", "--contents", package(f"{name}_*.deb"))[1].splitlines()
        files = {}
        for line in listed:
            mode, owner, _, _, _, path = line.split(maxsplit=5)
            self.assertEqual(owner, "root/root", line)
            if not path.endswith("/"):
                files[path[1:]] = mode
        return files

    def test_each_deb_has_what_it_is_to_have_and_no_more(self):
        for name, expected in EXPECTED.items():
            files = self.deb_files(name)
            overrides = {f"/usr/share/lintian/overrides/{name}"}
            self.assertEqual(set(files), expected | overrides, name)
            for path, mode in files.items():
                program = "bin/" in path or path.startswith("/usr/lib/faultline/")
                self.assertEqual(mode, "-rwxr-xr-x" if program else "-rw-r--r--", path)

    def test_each_rpm_has_the_same(self):
        for name, expected in EXPECTED.items():
            code, listed = said("rpm", "-qp", "--qf", "[%{FILENAMES} %{FILEMODES:perms} %{FILEUSERNAME}\n]",
                                package(f"{name}-[0-9]*.rpm"))
            self.assertEqual(code, 0, listed)
            files = {line.split()[0] for line in listed.splitlines() if line.split()[1][0] == "-"}
            self.assertEqual(files, expected | {f"/usr/share/lintian/overrides/{name}"}, name)
            self.assertNotRegex(listed, r"(?m) (?!root$)\S+$")

    def test_configuration_is_kept_on_upgrades(self):
        for name in (AGENT, CONTROLLER):
            file = f"/etc/faultline/{name.removeprefix('faultline-')}.yaml\n"
            self.assertEqual(said("dpkg-deb", "--info", package(f"{name}_*.deb"), "conffiles")[1], file)
            flags = said("rpm", "-qp", "--qf", "[%{FILENAMES} %{FILEFLAGS:fflags}\n]", package(f"{name}-[0-9]*.rpm"))[1]
            self.assertIn(f"{file.strip()} cn\n", flags)

    def test_tarball_has_all_of_it(self):
        with tarfile.open(package("faultline-*-linux.tar.gz")) as archive:
            names = {re.sub(r"^faultline-[^/]*", "", member.name) for member in archive if not member.isdir()}
            self.assertTrue(all(member.uid == 0 and member.gid == 0 for member in archive))
        overrides = {name for name in names if name.startswith("/usr/share/lintian/")}
        self.assertEqual(names - overrides, EXPECTED[AGENT] | EXPECTED[CONTROLLER])

    def test_copyright_names_all_that_is_linked_in(self):
        with tarfile.open(package("faultline-*-linux.tar.gz")) as archive:
            for name, parts in ((AGENT, ["libnftnl: GPL-2.0-or-later", "libmnl", "gRPC"]),
                                (CONTROLLER, ["SQLite", "curl"])):
                (member,) = [m for m in archive.getnames() if m.endswith(f"/doc/{name}/copyright")]
                text = archive.extractfile(member).read().decode()
                for part in parts:
                    self.assertIn(f"  {part}", text)
                # The whole texts, not just their names.
                self.assertIn("Permission is hereby granted", text)

    def test_checksums(self):
        self.assertEqual(said("sha256sum", "--check", "--quiet", "SHA256SUMS", cwd=PACKAGES), (0, ""))


class CheckTest(unittest.TestCase):

    def test_lintian_has_nothing_to_say(self):
        code, text = said("lintian", "--allow-root", "--fail-on", "error,warning", "--tag-display-limit", "0",
                          *PACKAGES.glob("*.deb"))
        self.assertEqual((code, text), (0, ""))

    def test_rpmlint_has_nothing_to_say(self):
        code, text = said("rpmlint", "-c", REPO / "packaging/rpmlint.toml", *PACKAGES.glob("*.rpm"))
        self.assertEqual(code, 0, text)
        self.assertIn(" 0 errors, 0 warnings", text)

    def test_scripts_are_sound(self):
        with tempfile.TemporaryDirectory() as folder:
            for deb in (AGENT, CONTROLLER):
                subprocess.run(["dpkg-deb", "--control", package(f"{deb}_*.deb"), f"{folder}/{deb}"], check=True)
                for tag in ("PREIN", "POSTIN", "PREUN", "POSTUN"):
                    script = said("rpm", "-qp", "--qf", f"%{{{tag}}}", package(f"{deb}-[0-9]*.rpm"))[1]
                    self.assertIn("set -e", script)
                    pathlib.Path(folder, deb, tag).write_text(f"#!/bin/sh\n{script}", encoding="utf-8")
            scripts = [file for file in pathlib.Path(folder).rglob("*") if file.is_file() and
                       file.read_bytes().startswith(b"#!")]
            self.assertEqual(len(scripts), 14)
            for shell in ("dash", "bash"):
                for script in scripts:
                    self.assertEqual(said(shell, "-n", script), (0, ""))
            # Not every script calls every function.
            scripts.append(REPO / "packaging/enroll-local-agent")
            self.assertEqual(said("shellcheck", "-s", "sh", "-e", "SC2317", *scripts), (0, ""))

    def test_units_are_understood(self):
        for unit in sorted((REPO / "packaging/units").glob("faultline-*.[ps]*")):
            # It fails where the programs are not installed.
            _, text = said("systemd-analyze", "--no-pager", "verify", unit)
            unknown = [line for line in text.splitlines()
                       if "is not executable: " not in line and "Command 'man" not in line]
            self.assertEqual(unknown, [], unit)


class ManualTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        for name in (AGENT, CONTROLLER):
            subprocess.run(["dpkg-deb", "--extract", package(f"{name}_*.deb"), cls.folder.name], check=True)
        cls.pages = {page.name.removesuffix(".gz"): gzip.decompress(page.read_bytes()).decode()
                     for page in pathlib.Path(cls.folder.name).glob("usr/share/man/*/*.gz")}

    def test_pages_are_sound(self):
        self.assertEqual(sorted(self.pages),
                         ["faultline-agent.8", "faultline-controller.8", "faultline-plan.5", "faultline.1"])
        for name, text in self.pages.items():
            file = pathlib.Path(self.folder.name, name)
            file.write_text(text, encoding="utf-8")
            self.assertEqual(said("mandoc", "-T", "lint", "-W", "warning", file), (0, ""), name)
            warned = subprocess.run(["groff", "-ww", "-man", "-T", "utf8", file], stdout=subprocess.DEVNULL,
                                    stderr=subprocess.PIPE, check=True, text=True).stderr
            self.assertEqual(warned, "", name)

    def verbs(self, *before):
        text = said(*EMULATOR, BIN / "faultline", *before, "--help")[1]
        _, _, listed = text.partition("Subcommands:\n")
        for verb in re.findall(r"(?m)^  ([a-z-]+) ", listed):
            yield (*before, verb)
            yield from self.verbs(*before, verb)

    def test_every_verb_is_in_the_manual(self):
        headings = {line.removeprefix(".SS ").replace("\\-", "-") for line in self.pages["faultline.1"].splitlines()
                    if line.startswith(".SS ")}
        told = {tuple(word for word in heading.split() if word.islower()) for heading in headings}
        verbs = set(self.verbs())
        self.assertGreater(len(verbs), 40)
        inner = {verb for verb in verbs if not any(other[:len(verb)] == verb and other != verb for other in verbs)}
        self.assertEqual(inner - told, set())
        self.assertEqual(told - verbs, set())


if __name__ == "__main__":
    os.environ["LC_ALL"] = "C.UTF-8"
    unittest.main(verbosity=2)
