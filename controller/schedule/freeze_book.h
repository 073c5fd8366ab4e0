#pragma once

#include <mutex>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "controller/schedule/freeze.h"
#include "controller/store/schedule_store.h"

namespace faultline {

// Every freeze there is: those of the store, kept in memory. Thread-safe; changes wait for the disk, questions do not.
class FreezeBook {
 public:
  // `store` must outlive it.
  explicit FreezeBook(ScheduleStore& store) : store_(store) {}

  // Takes up what the store has; to be called once, first.
  absl::Status Load();

  // INVALID_ARGUMENT as CheckFreeze; ALREADY_EXISTS.
  absl::Status Add(const v1::Freeze& freeze);
  // NOT_FOUND.
  absl::Status Remove(absl::string_view name);
  // By name.
  std::vector<v1::Freeze> List() const;

  std::optional<Frozen> At(WallTime when) const;

 private:
  ScheduleStore& store_;
  mutable std::mutex mutex_;
  std::vector<v1::Freeze> freezes_;
};

}  // namespace faultline
