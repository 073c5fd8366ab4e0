#include "agent/kernel/tc_tree.h"

#include <linux/rtnetlink.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/kernel/tc_limit.h"
#include "agent/kernel/tc_netem.h"
#include "agent/kernel/tc_qdisc.h"
#include "agent/kernel/tc_tbf.h"
#include "common/status.h"

namespace faultline {
namespace {

constexpr std::uint32_t kTbf = 0x10000;
constexpr std::uint32_t kDelay = 0x20000;
constexpr std::uint32_t kLoss = 0x30000;
// The one class that each of them has.
constexpr std::uint32_t kOnlyClass = 1;

constexpr int kCreate = NLM_F_CREATE | NLM_F_EXCL;
constexpr int kChange = 0;

// The tree of one lane, as it is to be.
class Tree {
 public:
  Tree(RtSocket& socket, const Lane& lane, const LaneSpec& spec, std::uint32_t largest_frame)
      : socket_(socket), lane_(lane), spec_(spec), frame_(largest_frame) {}

  absl::Status Make();
  absl::Status Change(const std::vector<Qdisc>& qdiscs);

 private:
  const Impairment& impairment() const { return spec_.impairment; }
  bool HasNetem() const { return spec_.kind == LaneKind::kNetem; }
  bool RateByTbf() const { return impairment().rate && (spec_.kind == LaneKind::kRate || impairment().burst != 0); }

  TbfSettings Tbf() const;
  // The delay's netem, without loss. `before`: the longest delay of packets that already wait.
  absl::StatusOr<NetemSettings> Delay(Duration before) const;
  NetemSettings Loss() const;

  absl::Status PutTbfQdisc(int flags) const;
  absl::Status PutNetemQdisc(int flags, std::uint32_t handle, const NetemSettings& settings) const;
  // Sees to the loss, after the delay's netem is as `delay`, which has none.
  absl::Status MakeLoss(const NetemSettings& delay) const;
  absl::Status LoseInDelay(NetemSettings delay) const;

