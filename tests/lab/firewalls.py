"""Firewall programs of a node, for tests: the real ones, with files of their own, so that the host's stay as they are.

Both refuse what comes in, as Debian has them set up, but for what is allowed.
"""

import os
import shutil
import subprocess
import sys

import faultlab
from faultlab import wait_until


class Ufw:
    """Needs Debian's package ufw."""

    # ufw knows only these paths; the mounts are seen by this one command.
    _RUN = 'mount --make-rprivate / && mount --bind "$1" /etc/ufw && mount -t tmpfs run /run && shift && exec ufw "$@"'

    def __init__(self, lab, node):
        self._lab, self._node = lab, node
        self._etc = lab.state / f"{node}.ufw"

    def start(self):
        shutil.copytree("/etc/ufw", self._etc)
        # Whatever the host's say.
        self._ufw("--force", "reset")
        self._ufw("--force", "enable")

    def allow(self, port):
        self._ufw("allow", f"{port}/udp")

    def disturb(self):
        """What an administrator may do at any time; ends with the rules as they were."""
        self._ufw("reload")
        self._ufw("disable")
        self._ufw("--force", "enable")

    def remove(self):
        self._ufw("disable")
        # It leaves its empty chains until the next boot.
        for family in ("ip", "ip6"):
            self._lab.exec(self._node, "nft", "delete", "table", family, "filter")

    def _ufw(self, *words):
        self._lab.exec(self._node, "unshare", "-m", "sh", "-c", self._RUN, "sh", self._etc, *words)


def require_firewalld():
    """Debian's firewalld, unpacked below build/ but not installed, as its package starts it on the host; fetched once.
    Ends the program as skipped, saying why, when there is no mirror to fetch it from."""
    folder = faultlab.REPO / "build" / "firewalld"
    tree = folder / "tree"
    if tree.exists():
        return tree
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    fetched = subprocess.run(
        ["apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", "firewalld", "python3-firewall"],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if fetched.returncode != 0:
        print(f"SKIPPED: Debian's firewalld cannot be had: {fetched.stdout}")
        sys.exit(faultlab.SKIPPED)
    for package in folder.glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", package, folder / "unpacking"], check=True)
    (folder / "unpacking").rename(tree)
    return tree


class Firewalld:
    """With a system bus of its own, of Debian's package dbus-daemon. `tree` is what require_firewalld gives."""

    # Not the first python3 there may be: only Debian's has the modules that firewalld needs.
    _PYTHON = "/usr/bin/python3"

    def __init__(self, lab, node, tree):
        self._lab, self._node, self._tree = lab, node, tree
        self._folder = lab.state / f"{node}.firewalld"
        self._bus = self._folder / "bus"
        self._environment = os.environ | {
            "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={self._bus}",
            "PYTHONPATH": str(tree / "usr/lib/python3/dist-packages")}
        # What runs, the bus first.
        self._processes = []

    def start(self):
        (self._folder / "etc").mkdir(parents=True)
        (self._folder / "etc/firewalld.conf").write_text("DefaultZone=public\nFirewallBackend=nftables\n")
        (self._folder / "bus.conf").write_text(
            f"<busconfig><type>system</type><listen>unix:path={self._bus}</listen><auth>EXTERNAL</auth>"
            "<policy context='default'><allow user='*'/><allow own='*'/><allow send_destination='*' eavesdrop='true'/>"
            "<allow eavesdrop='true'/></policy></busconfig>")
        with self._log() as log:
            self._processes.append(subprocess.Popen(
                ["dbus-daemon", f"--config-file={self._folder}/bus.conf", "--nofork"], stdout=log, stderr=log))
        wait_until(self._bus.exists, 10, "the bus is there")
        self._run()

    def allow(self, port):
        self._command("--permanent", "--add-port", f"{port}/udp")
        self._command("--reload")

    def disturb(self):
        """What an administrator may do at any time; ends with the rules as they were."""
        self._command("--reload")
        self._command("--complete-reload")
        self._command("--panic-on")
        self._command("--panic-off")
        self._end()
        self._run()

    def remove(self):
        while self._processes:
            self._end()

    def _run(self):
        # Its locks and state are below /run.
        script = 'mount --make-rprivate / && mount -t tmpfs run /run && exec "$@"'
        with self._log() as log:
            self._processes.append(self._lab.popen(
                self._node, "unshare", "-m", "sh", "-c", script, "sh", self._PYTHON, self._tree / "usr/sbin/firewalld",
                "--nofork", "--nopid", "--log-target", "console", "--system-config", self._folder / "etc",
                "--default-config", self._tree / "usr/lib/firewalld", stdout=log, stderr=log, env=self._environment))
        wait_until(lambda: self._ask("--state").returncode == 0, 60, "firewalld runs")

    def _end(self):
        process = self._processes.pop()
        process.terminate()
        process.wait()

    def _log(self):
        return open(self._folder / "log", "a")

    def _ask(self, *words):
        return subprocess.run([self._PYTHON, self._tree / "usr/bin/firewall-cmd", *words], env=self._environment,
                              capture_output=True, text=True)

    def _command(self, *words):
        done = self._ask(*words)
        if done.returncode != 0:
            raise AssertionError(f"firewall-cmd {' '.join(words)}: {done.stdout}{done.stderr}\n"
                                 + (self._folder / "log").read_text())
