#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace faultline {

// Something that a node's kernel can do, found by doing it and never by the kernel's version.
enum class Capability : std::uint8_t {
  // nft netdev ingress hook. Without it a node can take part in no fault.
  kIngressHook,
  // nft netdev egress hook (Linux >= 5.16): faults at the sender.
  kEgressHook,
  // nft table owner flag (Linux >= 5.12): the rules vanish with the agent's socket.
  kTableOwner,
  // ifb with a blackhole qdisc: silent drop at the sender.
  kBlackholeLane,
  // `reject` in an inet prerouting chain (Linux >= 5.9).
  kReject,
  // `reject` in an inet output chain: at the sender.
  kRejectOutgoing,
  // Connection tracking in an inet chain.
  kConnectionState,
  // ifb with tbf: the rate alone, and aggregates split into wire packets.
  kRateLane,
  // Random numbers in an inet prerouting chain (numgen): loss without netem.
  kRandomRule,
  // ifb with netem: every other impairment.
  kNetem,
  // netem's random numbers can be seeded (Linux >= 6.6).
  kNetemSeed,
  // What nft chooses, a clsact qdisc sends through a lane as it goes out: faults at the sender without the egress hook.
  // Only tried where that is missing.
  kEgressClsact,
};

inline constexpr int kCapabilityCount = static_cast<int>(Capability::kEgressClsact) + 1;

// A value.
class CapabilitySet {
 public:
  CapabilitySet() = default;
  CapabilitySet(std::initializer_list<Capability> capabilities);
  static CapabilitySet All();

  bool Has(Capability capability) const { return (bits_ & Bit(capability)) != 0; }
  void Set(Capability capability, bool has = true);
  // In the order of the enumeration.
  std::vector<Capability> ToVector() const;

  friend bool operator==(const CapabilitySet&, const CapabilitySet&) = default;

 private:
  static std::uint32_t Bit(Capability capability) { return 1U << static_cast<unsigned>(capability); }

  std::uint32_t bits_ = 0;
};

// The operating system, as /etc/os-release and uname have it; only for advice.
struct Platform {
  // ID: "debian", "ubuntu", "amzn", "rhel", "rocky", …; empty when unknown.
  std::string id;
  // ID_LIKE: "rhel fedora".
  std::string like;
  // uname -r.
  std::string kernel_release;

  friend bool operator==(const Platform&, const Platform&) = default;
};

// What it is, after "has no": "netem qdisc (module sch_netem)".
absl::string_view NameOf(Capability capability);
// How this platform comes by it, as a command or a condition: "install kernel-modules-extra-6.1.0 (…)", "use Linux 5.16
// or later".
std::string HowToGet(Capability capability, const Platform& platform);

// Reads os-release's lines (os-release(5)); what is malformed is passed over.
Platform ParseOsRelease(absl::string_view text, absl::string_view kernel_release);

}  // namespace faultline
