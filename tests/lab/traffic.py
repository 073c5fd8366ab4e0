"""Traffic between lab nodes, for tests: a numbered UDP stream, and one TCP connection that is kept talking.

Each end is a small program run in its node; what it saw comes back as JSON lines.
"""

import contextlib
import json
import subprocess
import threading
import time

from faultlab import wait_until

UDP_SENDER = """
import json, socket, sys, time
address, port, interval, first, end = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), *map(int, sys.argv[4:])
family = socket.AF_INET6 if ":" in address else socket.AF_INET
sock = socket.socket(family, socket.SOCK_DGRAM)
sock.connect((address, port))
errors = []
for number in range(first, end):
    try:
        sock.send(json.dumps([number, time.monotonic()]).encode())
    except OSError as error:
        errors.append([number, error.errno])
    time.sleep(interval)
print(json.dumps(errors), flush=True)
"""

UDP_RECEIVER = """
import json, socket, sys, time
port = int(sys.argv[1])
sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
sock.bind(("::", port))
print("ready", flush=True)
while True:
    number, sent = json.loads(sock.recv(2048))
    print(json.dumps([number, sent, time.monotonic()]), flush=True)
"""

TCP_SERVER = """
import socket, sys
server = socket.create_server(("", int(sys.argv[1])))
print("ready", flush=True)
connection, _ = server.accept()
while data := connection.recv(4096):
    connection.sendall(data)
"""

# A line every 50 ms, each waiting for its echo; prints how long each took, or the error that ended the connection.
TCP_CLIENT = """
import json, socket, sys, time
connection = socket.create_connection((sys.argv[1], int(sys.argv[2])))
connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
while True:
    began = time.monotonic()
    try:
        connection.sendall(b"x")
        connection.recv(1)
    except OSError as error:
        print(json.dumps({"error": error.errno, "at": time.monotonic()}), flush=True)
        break
    print(json.dumps({"began": began, "took": time.monotonic() - began}), flush=True)
    time.sleep(0.05)
"""


class Program:
    """A small Python program running in a node; ended with the `with` block."""

    def __init__(self, lab, node, source, *args):
        self._process = lab.popen(
            node, "python3", "-c", source, *map(str, args), stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.terminate()
        self._process.communicate()

    def await_ready(self):
        line = self._process.stdout.readline()
        if line.strip() != "ready":
            raise AssertionError(f"the program did not start: {line}{self._process.stderr.read()}")
        return self

    def read(self):
        """The next JSON line."""
        return json.loads(self._process.stdout.readline())

    def finish(self, timeout=60):
        """Waits for its end; all remaining JSON lines."""
        out, _ = self._process.communicate(timeout=timeout)
        return [json.loads(line) for line in out.splitlines()]

    def stop(self):
        """Ends it; all remaining JSON lines that are whole."""
        self._process.terminate()
        out, _ = self._process.communicate()
        return [json.loads(line) for line in out.splitlines() if line.endswith(("]", "}"))]


class Stream:
    """A datagram every `interval` seconds from one node to an address of another; knows when each arrived."""

    def __init__(self, lab, sender, receiver, address, port=9100, interval=0.01):
        self._lab = lab
        self._sender, self._receiver = sender, receiver
        self._target = address, port
        self._interval = interval
        self._arrived = []

    def __enter__(self):
        self._inbox = Program(self._lab, self._receiver, UDP_RECEIVER, self._target[1]).await_ready()
        self._outbox = Program(self._lab, self._sender, UDP_SENDER, *self._target, self._interval, 0, 10**6)
        self._thread = threading.Thread(target=self._collect)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._outbox.__exit__()
        self._inbox.__exit__()
        self._thread.join()

    def _collect(self):
        with contextlib.suppress(ValueError):  # The end of its output.
            while True:
                self._arrived.append(self._inbox.read()[2])

    def first_after(self, moment, timeout):
        """When the first one came after that moment."""
        def after():
            return [at for at in self._arrived if at > moment]
        return wait_until(after, timeout, "datagrams get through")[0]

    def await_silence(self):
        wait_until(lambda: self._arrived and time.monotonic() - self._arrived[-1] > 0.3, 10, "the fault acts")

    def silent_since(self, moment):
        return not self._arrived or self._arrived[-1] < moment


def udp_arrivals(lab, sender, receiver, address, port=9000, count=5):
    """How many of `count` datagrams arrive, and the sender's errors."""
    with Program(lab, receiver, UDP_RECEIVER, port).await_ready() as inbox:
        with Program(lab, sender, UDP_SENDER, address, port, 0.01, 0, count) as outbox:
            (errors,) = outbox.finish()
        # The receiver's own datagram comes last: by then all others have arrived, or never will.
        with Program(lab, receiver, UDP_SENDER, "::1", port, 0, -1, 0) as marker:
            marker.finish()
        arrived = 0
        while inbox.read()[0] != -1:
            arrived += 1
        return arrived, errors
