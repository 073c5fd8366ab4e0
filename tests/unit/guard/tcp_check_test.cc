#include "controller/guard/tcp_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/guard/deadline.h"
#include "controller/guard/name_lookup.h"
#include "tests/unit/guard/tcp_server.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

CheckResult Check(const std::string& host, std::uint16_t port, Duration timeout = seconds(5)) {
  const StopSignal stop;
  return CheckTcp({.host = host, .port = port}, timeout, stop);
}

TEST(TcpCheckTest, ConnectsByAddressAndByName) {
  const TcpServer server("");
  EXPECT_TRUE(Check("127.0.0.1", server.port()).passed);
  EXPECT_TRUE(Check("localhost", server.port()).passed);
}

TEST(TcpCheckTest, SaysWhyNot) {
  std::uint16_t port = 0;
  {
    const TcpServer server("");
    port = server.port();
  }
  const CheckResult refused = Check("127.0.0.1", port);
  EXPECT_FALSE(refused.passed);
  EXPECT_EQ(refused.detail, "connection refused");
  EXPECT_THAT(Check("no-such-host.invalid", 1).detail, ::testing::HasSubstr("cannot look up 'no-such-host.invalid': "));
}

// A listener whose backlog is full answers no more.
TEST(TcpCheckTest, SilenceEndsAtTheTimeLimit) {
  const UniqueFd listener(socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(bind(listener.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(listener.get(), 0), 0);
  getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size);
  std::vector<UniqueFd> fill;
  for (int i = 0; i < 4; ++i) {
    fill.emplace_back(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
    connect(fill.back().get(), reinterpret_cast<sockaddr*>(&address), size);
  }
  const Deadline deadline(seconds(60));
  const CheckResult result = Check("127.0.0.1", ntohs(address.sin_port), milliseconds(300));
  EXPECT_FALSE(result.passed);
  EXPECT_EQ(result.detail, "no answer within 300ms");
  EXPECT_LT(deadline.Elapsed(), seconds(50));
}

// Two hosts of one port, of which the first is silent.
TEST(TcpCheckTest, SilentAddressDoesNotKeepTheOthersFromBeingTried) {
  const TcpServer server("");
  const UniqueFd listener(socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(server.port());
  ASSERT_EQ(inet_pton(AF_INET, "127.0.0.2", &address.sin_addr), 1);
  ASSERT_EQ(bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(listen(listener.get(), 0), 0);
  std::vector<UniqueFd> fill;
  for (int i = 0; i < 4; ++i) {
    fill.emplace_back(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
    connect(fill.back().get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
  }
  const StopSignal stop;
  const Deadline deadline(seconds(20));
  const std::vector<IpAddress> both = {*IpAddress::Parse("127.0.0.2"), *IpAddress::Parse("127.0.0.1")};
  EXPECT_TRUE(ConnectToAny(both, server.port(), deadline, stop).passed);
  EXPECT_LT(deadline.Elapsed(), seconds(50));
  const Deadline brief(milliseconds(300));
  EXPECT_EQ(ConnectToAny({both[0]}, server.port(), brief, stop).detail, "no answer within 300ms");
}

TEST(NameLookupTest, StopsBetweenNames) {
  StopSignal stop;
  const auto found = LookUpNames({"127.0.0.1", "::1"}, seconds(5), stop);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->back().first, "::1");
  stop.Raise();
  EXPECT_EQ(LookUpNames({"127.0.0.1"}, seconds(5), stop).status().code(), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace faultline
