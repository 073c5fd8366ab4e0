#include "controller/rpc/listen.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "tests/unit/rpc/test_server.h"

namespace faultline {
namespace {

// Connects again and again, says nothing, and keeps what is kept.
class Stranger {
 public:
  Stranger(int port, std::string from)
      : thread_([this, port, from = std::move(from)](const std::stop_token& stop) {
          while (!stop.stop_requested()) {
            connections_.push_back(ConnectTo(port, from));
            if (connections_.size() > kKept) connections_.erase(connections_.begin());
            ++came_;
            came_.notify_all();
          }
        }) {}

  // Waits until it has come so often.
  void Await(int count) {
    for (int came = came_; came < count; came = came_) came_.wait(came);
  }

 private:
  static constexpr std::size_t kKept = 200;
  std::vector<UniqueFd> connections_;
  std::atomic<int> came_ = 0;
  std::jthread thread_;
};

// Nobody who is silent is hung up on for that while the test runs.
constexpr Duration kLong = std::chrono::minutes(10);

TEST(ListenTest, WhoeverFloodsThePortAnAgentIsStillAnswered) {
  TestServer server({.handshake_patience = kLong, .connections = {.burst_of_one = 20, .per_second_of_one = 5}});
  Stranger stranger(server.port(), "127.0.0.2");
  stranger.Await(100);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(*AskWhoIAm(server.address(), server.Client("faultline:user:alice")), "alice viewer");
  }
}

TEST(ListenTest, TheHostsSocketAnswersThoughTheNetworkIsFull) {
  TestServer server({.handshake_patience = kLong, .connections = {.open_of_one = 3, .open_of_all = 3}});
  std::vector<UniqueFd> silent;
  for (int i = 0; i < 100; ++i) silent.push_back(ConnectTo(server.port(), "127.0.0.2"));
  EXPECT_EQ(*AskWhoIAm(server.local(), {}), "root admin");
}

}  // namespace
}  // namespace faultline
