"""Redis on six nodes: a master in London with five replicas, and Sentinels on one node of London and two of Paris."""

from faultlab import wait_until
from subject import Subject

CONFIG = """
port 6379
bind {address}
protected-mode no
save ""
appendonly no
replica-announce-ip {address}
repl-diskless-sync-delay 0
min-replicas-to-write {least}
min-replicas-max-lag {lag}
"""
SENTINEL = """
port 26379
bind {address}
protected-mode no
sentinel announce-ip {address}
sentinel monitor mymaster {master} 6379 2
sentinel down-after-milliseconds mymaster 2000
sentinel failover-timeout mymaster 10000
"""


class RedisSentinel(Subject):
    NAME = "redis-sentinel"
    PACKAGES = ("redis-server", "redis-sentinel")
    PROGRAMS = ("redis-server", "redis-cli")
    WRITER = "redis_writer.py"
    PER_SUBNET = 1
    MASTER = "lon-1"
    SENTINELS = ("lon-2", "par-1", "par-2")
    # How many replicas a master must have heard from in so many seconds to take writes; 0: it takes them alone.
    LEAST_REPLICAS, LONGEST_LAG = 0, 10

    def start_servers(self):
        master = self.address(self.MASTER)
        for name in self.nodes:
            follow = "" if name == self.MASTER else f"replicaof {master} 6379\n"
            self._serve(name, "redis", CONFIG.format(address=self.address(name), least=self.LEAST_REPLICAS,
                                                     lag=self.LONGEST_LAG) + follow)
        wait_until(self._replicas_follow, 60, "five replicas follow the master")
        for name in self.SENTINELS:
            self._serve(name, "sentinel", SENTINEL.format(address=self.address(name), master=master), "--sentinel")

    def _serve(self, node, name, config, *options):
        """Both rewrite their own configuration."""
        path = self.lab.state / f"{name}-{node}.conf"
        path.write_text(config)
        self.serve(node, name, "redis-server", path, *options)

    def cli(self, node, *words, port=6379):
        """The answer's lines; none when there is no answer."""
        done = self.lab.exec("ops", "redis-cli", "-h", self.address(node), "-p", port, *words, expect=None)
        return done.stdout.splitlines() if done.returncode == 0 else []

    def _replicas_follow(self):
        info = self.cli(self.MASTER, "info", "replication")
        return "connected_slaves:5" in info and sum("state=online" in line for line in info) == 5

    def await_healthy(self):
        def complete(sentinel):
            master = self.cli(sentinel, "sentinel", "master", "mymaster", port=26379)
            told = dict(zip(master[::2], master[1::2]))
            return (told.get("num-slaves"), told.get("num-other-sentinels"), told.get("flags")) == ("5", "2", "master")
        wait_until(lambda: all(map(complete, self.SENTINELS)), 60, "the Sentinels know all servers and each other")

    def writer_servers(self, side):
        return [self.address(name) for name in self.SENTINELS if name.startswith(side[:3])]

    def account_servers(self):
        return [self.address(name) for name in self.SENTINELS]

    def await_recovered(self, directory, outcome):
        """Sentinel makes the old master follow the new one only some 10 s after the heal."""
        def one_master():
            last = [side.operations[-1] for side in self.notes(directory).values()]
            return all(op["ok"] for op in last) and len({op["server"] for op in last}) == 1
        wait_until(one_master, 90, "both sides' clients are answered by one master")
        super().await_recovered(directory, outcome)


class GuardedRedis(RedisSentinel):
    """As Redis's manual has it for less loss: a master that has not enough replicas refuses writes."""

    NAME = "redis-sentinel with min-replicas-to-write 3"
    LEAST_REPLICAS, LONGEST_LAG = 3, 2
