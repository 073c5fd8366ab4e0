#include "controller/guard/work_pool.h"

#include <utility>

namespace faultline {

WorkPool::WorkPool(std::size_t threads) {
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { Work(); });
}

WorkPool::~WorkPool() {
  Stop();
  Join();
}

void WorkPool::Add(std::function<void(bool)> job) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    if (jobs_.size() < kMostWaiting) {
      jobs_.push_back(std::move(job));
    } else {
      // In front: it takes no time.
      jobs_.push_front([job = std::move(job)](bool) { job(true); });
    }
  }
  changed_.notify_one();
}

void WorkPool::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    jobs_.clear();
  }
  changed_.notify_all();
}

void WorkPool::Join() {
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void WorkPool::Work() {
  while (true) {
    std::function<void(bool)> job;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
      if (stopping_) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    job(false);
  }
}

}  // namespace faultline
