#include "agent/kernel/nft_query.h"

#include <cstring>

#include "absl/strings/str_cat.h"
#include "agent/kernel/nft_numbers.h"
#include "agent/kernel/nft_object.h"
#include "agent/kernel/nl_attributes.h"
#include "common/status.h"

namespace faultline {
namespace {

// A dump that is disturbed again and again is given up after this many attempts.
constexpr int kDumpAttempts = 5;

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
  auto counters = DumpCounters(conversation, table);
  for (int attempt = 1; absl::IsAborted(counters.status()) && attempt < kDumpAttempts; ++attempt) {
    counters = DumpCounters(conversation, table);
  }
  if (absl::IsNotFound(counters.status())) return std::map<std::string, NftCounter>();
  return counters;
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

}  // namespace faultline
