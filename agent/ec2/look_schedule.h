#pragma once

#include <optional>
#include <set>
#include <string>

#include "common/clock.h"

namespace faultline {

// When to look at instance metadata next: every ten minutes; as soon as an interface of the host has come or gone, and
// then with growing pauses until metadata shows it too, for about a minute (a bridge or a tunnel it never shows); after
// a look that failed, with growing pauses. At most one look a second. Pure; interfaces are known by their MACs.
class LookSchedule {
 public:
  using Macs = std::set<std::string>;

  // `shown`: by the look that has just ended; nullopt: it failed.
  LookSchedule(const std::optional<Macs>& shown, MonotonicTime now) { OnLook(shown, now); }

  void OnLook(const std::optional<Macs>& shown, MonotonicTime now);
  // All that the host has now. The first time that is only taken note of.
  void OnHost(const Macs& macs, MonotonicTime now);

  MonotonicTime next() const { return next_; }

 private:
  MonotonicTime last_;
  MonotonicTime next_;
  // Before the look after the next.
  Duration pause_ = std::chrono::seconds(1);
  std::optional<Macs> host_;
  // What metadata is yet to show, and yet to show no more.
  Macs came_;
  Macs gone_;
};

}  // namespace faultline
