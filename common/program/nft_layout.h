#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/program/nft_names.h"
#include "common/program/nft_place.h"
#include "common/program/program.h"

namespace faultline {

// Which chains a program becomes, and where. All of it is pure.

// What a step's chain does with the packets that it chooses.
enum class Action : std::uint8_t {
  kDrop,
  kReject,
  // Through the lane that swallows every packet: at the sender a drop would be told (NF_DROP becomes EPERM).
  kSwallow,
  // Through the step's own lane.
  kDetour,
  // Loses some of them, drawn for each one.
  kDraw,
  // Keeps them from the run's later chains of the same place: another lane has had them.
  kPass,
};

// A match, of packets of one family.
struct FamilyMatch {
  Match match;
  Family family = Family::kIpv4;
};

// A chain that packets reach by the jump behind a step's gate.
struct StepChain {
  // Of the program; never null.
  const Program::StepRules* step = nullptr;
  // Whose base chains jump to it; all in one table.
  std::vector<Place> places;
  std::string name;
  Action action = Action::kDrop;
  // Never empty.
  std::vector<FamilyMatch> matches;

  NftFamily table() const { return InfoOf(places.front()).family; }
  Direction direction() const { return InfoOf(places.front()).direction; }
  bool IsAt(Place place) const { return std::find(places.begin(), places.end(), place) != places.end(); }
};

// Whether a program makes sense: its run id is a name; it has devices, and none of them is "lo", when it has steps; its
// steps are unique, their filters possible, their set indices exist, and every match names sources or destinations;
// nothing is asked that no kernel can do (a connection's state at the sender or of an impairment, loss by rule of what
// goes out); it has at most kMostLanes lanes. INVALID_ARGUMENT says what is wrong.
absl::Status CheckProgram(const Program& program);
inline constexpr int kMostLanes = 64;

// A step's chains, in the order of the program. A match is of each family that its sets both have; without such a
// family no packet can match, and without any match there is no chain.
//   Drop      incoming kBlockIn; of some connections kStateIn; outgoing kBlockOut, swallowed
//   Reject    incoming kStateIn; outgoing kForward and kOutput
//   Impair    incoming kLaneIn; outgoing kLaneOut; by rule also kLossIn, where those of the run's lanes that take a
//             packet before have a chain that lets it pass
// With Program::egress_by_clsact kBlockOut is kBlockPost, and kLaneOut is kLanePost.
// What is blocked at kStateIn has been through the lane of an impairment that chooses it too: it is delayed, then
// blocked. REQUIRES: CheckProgram is OK, but for the number of lanes. The program outlives the result.
std::vector<StepChain> LayOut(const Program& program);

}  // namespace faultline
