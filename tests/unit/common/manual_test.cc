#include "common/manual.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace faultline {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class ManualTest : public ::testing::Test {
 protected:
  CLI::App app_{"tool: does things."};
  std::string text_;
};

TEST_F(ManualTest, OptionsWithTheirDefaults) {
  text_ = "/etc/x-y";
  app_.add_option("--config,-c", text_, "The file")->capture_default_str()->type_name("FILE");
  const std::string manual = ManualOf(app_);
  EXPECT_THAT(manual, HasSubstr(".TP\n\\fB\\-c, \\-\\-config\\fR \\fIFILE\\fR\nThe file (unless given: /etc/x\\-y)\n"));
  EXPECT_THAT(manual, HasSubstr("\\-\\-help"));
  EXPECT_THAT(manual, Not(HasSubstr("COMMANDS")));
}

TEST_F(ManualTest, VerbsWithTheirArguments) {
  CLI::App* const plan = app_.add_subcommand("plan", "Of plans");
  plan->require_subcommand(1);
  CLI::App* const check = plan->add_subcommand("check", "Say what is wrong");
  check->add_option("PLAN", text_, "Which");
  check->footer("Example: tool plan check a.yaml");
  const std::string manual = ManualOf(app_);
  EXPECT_THAT(manual, HasSubstr(".SH COMMANDS\n.SS plan check PLAN\nSay what is wrong.\n.TP\n\\fIPLAN\\fR\nWhich\n"));
  EXPECT_THAT(manual, HasSubstr("Example:\n.RS\n.B tool plan check a.yaml\n.RE\n"));
  EXPECT_THAT(manual, Not(HasSubstr(".SS plan\n")));
}

TEST_F(ManualTest, NoTextIsARequest) {
  app_.add_option("--x", text_, ".so /etc/passwd\n'quoted \\n");
  EXPECT_THAT(ManualOf(app_), HasSubstr("\\&.so /etc/passwd\n\\&'quoted \\en\n"));
}

}  // namespace
}  // namespace faultline
