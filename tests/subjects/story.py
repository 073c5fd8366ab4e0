"""The plan of plans/subjects that tells a subject's story: how it is called here, and what is known of its end."""

import dataclasses
import typing

import programs
from etcd import EtcdSeven
from redis_sentinel import RedisSentinel
from web_failover import NAME, WebFailover


@dataclasses.dataclass
class Story:
    subject: type
    about: str
    # (subject, notes' directory) -> the plan's variables.
    variables: typing.Callable
    # Before the plan.
    prepare: typing.Callable
    # (subject, outcome) -> what is not as known, a text each.
    judge: typing.Callable

    # How long its plan is to last in a test: as short as what is known of its end allows.
    short: dict

    @property
    def plan(self):
        return programs.SUBJECTS / f"{self.subject.NAME}.yaml"

    def options(self, subject, notes):
        """For the plan, where the notes are in that directory."""
        variables = {**self.variables(subject, notes), "writer": programs.SUBJECTS / subject.WRITER}
        return [word for name, value in variables.items() for word in ("--set", f"{name}={value}")]


def stopped(outcome, step, side):
    answered = len(outcome.sides[side].acknowledged(*outcome.step(step)))
    return [f"{side} took {answered} writes during '{step}'"] if answered else []


def goes_on(outcome, step, side):
    return [] if outcome.sides[side].acknowledged(*outcome.step(step)) else [f"{side} took no write during '{step}'"]


def etcd_variables(subject, notes):
    return {"endpoints": subject.endpoints, "servers": ",".join(subject.account_servers()), "notes": notes}


def judge_etcd(_, outcome):
    lost = [f"{side.account['lost']} writes that {name} was told were done are lost"
            for name, side in outcome.sides.items() if side.account["lost"]]
    return (stopped(outcome, "three-three", "london") + stopped(outcome, "three-three", "paris") +
            goes_on(outcome, "four-three", "london") + stopped(outcome, "four-three", "paris") +
            stopped(outcome, "blackout", "london") + stopped(outcome, "blackout", "paris") + lost)


def redis_variables(subject, notes):
    return {"ours": subject.address("lon-1"), "theirs": subject.address("par-1"),
            "sentinels": ",".join(subject.account_servers()), "notes": notes}


def judge_redis(_, outcome):
    wrong = goes_on(outcome, "split", "london") + goes_on(outcome, "split", "paris")
    if not outcome.sides["london"].account["lost"]:
        wrong.append("nothing that London acknowledged is lost, and two masters cannot both be right")
    return wrong


def web_variables(subject, notes):
    return {"az": subject.lab.nodes[subject.FIRST].az, "name": NAME, "notes": notes}


def judge_web(subject, outcome):
    first, second = map(subject.address, (subject.FIRST, subject.SECOND))
    wrong = []
    for name, side in outcome.sides.items():
        seen = side.within(*outcome.step("unhealthy"))[-1]["server"]
        if seen != second:
            wrong.append(f"{name} was still answered by {seen} at the end of 'unhealthy', not by {second}")
        if side.operations[-1]["server"] != first:
            wrong.append(f"{name} has not returned to {first}")
    return wrong


STORIES = {story.subject.NAME: story for story in (
    Story(EtcdSeven, "seven nodes, four in London and three in Paris", etcd_variables,
          lambda subject: subject.place_leader("lon-1"), judge_etcd,
          {"quiet": "2s", "hold": "9s", "back": "6s"}),
    Story(RedisSentinel, "six nodes, the master in London, two of three Sentinels in Paris", redis_variables,
          lambda subject: None, judge_redis, {"quiet": "2s", "hold": "3s", "split": "10s", "back": "5s"}),
    Story(WebFailover, "two web servers in two zones of London, behind one name", web_variables,
          lambda subject: None, judge_web, {"quiet": "2s", "hold": "8s", "back": "6s"}))}
