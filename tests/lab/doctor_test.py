#!/usr/bin/env python3
"""What `faultline-agent doctor` finds on a node, and `faultline doctor` on a fleet; and that they touch nothing."""

import datetime
import json
import os
import pathlib
import subprocess
import sys
import unittest

import faultlab

sys.path.append(str(faultlab.REPO / "tests" / "support"))
from certificates import Authority  # noqa: E402

AGENT = pathlib.Path(os.environ.get("FAULTLINE_BIN", faultlab.REPO / "build/bin")) / "faultline-agent"
LISTEN = "198.18.0.10:7400"
SOMETHING_BAD = 4
BAD_NODE = 5


class DoctorLab(unittest.TestCase):
    def setUp(self):
        self.lab = self.enterContext(faultlab.Lab())

    def examine(self, node, *options, expect=0, insecure=True):
        """By subject: every finding of it, as (health, detail, mend)."""
        done = self.lab.exec(node, AGENT, "--config", self.lab.state / f"{node}.yaml",
                             *(["--insecure"] if insecure else []), "doctor", "--json", *options, expect=expect)
        return by_subject(json.loads(done.stdout)["findings"])

    def health(self, findings, subject):
        self.assertIn(subject, findings)
        return worst(findings[subject])


def by_subject(findings):
    found = {}
    for finding in findings:
        found.setdefault(finding["subject"], []).append((finding["health"], finding["detail"], finding["mend"]))
    return found


def worst(findings):
    order = ["HEALTH_GOOD", "HEALTH_WARNING", "HEALTH_BAD"]
    return order[max(order.index(health) for health, _, _ in findings)].removeprefix("HEALTH_").lower()


