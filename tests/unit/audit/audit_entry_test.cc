#include "controller/audit/audit_entry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/digest.h"

namespace faultline {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

AuditLine Line(const std::string& reason) {
  return {.seq = 7,
          .time = WallTime(std::chrono::seconds(1704067200) + std::chrono::milliseconds(250)),
          .entry = {.who = {.name = "alice", .role = Role::kOperator, .from = "ipv4:198.18.0.2:41522"},
                    .action = "start a run",
                    .decision = AuditDecision::kFailed,
                    .run_id = "split-1",
                    .plan_digest = "d1",
                    .reason = reason},
          .torn = std::nullopt,
          .prev = std::string(64, 'a'),
          .hash = ""};
}

TEST(AuditEntryTest, IsALineOfJson) {
  AuditLine line = Line("why");
  const std::string text = FormatAuditLine(line);
  const std::string body =
      R"({"seq":7,"time":"2024-01-01T00:00:00.250Z","who":"alice","role":"operator","from":"ipv4:198.18.0.2:41522",)"
      R"("action":"start a run","decision":"failed","run":"split-1","plan":"d1","reason":"why","prev":")" +
      std::string(64, 'a') + "\"";
  EXPECT_EQ(text, body + ",\"hash\":\"" + Sha256Hex(body + "}") + "\"}");
  EXPECT_EQ(line.hash, Sha256Hex(body + "}"));
}

TEST(AuditEntryTest, DigestIsThatOfSha256sum) {
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(AuditEntryTest, ReadsWhatItWrites) {
  for (const std::string reason : {"", "plain", "two\nlines", "\"},\"hash\":\"x\"}", "back\\slash",
                                   "tab\t\x1b[31mred\x7f", "é 東京 \xe2\x80\xa8", "{\"seq\":1}"}) {
    AuditLine line = Line(reason);
    line.torn = "t";
    const std::string text = FormatAuditLine(line);
    EXPECT_EQ(text.find('\n'), std::string::npos);
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
    const absl::StatusOr<AuditLine> read = ParseAuditLine(text);
    ASSERT_TRUE(read.ok()) << read.status() << text;
    EXPECT_EQ(read->entry.reason, reason);
    EXPECT_EQ(read->entry.who, line.entry.who);
    EXPECT_EQ(read->entry.action, "start a run");
    EXPECT_EQ(read->entry.decision, AuditDecision::kFailed);
    EXPECT_EQ(read->entry.run_id, "split-1");
    EXPECT_EQ(read->entry.plan_digest, "d1");
    EXPECT_EQ(read->seq, 7u);
    EXPECT_EQ(read->time, line.time);
    EXPECT_EQ(read->torn, "t");
    EXPECT_EQ(read->prev, line.prev);
    EXPECT_EQ(read->hash, line.hash);
  }
}

TEST(AuditEntryTest, ReplacesWhatIsNoUtf8AndCutsWhatIsLong) {
  AuditLine bytes = Line("a\xff\xc3(");
  EXPECT_EQ(ParseAuditLine(FormatAuditLine(bytes))->entry.reason, "a\xef\xbf\xbd\xef\xbf\xbd(");
  AuditLine huge = Line(std::string(1 << 20, 'x'));
  const std::string text = FormatAuditLine(huge);
  EXPECT_LT(text.size(), 5000u);
  EXPECT_THAT(text, HasSubstr("xxx (cut)"));
  EXPECT_TRUE(ParseAuditLine(text).ok());
}

TEST(AuditEntryTest, EveryChangedByteShows) {
  AuditLine line = Line("why");
  const std::string text = FormatAuditLine(line);
  ASSERT_TRUE(ParseAuditLine(text).ok());
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(ParseAuditLine(changed).ok()) << changed;
    EXPECT_FALSE(ParseAuditLine(text.substr(0, i)).ok()) << i;
  }
}

}  // namespace
}  // namespace faultline
