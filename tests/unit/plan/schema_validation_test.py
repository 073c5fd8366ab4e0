"""schema_validation_test.py: docs/plan.schema.json is a schema, every plan that is shipped passes it, and plans with
keys it does not know do not. Skipped without python3-jsonschema and python3-yaml."""

import json
import pathlib
import sys

try:
    import jsonschema
    import yaml
except ImportError as error:
    print(f"SKIPPED: {error}")
    sys.exit(77)

ROOT = pathlib.Path(__file__).resolve().parents[3]

WRONG = {
    "unknown key": {"name": "p", "steps": [{"for": "1s", "halves": "all"}], "stesp": []},
    "two faults": {"name": "p", "steps": [{"for": "1s", "halves": "all", "bridge": "all"}]},
    "no fault": {"name": "p", "steps": [{"for": "1s"}]},
    "unknown fault key": {"name": "p", "steps": [{"for": "1s", "isolate": {"group": "a", "port": 1}}]},
    "no unit": {"name": "p", "steps": [{"for": 30, "halves": "all"}]},
    "command as text": {"name": "p", "steps": [{"for": "1s", "halves": "all"}], "observe": [{"command": "date"}]},
}


def main():
    schema = json.loads((ROOT / "docs/plan.schema.json").read_text())
    # 4.10 of Debian 12 knows this draft.
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    failures = []
    plans = sorted((ROOT / "plans").glob("*.yaml"))
    for path in plans:
        for error in validator.iter_errors(yaml.safe_load(path.read_text())):
            failures.append(f"{path.name}: {list(error.absolute_path)}: {error.message[:200]}")
    for what, plan in WRONG.items():
        if validator.is_valid(plan):
            failures.append(f"a plan with {what} passes")
    print("\n".join(failures) or f"{len(plans)} plans pass")
    return 1 if failures or not plans else 0


sys.exit(main())
