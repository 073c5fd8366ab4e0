"""Appends records to etcd by its HTTP gateway, and accounts for them; `python3 etcd_writer.py --help`.

A record is a key. A write that was not answered in time may have been done all the same: such are "extra".
"""

import base64
import http.client
import json
import sys

sys.dont_write_bytecode = True

import writer  # pylint: disable=wrong-import-position


def encode(text):
    return base64.b64encode(text.encode()).decode()


class Etcd:
    """One server at a time, until it does not answer as it should."""

    PORT = 2379
    PAGE = 2000  # keys of one answer

    def __init__(self, options):
        self._servers = options.servers
        self._timeout = options.timeout
        self._prefix = f"faultline/{options.directory.name}/"
        self._connection = None
        self._names = {}

    @property
    def server(self):
        return self._servers[0]

    def append(self, record):
        self._ask("kv/put", {"key": encode(self._prefix + record), "value": ""})

    def records(self):
        found = set()
        first, end = self._prefix, self._prefix[:-1] + chr(ord(self._prefix[-1]) + 1)
        while True:
            page = self._ask("kv/range", {"key": encode(first), "range_end": encode(end), "keys_only": True,
                                          "limit": self.PAGE})
            keys = [base64.b64decode(pair["key"]).decode() for pair in page.get("kvs", [])]
            found.update(key.removeprefix(self._prefix) for key in keys)
            if not page.get("more"):
                return found
            first = keys[-1] + "\0"

    def leader(self):
        try:
            leader = self._ask("maintenance/status", {}).get("leader", "0")
            if leader not in self._names:
                members = self._ask("cluster/member/list", {})["members"]
                self._names = {member["ID"]: member.get("name", member["ID"]) for member in members}
        except OSError:
            return None
        return self._names.get(leader)

    def _ask(self, what, question):
        try:
            if self._connection is None:
                self._connection = http.client.HTTPConnection(self.server, self.PORT, timeout=self._timeout)
            self._connection.request("POST", f"/v3/{what}", json.dumps(question))
            answer = self._connection.getresponse()
            text = answer.read()
            if answer.status != 200:
                raise OSError(json.loads(text).get("error", f"status {answer.status}"))
            return json.loads(text)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._next_server()
            raise error if isinstance(error, OSError) else OSError(repr(error)) from error

    def _next_server(self):
        if self._connection is not None:
            self._connection.close()
        self._connection = None
        self._servers = [*self._servers[1:], self._servers[0]]


if __name__ == "__main__":
    writer.main(Etcd)
