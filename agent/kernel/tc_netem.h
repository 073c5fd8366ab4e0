#pragma once

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "agent/kernel/delay_table.h"
#include "common/impairment.h"

struct nl_msg;

namespace faultline {

// What netem loses at random, in the kernel's numbers (tc_share.h). A value.
struct NetemLoss {
  // Gilbert and Elliott: the chances to leave the good and the bad state, and to lose a packet in each. The kernel
  // draws a packet's fate by the state before the change that it draws with it (sch_netem.c, loss_gilb_ell).
  struct Bursts {
    std::uint32_t p = 0;
    std::uint32_t r = 0;
    // In the bad state a packet is lost when the random number is above this: h, the chance to get through.
    std::uint32_t bad_pass = 0;
    // In the good state it is lost when it is below this: 1-k.
    std::uint32_t good_loss = 0;

    friend bool operator==(const Bursts&, const Bursts&) = default;
  };
  std::uint32_t share = 0;
  std::uint32_t correlation = 0;
  // Instead of the two above.
  std::optional<Bursts> bursts;

  bool none() const { return share == 0 && !bursts; }
  friend bool operator==(const NetemLoss&, const NetemLoss&) = default;
};

// All of a netem, in the kernel's numbers. A value.
struct NetemSettings {
  // A rate that delays no packet but has each leave after the one that came before it (sch_netem.c, netem_enqueue: with
  // a rate no packet is to be sent before the last one waiting).
  static constexpr std::uint64_t kInOrder = 1'000'000'000'000'000;

  // Packets that may wait.
  std::uint32_t limit = 0;
  DelayTable delay;
  NetemLoss loss;
  std::uint32_t duplicate = 0;
  std::uint32_t duplicate_correlation = 0;
  std::uint32_t corrupt = 0;
  std::uint32_t corrupt_correlation = 0;
  std::uint32_t reorder = 0;
  std::uint32_t reorder_correlation = 0;
  // Every nth packet may skip the delay; 0: none may.
  std::uint32_t reorder_gap = 0;
  // Bytes per second; 0: without, and packets overtake each other as their delays have it.
  std::uint64_t rate = 0;
  // Only to send when the qdisc is made: it begins its random numbers anew. Linux >= 6.6, without effect before.
  std::optional<std::uint64_t> seed;

  friend bool operator==(const NetemSettings&, const NetemSettings&) = default;
};

NetemLoss LossOf(const Impairment& impairment);
// All but the loss, the limit, the rate of the link and the seed: `rate` only keeps the order, unless jitter may not.
// Errors of MakeDelayTable.
absl::StatusOr<NetemSettings> DelayOf(const Impairment& impairment);

// Adds them as TCA_OPTIONS.
void PutNetem(nl_msg* message, const NetemSettings& settings);

// Of TCA_OPTIONS' bytes, as the kernel gives them; without the table, which it does not tell. nullopt when malformed.
std::optional<NetemSettings> ReadNetem(absl::string_view options);

}  // namespace faultline
