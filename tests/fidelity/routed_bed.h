#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "tests/support/netns.h"

namespace faultline::fidelity {

// A client and a server with a router between them, where a true cut can be made.
class RoutedBed {
 public:
  static constexpr char kClient[] = "172.33.11.90";
  static constexpr char kClientNetwork[] = "172.33.0.0/16";
  static constexpr char kServer[] = "172.32.4.2";
  static constexpr char kServerNetwork[] = "172.32.0.0/16";

  static absl::StatusOr<std::unique_ptr<RoutedBed>> Make();

  const testing::Netns& client() const { return client_; }
  const testing::Netns& router() const { return router_; }
  const testing::Netns& server() const { return server_; }

 private:
  RoutedBed() = default;
  absl::Status SetUp() const;

  testing::Netns client_;
  testing::Netns router_;
  testing::Netns server_;
};

}  // namespace faultline::fidelity
