#include "controller/preview/nft_text.h"

#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/program/always_protected.h"
#include "common/program/lane_priority.h"
#include "common/program/nft_layout.h"
#include "common/program/nft_outline.h"
#include "common/program/nft_sets.h"
#include "controller/preview/nft_words.h"

namespace faultline {
namespace {

// The lanes of a program, numbered from 1 by first use, the same in all its tables.
class LaneNumbers {
 public:
  std::size_t Of(const StepChain& chain) {
    return numbers_.try_emplace({chain.step->index, chain.direction()}, numbers_.size() + 1).first->second;
  }

 private:
  std::map<std::pair<StepIndex, Direction>, std::size_t> numbers_;
};

// The text of one table.
class TableWriter {
 public:
  TableWriter(const Program& program, const std::vector<StepChain>& chains, NftFamily family, LaneNumbers& lanes)
      : program_(program), chains_(chains), family_(family), lanes_(lanes) {}

  std::string Write() {
    if (std::none_of(chains_.begin(), chains_.end(), [this](const auto& chain) { return chain.table() == family_; })) {
      return "";
    }
    absl::StrAppend(&text_, "table ", NameOf(family_), " ", kTableName, " {\n");
    WritePrefixSets();
    if (family_ == NftFamily::kInet) WriteDeviceSet();
    WriteGates();
    for (const StepChain& chain : chains_) {
      if (chain.table() == family_) WriteStepChain(chain);
    }
    for (const Place place : kPlaces) {
      if (InfoOf(place).family == family_) WriteBaseChain(place);
    }
    absl::StrAppend(&text_, "}\n");
    return std::move(text_);
  }

 private:
  bool Has(SetIndex set, Family family) const { return program_.prefix_sets[set].HasFamily(family); }
  std::string SetName(SetIndex set, Family family) const { return PrefixSetName(program_.run, set, family); }

  void Line(absl::string_view line) { absl::StrAppend(&text_, "\t\t", line, "\n"); }
  void Rule(const NftWords& words) { Line(words.text()); }
  void Begin(absl::string_view kind, const std::string& name) {
    absl::StrAppend(&text_, "\t", kind, " ", name, " {\n");
  }
  void Close() { absl::StrAppend(&text_, "\t}\n"); }

  void WritePrefixSets() {
    for (const auto& [table, set, family] : UsedSets(program_, chains_)) {
      if (table != family_) continue;
      Begin("set", SetName(set, family));
      Line(family == Family::kIpv4 ? "type ipv4_addr" : "type ipv6_addr");
      Line("flags interval");
      Line(absl::StrCat("elements = { ", PrefixElements(PartOf(program_.prefix_sets[set], family)), " }"));
      Close();
    }
  }

  void WriteDeviceSet() {
    Begin("set", DeviceSetName(program_.run));
    Line("type ifname");
    Line(absl::StrCat("elements = { \"", absl::StrJoin(program_.devices, "\", \""), "\" }"));
    Close();
  }

  void WriteGates() {
    std::set<StepIndex> written;
    for (const StepChain& chain : chains_) {
      if (chain.table() != family_ || !written.insert(chain.step->index).second) continue;
      Begin("set", GateName(program_.run, chain.step->index));
      Line("type ether_type");
      Line("flags timeout");
      Close();
    }
  }

  // The same in every base chain, whatever the plan says.
  void WriteProtected(Direction direction) {
    ReturnPorts(Transport::kTcp, kProtectedTcpPorts);
    ReturnPorts(Transport::kUdp, kProtectedUdpPorts);
    Rule(NftWords().Word("icmpv6 type").Word(kNeighbourDiscoveryText).Word("return"));
    const PrefixSet remotes = LinkLocalServices().Union(program_.protect.remotes);
    for (const Family family : {Family::kIpv4, Family::kIpv6}) {
      const auto part = PartOf(remotes, family);
      if (!part.empty()) Rule(NftWords().AddressIn(RemoteEnd(direction), family, part).Word("return"));
    }
    for (const ProtectedEndpoint& endpoint : program_.protect.endpoints) {
      const PortRange port{endpoint.port, endpoint.port};
      for (const End end : {End::kSource, End::kDestination}) {
        Rule(NftWords()
                 .AddressIs(end, endpoint.address)
                 .PortIn({{TransportOf(endpoint)}}, end, {&port, 1})
                 .Word("return"));
      }
    }
  }

