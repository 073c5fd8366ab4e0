"""What a command of an observation with `format: operations` may print, held against docs/CLIENTS.md by the letter."""

import json


def check(line):
    """Why this line is not of the contract; None when it is."""
    try:
        value = json.loads(line)
    except ValueError as error:
        return f"not JSON: {error}"
    if not isinstance(value, dict):
        return "not an object"

    def number(key, kind=(int, float)):
        return isinstance(value.get(key), kind) and not isinstance(value[key], bool) and value[key] >= 0
    side = value.get("side", "none")
    if not (isinstance(side, str) and 0 < len(side.encode()) <= 64):
        return "side is not a short text"
    if "acknowledged" in value:
        if not all(number(key, int) for key in ("acknowledged", "found", "lost", "extra")):
            return "an accounting without a count"
        return None if value["acknowledged"] == value["found"] + value["lost"] else "acknowledged is not found + lost"
    if not number("time"):
        return "no time"
    if "event" in value:
        return None if isinstance(value["event"], str) else "event is not a text"
    if not isinstance(value.get("ok"), bool) or "side" not in value:
        return "neither operation, happening nor accounting"
    return None if number("ms") or "ms" not in value else "ms is not a number"
