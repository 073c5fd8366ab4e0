#include "controller/rpc/connection_acceptor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <condition_variable>
#include <deque>
#include <mutex>

#include "absl/strings/str_cat.h"
#include "controller/rpc/tcp_sockets.h"
#include "tests/support/matchers.h"
#include "tests/unit/rpc/log_catcher.h"
#include "tests/unit/rpc/test_server.h"

namespace faultline {
namespace {

using ::testing::HasSubstr;
using testing::StatusIs;

constexpr Duration kAcceptPatience = std::chrono::seconds(60);

// Where an acceptor's connections end up.
class Hall {
 public:
  void Take(int connection) {
    const std::lock_guard lock(mutex_);
    taken_.emplace_back(connection);
    more_.notify_all();
  }
  // Waits, for 20 s at most, until so many were taken in all.
  bool Await(std::size_t count) {
    std::unique_lock lock(mutex_);
    return more_.wait_for(lock, std::chrono::seconds(20), [&] { return left_ + taken_.size() >= count; });
  }
  std::size_t count() {
    const std::lock_guard lock(mutex_);
    return left_ + taken_.size();
  }
  void CloseOne() {
    const std::lock_guard lock(mutex_);
    taken_.pop_front();
    ++left_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable more_;
  std::deque<UniqueFd> taken_;
  std::size_t left_ = 0;
};

// Whether this machine has ::1: with IPv6 switched off there is one family.
bool HasIpv6() {
  const UniqueFd socket(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in6 loopback = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
  return bind(socket.get(), reinterpret_cast<const sockaddr*>(&loopback), sizeof(loopback)) == 0;
}

class ConnectionAcceptorTest : public ::testing::Test {
 protected:
  void Start(const ConnectionLimits& limits) {
    auto sockets = ListenTcp(absl::StrCat("0.0.0.0:", port_), kAcceptPatience);
    ASSERT_THAT(sockets, testing::IsOk());
    auto acceptor =
        ConnectionAcceptor::Start(*std::move(sockets), limits, [this](int, int connection) { hall_.Take(connection); });
    ASSERT_THAT(acceptor, testing::IsOk());
    acceptor_ = *std::move(acceptor);
  }

  const int port_ = FreePort();
  LogCatcher log_;
  Hall hall_;
  std::unique_ptr<ConnectionAcceptor> acceptor_;
};

TEST_F(ConnectionAcceptorTest, WhatASourceBringsTooFastIsReset) {
  Start({.burst_of_one = 2, .per_second_of_one = 0});
  const UniqueFd first = ConnectTo(port_, "127.0.0.2");
  const UniqueFd second = ConnectTo(port_, "127.0.0.2");
  const UniqueFd third = ConnectTo(port_, "127.0.0.2");
  EXPECT_TRUE(IsHungUpOn(third));
  EXPECT_TRUE(log_.Await("the network's port: 127.0.0.2 has more than"));
  const UniqueFd other = ConnectTo(port_);
  EXPECT_TRUE(hall_.Await(3));
}

TEST_F(ConnectionAcceptorTest, ASourceHasSoManyOpenAndNoMore) {
  Start({.open_of_one = 1});
  UniqueFd first = ConnectTo(port_, "127.0.0.2");
  ASSERT_TRUE(hall_.Await(1));
  EXPECT_TRUE(IsHungUpOn(ConnectTo(port_, "127.0.0.2")));
  hall_.CloseOne();
  const UniqueFd next = ConnectTo(port_, "127.0.0.2");
  EXPECT_TRUE(hall_.Await(2));
}

TEST_F(ConnectionAcceptorTest, WhenAllAreOpenWhoComesWaitsUntilOneGoes) {
  Start({.open_of_all = 2});
  const UniqueFd first = ConnectTo(port_, "127.0.0.2");
  const UniqueFd second = ConnectTo(port_, "127.0.0.3");
  const UniqueFd third = ConnectTo(port_);
  ASSERT_TRUE(log_.Await("2 connections are open, as many as there may be"));
  EXPECT_EQ(hall_.count(), 2u);
  hall_.CloseOne();
  EXPECT_TRUE(hall_.Await(3));
}

TEST_F(ConnectionAcceptorTest, WithoutADescriptorLeftWhoComesWaitsUntilThereIsOne) {
  Start({});
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const UniqueFd caller = ConnectTo(port_);
  ASSERT_TRUE(hall_.Await(1));
  const UniqueFd next(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  rlimit none = before;
  // The lowest number that is free is beyond it.
  none.rlim_cur = static_cast<rlim_t>(UniqueFd(dup(next.get())).get());
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  ASSERT_TRUE(Connect(next, port_, "127.0.0.1"));
  const bool said = log_.Await("no connection can be taken for now: Too many open files");
  EXPECT_EQ(hall_.count(), 1u);
  setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_TRUE(said);
  EXPECT_TRUE(hall_.Await(2));
}

TEST_F(ConnectionAcceptorTest, BothFamiliesComeToTheAddressOfAll) {
  Start({});
  const UniqueFd four = ConnectTo(port_);
  EXPECT_TRUE(hall_.Await(1));
  if (!HasIpv6()) return;
  const UniqueFd six = ConnectTo(port_, "::1");
  EXPECT_TRUE(hall_.Await(2));
}

TEST(ListenTcpTest, WhatIsInTheWayIsSaidWithTheMend) {
  const std::string address = absl::StrCat("127.0.0.1:", FreePort());
  const auto first = ListenTcp(address, kAcceptPatience);
  ASSERT_THAT(first, testing::IsOk());
  EXPECT_THAT(
      ListenTcp(address, kAcceptPatience),
      StatusIs(absl::StatusCode::kFailedPrecondition,
               HasSubstr(absl::StrCat("cannot listen on ", address, ": another program does; `ss -tlnp sport"))));
  EXPECT_THAT(ListenTcp("192.0.2.1:7400", kAcceptPatience),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("cannot listen on 192.0.2.1:7400: that is no address of this host")));
  EXPECT_THAT(ListenTcp("no-such-host.invalid:7400", kAcceptPatience),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("cannot look up 'no-such-host.invalid'")));
}

}  // namespace
}  // namespace faultline
