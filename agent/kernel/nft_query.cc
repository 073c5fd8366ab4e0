#include "agent/kernel/nft_query.h"

#include <algorithm>
#include <chrono>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "agent/kernel/nft_numbers.h"
#include "agent/kernel/nft_object.h"
#include "agent/kernel/nl_attributes.h"
#include "common/status.h"

namespace faultline {
namespace {

// Of what is left: what a Duration can hold.
constexpr std::uint64_t kMostMilliseconds = std::uint64_t{1} << 40;

// Where a request is built: all zero, for libmnl leaves an attribute's padding as it finds it (1.0.4).
struct RequestBuffer {
  alignas(nlmsghdr) char bytes[1024] = {};
};

std::span<const std::uint8_t> BytesOf(const nlmsghdr* message) {
  return {reinterpret_cast<const std::uint8_t*>(message), message->nlmsg_len};
}

// The attributes of an answer of this type. DATA_LOSS, saying what it is not, when it is none.
absl::StatusOr<NlAttributes> AttributesOf(std::span<const std::uint8_t> bytes, std::uint16_t type,
                                          absl::string_view what) {
  constexpr std::size_t kHeaders = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(nfgenmsg));
  if (bytes.size() < kHeaders ||
      reinterpret_cast<const nlmsghdr*>(bytes.data())->nlmsg_type != ((NFNL_SUBSYS_NFTABLES << 8) | type)) {
    return absl::DataLossError(absl::StrCat("an answer that is not a ", what));
  }
  return NlAttributes(bytes.subspan(kHeaders));
}

// One dump of a family's things; `narrow` may add attributes to the question.
template <typename Narrow>
absl::Status Dump(NlConversation& conversation, std::uint16_t type, NftFamily family, absl::string_view operation,
                  const Narrow& narrow, const NlConversation::Visitor& visitor) {
  const std::uint32_t sequence = conversation.next_sequence();
  RequestBuffer buffer;
  nlmsghdr* request = nftnl_nlmsg_build_hdr(buffer.bytes, type, NumberOf(family), NLM_F_DUMP, sequence);
  narrow(request);
  return conversation.Query(BytesOf(request), sequence, operation, visitor);
}

absl::StatusOr<NftTableInfo> ParseTable(std::span<const std::uint8_t> bytes) {
  FAULTLINE_ASSIGN_OR_RETURN(const NlAttributes table, AttributesOf(bytes, NFT_MSG_NEWTABLE, "table"));
  return NftTableInfo{.owner_port = table.U32(NFTA_TABLE_OWNER)};
}

NftCounter SumOf(const NlAttributes& expressions) {
  NftCounter sum;
  for (const NlAttributes::Bytes bytes : expressions.All(NFTA_LIST_ELEM)) {
    const NlAttributes expression(bytes);
    if (expression.Text(NFTA_EXPR_NAME) != "counter") continue;
    const NlAttributes counter = expression.Nest(NFTA_EXPR_DATA);
    sum.packets += counter.U64(NFTA_COUNTER_PACKETS).value_or(0);
    sum.bytes += counter.U64(NFTA_COUNTER_BYTES).value_or(0);
  }
  return sum;
}

absl::Status AddRuleCounters(std::span<const std::uint8_t> bytes, absl::string_view table,
                             std::map<std::string, NftCounter>& counters) {
  FAULTLINE_ASSIGN_OR_RETURN(const NlAttributes rule, AttributesOf(bytes, NFT_MSG_NEWRULE, "rule"));
  const auto of_table = rule.Text(NFTA_RULE_TABLE);
  const auto chain = rule.Text(NFTA_RULE_CHAIN);
  if (!of_table || !chain) return absl::DataLossError("an answer that is not a rule");
  if (table != *of_table) return absl::OkStatus();
  const NftCounter sum = SumOf(rule.Nest(NFTA_RULE_EXPRESSIONS));
  NftCounter& counter = counters[std::string(*chain)];
  counter.packets += sum.packets;
  counter.bytes += sum.bytes;
  return absl::OkStatus();
}

absl::StatusOr<std::map<std::string, NftCounter>> DumpCounters(NlConversation& conversation, const TableId& table) {
  const NftRule filter(nftnl_rule_alloc());
  nftnl_rule_set_str(filter.get(), NFTNL_RULE_TABLE, table.name);
  const std::uint32_t sequence = conversation.next_sequence();
  RequestBuffer buffer;
  nlmsghdr* request =
      nftnl_nlmsg_build_hdr(buffer.bytes, NFT_MSG_GETRULE, NumberOf(table.family), NLM_F_DUMP, sequence);
  nftnl_rule_nlmsg_build_payload(request, filter.get());
  std::map<std::string, NftCounter> counters;
  FAULTLINE_RETURN_IF_ERROR(conversation.Query(
      BytesOf(request), sequence, absl::StrCat("list rules of table ", NameOf(table.family), " ", table.name),
      [&](std::span<const std::uint8_t> bytes) { return AddRuleCounters(bytes, table.name, counters); }));
  return counters;
}

absl::StatusOr<std::vector<std::string>> ParseChainDevices(std::span<const std::uint8_t> bytes) {
  FAULTLINE_ASSIGN_OR_RETURN(const NlAttributes chain, AttributesOf(bytes, NFT_MSG_NEWCHAIN, "chain"));
  const NlAttributes hook = chain.Nest(NFTA_CHAIN_HOOK);
  std::vector<std::string> devices;
  for (const NlAttributes::Bytes name : hook.Nest(NFTA_HOOK_DEVS).All(NFTA_DEVICE_NAME)) {
    const auto* text = reinterpret_cast<const char*>(name.data());
    devices.emplace_back(text, strnlen(text, name.size()));
  }
  const auto only = hook.Text(NFTA_HOOK_DEV);
  if (devices.empty() && only) devices.emplace_back(*only);
  return devices;
}

absl::Status AddElements(std::span<const std::uint8_t> bytes, std::vector<NftElement>& elements) {
  FAULTLINE_ASSIGN_OR_RETURN(const NlAttributes list, AttributesOf(bytes, NFT_MSG_NEWSETELEM, "set's content"));
  for (const NlAttributes::Bytes item : list.Nest(NFTA_SET_ELEM_LIST_ELEMENTS).All(NFTA_LIST_ELEM)) {
    const NlAttributes attributes(item);
    NftElement& element = elements.emplace_back();
    for (const NlAttributes::Bytes value : attributes.Nest(NFTA_SET_ELEM_KEY).All(NFTA_DATA_VALUE)) {
      element.key.assign(reinterpret_cast<const char*>(value.data()), value.size());
    }
    const auto left = attributes.U64(NFTA_SET_ELEM_EXPIRATION);
    if (left) element.left = std::chrono::milliseconds(std::min(*left, kMostMilliseconds));
  }
  return absl::OkStatus();
}

// Of chains or sets, whose table is that of the question, for the kernel answers with all of a family's.
absl::StatusOr<std::optional<std::string>> NameWithin(const NlAttributes& attributes, std::uint16_t table_type,
                                                      std::uint16_t name_type, const TableId& table) {
  const auto of_table = attributes.Text(table_type);
  const auto name = attributes.Text(name_type);
  if (!of_table || !name) return absl::DataLossError("an answer without a name");
  return *of_table == table.name ? std::optional<std::string>(*name) : std::nullopt;
}

absl::StatusOr<NftTableContent> DumpContent(NlConversation& conversation, const TableId& table) {
  NftTableContent content;
  FAULTLINE_RETURN_IF_ERROR(Dump(
      conversation, NFT_MSG_GETCHAIN, table.family, "list chains", [](nlmsghdr*) {},
      [&](std::span<const std::uint8_t> bytes) -> absl::Status {
        FAULTLINE_ASSIGN_OR_RETURN(const NlAttributes chain, AttributesOf(bytes, NFT_MSG_NEWCHAIN, "chain"));
        FAULTLINE_ASSIGN_OR_RETURN(const auto name, NameWithin(chain, NFTA_CHAIN_TABLE, NFTA_CHAIN_NAME, table));
        if (!name) return absl::OkStatus();
        FAULTLINE_ASSIGN_OR_RETURN(content.chains[*name], ParseChainDevices(bytes));
        return absl::OkStatus();
      }));
  FAULTLINE_RETURN_IF_ERROR(Dump(
      conversation, NFT_MSG_GETSET, table.family, "list sets", [](nlmsghdr*) {},
      [&](std::span<const std::uint8_t> bytes) -> absl::Status {
        FAULTLINE_ASSIGN_OR_RETURN(const NlAttributes set, AttributesOf(bytes, NFT_MSG_NEWSET, "set"));
        FAULTLINE_ASSIGN_OR_RETURN(auto name, NameWithin(set, NFTA_SET_TABLE, NFTA_SET_NAME, table));
        if (name) content.sets.push_back(*std::move(name));
        return absl::OkStatus();
      }));
  return content;
}

absl::StatusOr<std::vector<NftElement>> DumpElements(NlConversation& conversation, const TableId& table,
                                                     const std::string& set) {
  std::vector<NftElement> elements;
  FAULTLINE_RETURN_IF_ERROR(Dump(
      conversation, NFT_MSG_GETSETELEM, table.family, absl::StrCat("read set ", set),
      [&](nlmsghdr* request) {
        mnl_attr_put_strz(request, NFTA_SET_ELEM_LIST_TABLE, table.name);
        mnl_attr_put_strz(request, NFTA_SET_ELEM_LIST_SET, set.c_str());
      },
      [&](std::span<const std::uint8_t> bytes) { return AddElements(bytes, elements); }));
  return elements;
}

// A dump, until it was not disturbed; an empty answer when there is no such thing.
template <typename Ask>
auto UntilUndisturbed(const Ask& ask) -> decltype(ask()) {
  auto answer = ask();
  for (int attempt = 1; absl::IsAborted(answer.status()) && attempt < kDumpAttempts; ++attempt) answer = ask();
  if (absl::IsNotFound(answer.status())) return typename decltype(ask())::value_type();
  return answer;
}

}  // namespace

