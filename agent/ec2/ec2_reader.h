#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "agent/ec2/ec2_config.h"
#include "agent/ec2/ec2_identity.h"
#include "agent/ec2/host_hardware.h"
#include "agent/ec2/metadata_client.h"
#include "common/clock.h"

namespace faultline {

// Reads what EC2 says of this node, as its configuration has it. One thread at a time but for Stop.
class Ec2Reader {
 public:
  // Null where nobody is to be asked: `metadata: off`, or the firmware says that this is no EC2 instance and no
  // endpoint was given. `clock` must outlive it.
  static absl::StatusOr<std::unique_ptr<Ec2Reader>> Open(const Ec2Config& config, OnEc2 here, const Clock& clock);

  // The first look, at the agent's start: at most 2 s, 250 ms where nothing says that this is EC2.
  absl::StatusOr<Ec2Reading> ReadFirst();
  // Another: at most 5 s. What it cannot get is as it was `known`.
  absl::StatusOr<Ec2Reading> Read(const Ec2Identity& known);
  // Whether it is known that there is something to be read: silence is worth a word.
  bool expected() const { return expected_; }

  // Ends what is under way, and all that is yet to come. Any thread.
  void Stop() { client_->Stop(); }

 private:
  Ec2Reader(Ec2Wanted wanted, bool expected, std::unique_ptr<MetadataClient> client)
      : wanted_(std::move(wanted)), expected_(expected), client_(std::move(client)) {}
  absl::StatusOr<Ec2Reading> Within(Duration patience, const Ec2Identity& known);

  const Ec2Wanted wanted_;
  const bool expected_;
  const std::unique_ptr<MetadataClient> client_;
};

}  // namespace faultline
