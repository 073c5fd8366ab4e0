#include "common/program/nft_place.h"

namespace faultline {
namespace {

// Before every other hook of the netdev family that programs commonly use (0 and up).
constexpr std::int32_t kBlockPriority = -500;
constexpr std::int32_t kLanePriority = -499;
// NF_IP_PRI_RAW_BEFORE_DEFRAG: every packet is still as it was on the wire.
constexpr std::int32_t kLossPriority = -450;
// NF_IP_PRI_CONNTRACK is -200, NF_IP_PRI_MANGLE -150.
constexpr std::int32_t kStatePriority = -190;

// After NF_IP_PRI_NAT_SRC, 100, as an egress hook is, and after whoever else sets priorities.
constexpr std::int32_t kBlockPostPriority = 10000;
constexpr std::int32_t kLanePostPriority = 10001;

constexpr PlaceInfo kBlockIn{.family = NftFamily::kNetdev,
                             .direction = Direction::kIngress,
                             .hook = Hook::kIngress,
                             .priority = kBlockPriority,
                             .suffix = "in",
                             .step_suffix = "in"};
constexpr PlaceInfo kLaneIn{.family = NftFamily::kNetdev,
                            .direction = Direction::kIngress,
                            .hook = Hook::kIngress,
                            .priority = kLanePriority,
                            .suffix = "lane/in",
                            .step_suffix = "in"};
constexpr PlaceInfo kLossIn{.family = NftFamily::kInet,
                            .direction = Direction::kIngress,
                            .hook = Hook::kPrerouting,
                            .priority = kLossPriority,
                            .suffix = "loss",
                            .step_suffix = "loss"};
constexpr PlaceInfo kStateIn{.family = NftFamily::kInet,
                             .direction = Direction::kIngress,
                             .hook = Hook::kPrerouting,
                             .priority = kStatePriority,
                             .suffix = "state",
                             .step_suffix = "state"};
constexpr PlaceInfo kForward{.family = NftFamily::kInet,
                             .direction = Direction::kEgress,
                             .hook = Hook::kForward,
                             .priority = kStatePriority,
                             .suffix = "forward",
                             .step_suffix = "out"};
constexpr PlaceInfo kOutput{.family = NftFamily::kInet,
                            .direction = Direction::kEgress,
                            .hook = Hook::kOutput,
                            .priority = kStatePriority,
                            .suffix = "output",
                            .step_suffix = "out"};
constexpr PlaceInfo kBlockPost{.family = NftFamily::kInet,
                               .direction = Direction::kEgress,
                               .hook = Hook::kPostrouting,
                               .priority = kBlockPostPriority,
                               .suffix = "post",
                               .step_suffix = "out"};
constexpr PlaceInfo kLanePost{.family = NftFamily::kInet,
                              .direction = Direction::kEgress,
                              .hook = Hook::kPostrouting,
                              .priority = kLanePostPriority,
                              .suffix = "lane/post",
                              .step_suffix = "out"};
constexpr PlaceInfo kBlockOut{.family = NftFamily::kNetdev,
                              .direction = Direction::kEgress,
                              .hook = Hook::kEgress,
                              .priority = kBlockPriority,
                              .suffix = "out",
                              .step_suffix = "out"};
constexpr PlaceInfo kLaneOut{.family = NftFamily::kNetdev,
                             .direction = Direction::kEgress,
                             .hook = Hook::kEgress,
                             .priority = kLanePriority,
                             .suffix = "lane/out",
                             .step_suffix = "out"};

}  // namespace

absl::string_view NameOf(Hook hook) {
  switch (hook) {
    case Hook::kIngress:
      return "ingress";
    case Hook::kEgress:
      return "egress";
    case Hook::kPrerouting:
      return "prerouting";
    case Hook::kForward:
      return "forward";
    case Hook::kOutput:
      return "output";
    case Hook::kPostrouting:
      return "postrouting";
  }
  return "";
}

const PlaceInfo& InfoOf(Place place) {
  switch (place) {
    case Place::kBlockIn:
      return kBlockIn;
    case Place::kLaneIn:
      return kLaneIn;
    case Place::kLossIn:
      return kLossIn;
    case Place::kStateIn:
      return kStateIn;
    case Place::kForward:
      return kForward;
    case Place::kOutput:
      return kOutput;
    case Place::kBlockPost:
      return kBlockPost;
    case Place::kLanePost:
      return kLanePost;
    case Place::kBlockOut:
      return kBlockOut;
    case Place::kLaneOut:
      return kLaneOut;
  }
  return kBlockIn;
}

}  // namespace faultline