absl::StatusOr<std::optional<NftTableInfo>> FindTable(NlConversation& conversation, const TableId& table) {
  const NftTable filter(nftnl_table_alloc());
  nftnl_table_set_str(filter.get(), NFTNL_TABLE_NAME, table.name);
  const std::uint32_t sequence = conversation.next_sequence();
  RequestBuffer buffer;
  nlmsghdr* request =
      nftnl_nlmsg_build_hdr(buffer.bytes, NFT_MSG_GETTABLE, NumberOf(table.family), NLM_F_ACK, sequence);
  nftnl_table_nlmsg_build_payload(request, filter.get());
  std::optional<NftTableInfo> found;
  const absl::Status status = conversation.Query(BytesOf(request), sequence,
                                                 absl::StrCat("look for table ", NameOf(table.family), " ", table.name),
                                                 [&](std::span<const std::uint8_t> bytes) {
                                                   FAULTLINE_ASSIGN_OR_RETURN(found, ParseTable(bytes));
                                                   return absl::OkStatus();
                                                 });
  if (absl::IsNotFound(status)) return std::nullopt;
  if (!status.ok()) return status;
  return found;
}

absl::StatusOr<std::map<std::string, NftCounter>> ReadChainCounters(NlConversation& conversation,
                                                                    const TableId& table) {
  return UntilUndisturbed([&] { return DumpCounters(conversation, table); });
}

