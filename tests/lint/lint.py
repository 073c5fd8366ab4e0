"""What the checks in this directory share: their command line and the trial of a sample."""

import pathlib
import sys
import tempfile


def problems_in_sample(problems, path, text):
    """What `problems(root)` finds in a tree that has only this one file."""
    with tempfile.TemporaryDirectory() as root:
        file = pathlib.Path(root, path)
        file.parent.mkdir(parents=True)
        file.write_text(text + "\n")
        return list(problems(pathlib.Path(root)))


def main(problems, self_test):
    """`CHECK [ROOT]` prints what problems(root) finds, `CHECK --self-test` what self_test() does.

    Each returns an iterable of lines; the exit status is 1 if there is any.
    """
    if sys.argv[1:] == ["--self-test"]:
        found = list(self_test())
    else:
        repo = pathlib.Path(__file__).resolve().parent.parent.parent
        found = list(problems(pathlib.Path(sys.argv[1]) if sys.argv[1:] else repo))
    print("\n".join(found), end="\n" if found else "")
    sys.exit(1 if found else 0)
