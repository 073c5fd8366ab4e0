#!/usr/bin/env python3
"""What EC2 says of nodes, in a lab: instance metadata is a server of the test's own at 169.254.169.254 in each node."""

import json
import os
import pathlib
import re
import subprocess
import sys
import unittest

import faultlab
from faultlab import wait_until

ADDRESS = "169.254.169.254"
MACS = "network/interfaces/macs/"
BIN = pathlib.Path(os.environ.get("FAULTLINE_BIN") or faultlab.REPO / "build/bin")

# Instance metadata, version 2. It is told to change by a POST of a tree (path to text), which is added to the one it
# has; "forget" makes the tokens that it has given worthless. GET /asked tells how often it gave tokens and was asked.
SERVICE = """
import http.server, json, sys
tree, tokens, counts = {}, set(), {"tokens": 0, "unauthorized": 0}
class Service(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def answer(self, code, text=""):
        self.send_response(code)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())
    def do_POST(self):
        change = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if change == "forget":
            tokens.clear()
        else:
            tree.update(change)
        self.answer(200)
    def do_PUT(self):
        if self.path != "/latest/api/token" or "X-aws-ec2-metadata-token-ttl-seconds" not in self.headers:
            return self.answer(400)
        counts["tokens"] += 1
        tokens.add(f"token-{counts['tokens']}")
        self.answer(200, f"token-{counts['tokens']}")
    def do_GET(self):
        if self.path == "/asked":
            return self.answer(200, json.dumps(counts))
        if self.headers.get("X-aws-ec2-metadata-token") not in tokens:
            counts["unauthorized"] += 1
            return self.answer(401)
        text = tree.get(self.path.removeprefix("/latest/meta-data/"))
        self.answer(404 if text is None else 200, text or "")
    def log_message(self, *_):
        pass
server = http.server.ThreadingHTTPServer((sys.argv[1], 80), Service)
server.daemon_threads = True
print("ready", flush=True)
server.serve_forever()
"""
ASK = """
import sys, urllib.request
data = sys.argv[2].encode() if len(sys.argv) > 2 else None
sys.stdout.write(urllib.request.urlopen(sys.argv[1], data, timeout=20).read().decode())
"""


def interface(mac, number, subnet, *addresses, vpc="vpc-0a"):
    return {f"{MACS}{mac}/device-number": str(number), f"{MACS}{mac}/interface-id": f"eni-0{number}",
            f"{MACS}{mac}/subnet-id": subnet, f"{MACS}{mac}/vpc-id": vpc,
            f"{MACS}{mac}/local-ipv4s": "\n".join(addresses),
            f"{MACS}{mac}/vpc-ipv4-cidr-blocks": "172.32.0.0/16\n100.64.0.0/16",
            f"{MACS}{mac}/vpc-ipv6-cidr-blocks": "fd20::/56"}


