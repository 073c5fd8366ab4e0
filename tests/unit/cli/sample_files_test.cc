#include "controller/cli/sample_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "controller/plan/plan_yaml.h"

namespace faultline {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

// A directory of its own with files in it.
class SampleFilesTest : public testing::Test {
 protected:
  SampleFilesTest() : directory_(testing::TempDir() + "faultline-samples-" + std::to_string(getpid())) {
    std::filesystem::create_directories(directory_);
  }
  ~SampleFilesTest() override { std::filesystem::remove_all(directory_); }

  void Write(const std::string& name, const std::string& text) { std::ofstream(directory_ + "/" + name) << text; }

  std::string ErrorOf(const std::string& text) {
    return std::string(AddSampleFiles(text, directory_, "plan.yaml").status().message());
  }

  const std::string directory_;
};

// Its last line is for the steps.
std::string PlanText(const std::string& steps) {
  return absl::StrCat("name: p\ngroups: {a: {nodes: [x]}, b: {nodes: [y]}}\nsteps:\n", steps);
}

std::string Samples(const std::string& samples) {
  return PlanText("  - {for: 1s, impair: {between: [a, b], samples: " + samples + "}}");
}

TEST_F(SampleFilesTest, APlanWithoutFilesStaysAsItIs) {
  for (const std::string& text : {Samples("[1ms, 2ms]"), std::string("{malformed"), std::string()}) {
    EXPECT_EQ(*AddSampleFiles(text, directory_, "plan.yaml"), text);
  }
}

TEST_F(SampleFilesTest, PutsTheFilesBehindThePlan) {
  Write("rtt.csv", "rtt_ms,host\n3.5,a\n# late\n\n1,b\r\n2us;c\n");
  Write("two.csv", "1ms\n2ms\n");
  const std::string text = PlanText(
      "  - {for: 1s, impair: {between: [a, b], samples: rtt.csv}}\n"
      "  - {at: 1s, for: 1s, impair: {from: a, to: b, samples: two.csv}}\n"
      "  - {at: 2s, for: 1s, impair: {from: b, to: a, samples: rtt.csv}}\n");
  const absl::StatusOr<std::string> whole = AddSampleFiles(text, directory_, "plan.yaml");
  ASSERT_TRUE(whole.ok()) << whole.status();
  EXPECT_EQ(*whole, text + "samples:\n  \"rtt.csv\": [2us, 1ms, 3ms500us]\n  \"two.csv\": [1ms, 2ms]\n");
  const ParsedPlan parsed = ParsePlan(*whole);
  ASSERT_THAT(parsed.errors, SizeIs(0));
  for (const int step : {0, 2}) {
    EXPECT_THAT(std::get<Impairment>(parsed.plan.steps[step].effect).samples,
                ElementsAre(microseconds(2), milliseconds(1), microseconds(3500)));
  }
}

TEST_F(SampleFilesTest, LaterErrorsKeepTheirPlace) {
  Write("rtt.csv", "1\n2\n");
  const std::string text = PlanText("  - {for: 1s, impair: {between: [a, b], samples: rtt.csv, los: 1%}}");
  const absl::StatusOr<std::string> whole = AddSampleFiles(text, directory_, "plan.yaml");
  ASSERT_TRUE(whole.ok());
  EXPECT_EQ(JoinErrors(ParsePlan(*whole).errors, "plan.yaml"),
            "plan.yaml:4:59: unknown key 'los' in 'impair'; did you mean 'loss'?");
}

TEST_F(SampleFilesTest, ReducesAManyLinedFile) {
  std::string lines;
  for (int i = 0; i < 100'000; ++i) absl::StrAppend(&lines, i % 1000, ".", i / 1000, "\n");
  Write("big.csv", lines);
  const absl::StatusOr<std::string> whole = AddSampleFiles(Samples("big.csv"), directory_, "plan.yaml");
  ASSERT_TRUE(whole.ok()) << whole.status();
  const ParsedPlan parsed = ParsePlan(*whole);
  ASSERT_THAT(parsed.errors, SizeIs(0));
  EXPECT_THAT(std::get<Impairment>(parsed.plan.steps[0].effect).samples, SizeIs(kMostSamples));
}

TEST_F(SampleFilesTest, NamesWhatIsWrongWithAFile) {
  EXPECT_EQ(ErrorOf(Samples("none.csv")), absl::StrCat("plan.yaml:4:50: samples 'none.csv': opening ", directory_,
                                                       "/none.csv: No such file or directory"));
  Write("word.csv", "rtt\n1\nfast,2\n");
  EXPECT_EQ(
      ErrorOf(Samples("word.csv")),
      "plan.yaml:4:50: samples 'word.csv': line 3: 'fast' is no delay; write milliseconds, or a unit as in 1.2ms");
  Write("one.csv", "# only one\n1\n");
  EXPECT_EQ(ErrorOf(Samples("one.csv")),
            "plan.yaml:4:50: samples 'one.csv': samples are delays, one a line; there are only 1");
  std::string lines;
  for (int i = 0; i < 100'001; ++i) lines += "1\n";
  Write("many.csv", lines);
  EXPECT_EQ(ErrorOf(Samples("many.csv")),
            "plan.yaml:4:50: samples 'many.csv': line 100001: at most 100000 samples are read");
  Write("minus.csv", "-1\n2\n");
  EXPECT_THAT(ErrorOf(Samples("minus.csv")), HasSubstr("line 1: '-1' is no delay"));
  Write("bytes.csv", "1\n\x01\xff\n");
  EXPECT_THAT(ErrorOf(Samples("bytes.csv")), HasSubstr("line 2: '?\?' is no delay"));
}

TEST_F(SampleFilesTest, SaysEverythingElseThatIsWrongToo) {
  EXPECT_EQ(ErrorOf(PlanText("  - {for: 1, impair: {between: [a, b], samples: none.csv}}")),
            absl::StrCat("plan.yaml:4:11: 'for': '1' is not a duration: it has no unit; write for example 250ms, 30s, "
                         "1h30m or PT5M\nplan.yaml:4:49: samples 'none.csv': opening ",
                         directory_, "/none.csv: No such file or directory"));
}

TEST_F(SampleFilesTest, APlanInBracesCannotBeAddedTo) {
  Write("rtt.csv", "1\n2\n");
  EXPECT_EQ(ErrorOf("{name: p, groups: {a: {nodes: [x]}, b: {nodes: [y]}},\n"
                    " steps: [{for: 1s, impair: {between: [a, b], samples: rtt.csv}}]}\n"),
            "plan.yaml:2:55: samples from a file need a plan whose top level has a key a line, not all in braces");
}

TEST_F(SampleFilesTest, NamesUnderThePlansOwnSamplesAreNoFiles) {
  Write("rtt.csv", "1\n2\n");
  const std::string text = Samples("rtt.csv") + "\nsamples: {rtt.cvs: [1ms, 2ms]}\n";
  EXPECT_EQ(*AddSampleFiles(text, directory_, "plan.yaml"), text);
  EXPECT_EQ(JoinErrors(ParsePlan(text).errors, "plan.yaml"),
            "plan.yaml:4:50: no samples 'rtt.csv' under the plan's 'samples'; did you mean 'rtt.cvs'?");
}

}  // namespace
}  // namespace faultline
