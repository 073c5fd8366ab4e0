#include "agent/kernel/nft_program.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "agent/kernel/nft_chain.h"
#include "agent/kernel/nft_protect.h"
#include "agent/kernel/nft_rule.h"
#include "agent/kernel/nft_set.h"
#include "common/program/nft_outline.h"
#include "common/program/nft_sets.h"

namespace faultline {
namespace {

using std::chrono::milliseconds;

// On 5.10 a timeout below one jiffy becomes a permanent element.
constexpr milliseconds kShortestTimeout{100};

// The ether types of IPv4 and IPv6, as a gate has them.
constexpr std::array<std::array<std::uint8_t, 2>, 2> kEtherTypes = {{{0x08, 0x00}, {0x86, 0xdd}}};

bool UsesPlace(std::span<const StepChain> chains, Place place) {
  return std::any_of(chains.begin(), chains.end(), [place](const auto& chain) { return chain.IsAt(place); });
}

// A base chain with all that is in it.
void AddWholeBaseChain(NftBatch& batch, const Program& program, std::span<const StepChain> chains, Place place,
                       const std::string& name, std::span<const std::string> devices) {
  const PlaceInfo& info = InfoOf(place);
  const TableId table{.family = info.family};
  AddBaseChain(batch, table, name, place, devices);
  for (const Outline& outline : OutlinesOf(program, chains, place)) {
    NftRuleBuilder(batch, table, name).AddressOutside(RemoteEnd(info.direction), outline).Return().Add();
  }
  if (info.family == NftFamily::kInet) {
    NftRuleBuilder(batch, table, name)
        .InterfaceInSet(info.direction, DeviceSetName(program.run), Sense::kNotIn)
        .Return()
        .Add();
  }
  if (GivesPriority(place)) NftRuleBuilder(batch, table, name).PriorityIsOfLane().Return().Add();
  AddProtectedReturns(batch, table, name, info.direction, program.protect);
  // In the program's order: a lookup sees a set as of the moment it is made, not as of the packet's arrival
  // (nft_genmask_cur), so of two gates switched in one batch a packet in between may see one before and the other
  // after. Measured on 6.18: closing a gate and opening an earlier one let through 0 to 6 packets in 500 switches;
  // opening a later one, none.
  for (const StepChain& chain : chains) {
    if (!chain.IsAt(place)) continue;
    NftRuleBuilder(batch, table, name).EtherTypeInSet(GateName(program.run, chain.step->index)).Jump(chain.name).Add();
  }
}

void AddGates(NftBatch& batch, const RunId& run, const RunObjects& objects) {
  for (const RunObjects::Gate& gate : objects.gates) {
    AddTimeoutSet(batch, {.family = gate.table}, GateName(run, gate.step), NftType::kEtherType);
  }
}

void AddDeviceSet(NftBatch& batch, const Program& program) {
  std::vector<NftKey> names;
  for (const std::string& device : program.devices) names.push_back(InterfaceKey(device));
  AddValueSet(batch, {.family = NftFamily::kInet}, DeviceSetName(program.run), NftType::kInterfaceName, names);
}

void AppendGate(RunObjects& objects, NftFamily table, StepIndex step) {
  const bool known = std::any_of(objects.gates.begin(), objects.gates.end(),
                                 [&](const auto& gate) { return gate.table == table && gate.step == step; });
  if (!known) objects.gates.push_back({table, step});
}

void AppendStepChain(RunObjects& objects, const RunId& run, const StepChain& chain) {
  const StepIndex step = chain.step->index;
  objects.step_chains.push_back({chain.table(), chain.name, step});
  if (chain.action != Action::kDraw) return;
  objects.step_chains.push_back({chain.table(), DrawChainName(run, step), step});
  objects.step_chains.push_back({chain.table(), LostChainName(run, step), step, /*lost=*/true});
}

// Calls visit(table, gate, ether type) for all that opens a step.
template <typename Visit>
void ForEachGateElement(const RunObjects& objects, const RunId& run, StepIndex step, const Visit& visit) {
  for (const RunObjects::Gate& gate : objects.gates) {
    if (gate.step != step) continue;
    for (const auto& type : kEtherTypes) visit(TableId{.family = gate.table}, GateName(run, step), type);
  }
}

bool Names(const StepChain& chain, const std::string& device) {
  const std::vector<std::string>& names = chain.step->filter.interfaces;
  return std::find(names.begin(), names.end(), device) != names.end();
}

// A base chain takes its rules with it, and they their holds on step chains and gates. Kernels that do not keep hooks
// by name remove a base chain with its last device (nf_tables_netdev_event), and then deleting it would fail the batch;
// adding a chain that exists changes nothing, so afterwards there is one to delete in either case.
void DeleteBaseChain(NftBatch& batch, const RunObjects::BaseChain& chain) {
  const TableId table{.family = InfoOf(chain.place).family};
  AddChain(batch, NftVerb::kAdd, table, chain.name);
  AddChain(batch, NftVerb::kDelete, table, chain.name);
}

}  // namespace

bool RunObjects::Uses(NftFamily table) const {
  return std::any_of(base_chains.begin(), base_chains.end(),
                     [table](const BaseChain& chain) { return InfoOf(chain.place).family == table; });
}

RunObjects ObjectsOf(const Program& program) {
  const std::vector<StepChain> chains = LayOut(program);
  RunObjects objects;
  for (const Place place : kPlaces) {
    if (UsesPlace(chains, place)) objects.base_chains.push_back({place, ChainName(program.run, InfoOf(place).suffix)});
  }
  for (const StepChain& chain : chains) {
    AppendStepChain(objects, program.run, chain);
    AppendGate(objects, chain.table(), chain.step->index);
  }
  for (const auto& [table, step] : objects.gates) objects.sets.push_back({table, GateName(program.run, step)});
  for (const auto& [table, set, family] : UsedSets(program, chains)) {
    objects.sets.push_back({table, PrefixSetName(program.run, set, family)});
  }
  if (objects.Uses(NftFamily::kInet)) objects.sets.push_back({NftFamily::kInet, DeviceSetName(program.run)});
  return objects;
}

void AddInstall(NftBatch& batch, const Program& program, const RunLanes& lanes) {
  const std::vector<StepChain> chains = LayOut(program);
  const RunObjects objects = ObjectsOf(program);
  for (const auto& [table, set, family] : UsedSets(program, chains)) {
    AddPrefixSet(batch, {.family = table}, PrefixSetName(program.run, set, family),
                 PartOf(program.prefix_sets[set], family));
  }
  if (objects.Uses(NftFamily::kInet)) AddDeviceSet(batch, program);
  AddGates(batch, program.run, objects);
  for (const StepChain& chain : chains) AddStepChain(batch, program, chain, lanes);
  for (const RunObjects::BaseChain& base : objects.base_chains) {
    AddWholeBaseChain(batch, program, chains, base.place, base.name, program.devices);
  }
}

void AddRemove(NftBatch& batch, const RunObjects& objects, NftFamily table) {
  for (const RunObjects::BaseChain& chain : objects.base_chains) {
    if (InfoOf(chain.place).family == table) DeleteBaseChain(batch, chain);
  }
  for (const RunObjects::NamedChain& chain : objects.step_chains) {
    if (chain.table == table) AddChain(batch, NftVerb::kDelete, {.family = table}, chain.name);
  }
  for (const RunObjects::NamedSet& set : objects.sets) {
    if (set.table == table) DeleteSet(batch, {.family = table}, set.name);
  }
}

void AddSwitch(NftBatch& batch, const RunId& run, const RunObjects& objects, std::span<const StepIndex> close,
               std::span<const GateOpening> open) {
  // Measured on 5.10, 6.1 and 6.18: deleting an element that has just expired fails the batch, and
  // adding one that lives succeeds but, before 6.18, leaves its timeout as it was. Add, delete, add
  // is right in every case, and packets never see a state in between.
  for (const StepIndex step : close) {
    ForEachGateElement(objects, run, step, [&](const TableId& table, const std::string& gate, const auto& type) {
      ChangeElement(batch, NftVerb::kAdd, table, gate, type, kShortestTimeout);
      ChangeElement(batch, NftVerb::kDelete, table, gate, type, std::nullopt);
    });
  }
  for (const GateOpening& opening : open) {
    const auto timeout = std::max(std::chrono::floor<milliseconds>(opening.timeout), kShortestTimeout);
    ForEachGateElement(objects, run, opening.step, [&](const auto& table, const auto& gate, const auto& type) {
      ChangeElement(batch, NftVerb::kAdd, table, gate, type, timeout);
      ChangeElement(batch, NftVerb::kDelete, table, gate, type, std::nullopt);
      ChangeElement(batch, NftVerb::kAdd, table, gate, type, timeout);
    });
  }
}

void AddAttach(NftBatch& batch, const Program& program, RunObjects& objects, std::span<const Place> places,
               const std::string& device, const std::string& lower) {
  std::vector<StepChain> chains = LayOut(program);
  std::erase_if(
      chains, [&](const StepChain& chain) { return !lower.empty() && (!Names(chain, device) || Names(chain, lower)); });
  for (const Place place : places) {
    if (!UsesPlace(chains, place)) continue;
    RunObjects::BaseChain base{place, AttachedChainName(program.run, InfoOf(place).suffix, device)};
    DeleteBaseChain(batch, base);
    AddWholeBaseChain(batch, program, chains, place, base.name, {&device, 1});
    const bool known = std::any_of(objects.base_chains.begin(), objects.base_chains.end(),
                                   [&](const auto& chain) { return chain.name == base.name; });
    if (!known) objects.base_chains.push_back(std::move(base));
  }
  if (!objects.Uses(NftFamily::kInet)) return;
  ChangeElement(batch, NftVerb::kAdd, {.family = NftFamily::kInet}, DeviceSetName(program.run), InterfaceKey(device),
                std::nullopt);
}

}  // namespace faultline
