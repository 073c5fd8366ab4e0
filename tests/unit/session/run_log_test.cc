#include "agent/session/run_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/log/log.h"
#include "tests/support/datagrams.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// Notes that it was told.
class Next : public EngineListener {
 public:
  void OnStep(const RunId& run, const StepReport&) override { told.push_back(absl::StrCat("step ", run.text())); }
  void OnRunEnd(const RunId& run, const RunReport&) override { told.push_back(absl::StrCat("end ", run.text())); }
  void OnForeignChange(const RunId& run, std::optional<Duration>, const std::string&) override {
    told.push_back(absl::StrCat("change ", run.text()));
  }
  std::vector<std::string> told;
};

class RunLogTest : public ::testing::Test {
 protected:
  ~RunLogTest() override { std::filesystem::remove_all(folder_); }

  const std::string folder_ = [] {
    std::string name = std::filesystem::temp_directory_path() / "faultline-test-XXXXXX";
    return std::string(mkdtemp(name.data()));
  }();
  const testing::Datagrams journal_{folder_ + "/journal"};
  LogWriter writer_{{.origin = {.identifier = "test", .node = "lon-a"}, .journal = folder_ + "/journal"}};
  Next next_;
  RunLog log_{next_};
};

TEST_F(RunLogTest, StepsHaveTheirFields) {
  log_.OnStep(RunId("split-1"), {.step = 2, .fired = true, .planned = milliseconds(200), .actual = milliseconds(203)});
  const std::string began = journal_.Next();
  EXPECT_THAT(began, StartsWith("MESSAGE=run split-1: step 2: began at T0+203ms, planned for T0+200ms\nPRIORITY=6\n"));
  EXPECT_THAT(began, AllOf(HasSubstr("\nFAULTLINE_RUN=split-1\n"), HasSubstr("\nFAULTLINE_STEP=2\n"),
                           HasSubstr("\nFAULTLINE_NODE=lon-a\n")));
  log_.OnStep(RunId("split-1"), {.step = 2, .planned = milliseconds(500), .actual = milliseconds(501)});
  EXPECT_THAT(journal_.Next(), StartsWith("MESSAGE=run split-1: step 2: ended at T0+501ms, planned for T0+500ms\n"));
  EXPECT_THAT(next_.told, ::testing::ElementsAre("step split-1", "step split-1"));
}

TEST_F(RunLogTest, AnUnplannedEndIsAWarning) {
  log_.OnRunEnd(RunId("split-1"), {.end = RunEnd::kCompleted, .residue = {.finding = ResidueProof::Finding::kEqual}});
  EXPECT_THAT(journal_.Next(), StartsWith("MESSAGE=run split-1: healed: it came to its end\nPRIORITY=6\n"));
  log_.OnRunEnd(RunId("split-2"), {.end = RunEnd::kLeaseLost});
  EXPECT_THAT(journal_.Next(), StartsWith("MESSAGE=run split-2: healed: its lease was not renewed\nPRIORITY=4\n"));
  log_.OnRunEnd(RunId("split-3"), {.end = RunEnd::kFailed, .detail = "no memory"});
  EXPECT_THAT(journal_.Next(), StartsWith("MESSAGE=run split-3: healed: it failed: no memory\nPRIORITY=4\n"));
  EXPECT_THAT(next_.told, ::testing::ElementsAre("end split-1", "end split-2", "end split-3"));
}

TEST_F(RunLogTest, WhatIsLeftIsAWarningOfItsOwn) {
  log_.OnRunEnd(RunId("split-1"),
                {.end = RunEnd::kReleased,
                 .detail = "aborted",
                 .residue = {.finding = ResidueProof::Finding::kLeft, .things = {"fl0", "fl1"}, .more = 3}});
  EXPECT_THAT(journal_.Next(), StartsWith("MESSAGE=run split-1: healed: the controller released it: aborted\n"));
  EXPECT_THAT(journal_.Next(),
              StartsWith("MESSAGE=run split-1: left in the kernel: fl0, fl1 and 3 more\nPRIORITY=4\n"));
}

TEST_F(RunLogTest, ForeignChangesAreWarnings) {
  log_.OnForeignChange(RunId("split-1"), std::nullopt, "somebody deleted the device fl0");
  EXPECT_THAT(journal_.Next(),
              StartsWith("MESSAGE=run split-1: changed by others: somebody deleted the device fl0\nPRIORITY=4\n"));
  EXPECT_THAT(next_.told, ::testing::ElementsAre("change split-1"));
}

}  // namespace
}  // namespace faultline
