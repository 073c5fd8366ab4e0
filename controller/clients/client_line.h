#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/clock.h"

namespace faultline {

// What one line tells that a command of "observe" with "format: operations" prints (docs/CLIENTS.md). Texts are
// printable and bounded; `side` is empty where a line need not name one.

// An operation of a client, or several alike.
struct ClientOperation {
  // When the answer came, or the client gave up; by its own clock.
  WallTime time;
  std::string side;
  // Else it was refused, or not answered in time.
  bool acknowledged = false;
  // How long it took, where the client tells.
  std::optional<Duration> took;
  std::uint64_t count = 1;
  friend bool operator==(const ClientOperation&, const ClientOperation&) = default;
};

// Something that happened to the system under test.
struct ClientHappening {
  WallTime time;
  std::string side;
  std::string text;
  friend bool operator==(const ClientHappening&, const ClientHappening&) = default;
};

// What became of writes. Of those acknowledged each was found or is lost; `extra` were found all the same.
struct ClientAccounting {
  std::string side;
  std::uint64_t acknowledged = 0;
  std::uint64_t found = 0;
  std::uint64_t lost = 0;
  std::uint64_t extra = 0;
  friend bool operator==(const ClientAccounting&, const ClientAccounting&) = default;
};

using ClientLine = std::variant<ClientOperation, ClientHappening, ClientAccounting>;

inline constexpr std::size_t kLongestSide = 64;
inline constexpr std::size_t kLongestHappening = 200;
// Of operations alike, and of writes accounted for.
inline constexpr std::uint64_t kMostAlike = 1'000'000'000;

// Reads a line, any bytes. Strict: JSON as RFC 8259 has it. INVALID_ARGUMENT says what is amiss: "'ok' must be true or
// false". Pure.
absl::StatusOr<ClientLine> ParseClientLine(absl::string_view line);

}  // namespace faultline
