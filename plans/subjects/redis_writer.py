"""Appends records to a Redis that Sentinels watch, and accounts for them; `python3 redis_writer.py --help`.

--servers are Sentinels: a writer's those of its side. It asks them who is master when it begins and whenever a write was
not done, as clients do. A record is an element of one list.
"""

import socket
import sys
import time

sys.dont_write_bytecode = True

import writer  # pylint: disable=wrong-import-position


class Connection:
    """Redis's protocol, as much of it as is needed."""

    def __init__(self, address, port, timeout):
        self._socket = socket.create_connection((address, port), timeout)
        self._input = self._socket.makefile("rb")

    def ask(self, *words):
        parts = [str(word).encode() for word in words]
        self._socket.sendall(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(p), p) for p in parts))
        return self._answer()

    def close(self):
        self._input.close()
        self._socket.close()

    def _answer(self):
        line = self._input.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("the connection was closed")
        kind, rest = line[:1], line[1:-2]
        if kind == b"-":
            raise OSError(rest.decode())
        if kind in b"+:":
            return rest.decode()
        count = int(rest)
        if count < 0:
            return None
        if kind == b"*":
            return [self._answer() for _ in range(count)]
        text = self._input.read(count + 2)
        if len(text) != count + 2:
            raise ConnectionError("the connection was closed within an answer")
        return text[:-2].decode()


class Redis:
    SENTINEL_PORT = 26379

    def __init__(self, options):
        self._sentinels = options.servers
        self._timeout = options.timeout
        self._settle = options.settle
        self._master_name = options.master
        self._key = f"faultline:{options.directory.name}"
        self._connection = None
        self._sentinel = None
        self.server = None

    def append(self, record):
        try:
            self._master().ask("RPUSH", self._key, record)
        except OSError:
            self._drop()
            raise

    def leader(self):
        try:
            if self._sentinel is None:
                self._sentinel = Connection(self._sentinels[0], self.SENTINEL_PORT, self._timeout)
            master = self._sentinel.ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", self._master_name)
            return master[0] if master else None
        except OSError:
            if self._sentinel is not None:
                self._sentinel.close()
            self._sentinel = None
            self._sentinels = [*self._sentinels[1:], self._sentinels[0]]
            return None

    def records(self):
        """Of the one master that is left, once every other server follows it; until then there may be two truths."""
        deadline = time.monotonic() + self._settle
        while True:
            try:
                wrong = self._unsettled()
                if not wrong:
                    return set(self._master().ask("LRANGE", self._key, 0, -1))
            except OSError as error:
                wrong = str(error)
            self._drop()
            if time.monotonic() > deadline:
                raise OSError(f"{self._settle:g} s were not enough for one master that all follow: {wrong}")
            time.sleep(0.1)

    def _unsettled(self):
        """Why there is not one master that all others follow, by the servers that the Sentinels know."""
        master = self._master()
        role, _, replicas = master.ask("ROLE")
        known = {fields[fields.index("ip") + 1]
                 for fields in self._sentinel.ask("SENTINEL", "REPLICAS", self._master_name)}
        if role != "master":
            return f"{self.server} is a {role}"
        missing = known - {replica[0] for replica in replicas} - {self.server}
        return f"{', '.join(sorted(missing))} do not follow {self.server}" if missing else None

    def _master(self):
        if self._connection is None:
            self.server = self.leader()
            if self.server is None:
                raise OSError("no Sentinel names a master")
            self._connection = Connection(self.server, 6379, self._timeout)
        return self._connection

    def _drop(self):
        if self._connection is not None:
            self._connection.close()
        self._connection = None


def add_options(parser):
    parser.add_argument("--master", default="mymaster", help="the master's name at its Sentinels (mymaster)")
    parser.add_argument("--settle", type=float, default=60,
                        help="account: how many seconds to wait at most for one master that all follow (60)")


if __name__ == "__main__":
    writer.main(Redis, add_options)
