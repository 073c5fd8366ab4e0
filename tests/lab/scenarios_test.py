#!/usr/bin/env python3
"""The library's plans, each run for real with its times shortened, and what was observed held against its story.

    scenarios_test.py SixNodes         three nodes in London, three in Paris
    scenarios_test.py TwelveNodes      six and six; then four and three
    scenarios_test.py NetemScenarios   those that need netem

What is expected is written here, from the plans' stories: not taken from what the controller predicts.
"""

import itertools
import json
import pathlib
import unittest

import faultlab
import traffic
from faultlab import wait_until

PLANS = faultlab.REPO / "plans"
# How a plan's quiet time before the fault, and each of its steps, are shortened.
QUICK = ("--set", "quiet=2s", "--set", "hold=3s")
NEED_NETEM = ("oregon-mumbai-300ms", "replication-lag-ramp", "flaky-link")
# Long enough for some attempts to connect.
KNOCKS = ("--set", "quiet=2s", "--set", "hold=4s")

# Takes connections on all these ports, for ever.
DOORS = """
import selectors, socket, sys
ready = selectors.DefaultSelector()
for port in sys.argv[1:]:
    ready.register(socket.create_server(("", int(port)), backlog=64), selectors.EVENT_READ)
print("ready", flush=True)
while True:
    for key, _ in ready.select():
        key.fileobj.accept()[0].close()
"""

# Connects again and again to one port; of every attempt, the error's number: 0 for none, -1 for none in time.
KNOCKER = """
import json, socket, sys, time
while True:
    sock = socket.socket()
    sock.settimeout(0.5)
    try:
        sock.connect((sys.argv[1], int(sys.argv[2])))
        error = 0
    except TimeoutError:
        error = -1
    except OSError as failure:
        error = failure.errno
    sock.close()
    print(json.dumps({"error": error}), flush=True)
    time.sleep(0.1)
"""
REFUSED = 111
TIMED_OUT = -1


def ways(senders, receivers):
    """Every way from one of these to another of those."""
    return {(a, b) for a in senders for b in receivers if a != b}


def apart(*groups):
    """Every way between any two of these groups."""
    return set().union(*(ways(a, b) for a, b in itertools.permutations(groups, 2)))


class Scenarios(faultlab.TimedTest):
    """One lab for all tests of a class, which leaves every node's kernel as it was."""

    PER_SUBNET = None
    # Of the agents' probes, in a second; short stages need many.
    PROBES = 100

    @classmethod
    def setUpClass(cls):
        cls.lab = cls.enterClassContext(faultlab.Lab(per_subnet=cls.PER_SUBNET))
        before = cls.lab.kernel_state()
        cls.lab.configure(f"probe: {{rate: {cls.PROBES}}}\n", lease="10s")
        cls.lab.start()
        cls.addClassCleanup(cls.lab.assert_kernel_unchanged, before)
        cls.addClassCleanup(cls.lab.stop)
        cls.lab.await_mesh()
        cls.all = set(cls.lab.nodes)
        cls.london = {name for name in cls.all if name.startswith("lon-")}
        cls.paris = cls.all - cls.london

    def zone(self, letter):
        return {name for name, node in self.lab.nodes.items() if node.az.endswith(letter)}

    def address(self, node):
        return self.lab.nodes[node].ipv4

    def run_plan(self, *args, expect=0):
        run = self.lab.cli_json("run", *args, expect=expect)
        self.assertEqual(run["outcome"], "OUTCOME_VERIFIED", run["summary"])
        return run

    def stages(self, run):
        return {stage["name"]: stage for stage in run["stages"]}

    def cut(self, run, stage):
        """The ways on which no probe arrived in a stage; all others must be open, of both IP versions alike."""
        observed = {}
        for edge in self.stages(run)[stage]["edges"]:
            self.assertIn(edge["observed"], ("REACH_OPEN", "REACH_CUT"), (stage, edge))
            observed.setdefault((edge["from"], edge["to"]), set()).add(edge["observed"])
        self.assertEqual({len(seen) for seen in observed.values()}, {1}, "IPv4 and IPv6 fare alike")
        return {way for way, seen in observed.items() if seen == {"REACH_CUT"}}

    def check(self, plan, *args, expected):
        """Runs a plan; `expected`: of each stage but baseline and healed the ways that are cut."""
        run = self.run_plan(plan, *args)
        self.assertEqual(list(self.stages(run)), ["baseline", *expected, "healed"])
        for stage, cut in {"baseline": set(), **expected, "healed": set()}.items():
            self.assertEqual(self.cut(run, stage), cut, stage)
        return run

    def knock(self, plan, *args, doors, knocks, expected):
        """Runs a plan whose faults no probe sees, while nodes connect to ports of others.

        `doors`: of nodes, their open ports. `knocks`: (from, to, port). `expected`: for each knock the errors that come
        in turn, repeated ones once; none: every attempt succeeds.
        """
        for node, ports in doors.items():
            self.enterContext(traffic.Program(self.lab, node, DOORS, *ports)).await_ready()
        programs = [self.enterContext(traffic.Program(self.lab, sender, KNOCKER, self.address(receiver), port))
                    for sender, receiver, port in knocks]
        for program in programs:
            self.assertEqual(program.read(), {"error": 0}, "before the run every door is open")
        run = self.run_plan(plan, *args)
        for knock, program, errors in zip(knocks, programs, expected):
            seen = [line["error"] for line in program.stop()]
            self.assertEqual([error for error, _ in itertools.groupby(seen)], errors or [0], knock)
        return run


