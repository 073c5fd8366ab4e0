// The text that previews show, taken by the real nft, makes of a kernel what the agent makes of it.

#include "controller/preview/nft_text.h"

#include <filesystem>
#include <fstream>
#include <random>
#include <regex>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/lab/kernel/linux_kernel_fixture.h"
#include "tests/lab/kernel/random_program.h"

namespace faultline::testing {
namespace {

// A table as nft lists it: each chain's and set's name with its lines in order. Without what a text cannot say: the
// owner, the numbers of lanes; and without what is only another way to say the same: a set of one element, and a
// priority by name.
std::map<std::string, std::string> Parts(const std::string& listing) {
  static const std::regex lane_forward("fwd to \"?fl[0-9]+s?\"?");
  static const std::regex lane_priority("priority set fa17:[0-9a-f]+");
  static const std::regex one_element("\\{ ([^ ,{}]+) \\}");
  std::map<std::string, std::string> parts;
  std::string name;
  for (absl::string_view line : absl::StrSplit(listing, '\n')) {
    if (absl::StartsWith(line, "\tset ") || absl::StartsWith(line, "\tchain ")) {
      name = std::string(line);
    } else if (absl::StartsWith(line, "\t\t") && !absl::StrContains(line, "flags owner")) {
      std::string text = std::regex_replace(std::string(line), lane_forward, "fwd to LANE");
      text = std::regex_replace(text, lane_priority, "priority set LANE");
      text = std::regex_replace(text, one_element, "$1");
      absl::StrAppend(&parts[name], text, "\n");
    }
  }
  return parts;
}

class NftTextTest : public LinuxKernelTest {
 protected:
  // The peer's namespace is for the text, with all lanes that one may name: to make and remove them takes longer than
  // all else.
  void SetUp() override {
    LinuxKernelTest::SetUp();
    if (IsSkipped()) return;
    for (int lane = 0; lane <= 12; ++lane) peer().Run(absl::StrCat("ip link add fl", lane, " type ifb"));
  }

  void TearDown() override {
    std::filesystem::remove(file_);
    LinuxKernelTest::TearDown();
  }

  // What nft lists of our tables after it has read the text.
  std::map<std::string, std::string> FromText(const std::string& text) {
    std::ofstream(file_) << text;
    peer().Run(absl::StrCat("nft -c -f ", file_));
    EXPECT_EQ(peer().Run("nft list ruleset"), "") << "-c only checks";
    peer().Run(absl::StrCat("nft -f ", file_));
    auto parts = Parts(peer().Run("nft list ruleset"));
    peer().Run("nft flush ruleset");
    return parts;
  }

  void ExpectSame(const Program& program) {
    const std::string text = NftText(program);
    SCOPED_TRACE(text);
    const auto from_text = FromText(text);
    ASSERT_THAT(kernel_->Install(program), IsOk());
    const auto from_agent = Parts(node().Run("nft list ruleset"));
    ASSERT_THAT(kernel_->Remove(program.run), IsOk());
    EXPECT_EQ(from_text, from_agent);
    EXPECT_FALSE(from_text.empty());
  }

  const std::string file_ = absl::StrCat(::testing::TempDir(), "nft_text_test.", getpid(), ".nft");
};

TEST_F(NftTextTest, ACut) { ExpectSame(ParisIngressProgram("r")); }

TEST_F(NftTextTest, BothSidesOfACut) {
  FAULTLINE_SKIP_IF(WhyNoEgress());
  ExpectSame(ParisProgram("2026.split-1"));
}

TEST_F(NftTextTest, WhatIsProtectedBesides) {
  Program program = ParisIngressProgram("r");
  program.protect.remotes = Prefixes({"10.9.0.0/24", "10.9.1.0/25", "fd77::/64"});
  program.protect.endpoints = {{*IpAddress::Parse("172.33.7.44"), 7440}, {*IpAddress::Parse("fd21::72c"), 7440}};
  ExpectSame(program);
}

TEST_F(NftTextTest, WhateverAPlanMayAsk) {
  const auto has = kernel_->Probe();
  ASSERT_THAT(has, IsOk());
  std::mt19937 random(20261121);
  for (int i = 0; i < 60 && !HasFailure(); ++i) ExpectSame(RandomProgram(absl::StrCat("r", i), *has, random));
}

}  // namespace
}  // namespace faultline::testing
