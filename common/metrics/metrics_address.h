#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/document/document.h"
#include "common/document/text_error.h"
#include "common/prefix.h"

namespace faultline {

// Where a daemon shows its metrics: TCP.
struct MetricsAddress {
  IpAddress address;
  std::uint16_t port = 0;

  // 127.0.0.1
  static MetricsAddress Loopback(std::uint16_t port);
  // Reads "127.0.0.1:7402" or "[::1]:7402". INVALID_ARGUMENT otherwise, also for a host's name or port 0.
  static absl::StatusOr<MetricsAddress> Parse(absl::string_view text);

  // Whether only this host can reach it.
  bool IsLoopback() const;
  // As Parse reads it.
  std::string ToString() const;

  friend bool operator==(const MetricsAddress&, const MetricsAddress&) = default;
};

// Reads a configuration's `metrics`: `listen`, an address or '' for none at all, and `allow_network: true`, without
// which the address must be loopback. `target` stays as it is where nothing is said; absent: none.
void ReadMetrics(const DocumentValue& value, std::optional<MetricsAddress>& target, TextErrors& errors);

}  // namespace faultline
