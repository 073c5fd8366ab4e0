"""health_check.py NAME HOSTS PID FIRST SECOND: what keeps NAME at a healthy address, as a DNS service's health checks do.

Asks both addresses' port 80 every half second. One that was as it is not now three times in a row changes. NAME is at
FIRST as long as that is healthy, else at SECOND: HOSTS is written anew, and the DNS server PID told to read it. Prints
each check, and each change of the name, as a line of JSON.
"""

import http.client
import json
import os
import pathlib
import signal
import sys
import threading
import time

EVERY = 0.5  # seconds
TIMEOUT = 0.4
THRESHOLD = 3


def passes(address):
    connection = http.client.HTTPConnection(address, 80, timeout=TIMEOUT)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


class Health:
    """Of one address; each has a thread that checks it."""

    def __init__(self, address, changed):
        self.address = address
        self.good = True
        self._changed = changed
        self._against = 0
        threading.Thread(target=self._check_for_ever, daemon=True).start()

    def _check_for_ever(self):
        due = time.monotonic()
        while True:
            passed = passes(self.address)
            self._against = self._against + 1 if passed != self.good else 0
            print(json.dumps({"time": time.time(), "address": self.address, "passed": passed,
                              "against": self._against}), flush=True)
            if self._against == THRESHOLD:
                self.good, self._against = passed, 0
                self._changed.set()
            due = max(due + EVERY, time.monotonic())
            time.sleep(due - time.monotonic())


def main(name, hosts, server, first, second):
    changed = threading.Event()
    health = Health(first, changed)
    Health(second, changed)
    at = None
    while True:
        best = first if health.good else second
        if best != at:
            at = best
            pathlib.Path(hosts).write_text(f"{at} {name}\n", encoding="utf-8")
            os.kill(int(server), signal.SIGHUP)
            print(json.dumps({"time": time.time(), "name": name, "address": at}), flush=True)
        changed.wait()
        changed.clear()


if __name__ == "__main__":
    main(*sys.argv[1:])