  RtSocket& socket_;
  const Lane& lane_;
  const LaneSpec& spec_;
  std::uint32_t frame_;
};

std::uint64_t BytesPerSecond(BitRate rate) { return std::max<std::uint64_t>(1, rate.bits_per_second / 8); }

const Qdisc* Find(const std::vector<Qdisc>& qdiscs, std::uint32_t handle, absl::string_view kind) {
  const auto found = std::find_if(qdiscs.begin(), qdiscs.end(),
                                  [&](const Qdisc& qdisc) { return qdisc.handle == handle && qdisc.kind == kind; });
  return found == qdiscs.end() ? nullptr : &*found;
}

std::optional<NetemSettings> FindNetem(const std::vector<Qdisc>& qdiscs, std::uint32_t handle) {
  const Qdisc* qdisc = Find(qdiscs, handle, "netem");
  return qdisc == nullptr ? std::nullopt : ReadNetem(qdisc->options);
}

bool LosesInDelay(const NetemSettings& delay) { return delay.loss != NetemLoss(); }

absl::Status NoTree(const Lane& lane) {
  return absl::NotFoundError(absl::StrCat("the qdiscs of ", lane.name, " are not the lane's"));
}

absl::StatusOr<LaneCounters> CountersOf(const std::vector<Qdisc>& qdiscs, const Lane& lane) {
  const Qdisc* tbf = Find(qdiscs, kTbf, "tbf");
  if (tbf == nullptr) return NoTree(lane);
  LaneCounters counters{.passed = tbf->packets, .overflowed = tbf->dropped};
  if (const Qdisc* loss = Find(qdiscs, kLoss, "netem"); loss != nullptr) {
    // The kernel counts a child's drop for its parents as well (sch_api.c, qdisc_tree_reduce_backlog).
    counters.lost = loss->dropped;
    counters.overflowed -= std::min<std::uint64_t>(counters.overflowed, loss->dropped);
  } else if (const auto delay = FindNetem(qdiscs, kDelay); delay && LosesInDelay(*delay)) {
    std::swap(counters.lost, counters.overflowed);
  }
  return counters;
}

TbfSettings Tree::Tbf() const {
  TbfSettings settings{.largest = frame_};
  QueueNeed need{.memory = spec_.memory, .largest_frame = frame_};
  if (RateByTbf()) {
    // What arrives late by less than this, because the machine was busy, costs no rate.
    constexpr double kSlackSeconds = 0.010;
    constexpr std::uint32_t kSlackFrames = 2;
    settings.rate = BytesPerSecond(*impairment().rate);
    const std::uint32_t slack =
        std::max(kSlackFrames * frame_, static_cast<std::uint32_t>(static_cast<double>(settings.rate) * kSlackSeconds));
    settings.burst = impairment().burst != 0 ? static_cast<std::uint32_t>(impairment().burst) : slack;
    need.rate = impairment().rate;
  }
  settings.limit = ByteLimit(need);
  return settings;
}

absl::StatusOr<NetemSettings> Tree::Delay(Duration before) const {
  FAULTLINE_ASSIGN_OR_RETURN(NetemSettings settings, DelayOf(impairment()));
  if (impairment().rate && !RateByTbf()) settings.rate = BytesPerSecond(*impairment().rate);
  settings.limit = PacketLimit({.rate = impairment().rate,
                                .longest_delay = std::max(before, settings.delay.Longest()),
                                .memory = spec_.memory,
                                .largest_frame = frame_});
  return settings;
}

NetemSettings Tree::Loss() const {
  // Its packets are among those of the delay's netem, whose limit binds first; on kernels where they are not, this
  // one bounds the memory. It does not move with the delay, see Change.
  return {.limit = PacketLimit({.longest_delay = kLongestDelay, .memory = spec_.memory, .largest_frame = frame_}),
          .loss = LossOf(impairment())};
}

absl::Status Tree::PutTbfQdisc(int flags) const {
  const TcMessage message(RTM_NEWQDISC, flags, {.device = lane_.device, .handle = kTbf}, "tbf");
  PutTbf(message.get(), Tbf());
  return Send(socket_, message, absl::StrCat("set qdisc tbf of ", lane_.name));
}

absl::Status Tree::PutNetemQdisc(int flags, std::uint32_t handle, const NetemSettings& settings) const {
  const std::uint32_t parent = (handle == kLoss ? kDelay : kTbf) + kOnlyClass;
  const TcMessage message(RTM_NEWQDISC, flags, {.device = lane_.device, .handle = handle, .parent = parent}, "netem");
  PutNetem(message.get(), settings);
  return Send(socket_, message, absl::StrCat("set qdisc netem of ", lane_.name));
}

absl::Status Tree::LoseInDelay(NetemSettings delay) const {
  delay.loss = LossOf(impairment());
  // The least correlation has no effect, but tells for as long as the lane lives that the counts are mixed.
  delay.loss.correlation = std::max(1U, delay.loss.correlation);
  return PutNetemQdisc(kChange, kDelay, delay);
}

absl::Status Tree::MakeLoss(const NetemSettings& delay) const {
  NetemSettings settings = Loss();
  if (settings.loss.none()) return absl::OkStatus();
  // Other numbers than those of the delay.
  if (spec_.seed) settings.seed = ~*spec_.seed;
  const absl::Status status = PutNetemQdisc(kCreate, kLoss, settings);
  return absl::IsInvalidArgument(status) && delay.duplicate != 0 ? LoseInDelay(delay) : status;
}

absl::Status Tree::Make() {
  FAULTLINE_RETURN_IF_ERROR(PutTbfQdisc(kCreate));
  if (!HasNetem()) return absl::OkStatus();
  FAULTLINE_ASSIGN_OR_RETURN(NetemSettings delay, Delay(Duration(0)));
  delay.seed = spec_.seed;
  FAULTLINE_RETURN_IF_ERROR(PutNetemQdisc(kCreate, kDelay, delay));
  delay.seed.reset();
  return MakeLoss(delay);
}

absl::Status Tree::Change(const std::vector<Qdisc>& qdiscs) {
  if (Find(qdiscs, kTbf, "tbf") == nullptr) return NoTree(lane_);
  if (!HasNetem()) return PutTbfQdisc(kChange);
  const std::optional<NetemSettings> before = FindNetem(qdiscs, kDelay);
  if (!before) return NoTree(lane_);
  FAULTLINE_ASSIGN_OR_RETURN(const NetemSettings delay, Delay(before->delay.Longest()));
  FAULTLINE_RETURN_IF_ERROR(PutTbfQdisc(kChange));
  if (LosesInDelay(*before)) return LoseInDelay(delay);
  const absl::Status status = PutNetemQdisc(kChange, kDelay, delay);
  const std::optional<NetemSettings> loss = FindNetem(qdiscs, kLoss);
  if (!loss) return status.ok() ? MakeLoss(delay) : status;
  if (absl::IsInvalidArgument(status) && delay.duplicate != 0) {
    const TcMessage message(RTM_DELQDISC, 0, {.device = lane_.device, .handle = kLoss, .parent = kDelay + kOnlyClass},
                            nullptr);
    FAULTLINE_RETURN_IF_ERROR(Send(socket_, message, absl::StrCat("delete qdisc netem of ", lane_.name)));
    return LoseInDelay(delay);
  }
  FAULTLINE_RETURN_IF_ERROR(status);
  // A change takes the loss model back to its good state, so one that changes nothing is left out.
  const NetemSettings wanted = Loss();
  if (loss->loss == wanted.loss && loss->limit == wanted.limit) return absl::OkStatus();
  return PutNetemQdisc(kChange, kLoss, wanted);
}

}  // namespace

absl::Status MakeTree(RtSocket& socket, const Lane& lane, const LaneSpec& spec, std::uint32_t largest_frame) {
  return Tree(socket, lane, spec, largest_frame).Make();
}

absl::Status ChangeTree(RtSocket& socket, const Lane& lane, const LaneSpec& spec, std::uint32_t largest_frame) {
  FAULTLINE_ASSIGN_OR_RETURN(const std::vector<Qdisc> qdiscs, ListQdiscs(socket, lane.device));
  return Tree(socket, lane, spec, largest_frame).Change(qdiscs);
}

absl::StatusOr<LaneCounters> ReadTree(RtSocket& socket, const Lane& lane) {
  FAULTLINE_ASSIGN_OR_RETURN(std::vector<Qdisc> qdiscs, ListQdiscs(socket, lane.device));
  // Of one moment are the counts of one qdisc, not those of two. When the first have not moved while the second were
  // read, they are.
  constexpr int kTries = 5;
  for (int i = 0; i < kTries; ++i) {
    FAULTLINE_ASSIGN_OR_RETURN(std::vector<Qdisc> again, ListQdiscs(socket, lane.device));
    const Qdisc* loss = Find(qdiscs, kLoss, "netem");
    const Qdisc* loss_again = Find(again, kLoss, "netem");
    const bool moved = loss != nullptr && loss_again != nullptr && loss->dropped != loss_again->dropped;
    qdiscs = std::move(again);
    if (!moved) break;
  }
  return CountersOf(qdiscs, lane);
}

absl::StatusOr<bool> TreeTakesSeed(RtSocket& socket, const Lane& lane) {
  FAULTLINE_ASSIGN_OR_RETURN(const std::vector<Qdisc> qdiscs, ListQdiscs(socket, lane.device));
  const std::optional<NetemSettings> netem = FindNetem(qdiscs, kDelay);
  return netem && netem->seed.has_value();
}

absl::Status MakeBlackhole(RtSocket& socket, const Lane& lane) {
  const TcMessage message(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE, {.device = lane.device}, "blackhole");
  return Send(socket, message, absl::StrCat("add qdisc blackhole to ", lane.name));
}

}  // namespace faultline
