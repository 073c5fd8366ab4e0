#!/usr/bin/env python3
"""Installs, upgrades, removes and purges the packages in clean Debian systems in which no systemd runs. The real boot is
tests/vm/systemd's."""

import pathlib
import re
import subprocess
import tempfile

import sandbox
from sandbox import REPO, TREE, PackageTest, package, wait_until

ACCOUNTS = ("faultline", "faultline-agent")
# What stays behind a purge: the accounts, and what Debian itself writes down about packages that were there.
STAYS = re.compile(r"/etc/(passwd|group|shadow|gshadow|subuid|subgid)-?|/etc|/root(/.*)?|"
                   r"/var/(lib/(dpkg|apt|systemd)|cache|log)(/.*)?|/etc/\.pwd\.lock|/etc/ld\.so\.cache|/run|/tmp|/")


class DebTest(PackageTest):

    WANTS = "etc/systemd/system/multi-user.target.wants"

    def install(self, *names):
        debs = [self.system.bring(package(f"{name}_*.deb")) for name in names]
        return self.system.run("apt-get", "install", "-y", "-q", *debs).stdout

    def start_service(self, program, user, *capabilities):
        """As its unit would; without a systemd that reads it."""
        state = f"/var/lib/{user}"
        self.system.run("install", "-d", "-o", user, "-m", "0700", f"/run/{user}", state)
        caps = [f"--ambient-caps=-all,{','.join(capabilities)}", f"--inh-caps=-all,{','.join(capabilities)}"] \
            if capabilities else []
        self.system.start("setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", *caps, program,
                                 log=f"/{user}.log")

    def first_run(self):
        """Controller and agent, as the units bring them up at the first boot."""
        self.system.run("faultline", "pki", "init")
        self.start_service("faultline-controller", "faultline")
        wait_until(lambda: self.system.run("faultline", "nodes", expect=None).returncode == 0, 60,
                   "the controller answers")
        said = self.system.run("/usr/lib/faultline/enroll-local-agent").stdout
        self.assertNotIn("fl1.", said, "a token was printed")
        self.start_service("faultline-agent", "faultline-agent", "+net_admin")
        wait_until(lambda: "sandbox" in self.system.run("faultline", "nodes").stdout, 60, "the agent is known")

    def block(self):
        """A fault on this node that lasts longer than the test."""
        (self.system.root / "tmp/cut.txt").write_text("198.51.100.0/24\n", encoding="ascii")
        self.system.run("faultline", "block", "sandbox", "@/tmp/cut.txt", "--for", "50m", "--detach")
        wait_until(self.acting, 60, "the fault acts")

    def acting(self):
        return self.system.run("faultline-agent", "status", expect=None).returncode == 3

    def tables(self):
        return [line for line in self.system.run("nft", "list", "tables").stdout.splitlines() if "faultline" in line]

    def higher_version(self):
        with tempfile.TemporaryDirectory() as out:
            subprocess.run([REPO / "packaging/make", "--tree", TREE, "--out", out, "--version", "99.0.0", "--only", "deb"],
                           check=True, stdout=subprocess.DEVNULL)
            for deb in pathlib.Path(out).glob("*.deb"):
                self.system.bring(deb)

    def test_installation(self):
        said = self.install("faultline-controller", "faultline-agent")
        self.assertRegex(said, r"faultline-agent: .*\n +faultline token create .*\n +faultline-agent enroll ")
        self.assertRegex(said, r"faultline-controller: .*\n +faultline nodes .*\n +faultline token create ")
        for account in ACCOUNTS:
            self.assertIn("nologin", self.system.run("getent", "passwd", account).stdout)
        for unit in ("faultline-agent.service", "faultline-agent.path", "faultline-controller.service"):
            self.assertTrue((self.system.root / self.WANTS / unit).is_symlink(), unit)
        self.assertEqual(self.system.run("stat", "-c", "%U %a", "/var/lib/faultline-agent").stdout,
                         "faultline-agent 700\n")
        # An authority in an image would be that of all machines made from it.
        self.assertFalse((self.system.root / "etc/faultline/pki").exists())
        self.assertEqual(self.system.processes(), [])
        self.assertIn("split-brain", self.system.run("faultline", "plans").stdout)
        self.assertEqual(self.system.run("faultline-agent", "status").returncode, 0)

    def test_first_run(self):
        self.install("faultline-agent", "faultline-controller")
        # As good as what is there.
        config = self.system.root / "etc/faultline/controller.yaml"
        config.write_text(config.read_text().replace('"[::]:7400"', "'[::]:7400'"))
        self.first_run()
        keys = ("/etc/faultline/pki/ca.key", "/var/lib/faultline-agent/node.key")
        self.assertEqual(self.system.run("stat", "-c", "%U %a", *keys).stdout, "faultline 600\nfaultline-agent 600\n")
        before = self.system.run("sha256sum", *keys).stdout
        self.system.run("faultline", "pki", "init", expect=2)
        self.system.run("/usr/lib/faultline/enroll-local-agent")
        self.assertEqual(self.system.run("sha256sum", *keys).stdout, before, "what was there was made anew")

    def test_upgrade_heals_first_and_keeps_the_configuration(self):
        self.install("faultline-controller", "faultline-agent")
        with open(self.system.root / "etc/faultline/agent.yaml", "a", encoding="utf-8") as file:
            file.write("labels: {region: eu-west-2}\n")
        self.first_run()
        self.block()
        self.higher_version()
        self.system.run("sh", "-c", "dpkg -i /tmp/faultline-agent_99.0.0_*.deb /tmp/faultline-controller_99.0.0_*.deb")
        self.assertFalse(self.acting())
        self.assertEqual(self.tables(), [])
        self.assertIn("labels: {region: eu-west-2}", self.system.read("/etc/faultline/agent.yaml"))
        self.assertIn("region=eu-west-2", self.system.run("faultline", "nodes").stdout)
        self.assertIn("99.0.0", self.system.run("dpkg-query", "-W", "faultline-agent").stdout)

    def test_removal_heals_and_purging_leaves_nothing(self):
        before = self.system.files()
        self.install("faultline-controller", "faultline-agent")
        self.first_run()
        self.block()
        self.system.run("dpkg", "-r", "faultline-agent")
        self.assertEqual(self.tables(), [])
        self.assertTrue((self.system.root / "etc/faultline/agent.yaml").exists(), "removal keeps the configuration")
        self.assertTrue((self.system.root / "var/lib/faultline-agent/node.key").exists(), "removal keeps the state")
        self.system.run("apt-get", "purge", "-y", "faultline-agent", "faultline-controller")
        self.system.run("rm", "/faultline-agent.log", "/faultline.log")
        changed = {line for line in self.system.files() ^ before if not STAYS.fullmatch(line.split(" ")[0])}
        self.assertEqual(sorted(changed), [])

    def test_what_was_removed_comes_back_with_its_identity(self):
        self.install("faultline-agent")
        (self.system.root / "var/lib/faultline-agent/node.crt").touch()
        self.system.run("dpkg", "-r", "faultline-agent")
        self.install("faultline-agent")
        self.assertTrue((self.system.root / "var/lib/faultline-agent/node.crt").exists())
        self.assertTrue((self.system.root / self.WANTS / "faultline-agent.service").is_symlink())

    def test_only_one_package_brings_the_command_line(self):
        self.install("faultline")
        self.assertIn("split-brain", self.system.run("faultline", "plans").stdout)
        self.install("faultline-controller")
        self.assertNotRegex(self.system.run("dpkg-query", "-W", "-f", "${Package} ${db:Status-Abbrev}\\n").stdout,
                            r"(?m)^faultline ii")
        self.assertIn("split-brain", self.system.run("faultline", "plans").stdout)


