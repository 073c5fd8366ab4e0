#include "tests/lab/kernel/random_program.h"

#include <algorithm>

namespace faultline::testing {
namespace {

using std::chrono::milliseconds;

std::uint32_t Below(std::uint32_t bound, std::mt19937& random) {
  return std::uniform_int_distribution<std::uint32_t>(0, bound - 1)(random);
}

bool Chance(std::uint32_t percent, std::mt19937& random) { return Below(100, random) < percent; }

PrefixSet RandomPrefixes(std::mt19937& random) {
  std::vector<Prefix> prefixes;
  for (std::uint32_t i = 0; i < 1 + Below(20, random); ++i) {
    const std::uint8_t v4[] = {10, static_cast<std::uint8_t>(Below(256, random)),
                               static_cast<std::uint8_t>(Below(256, random)), 0};
    prefixes.push_back(*Prefix::Containing(IpAddress(v4), static_cast<int>(16 + Below(9, random))));
  }
  if (Chance(50, random)) prefixes.push_back(*Prefix::Parse("fd21::/48"));
  return PrefixSet(std::move(prefixes));
}

PacketFilter RandomFilter(bool impairs, bool outgoing, const CapabilitySet& has, std::mt19937& random) {
  PacketFilter filter;
  if (Chance(60, random)) filter.protocol = static_cast<Protocol>(Below(5, random));
  if (filter.protocol != Protocol::kIcmp && Chance(50, random)) {
    const std::vector<PortRange> ports = {{80, 80}, {3000, static_cast<std::uint16_t>(3000 + Below(9, random))}};
    switch (Below(4, random)) {
      case 0:
        filter.destination_ports = ports;
        break;
      case 1:
        filter.source_ports = ports;
        break;
      case 2:
        filter.either_ports = ports;
        break;
      default:
        filter.except_ports = ports;
    }
  }
  if (Chance(20, random)) filter.dscp = static_cast<std::uint8_t>(Below(64, random));
  if (Chance(20, random)) filter.interfaces = {"eth0"};
  if (Chance(20, random)) filter.except_addresses = 0;
  if (!impairs && !outgoing && has.Has(Capability::kConnectionState) && Chance(30, random)) {
    filter.connection = Chance(50, random) ? Connection::kNew : Connection::kEstablished;
  }
  return filter;
}

Impairment RandomImpairment(LaneKind kind, std::mt19937& random) {
  Impairment impairment;
  const auto ratio = [&random] { return Ratio::PartsPerBillion(1 + Below(Ratio::kOne, random)); };
  if (kind == LaneKind::kLossByRule) {
    impairment.loss = ratio();
  } else {
    impairment.rate = BitRate{1'000'000ULL * (1 + Below(1000, random))};
  }
  if (kind != LaneKind::kNetem) return impairment;
  impairment.delay = milliseconds(1 + Below(500, random));
  if (Chance(50, random)) impairment.jitter = impairment.delay / 2;
  if (Chance(50, random)) impairment.loss = ratio();
  if (Chance(30, random)) impairment.duplicate = ratio();
  if (Chance(30, random)) impairment.corrupt = ratio();
  if (impairment.jitter != Duration(0)) impairment.distribution = static_cast<Distribution>(Below(4, random));
  return impairment;
}

Program::StepRules RandomStep(StepIndex index, std::uint32_t sets, const CapabilitySet& has, std::mt19937& random) {
  Program::StepRules step{.index = index};
  const bool outgoing = has.Has(SenderHook(has)) && has.Has(Capability::kBlackholeLane) && Chance(30, random);
  switch (Below(3, random)) {
    case 0:
      break;
    case 1:
      if (has.Has(Capability::kReject) && has.Has(Capability::kRejectOutgoing)) step.effect = Reject{};
      break;
    default:
      step.lane = has.Has(Capability::kNetem)      ? LaneKind::kNetem
                  : outgoing || Chance(50, random) ? LaneKind::kRate
                                                   : LaneKind::kLossByRule;
      step.effect = RandomImpairment(step.lane, random);
  }
  step.filter = RandomFilter(step.Impairs(), outgoing, has, random);
  for (std::uint32_t i = 0; i < 1 + Below(3, random); ++i) {
    Match match;
    if (Chance(70, random)) match.sources = Below(sets, random);
    if (!match.sources || Chance(50, random)) match.destinations = Below(sets, random);
    if (Chance(20, random)) match.except_destinations = Below(sets, random);
    (outgoing ? step.outgoing : step.incoming).push_back(match);
  }
  return step;
}

}  // namespace

Program RandomProgram(const std::string& run, const CapabilitySet& has, std::mt19937& random) {
  Program program{.run = RunId(run), .devices = {"eth0"}, .protect = {}, .prefix_sets = {}, .steps = {}};
  program.egress_by_clsact = SenderHook(has) == Capability::kEgressClsact;
  const std::uint32_t sets = 1 + Below(4, random);
  for (std::uint32_t i = 0; i < sets; ++i) program.prefix_sets.push_back(RandomPrefixes(random));
  for (StepIndex index = 0; index < 1 + Below(5, random); ++index) {
    program.steps.push_back(RandomStep(index, sets, has, random));
  }
  std::stable_partition(program.steps.begin(), program.steps.end(),
                        [](const Program::StepRules& step) { return !step.Impairs(); });
  return program;
}

Impairment RandomChange(const Program::StepRules& step, std::mt19937& random) {
  const auto& from = std::get<Impairment>(step.effect);
  Impairment to = from;
  // Only numbers move, as in a ramp.
  if (to.rate) to.rate = BitRate{to.rate->bits_per_second + 1'000'000ULL * Below(100, random)};
  if (to.delay != Duration(0)) to.delay += milliseconds(Below(100, random));
  return to;
}

}  // namespace faultline::testing
