"""What packages do to a fault that acts: upgrade, reboot, removal, purge.

    package_test.py UpgradeTest BeforeRebootTest     then the machine is rebooted, with the fault of the last one
    package_test.py AfterRebootTest RemovalTest      afterwards nothing of ours is on the machine
"""

import os
import pathlib
import tempfile
import time
import unittest

import node
from node import AGENT, CONTROLLER, output, run

CONFIGURATION = pathlib.Path("/etc/faultline/agent.yaml")


def newer(path, folder):
    """The same package of a higher version."""
    run("dpkg-deb", "--raw-extract", path, folder / "tree")
    control = folder / "tree/DEBIAN/control"
    control.write_text("".join("Version: 99\n" if line.startswith("Version:") else line
                               for line in control.read_text().splitlines(keepends=True)))
    run("dpkg-deb", "-Znone", "--build", folder / "tree", folder / "newer.deb")
    return folder / "newer.deb"


def version(name):
    return output("dpkg-query", "--showformat=${Version} ${db:Status-Status}", "--show", name, expect=None)


class UpgradeTest(node.NodeTest):
    def test_upgrade_heals_first_and_comes_back_enrolled(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        upgrade = newer(node.package(AGENT), folder)
        with CONFIGURATION.open("a") as file:
            file.write("# Mine.\n")
        old = node.main_pid(AGENT)
        certificate = pathlib.Path("/var/lib/faultline-agent/node.crt").read_bytes()
        self.fault()
        began = time.monotonic()
        self.assertTrue(self.stream.silent_since(began - 0.2))
        run("dpkg", "--install", upgrade)
        ended = time.monotonic()
        healed = self.stream.first_after(began, 0.1)
        print(f"MEASURED upgrade: {healed - began:.2f} s of {ended - began:.2f} s", flush=True)
        self.assert_back(old)
        self.assertEqual(version(AGENT), "99 installed")
        self.assertTrue(CONFIGURATION.read_text().endswith("# Mine.\n"), "the configuration is kept")
        self.assertEqual(pathlib.Path("/var/lib/faultline-agent/node.crt").read_bytes(), certificate)


    def test_upgrade_leaves_alone_what_somebody_stopped(self):
        controller = node.main_pid(CONTROLLER)
        run("systemctl", "stop", AGENT)
        run("dpkg", "--install", node.package(AGENT), node.package(CONTROLLER))
        self.assertFalse(node.is_active(AGENT))
        self.assertTrue(node.is_active(f"{AGENT}.path"))
        self.assertNotIn(node.main_pid(CONTROLLER), (0, controller), "what ran is started anew")
        run("systemctl", "start", AGENT)
        node.await_session()


class BeforeRebootTest(node.NodeTest):
    def test_a_fault_acts(self):
        self.fault()
        pathlib.Path("/var/tmp/boot-id").write_bytes(pathlib.Path("/proc/sys/kernel/random/boot_id").read_bytes())


class AfterRebootTest(unittest.TestCase):
    def test_nothing_of_ours_is_left_and_the_services_are_back(self):
        self.assertNotEqual(pathlib.Path("/var/tmp/boot-id").read_bytes(),
                            pathlib.Path("/proc/sys/kernel/random/boot_id").read_bytes(), "it was rebooted")
        node.await_session()
        self.assertNotIn("faultline", node.kernel_state() + output("ip", "-d", "link"))
        self.assertIn("nothing of faultline", output(AGENT, "status"))
        self.assertTrue(node.is_active(CONTROLLER))


class RemovalTest(node.NodeTest):
    def test_1_removal_heals(self):
        self.fault()
        self.assert_healed(lambda: run("dpkg", "--remove", AGENT), node.PATIENCE)
        node.assert_kernel_becomes(self.before)
        self.assertEqual(output("pgrep", "-x", "faultline-agent", expect=1), "")
        self.assertEqual(node.property_of(AGENT, "ActiveState"), "inactive")
        self.assertFalse(os.path.exists("/run/faultline-agent"))
        # What a purge takes away stays: the configuration, and who this node is.
        self.assertTrue(CONFIGURATION.exists())
        self.assertTrue(os.path.exists("/var/lib/faultline-agent/node.key"))

    def test_2_what_was_removed_comes_back(self):
        run("dpkg", "--install", node.package(AGENT))
        node.await_session()
        for unit in (AGENT, f"{AGENT}.path"):
            self.assertTrue(node.is_active(unit), unit)

    def test_3_purge_leaves_the_accounts_alone(self):
        run("dpkg", "--purge", AGENT, CONTROLLER)
        run("systemctl", "daemon-reload")
        left = output("find", "/etc", "/usr", "/var", "/run", "/tmp", "-xdev", "-iname", "*faultline*",
                      "-not", "-path", "/var/log/journal/*", "-not", "-path", "/run/log/*")
        self.assertEqual(left, "")
        self.assertEqual(output("systemctl", "list-units", "--all", "--plain", "--no-legend", "faultline*"), "")
        node.assert_kernel_becomes(self.before)
        for account in ("faultline", "faultline-agent"):
            output("getent", "passwd", account)


if __name__ == "__main__":
    unittest.main()
