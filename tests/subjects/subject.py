"""A system that is partitioned: its servers in a lab's nodes, a client on each side, and what came of a plan."""

import contextlib
import dataclasses
import datetime
import json
import subprocess

import programs
from programs import faultlab
from faultlab import wait_until

SIDES = {"london": "lon-1", "paris": "par-1"}  # and where their clients are


class Server:
    """A process in a node, with a directory of its own; ended by its pid."""

    def __init__(self, lab, node, name, *command):
        self.directory = lab.state / "subject" / f"{name}-{node}"
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._log = lab.state / f"{name}-{node}.log"
        with open(self._log, "ab") as log:
            # In a session of its own, so that Ctrl-C at the prompt does not reach it.
            self.process = lab.popen(node, *command, cwd=self.directory, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                     start_new_session=True)
        self._ended = None

    def ask_to_end(self):
        self._ended = self.process.poll()
        self.process.terminate()

    def await_end(self):
        """Must end when asked to, and not before."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(20)
        forced = self.process.poll() is None
        if forced:
            self.process.kill()
            self.process.wait()
        if self._ended is not None or forced:
            what = "had to be killed" if forced else f"had ended with {self._ended}"
            raise AssertionError(f"{self._log.stem} {what}:\n"
                                 + "\n".join(self._log.read_text(errors="replace").splitlines()[-15:]))


def stop(servers):
    """All are told before one is waited for."""
    with contextlib.ExitStack() as stack:
        for server in servers:
            stack.callback(server.await_end)
        for server in servers:
            server.ask_to_end()


def seconds(text):
    """Protobuf's JSON form of a duration."""
    return float(text.removesuffix("s"))


def moment(text):
    """Protobuf's JSON form of a time, in seconds since 1970."""
    whole, _, part = text.removesuffix("Z").partition(".")
    return datetime.datetime.fromisoformat(whole + "+00:00").timestamp() + float(f"0.{part or 0}")


@dataclasses.dataclass
class Side:
    """What one client's lines say."""

    lines: list
    account: dict

    @property
    def operations(self):
        return [line for line in self.lines if "ok" in line]

    @property
    def events(self):
        return [line for line in self.lines if "event" in line]

    def within(self, since, until):
        """The operations that began and were answered, or given up, between these moments."""
        return [op for op in self.operations if op["time"] - op["ms"] / 1000 >= since and op["time"] <= until]

    def acknowledged(self, since, until=float("inf")):
        return [op for op in self.within(since, until) if op["ok"]]

    def first(self, since):
        """Seconds from a moment to the first acknowledgement after it; None when there is none."""
        return min((op["time"] - since for op in self.operations if op["ok"] and op["time"] >= since), default=None)

    def silence(self, since, until):
        """The longest time without an acknowledgement between these moments, in seconds."""
        times = [since, *sorted(op["time"] for op in self.operations if op["ok"] and since < op["time"] < until), until]
        return max(later - earlier for earlier, later in zip(times, times[1:]))


class Outcome:
    """A run, and what the clients saw of it. Moments are seconds since 1970, by the one clock of this machine."""

    def __init__(self, run, sides, ended):
        self.run = run
        self.sides = sides
        self.ended = ended  # of the clients

    def step(self, name=None):
        """From when the step (the first unless named) acts on every node to when it ends on one."""
        index = self.run["step_names"].index(name) if name else 0
        began, over = [], []
        for node in self.run["nodes"]:
            for transition in node.get("transitions", []):
                if transition.get("step", 0) == index:
                    fired = transition["transition"] == "TRANSITION_FIRED"
                    (began if fired else over).append(moment(self.run["started"]) + seconds(transition["actual"]))
        return max(began), min(over)

    @property
    def healed(self):
        """When the last step had ended on every node."""
        return max(moment(self.run["started"]) + seconds(transition["actual"])
                   for node in self.run["nodes"] for transition in node.get("transitions", [])
                   if transition["transition"] == "TRANSITION_HEALED")


