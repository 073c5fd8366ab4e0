#include "common/completion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace faultline {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Files = Completion::Files;

// tool [--controller X] [--json] run PLAN [--for X] [--out FILE] | plan {check PLAN | schema} | node NAME...
class CompletionTest : public ::testing::Test {
 protected:
  CompletionTest() {
    app_.add_option("--controller", text_, "Which");
    app_.add_flag("--json", flag_, "As JSON");
    CLI::App* const run = app_.add_subcommand("run", "Carry it\nout");
    run->add_option("PLAN", text_)->required()->type_name("PLAN");
    run->add_option("--for", text_, "How long");
    run->add_option("--out,-o", text_, "Where to")->type_name("FILE");
    CLI::App* const plan = app_.add_subcommand("plan", "Look at one");
    plan->require_subcommand(1);
    plan->add_subcommand("check")->add_option("PLAN", text_)->type_name("PLAN");
    plan->add_subcommand("schema");
    app_.add_subcommand("node", "A node")->add_option("FILE", texts_)->type_name("FILE");
  }

  std::vector<std::string> Words(const std::vector<std::string>& words) const {
    std::vector<std::string> offered;
    for (const Candidate& candidate : Complete(app_, words).candidates) offered.push_back(candidate.word);
    return offered;
  }
  Files FilesAt(const std::vector<std::string>& words) const { return Complete(app_, words).files; }

  CLI::App app_{"tool"};
  std::string text_;
  std::vector<std::string> texts_;
  bool flag_ = false;
};

TEST_F(CompletionTest, Verbs) {
  EXPECT_THAT(Words({""}), ElementsAre("run", "plan", "node"));
  EXPECT_THAT(Words({"p"}), ElementsAre("plan"));
  EXPECT_THAT(Words({"plan", ""}), ElementsAre("check", "schema"));
  EXPECT_THAT(Words({"x"}), IsEmpty());
  EXPECT_THAT(Words({}), IsEmpty());
}

TEST_F(CompletionTest, OptionsOfEveryVerbTypedSoFar) {
  EXPECT_THAT(Words({"run", "--"}), ElementsAre("--help", "--for", "--out", "--controller", "--json"));
  EXPECT_THAT(Words({"run", "--j"}), ElementsAre("--json"));
  EXPECT_THAT(Words({"plan", "check", "--c"}), ElementsAre("--controller"));
}

TEST_F(CompletionTest, AnOptionsValueIsNoVerb) {
  EXPECT_THAT(Words({"--controller", ""}), IsEmpty());
  EXPECT_THAT(Words({"--controller", "run", ""}), ElementsAre("run", "plan", "node"));
  EXPECT_THAT(Words({"--controller=x", ""}), ElementsAre("run", "plan", "node"));
  EXPECT_THAT(Words({"--json", ""}), ElementsAre("run", "plan", "node"));
}

TEST_F(CompletionTest, FilesAndPlans) {
  EXPECT_EQ(FilesAt({"run", ""}), Files::kPlans);
  EXPECT_EQ(FilesAt({"plan", "check", "x"}), Files::kPlans);
  EXPECT_EQ(FilesAt({"run", "x.yaml", ""}), Files::kNone);
  EXPECT_EQ(FilesAt({"run", "--for", ""}), Files::kNone);
  EXPECT_EQ(FilesAt({"run", "--for", "3s", ""}), Files::kPlans);
  EXPECT_EQ(FilesAt({"run", "-o", ""}), Files::kAny);
  EXPECT_EQ(FilesAt({"run", "--", "--"}), Files::kPlans);
  EXPECT_EQ(FilesAt({"node", "a", "b", ""}), Files::kAny);
  EXPECT_EQ(FilesAt({"plan", ""}), Files::kNone);
}

TEST_F(CompletionTest, AfterAnArgumentThereAreNoVerbs) { EXPECT_THAT(Words({"run", "plan", ""}), IsEmpty()); }

TEST_F(CompletionTest, TextForShells) {
  EXPECT_EQ(CompletionText(Complete(app_, {"r"})), "run\tCarry it out\n");
  EXPECT_EQ(CompletionText(Complete(app_, {"run", ""})), ":plans\n");
  EXPECT_EQ(CompletionText(Complete(app_, {"run", "-o", ""})), ":files\n");
}

}  // namespace
}  // namespace faultline
