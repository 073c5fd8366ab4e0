#include "agent/ec2/ec2_watch.h"

#include <algorithm>

namespace faultline {
namespace {

std::optional<LookSchedule::Macs> ShownBy(const absl::StatusOr<Ec2Reading>& look) {
  if (!look.ok()) return std::nullopt;
  return MacsOf(look->identity);
}

}  // namespace

Ec2Watch::Ec2Watch(std::unique_ptr<Ec2Reader> reader, const absl::StatusOr<Ec2Reading>& first, Changed changed, Say say)
    : reader_(std::move(reader)),
      changed_(std::move(changed)),
      say_(std::move(say)),
      schedule_(ShownBy(first), clock_.Now()) {
  if (first.ok()) known_ = first->identity;
  thread_ = std::thread([this, first] {
    Take(first);
    Loop();
  });
}

Ec2Watch::~Ec2Watch() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  reader_->Stop();
  wake_.notify_all();
  thread_.join();
}

void Ec2Watch::OnInterfaces(const LookSchedule::Macs& macs) {
  {
    const std::lock_guard lock(mutex_);
    schedule_.OnHost(macs, clock_.Now());
  }
  wake_.notify_all();
}

void Ec2Watch::Loop() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (clock_.Now() < schedule_.next()) {
      wake_.wait_until(lock, ToSteady(schedule_.next()));
      continue;
    }
    lock.unlock();
    const absl::StatusOr<Ec2Reading> look = reader_->Read(known_.value_or(Ec2Identity()));
    lock.lock();
    if (stopping_) return;
    schedule_.OnLook(ShownBy(look), clock_.Now());
    lock.unlock();
    Take(look);
    lock.lock();
  }
}

void Ec2Watch::Take(const absl::StatusOr<Ec2Reading>& look) {
  const std::vector<std::string> missing =
      look.ok() ? look->missing : std::vector<std::string>{std::string(look.status().message())};
  for (const std::string& line : missing) {
    if (std::ranges::find(said_, line) == said_.end()) say_(line);
  }
  if (missing.empty() && !said_.empty()) say_("all of it is there now");
  said_ = missing;
  if (!look.ok()) return;
  if (known_ == look->identity) return;
  known_ = look->identity;
  changed_(*known_);
}

}  // namespace faultline
