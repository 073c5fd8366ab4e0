"""Debian's own servers, unpacked by ./dev setup and never installed: nothing of them starts by itself."""

import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
REPO = HERE.parent.parent
sys.path.insert(0, str(REPO / "tests" / "lab"))

import faultlab  # pylint: disable=wrong-import-position

UNPACKED = REPO / "build" / "subjects"
SUBJECTS = REPO / "plans" / "subjects"


# Of this program's environment, what others may have; beside what is Faultline's.
KEPT = ("COLORTERM", "HOME", "LANG", "LOGNAME", "NO_COLOR", "PATH", "TERM", "TMPDIR", "USER")


def clean_environment():
    """Servers and their tools take options and addresses from it: ETCDCTL_ENDPOINTS, REDISCLI_AUTH, http_proxy."""
    for name in list(os.environ):
        if name not in KEPT and not name.startswith("FAULTLINE_"):
            del os.environ[name]


def require(*names):
    """Ends the program as skipped, saying why, unless all of these are there and start. Then they are in the PATH, and
    the environment is clean."""
    clean_environment()
    folders = [UNPACKED / "usr" / "bin", UNPACKED / "usr" / "sbin"]
    os.environ["PATH"] = os.pathsep.join([*map(str, folders), os.environ["PATH"]])
    for name in names:
        if not any((folder / name).exists() for folder in folders):
            print(f"SKIPPED: {name} is not in {UNPACKED}: its Debian package could not be had; ./dev setup fetches it")
            sys.exit(faultlab.SKIPPED)
        ask = "version" if name == "etcdctl" else "--version"
        done = subprocess.run([name, ask], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            print(f"SKIPPED: {name} does not start: {done.stderr.strip()}; ./dev setup installs what it needs")
            sys.exit(faultlab.SKIPPED)


def versions(*packages):
    """Such as 'etcd-server 3.4.23-4+b4', of what was unpacked."""
    found = []
    for package in packages:
        (path,) = UNPACKED.glob(f"{package}_*.deb")
        found.append(f"{package} {path.name.split('_')[1].replace('%3a', ':')}")
    return ", ".join(found)
