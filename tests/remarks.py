"""remarks.py RESULTS: says loudly which tests of CTest's JUnit file were skipped, or failed at first, and why."""

import re
import sys
import xml.etree.ElementTree


def reason(output):
    """What GoogleTest prints below its "Skipped" line, or a script after "SKIPPED: "."""
    told = re.search(r": Skipped\n(.*?)\n\[", output, re.DOTALL) or re.search(r"SKIPPED: (.*)", output)
    return " ".join(told.group(1).split()) if told else "it gave no reason"


def once_more(case):
    """Of what in it failed while the machine stalled, and was then tried again (faultlab.TimedTest)."""
    return re.findall(r"^.*: once more$", case.findtext("system-out") or "", re.MULTILINE)


def main(path):
    cases = list(xml.etree.ElementTree.parse(path).iter("testcase"))
    skipped = [case for case in cases if case.find("skipped") is not None]
    if skipped:
        print(f"\n*** {len(skipped)} TESTS WERE SKIPPED ***")
    for case in skipped:
        print(f"  {case.get('name')}: {reason(case.findtext('system-out') or '')}")
    again = [line for case in cases for line in once_more(case)]
    if again:
        print(f"\n*** {len(again)} TESTS FAILED AT FIRST ***")
    for line in again:
        print(f"  {line}")


if __name__ == "__main__":
    main(sys.argv[1])