class RpmTest(PackageTest):
    """Where sh and systemd are; whose they are is the same to rpm's scripts."""

    def rpm(self, *words):
        return self.system.outside("rpm", "--root", self.system.path, "--nodeps", *words).stdout

    def test_installation_upgrade_and_removal(self):
        before = self.system.files()
        packages = [package("faultline-agent-*.rpm"), package("faultline-controller-*.rpm")]
        self.assertIn("faultline-agent enroll", self.rpm("-i", *packages))
        self.system.run("getent", "passwd", *ACCOUNTS)
        enabled = self.system.root / "etc/systemd/system/multi-user.target.wants/faultline-agent.service"
        self.assertTrue(enabled.is_symlink())
        self.assertIn("split-brain", self.system.run("faultline", "plans").stdout)
        with open(self.system.root / "etc/faultline/agent.yaml", "a", encoding="utf-8") as file:
            file.write("labels: {region: eu-west-2}\n")
        enabled.unlink()
        self.rpm("-U", "--replacepkgs", *packages)
        self.assertIn("eu-west-2", self.system.read("/etc/faultline/agent.yaml"))
        self.assertFalse(enabled.is_symlink(), "what somebody disabled was enabled again")
        self.rpm("-e", "faultline-agent", "faultline-controller")
        left = {line.split(" ")[0] for line in self.system.files() - before}
        left = {path for path in left if not STAYS.fullmatch(path) and not path.startswith("/usr/lib/sysimage")}
        self.assertEqual(sorted(left),
                         ["/etc/faultline", "/etc/faultline/agent.yaml.rpmsave", "/var/lib/faultline-agent"])


if __name__ == "__main__":
    sandbox.main()