class SixNodes(Scenarios):
    # A node in each zone of each region.
    PER_SUBNET = 1

    def test_every_plan_of_the_library_has_its_story_here(self):
        text = pathlib.Path(__file__).read_text()
        missing = [plan.stem for plan in PLANS.glob("*.yaml") if f'"{plan.stem}"' not in text]
        self.assertFalse(missing, "plans that no test runs")

    def test_chat_block(self):
        self.check("chat-block", *QUICK, expected={"silence": ways(self.london, self.paris)})

    def test_one_way(self):
        self.check("one-way", *QUICK, expected={"deaf": ways(self.paris, self.london)})

    def test_split_brain_the_regions_being_set(self):
        self.check("split-brain", *QUICK, "--set", "split=3s", "--set", "a=eu-west-3", "--set", "b=eu-west-2", expected={
            "one-way": ways(self.paris, self.london), "split": apart(self.london, self.paris)})

    def test_one_way_security_group(self):
        run = self.knock("one-way-security-group", *KNOCKS, doors={"par-1": [3000], "lon-1": [3000]},
                         knocks=[("lon-1", "par-1", 3000), ("lon-2", "lon-1", 3000)],
                         expected=[[0, TIMED_OUT, 0], []])
        self.assertEqual(self.cut(run, "security-group"), set(), "the probes' flows are established")
        self.assertEqual(self.cut(run, "cut"), ways(self.london, self.paris))

    def test_one_way_reject(self):
        self.knock("one-way-reject", *KNOCKS, doors={"par-1": [3001, 4000], "lon-1": [3001]},
                   knocks=[("lon-1", "par-1", 3001), ("lon-1", "par-1", 4000), ("par-1", "lon-1", 3001)],
                   expected=[[0, REFUSED, 0], [], []])

    def test_az_down(self):
        dark = {name for name, node in self.lab.nodes.items() if node.az == "eu-west-2a"}
        self.assertTrue(dark)
        self.check("az-down", *QUICK, expected={"dark": apart(dark, self.all - dark)})

    def test_health_check_only(self):
        zone = min(self.zone("a"))
        other, third = sorted(self.all - self.zone("a"))[:2]
        run = self.knock("health-check-only", *KNOCKS, doors={zone: [80, 8080], other: [80]},
                         knocks=[(other, zone, 80), (other, zone, 8080), (third, other, 80), (zone, other, 80)],
                         expected=[[0, TIMED_OUT, 0], [], [], []])
        self.assertEqual(self.cut(run, "unhealthy"), set())

    def test_dns_failover(self):
        run = self.knock("dns-failover", *KNOCKS, "--set", "relapse_at=7s", "--set", "relapse=3s",
                         doors={"lon-1": [443, 3000], "par-1": [443]},
                         knocks=[("par-1", "lon-1", 443), ("par-1", "lon-1", 3000), ("lon-2", "lon-1", 443),
                                 ("lon-1", "par-1", 443)],
                         expected=[[0, TIMED_OUT, 0, TIMED_OUT, 0], [], [], []])
        self.assertEqual(list(self.stages(run)), ["baseline", "shut", "between", "relapse", "healed"])

    def test_flapping_peering(self):
        run = self.run_plan("flapping-peering", "--set", "quiet=2s", "--set", "hold=8s", "--set", "down=1s",
                            "--set", "up=1s", "--set", "jitter=0s")
        for edge in self.stages(run)["flapping"]["edges"]:
            across = edge["from"][:3] != edge["to"][:3]
            self.assertEqual(edge["observed"], "REACH_LOSSY" if across else "REACH_OPEN", edge)

    def test_heartbeat_only(self):
        self.one_port("heartbeat-only", 3002, (3000, 3001), "no-heartbeat")

    def test_fabric_only(self):
        self.one_port("fabric-only", 3001, (3000, 3002), "no-fabric")

    def one_port(self, plan, cut, open_ports, stage):
        first, second = open_ports
        run = self.knock(plan, *KNOCKS, doors={"par-1": [cut, first, second], "lon-1": [cut], "lon-2": [cut]},
                         knocks=[("lon-1", "par-1", cut), ("par-1", "lon-1", cut), ("lon-1", "par-1", first),
                                 ("lon-1", "par-1", second), ("lon-1", "lon-2", cut)],
                         expected=[[0, TIMED_OUT, 0], [0, TIMED_OUT, 0], [], [], []])
        self.assertEqual(self.cut(run, stage), set())

    def test_partial_three_way(self):
        a, b = self.zone("a"), self.zone("b")
        self.assertTrue(a and b and self.zone("c"))
        self.check("partial-three-way", *QUICK, expected={"partial": apart(a, b)})

    def hears(self, run, stage):
        """Of each node, whom it hears in a stage, itself among them."""
        cut = self.cut(run, stage)
        return {node: frozenset(other for other in self.all if (other, node) not in cut) for node in self.all}

    def test_jepsen_halves(self):
        hears = self.hears(self.run_plan("jepsen-halves", *QUICK), "halves")
        halves = set(hears.values())
        self.assertEqual(sorted(len(half) for half in halves), [3, 3])
        self.assertEqual(set().union(*halves), self.all)

    def test_jepsen_halves_differ_by_seed(self):
        plans = [self.lab.cli_json("plan", "preview", "jepsen-halves", "--set", f"seed={seed}")["drawn"]
                 for seed in range(8)]
        self.assertGreater(len({json.dumps(drawn) for drawn in plans}), 1)

    def test_jepsen_bridge(self):
        hears = self.hears(self.run_plan("jepsen-bridge", *QUICK), "bridge")
        (bridge,) = [node for node, heard in hears.items() if heard == self.all]
        sides = {heard - {bridge} for node, heard in hears.items() if node != bridge}
        self.assertTrue(all(bridge in heard for heard in hears.values()))
        self.assertEqual(sorted(len(side) for side in sides), [2, 3])
        self.assertEqual(set().union(*sides), self.all - {bridge})

    def test_jepsen_majorities_ring(self):
        hears = self.hears(self.run_plan("jepsen-majorities-ring", *QUICK), "ring")
        self.assertTrue(all(len(heard) >= 4 for heard in hears.values()), hears)
        self.assertEqual(len(set(hears.values())), len(self.all), "no two hear the same")
        self.assertNotIn(frozenset(self.all), hears.values())

    def test_dynamodb_unreachable(self):
        self.unreachable("dynamodb-unreachable", "DYNAMODB")

    def test_s3_unreachable(self):
        self.unreachable("s3-unreachable", "S3")

    def unreachable(self, plan, service):
        """par-3, without an agent, is the service."""
        ranges = self.lab.state / "ip-ranges.json"
        ranges.write_text(json.dumps({
            "syncToken": "1", "createDate": "2026-11-21-00-00-00",
            "prefixes": [{"ip_prefix": f"{self.address('par-3')}/32", "region": "eu-west-2", "service": service,
                          "network_border_group": "eu-west-2"},
                         {"ip_prefix": f"{self.address('par-1')}/32", "region": "us-east-1", "service": service,
                          "network_border_group": "us-east-1"}],
            "ipv6_prefixes": []}))
        self.lab.stop("par-3")
        self.addCleanup(self.lab.start, "par-3")
        wait_until(lambda: sum(n["connected"] for n in self.lab.cli_json("nodes")["nodes"]) == 5, 10, "par-3 is gone")
        run = self.knock(plan, *KNOCKS, "--set", f"ip_ranges={ranges}", doors={"par-3": [443], "par-1": [443]},
                         knocks=[("lon-1", "par-3", 443), ("lon-1", "par-1", 443), ("par-1", "par-3", 443)],
                         expected=[[0, TIMED_OUT, 0], [], []])
        self.assertIn("unreachable", self.stages(run))

    def test_rules_of_every_plan_are_what_nft_reads(self):
        ranges = self.lab.state / "ranges.json"
        ranges.write_text(json.dumps({"prefixes": [{"ip_prefix": "198.51.100.0/24", "region": "eu-west-2",
                                                    "service": service} for service in ("S3", "DYNAMODB")]}))
        options = {"subnet-isolation": ["--set", "subnet4=172.32.32.0/20"],
                   **dict.fromkeys(("s3-unreachable", "dynamodb-unreachable"), ["--set", f"ip_ranges={ranges}"])}
        rules = self.lab.state / "rules.nft"
        nodes = ("lon-1", "par-1")
        for node, device in itertools.product(nodes, ("fl0", "fl1")):
            self.lab.exec(node, "ip", "link", "add", device, "type", "ifb")
            self.addCleanup(self.lab.exec, node, "ip", "link", "delete", device)
        for path in sorted(PLANS.glob("*.yaml")):
            if path.stem in NEED_NETEM:
                continue
            preview = ("plan", "preview", path.stem, *options.get(path.stem, []))
            texts = {node: self.lab.cli(*preview, "--node", node).stdout for node in nodes}
            self.assertTrue(any("\ntable " in text for text in texts.values()), path.stem)
            for node, text in texts.items():
                with self.subTest(path.stem, node=node):
                    rules.write_text(text)
                    self.lab.exec(node, "nft", "-c", "-f", rules)

    def test_region_by_name_that_does_not_exist_is_refused_with_its_group(self):
        done = self.lab.cli("run", "split-brain", "--set", "a=eu-west-9", expect=2)
        self.assertIn("split-brain.yaml:", done.stderr)
        self.assertIn("eu-west-9", done.stderr)

    def test_unknown_names_are_suggested(self):
        self.assertIn("did you mean 'split-brain'?", self.lab.cli("run", "split-brian", expect=2).stderr)


