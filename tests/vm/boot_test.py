#!/usr/bin/env python3
"""What tests/vm/boot promises: status and output, a disk that outlives a reboot, an end in time, no process left."""

import pathlib
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lab"))

from faultlab import wait_until  # noqa: E402  (of tests/lab)

BOOT = pathlib.Path(__file__).resolve().parent / "boot"


def boot(*words):
    return subprocess.run([BOOT, "bookworm", *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=900, check=False)


class BootTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # What the first one to boot would wait for.
        subprocess.run([BOOT.parent / "disk", "bookworm"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)

    def test_disk_outlives_a_reboot_and_the_last_status_is_told(self):
        done = boot("--with", "tests/vm/guest", "--",
                    "sh", "-c", "ls tests/vm/guest; cat /proc/1/comm; echo kept >/var/kept",
                    "--reboot", "sh", "-c", "cat /var/kept; echo said >&2; exit 7")
        self.assertEqual(done.returncode, 7, done.stdout + done.stderr)
        self.assertTrue(done.stdout.startswith("init\ninit.disk\njob\njob.service\nsession\nsystemd\nkept\nsaid\n"),
                        done.stdout)
        self.assertIn("the end of the journal:", done.stdout)

    def test_a_panic_is_no_result(self):
        done = boot("--timeout", "20", "--", "sh", "-c", "echo c >/proc/sysrq-trigger")
        self.assertEqual(done.returncode, 125, done.stdout + done.stderr)
        self.assertIn("the machine went down by itself", done.stdout, done.stdout + done.stderr)

    def test_what_takes_too_long_is_ended(self):
        done = boot("--timeout", "1", "--", "sleep", "1000")
        self.assertEqual(done.returncode, 124, done.stdout + done.stderr)
        self.assertIn("not done in time: sleep 1000", done.stdout)

    def test_nothing_outlives_it(self):
        process = subprocess.Popen([BOOT, "bookworm", "--", "sh", "-c", "echo there; sleep 1000"],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        self.assertEqual(process.stdout.readline(), "there\n")
        children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        self.assertTrue(children)
        process.send_signal(signal.SIGKILL)
        process.wait()
        for pid in children:
            wait_until(lambda pid=pid: not pathlib.Path(f"/proc/{pid}/exe").exists(), 10, "QEMU has gone")

    def test_wrong_usage(self):
        for words in (["--"], ["--", "true", "--reboot"], ["--with", "no/such", "--", "true"]):
            self.assertEqual(boot(*words).returncode, 2, words)


if __name__ == "__main__":
    sys.exit(unittest.main())