  void ReturnPorts(Transport transport, std::span<const std::uint16_t> always) {
    std::set<std::uint16_t> ports(always.begin(), always.end());
    ports.insert(program_.protect.ports.begin(), program_.protect.ports.end());
    std::vector<PortRange> ranges;
    for (const std::uint16_t port : ports) ranges.push_back({port, port});
    for (const auto end : {End::kSource, End::kDestination}) {
      Rule(NftWords().PortIn({{transport}}, end, ranges).Word("return"));
    }
  }

  void WriteBaseChain(Place place) {
    const auto here = [place](const StepChain& chain) { return chain.IsAt(place); };
    if (std::none_of(chains_.begin(), chains_.end(), here)) return;
    const PlaceInfo& info = InfoOf(place);
    Begin("chain", ChainName(program_.run, info.suffix));
    Line(absl::StrCat("type filter hook ", NameOf(info.hook), DevicesText(), " priority ", info.priority,
                      "; policy accept;"));
    for (const Outline& outline : OutlinesOf(program_, chains_, place)) {
      Rule(NftWords().AddressOutside(RemoteEnd(info.direction), outline).Word("return"));
    }
    if (family_ == NftFamily::kInet) {
      Rule(NftWords().InterfaceInSet(info.direction, DeviceSetName(program_.run), Sense::kNotIn).Word("return"));
    }
    if (GivesPriority(place)) {
      Line(absl::StrCat("meta priority & ", absl::Hex(kLanePriorityMask >> 16),
                        ":0 == ", absl::Hex(kLanePriorities >> 16), ":0 return"));
    }
    WriteProtected(info.direction);
    for (const StepChain& chain : chains_) {
      if (!here(chain)) continue;
      Line(absl::StrCat("meta protocol @", GateName(program_.run, chain.step->index), " jump ", chain.name));
    }
    Close();
  }

  std::string DevicesText() const {
    if (family_ != NftFamily::kNetdev) return "";
    if (program_.devices.size() == 1) return absl::StrCat(" device \"", program_.devices.front(), "\"");
    return absl::StrCat(" devices = { \"", absl::StrJoin(program_.devices, "\", \""), "\" }");
  }

  std::string StepName(const StepChain& chain, absl::string_view suffix) const {
    return StepChainName(program_.run, chain.step->index, suffix);
  }

  // Chains that a jump names stand before it.
  void WriteDraw(const StepChain& chain) {
    Begin("chain", StepName(chain, "lost"));
    Line("counter drop");
    Close();
    Begin("chain", StepName(chain, "draw"));
    Rule(NftWords()
             .Random(std::get<Impairment>(chain.step->effect).loss)
             .Word(absl::StrCat("goto ", StepName(chain, "lost"))));
    Line("accept");
    Close();
  }

  void WriteStepChain(const StepChain& chain) {
    if (chain.action == Action::kDraw) WriteDraw(chain);
    Begin("chain", chain.name);
    WriteRefusals(chain);
    WriteSpared(chain);
    for (const FamilyMatch& match : chain.matches) {
      for (const Variant& variant : VariantsOf(chain, match.family)) WriteRule(chain, match, variant);
    }
    Close();
  }

  // A node's own refusals are not refused in turn.
  void WriteRefusals(const StepChain& chain) {
    if (chain.action != Action::kReject || chain.direction() != Direction::kEgress) return;
    const bool refuses = std::any_of(program_.steps.begin(), program_.steps.end(), [](const auto& step) {
      return std::holds_alternative<Reject>(step.effect) && !step.incoming.empty();
    });
    if (!refuses) return;
    Line("tcp flags rst return");
    Line("icmp type destination-unreachable return");
    Line("icmpv6 type destination-unreachable return");
  }