class Ec2Test(faultlab.TimedTest):
    """One lab; its agent on lon-1 asks the service, with every test from its start."""

    @classmethod
    def setUpClass(cls):
        cls.lab = cls.enterClassContext(faultlab.Lab())
        before = cls.lab.kernel_state()
        cls.lab.start("controller", "lon-2")
        cls.addClassCleanup(cls.lab.assert_kernel_unchanged, before)
        cls.addClassCleanup(cls.lab.stop)
        cls.config = cls.lab.state / "lon-1.yaml"
        cls.plain = cls.config.read_text()

    def setUp(self):
        self.lab.exec("lon-1", "ip", "addr", "add", f"{ADDRESS}/32", "dev", "lo")
        self.addCleanup(self.lab.exec, "lon-1", "ip", "addr", "del", f"{ADDRESS}/32", "dev", "lo")
        self.addCleanup(self.lab.stop, "lon-1")
        self.mac = self.mac_of("eth0")
        self.log = self.lab.state / "lon-1.log"

    def mac_of(self, device):
        (link,) = json.loads(self.lab.exec("lon-1", "ip", "-j", "link", "show", device).stdout)
        return link["address"]

    def serve(self, **others):
        """Starts the service, which knows a first interface."""
        server = self.lab.popen("lon-1", sys.executable, "-c", SERVICE, ADDRESS, stdout=subprocess.PIPE)
        self.addCleanup(server.stdout.close)
        self.addCleanup(server.wait)
        self.addCleanup(server.terminate)
        self.assertEqual(server.stdout.readline(), "ready\n")
        self.change({"instance-id": "i-0123456789abcdef0", "instance-type": "m7g.large", "mac": self.mac,
                     "placement/region": "eu-west-2", "placement/availability-zone": "eu-west-2a",
                     MACS: f"{self.mac}/", **interface(self.mac, 0, "subnet-0a", "172.32.4.2"), **others})

    def ask(self, path, *data):
        return self.lab.exec("lon-1", sys.executable, "-c", ASK, f"http://{ADDRESS}{path}", *data).stdout

    def change(self, tree):
        self.ask("/", json.dumps(tree))

    def start(self, ec2, labels="{env: lab}", name="lon-1"):
        """Starts the agent with `ec2`, and waits until it is registered by this name."""
        self.log.write_text("")
        named = f"name: {name}\n" if name else ""
        rest = re.sub(r"^(name|labels|ec2):.*\n", "", self.plain, flags=re.MULTILINE)
        self.config.write_text(f"{named}{rest}labels: {labels}\nec2: {ec2}\n")
        self.lab.start("lon-1")

    def node(self, name="lon-1"):
        for node in self.lab.cli_json("nodes")["nodes"]:
            if node["info"]["name"] == name and node["connected"]:
                return node["info"]
        return None

    def test_what_ec2_says_is_what_the_fleet_knows(self):
        self.serve(**{"tags/instance/": "Name\nenv\nteam", "tags/instance/Name": "web-1",
                      "tags/instance/env": "prod", "tags/instance/team": "payments"})
        self.start(f"{{endpoint: 'http://{ADDRESS}', tags: true}}", labels="{env: lab, az: mine}")
        # A machine that is busy may not manage all of it at the start.
        info = wait_until(lambda: (node := self.node())["labels"].get("team") and node, 60, "all labels are there")
        self.assertEqual(info["labels"], {"env": "lab", "az": "mine", "region": "eu-west-2", "vpc": "vpc-0a",
                                          "subnet": "subnet-0a", "instance-id": "i-0123456789abcdef0",
                                          "Name": "web-1", "team": "payments"})
        ec2 = info["ec2"]
        self.assertEqual((ec2["instance_id"], ec2["instance_type"], ec2["region"], ec2["availability_zone"]),
                         ("i-0123456789abcdef0", "m7g.large", "eu-west-2", "eu-west-2a"))
        self.assertEqual((ec2["vpc_id"], ec2["vpc_cidrs"]),
                         ("vpc-0a", ["172.32.0.0/16", "100.64.0.0/16", "fd20::/56"]))
        self.assertEqual(ec2["interfaces"], [{"id": "eni-00", "mac": self.mac, "device_number": 0,
                                              "subnet_id": "subnet-0a", "addresses": ["172.32.4.2"]}])
        table = self.lab.cli("nodes", "--verbose").stdout
        self.assertRegex(table, r"lon-1 +i-0123456789abcdef0 +m7g.large +eu-west-2a +vpc-0a +eni-00 +subnet-0a")
        self.assertEqual(json.loads(self.ask("/asked")), {"tokens": 1, "unauthorized": 0})
        self.assertIn("EC2: i-0123456789abcdef0 (m7g.large) in eu-west-2a", self.log.read_text())

    def test_an_interface_that_comes_is_told_and_one_that_goes(self):
        self.serve()
        self.start(f"{{endpoint: 'http://{ADDRESS}'}}")
        wait_until(lambda: len(self.node().get("ec2", {}).get("interfaces", [])) == 1, 60, "the first one is known")
        # So the look that follows is with a token that is refused.
        self.change("forget")
        self.lab.lab("plug", "lon-1", "eth9", "172.32.200.9/24")
        added = self.mac_of("eth9")
        self.change({MACS: f"{self.mac}/\n{added}/", **interface(added, 1, "subnet-0b", "172.32.200.9")})
        wait_until(lambda: len(self.node()["ec2"]["interfaces"]) == 2, 30, "the second interface is known")
        self.assertEqual(self.node()["ec2"]["interfaces"][1],
                         {"id": "eni-01", "mac": added, "device_number": 1, "subnet_id": "subnet-0b",
                          "addresses": ["172.32.200.9"]})
        counts = json.loads(self.ask("/asked"))
        self.assertEqual((counts["tokens"], counts["unauthorized"]), (2, 1))
        self.change({MACS: f"{self.mac}/"})
        self.lab.lab("unplug", "lon-1", "eth9")
        wait_until(lambda: len(self.node()["ec2"]["interfaces"]) == 1, 30, "the second interface is gone")
        events = self.lab.cli("events", "--json").stdout
        self.assertIn(f"eni-01 ({added})", events)

    def test_metadata_that_comes_late(self):
        self.start(f"{{endpoint: 'http://{ADDRESS}'}}")
        self.assertNotIn("ec2", self.node())
        self.assertIn(f"EC2: http://{ADDRESS}:80: cannot connect", self.log.read_text())
        self.serve()
        wait_until(lambda: self.node()["labels"].get("vpc") == "vpc-0a", 60, "EC2's labels are there")

    def test_a_name_by_a_tag(self):
        self.serve(**{"tags/instance/Name": "lon-1"})
        self.start(f"{{endpoint: 'http://{ADDRESS}', name: tag:Name}}", name=None)
        self.assertEqual(self.node()["labels"]["env"], "lab")
        self.assertNotIn("Name", self.node()["labels"])

    def test_no_name_is_an_error_with_its_mend(self):
        self.config.write_text(self.plain.replace("name: lon-1\n", "") +
                               f"ec2: {{endpoint: 'http://{ADDRESS}', name: instance-id}}\n")
        done = self.lab.exec("lon-1", BIN / "faultline-agent", "--insecure", "--config", self.config, expect=1)
        self.assertIn("instance metadata gives no name", done.stderr)
        self.assertIn("or give 'name'", done.stderr)

    def test_off_ec2_nothing_is_said(self):
        vendor = pathlib.Path("/sys/class/dmi/id/sys_vendor")
        if vendor.exists() and vendor.read_text().startswith("Amazon"):
            self.skipTest("this machine is on EC2")
        self.assertTrue(self.node("lon-2"))
        self.assertNotIn("EC2", (self.lab.state / "lon-2.log").read_text())

    def test_where_it_is_off_nothing_is_asked(self):
        self.serve()
        self.start("{metadata: off}")
        self.assertNotIn("ec2", self.node())
        self.assertEqual(self.node()["labels"], {"env": "lab"})
        self.assertEqual(json.loads(self.ask("/asked")), {"tokens": 0, "unauthorized": 0})
        self.assertNotIn("EC2", self.log.read_text())


if __name__ == "__main__":
    faultlab.require_root()
    unittest.main()
