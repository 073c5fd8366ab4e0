#include "agent/kernel/nft_query.h"

#include <cstring>

#include "absl/strings/str_cat.h"
#include "agent/kernel/nft_numbers.h"
#include "agent/kernel/nft_object.h"
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

// The message for libnftnl, which trusts the lengths; nullptr when it is not of the type or too
// short.
const nlmsghdr* MessageOf(std::span<const std::uint8_t> bytes, std::uint16_t type) {
  if (bytes.size() < sizeof(nlmsghdr) + sizeof(nfgenmsg)) return nullptr;
  const auto* message = reinterpret_cast<const nlmsghdr*>(bytes.data());
  return message->nlmsg_type == ((NFNL_SUBSYS_NFTABLES << 8) | type) ? message : nullptr;
}

absl::StatusOr<NftTableInfo> ParseTable(std::span<const std::uint8_t> bytes) {
  const NftTable table(nftnl_table_alloc());
  const nlmsghdr* message = MessageOf(bytes, NFT_MSG_NEWTABLE);
  if (message == nullptr || nftnl_table_nlmsg_parse(message, table.get()) < 0) {
    return absl::DataLossError("an answer that is not a table");
  }
  NftTableInfo info;
  if (nftnl_table_is_set(table.get(), NFTNL_TABLE_OWNER)) {
    info.owner_port = nftnl_table_get_u32(table.get(), NFTNL_TABLE_OWNER);
  }
  return info;
}

int AddCounter(nftnl_expr* expression, void* data) {
  const char* name = nftnl_expr_get_str(expression, NFTNL_EXPR_NAME);
  if (name == nullptr || std::strcmp(name, "counter") != 0) return 0;
  auto& sum = *static_cast<NftCounter*>(data);
  sum.packets += nftnl_expr_get_u64(expression, NFTNL_EXPR_CTR_PACKETS);
  sum.bytes += nftnl_expr_get_u64(expression, NFTNL_EXPR_CTR_BYTES);
  return 0;
}

absl::Status AddRuleCounters(std::span<const std::uint8_t> bytes, absl::string_view table,
                             std::map<std::string, NftCounter>& counters) {
  const NftRule rule(nftnl_rule_alloc());
  const nlmsghdr* message = MessageOf(bytes, NFT_MSG_NEWRULE);
  if (message == nullptr || nftnl_rule_nlmsg_parse(message, rule.get()) < 0) {
    return absl::DataLossError("an answer that is not a rule");
  }
  const char* of_table = nftnl_rule_get_str(rule.get(), NFTNL_RULE_TABLE);
  const char* chain = nftnl_rule_get_str(rule.get(), NFTNL_RULE_CHAIN);
  if (of_table == nullptr || chain == nullptr) return absl::DataLossError("an answer that is not a rule");
  if (table != of_table) return absl::OkStatus();
  NftCounter sum;
  nftnl_expr_foreach(rule.get(), AddCounter, &sum);
  NftCounter& counter = counters[chain];
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
  const NftChain chain(nftnl_chain_alloc());
  const nlmsghdr* message = MessageOf(bytes, NFT_MSG_NEWCHAIN);
  if (message == nullptr || nftnl_chain_nlmsg_parse(message, chain.get()) < 0) {
    return absl::DataLossError("an answer that is not a chain");
  }
  std::vector<std::string> devices;
  const char* const* names = nftnl_chain_get_array(chain.get(), NFTNL_CHAIN_DEVICES);
  for (; names != nullptr && *names != nullptr; ++names) devices.emplace_back(*names);
  const char* only = nftnl_chain_get_str(chain.get(), NFTNL_CHAIN_DEV);
  if (devices.empty() && only != nullptr) devices.emplace_back(only);
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
