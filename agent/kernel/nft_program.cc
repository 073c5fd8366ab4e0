#include "agent/kernel/nft_program.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/kernel/nft_names.h"
#include "agent/kernel/nft_object.h"
#include "agent/kernel/nft_protect.h"
#include "agent/kernel/nft_rule.h"
#include "agent/kernel/nft_set.h"
#include "common/status.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;

// Before every other hook of the netdev family that programs commonly use (0 and up).
constexpr std::int32_t kPriority = -500;

// On 5.10 a timeout below one jiffy becomes a permanent element.
constexpr milliseconds kShortestTimeout{100};

// The ether types of IPv4 and IPv6, as a gate has them.
constexpr std::array<std::array<std::uint8_t, 2>, 2> kEtherTypes = {{{0x08, 0x00}, {0x86, 0xdd}}};

struct Rule {
  Match match;
  Family family;
};

std::vector<Rule> RulesOf(const Program& program, const std::vector<Match>& matches) {
  std::vector<Rule> rules;
  for (const Match& match : matches) {
    for (const Family family : {Family::kIpv4, Family::kIpv6}) {
      const auto lacks = [&](const std::optional<SetIndex>& set) {
        return set && !program.prefix_sets[*set].HasFamily(family);
      };
      if (!lacks(match.sources) && !lacks(match.destinations)) rules.push_back({match, family});
    }
  }
  return rules;
}

const std::vector<Match>& MatchesOf(const Program::StepRules& step, Direction direction) {
  return direction == Direction::kIngress ? step.ingress_drop : step.egress_blackhole;
}

// Calls visit(step, direction, rules) for each chain of rules that the program needs.
template <typename Visit>
void ForEachStepChain(const Program& program, const Visit& visit) {
  for (const Program::StepRules& step : program.steps) {
    for (const Direction direction : {Direction::kIngress, Direction::kEgress}) {
      const std::vector<Rule> rules = RulesOf(program, MatchesOf(step, direction));
      if (!rules.empty()) visit(step.index, direction, rules);
    }
  }
}

using SetPart = std::pair<SetIndex, Family>;

std::set<SetPart> UsedSets(const Program& program) {
  std::set<SetPart> used;
  ForEachStepChain(program, [&](StepIndex, Direction, const std::vector<Rule>& rules) {
    for (const auto& [match, family] : rules) {
      for (const auto& set : {match.sources, match.destinations, match.except_destinations}) {
        if (set && program.prefix_sets[*set].HasFamily(family)) used.emplace(*set, family);
      }
    }
  });
  return used;
}

// The prefixes of one family: a set holds them one family after the other.
std::span<const Prefix> PartOf(const PrefixSet& set, Family family) {
  const std::vector<Prefix>& all = set.prefixes();
  const auto middle =
      std::partition_point(all.begin(), all.end(), [](const Prefix& p) { return p.family() == Family::kIpv4; });
  return family == Family::kIpv4 ? std::span(all.begin(), middle) : std::span(middle, all.end());
}

NftChain ChainReference(const std::string& table, const std::string& name) {
  NftChain chain(nftnl_chain_alloc());
  nftnl_chain_set_u32(chain.get(), NFTNL_CHAIN_FAMILY, NFPROTO_NETDEV);
  nftnl_chain_set_str(chain.get(), NFTNL_CHAIN_TABLE, table.c_str());
  nftnl_chain_set_str(chain.get(), NFTNL_CHAIN_NAME, name.c_str());
  return chain;
}

void AddStepRule(NftBatch& batch, const Program& program, const std::string& chain, const Rule& rule,
                 Direction direction, std::uint32_t lane) {
  const Match& match = rule.match;
  const Family family = rule.family;
  const auto name = [&](SetIndex set) { return PrefixSetName(program.run, set, family); };
  NftRuleBuilder builder(chain);
  if (match.sources) builder.AddressInSet(End::kSource, family, name(*match.sources), Sense::kIn);
  if (match.destinations) builder.AddressInSet(End::kDestination, family, name(*match.destinations), Sense::kIn);
  if (match.except_destinations && program.prefix_sets[*match.except_destinations].HasFamily(family)) {
    builder.AddressInSet(End::kDestination, family, name(*match.except_destinations), Sense::kNotIn);
  }
  builder.Counter();
  if (direction == Direction::kIngress) {
    builder.Drop();
  } else {
    builder.ForwardTo(lane);
  }
  builder.Add(batch);
}

