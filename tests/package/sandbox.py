"""Clean Debian systems for the tests of packages: an overlay over a root of tests/package/root, in namespaces of its own.

    with Sandbox() as system:
        system.run("apt-get", "install", "-y", system.bring(package))

Nothing that is done in there reaches this machine: files are in memory, the network is loopback and an eth0 (198.18.5.1/24) that leads nowhere, and
all processes end with the sandbox.
"""

import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
REPO = HERE.parent.parent
PACKAGES = pathlib.Path(os.environ.get("FAULTLINE_PACKAGES", REPO / "build/packages"))
BIN = pathlib.Path(os.environ.get("FAULTLINE_BIN", REPO / "build/bin"))
TREE = pathlib.Path(os.environ.get("FAULTLINE_TREE", REPO / "build/release"))
# What the packages are for, as uname calls it; and what runs its programs here, if not this machine itself.
MACHINE = os.environ.get("FAULTLINE_MACHINE", os.uname().machine)
EMULATOR = [] if MACHINE == os.uname().machine else [f"qemu-{MACHINE}-static"]

sys.path.append(str(REPO / "tests/lab"))
from faultlab import require_root, wait_until  # noqa: E402

# Becomes the first process of its namespaces, says so, and ends with whoever holds its standard input.
BECOME = """
set -e
umask 022
mount -t tmpfs tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=$2,upperdir=$1/upper,workdir=$1/work" "$1/root"
mount -t proc proc "$1/root/proc"
mount -t tmpfs -o mode=755 tmpfs "$1/root/run"
mount -t tmpfs tmpfs "$1/root/dev"
for device in null zero full random urandom tty; do
  touch "$1/root/dev/$device"
  mount --bind "/dev/$device" "$1/root/dev/$device"
done
ln -s /proc/self/fd "$1/root/dev/fd"
hostname sandbox
ip link set lo up
ip link add eth0 type veth peer name far
ip address add 198.18.5.1/24 dev eth0
ip link set eth0 up
ip link set far up
echo ready
exec cat >/dev/null
"""

ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C",
               "DEBIAN_FRONTEND": "noninteractive"}


def package(name):
    """The one package whose file's name begins so: package("faultline-agent_*.deb")."""
    (found,) = PACKAGES.glob(name)
    return found


class Sandbox(contextlib.AbstractContextManager):

    def __init__(self, suite="bookworm"):
        made = subprocess.run([HERE / "root", suite], check=True, stdout=subprocess.PIPE, text=True)
        self._lower = made.stdout.strip()

    def __enter__(self):
        self._directory = tempfile.mkdtemp(prefix="faultline-sandbox-")
        self._started = []
        self._holder = subprocess.Popen(
            ["unshare", "--mount", "--net", "--uts", "--ipc", "--pid", "--fork", "--kill-child",
             "sh", "-c", BECOME, "sh", self._directory, self._lower],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self._holder.stdout.readline() != "ready\n":
            self.__exit__()
            raise AssertionError("the sandbox could not be made")
        children = pathlib.Path(f"/proc/{self._holder.pid}/task/{self._holder.pid}/children").read_text(encoding="ascii")
        self._first = children.split()[0]
        self.space = os.readlink(f"/proc/{self._first}/ns/pid")
        self.root = pathlib.Path(f"/proc/{self._first}/root{self._directory}/root")
        return self

    def __exit__(self, *_):
        self._holder.stdin.close()
        self._holder.wait()
        self._holder.stdout.close()
        for process in self._started:
            process.wait()
        # Empty, as what was mounted there was so in the sandbox only.
        os.rmdir(self._directory)

    def processes(self):
        """What runs in there, beside its first process."""
        running = []
        for process in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                if os.readlink(process / "ns/pid") == self.space and process.name != self._first:
                    running.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip())
            except OSError:
                pass  # It has ended meanwhile.
        return running

    def _enter(self, words):
        return ["nsenter", "--target", self._first, "--mount", "--net", "--uts", "--ipc", "--pid", "--", *map(str, words)]

    def outside(self, *words, expect=0):
        """Runs a program of this machine in there, which sees the system at `path`."""
        return self._run(self._enter(words), None, expect)

    @property
    def path(self):
        return f"{self._directory}/root"

    def run(self, *words, expect=0):
        """Runs a program of the system; its output, both streams, is the result's stdout."""
        return self._run(self._enter(["chroot", self.path, *words]), ENVIRONMENT, expect)

    def start(self, *words, log):
        """The same, and goes on until the sandbox ends; what it says goes to this file of the system."""
        with open(self.root / log.lstrip("/"), "wb") as file:
            self._started.append(subprocess.Popen(
                self._enter(["chroot", self.path, *words]), env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=file,
                stderr=subprocess.STDOUT))

    @staticmethod
    def _run(words, environment, expect):
        done = subprocess.run(words, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)
        if expect is not None and done.returncode != expect:
            raise AssertionError(f"{' '.join(words)}\nended with {done.returncode}, not {expect}:\n{done.stdout[-4000:]}")
        return done

    def bring(self, file):
        """Copies a file of this machine into the system; its name there."""
        (self.root / "tmp").mkdir(exist_ok=True)
        shutil.copy(file, self.root / "tmp")
        return f"/tmp/{pathlib.Path(file).name}"

    def read(self, path):
        return (self.root / path.lstrip("/")).read_text(encoding="utf-8")

    def files(self):
        """Everything in the system but what mounts show: path, kind and mode."""
        listed = self.run("find", "/", "-xdev", "-not", "-path", "/tmp*", "-printf", "%p %y %m %U:%G\\n").stdout
        return set(listed.splitlines())


class PackageTest(unittest.TestCase):
    """Each test has a clean system of its own, and proves that nothing of it is left."""

    def setUp(self):
        self.system = Sandbox().__enter__()
        directory, inside = self.system.path, self.system.space

        def leave():
            self.system.__exit__()
            self.assertFalse(os.path.exists(directory))
            self.assertNotIn(directory, pathlib.Path("/proc/self/mountinfo").read_text(encoding="utf-8"))
            spaces = set()
            for space in pathlib.Path("/proc").glob("[0-9]*/ns/pid"):
                with contextlib.suppress(OSError):
                    spaces.add(os.readlink(space))
            self.assertNotIn(inside, spaces, "processes outlived the sandbox")

        self.addCleanup(leave)


def main():
    require_root()
    unittest.main(verbosity=2)
