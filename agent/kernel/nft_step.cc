#include "agent/kernel/nft_step.h"

#include <algorithm>

#include "agent/kernel/nft_chain.h"
#include "agent/kernel/nft_rule.h"

namespace faultline {
namespace {

// The rules of one chain.
class StepRuleWriter {
 public:
  StepRuleWriter(NftBatch& batch, const Program& program, const StepChain& chain, const RunLanes& lanes)
      : batch_(batch),
        program_(program),
        chain_(chain),
        filter_(chain.step->filter),
        lanes_(lanes),
        table_{.family = chain.table()} {}

  void Write() {
    ReturnRefusals();
    ReturnSpared();
    for (const FamilyMatch& match : chain_.matches) {
      for (const Variant& variant : VariantsOf(chain_, match.family)) AddRule(match, variant);
    }
  }

 private:
  NftRuleBuilder Begin() { return NftRuleBuilder(batch_, table_, chain_.name); }
  bool Has(SetIndex set, Family family) const { return program_.prefix_sets[set].HasFamily(family); }
  std::string SetName(SetIndex set, Family family) const { return PrefixSetName(program_.run, set, family); }

  // What the kernel refuses it answers by packets that go out as any others do, and to which it answers nothing itself:
  // refused in turn, they would be lost.
  void ReturnRefusals() {
    if (chain_.action != Action::kReject || chain_.direction() != Direction::kEgress) return;
    const bool refuses = std::any_of(program_.steps.begin(), program_.steps.end(), [](const auto& step) {
      return std::holds_alternative<Reject>(step.effect) && !step.incoming.empty();
    });
    if (!refuses) return;
    Begin().ResetsTcp().Return().Add();
    for (const Family family : {Family::kIpv4, Family::kIpv6}) Begin().SaysUnreachable(family).Return().Add();
  }

  void ReturnSpared() {
    if (!filter_.interfaces.empty()) {
      Begin().InterfaceIn(chain_.direction(), filter_.interfaces, Sense::kNotIn).Return().Add();
    }
    for (const End end : {End::kSource, End::kDestination}) {
      if (filter_.except_ports.empty()) break;
      Begin().PortIn(WithPorts(filter_.protocol), end, filter_.except_ports).Return().Add();
    }
    if (!filter_.except_addresses) return;
    const SetIndex except = *filter_.except_addresses;
    for (const Family family : {Family::kIpv4, Family::kIpv6}) {
      const bool used = std::any_of(chain_.matches.begin(), chain_.matches.end(),
                                    [family](const FamilyMatch& match) { return match.family == family; });
      if (!used || !Has(except, family)) continue;
      for (const End end : {End::kSource, End::kDestination}) {
        Begin().AddressInSet(end, family, SetName(except, family), Sense::kIn).Return().Add();
      }
    }
  }

  void AddRule(const FamilyMatch& match, const Variant& variant) {
    NftRuleBuilder rule = Begin();
    AddAddresses(rule, match);
    if (filter_.dscp) rule.DscpIs(match.family, *filter_.dscp);
    AddTransport(rule, variant);
    AddAction(rule, variant);
    rule.Add();
  }

  void AddAddresses(NftRuleBuilder& rule, const FamilyMatch& entry) const {
    const auto& [match, family] = entry;
    if (match.sources) rule.AddressInSet(End::kSource, family, SetName(*match.sources, family), Sense::kIn);
    if (match.destinations) {
      rule.AddressInSet(End::kDestination, family, SetName(*match.destinations, family), Sense::kIn);
    }
    if (match.except_destinations && Has(*match.except_destinations, family)) {
      rule.AddressInSet(End::kDestination, family, SetName(*match.except_destinations, family), Sense::kNotIn);
    }
  }

