#include "controller/cli/plan_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
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
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

// A directory of its own with files in it.
class PlanFilesTest : public ::testing::Test {
 protected:
  PlanFilesTest() : directory_(::testing::TempDir() + "faultline-plan-files-" + std::to_string(getpid())) {
    std::filesystem::create_directories(directory_);
  }
  ~PlanFilesTest() override { std::filesystem::remove_all(directory_); }

  void Write(const std::string& name, const std::string& text) { std::ofstream(directory_ + "/" + name) << text; }

  std::string ErrorOf(const std::string& text) {
    return std::string(AddPlanFiles(text, directory_, "plan.yaml").status().message());
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

TEST_F(PlanFilesTest, APlanWithoutFilesStaysAsItIs) {
  for (const std::string& text : {Samples("[1ms, 2ms]"), std::string("{malformed"), std::string()}) {
    EXPECT_EQ(*AddPlanFiles(text, directory_, "plan.yaml"), text);
  }
}

TEST_F(PlanFilesTest, PutsTheFilesBehindThePlan) {
  Write("rtt.csv", "rtt_ms,host\n3.5,a\n# late\n\n1,b\r\n2us;c\n");
  Write("two.csv", "1ms\n2ms\n");
  const std::string text = PlanText(
      "  - {for: 1s, impair: {between: [a, b], samples: rtt.csv}}\n"
      "  - {at: 1s, for: 1s, impair: {from: a, to: b, samples: two.csv}}\n"
      "  - {at: 2s, for: 1s, impair: {from: b, to: a, samples: rtt.csv}}\n");
  const absl::StatusOr<std::string> whole = AddPlanFiles(text, directory_, "plan.yaml");
  ASSERT_TRUE(whole.ok()) << whole.status();
  EXPECT_EQ(*whole, text + "samples:\n  \"rtt.csv\": [2us, 1ms, 3ms500us]\n  \"two.csv\": [1ms, 2ms]\n");
  const ParsedPlan parsed = ParsePlan(*whole);
  ASSERT_THAT(parsed.errors, SizeIs(0));
  for (const int step : {0, 2}) {
    EXPECT_THAT(std::get<Impairment>(parsed.plan.steps[step].effect).samples,
                ElementsAre(microseconds(2), milliseconds(1), microseconds(3500)));
  }
}

TEST_F(PlanFilesTest, LaterErrorsKeepTheirPlace) {
  Write("rtt.csv", "1\n2\n");
  const std::string text = PlanText("  - {for: 1s, impair: {between: [a, b], samples: rtt.csv, los: 1%}}");
  const absl::StatusOr<std::string> whole = AddPlanFiles(text, directory_, "plan.yaml");
  ASSERT_TRUE(whole.ok());
  EXPECT_EQ(JoinErrors(ParsePlan(*whole).errors, "plan.yaml"),
            "plan.yaml:4:59: unknown key 'los' in 'impair'; did you mean 'loss'?");
}

TEST_F(PlanFilesTest, ReducesAManyLinedFile) {
  std::string lines;
  for (int i = 0; i < 100'000; ++i) absl::StrAppend(&lines, i % 1000, ".", i / 1000, "\n");
  Write("big.csv", lines);
  const absl::StatusOr<std::string> whole = AddPlanFiles(Samples("big.csv"), directory_, "plan.yaml");
  ASSERT_TRUE(whole.ok()) << whole.status();
  const ParsedPlan parsed = ParsePlan(*whole);
  ASSERT_THAT(parsed.errors, SizeIs(0));
  EXPECT_THAT(std::get<Impairment>(parsed.plan.steps[0].effect).samples, SizeIs(kMostSamples));
}

TEST_F(PlanFilesTest, NamesWhatIsWrongWithAFile) {
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

TEST_F(PlanFilesTest, SaysEverythingElseThatIsWrongToo) {
  EXPECT_EQ(ErrorOf(PlanText("  - {for: 1, impair: {between: [a, b], samples: none.csv}}")),
            absl::StrCat("plan.yaml:4:11: 'for': '1' is not a duration: it has no unit; write for example 250ms, 30s, "
                         "1h30m or PT5M\nplan.yaml:4:49: samples 'none.csv': opening ",
                         directory_, "/none.csv: No such file or directory"));
}

TEST_F(PlanFilesTest, APlanInBracesCannotBeAddedTo) {
  Write("rtt.csv", "1\n2\n");
  EXPECT_EQ(ErrorOf("{name: p, groups: {a: {nodes: [x]}, b: {nodes: [y]}},\n"
                    " steps: [{for: 1s, impair: {between: [a, b], samples: rtt.csv}}]}\n"),
            "plan.yaml:2:55: samples 'rtt.csv': a file can only be added to a plan whose top level has a key a line, "
            "not all in braces and not indented");
}

TEST_F(PlanFilesTest, OnlyRegularFilesAreRead) {
  ASSERT_EQ(mkfifo((directory_ + "/fifo.csv").c_str(), 0600), 0);
  EXPECT_EQ(ErrorOf(Samples("fifo.csv")),
            absl::StrCat("plan.yaml:4:50: samples 'fifo.csv': ", directory_, "/fifo.csv is no regular file"));
  std::filesystem::create_directories(directory_ + "/sub.csv");
  EXPECT_THAT(ErrorOf(Samples("sub.csv")), HasSubstr("is no regular file"));
}

TEST_F(PlanFilesTest, AnIncludedFileIsBesideThePlanOrBelow) {
  std::filesystem::create_directories(directory_ + "/plans/below");
  Write("secret.yaml", "groups: {x: {nodes: [x]}}\n");
  Write("plans/below/groups.yaml", "groups: {x: {nodes: [x]}}\n");
  const auto plan = [](const std::string& file) {
    return absl::StrCat("name: p\ninclude: ", file, "\nsteps: [{for: 1s, isolate: x}]\n");
  };
  const std::string beside = directory_ + "/plans";
  EXPECT_TRUE(ParsePlan(*AddPlanFiles(plan("below/groups.yaml"), beside, "p")).errors.empty());
  for (const std::string& file : {std::string("../secret.yaml"), std::string("below/../../secret.yaml"),
                                  absl::StrCat(directory_, "/secret.yaml")}) {
    const absl::StatusOr<std::string> whole = AddPlanFiles(plan(file), beside, "p");
    ASSERT_TRUE(whole.ok()) << whole.status();
    EXPECT_EQ(*whole, plan(file)) << "nothing is added";
    EXPECT_EQ(JoinErrors(ParsePlan(*whole).errors, "p"),
              absl::StrCat("p:2:10: '", file,
                           "' leads out of the plan's directory; a file to include is beside the plan or "
                           "below"));
  }
}

TEST_F(PlanFilesTest, NamesUnderThePlansOwnSamplesAreNoFiles) {
  Write("rtt.csv", "1\n2\n");
  const std::string text = Samples("rtt.csv") + "\nsamples: {rtt.cvs: [1ms, 2ms]}\n";
  EXPECT_EQ(*AddPlanFiles(text, directory_, "plan.yaml"), text);
  EXPECT_EQ(JoinErrors(ParsePlan(text).errors, "plan.yaml"),
            "plan.yaml:4:50: no samples 'rtt.csv' under the plan's 'samples'; did you mean 'rtt.cvs'?");
}

std::string AwsPlan(const std::string& groups) {
  return absl::StrCat("name: p\ngroups:\n", groups, "steps:\n  - {for: 1s, blackhole: {from: x, to: s3}}\n");
}

TEST_F(PlanFilesTest, ReadsAddressRanges) {
  Write("r.json", R"({"prefixes": [{"ip_prefix": "3.5.0.0/24", "region": "a", "service": "S3"},
                                   {"ip_prefix": "3.5.1.0/24", "region": "a", "service": "S3"}],
                      "ipv6_prefixes": [{"ipv6_prefix": "::/16", "region": "b", "service": "S3"}]})");
  const std::string text = AwsPlan(
      "  x: {nodes: [x]}\n  s3: {aws_ip_ranges: {file: r.json, service: S3}}\n"
      "  y: {aws_ip_ranges: {file: r.json, service: S3, region: a}}\n"
      "  z: {aws_ip_ranges: {file: r.json, service: S3}}\n");
  const absl::StatusOr<std::string> whole = AddPlanFiles(text, directory_, "plan.yaml");
  ASSERT_TRUE(whole.ok()) << whole.status();
  EXPECT_EQ(*whole, text +
                        "ip_ranges:\n  - {file: \"r.json\", service: [\"S3\"], cidrs: [3.5.0.0/23, \"::/16\"]}\n"
                        "  - {file: \"r.json\", service: [\"S3\"], region: [\"a\"], cidrs: [3.5.0.0/23]}\n");
  const ParsedPlan parsed = ParsePlan(*whole);
  ASSERT_THAT(parsed.errors, SizeIs(0));
  EXPECT_EQ(parsed.plan.groups.at("s3").cidrs.ToString(), "3.5.0.0/23, ::/16");
}

TEST_F(PlanFilesTest, NamesWhatIsWrongWithAddressRanges) {
  const std::string text = AwsPlan("  x: {nodes: [x]}\n  s3: {aws_ip_ranges: {file: r.json, service: S4}}\n");
  EXPECT_EQ(ErrorOf(text), absl::StrCat("plan.yaml:4:30: address ranges 'r.json': opening ", directory_,
                                        "/r.json: No such file or directory"));
  Write("r.json", R"({"prefixes": [{"ip_prefix": "3.5.0.0/24", "region": "a", "service": "S3"}]})");
  EXPECT_EQ(ErrorOf(text), "plan.yaml:4:30: address ranges 'r.json': it has no service 'S4'; did you mean 'S3'?");
}

TEST_F(PlanFilesTest, ReadsIncludedFilesAndWhatTheyName) {
  Write("groups.yaml",
        "# \"quotes\" and \\ stay\nvars: {service: S3}\ngroups:\n  x: {nodes: [x]}\n"
        "  s3: {aws_ip_ranges: {file: r.json, service: '${service}'}}\n");
  Write("r.json", R"({"prefixes": [{"ip_prefix": "3.5.0.0/24", "region": "a", "service": "S3"}]})");
  Write("rtt.csv", "1\n2\n");
  const std::string text =
      "name: p\ninclude: groups.yaml\nsteps:\n  - {for: 1s, impair: {from: x, to: s3, samples: rtt.csv}}";
  const absl::StatusOr<std::string> whole = AddPlanFiles(text, directory_, "plan.yaml");
  ASSERT_TRUE(whole.ok()) << whole.status();
  const ParsedPlan parsed = ParsePlan(*whole);
  for (const TextError& error : parsed.errors) ADD_FAILURE() << error.ToString("plan.yaml");
  EXPECT_EQ(parsed.plan.groups.at("s3").cidrs.ToString(), "3.5.0.0/24");
  EXPECT_THAT(std::get<Impairment>(parsed.plan.steps[0].effect).samples, SizeIs(2));
}

TEST_F(PlanFilesTest, ErrorsOfAnIncludedFileNameIt) {
  Write("groups.yaml", "groups:\n  x: {cidr: 10.0.0.0/8}\n");
  const std::string text = "name: p\ninclude: [groups.yaml]\nsteps: [{for: 1s, isolate: x}]\n";
  const absl::StatusOr<std::string> whole = AddPlanFiles(text, directory_, "plan.yaml");
  ASSERT_TRUE(whole.ok()) << whole.status();
  EXPECT_THAT(JoinErrors(ParsePlan(*whole).errors, "plan.yaml"),
              HasSubstr("plan.yaml:2:11: groups.yaml:2:7: unknown key 'cidr' in group 'x'; did you mean 'cidrs'?"));
  EXPECT_EQ(ErrorOf("name: p\ninclude: [none.yaml]\nsteps: [{for: 1s, isolate: x}]\n"),
            absl::StrCat("plan.yaml:2:11: included file 'none.yaml': opening ", directory_,
                         "/none.yaml: No such file or directory"));
  Write("latin1.yaml", "groups: {caf\xe9: {}}\n");
  EXPECT_EQ(ErrorOf("name: p\ninclude: [latin1.yaml]\nsteps: [{for: 1s, isolate: x}]\n"),
            "plan.yaml:2:11: included file 'latin1.yaml': 1:13: a byte that is not UTF-8; expected UTF-8 text");
}

TEST_F(PlanFilesTest, AHundredThousandRangesAreReadInTime) {
  std::string json = R"({"syncToken": "1", "prefixes": [)";
  for (int i = 0; i < 100'000; ++i) {
    absl::StrAppend(&json, i == 0 ? "" : ",\n", R"({"ip_prefix": ")", 11 + i / 32'768, ".", i / 128 % 256, ".",
                    i % 128 * 2, R"(.0/24", "region": "eu-west-2", "service": "AMAZON", "network_border_group": "x"})");
  }
  Write("r.json", json + "]}");
  const std::string text = AwsPlan("  x: {nodes: [x]}\n  s3: {aws_ip_ranges: {file: r.json, service: AMAZON}}\n");
  const absl::StatusOr<std::string> whole = AddPlanFiles(text, directory_, "plan.yaml");
  ASSERT_TRUE(whole.ok()) << whole.status();
  EXPECT_THAT(ParsePlan(*whole).plan.groups.at("s3").cidrs.prefixes(), SizeIs(100'000));
}

}  // namespace
}  // namespace faultline
