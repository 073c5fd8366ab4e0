"""NOT RUN HERE: written from Aerospike's public documentation, as an example to start from; `--help` tells its use.

Needs Aerospike's Python client (`import aerospike`). --servers are nodes of the writer's side; their service port is
3000, the cluster's own are 3001 (fabric) and 3002 (mesh heartbeat). A record is a record of one set. Let the namespace have
strong-consistency true to hold it to "nothing acknowledged is lost"; an available one is expected to lose writes.
"""

import re
import sys

sys.dont_write_bytecode = True

import aerospike  # pylint: disable=wrong-import-position,import-error
from aerospike import exception  # pylint: disable=wrong-import-position,import-error

import writer  # pylint: disable=wrong-import-position


class Aerospike:
    PORT = 3000

    def __init__(self, options):
        self._namespace = options.namespace
        self._set = options.directory.name
        limit = int(options.timeout * 1000)
        # No retries: each write is counted once, as what became of it.
        self._config = {"hosts": [(server, self.PORT) for server in options.servers],
                        "policies": {"write": {"max_retries": 0, "total_timeout": limit},
                                     "read": {"total_timeout": limit}, "info": {"timeout": limit}}}
        self._connection = None
        self.server = options.servers[0]

    def append(self, record):
        try:
            self._client().put((self._namespace, self._set, record), {"record": record})
        except exception.AerospikeError as error:
            raise OSError(str(error)) from error

    def records(self):
        try:
            return {bins["record"] for _, _, bins in self._client().query(self._namespace, self._set).results()}
        except exception.AerospikeError as error:
            raise OSError(str(error)) from error

    def leader(self):
        """The principal of the cluster that these nodes see, and how many nodes that has."""
        try:
            answers = self._client().info_all("statistics")
        except (OSError, exception.AerospikeError):
            return None
        views = set()
        for _, text in answers.values():
            found = dict(re.findall(r"(cluster_principal|cluster_size)=(\w+)", text or ""))
            views.add(f"{found.get('cluster_principal')} of {found.get('cluster_size')}")
        return ", ".join(sorted(views)) or None

    def _client(self):
        if self._connection is None:
            try:
                self._connection = aerospike.client(self._config).connect()
            except exception.AerospikeError as error:
                raise OSError(str(error)) from error
        return self._connection


if __name__ == "__main__":
    writer.main(Aerospike, lambda parser: parser.add_argument("--namespace", default="test"))
