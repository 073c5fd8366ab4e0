"""etcd on six nodes, or on seven: four in London, three in Paris."""

import json

from faultlab import wait_until
from subject import Subject


class Etcd(Subject):
    NAME = "etcd"
    PACKAGES = ("etcd-server", "etcd-client")
    PROGRAMS = ("etcd", "etcdctl")
    WRITER = "etcd_writer.py"
    # Of its defaults, in milliseconds.
    HEARTBEAT, ELECTION = 100, 1000

    def start_servers(self):
        cluster = ",".join(f"{name}=http://{node.ipv4}:2380" for name, node in self.nodes.items())
        for name, node in self.nodes.items():
            peer, client = f"http://{node.ipv4}:2380", f"http://{node.ipv4}:2379"
            self.serve(name, "etcd", "etcd", "--name", name, "--data-dir", "data",
                       "--initial-cluster", cluster, "--initial-cluster-state", "new",
                       "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
                       "--listen-client-urls", client, "--advertise-client-urls", client,
                       "--heartbeat-interval", self.HEARTBEAT, "--election-timeout", self.ELECTION)

    def writer_servers(self, side):
        return self.addresses(side[:3])

    def account_servers(self):
        return self.addresses("")

    @property
    def endpoints(self):
        return ",".join(f"http://{address}:2379" for address in self.addresses(""))

    def ctl(self, *words, endpoints=None, expect=None):
        return self.lab.exec("ops", "env", "ETCDCTL_API=3", "etcdctl", "--endpoints", endpoints or self.endpoints,
                             "--command-timeout=3s", *words, expect=expect)

    def status(self):
        """Of all servers; None when not all answer."""
        done = self.ctl("endpoint", "status", "-w", "json")
        return json.loads(done.stdout) if done.returncode == 0 else None

    def leader(self):
        """Its name, when all agree on it; else None."""
        status = self.status()
        if not status or len(status) < len(self.nodes):
            return None
        members = {server["Status"]["header"]["member_id"]: server["Endpoint"] for server in status}
        leaders = {server["Status"]["leader"] for server in status}
        if len(leaders) != 1 or not leaders & set(members):
            return None
        endpoint = members[leaders.pop()]
        return next(name for name, node in self.nodes.items() if f"//{node.ipv4}:" in endpoint)

    def await_healthy(self):
        wait_until(self.leader, 60, "all of etcd agree on a leader")
        wait_until(lambda: self.ctl("put", "faultline/ready", "").returncode == 0, 60, "etcd takes a write")

    def place_leader(self, name):
        """Leadership may be on its way elsewhere: until it is there."""
        def placed():
            leader = self.leader()
            if leader in (None, name):
                return leader == name
            ids = {server["Endpoint"]: server["Status"]["header"]["member_id"] for server in self.status() or []}
            target = ids.get(f"http://{self.address(name)}:2379")
            if target:
                self.ctl("move-leader", f"{target:x}", endpoints=f"http://{self.address(leader)}:2379")
            return False
        wait_until(placed, 60, f"{name} leads")


class EtcdSix(Etcd):
    PER_SUBNET = 1


class EtcdSeven(Etcd):
    PER_SUBNET = 2
    NODES = ("lon-1", "lon-2", "lon-3", "lon-4", "par-1", "par-2", "par-3")
