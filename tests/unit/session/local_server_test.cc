#include "agent/local_server.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <thread>
#include <vector>

#include "agent/local_client.h"
#include "agent/local_socket.h"

namespace faultline {
namespace {

using ::testing::HasSubstr;

const LocalStatus kStatus = {.controller = "198.18.0.10:7400",
                             .connected = true,
                             .steps = {{RunId("split-1"), 0, "one-way"}, {RunId("split-1"), 7, "two words"}}};

class LocalServerTest : public ::testing::Test {
 protected:
  ~LocalServerTest() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<LocalServer> Start() {
    auto server = LocalServer::Start(folder_, {.heal = [this]() -> absl::StatusOr<std::size_t> {
                                                 ++asked_;
                                                 if (!failure_.ok()) return failure_;
                                                 return 3;
                                               },
                                               .status = [] { return kStatus; },
                                               .log_level =
                                                   [this](std::optional<LogLevel> level) {
                                                     if (level) log_level_ = *level;
                                                     return log_level_;
                                                   }});
    EXPECT_TRUE(server.ok()) << server.status();
    return server.ok() ? *std::move(server) : nullptr;
  }

  std::string folder_ = [] {
    std::string name = std::filesystem::temp_directory_path() / "faultline-test-XXXXXX";
    return std::string(mkdtemp(name.data()));
  }();
  int asked_ = 0;
  absl::Status failure_;
  LogLevel log_level_ = LogLevel::kInfo;
};

TEST_F(LocalServerTest, AsksTheRunningAgentToHeal) {
  const auto server = Start();
  EXPECT_EQ(*AskToHeal(folder_), 3u);
  EXPECT_EQ(*AskToHeal(folder_), 3u);
  EXPECT_EQ(asked_, 2);
}

TEST_F(LocalServerTest, OneThatCannotHealSaysWhy) {
  failure_ = absl::ResourceExhaustedError("removing the table:\nno memory");
  const auto server = Start();
  EXPECT_EQ(AskToHeal(folder_).status(),
            absl::InternalError("the agent could not heal: removing the table:; no memory"));
}

TEST_F(LocalServerTest, AsksTheRunningAgentForItsStatus) {
  const auto server = Start();
  const LocalAgent agent = AskForStatus(folder_);
  ASSERT_TRUE(agent.status.ok()) << agent.status.status();
  EXPECT_EQ(*agent.status, kStatus);
  EXPECT_EQ(agent.pid, getpid());
  EXPECT_EQ(asked_, 0);
}

TEST_F(LocalServerTest, AsksForTheLogsLevelAndSetsIt) {
  const auto server = Start();
  EXPECT_EQ(*AskForLogLevel(folder_, std::nullopt), LogLevel::kInfo);
  EXPECT_EQ(*AskForLogLevel(folder_, LogLevel::kDebug), LogLevel::kDebug);
  EXPECT_EQ(*AskForLogLevel(folder_, std::nullopt), LogLevel::kDebug);
  EXPECT_EQ(asked_, 0);
}

TEST_F(LocalServerTest, NobodyListens) {
  EXPECT_EQ(AskToHeal(folder_).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(AskForLogLevel(folder_, std::nullopt).status().code(), absl::StatusCode::kNotFound);
  const LocalAgent agent = AskForStatus(folder_);
  EXPECT_EQ(agent.status.status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(agent.pid, std::nullopt);
}

TEST_F(LocalServerTest, OneThatHangsIsGivenUpAndKnown) {
  // Takes connections, as the kernel does for a stopped process, and says nothing.
  const sockaddr_un address = LocalSocketAddress(*LocalSocketPath(folder_));
  const UniqueFd listener(socket(AF_UNIX, SOCK_STREAM, 0));
  ASSERT_EQ(bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  ASSERT_EQ(listen(listener.get(), 4), 0);
  EXPECT_EQ(AskToHeal(folder_).status().code(), absl::StatusCode::kDeadlineExceeded);
  const LocalAgent agent = AskForStatus(folder_);
  EXPECT_EQ(agent.status.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(agent.pid, getpid());
}

TEST_F(LocalServerTest, AnswersWithoutADescriptorLeft) {
  const auto server = Start();
  // Another process asks: this one has no descriptor for it.
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    char go = 0;
    const bool told = read(ready[0], &go, 1) == 1;
    _exit(told && AskToHeal(folder_).ok() && AskForStatus(folder_).status.ok() ? 0 : 1);
  }
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  const UniqueFd highest(open("/dev/null", O_RDONLY));
  const rlimit none{.rlim_cur = static_cast<rlim_t>(highest.get()), .rlim_max = before.rlim_max};
  setrlimit(RLIMIT_NOFILE, &none);
  EXPECT_LT(open("/dev/null", O_RDONLY), 0);
  EXPECT_EQ(write(ready[1], "x", 1), 1);
  int status = 0;
  waitpid(child, &status, 0);
  setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_EQ(status, 0);
  close(ready[0]);
  close(ready[1]);
}

TEST_F(LocalServerTest, UnknownWordsAreAnsweredWithNothing) {
  const auto server = Start();
  for (const std::string& word :
       {std::string("frobnicate\n"), std::string("heal now\n"), std::string("log-level loud\n"),
        std::string("log-leveldebug\n"), std::string(2 << 20, 'x')}) {
    const sockaddr_un address = LocalSocketAddress(*LocalSocketPath(folder_));
    const UniqueFd connection(socket(AF_UNIX, SOCK_STREAM, 0));
    ASSERT_EQ(connect(connection.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    send(connection.get(), word.data(), word.size(), MSG_NOSIGNAL);
    shutdown(connection.get(), SHUT_WR);
    EXPECT_EQ(ReadLocal(connection.get(), Until::kEnd), "");
  }
  EXPECT_EQ(asked_, 0);
  EXPECT_TRUE(AskToHeal(folder_).ok());
}

TEST_F(LocalServerTest, WhoIsSilentHoldsUpNobodyForLong) {
  const auto server = Start();
  const sockaddr_un address = LocalSocketAddress(*LocalSocketPath(folder_));
  std::vector<UniqueFd> silent;
  for (const std::string& word : {std::string(), std::string("hea")}) {
    silent.emplace_back(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(connect(silent.back().get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    send(silent.back().get(), word.data(), word.size(), MSG_NOSIGNAL);
  }
  // Asked in vain, it would be taken for one that hangs, and killed.
  EXPECT_EQ(*AskToHeal(folder_), 3u);
  EXPECT_EQ(asked_, 1);
}

// Such as whoever gets no processor between connecting and asking: to kill the agent for that would be wrong.
TEST_F(LocalServerTest, WhoIsHungUpOnAsksAgain) {
  const sockaddr_un address = LocalSocketAddress(*LocalSocketPath(folder_));
  const UniqueFd listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  ASSERT_EQ(listen(listener.get(), 4), 0);
  const auto accept_one = [&listener] { return UniqueFd(accept(listener.get(), nullptr, nullptr)); };
  {
    const std::jthread agent([&] {
      accept_one();
      // Hung up on after it has asked, too.
      ReadLocal(accept_one().get(), Until::kLine);
      const UniqueFd third = accept_one();
      EXPECT_EQ(ReadLocal(third.get(), Until::kLine), kAskHeal);
      send(third.get(), "healed 3\n", 9, MSG_NOSIGNAL);
    });
    const auto healed = AskToHeal(folder_);
    EXPECT_TRUE(healed.ok()) << healed.status();
    // So that the agent comes to its end.
    while (!healed.ok() && !AskToHeal(folder_).ok()) {
    }
  }
  const std::jthread agent([&] {
    while (accept_one()) {
    }
  });
  EXPECT_EQ(AskToHeal(folder_).status().code(), absl::StatusCode::kDeadlineExceeded) << "who only hangs up is broken";
  shutdown(listener.get(), SHUT_RDWR);
}

TEST_F(LocalServerTest, SilenceAloneIsGivenLittleTime) {
  const UniqueFd one(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  SetLocalPatience(one.get(), std::chrono::milliseconds(200));
  const auto timeout = [&one](int option) {
    timeval time{};
    socklen_t size = sizeof(time);
    getsockopt(one.get(), SOL_SOCKET, option, &time, &size);
    return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
  };
  EXPECT_EQ(timeout(SO_RCVTIMEO), std::chrono::milliseconds(200));
  EXPECT_EQ(timeout(SO_SNDTIMEO), std::chrono::seconds(2)) << "a long answer takes a while to be read";
}

TEST_F(LocalServerTest, ManyAtOnceAreAnsweredOneByOne) {
  const auto server = Start();
  std::atomic<int> answered = 0;
  {
    std::vector<std::jthread> askers;
    for (int i = 0; i < 50; ++i) {
      askers.emplace_back([&] { answered += AskForStatus(folder_).status.ok() ? 1 : 0; });
    }
  }
  EXPECT_EQ(answered, 50);
}

TEST_F(LocalServerTest, SecondAgentIsKeptOutWhileTheFirstLives) {
  {
    const auto first = LockRuntimeFolder(folder_);
    ASSERT_TRUE(first.ok());
    EXPECT_EQ(LockRuntimeFolder(folder_).status().code(), absl::StatusCode::kFailedPrecondition);
  }
  EXPECT_TRUE(LockRuntimeFolder(folder_).ok());
}

TEST_F(LocalServerTest, LeavesNoSocketBehind) {
  Start();
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/agent.sock"));
}

TEST(LocalProtocolTest, FolderThatIsTooLongIsNamed) {
  EXPECT_TRUE(LocalSocketPath("/" + std::string(95, 'x')).ok());
  EXPECT_THAT(LocalSocketPath("/" + std::string(96, 'x')).status().message(), HasSubstr("within 96 characters"));
}

TEST(LocalProtocolTest, LogLevelReadsBack) {
  EXPECT_EQ(FormatAskLogLevel(std::nullopt), "log-level\n");
  EXPECT_EQ(FormatAskLogLevel(LogLevel::kError), "log-level error\n");
  EXPECT_EQ(*ParseAskLogLevel("log-level\n"), std::nullopt);
  EXPECT_EQ(*ParseAskLogLevel("log-level warning\n"), LogLevel::kWarning);
  EXPECT_EQ(*ParseLogLevelAnswer(FormatLogLevel(LogLevel::kDebug)), LogLevel::kDebug);
  for (const char* text :
       {"", "log-level\n", "log-level debug", "log-leveldebug\n", "log-level loud\n", "healed 1\n"}) {
    EXPECT_EQ(ParseLogLevelAnswer(text).status().code(), absl::StatusCode::kDataLoss) << text;
  }
}

TEST(LocalProtocolTest, StatusReadsBack) {
  EXPECT_EQ(FormatStatus(kStatus),
            "controller 198.18.0.10:7400 connected\nstep split-1 0 one-way\nstep split-1 7 two words\nend\n");
  EXPECT_EQ(*ParseStatus(FormatStatus(kStatus)), kStatus);
  EXPECT_EQ(*ParseStatus(FormatStatus({.controller = "unix:/a b"})), LocalStatus{.controller = "unix:/a b"});
}

TEST(LocalProtocolTest, WhatIsNotAnAnswerIsRefused) {
  for (const char* text : {"", "end", "controller a connected\n", "controller a\nend\n", "step r x name\nend\n",
                           "step r 1\nend\n", "healed 1\nend\n"}) {
    EXPECT_EQ(ParseStatus(text).status().code(), absl::StatusCode::kDataLoss) << text;
  }
  for (const char* text : {"", "healed", "healed 1", "healed x\n", "ended 1\n"}) {
    EXPECT_EQ(ParseHealed(text).status().code(), absl::StatusCode::kDataLoss) << text;
  }
  EXPECT_EQ(*ParseHealed("healed 12\n"), 12u);
}

}  // namespace
}  // namespace faultline
