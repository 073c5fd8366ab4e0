#!/usr/bin/env python3
"""Plans left to run by themselves: guards, observations, moments, schedules, freezes, queues. One lab for all tests.

Every test ends with no run going on, and all of them with every node's kernel as it was.
"""

import base64
import contextlib
import os
import signal
import time
import unittest

import faultlab
import traffic
from e2e_test import plan
from faultlab import wait_until

SPLIT = "{at: 0s, for: 1m, name: split, partition: [london, paris]}"
BRIEF = "{at: 0s, for: 3s, name: split, partition: [london, paris]}"

LISTENER = """
import socket, sys
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("ready", flush=True)
while True:
    server.accept()[0].close()
"""

# Says that it is up until it has been told otherwise by a POST.
HEALTH = """
import http.server, json, sys
class Health(http.server.BaseHTTPRequestHandler):
    state = "up"
    def do_GET(self):
        body = json.dumps({"status": [{"state": Health.state}]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def do_POST(self):
        Health.state = "down"
        self.send_response(204)
        self.end_headers()
    def log_message(self, *_):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Health)
print("ready", flush=True)
server.serve_forever()
"""
POST = "import sys, urllib.request; urllib.request.urlopen(urllib.request.Request(sys.argv[1], b'', method='POST'))"


class RunningTest(faultlab.TimedTest):
    @classmethod
    def setUpClass(cls):
        cls.lab = cls.enterClassContext(faultlab.Lab())
        before = cls.lab.kernel_state()
        cls.lab.start("controller", lease="3s")
        cls.config = cls.lab.state / "controller.yaml"
        cls.denying = cls.config.read_text()
        cls.allowing = cls.denying + "commands: allow\n"
        cls.restart_controller(cls.allowing)
        cls.lab.start()
        cls.addClassCleanup(cls.lab.assert_kernel_unchanged, before)
        cls.addClassCleanup(cls.lab.stop)

    @classmethod
    def restart_controller(cls, config):
        cls.lab.stop("controller")
        cls.config.write_text(config)
        cls.lab.start("controller")

    def setUp(self):
        self.await_nodes()
        self.addCleanup(self.end_all)

    def end_all(self):
        for run in self.runs():
            if run["state"] != "RUN_STATE_ENDED":
                self.lab.cli("abort", run["id"])
                self.await_over(run["id"])

    def await_nodes(self):
        wait_until(lambda: sum(n["connected"] for n in self.lab.cli_json("nodes")["nodes"]) == 6, 20, "all are back")

    def runs(self):
        return self.lab.cli_json("runs").get("runs", [])

    def get(self, run):
        return self.lab.cli_json("show", run)["run"]

    def await_over(self, run, timeout=30):
        wait_until(lambda: self.get(run)["state"] == "RUN_STATE_ENDED", timeout, f"{run} is over")
        return self.get(run)

    def await_fired(self, run):
        def fired():
            nodes = self.get(run).get("nodes", [])
            return nodes and all(any(t["transition"] == "TRANSITION_FIRED" for t in n["transitions"]) for n in nodes)
        wait_until(fired, 30, f"{run} fires on every node")

    def start(self, *steps, extra="", options=()):
        with plan(steps, extra) as file:
            return self.lab.cli_json("run", file.name, "--detach", *options)["id"]

    def refuse(self, *steps, extra="", options=(), code=3):
        with plan(steps, extra) as file:
            done = self.lab.cli("run", file.name, *options, expect=code)
        return done.stdout + done.stderr

    def reaches(self, sender, receiver):
        arrived, _ = traffic.udp_arrivals(self.lab, sender, receiver, self.lab.nodes[receiver].ipv4)
        return arrived == 5

    def serve(self, source, port):
        return traffic.Program(self.lab, "ops", source, port)

    # Guards and observations.

    def test_guard_that_fails_ends_the_run_and_heals(self):
        guard = 'guards:\n  - {name: db, every: 100ms, timeout: 100ms, tcp: "127.0.0.1:9100"}\n'
        with self.serve(LISTENER, 9100).await_ready():
            run = self.start(SPLIT, extra=guard)
            self.await_fired(run)
            self.assertFalse(self.reaches("lon-1", "par-1"))
        record = self.await_over(run)
        self.assertTrue(self.reaches("lon-1", "par-1"))
        self.assertEqual(record["outcome"], "OUTCOME_ABORTED")
        self.assertIn("guard 'db' failed", record["summary"])
        self.assertEqual([check["passed"] for check in record["guard_checks"]],
                         [True, False])

    def test_guard_by_a_field_of_an_answer(self):
        guard = ('guards:\n  - {name: api, every: 100ms, timeout: 100ms, http: {url: "http://127.0.0.1:9101/health", '
                 "field: status.0.state, equals: up}}\n")
        with self.serve(HEALTH, 9101).await_ready():
            run = self.start(SPLIT, extra=guard)
            self.await_fired(run)
            self.lab.exec("ops", "python3", "-c", POST, "http://127.0.0.1:9101/")
            record = self.await_over(run)
        self.assertEqual(record["outcome"], "OUTCOME_ABORTED")
        self.assertIn("status.0.state is 'down', not 'up'", record["summary"])

    def test_guard_by_a_command_that_only_notes(self):
        guard = "guards:\n  - {name: never, every: 1s, on_fail: note, command: ['false']}\n"
        run = self.start(BRIEF, extra=guard)
        self.assertEqual(self.await_over(run)["outcome"], "OUTCOME_VERIFIED")

    def test_guard_that_fails_beforehand_refuses_the_run(self):
        guard = 'guards:\n  - {name: db, tcp: "127.0.0.1:9102"}\n'
        self.assertIn("guard 'db' failed", self.refuse(SPLIT, extra=guard))
        self.assertNotIn("faultline", self.lab.kernel_state("par-1")["par-1"])

    def test_output_is_kept_before_and_after_a_step(self):
        observe = ("observe:\n  - {name: moment, before: split, after: split, command: [sh, -c, "
                   "'echo $FAULTLINE_STEP $FAULTLINE_MOMENT; echo aside >&2; exit 3']}\n")
        record = self.await_over(self.start(BRIEF, extra=observe))
        self.assertEqual(record["outcome"], "OUTCOME_VERIFIED", record["summary"])
        captures = [(c["moment"], sorted(base64.b64decode(c["output"]).decode().splitlines()), c["exit_code"])
                    for c in record["captures"]]
        self.assertEqual(captures, [("before split", ["aside", "split before"], 3),
                                    ("after split", ["aside", "split after"], 3)])

    def test_commands_need_the_controllers_leave(self):
        self.restart_controller(self.denying)
        self.addCleanup(self.restart_controller, self.allowing)
        observe = "observe:\n  - {name: moment, command: [uname]}\n"
        said = self.refuse(BRIEF, extra=observe)
        self.assertIn("commands: allow", said)
        self.assertIn("observation 'moment'", said)

    # What a plan promises.

    def test_expectation_that_does_not_hold_fails_the_run(self):
        with plan(["{at: 0s, for: 3s, name: split, partition: [london, paris], expect: reachable}"]) as file:
            run = self.lab.cli_json("run", file.name, expect=1)
        self.assertEqual(run["outcome"], "OUTCOME_NOT_VERIFIED")
        self.assertIn("reachable", run["summary"])

    def test_plan_for_another_environment_is_refused(self):
        said = self.refuse(BRIEF, extra="env: staging\n", code=2)
        self.assertIn("lon-1", said)
        self.assertIn("staging", said)

    def test_plan_that_hits_more_than_it_may_is_refused(self):
        self.assertIn("max_nodes", self.refuse(BRIEF, extra="max_nodes: 3\n", code=2))

    def test_names_are_looked_up_and_recorded(self):
        with plan(["{at: 0s, for: 1s, name: cut, block: {from: london, to: service}}"]) as file:
            with open(file.name, encoding="utf-8") as text:
                lines = text.read().replace("  paris:", "  service: {dns: [localhost], nodes: [par-1]}\n  paris:")
            with open(file.name, "w", encoding="utf-8") as text:
                text.write(lines)
            record = self.await_over(self.lab.cli_json("run", file.name, "--detach")["id"])
        (name,) = record["names"]
        self.assertEqual(name["name"], "localhost")
        self.assertIn("127.0.0.1", name["addresses"])

    # When.

    def test_moment_is_waited_for(self):
        due = time.time() + 3
        run = self.start(BRIEF, options=("--at", "+3s"))
        self.assertEqual(self.get(run)["state"], "RUN_STATE_WAITING")
        self.await_fired(run)
        self.assertGreater(time.time(), due)
        self.assertEqual(self.await_over(run)["outcome"], "OUTCOME_VERIFIED")

    def test_moment_that_passes_without_a_controller_is_missed(self):
        due = time.time() + 2
        run = self.start(SPLIT, options=("--at", "+2s"))
        os.kill(self.lab.pid("controller"), signal.SIGKILL)
        wait_until(lambda: time.time() > due + 1, 10, "the moment has passed")
        self.lab.start("controller")
        record = self.await_over(run)
        self.assertEqual(record["outcome"], "OUTCOME_MISSED")
        self.assertNotIn("faultline", self.lab.kernel_state("par-1")["par-1"])

    def test_run_that_waits_can_be_called_off(self):
        run = self.start(SPLIT, options=("--at", "+1h"))
        self.lab.cli("abort", run)
        self.assertEqual(self.await_over(run)["outcome"], "OUTCOME_ABORTED")

    def test_schedule_runs_each_minute_and_outlives_the_controller(self):
        with plan([BRIEF]) as file:
            self.lab.cli("schedule", "add", file.name, "--name", "minutely", "--cron", "* * * * *")
        self.addCleanup(self.lab.cli, "schedule", "remove", "minutely")
        self.assertIn("minutely", self.lab.cli("schedule", "next").stdout)
        os.kill(self.lab.pid("controller"), signal.SIGKILL)
        self.lab.start("controller")
        def made():
            return [run for run in self.runs() if run.get("schedule_name") == "minutely"]
        wait_until(made, 80, "a minute begins")
        (run, *_) = made()
        self.await_over(run["id"], 40)
        self.lab.cli("schedule", "pause", "minutely")
        (schedule,) = self.lab.cli_json("schedule", "list")["schedules"]
        self.assertTrue(schedule["paused"])
        self.assertEqual(self.get(run["id"])["outcome"], "OUTCOME_VERIFIED", self.get(run["id"])["summary"])

    def test_nothing_begins_in_a_freeze(self):
        self.lab.cli("freeze", "add", "holidays", "--to", "+1h")
        with contextlib.ExitStack() as thaw:
            thaw.callback(self.lab.cli, "freeze", "remove", "holidays")
            self.assertIn("holidays", self.refuse(BRIEF))
            run = self.start(BRIEF, options=("--at", "+1s"))
            record = self.await_over(run)
            self.assertEqual(record["outcome"], "OUTCOME_MISSED")
            self.assertIn("holidays", record["summary"])
        self.await_over(self.start(BRIEF))

    def test_runs_on_the_same_nodes_wait_or_are_refused(self):
        first = self.start(SPLIT)
        self.await_fired(first)
        self.assertIn(first, self.refuse(SPLIT))
        second = self.start(SPLIT, options=("--queue",))
        self.assertEqual(self.get(second)["state"], "RUN_STATE_WAITING")
        self.lab.cli("abort", first)
        self.await_fired(second)
        self.assertFalse(self.reaches("lon-1", "par-1"))
        self.lab.cli("abort", second)
        self.assertTrue(self.reaches("lon-1", "par-1"))

    def test_request_sent_twice_makes_one_run(self):
        with plan([BRIEF]) as file:
            request = ("run", file.name, "--detach", "--request-id", "deploy-1")
            first = self.lab.cli_json(*request)["id"]
            self.assertEqual(self.lab.cli_json(*request)["id"], first)
        self.assertIn(first, self.refuse(SPLIT, options=("--request-id", "deploy-1")))
        self.await_over(first)

    def test_runs_are_found_by_plan_and_time(self):
        run = self.await_over(self.start(BRIEF))["id"]
        listed = self.lab.cli_json("runs", "--since", "7d", "--plan", "test")["runs"]
        self.assertIn(run, [found["id"] for found in listed])
        self.assertFalse(self.lab.cli_json("runs", "--plan", "another").get("runs"))


if __name__ == "__main__":
    faultlab.require_root()
    unittest.main(verbosity=2)
