#!/usr/bin/env python3
"""Packages of another architecture than the system's, in a clean Debian root: refused, in a line that says why."""

import sandbox
from sandbox import MACHINE, PackageTest, package

DEBIAN = {"x86_64": "amd64", "aarch64": "arm64"}


class ForeignTest(PackageTest):

    def test_dpkg_refuses(self):
        deb = self.system.bring(package("faultline-agent_*.deb"))
        said = self.system.run("dpkg", "--install", deb, expect=1).stdout
        self.assertRegex(said, rf"package architecture \({DEBIAN[MACHINE]}\) does not match system \(\w+\)")
        self.assertNotIn("faultline-agent", self.system.run("dpkg-query", "-W").stdout)

    def test_rpm_refuses(self):
        said = self.system.outside("rpm", "--root", self.system.path, "--nodeps", "-i", package("faultline-agent-*.rpm"),
                                   expect=1).stdout
        self.assertIn(f"{MACHINE} is intended for a different architecture", said)
        self.assertFalse((self.system.root / "etc/faultline").exists())


if __name__ == "__main__":
    sandbox.main()
