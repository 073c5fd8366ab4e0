#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "agent/kernel/kernel_picture.h"

namespace faultline {

// What a run left on a node, by comparing its kernel before the run with after it. A value.
struct ResidueProof {
  enum class Finding : std::uint8_t {
    // Rules, devices and qdiscs equal those before.
    kEqual,
    // Something of ours is there.
    kLeft,
    // Nothing of ours is; others changed something of theirs meanwhile.
    kChanged,
    // It could not be compared.
    kUnknown,
  };
  static constexpr std::size_t kMostThings = 20;

  Finding finding = Finding::kUnknown;
  // Of kLeft what is there, of kChanged what changed: the first kMostThings; of kUnknown why, alone.
  std::vector<std::string> things;
  // How many there are beyond these.
  std::size_t more = 0;

  friend bool operator==(const ResidueProof&, const ResidueProof&) = default;
};

// Of two pictures, or the errors in their place. Pure.
ResidueProof Prove(const absl::StatusOr<KernelPicture>& before, const absl::StatusOr<KernelPicture>& after);

// One of kUnknown.
ResidueProof NotProven(absl::string_view why);

}  // namespace faultline
