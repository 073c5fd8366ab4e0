"""A cell of docs/SUBJECTS.md: one system under one plan, as measured. Kept as JSON for to_markdown, if that is wanted."""

import json
import os
import pathlib
import re

import programs


def view(side, outcome):
    """One client's side of it; times in seconds after the fault acts everywhere, or after it is healed everywhere."""
    began, over = outcome.step()
    healed = outcome.healed
    acknowledged = side.acknowledged(began, over)
    times = [op["time"] - began for op in acknowledged]
    return {
        "tried": len(side.within(began, over)), "acknowledged": len(acknowledged),
        "first": min(times, default=None), "last": max(times, default=None), "silence": side.silence(began, over),
        "leaders": [[event["time"] - began, event["event"]] for event in side.events
                    if began <= event["time"] < healed],
        "back": side.first(healed), "silence_after": side.silence(healed, outcome.ended),
        "leaders_after": [[event["time"] - healed, event["event"]] for event in side.events
                          if event["time"] >= healed],
        "account": {key: count for key, count in side.account.items() if key != "side"}}


def keep(subject, shape, plan, options, outcome):
    """In $FAULTLINE_SUBJECTS_OUT, where there is one."""
    folder = os.environ.get("FAULTLINE_SUBJECTS_OUT")
    if not folder:
        return
    began, over = outcome.step()
    cell = {"system": subject.NAME, "shape": shape, "versions": programs.versions(*subject.PACKAGES),
            "kernel": os.uname().release, "cores": os.cpu_count(), "load": os.getloadavg()[0],
            "plan": str(pathlib.Path(plan).resolve().relative_to(programs.REPO)), "options": options,
            "seconds": over - began, "names": {node.ipv4: name for name, node in subject.lab.nodes.items()},
            "sides": {name: view(side, outcome) for name, side in sorted(outcome.sides.items())}}
    name = re.sub(r"\W+", "-", f"{subject.NAME} {shape}")
    (pathlib.Path(folder) / f"{name}.json").write_text(json.dumps(cell, indent=1) + "\n")
