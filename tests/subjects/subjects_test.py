#!/usr/bin/env python3
"""Real systems, partitioned by real plans: what is known of each must come true, and is measured for docs/SUBJECTS.md.

    subjects_test.py EtcdSixTest | EtcdSevenTest | RedisTest | RedisStoryTest | GuardedRedisTest | WebFailoverTest
"""

import sys
import unittest

import cell
import programs
from programs import REPO, faultlab
from etcd import EtcdSeven, EtcdSix
from redis_sentinel import GuardedRedis, RedisSentinel
from story import STORIES
from web_failover import TTL, WebFailover
from health_check import EVERY, THRESHOLD, TIMEOUT

CELLS = programs.HERE / "cells"
LIBRARY = REPO / "plans"


class SubjectTest(faultlab.TimedTest):
    """One system for all tests of a class, which leaves nothing behind."""

    SUBJECT = None

    @classmethod
    def setUpClass(cls):
        cls.subject = cls.enterClassContext(cls.SUBJECT())
        cls.lab = cls.subject.lab

    def observe(self, shape, plan, **variables):
        """Runs a plan with its variables set so; before and after it both sides' clients are answered."""
        options = [word for name, value in variables.items() for word in ("--set", f"{name}={value}")]
        outcome = self.subject.observe(plan, *options)
        for side in outcome.sides.values():
            self.assertTrue(side.acknowledged(0, outcome.step()[0]), "before the fault all is well")
        cell.keep(self.subject, shape, plan, options, outcome)
        return outcome

    def tell(self, story):
        """The plan that is shipped for this system, shortened: what is known of it comes true, and the run's record has
        what the clients told."""
        notes = self.subject.notes_directory()
        short = [word for name, value in story.short.items() for word in ("--set", f"{name}={value}")]
        story.prepare(self.subject)
        outcome = self.subject.observe(story.plan, *story.options(self.subject, notes), *short, directory=notes)
        self.assertEqual(story.judge(self.subject, outcome), [])
        record = outcome.run
        (capture,) = [capture for capture in record["captures"] if capture.get("operations")]
        self.assertEqual((capture["moment"], capture.get("exit_code", 0)), ("at the end", 0), capture["output"])
        self.assertEqual(int(capture["operations"].get("bad", 0)), 0, capture["operations"].get("first_bad"))
        self.assertEqual([text for text in record.get("warnings", []) if "clients saw" in text], [])
        clients = record["clients"]
        self.assertEqual([side["side"] for side in clients["sides"]], sorted(outcome.sides))
        self.assertEqual({(stage["stage"], stage["side"]) for stage in clients["stages"]},
                         {(stage["name"], side) for stage in record["stages"] for side in outcome.sides})
        for side in clients["sides"]:
            # Clients write on while they are accounted for.
            told, until = outcome.sides[side["side"]].operations, int(side["acknowledged"]) + int(side["failed"])
            self.assertGreater(int(side["acknowledged"]), 0)
            self.assertEqual(sum(op["ok"] for op in told[:until]), int(side["acknowledged"]))
        self.assertEqual(len(clients["happenings"]) > 0, any(side.events for side in outcome.sides.values()))
        return {account["side"]: account for account in clients["accountings"]}

    def assert_nothing_acknowledged_is_lost(self, outcome):
        for name, side in outcome.sides.items():
            self.assertGreater(side.account["acknowledged"], 0, name)
            self.assertEqual(side.account["lost"], 0, name)

    def assert_stopped(self, outcome, side):
        """No write that began under the fault was acknowledged under it, and some were tried."""
        self.assertTrue(outcome.sides[side].within(*outcome.step()), side)
        self.assertEqual(self.moments(outcome, outcome.sides[side].acknowledged(*outcome.step())), [], side)

    @staticmethod
    def moments(outcome, operations):
        """In seconds after the cut; of many the first few."""
        return [round(op["time"] - outcome.step()[0], 3) for op in operations[:10]]


class EtcdSixTest(SubjectTest):
    SUBJECT = EtcdSix

    def test_three_to_three_nobody_writes(self):
        self.subject.place_leader("lon-1")
        outcome = self.observe("3:3, leader in London", CELLS / "full-split.yaml")
        self.assert_stopped(outcome, "london")
        self.assert_stopped(outcome, "paris")
        self.assert_nothing_acknowledged_is_lost(outcome)

    def test_of_one_isolated_node_nobody_notices(self):
        # On a machine that is busy enough a leader may be given up without any fault; then again.
        for _ in range(3):
            self.subject.place_leader("lon-1")
            outcome = self.observe("one node of Paris isolated", CELLS / "isolated.yaml")
            began, over = outcome.step()
            if not any(began <= event["time"] <= over for event in outcome.sides["london"].events):
                break
        for name, side in outcome.sides.items():
            refused = [op for op in side.within(*outcome.step()) if not op["ok"]]
            self.assertEqual(self.moments(outcome, refused), [], name)
            self.assertTrue(side.acknowledged(*outcome.step()), name)
        self.assert_nothing_acknowledged_is_lost(outcome)

    def test_bridge_loses_nothing(self):
        """Who goes on is not the same each time: recorded, not asserted."""
        self.subject.place_leader("lon-1")
        outcome = self.observe("bridge lon-2, leader lon-1", CELLS / "bridge.yaml")
        self.assert_nothing_acknowledged_is_lost(outcome)

    def test_leader_that_is_not_heard_loses_nothing(self):
        """As before."""
        self.subject.place_leader("lon-1")
        outcome = self.observe("Paris does not hear London, leader in London", LIBRARY / "one-way.yaml",
                               a="eu-west-3", b="eu-west-2", quiet="2s", hold="8s")
        self.assert_nothing_acknowledged_is_lost(outcome)