class Subject:
    """Up inside the `with` block: a lab, the fleet, and servers that a derived class starts.

    Derived classes say: NAME; PACKAGES and PROGRAMS, what it is made of; WRITER, the clients' program; NODES, where the
    lab is to have agents (None: everywhere); and start_servers, writer_servers(side), account_servers, await_healthy.
    """

    NODES = None
    PER_SUBNET = None
    SIDES = SIDES
    PROBES = 60  # of the agents, in a second

    def __init__(self, prefix=None):
        self.lab = faultlab.Lab(prefix=prefix, per_subnet=self.PER_SUBNET)
        self.servers = []
        self._cells = 0
        self._stack = contextlib.ExitStack()

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            stack.enter_context(self.lab)
            self.nodes = {name: self.lab.nodes[name] for name in self.NODES or self.lab.nodes}
            before = self.lab.kernel_state(*self.nodes)
            stack.callback(self._assert_nobody_left)
            stack.callback(self.lab.assert_kernel_unchanged, before)
            stack.callback(self.lab.stop)
            self._start_fleet()
            stack.callback(self._stop_servers)
            self.start_servers()
            self.await_healthy()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *failure):
        return self._stack.__exit__(*failure)

    def _start_fleet(self):
        self.lab.configure(f"commands: allow\nprobe: {{rate: {self.PROBES}}}\n", lease="10s")
        self.lab.start("controller", *self.nodes)
        self.lab.await_mesh()

    def _assert_nobody_left(self):
        for node in [*self.lab.nodes, "ops"]:
            left = subprocess.run(["ip", "netns", "pids", f"{self.lab.prefix}-{node}"], capture_output=True, text=True,
                                  check=True).stdout.split()
            if left:
                raise AssertionError(f"in {node} there is still {left}")

    def _stop_servers(self):
        stop(self.servers)
        self.servers = []

    def serve(self, node, name, *command):
        server = Server(self.lab, node, name, *command)
        self.servers.append(server)
        return server

    def address(self, node):
        return self.lab.nodes[node].ipv4

    def addresses(self, city):
        """Of the nodes whose names begin with this."""
        return [node.ipv4 for name, node in self.nodes.items() if name.startswith(city)]

    # What a client is told beside its side and where to ask.
    def writer_options(self):
        return []

    def writer(self, mode, servers, *options):
        """The command of the subject's writer."""
        return ["python3", programs.SUBJECTS / self.WRITER, mode, "--servers", ",".join(servers),
                *self.writer_options(), *options]

    @contextlib.contextmanager
    def clients(self, directory):
        """A client on each side, until the block ends; each has been answered twice by then."""
        clients = [Server(self.lab, node, f"writer-{directory.name}",
                          *self.writer("write", self.writer_servers(side), "--side", side, directory))
                   for side, node in self.SIDES.items()]
        try:
            self.await_answers(directory, 0)
            yield
        finally:
            stop(clients)

    def await_answers(self, directory, since, timeout=60):
        """Until each side has two acknowledgements of writes that began after a moment."""
        def answered():
            sides = self.notes(directory)
            return set(sides) == set(self.SIDES) and all(len(side.acknowledged(since)) > 1 for side in sides.values())
        wait_until(answered, timeout, f"both sides' clients are answered ({directory})")

    @staticmethod
    def notes(directory):
        sides = {}
        for path in directory.glob("*.jsonl"):
            lines = path.read_text().splitlines(keepends=True)
            sides[path.stem] = Side([json.loads(line) for line in lines if line.endswith("\n")], {})
        return sides

    def account(self, directory):
        """The sides by their notes and by the writer's own account."""
        text = self.lab.exec("ops", *self.writer("account", self.account_servers(), "--sides", ",".join(self.SIDES),
                                                 directory), timeout=120).stdout
        sides = self.notes(directory)
        for told in map(json.loads, text.splitlines()):
            if "acknowledged" in told:
                sides[told["side"]].account = told
        return sides

    def await_recovered(self, directory, outcome):
        """After a run; also what else is to have come to rest."""
        self.await_answers(directory, outcome.healed)

    def notes_directory(self):
        self._cells += 1
        return self.lab.state / f"cell-{self._cells}"

    def observe(self, plan, *options, directory=None, timeout=180):
        """Runs a plan while the clients write (to a directory of their own unless it is given), until both are answered
        again; gives the Outcome."""
        directory = directory or self.notes_directory()
        with self.clients(directory):
            run = self.lab.cli_json("run", plan, *options, expect=None, timeout=timeout)
            if run["outcome"] != "OUTCOME_VERIFIED":
                raise AssertionError(f"{plan}: {run['outcome']}: {run['summary']}")
            self.await_recovered(directory, Outcome(run, {}, None))
        sides = self.account(directory)
        return Outcome(run, sides, max(op["time"] for side in sides.values() for op in side.operations))
