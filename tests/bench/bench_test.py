"""The program measures and says so in JSON; the page is made of that, or the reason why not is told.

The program is $FAULTLINE_BIN/faultline-bench.
"""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
PROGRAM = pathlib.Path(os.environ["FAULTLINE_BIN"]) / "faultline-bench"


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)


def measure(name, **more):
    return {"name": name, "compares": f"how {name}", "rows": [{"who": "a|b", "p50 us": 12.3456, "n": 5}],
            "notes": ["a note"], "bounded by": "", "goals": [], "growth": []} | more


class BenchTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def write(self, name, *measures, **more):
        path = self.folder / name
        path.write_text(json.dumps({"kernel": "6.1.0-x", "cores": 2, "processor": "A fast one", "load": 0.25,
                                    "quick": False, "measures": measures} | more), encoding="utf-8")
        return path

    def page(self, *paths):
        return run(HERE / "to_markdown", *paths)

    def test_compiling_is_measured(self):
        path = self.folder / "out.json"
        done = run(PROGRAM, "--quick", "--only", "compile", "--json", path)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        result = json.loads(path.read_text(encoding="utf-8"))
        self.assertTrue(result["quick"])
        self.assertGreater(result["cores"], 0)
        compiled, = result["measures"]
        self.assertTrue(compiled["goals"])
        self.assertTrue(compiled["growth"])
        # Far too few samples for a page; with enough of them it would be one.
        refused = self.page(path)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("--quick", refused.stderr)
        path.write_text(json.dumps(result | {"quick": False}), encoding="utf-8")
        self.assertEqual(self.page(path).returncode, 0)

    def test_the_page_has_every_files_tables(self):
        done = self.page(self.write("here", measure("fire"), measure("novel")),
                         self.write("there", measure("fire"), kernel="5.10.0-y"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.count("| a\\|b | 12.35 | 5 |"), 3)
        self.assertIn("- Linux 6.1.0-x, A fast one, 2 cores, load 0.25 before: fire, novel", done.stdout)
        self.assertEqual(done.stdout.count("## Firing an armed step"), 2)
        self.assertIn("## Novel\n\nHow novel. Linux 6.1.", done.stdout)
        self.assertNotIn("## Goals", done.stdout)
        self.assertNotIn("## Growth", done.stdout)

    def test_whether_a_goal_is_met_is_computed(self):
        def goal(figure, sense, observed):
            return {"figure": figure, "sense": sense, "bound": 100, "observed": observed, "unit": "us"}
        done = self.page(self.write("here", measure("fire", goals=[
            goal("a", "at most", 100), goal("b", "at most", 100.5), goal("c", "at least", 99.9),
            goal("d", "at least", 1e6), goal("e", "at most", None)])))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("| a | at most 100 us | 100 us | yes | 6.1 |", done.stdout)
        self.assertIn("| b | at most 100 us | 100.5 us | no | 6.1 |", done.stdout)
        self.assertIn("| c | at least 100 us | 99.9 us | no | 6.1 |", done.stdout)
        self.assertIn("| d | at least 100 us | 1000000 us | yes | 6.1 |", done.stdout)
        self.assertIn("| e | at most 100 us | - us | no | 6.1 |", done.stdout)
        self.assertIn("2 of 5 are met.", done.stdout)

    def test_growth_is_fitted(self):
        done = self.page(self.write("here", measure("arm", growth=[
            {"figure": "in proportion", "points": [[1, 3], [10, 30], [100, 300]]},
            {"figure": "quadratic", "points": [[1, 1], [10, 100], [100, 10000]]},
            {"figure": "flat", "points": [[1, 7], [100, 7]]},
            {"figure": "one point", "points": [[1, 7]]}])))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("| in proportion | 1: 3, 10: 30, 100: 300 | 1.00 | 6.1 |", done.stdout)
        self.assertIn("| quadratic | 1: 1, 10: 100, 100: 10000 | 2.00 | 6.1 |", done.stdout)
        self.assertIn("| flat | 1: 7, 100: 7 | 0.00 | 6.1 |", done.stdout)
        self.assertIn("| one point | 1: 7 | - | 6.1 |", done.stdout)

    def test_what_bounds_a_figure_is_said(self):
        done = self.page(self.write("here", measure("arm", **{"bounded by": "The kernel."})))
        self.assertIn("**Bounded by.** The kernel.", done.stdout)

    def test_a_measure_that_this_kernel_lacks_says_why(self):
        done = self.page(self.write("here", measure("lane", rows=[], notes=["no netem"])))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("- no netem", done.stdout)

    def test_a_measure_without_rows_or_reason_is_refused(self):
        done = self.page(self.write("here", measure("lane", rows=[], notes=[])))
        self.assertEqual(done.returncode, 1)
        self.assertIn("'lane' has neither rows nor a note", done.stderr)

    def test_a_measure_that_is_there_twice_is_refused(self):
        done = self.page(self.write("here", measure("arm")), self.write("again", measure("arm")))
        self.assertEqual(done.returncode, 1)
        self.assertIn("'arm' is there twice by Linux 6.1.0-x", done.stderr)
        self.assertEqual(done.stdout, "")

    def scale(self, **instead):
        sessions = [{"over": "mutual TLS", "sessions": n, "KB/session": 100, "memory ratio": 1.1, "CPU us/session": 900,
                     "CPU ratio": 1.2, "idle CPU %": n / 1000, "arm + fire ms": n / 10, "heal ms": n / 20}
                    for n in (100, 1000, 10_000)]
        rows = {"sessions": sessions,
                "observation": [{"while": "no run", "agents": n, "CPU % of one core": n / 10} for n in (20, 200)],
                "arm": [{"who": "Faultline (resident)", "CIDRs": n, "p50 us": 500 + 2 * n} for n in (1, 100_000)]}
        path = self.write("scale", *(measure(name, rows=its) for name, its in (rows | instead).items()))
        return run(HERE / "to_scale", path)

    def test_a_model_is_fitted_and_says_what_a_larger_fleet_takes(self):
        done = self.scale()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("measured at 10 000 sessions over mutual TLS", done.stdout)
        self.assertIn("| memory of a session | 100 KB, 1.10 of a bare gRPC stream's | n^1.00 |", done.stdout)
        self.assertIn("| processor, nothing going on, nobody probing | 10 us a second | n^1.00 |", done.stdout)
        self.assertIn("of 100 000 prefixes | 2.00 us |", done.stdout)
        # 100 000 x 100 KB; 10 us a session and 10 edges x 100 us, a second and node.
        self.assertIn("| one controller for all | 100 000 | 10.0 GB | 101.0 cores |", done.stdout)
        self.assertIn("| one for each region | 5 000 | 0.50 GB | 5.05 cores |", done.stdout)
        self.assertLess(len(done.stdout.splitlines()), 80)

    def test_a_model_is_not_fitted_to_one_size(self):
        done = self.scale(observation=[{"while": "no run", "agents": 6, "CPU % of one core": 1}])
        self.assertEqual(done.returncode, 1)
        self.assertIn("of 'observation' there are not two sizes", done.stderr)
        self.assertEqual(done.stdout, "")

    def test_a_file_of_something_else_is_refused(self):
        path = self.folder / "other"
        path.write_text("{}", encoding="utf-8")
        for other in (path, self.folder / "absent"):
            done = self.page(other)
            self.assertEqual(done.returncode, 1)
            self.assertIn(f"{other} is not what faultline-bench writes", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