absl::StatusOr<std::vector<std::string>> ReadChainDevices(NlConversation& conversation, const TableId& table,
                                                          const std::string& chain) {
  const NftChain filter(nftnl_chain_alloc());
  nftnl_chain_set_str(filter.get(), NFTNL_CHAIN_TABLE, table.name);
  nftnl_chain_set_str(filter.get(), NFTNL_CHAIN_NAME, chain.c_str());
  const std::uint32_t sequence = conversation.next_sequence();
  RequestBuffer buffer;
  nlmsghdr* request =
      nftnl_nlmsg_build_hdr(buffer.bytes, NFT_MSG_GETCHAIN, NumberOf(table.family), NLM_F_ACK, sequence);
  nftnl_chain_nlmsg_build_payload(request, filter.get());
  std::vector<std::string> devices;
  const absl::Status status = conversation.Query(BytesOf(request), sequence, absl::StrCat("look at chain ", chain),
                                                 [&](std::span<const std::uint8_t> bytes) {
                                                   FAULTLINE_ASSIGN_OR_RETURN(devices, ParseChainDevices(bytes));
                                                   return absl::OkStatus();
                                                 });
  if (absl::IsNotFound(status)) return std::vector<std::string>();
  if (!status.ok()) return status;
  return devices;
}

absl::StatusOr<NftTableContent> ReadTableContent(NlConversation& conversation, const TableId& table) {
  return UntilUndisturbed([&] { return DumpContent(conversation, table); });
}

absl::StatusOr<std::vector<NftElement>> ReadElements(NlConversation& conversation, const TableId& table,
                                                     const std::string& set) {
  return UntilUndisturbed([&] { return DumpElements(conversation, table, set); });
}

}  // namespace faultline
