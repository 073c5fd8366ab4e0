#include "tests/measure/process.h"

#include <gtest/gtest.h>

namespace faultline::measure {
namespace {

TEST(ProcessTest, GivesWhatWasSaidAndHowItEnded) {
  const ProcessResult result = RunProcess({"sh", "-c", "cat; echo worse >&2; exit 3"}, {.input = "in\n"});
  EXPECT_EQ(result.code, 3);
  EXPECT_EQ(result.output, "in\n");
  EXPECT_EQ(result.error_output, "worse\n");
  EXPECT_EQ(ToStatus(result, {"sh"}).message(), "sh: exit code 3: worse");
}

// Processes that write at the same time share the place in the file that they write to, which nothing guards.
TEST(ProcessTest, WhatIsWrittenIsNeverWrittenOver) {
  const ProcessResult result =
      RunProcess({"python3", "-c", "import os\nfor _ in range(2):\n os.write(1, b'line\\n')\n os.lseek(1, 0, 0)\n"});
  EXPECT_EQ(result.code, 0) << result.error_output;
  EXPECT_EQ(result.output, "line\nline\n");
}

}  // namespace
}  // namespace faultline::measure