class TwelveNodes(Scenarios):
    PER_SUBNET = 2
    PROBES = 150

    def test_1_subnet_isolation(self):
        subnet = {name for name in self.london if self.lab.nodes[name].az == "eu-west-2c"}
        self.assertEqual(len(subnet), 2)
        self.check("subnet-isolation", "--set", "quiet=3s", "--set", "hold=4s",
                   expected={"isolated": apart(subnet, self.all - subnet)})

    def test_2_four_and_three(self):
        """After the other, for it ends five agents."""
        gone = ("lon-5", "lon-6", "par-4", "par-5", "par-6")
        self.lab.stop(*gone)
        wait_until(lambda: sum(n["connected"] for n in self.lab.cli_json("nodes")["nodes"]) == 7, 10, "seven are left")
        four, three = self.london - set(gone), self.paris - set(gone)
        with self.subTest("uneven-4-3"):
            self.uneven(four, three)
        with self.subTest("region-blackout"):
            self.check("region-blackout", *QUICK, "--set", "back=3s", expected={"blackout": apart(four, three)})

    def uneven(self, four, three):
        run = self.run_plan("uneven-4-3", *QUICK)
        self.assertEqual(list(self.stages(run)), ["baseline", "four-three", "no-majority+one-lost", "healed"])
        self.assertEqual(self.cut(run, "four-three"), apart(four, three))
        later = self.cut(run, "no-majority+one-lost")
        (lost,) = [node for node in four if all((node, other) in later for other in four - {node})]
        self.assertEqual(later, apart(four - {lost}, three, {lost}))
        self.assertEqual(self.cut(run, "healed"), set())


