#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "controller/compile/compiler.h"
#include "controller/compile/inventory.h"
#include "faultline/v1/preview.pb.h"

namespace faultline {

// How much of a preview is wanted.
struct PreviewDetail {
  // Only warnings and notes.
  bool brief = false;
  // With each node's rules in nft's words, as its agent would compose them, but for what the node adds itself: what is
  // protected by its configuration and its controller's endpoint, and interfaces that it leaves out.
  bool rules = false;
  // Only this one's, unless empty.
  std::string node;
};

// Beyond so many edges in all stages taken together, who would reach whom is left out; beyond so many lines, each
// node's rules in words are.
inline constexpr std::size_t kMostPreviewEdges = 20'000;
inline constexpr std::size_t kMostPreviewWords = 20'000;

// What a compiled plan would do in a fleet, for `faultline plan preview`. Pure. REQUIRES: `compiled` has no errors.
v1::PreviewPlanResponse MakePreview(const Compiled& compiled, const Inventory& inventory, std::uint16_t probe_port,
                                    const PreviewDetail& detail);

// The timeline of a preview, for RenderTimelineBars: without rules.
absl::StatusOr<Timeline> TimelineOf(const v1::PreviewPlanResponse& preview);

// A group as the record has it, its CIDRs cut as run.proto says.
v1::GroupMembers EncodeGroup(const ResolvedGroup& group);

}  // namespace faultline
