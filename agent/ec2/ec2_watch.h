#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/ec2/ec2_reader.h"
#include "agent/ec2/look_schedule.h"

namespace faultline {

// Keeps what EC2 says of this node fresh, for as long as the object lives: looks again as LookSchedule has it. What a
// look could not get stays as it was known. One thread, which calls both functions.
class Ec2Watch {
 public:
  // What is known now differs from what was told last, at first from what `first` has.
  using Changed = std::function<void(const Ec2Identity&)>;
  // A line for the log: what is missing, or that it is there after all. Each once, until something else is to be said.
  using Say = std::function<void(const std::string& line)>;

  Ec2Watch(std::unique_ptr<Ec2Reader> reader, const absl::StatusOr<Ec2Reading>& first, Changed changed, Say say);
  // Breaks off a look under way.
  ~Ec2Watch();
  Ec2Watch(const Ec2Watch&) = delete;
  Ec2Watch& operator=(const Ec2Watch&) = delete;

  // The MACs of the host's interfaces, all of them, at the start and whenever they have changed. Any thread.
  void OnInterfaces(const LookSchedule::Macs& macs);

 private:
  void Loop();
  void Take(const absl::StatusOr<Ec2Reading>& look);

  const std::unique_ptr<Ec2Reader> reader_;
  const Changed changed_;
  const Say say_;
  const SystemClock clock_;

  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  LookSchedule schedule_;

  // The thread's own.
  std::optional<Ec2Identity> known_;
  std::vector<std::string> said_;

  // Last: it uses everything above.
  std::thread thread_;
};

}  // namespace faultline
