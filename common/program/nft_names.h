#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "common/name.h"
#include "common/prefix.h"
#include "common/timeline.h"

namespace faultline {

// The names of what a run has in the kernel: "<run>/in", "<run>/g3". Run ids have no slash, so
// objects of two runs never share a name; nft reads and prints them unquoted. nft wants a name to
// begin with a letter, so a run id that begins with a digit gets a '_' in front, with which no run
// id begins.

// Which way packets go through an interface.
enum class Direction : std::uint8_t { kIngress, kEgress };

// Which hooks a table's chains can have: those of an interface, or those of IPv4 and IPv6.
enum class NftFamily : std::uint8_t { kNetdev, kInet };
inline constexpr NftFamily kNftFamilies[] = {NftFamily::kNetdev, NftFamily::kInet};

inline constexpr char kTableName[] = "faultline";
// The kernel puts a number for the "%d".
inline constexpr char kAnonymousSetName[] = "__set%d";

// A table. `name` outlives it.
struct TableId {
  NftFamily family = NftFamily::kNetdev;
  const char* name = kTableName;
};

// "netdev", "inet".
absl::string_view NameOf(NftFamily family);

// Of a run, by what it is for: "r/in", "r/state".
std::string ChainName(const RunId& run, absl::string_view suffix);
// The same for one interface that was attached later: "r/in/eth1".
std::string AttachedChainName(const RunId& run, absl::string_view suffix, const std::string& device);
// Of a step: "r/s3/in".
std::string StepChainName(const RunId& run, StepIndex step, absl::string_view suffix);
// A step's gate, in each table where it has rules: "r/g3".
std::string GateName(const RunId& run, StepIndex step);
// The part of a prefix set that is of one family, in each table where a rule names it: "r/p0/v4".
std::string PrefixSetName(const RunId& run, SetIndex set, Family family);
// The names of the interfaces that a run looks at, where no hook says it: "r/devices".
std::string DeviceSetName(const RunId& run);

// The other way: the run whose object has this name; none of a name that no run's object has.
std::optional<RunId> RunOfObject(absl::string_view name);
// The step whose gate has this name; none of a name that no gate has.
std::optional<StepIndex> StepOfGate(absl::string_view name);

}  // namespace faultline
