#include "agent/session/examiner.h"

#include <utility>

#include "common/examination_codec.h"

namespace faultline {

Examiner::Examiner(Look look, Answer answer) : look_(std::move(look)), answer_(std::move(answer)) {
  if (look_) thread_ = std::thread([this] { Loop(); });
}

Examiner::~Examiner() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  asked_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Examiner::Ask(std::uint64_t id) {
  {
    const std::lock_guard lock(mutex_);
    next_ = id;
  }
  asked_.notify_all();
}

void Examiner::Forget() {
  const std::lock_guard lock(mutex_);
  next_.reset();
  ++era_;
}

void Examiner::Loop() {
  std::unique_lock lock(mutex_);
  while (true) {
    asked_.wait(lock, [this] { return stopping_ || next_; });
    if (stopping_) return;
    const std::uint64_t id = *std::exchange(next_, std::nullopt);
    const std::uint64_t era = era_;
    lock.unlock();
    v1::SessionRequest message;
    message.mutable_examined()->set_id(id);
    *message.mutable_examined()->mutable_examination() = EncodeExamination(WithinBounds(look_()));
    lock.lock();
    if (era == era_ && !stopping_) answer_(std::move(message));
  }
}

}  // namespace faultline
