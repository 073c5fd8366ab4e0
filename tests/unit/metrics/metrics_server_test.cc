#include "common/metrics/metrics_server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>

#include "absl/strings/str_cat.h"

namespace faultline {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::uint16_t kPort = 7402;

// Loopback has 16 million addresses: one for each process that tests.
std::string OwnAddress() {
  const pid_t pid = getpid();
  return absl::StrCat("127.", 1 + (pid >> 16) % 200, ".", pid >> 8 & 0xff, ".", pid & 0xff);
}

MetricsAddress Address() { return {.address = *IpAddress::Parse(OwnAddress()), .port = kPort}; }

UniqueFd Connect() {
  UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_port = htons(kPort);
  inet_pton(AF_INET, OwnAddress().c_str(), &in.sin_addr);
  const timeval patience = {.tv_sec = 20, .tv_usec = 0};
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (connect(fd.get(), reinterpret_cast<sockaddr*>(&in), sizeof in) != 0) return UniqueFd();
  return fd;
}

std::string ReadAll(const UniqueFd& fd) {
  std::string text;
  char buffer[4096];
  ssize_t got = 0;
  while ((got = read(fd.get(), buffer, sizeof buffer)) > 0) text.append(buffer, static_cast<std::size_t>(got));
  return text;
}

std::string Ask(const std::string& request) {
  const UniqueFd fd = Connect();
  const std::string text = request + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  EXPECT_EQ(write(fd.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  return ReadAll(fd);
}

Families OneGauge(double value) {
  FamilyList list("faultline_test_");
  list.Gauge("value", "What the test says.").Add(value);
  return list.Take();
}

TEST(MetricsServerTest, AnswersAnewEveryTime) {
  const auto server = MetricsServer::Listen(Address());
  ASSERT_TRUE(server.ok()) << server.status();
  std::atomic<int> asked = 0;
  ASSERT_TRUE((*server)->Serve([&asked] { return OneGauge(++asked); }).ok());
  EXPECT_THAT(
      Ask("GET /metrics"),
      AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), HasSubstr("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"),
            HasSubstr("# HELP faultline_test_value What the test says.\n# TYPE faultline_test_value gauge\n"
                      "faultline_test_value 1\n")));
  EXPECT_THAT(Ask("GET /metrics"), HasSubstr("faultline_test_value 2\n"));
}

TEST(MetricsServerTest, KnowsNothingElse) {
  const auto server = MetricsServer::Listen(Address());
  ASSERT_TRUE(server.ok()) << server.status();
  ASSERT_TRUE((*server)->Serve([] { return OneGauge(1); }).ok());
  EXPECT_THAT(Ask("GET /"), StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(Ask("POST /metrics"), StartsWith("HTTP/1.1 501"));
}

TEST(MetricsServerTest, WhoConnectsEarlyWaits) {
  const auto server = MetricsServer::Listen(Address());
  ASSERT_TRUE(server.ok()) << server.status();
  const UniqueFd early = Connect();
  ASSERT_TRUE(early);
  const std::string request = "GET /metrics HTTP/1.1\r\nConnection: close\r\n\r\n";
  ASSERT_EQ(write(early.get(), request.data(), request.size()), static_cast<ssize_t>(request.size()));
  ASSERT_TRUE((*server)->Serve([] { return OneGauge(1); }).ok());
  EXPECT_THAT(ReadAll(early), HasSubstr("faultline_test_value 1\n"));
}

TEST(MetricsServerTest, AStalledClientHoldsUpNobodyAndNoStop) {
  UniqueFd stalled;
  const auto began = std::chrono::steady_clock::now();
  {
    const auto server = MetricsServer::Listen(Address());
    ASSERT_TRUE(server.ok()) << server.status();
    ASSERT_TRUE((*server)->Serve([] { return OneGauge(1); }).ok());
    stalled = Connect();
    ASSERT_EQ(write(stalled.get(), "GET /met", 8), 8);
    EXPECT_THAT(Ask("GET /metrics"), HasSubstr("faultline_test_value 1\n"));
  }
  // Its own time limit, which would end the wait too, is 5 s.
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(4));
  EXPECT_EQ(ReadAll(stalled), "");
}

std::size_t OpenDescriptors() {
  const std::filesystem::directory_iterator open("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(open), end(open)));
}

TEST(MetricsServerTest, WhoComesWhenThereAreAsManyAsThereMayBeWaits) {
  const auto server = MetricsServer::Listen(Address());
  ASSERT_TRUE(server.ok()) << server.status();
  ASSERT_TRUE((*server)->Serve([] { return OneGauge(1); }).ok());
  const std::size_t before = OpenDescriptors();
  // More than the kernel keeps waiting are not let in by it.
  constexpr std::size_t kWaiting = 4;
  std::vector<UniqueFd> silent;
  for (std::size_t i = 0; i < MetricsServer::kMostConnections + kWaiting; ++i) silent.push_back(Connect());
  // These are answered when silent ones were dropped, and so after all that came before was taken or not.
  EXPECT_THAT(Ask("GET /metrics"), HasSubstr("faultline_test_value 1\n"));
  EXPECT_LE(OpenDescriptors(), before + silent.size() + MetricsServer::kMostConnections);
}

TEST(MetricsServerTest, ATakenPortIsOneClearError) {
  const auto first = MetricsServer::Listen(Address());
  ASSERT_TRUE(first.ok()) << first.status();
  const auto second = MetricsServer::Listen(Address());
  EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(std::string(second.status().message()),
            absl::StrCat("metrics: cannot listen on ", OwnAddress(),
                         ":7402: another program does; `ss -tlnp sport = 7402` names it. Give another address in the "
                         "configuration as metrics: {listen: ...}, or '' for none"));
}

TEST(MetricsServerTest, AnAddressOfAnotherHostIsAnError) {
  const auto server = MetricsServer::Listen({.address = *IpAddress::Parse("192.0.2.1"), .port = kPort});
  EXPECT_THAT(std::string(server.status().message()),
              StartsWith("metrics: cannot listen on 192.0.2.1:7402: Cannot assign requested address"));
}

TEST(MetricsServerTest, ThePortIsFreeAgainAfterwards) {
  for (int i = 0; i < 2; ++i) {
    const auto server = MetricsServer::Listen(Address());
    ASSERT_TRUE(server.ok()) << server.status();
    ASSERT_TRUE((*server)->Serve([] { return OneGauge(1); }).ok());
    EXPECT_THAT(Ask("GET /metrics"), HasSubstr("faultline_test_value 1\n"));
  }
  EXPECT_FALSE(Connect());
}

}  // namespace
}  // namespace faultline
