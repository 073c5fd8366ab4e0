"""Asks a web service by its name again and again, as a browser without a cache; `python3 web_client.py --help`.

--servers is the service's one name. Of each request it notes which address answered, and of each change of the name's
address that it changed ("leader"). There is nothing to account for but who answered when.
"""

import http.client
import socket
import sys

sys.dont_write_bytecode = True

import writer  # pylint: disable=wrong-import-position


class Web:
    def __init__(self, options):
        (self._name,) = options.servers
        self._port = options.port
        self._timeout = options.timeout
        self.server = None

    def append(self, record):
        self.server = self._address()
        connection = http.client.HTTPConnection(self.server, self._port, timeout=self._timeout)
        try:
            connection.request("GET", f"/{record}")
            answer = connection.getresponse()
            answer.read()
        except http.client.HTTPException as error:
            raise OSError(repr(error)) from error
        finally:
            connection.close()
        if answer.status != 200:
            raise OSError(f"status {answer.status}")

    def records(self):
        return None

    def leader(self):
        try:
            return self._address()
        except OSError:
            return None

    def _address(self):
        return socket.getaddrinfo(self._name, self._port, socket.AF_INET, socket.SOCK_STREAM)[0][4][0]


if __name__ == "__main__":
    writer.main(Web, lambda parser: parser.add_argument("--port", type=int, default=8080, help="of the service (8080)"))