  void WriteSpared(const StepChain& chain) {
    const PacketFilter& filter = chain.step->filter;
    if (!filter.interfaces.empty()) {
      Rule(NftWords().InterfaceIn(chain.direction(), filter.interfaces, Sense::kNotIn).Word("return"));
    }
    constexpr End kEnds[] = {End::kSource, End::kDestination};
    for (const auto end : kEnds) {
      if (filter.except_ports.empty()) break;
      Rule(NftWords().PortIn(WithPorts(filter.protocol), end, filter.except_ports).Word("return"));
    }
    if (!filter.except_addresses) return;
    for (const Family family : {Family::kIpv4, Family::kIpv6}) {
      const bool used = std::any_of(chain.matches.begin(), chain.matches.end(),
                                    [family](const FamilyMatch& match) { return match.family == family; });
      if (!used || !Has(*filter.except_addresses, family)) continue;
      for (const auto end : kEnds) {
        Rule(
            NftWords().AddressInSet(end, family, SetName(*filter.except_addresses, family), Sense::kIn).Word("return"));
      }
    }
  }

  void WriteRule(const StepChain& chain, const FamilyMatch& match, const Variant& variant) {
    NftWords words;
    AddAddresses(words, match);
    if (chain.step->filter.dscp) words.DscpIs(match.family, *chain.step->filter.dscp);
    AddTransport(words, chain.step->filter, variant);
    AddAction(words, chain, variant);
    Rule(words);
  }

  void AddAddresses(NftWords& words, const FamilyMatch& entry) const {
    const auto& [match, family] = entry;
    if (match.sources) words.AddressInSet(End::kSource, family, SetName(*match.sources, family), Sense::kIn);
    if (match.destinations) {
      words.AddressInSet(End::kDestination, family, SetName(*match.destinations, family), Sense::kIn);
    }
    if (match.except_destinations && Has(*match.except_destinations, family)) {
      words.AddressInSet(End::kDestination, family, SetName(*match.except_destinations, family), Sense::kNotIn);
    }
  }

  static void AddTransport(NftWords& words, const PacketFilter& filter, const Variant& variant) {
    const bool by_flags = filter.connection != Connection::kAny && variant.OnlyTcp();
    const bool opens = filter.connection == Connection::kNew;
    if (variant.either) {
      words.PortIn(variant.transports, *variant.either, filter.either_ports);
    } else if (NamesPorts(filter)) {
      if (!filter.source_ports.empty()) words.PortIn(variant.transports, End::kSource, filter.source_ports);
      if (!filter.destination_ports.empty()) {
        words.PortIn(variant.transports, End::kDestination, filter.destination_ports);
      }
    } else if (!variant.transports.empty() && !by_flags) {
      words.TransportIn(variant.transports);
    }
    if (by_flags) {
      words.OpensTcp(opens);
    } else if (filter.connection != Connection::kAny) {
      words.ConnectionIsNew(opens);
    }
  }

  void AddAction(NftWords& words, const StepChain& chain, const Variant& variant) {
    switch (chain.action) {
      case Action::kDrop:
        words.Word("counter drop");
        break;
      case Action::kReject:
        words.Word(variant.OnlyTcp() ? "counter reject with tcp reset" : "counter reject with icmpx admin-prohibited");
        break;
      case Action::kSwallow:
        words.Word("counter").Word(LaneText(chain, 0));
        break;
      case Action::kDetour:
        words.Word("counter").Word(LaneText(chain, lanes_.Of(chain)));
        break;
      case Action::kDraw:
        words.Word(absl::StrCat("goto ", StepName(chain, "draw")));
        break;
      case Action::kPass:
        words.Word("accept");
        break;
    }
  }

  static std::string LaneText(const StepChain& chain, std::size_t lane) {
    if (!GivesPriority(chain.places.front())) return absl::StrCat("fwd to \"fl", lane, "\"");
    return absl::StrCat("meta priority set ", absl::Hex(kLanePriorities >> 16), ":", absl::Hex(lane), " accept");
  }

  const Program& program_;
  const std::vector<StepChain>& chains_;
  const NftFamily family_;
  LaneNumbers& lanes_;
  std::string text_;
};

}  // namespace

std::string NftText(const Program& program) {
  const std::vector<StepChain> chains = LayOut(program);
  std::string text;
  LaneNumbers lanes;
  for (const NftFamily family : kNftFamilies) {
    absl::StrAppend(&text, TableWriter(program, chains, family, lanes).Write());
  }
  return text;
}

}  // namespace faultline