class NetemScenarios(Scenarios):
    # The machine that has netem is slow.
    PROBES = 20
    SLOW = ("--set", "quiet=4s", "--set", "hold=8s")

    def test_oregon_mumbai(self):
        run = self.run_plan("oregon-mumbai-300ms", *self.SLOW)
        for edge in self.stages(run)["far"]["edges"]:
            if edge["from"][:3] == edge["to"][:3]:
                continue
            self.assertAlmostEqual(float(edge["observed_delay"].rstrip("s")), 0.150, delta=0.020, msg=edge)

    def test_flaky_link(self):
        with_loss = self.run_plan("flaky-link", "--set", "quiet=4s", "--set", "hold=40s")
        edges = [e for e in self.stages(with_loss)["flaky"]["edges"] if e["from"][:3] != e["to"][:3]]
        lost = 1 - sum(e["received"] for e in edges) / sum(e["sent"] for e in edges)
        self.assertTrue(0.005 < lost < 0.06, lost)

    def test_replication_lag_ramp(self):
        with traffic.Program(self.lab, "par-1", traffic.TCP_SERVER, 5432).await_ready():
            with traffic.Program(self.lab, "lon-1", traffic.TCP_CLIENT, self.address("par-1"), 5432) as client:
                before = client.read()["took"]
                self.run_plan("replication-lag-ramp", *self.SLOW, "--set", "over=6s")
                took = [line["took"] for line in client.stop()]
        self.assertLess(before, 0.1)
        self.assertAlmostEqual(max(took), 0.330, delta=0.1)
        grown = took[:took.index(max(took))]
        self.assertGreater(sum(b > a for a, b in zip(grown[::3], grown[3::3])), len(grown) / 6, "little by little")
        self.assertLess(took[-1], 0.1, "and then it is healed")


if __name__ == "__main__":
    faultlab.require_root()
    unittest.main(verbosity=2)
