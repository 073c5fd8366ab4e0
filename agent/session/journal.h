#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <vector>

#include "agent/timeline/engine.h"
#include "faultline/v1/agent_session.pb.h"

namespace faultline {

// What happened to runs on this node, kept so that a controller that was away hears all of it: every session reads
// the journal from its beginning. Bounded, in entries and in bytes: the oldest go first. Thread-safe.
class Journal : public EngineListener {
 public:
  void OnStep(const RunId& run, const StepReport& report) override;
  void OnRunEnd(const RunId& run, const RunReport& report) override;
  void OnForeignChange(const RunId& run, std::optional<Duration> at, const std::string& text) override;

  // Entries from position `cursor` on, which is moved behind the last.
  std::vector<v1::SessionRequest> ReadFrom(std::uint64_t& cursor) const;

  // Called, with the journal locked, after every new entry; must not call back. Empty for nobody. Once this returns,
  // the former waker is not called any more.
  void SetWaker(std::function<void()> waker);

 private:
  void Append(v1::SessionRequest entry);

  mutable std::mutex mutex_;
  std::deque<v1::SessionRequest> entries_;
  // Of all entries, as messages.
  std::size_t bytes_ = 0;
  // Position of entries_.front().
  std::uint64_t first_ = 0;
  std::function<void()> waker_;
};

}  // namespace faultline