class NodeTest(DoctorLab):
    """On the node itself, in one lab after the other: each test makes a thing wrong and finds it."""

    # What says the same in every lab, whatever this machine's kernel and clock are.
    ALIKE = ("kernel", "ingress-hook", "dead-man", "privileges", "interfaces", "qdiscs", "hooks", "firewalls", "config",
             "controller", "tls", "protected", "residue")

    def setUp(self):
        super().setUp()
        self.lab.start("controller", "lon-1")
        self.addCleanup(self.lab.stop)

    def test_good_beside_an_agent_and_nothing_is_touched(self):
        before = self.lab.kernel_state("lon-1")
        findings = self.examine("lon-1")
        self.assertEqual({subject: self.health(findings, subject) for subject in self.ALIKE},
                         dict.fromkeys(self.ALIKE, "good"))
        self.assertRegex(findings["agent"][0][1], r"runs, process \d+; connected to 198.18.0.10:7400")
        self.assertIn("eth0 " + self.lab.nodes["lon-1"].ipv4, findings["interfaces"][0][1])
        self.lab.assert_kernel_unchanged(before)
        for found in findings.values():
            for health, detail, mend in found:
                self.assertTrue(mend or health == "HEALTH_GOOD", detail)

    def test_text_fits_and_has_colours_on_a_terminal_only(self):
        command = [AGENT, "--config", self.lab.state / "lon-1.yaml", "--insecure", "doctor"]
        text = self.lab.exec("lon-1", "env", "LC_ALL=C.UTF-8", *command).stdout
        self.assertRegex(text, r"(?m)^✓ kernel +Linux ")
        self.assertLessEqual(max(map(len, text.splitlines())), 80, text)
        self.assertNotIn("\x1b", text)
        self.assertRegex(self.lab.exec("lon-1", "env", "LC_ALL=C", *command).stdout, r"(?m)^\+ kernel +Linux ")

    def test_without_an_agent_and_without_a_controller(self):
        self.lab.stop("lon-1", "controller")
        findings = self.examine("lon-1", expect=SOMETHING_BAD)
        self.assertEqual(self.health(findings, "agent"), "warning")
        self.assertEqual(self.health(findings, "controller"), "bad")
        self.assertIn("refused", findings["controller"][0][1].lower())
        self.assertNotIn("tls", findings)

    def test_a_table_that_sees_packets_first(self):
        self.nft("add table netdev edge; add chain netdev edge early { type filter hook ingress device eth0 "
                 "priority -600; }")
        findings = self.examine("lon-1")
        self.assertEqual(self.health(findings, "hooks"), "warning")
        self.assertIn("chain early of table netdev edge (ingress of eth0, priority -600)", findings["hooks"][0][1])
        self.assertIn("netdev edge", findings["firewalls"][0][1])
        self.examine("lon-1", "--strict", expect=SOMETHING_BAD)
        self.nft("delete table netdev edge; add table netdev edge; add chain netdev edge late { type filter hook "
                 "ingress device eth0 priority 0; }")
        self.assertEqual(self.health(self.examine("lon-1"), "hooks"), "good")

    def nft(self, commands):
        self.lab.exec("lon-1", "nft", commands)

    def test_a_root_qdisc_of_another_tool(self):
        self.lab.exec("lon-1", "tc", "qdisc", "replace", "dev", "eth0", "root", "tbf", "rate", "100mbit", "burst",
                      "64kb", "latency", "50ms")
        findings = self.examine("lon-1")
        self.assertEqual(self.health(findings, "qdiscs"), "warning")
        self.assertIn("eth0 has a tbf qdisc", findings["qdiscs"][0][1])

    def test_filters_at_the_ingress(self):
        self.lab.exec("lon-1", "tc", "qdisc", "add", "dev", "eth0", "clsact")
        self.assertEqual(self.health(self.examine("lon-1"), "hooks"), "good")
        self.lab.exec("lon-1", "tc", "filter", "add", "dev", "eth0", "ingress", "bpf", "bytecode",
                      "1,6 0 0 4294967295", "direct-action")
        findings = self.examine("lon-1")
        self.assertIn("eth0 has tc filters at its ingress", findings["hooks"][0][1])

    def test_every_error_of_the_configuration(self):
        config = self.lab.state / "lon-1.yaml"
        config.write_text(config.read_text() + "metrik: off\nprotect: {ports: [99999]}\n")
        findings = self.examine("lon-1", expect=SOMETHING_BAD)
        self.assertEqual(len(findings["config"]), 2)
        self.assertIn("metrik", findings["config"][0][1])
        config.unlink()
        self.assertIn("is not there", self.examine("lon-1", expect=SOMETHING_BAD)["config"][0][1])

    def test_what_an_agent_has_left(self):
        self.lab.stop("lon-1")
        self.nft("add table netdev faultline")
        findings = self.examine("lon-1")
        self.assertEqual(self.health(findings, "residue"), "warning")
        self.assertEqual(findings["residue"][0][2], "faultline-agent heal")
        self.lab.exec("lon-1", AGENT, "heal")
        self.assertEqual(self.health(self.examine("lon-1"), "residue"), "good")

    def test_more_addresses_than_a_finding_has_room_for(self):
        for number in range(150):
            self.lab.exec("lon-1", "ip", "addr", "add", f"172.32.210.{number}/32", "dev", "eth0")
        findings = by_subject(self.lab.cli_json("doctor", "lon-1")["nodes"][0]["examination"]["findings"])
        self.assertRegex(findings["interfaces"][0][1], r"^eth0 .* \.\.\. and \d+ bytes more$")

    def test_without_privileges_it_says_so_and_goes_on(self):
        done = self.lab.exec("lon-1", "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all",
                             AGENT, "--insecure", "--config", self.lab.state / "lon-1.yaml", "doctor", "--json",
                             expect=SOMETHING_BAD)
        findings = by_subject(json.loads(done.stdout)["findings"])
        self.assertEqual(self.health(findings, "privileges"), "bad")
        self.assertIn("kernel", findings)
        self.assertEqual(self.health(findings, "residue"), "warning")
        self.assertEqual((self.health(findings, "agent"), findings["agent"][0][2]), ("warning", "run this as root"))


