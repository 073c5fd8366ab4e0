"""skipped.py RESULTS: says loudly which tests of CTest's JUnit file were skipped, and why."""

import re
import sys
import xml.etree.ElementTree


def reason(output):
    """What GoogleTest prints below its "Skipped" line, or a script after "SKIPPED: "."""
    told = re.search(r": Skipped\n(.*?)\n\[", output, re.DOTALL) or re.search(r"SKIPPED: (.*)", output)
    return " ".join(told.group(1).split()) if told else "it gave no reason"


def main(path):
    cases = xml.etree.ElementTree.parse(path).iter("testcase")
    skipped = [case for case in cases if case.find("skipped") is not None]
    if skipped:
        print(f"\n*** {len(skipped)} TESTS WERE SKIPPED ***")
    for case in skipped:
        print(f"  {case.get('name')}: {reason(case.findtext('system-out') or '')}")


if __name__ == "__main__":
    main(sys.argv[1])
