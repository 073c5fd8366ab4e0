#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/clock.h"
#include "common/program/program.h"

namespace faultline {

// Whether a label's value is the name of an AWS region: "eu-west-2", "us-gov-east-1".
bool IsAwsRegion(absl::string_view label);

// By which AWS Systems Manager reaches a node of this region, and its owner a shell there.
std::vector<std::string> SsmNames(absl::string_view region);

// The addresses behind those names, looked up again and again in the background: nothing waits for it, and a name that
// has no address now keeps those it had. Any thread.
class SsmEndpoints {
 public:
  // The addresses of a name; none when it has none. May take as long as it likes.
  using LookUp = std::function<std::vector<IpAddress>(const std::string& name)>;
  // As this host resolves it, within half a minute.
  static std::vector<IpAddress> LookUpHere(const std::string& name);

  // AWS gives these names' addresses for a minute, but leaves them much longer.
  static constexpr Duration kPause = std::chrono::minutes(5);

  explicit SsmEndpoints(LookUp look_up, Duration pause = kPause);
  // Does not wait for a look-up that hangs: that is left to itself.
  ~SsmEndpoints();
  SsmEndpoints(const SsmEndpoints&) = delete;
  SsmEndpoints& operator=(const SsmEndpoints&) = delete;

  // Begins, in a region; the first that is AWS's is the one. REQUIRES: called by one thread at a time.
  void Find(absl::string_view region);

  // TCP port 443 of each, as far as they are known; none before the first look-up.
  std::vector<ProtectedEndpoint> Now() const;

 private:
  struct State;
  // Shared with the thread, which may outlive this object.
  const std::shared_ptr<State> state_;
  const LookUp look_up_;
  const Duration pause_;
  bool begun_ = false;
};

}  // namespace faultline
