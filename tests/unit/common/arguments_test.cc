#include "common/arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace faultline {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// tool [--controller X] run FILE [--set X] | plan {check | preview}
class ArgumentsTest : public ::testing::Test {
 protected:
  ArgumentsTest() {
    app_.require_subcommand(1);
    app_.fallthrough();
    app_.add_option("--controller", text_);
    CLI::App* const run = app_.add_subcommand("run");
    run->fallthrough();
    run->add_option("file", text_)->required();
    run->add_option("--set", text_);
    run->add_flag("--detach", flag_);
    CLI::App* const plan = app_.add_subcommand("plan");
    plan->fallthrough();
    plan->require_subcommand(1);
    plan->add_subcommand("check");
    plan->add_subcommand("preview");
  }

  std::optional<int> Parse(std::vector<const char*> words) {
    words.insert(words.begin(), "tool");
    ::testing::internal::CaptureStderr();
    ::testing::internal::CaptureStdout();
    const std::optional<int> code = ParseArguments(app_, static_cast<int>(words.size()), words.data());
    ::testing::internal::GetCapturedStdout();
    said_ = ::testing::internal::GetCapturedStderr();
    return code;
  }

  CLI::App app_{"tool"};
  std::string text_;
  bool flag_ = false;
  std::string said_;
};

TEST_F(ArgumentsTest, RightOnesGoOn) {
  EXPECT_EQ(Parse({"run", "x.yaml", "--detach"}), std::nullopt);
  EXPECT_TRUE(flag_);
  EXPECT_EQ(said_, "");
}

TEST_F(ArgumentsTest, HelpIsNoError) { EXPECT_EQ(Parse({"--help"}), 0); }

TEST_F(ArgumentsTest, OptionOfTheVerb) {
  EXPECT_EQ(Parse({"run", "x.yaml", "--detahc"}), kWrongUsage);
  EXPECT_THAT(Misspelt(app_), ElementsAre("there is no '--detahc': did you mean '--detach'?"));
  EXPECT_THAT(said_, ::testing::StartsWith("there is no '--detahc': did you mean '--detach'?\n"));
}

TEST_F(ArgumentsTest, OptionOfTheProgramAfterItsVerbAndWithItsValue) {
  EXPECT_EQ(Parse({"run", "x.yaml", "--controler=unix:/x"}), kWrongUsage);
  EXPECT_THAT(Misspelt(app_), ElementsAre("there is no '--controler': did you mean '--controller'?"));
}

TEST_F(ArgumentsTest, EachOfSeveral) {
  EXPECT_EQ(Parse({"run", "x.yaml", "--sett", "--detac"}), kWrongUsage);
  EXPECT_THAT(Misspelt(app_), ElementsAre("there is no '--sett': did you mean '--set'?",
                                          "there is no '--detac': did you mean '--detach'?"));
}

TEST_F(ArgumentsTest, VerbAndVerbOfAVerb) {
  EXPECT_EQ(Parse({"rnu", "x.yaml"}), kWrongUsage);
  EXPECT_THAT(Misspelt(app_), ElementsAre("there is no 'rnu': did you mean 'run'?"));
  EXPECT_EQ(Parse({"plan", "previw"}), kWrongUsage);
  EXPECT_THAT(Misspelt(app_), ElementsAre("there is no 'previw': did you mean 'preview'?"));
}

TEST_F(ArgumentsTest, OptionsOfOtherVerbsAreNotMeant) {
  EXPECT_EQ(Parse({"plan", "check", "--detahc"}), kWrongUsage);
  EXPECT_THAT(Misspelt(app_), IsEmpty());
}

TEST_F(ArgumentsTest, WhatIsLikeNothing) {
  EXPECT_EQ(Parse({"run", "x.yaml", "--wherever", "more"}), kWrongUsage);
  EXPECT_THAT(Misspelt(app_), IsEmpty());
  EXPECT_THAT(said_, ::testing::HasSubstr("--wherever"));
}

}  // namespace
}  // namespace faultline
