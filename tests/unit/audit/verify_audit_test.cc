#include "controller/audit/verify_audit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/file.h"
#include "controller/audit/audit_log.h"
#include "tests/fakes/fake_clock.h"

namespace faultline {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A real folder with a log of five entries.
class VerifyAuditTest : public ::testing::Test {
 protected:
  VerifyAuditTest() {
    Write(5);
    lines_ = absl::StrSplit(ReadFile(path_).value(), '\n', absl::SkipEmpty());
  }
  ~VerifyAuditTest() override { std::filesystem::remove_all(folder_); }

  void Write(int entries, std::uint64_t largest = AuditLog::kLargestFile) {
    const auto log = AuditLog::Open(clock_, OpenAuditFile(folder_), largest);
    ASSERT_TRUE(log.ok()) << log.status();
    for (int i = 0; i < entries; ++i) ASSERT_TRUE((*log)->Record({.who = {.name = "alice"}, .action = "x"}).ok());
    head_ = (*log)->head();
  }
  // What is said of the folder when its file has these lines.
  AuditVerdict Verdict(const std::vector<std::string>& lines, const std::optional<AuditHead>& written = std::nullopt) {
    EXPECT_TRUE(WriteFile(path_, absl::StrCat(absl::StrJoin(lines, "\n"), "\n")).ok());
    return VerifyAudit(folder_, written).value();
  }
  std::vector<std::string> Without(std::size_t line) {
    std::vector<std::string> lines = lines_;
    lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(line));
    return lines;
  }

  FakeClock clock_;
  const std::string folder_ = [] {
    std::string name = std::filesystem::temp_directory_path() / "faultline-test-XXXXXX";
    return std::string(mkdtemp(name.data()));
  }();
  const std::string path_ = folder_ + "/audit.jsonl";
  std::vector<std::string> lines_;
  AuditHead head_;
};

TEST_F(VerifyAuditTest, OneThatIsAsItWasWritten) {
  const AuditVerdict verdict = Verdict(lines_, head_);
  EXPECT_EQ(verdict.broken, "");
  EXPECT_EQ(verdict.entries, 5u);
  EXPECT_EQ(verdict.head, head_);
  EXPECT_THAT(verdict.notes, IsEmpty());
}

TEST_F(VerifyAuditTest, OnlyItsOwnerMayReadIt) {
  struct stat found {};
  ASSERT_EQ(stat(path_.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600u);
}

TEST_F(VerifyAuditTest, NamesTheFirstLineThatIsNot) {
  std::vector<std::string> edited = lines_;
  edited[2].replace(edited[2].find("alice"), 5, "mallo");
  EXPECT_EQ(Verdict(edited).broken, "audit.jsonl:3: its hash is not that of its text: it was changed");
  EXPECT_EQ(Verdict(Without(2)).broken, "audit.jsonl:3: entry 3 is missing before entry 4");
  EXPECT_EQ(Verdict(Without(0)).broken, "audit.jsonl:1: entry 1 is missing before entry 2");
  std::vector<std::string> reordered = lines_;
  std::swap(reordered[1], reordered[2]);
  EXPECT_EQ(Verdict(reordered).broken, "audit.jsonl:2: entry 2 is missing before entry 3");
  std::vector<std::string> repeated = lines_;
  repeated.insert(repeated.begin() + 2, lines_[1]);
  EXPECT_EQ(Verdict(repeated).broken, "audit.jsonl:3: entry 2 stands after entry 2");
  std::vector<std::string> cut = lines_;
  cut[2] = cut[2].substr(0, 40);
  EXPECT_EQ(Verdict(cut).broken,
            "audit.jsonl:3: what stands before entry 4 is no entry, and not what a crash left of one");
}

TEST_F(VerifyAuditTest, ALineReplacedWithARightHashBreaksTheNext) {
  AuditLine line = ParseAuditLine(lines_[2]).value();
  line.entry.who.name = "mallory";
  std::vector<std::string> forged = lines_;
  forged[2] = FormatAuditLine(line);
  EXPECT_EQ(Verdict(forged).broken, "audit.jsonl:4: entry 4 does not follow the one before it: one was replaced");
}

TEST_F(VerifyAuditTest, WhatIsMissingAtTheEndOnlyTheControllerKnows) {
  EXPECT_EQ(Verdict(Without(4)).broken, "");
  EXPECT_EQ(Verdict(Without(4), head_).broken,
            "audit.jsonl: it ends with entry 4, but the controller has written entry 5: its end was cut off");
  AuditLine line = ParseAuditLine(lines_[4]).value();
  line.entry.who.name = "mallory";
  std::vector<std::string> forged = lines_;
  forged[4] = FormatAuditLine(line);
  EXPECT_EQ(Verdict(forged).broken, "");
  EXPECT_EQ(Verdict(forged, head_).broken, "audit.jsonl:5: entry 5 is not the one that the controller wrote");
}

TEST_F(VerifyAuditTest, WhatACrashLeftAtTheEndIsNoted) {
  std::vector<std::string> torn = lines_;
  torn.push_back("{\"seq\":6,");
  const AuditVerdict verdict = Verdict(torn);
  EXPECT_EQ(verdict.broken, "");
  EXPECT_THAT(verdict.notes, ElementsAre("audit.jsonl:6: what a crash left of an entry; nothing was written since"));
}

TEST_F(VerifyAuditTest, FollowsTheChainThroughAllFiles) {
  Write(12, 700);
  ASSERT_TRUE(std::filesystem::exists(folder_ + "/audit-2.jsonl"));
  const AuditVerdict whole = VerifyAudit(folder_, head_).value();
  EXPECT_EQ(whole.broken, "");
  EXPECT_EQ(whole.entries, 17u);
  EXPECT_THAT(whole.notes, IsEmpty());
  const AuditVerdict alone = VerifyAudit(folder_ + "/audit-2.jsonl", std::nullopt).value();
  EXPECT_EQ(alone.broken, "");
  ASSERT_EQ(alone.notes.size(), 1u);
  std::filesystem::remove(folder_ + "/audit-2.jsonl");
  const std::string broken = VerifyAudit(folder_, head_).value().broken;
  EXPECT_EQ(broken.substr(0, 15), "audit-3.jsonl:1") << broken;
  std::filesystem::remove(folder_ + "/audit-1.jsonl");
  EXPECT_EQ(VerifyAudit(folder_, head_).value().broken, "");
}

TEST_F(VerifyAuditTest, NothingToVerifyIsAnError) {
  EXPECT_EQ(VerifyAudit(folder_ + "/none", std::nullopt).status().code(), absl::StatusCode::kNotFound);
  std::filesystem::remove(path_);
  EXPECT_EQ(VerifyAudit(folder_, std::nullopt).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace faultline
