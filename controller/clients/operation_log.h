#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/clock.h"
#include "controller/clients/client_line.h"

namespace faultline {

// What clients did in a short stretch of time.
struct OperationCell {
  std::uint64_t acknowledged = 0;
  std::uint64_t failed = 0;
  // Of those acknowledged; both are there or none.
  std::optional<WallTime> first;
  std::optional<WallTime> last;
  // Of those acknowledged, the ones of which it is known how long they took, and that.
  std::uint64_t timed = 0;
  std::chrono::duration<double> sum_time{0};
  Duration most_time{0};

  void Add(const ClientOperation& operation);
  void Add(const OperationCell& other);
};

// What clients did, folded as it is told, in any order: operations into cells of time, by side. It has at most
// kMostCells; rather than have more it makes them wider. A value; not thread-safe.
class OperationLog {
 public:
  static constexpr std::size_t kMostSides = 32;
  static constexpr std::size_t kMostCells = 100'000;
  static constexpr std::size_t kMostHappenings = 500;
  static constexpr std::size_t kMostAccountings = 100;
  static constexpr Duration kLeastWidth = std::chrono::milliseconds(10);
  // What is told of is no further from the log's origin.
  static constexpr Duration kReach = std::chrono::hours(24 * 7);
  // By number: the nth begins n * width() after origin().
  using Cells = std::map<std::int64_t, OperationCell>;

  // Cells are counted from there.
  explicit OperationLog(WallTime origin) : origin_(origin) {}

  // OUT_OF_RANGE when the line is too far away in time, RESOURCE_EXHAUSTED when there are too many like it: then
  // nothing of it is kept.
  absl::Status Add(const ClientLine& line);
  // What `other` has, as far as there is room. Returns for how many operations, happenings and accountings there was
  // none.
  std::uint64_t Merge(const OperationLog& other);

  WallTime origin() const { return origin_; }
  // Of a cell. Each divides all that are longer; those of a second and less divide a second.
  Duration width() const { return width_; }
  const std::map<std::string, Cells>& sides() const { return sides_; }
  const std::vector<ClientHappening>& happenings() const { return happenings_; }
  const std::vector<ClientAccounting>& accountings() const { return accountings_; }

 private:
  absl::Status Take(const ClientOperation& operation);
  absl::Status Take(const ClientHappening& happening);
  absl::Status Take(const ClientAccounting& accounting);
  // Null when there are too many sides.
  Cells* SideOf(const std::string& name);
  void AddTo(Cells& cells, std::int64_t number, const auto& what);
  void Widen();

  WallTime origin_;
  Duration width_ = kLeastWidth;
  // By turns 2 and 5.
  int next_factor_ = 2;
  std::size_t count_ = 0;
  std::map<std::string, Cells> sides_;
  std::vector<ClientHappening> happenings_;
  std::vector<ClientAccounting> accountings_;
};

}  // namespace faultline
