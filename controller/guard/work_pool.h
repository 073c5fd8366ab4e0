#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace faultline {

// Threads that do one kind of work in the order in which it came. Thread-safe.
class WorkPool {
 public:
  // At most so many things wait for their turn.
  static constexpr std::size_t kMostWaiting = 1000;

  explicit WorkPool(std::size_t threads);
  // As Stop.
  ~WorkPool();
  WorkPool(const WorkPool&) = delete;
  WorkPool& operator=(const WorkPool&) = delete;

  // When too much waits, `job` is called with true, on a thread as well, and is not to do its work then.
  void Add(std::function<void(bool crowded)> job);

  // Forgets what waits, and lets what runs come to its end when Join is called.
  void Stop();
  // Waits for the threads. REQUIRES: it was stopped.
  void Join();

 private:
  void Work();

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::deque<std::function<void(bool)>> jobs_;
  std::vector<std::thread> threads_;
};

}  // namespace faultline
