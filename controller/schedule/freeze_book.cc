#include "controller/schedule/freeze_book.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace faultline {

absl::Status FreezeBook::Load() {
  FAULTLINE_ASSIGN_OR_RETURN(std::vector<v1::Freeze> freezes, store_.Freezes());
  const std::lock_guard lock(mutex_);
  freezes_ = std::move(freezes);
  return absl::OkStatus();
}

absl::Status FreezeBook::Add(const v1::Freeze& freeze) {
  FAULTLINE_RETURN_IF_ERROR(CheckFreeze(freeze));
  const std::lock_guard lock(mutex_);
  const auto place = std::ranges::lower_bound(freezes_, freeze.name(), {}, &v1::Freeze::name);
  if (place != freezes_.end() && place->name() == freeze.name()) {
    return absl::AlreadyExistsError(absl::StrCat("there is a freeze '", freeze.name(), "' already"));
  }
  FAULTLINE_RETURN_IF_ERROR(store_.Put(freeze));
  freezes_.insert(place, freeze);
  return absl::OkStatus();
}

absl::Status FreezeBook::Remove(absl::string_view name) {
  const std::lock_guard lock(mutex_);
  FAULTLINE_RETURN_IF_ERROR(store_.RemoveFreeze(name));
  std::erase_if(freezes_, [&](const v1::Freeze& freeze) { return freeze.name() == name; });
  return absl::OkStatus();
}

std::vector<v1::Freeze> FreezeBook::List() const {
  const std::lock_guard lock(mutex_);
  return freezes_;
}

std::optional<Frozen> FreezeBook::At(WallTime when) const {
  const std::lock_guard lock(mutex_);
  return FrozenAt(freezes_, when);
}

}  // namespace faultline
