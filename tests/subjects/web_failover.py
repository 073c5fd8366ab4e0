"""Two web servers in two zones of London, and a name that a health check keeps at one that is healthy (dnsmasq)."""

import pathlib

from faultlab import wait_until
from subject import Subject

HERE = pathlib.Path(__file__).resolve().parent
NAME = "www.faultline.test"
TTL = 1  # seconds


class WebFailover(Subject):
    NAME = "web-failover"
    PACKAGES = ("dnsmasq-base",)
    PROGRAMS = ("dnsmasq",)
    WRITER = "web_client.py"
    PER_SUBNET = 1
    SIDES = {"london": "lon-3", "paris": "par-1"}
    FIRST, SECOND = "lon-1", "lon-2"
    DNS = "198.18.0.10"  # ops

    def start_servers(self):
        for node in (self.FIRST, self.SECOND):
            self.serve(node, "web", "python3", HERE / "web_server.py", self.address(node), 80, 8080)
        self._hosts = self.lab.state / "dns-hosts"
        self._hosts.write_text("")
        dns = self.serve("ops", "dns", "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv",
                         "--no-hosts", f"--addn-hosts={self._hosts}", f"--local-ttl={TTL}", f"--listen-address={self.DNS}",
                         "--bind-interfaces", "--user=root", "--group=root", "--pid-file=", "--log-facility=-")
        for node in self.SIDES.values():
            resolver = pathlib.Path(f"/etc/netns/{self.lab.prefix}-{node}/resolv.conf")
            resolver.write_text(f"nameserver {self.DNS}\noptions timeout:1 attempts:2\n")
        self._dns = dns

    def await_healthy(self):
        def answers():
            ask = "import socket, sys; print(socket.gethostbyname(sys.argv[1]))"
            done = self.lab.exec(self.SIDES["paris"], "python3", "-c", ask, NAME, expect=None)
            return done.stdout.strip() == self.address(self.FIRST)
        wait_until(lambda: ":8080" in self.lab.exec(self.SECOND, "ss", "-Htln").stdout, 30, "the web servers listen")
        wait_until(lambda: ":8080" in self.lab.exec(self.FIRST, "ss", "-Htln").stdout, 30, "the web servers listen")
        wait_until(lambda: self.lab.exec("ops", "ss", "-Huln", "sport = :53").stdout, 30, "the DNS server listens")
        self.check = self.serve("ops", "check", "python3", HERE / "health_check.py", NAME, self._hosts,
                                self._dns.process.pid, self.address(self.FIRST), self.address(self.SECOND))
        wait_until(answers, 30, "the name leads to the first zone")

    def writer_servers(self, side):
        return [NAME]

    def account_servers(self):
        return [NAME]

    def await_recovered(self, directory, outcome):
        first = self.address(self.FIRST)
        def back():
            return all(side.operations[-1]["ok"] and side.operations[-1]["server"] == first
                       for side in self.notes(directory).values())
        wait_until(back, 60, "both clients are with the first zone again")
        super().await_recovered(directory, outcome)