class TlsTest(DoctorLab):
    """Why TLS with the controller fails, in one line."""

    def setUp(self):
        super().setUp()
        self.pki = Authority(self.lab.state / "pki")
        self.other = Authority(self.lab.state / "other")
        for pki in (self.pki, self.other):
            pki.issue("controller", "faultline:controller", hosts=["198.18.0.10"])
            pki.issue("lon-1", "faultline:node:lon-1")
        (self.lab.state / "controller.yaml").write_text(
            f"listen: {LISTEN}\nsocket: {self.lab.state}/controller.sock\nstate: {self.lab.state}/state\n"
            f"{self.pki.tls('controller')}")
        self.configure(self.pki.tls("lon-1"))

    def configure(self, tls, controller=LISTEN):
        (self.lab.state / "lon-1.yaml").write_text(
            f"name: lon-1\ncontroller: {controller}\nruntime: {self.lab.state}/lon-1.run\n{tls}")

    def why(self):
        findings = self.examine("lon-1", expect=SOMETHING_BAD, insecure=False)
        [(health, detail, mend)] = findings["tls"]
        self.assertEqual(health, "HEALTH_BAD")
        self.assertTrue(mend)
        return detail

    def test_what_the_handshake_comes_to(self):
        self.lab.start("controller")
        self.addCleanup(self.lab.stop)
        findings = self.examine("lon-1", insecure=False)
        self.assertEqual(self.health(findings, "tls"), "good")
        self.assertRegex(findings["certificate"][0][1], "^ends in [67] days")
        self.configure(self.other.tls("lon-1"))
        self.assertIn("does not hold against", self.why())
        self.configure(self.both())
        self.assertIn("the controller refuses this node's certificate", self.why())
        self.configure(self.pki.tls("missing"))
        self.assertIn("missing.crt", self.why())
        now = datetime.datetime.now(datetime.timezone.utc)
        moment = lambda days: f"{now + datetime.timedelta(days=days):%Y%m%d%H%M%SZ}"  # noqa: E731
        self.pki.issue("ended", "faultline:node:lon-1", start=moment(-9), end=moment(-2))
        self.configure(self.pki.tls("ended"))
        self.assertIn("ended.crt has ended at", self.why())

    def both(self):
        """The other authority's certificate, by one who believes both."""
        certificates = self.pki.certificate.read_text() + self.other.certificate.read_text()
        (self.lab.state / "both.crt").write_text(certificates)
        return self.other.tls("lon-1").replace(str(self.other.certificate), f"{self.lab.state}/both.crt")

    def test_what_the_controller_shows(self):
        now = datetime.datetime.now(datetime.timezone.utc)
        moment = lambda days: f"{now + datetime.timedelta(days=days):%Y%m%d%H%M%SZ}"  # noqa: E731
        self.pki.issue("ended", "faultline:controller", hosts=["198.18.0.10"], start=moment(-9), end=moment(-2))
        self.pki.issue("early", "faultline:controller", hosts=["198.18.0.10"], start=moment(2), end=moment(9))
        self.pki.issue("elsewhere", "faultline:controller", hosts=["c.example"])
        for name, expected in (("ended", "the controller's certificate, or its CA's, has ended"),
                               ("early", "has not begun"),
                               ("elsewhere", "is not for '198.18.0.10' but for c.example")):
            with self.subTest(name), self.served(name):
                self.assertIn(expected, self.why())

    def served(self, name):
        """A TLS server that shows this certificate, which no controller would start with."""
        server = self.lab.popen("ops", "openssl", "s_server", "-accept", LISTEN, "-cert",
                                self.pki.folder / f"{name}.crt", "-key", self.pki.folder / f"{name}.key", "-tls1_3",
                                "-quiet", stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        faultlab.wait_until(
            lambda: "7400" in self.lab.exec("ops", "ss", "-Hltn", "sport", "=", "7400").stdout, 10, "it listens")
        return Ended(server)


class Ended:
    """A process that is ended with the block."""

    def __init__(self, process):
        self._process = process

    def __enter__(self):
        return self._process

    def __exit__(self, *_):
        self._process.terminate()
        self._process.stdin.close()
        self._process.wait()


class FleetTest(DoctorLab):
    def setUp(self):
        super().setUp()
        self.lab.start()
        self.addCleanup(self.lab.stop)

    def test_six_nodes_of_which_one_is_stopped_and_one_has_another_table(self):
        before = self.lab.kernel_state()
        nodes = {node["name"]: node for node in self.lab.cli_json("doctor")["nodes"]}
        self.assertEqual(sorted(nodes), sorted(self.lab.nodes))
        for node in nodes.values():
            findings = by_subject(node["examination"]["findings"])
            for subject in ("kernel", "ingress-hook", "dead-man", "privileges", "interfaces", "hooks", "config",
                            "controller", "residue"):
                self.assertEqual(self.health(findings, subject), "good", findings[subject])
            self.assertIn("its clock is known to within", findings["controller"][0][1])
        self.lab.assert_kernel_unchanged(before)

        self.lab.exec("par-2", "nft", "add table netdev edge; add chain netdev edge early { type filter hook ingress "
                                      "device eth0 priority -600; }")
        self.lab.stop("lon-3")
        said = self.lab.cli("doctor", expect=BAD_NODE).stdout
        self.assertIn("lon-3: silent\n  not connected", said)
        self.assertRegex(said, r"(?s)par-2: with warnings\n.*chain early of table netdev edge")
        self.assertRegex(said.splitlines()[-1], r"^6 nodes: .*1 silent \(lon-3\)$")
        self.assertLessEqual(max(map(len, said.splitlines())), 80)
        one = self.lab.cli("doctor", "lon-1").stdout
        self.assertIn(" kernel ", one)
        self.assertRegex(one.splitlines()[-1], "^1 node: ")
        self.assertIn("no node has the name 'lon-9'", self.lab.cli("doctor", "lon-9", expect=2).stderr)


if __name__ == "__main__":
    faultlab.require_root()
    unittest.main(verbosity=2)