absl::Status CheckMatch(const Program& program, const Match& match) {
  if (!match.sources && !match.destinations) {
    return absl::InvalidArgumentError("a match names neither sources nor destinations");
  }
  for (const auto& set : {match.sources, match.destinations, match.except_destinations}) {
    if (set && *set >= program.prefix_sets.size()) {
      return absl::InvalidArgumentError(absl::StrCat("prefix set ", *set, " does not exist"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckDevices(const Program& program) {
  if (program.devices.empty()) return absl::InvalidArgumentError("the program has steps but no device");
  if (std::find(program.devices.begin(), program.devices.end(), "lo") != program.devices.end()) {
    return absl::InvalidArgumentError("the loopback device is never acted on");
  }
  return absl::OkStatus();
}

}  // namespace

bool RunObjects::HasGate(StepIndex step) const { return std::find(gated.begin(), gated.end(), step) != gated.end(); }

absl::Status CheckProgram(const Program& program) {
  FAULTLINE_RETURN_IF_ERROR(CheckName(program.run.text(), "run id"));
  if (program.steps.empty()) return absl::OkStatus();
  FAULTLINE_RETURN_IF_ERROR(CheckDevices(program));
  std::set<StepIndex> indices;
  for (const Program::StepRules& step : program.steps) {
    const std::string context = absl::StrCat("step ", step.index);
    if (!indices.insert(step.index).second) return absl::InvalidArgumentError(context + " comes twice");
    for (const std::vector<Match>* matches : {&step.ingress_drop, &step.egress_blackhole}) {
      for (const Match& match : *matches) {
        FAULTLINE_RETURN_IF_ERROR(WithContext(CheckMatch(program, match), context));
      }
    }
  }
  return absl::OkStatus();
}

RunObjects ObjectsOf(const Program& program) {
  RunObjects objects;
  std::set<Direction> directions;
  ForEachStepChain(program, [&](StepIndex step, Direction direction, const std::vector<Rule>&) {
    directions.insert(direction);
    objects.step_chains.push_back({StepChainName(program.run, step, direction), step});
    if (!objects.HasGate(step)) objects.gated.push_back(step);
  });
  for (const Direction direction : directions) {
    objects.base_chains.push_back(BaseChainName(program.run, direction));
  }
  for (const StepIndex step : objects.gated) objects.sets.push_back(GateName(program.run, step));
  for (const auto& [set, family] : UsedSets(program)) {
    objects.sets.push_back(PrefixSetName(program.run, set, family));
  }
  return objects;
}

void AddTable(NftBatch& batch, NftVerb verb, const std::string& name, bool owned) {
  NftTable table(nftnl_table_alloc());
  nftnl_table_set_u32(table.get(), NFTNL_TABLE_FAMILY, NFPROTO_NETDEV);
  nftnl_table_set_str(table.get(), NFTNL_TABLE_NAME, name.c_str());
  if (verb != NftVerb::kDelete) {
    nftnl_table_set_u32(table.get(), NFTNL_TABLE_FLAGS, owned ? NFT_TABLE_F_OWNER : 0);
  }
  batch.Table(verb, *table);
}

void AddChain(NftBatch& batch, NftVerb verb, const std::string& table, const std::string& name) {
  batch.Chain(verb, *ChainReference(table, name));
}

void AddBaseChain(NftBatch& batch, const std::string& table, const std::string& name, Direction direction,
                  std::span<const std::string> devices) {
  const NftChain chain = ChainReference(table, name);
  std::vector<const char*> names;
  for (const std::string& device : devices) names.push_back(device.c_str());
  names.push_back(nullptr);
  nftnl_chain_set_str(chain.get(), NFTNL_CHAIN_TYPE, "filter");
  nftnl_chain_set_u32(chain.get(), NFTNL_CHAIN_HOOKNUM,
                      direction == Direction::kIngress ? NF_NETDEV_INGRESS : NF_NETDEV_EGRESS);
  nftnl_chain_set_s32(chain.get(), NFTNL_CHAIN_PRIO, kPriority);
  nftnl_chain_set_u32(chain.get(), NFTNL_CHAIN_POLICY, NF_ACCEPT);
  nftnl_chain_set_array(chain.get(), NFTNL_CHAIN_DEVICES, names.data());
  batch.Chain(NftVerb::kCreate, *chain);
}

void AddInstall(NftBatch& batch, const Program& program, std::uint32_t lane) {
  const RunObjects objects = ObjectsOf(program);
  for (const auto& [set, family] : UsedSets(program)) {
    AddPrefixSet(batch, PrefixSetName(program.run, set, family), PartOf(program.prefix_sets[set], family));
  }
  for (const StepIndex step : objects.gated) {
    AddTimeoutSet(batch, GateName(program.run, step), NftType::kEtherType);
  }
  ForEachStepChain(program, [&](StepIndex step, Direction direction, const std::vector<Rule>& rules) {
    const std::string chain = StepChainName(program.run, step, direction);
    AddChain(batch, NftVerb::kCreate, kTableName, chain);
    for (const Rule& rule : rules) AddStepRule(batch, program, chain, rule, direction, lane);
  });
  for (const Direction direction : {Direction::kIngress, Direction::kEgress}) {
    const std::string base = BaseChainName(program.run, direction);
    const auto& names = objects.base_chains;
    if (std::find(names.begin(), names.end(), base) == names.end()) continue;
    AddBaseChain(batch, kTableName, base, direction, program.devices);
    AddProtectedReturns(batch, base, direction, program.protect);
    // In the program's order: a lookup sees a set as of the moment it is made, not as of the packet's arrival
    // (nft_genmask_cur), so of two gates switched in one batch a packet in between may see one before and the other
    // after. Measured on 6.18: closing a gate and opening an earlier one let through 0 to 6 packets in 500 switches;
    // opening a later one, none.
    ForEachStepChain(program, [&](StepIndex step, Direction of, const std::vector<Rule>&) {
      if (of != direction) return;
      NftRuleBuilder(base)
          .ProtocolInSet(GateName(program.run, step))
          .Jump(StepChainName(program.run, step, direction))
          .Add(batch);
    });
  }
}

void AddRemove(NftBatch& batch, const RunObjects& objects) {
  // A base chain takes its rules with it, and they their holds on step chains and gates. Kernels that do not keep hooks
  // by name remove a base chain with its last device (nf_tables_netdev_event), and then deleting it would fail the
  // batch; adding a chain that exists changes nothing, so afterwards there is one to delete in either case.
  for (const std::string& name : objects.base_chains) {
    AddChain(batch, NftVerb::kAdd, kTableName, name);
    AddChain(batch, NftVerb::kDelete, kTableName, name);
  }
  for (const RunObjects::StepChain& step : objects.step_chains) {
    AddChain(batch, NftVerb::kDelete, kTableName, step.name);
  }
  for (const std::string& set : objects.sets) DeleteSet(batch, set);
}

void AddSwitch(NftBatch& batch, const RunId& run, const RunObjects& objects, std::span<const StepIndex> close,
               std::span<const GateOpening> open) {
  // Measured on 5.10, 6.1 and 6.18: deleting an element that has just expired fails the batch, and
  // adding one that lives succeeds but, before 6.18, leaves its timeout as it was. Add, delete, add
  // is right in every case, and packets never see a state in between.
  for (const StepIndex step : close) {
    if (!objects.HasGate(step)) continue;
    const std::string gate = GateName(run, step);
    for (const auto& type : kEtherTypes) {
      ChangeElement(batch, NftVerb::kAdd, gate, type, kShortestTimeout);
      ChangeElement(batch, NftVerb::kDelete, gate, type, std::nullopt);
    }
  }
  for (const GateOpening& opening : open) {
    if (!objects.HasGate(opening.step)) continue;
    const std::string gate = GateName(run, opening.step);
    const auto timeout = std::max(std::chrono::floor<milliseconds>(opening.timeout), kShortestTimeout);
    for (const auto& type : kEtherTypes) {
      ChangeElement(batch, NftVerb::kAdd, gate, type, timeout);
      ChangeElement(batch, NftVerb::kDelete, gate, type, std::nullopt);
      ChangeElement(batch, NftVerb::kAdd, gate, type, timeout);
    }
  }
}

}  // namespace faultline
