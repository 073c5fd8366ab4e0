#include "common/log/record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace faultline {
namespace {

using ::testing::HasSubstr;

const LogOrigin kOrigin = {.identifier = "faultline-agent", .node = "lon-a"};

TEST(LogRecordTest, TextSaysWhatItIsAbout) {
  EXPECT_EQ(LogText({.message = "stopping"}), "stopping");
  EXPECT_EQ(LogText({.message = "armed", .subject = {.run = "split-1"}}), "run split-1: armed");
  EXPECT_EQ(LogText({.message = "began", .subject = {.run = "split-1", .step = 0}}), "run split-1: step 0: began");
  EXPECT_EQ(LogText({.message = "left", .subject = {.node = "par-a"}}), "node par-a: left");
}

TEST(LogRecordTest, JournalGetsEveryField) {
  const LogRecord record{.message = "began", .subject = {.run = "split-1", .step = 2, .node = "par-a"}};
  EXPECT_EQ(JournalDatagram(record, kOrigin),
            "MESSAGE=node par-a: run split-1: step 2: began\nPRIORITY=6\nSYSLOG_IDENTIFIER=faultline-agent\n"
            "FAULTLINE_RUN=split-1\nFAULTLINE_STEP=2\nFAULTLINE_NODE=par-a\n");
}

TEST(LogRecordTest, JournalGetsTheWritersNodeForNoOther) {
  EXPECT_EQ(JournalDatagram({.message = "up"}, kOrigin),
            "MESSAGE=up\nPRIORITY=6\nSYSLOG_IDENTIFIER=faultline-agent\nFAULTLINE_NODE=lon-a\n");
  EXPECT_EQ(JournalDatagram({.message = "up"}, {.identifier = "faultline-controller", .node = ""}),
            "MESSAGE=up\nPRIORITY=6\nSYSLOG_IDENTIFIER=faultline-controller\n");
}

TEST(LogRecordTest, PrioritiesAreSyslogs) {
  for (const auto& [level, priority] :
       {std::pair(LogLevel::kDebug, "PRIORITY=7\n"), std::pair(LogLevel::kInfo, "PRIORITY=6\n"),
        std::pair(LogLevel::kWarning, "PRIORITY=4\n"), std::pair(LogLevel::kError, "PRIORITY=3\n")}) {
    EXPECT_THAT(JournalDatagram({.level = level, .message = "x"}, kOrigin), HasSubstr(priority));
  }
}

TEST(LogRecordTest, ALineEndCannotMakeAFieldOfItsOwn) {
  const std::string text = "bad\nPRIORITY=0";
  EXPECT_EQ(JournalDatagram({.message = text}, {.identifier = "x", .node = ""}),
            std::string("MESSAGE\n\x0e\0\0\0\0\0\0\0", 16) + "bad\nPRIORITY=0\nPRIORITY=6\nSYSLOG_IDENTIFIER=x\n");
}

TEST(LogRecordTest, WhatIsTooLongIsCutAndSaysSo) {
  const std::string longest(kLongestJournalMessage, 'a');
  EXPECT_THAT(JournalDatagram({.message = longest}, kOrigin), HasSubstr("MESSAGE=" + longest + "\n"));
  const std::string longer = longest + "bc";
  EXPECT_THAT(JournalDatagram({.message = longer}, kOrigin),
              HasSubstr("MESSAGE=" + longest + "... (cut: " + std::to_string(longer.size()) + " bytes)\n"));
}

}  // namespace
}  // namespace faultline
