#include "agent/observe/sequence_window.h"

namespace faultline {

bool SequenceWindow::Accept(std::uint64_t sequence) {
  if (empty_ || sequence > greatest_) {
    const std::uint64_t step = empty_ ? kWidth : sequence - greatest_;
    if (step >= kWidth) {
      seen_.reset();
    } else {
      seen_ <<= static_cast<std::size_t>(step);
    }
    empty_ = false;
    greatest_ = sequence;
    seen_.set(0);
    return true;
  }
  const std::uint64_t behind = greatest_ - sequence;
  if (behind >= kWidth || seen_.test(static_cast<std::size_t>(behind))) return false;
  seen_.set(static_cast<std::size_t>(behind));
  return true;
}

}  // namespace faultline
