"""The program measures and says so in JSON; the page is made of that, or the reason why not is told.

The program is $FAULTLINE_BIN/faultline-fidelity.
"""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
PROGRAM = pathlib.Path(os.environ["FAULTLINE_BIN"]) / "faultline-fidelity"
MEASURES = ["loss", "copies", "bursts", "delay", "jitter", "rate", "overflow", "tcp", "collateral"]
ROW = {"what": "a|b", "asked": "1%", "observed": "1.01 %", "bound": "2 %", "holds": "yes", "other ways": "none"}


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


class FidelityTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def write(self, name, measures, quick=False, part=""):
        path = self.folder / (name + part)
        path.write_text(json.dumps({"kernel": name, "cores": 2, "quick": quick, "measures": [
            {"name": measure, "compares": f"How {measure}.", "rows": rows, "notes": ["a note"]}
            for measure, rows in measures.items()]}), encoding="utf-8")
        return path

    def page(self, *paths):
        return run(HERE / "to_markdown", *paths)

    def test_overflow_is_measured(self):
        path = self.folder / "out.json"
        done = run(PROGRAM, "--quick", "--only", "overflow", "--json", path)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        result = json.loads(path.read_text(encoding="utf-8"))
        self.assertTrue(result["quick"])
        row, = result["measures"][0]["rows"]
        self.assertEqual(row["holds"], "yes")
        self.assertIn("overflow", row["observed"])
        # Far too few samples for a page.
        refused = self.page(path)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("--quick", refused.stderr)

    def test_a_measure_that_is_not_there_is_refused(self):
        done = run(PROGRAM, "--only", "losses")
        self.assertEqual(done.returncode, 2)
        self.assertIn("losses", done.stderr)
        self.assertIn("overflow", done.stderr)

    def test_the_page_has_every_kernels_rows(self):
        here = self.write("here", {measure: [] if measure == "delay" else [ROW] for measure in MEASURES})
        there = self.write("there", {measure: [ROW] if measure in ("delay", "loss") else [] for measure in MEASURES})
        done = self.page(here, there)
        self.assertEqual(done.returncode, 0, done.stderr)
        row = "| a\\|b | 1% | 1.01 % | 2 % | yes | none |"
        self.assertEqual(done.stdout.count(f"{row} here |"), 8)
        self.assertEqual(done.stdout.count(f"{row} there |"), 2)
        # Said once where both say it.
        self.assertEqual(done.stdout.count("How loss."), 1)
        self.assertEqual(done.stdout.count("- a note"), 9)
        self.assertIn("Linux here and there.", done.stdout)

    def test_a_measure_without_rows_is_missed(self):
        done = self.page(self.write("here", {measure: [] if measure == "delay" else [ROW] for measure in MEASURES}))
        self.assertEqual(done.returncode, 1)
        self.assertIn("nobody measured 'delay'", done.stderr)
        self.assertEqual(done.stdout, "")

    def test_a_measure_that_failed_on_one_kernel_is_missed(self):
        whole = self.write("whole", {measure: [ROW] for measure in MEASURES})
        done = self.page(whole, self.write("partial", {measure: [ROW] for measure in MEASURES[:-1]}))
        self.assertEqual(done.returncode, 1)
        self.assertIn("of 'collateral' there is nothing by Linux partial", done.stderr)
        self.assertEqual(done.stdout, "")

    def test_what_one_kernel_measured_may_be_in_two_files(self):
        done = self.page(self.write("here", {measure: [ROW] for measure in MEASURES[:-1]}),
                         self.write("here", {MEASURES[-1]: [ROW]}, part=".2"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.count("| yes | none | here |"), len(MEASURES))

    def test_a_file_of_something_else_is_refused(self):
        path = self.folder / "other"
        path.write_text("{}", encoding="utf-8")
        for other in (path, self.folder / "absent"):
            done = self.page(other)
            self.assertEqual(done.returncode, 1)
            self.assertIn(f"{other} is not what faultline-fidelity writes", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
