#include "controller/clients/operation_log.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace faultline {
namespace {

std::int64_t FloorOf(Duration time, Duration width) { return time / width - (time % width < Duration(0) ? 1 : 0); }

absl::Status TooMany(std::size_t most, absl::string_view things) {
  return absl::ResourceExhaustedError(absl::StrCat("there are more than ", most, " ", things));
}

absl::Status CheckReach(WallTime time, WallTime origin) {
  if (time >= origin - OperationLog::kReach && time <= origin + OperationLog::kReach) return absl::OkStatus();
  return absl::OutOfRangeError("its time is more than a week away from the run");
}

}  // namespace

void OperationCell::Add(const ClientOperation& operation) {
  if (!operation.acknowledged) {
    failed += operation.count;
    return;
  }
  acknowledged += operation.count;
  first = std::min(first.value_or(operation.time), operation.time);
  last = std::max(last.value_or(operation.time), operation.time);
  if (!operation.took) return;
  timed += operation.count;
  sum_time += static_cast<double>(operation.count) * std::chrono::duration<double>(*operation.took);
  most_time = std::max(most_time, *operation.took);
}

void OperationCell::Add(const OperationCell& other) {
  acknowledged += other.acknowledged;
  failed += other.failed;
  if (other.first) first = std::min(first.value_or(*other.first), *other.first);
  if (other.last) last = std::max(last.value_or(*other.last), *other.last);
  timed += other.timed;
  sum_time += other.sum_time;
  most_time = std::max(most_time, other.most_time);
}

absl::Status OperationLog::Add(const ClientLine& line) {
  return std::visit([this](const auto& what) { return Take(what); }, line);
}

absl::Status OperationLog::Take(const ClientOperation& operation) {
  if (absl::Status near = CheckReach(operation.time, origin_); !near.ok()) return near;
  Cells* cells = SideOf(operation.side);
  if (cells == nullptr) return TooMany(kMostSides, "sides");
  AddTo(*cells, FloorOf(operation.time - origin_, width_), operation);
  return absl::OkStatus();
}

absl::Status OperationLog::Take(const ClientHappening& happening) {
  if (absl::Status near = CheckReach(happening.time, origin_); !near.ok()) return near;
  if (happenings_.size() == kMostHappenings) return TooMany(kMostHappenings, "happenings");
  happenings_.push_back(happening);
  return absl::OkStatus();
}

absl::Status OperationLog::Take(const ClientAccounting& accounting) {
  if (accountings_.size() == kMostAccountings) return TooMany(kMostAccountings, "accountings");
  accountings_.push_back(accounting);
  return absl::OkStatus();
}

std::uint64_t OperationLog::Merge(const OperationLog& other) {
  std::uint64_t left_out = 0;
  while (width_ < other.width_) Widen();
  for (const auto& [name, cells] : other.sides_) {
    Cells* own = SideOf(name);
    for (const auto& [number, cell] : cells) {
      const WallTime start = other.origin_ + number * other.width_;
      if (own != nullptr && CheckReach(start, origin_).ok()) {
        AddTo(*own, FloorOf(start - origin_, width_), cell);
      } else {
        left_out += cell.acknowledged + cell.failed;
      }
    }
  }
  for (const ClientHappening& happening : other.happenings_) left_out += Take(happening).ok() ? 0 : 1;
  for (const ClientAccounting& accounting : other.accountings_) left_out += Take(accounting).ok() ? 0 : 1;
  return left_out;
}

OperationLog::Cells* OperationLog::SideOf(const std::string& name) {
  const auto side = sides_.find(name);
  if (side != sides_.end()) return &side->second;
  return sides_.size() == kMostSides ? nullptr : &sides_[name];
}

void OperationLog::AddTo(Cells& cells, std::int64_t number, const auto& what) {
  const auto [cell, fresh] = cells.try_emplace(number);
  cell->second.Add(what);
  count_ += fresh ? 1 : 0;
  while (count_ > kMostCells) Widen();
}

void OperationLog::Widen() {
  const int factor = std::exchange(next_factor_, next_factor_ == 2 ? 5 : 2);
  width_ *= factor;
  count_ = 0;
  for (auto& [name, cells] : sides_) {
    Cells wider;
    for (const auto& [number, cell] : cells) {
      const std::int64_t whole = number / factor - (number % factor < 0 ? 1 : 0);
      wider[whole].Add(cell);
    }
    cells = std::move(wider);
    count_ += cells.size();
  }
}

}  // namespace faultline