class EtcdSevenTest(SubjectTest):
    SUBJECT = EtcdSeven

    def test_four_go_on_and_three_stop(self):
        self.subject.place_leader("par-1")
        outcome = self.observe("4:3, leader in Paris", CELLS / "full-split.yaml", hold="12s")
        self.assertTrue(outcome.sides["london"].acknowledged(*outcome.step()))
        self.assert_stopped(outcome, "paris")
        self.assertTrue(any("-> lon-" in event["event"] for event in outcome.sides["london"].events))
        self.assert_nothing_acknowledged_is_lost(outcome)

    def test_without_the_majority_nobody_writes_until_it_returns(self):
        self.subject.place_leader("par-1")
        outcome = self.observe("blackout of London's four, leader in Paris", CELLS / "blackout.yaml")
        self.assert_stopped(outcome, "london")
        self.assert_stopped(outcome, "paris")
        self.assert_nothing_acknowledged_is_lost(outcome)

    def test_the_story_that_is_shipped(self):
        accounts = self.tell(STORIES["etcd"])
        self.assertEqual({side: int(account["lost"]) for side, account in accounts.items()}, {"london": 0, "paris": 0})


class RedisTest(SubjectTest):
    SUBJECT = RedisSentinel

    def test_two_masters_and_what_one_acknowledged_is_lost(self):
        outcome = self.observe("3:3, master in London", CELLS / "full-split.yaml", hold="15s")
        london, paris = (outcome.sides[side].acknowledged(*outcome.step()) for side in ("london", "paris"))
        masters = [{op["server"] for op in operations} for operations in (london, paris)]
        self.assertEqual([len(servers) for servers in masters], [1, 1], "each side has one master")
        self.assertFalse(masters[0] & masters[1], "but not the same")
        self.assertGreater(max(op["time"] for op in london), min(op["time"] for op in paris), "at the same time")
        account = outcome.sides["london"].account
        self.assertGreaterEqual(account["lost"], len(london), "all of the cut, and what came until the old master knew")
        self.assertEqual(outcome.sides["paris"].account["lost"], 0)


class RedisStoryTest(SubjectTest):
    """Apart: a split leaves the master in Paris."""

    SUBJECT = RedisSentinel

    def test_the_story_that_is_shipped(self):
        accounts = self.tell(STORIES["redis-sentinel"])
        self.assertGreater(int(accounts["london"]["lost"]), 0)
        self.assertEqual(int(accounts["paris"]["lost"]), 0)


class GuardedRedisTest(SubjectTest):
    SUBJECT = GuardedRedis

    def test_what_is_lost_was_acknowledged_before_the_lag_was_noticed(self):
        """Redis cannot promise more than that: until its replicas' lag is known the old master takes writes."""
        outcome = self.observe("3:3, master in London", CELLS / "full-split.yaml", hold="15s")
        began, over = outcome.step()
        london = outcome.sides["london"]
        refused = [op for op in london.within(began, over) if op.get("error", "").startswith("NOREPLICAS")]
        self.assertTrue(refused, "the old master notices that its replicas are gone")
        noticed = refused[0]["time"]
        self.assertEqual(self.moments(outcome, london.acknowledged(noticed, over)), [], "from then on it takes no write")
        before = [op for op in london.operations if op["ok"] and began - 1 <= op["time"] <= noticed]
        self.assertLessEqual(london.account["lost"], len(before))
        self.assert_stopped(outcome, "paris")
        self.assertEqual(outcome.sides["paris"].account["lost"], 0)


class WebFailoverTest(SubjectTest):
    SUBJECT = WebFailover
    # In seconds from when a check's answers change to when the name has moved, and with it all traffic: as many checks
    # as it takes, the last one's answer, and what was asked of the name before. And beside these as much as a busy
    # machine may take.
    MOVED = THRESHOLD * EVERY + TIMEOUT + TTL
    BUSY = 3

    def test_the_story_that_is_shipped(self):
        self.assertEqual(self.tell(STORIES["web-failover"]), {})

    def test_traffic_moves_by_the_threshold_and_returns(self):
        subject = self.subject
        first, second = map(subject.address, (subject.FIRST, subject.SECOND))
        outcome = self.observe("health-check port of zone a cut", LIBRARY / "health-check-only.yaml",
                               az="eu-west-2a", quiet="2s", hold="10s")
        began, over = outcome.step()
        for name, side in outcome.sides.items():
            failed = [op for op in side.operations if not op["ok"]]
            self.assertEqual(list(zip(self.moments(outcome, failed), failed)), [], f"{name}: the service itself is well")
            self.assertEqual(side.operations[0]["server"], first)
            self.assertEqual(side.within(began, over)[-1]["server"], second)
            # From the cut until the checks have failed, and from the heal until they have passed again.
            for to, since, until in ((second, began, over), (first, outcome.healed, outcome.ended)):
                moved = min(op["time"] for op in side.operations if op["server"] == to and since < op["time"] <= until)
                self.assertGreater(moved - since, (THRESHOLD - 1) * EVERY - TIMEOUT, name)
                self.assertLess(moved - since, self.MOVED + self.BUSY, name)


if __name__ == "__main__":
    faultlab.require_root()
    for test in [globals()[name] for name in sys.argv[1:] if name in globals()] or [
            EtcdSixTest, EtcdSevenTest, RedisTest, RedisStoryTest, GuardedRedisTest, WebFailoverTest]:
        programs.require(*test.SUBJECT.PROGRAMS)
    unittest.main(verbosity=2)