  void AddTransport(NftRuleBuilder& rule, const Variant& variant) const {
    const bool by_flags = filter_.connection != Connection::kAny && variant.OnlyTcp();
    const bool opens = filter_.connection == Connection::kNew;
    if (variant.either) {
      rule.PortIn(variant.transports, *variant.either, filter_.either_ports);
    } else if (NamesPorts(filter_)) {
      if (!filter_.source_ports.empty()) rule.PortIn(variant.transports, End::kSource, filter_.source_ports);
      if (!filter_.destination_ports.empty()) {
        rule.PortIn(variant.transports, End::kDestination, filter_.destination_ports);
      }
    } else if (!variant.transports.empty() && !by_flags) {
      rule.TransportIn(variant.transports);
    }
    if (by_flags) {
      rule.OpensTcp(opens);
    } else if (filter_.connection != Connection::kAny) {
      rule.ConnectionIsNew(opens);
    }
  }

  void AddAction(NftRuleBuilder& rule, const Variant& variant) const {
    const StepIndex step = chain_.step->index;
    switch (chain_.action) {
      case Action::kDrop:
        rule.Counter().Drop();
        break;
      case Action::kReject:
        rule.Counter();
        variant.OnlyTcp() ? rule.RejectByReset() : rule.RejectByIcmp();
        break;
      case Action::kSwallow:
        AddLane(rule.Counter(), *lanes_.blackhole);
        break;
      case Action::kDetour:
        AddLane(rule.Counter(), lanes_.detours.at({step, chain_.direction()}));
        break;
      case Action::kDraw:
        rule.Goto(DrawChainName(program_.run, step));
        break;
      case Action::kPass:
        rule.Accept();
        break;
    }
  }

  void AddLane(NftRuleBuilder& rule, const Lane& lane) const {
    GivesPriority(chain_.places.front()) ? rule.LeaveFor(lane) : rule.ForwardTo(lane);
  }

  NftBatch& batch_;
  const Program& program_;
  const StepChain& chain_;
  const PacketFilter& filter_;
  const RunLanes& lanes_;
  const TableId table_;
};

constexpr TableId kInetTable{.family = NftFamily::kInet};

// Packets leave the base chain by it, lost or not: none is drawn for twice.
void AddDrawRules(NftBatch& batch, const RunId& run, StepIndex step, Ratio share) {
  const std::string draw = DrawChainName(run, step);
  NftRuleBuilder(batch, kInetTable, draw).Random(share).Goto(LostChainName(run, step)).Add();
  NftRuleBuilder(batch, kInetTable, draw).Accept().Add();
}

void AddDraw(NftBatch& batch, const RunId& run, StepIndex step, Ratio share) {
  // Of its own, so that a new share leaves the counter as it is.
  const std::string lost = LostChainName(run, step);
  AddChain(batch, NftVerb::kCreate, kInetTable, lost);
  NftRuleBuilder(batch, kInetTable, lost).Counter().Drop().Add();
  AddChain(batch, NftVerb::kCreate, kInetTable, DrawChainName(run, step));
  AddDrawRules(batch, run, step, share);
}

}  // namespace

void AddStepChain(NftBatch& batch, const Program& program, const StepChain& chain, const RunLanes& lanes) {
  if (chain.action == Action::kDraw) {
    AddDraw(batch, program.run, chain.step->index, std::get<Impairment>(chain.step->effect).loss);
  }
  AddChain(batch, NftVerb::kCreate, {.family = chain.table()}, chain.name);
  StepRuleWriter(batch, program, chain, lanes).Write();
}

std::string DrawChainName(const RunId& run, StepIndex step) { return StepChainName(run, step, "draw"); }

std::string LostChainName(const RunId& run, StepIndex step) { return StepChainName(run, step, "lost"); }

void ChangeDraw(NftBatch& batch, const RunId& run, StepIndex step, Ratio share) {
  DeleteRules(batch, kInetTable, DrawChainName(run, step));
  AddDrawRules(batch, run, step, share);
}

}  // namespace faultline
