#include "common/log/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/support/datagrams.h"

namespace faultline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

class LogTest : public ::testing::Test {
 protected:
  ~LogTest() override { std::filesystem::remove_all(folder_); }

  LogOptions ToJournal() const { return {.origin = {.identifier = "test", .node = ""}, .journal = path_}; }

  const std::string folder_ = [] {
    std::string name = std::filesystem::temp_directory_path() / "faultline-test-XXXXXX";
    return std::string(mkdtemp(name.data()));
  }();
  const std::string path_ = folder_ + "/journal";
};

// What `write` has standard error take.
template <typename Function>
std::string StandardErrorOf(const Function& write) {
  ::testing::internal::CaptureStderr();
  write();
  return ::testing::internal::GetCapturedStderr();
}

TEST_F(LogTest, IsLinesOnStandardErrorWithoutAJournal) {
  const std::string text = StandardErrorOf([] {
    const LogWriter writer({.origin = {.identifier = "test", .node = "lon-a"}});
    LogInfo("armed", {.run = "split-1"});
    LogError("no");
  });
  EXPECT_THAT(text, MatchesRegex("....-..-..T..:..:..\\.... info run split-1: armed\n"
                                 "....-..-..T..:..:..\\.... error no\n"));
}

TEST_F(LogTest, IsSentToTheJournalWithItsFields) {
  const testing::Datagrams journal(path_);
  const LogWriter writer(ToJournal());
  LogWarning("began", {.run = "split-1", .step = 3});
  EXPECT_EQ(journal.Next(),
            "MESSAGE=run split-1: step 3: began\nPRIORITY=4\nSYSLOG_IDENTIFIER=test\nFAULTLINE_RUN=split-1\n"
            "FAULTLINE_STEP=3\n");
}

TEST_F(LogTest, HasTheNodeAsSoonAsThatIsKnown) {
  const testing::Datagrams journal(path_);
  LogWriter writer(ToJournal());
  LogInfo("one");
  writer.SetNode("lon-a");
  LogInfo("two");
  LogInfo("three", {.node = "par-a"});
  EXPECT_THAT(journal.Next(), ::testing::Not(HasSubstr("FAULTLINE_NODE")));
  EXPECT_THAT(journal.Next(), HasSubstr("FAULTLINE_NODE=lon-a\n"));
  EXPECT_THAT(journal.Next(), HasSubstr("FAULTLINE_NODE=par-a\n"));
}

TEST_F(LogTest, WritesFromItsLevelOn) {
  const testing::Datagrams journal(path_);
  LogWriter writer(ToJournal());
  EXPECT_EQ(writer.level(), LogLevel::kInfo);
  LogDebug("one");
  LogInfo("two");
  writer.SetLevel(LogLevel::kError);
  EXPECT_EQ(writer.level(), LogLevel::kError);
  LogWarning("three");
  LogError("four");
  writer.SetLevel(LogLevel::kDebug);
  LogDebug("five");
  std::vector<std::string> messages;
  for (int i = 0; i < 5; ++i) {
    const std::string datagram = journal.Next();
    messages.push_back(datagram.substr(0, datagram.find('\n')));
  }
  EXPECT_THAT(messages, ElementsAre("MESSAGE=two", "MESSAGE=the log's level is error now", "MESSAGE=four",
                                    "MESSAGE=the log's level is debug now", "MESSAGE=five"));
  EXPECT_TRUE(journal.empty());
}

TEST_F(LogTest, WritesWhatWaitsBeforeItGoes) {
  const std::string text = StandardErrorOf([] {
    const LogWriter writer({.origin = {.identifier = "test", .node = ""}});
    for (int i = 0; i < 200; ++i) LogInfo(absl::StrCat("line ", i));
  });
  EXPECT_THAT(text, HasSubstr("line 199\n"));
}

TEST_F(LogTest, WithoutAWriterNothingIsWritten) {
  EXPECT_EQ(StandardErrorOf([] { LogError("nobody writes"); }), "");
}

TEST_F(LogTest, SaysThatAJournalCannotBeUsed) {
  const std::string text = StandardErrorOf([] {
    const LogWriter writer({.origin = {.identifier = "test", .node = ""}, .journal = std::string(200, 'x')});
    LogInfo("up");
  });
  EXPECT_THAT(text, HasSubstr("is too long for a socket's name\n"));
  EXPECT_THAT(text, HasSubstr(" info up\n"));
}

TEST_F(LogTest, WhoReadsItSlowlyHoldsNobodyUp) {
  const testing::Datagrams journal(path_);
  auto writer = std::make_unique<LogWriter>(ToJournal());
  // Nobody reads: the socket takes a few, then the queue fills, and this returns all the same.
  for (int i = 0; i < 5000; ++i) LogInfo(absl::StrCat("line ", i));
  std::vector<std::string> read;
  std::thread reader([&] {
    while (read.empty() || read.back().find("line 4999\n") == std::string::npos) read.push_back(journal.Next());
  });
  writer.reset();
  reader.join();
  EXPECT_LT(read.size(), 1000u);
  std::size_t told = 0;
  for (const std::string& datagram : read) {
    std::size_t lost = 0;
    if (std::sscanf(datagram.c_str(), "MESSAGE=%zu records are missing here", &lost) == 1) told += lost;
  }
  const auto notices = std::count_if(read.begin(), read.end(), [](const std::string& datagram) {
    return datagram.find("records are missing here") != std::string::npos;
  });
  EXPECT_EQ(told + read.size() - static_cast<std::size_t>(notices), 5000u);
}

TEST_F(LogTest, ItsThreadTakesNoSignal) {
  const LogWriter writer({.origin = {.identifier = "test", .node = ""}});
  sigset_t one;
  sigset_t before;
  sigemptyset(&one);
  sigaddset(&one, SIGUSR1);
  ASSERT_EQ(pthread_sigmask(SIG_BLOCK, &one, &before), 0);
  // A thread that would take it would end the process.
  ASSERT_EQ(kill(getpid(), SIGUSR1), 0);
  int taken = 0;
  EXPECT_EQ(sigwait(&one, &taken), 0);
  EXPECT_EQ(taken, SIGUSR1);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace
}  // namespace faultline
