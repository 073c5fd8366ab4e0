#include "agent/kernel/nft_batch.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "agent/kernel/nft_object.h"
#include "common/status.h"

namespace faultline {
namespace {

// The largest message: kMaxElements IPv6 addresses with flags and timeout (48 bytes each).
constexpr std::size_t kMaxMessage = 64 << 10;
static_assert(NftBatch::kMaxElements * 48 + 4096 < kMaxMessage);

// "add chain r/in", "delete set inet r/g0".
std::string NameOperation(NftVerb verb, absl::string_view kind, std::uint32_t family, const char* name) {
  return absl::StrCat(verb == NftVerb::kDelete ? "delete " : "add ", kind, family == NFPROTO_INET ? " inet " : " ",
                      name);
}

std::uint16_t MessageType(NftVerb verb, std::uint16_t add, std::uint16_t remove) {
  return verb == NftVerb::kDelete ? remove : add;
}

std::uint16_t Flags(NftVerb verb) {
  switch (verb) {
    case NftVerb::kAdd:
      return NLM_F_CREATE;
    case NftVerb::kCreate:
      return NLM_F_CREATE | NLM_F_EXCL;
    case NftVerb::kDelete:
      return 0;
  }
  return 0;
}

// Each in a nest of its number, as libnftnl has it.
void PutElements(std::span<const NftSetElement> elements, nlmsghdr* message) {
  nlattr* list = mnl_attr_nest_start(message, NFTA_SET_ELEM_LIST_ELEMENTS);
  std::uint16_t number = 0;
  for (const NftSetElement& element : elements) {
    nlattr* nest = mnl_attr_nest_start(message, ++number);
    if (element.flags != 0) mnl_attr_put_u32(message, NFTA_SET_ELEM_FLAGS, htonl(element.flags));
    nlattr* key = mnl_attr_nest_start(message, NFTA_SET_ELEM_KEY);
    mnl_attr_put(message, NFTA_DATA_VALUE, element.size, element.key.data());
    mnl_attr_nest_end(message, key);
    mnl_attr_nest_end(message, nest);
  }
  mnl_attr_nest_end(message, list);
}

}  // namespace

NftBatch::NftBatch(std::uint32_t first_sequence)
    : first_sequence_(first_sequence), scratch_(std::make_unique<char[]>(kMaxMessage)) {
  const nlmsghdr* frame = nftnl_batch_begin(scratch_.get(), first_sequence);
  bytes_.assign(scratch_.get(), scratch_.get() + frame->nlmsg_len);
}

template <typename Build>
void NftBatch::Append(std::string name, std::uint32_t family, std::uint16_t type, std::uint16_t flags,
                      const Build& build) {
  names_.push_back(std::move(name));
  nlmsghdr* message =
      nftnl_nlmsg_build_hdr(scratch_.get(), type, static_cast<std::uint16_t>(family), flags, last_sequence());
  build(message);
  last_offset_ = bytes_.size();
  bytes_.insert(bytes_.end(), scratch_.get(), scratch_.get() + message->nlmsg_len);
  // libmnl leaves an attribute's padding as it finds it (1.0.4).
  std::memset(scratch_.get(), 0, message->nlmsg_len);
}

void NftBatch::Table(NftVerb verb, const nftnl_table& table) {
  const std::uint32_t family = nftnl_table_get_u32(&table, NFTNL_TABLE_FAMILY);
  Append(NameOperation(verb, "table", family, nftnl_table_get_str(&table, NFTNL_TABLE_NAME)), family,
         MessageType(verb, NFT_MSG_NEWTABLE, NFT_MSG_DELTABLE), Flags(verb),
         [&](nlmsghdr* message) { nftnl_table_nlmsg_build_payload(message, &table); });
}

void NftBatch::Chain(NftVerb verb, const nftnl_chain& chain) {
  const std::uint32_t family = nftnl_chain_get_u32(&chain, NFTNL_CHAIN_FAMILY);
  std::string name = NameOperation(verb, "chain", family, nftnl_chain_get_str(&chain, NFTNL_CHAIN_NAME));
  const char* const* device = nftnl_chain_get_array(&chain, NFTNL_CHAIN_DEVICES);
  for (absl::string_view lead = " on "; device != nullptr && *device != nullptr; lead = ", ") {
    absl::StrAppend(&name, lead, *device++);
  }
  Append(std::move(name), family, MessageType(verb, NFT_MSG_NEWCHAIN, NFT_MSG_DELCHAIN), Flags(verb),
         [&](nlmsghdr* message) { nftnl_chain_nlmsg_build_payload(message, &chain); });
}

void NftBatch::AddRule(nftnl_rule& rule, absl::string_view text) {
  const std::uint32_t family = nftnl_rule_get_u32(&rule, NFTNL_RULE_FAMILY);
  const char* chain = nftnl_rule_get_str(&rule, NFTNL_RULE_CHAIN);
  Append(absl::StrCat(NameOperation(NftVerb::kAdd, "rule", family, chain), ": ", text), family, NFT_MSG_NEWRULE,
         NLM_F_CREATE | NLM_F_APPEND, [&](nlmsghdr* message) { nftnl_rule_nlmsg_build_payload(message, &rule); });
}

void NftBatch::DeleteRules(nftnl_rule& rule) {
  const std::uint32_t family = nftnl_rule_get_u32(&rule, NFTNL_RULE_FAMILY);
  Append(NameOperation(NftVerb::kDelete, "rules of chain", family, nftnl_rule_get_str(&rule, NFTNL_RULE_CHAIN)), family,
         NFT_MSG_DELRULE, 0, [&](nlmsghdr* message) { nftnl_rule_nlmsg_build_payload(message, &rule); });
}

void NftBatch::Set(NftVerb verb, nftnl_set& set) {
  const std::uint32_t family = nftnl_set_get_u32(&set, NFTNL_SET_FAMILY);
  Append(NameOperation(verb, "set", family, nftnl_set_get_str(&set, NFTNL_SET_NAME)), family,
         MessageType(verb, NFT_MSG_NEWSET, NFT_MSG_DELSET), Flags(verb),
         [&](nlmsghdr* message) { nftnl_set_nlmsg_build_payload(message, &set); });
}

void NftBatch::Elements(NftVerb verb, nftnl_set& set) {
  const std::uint32_t family = nftnl_set_get_u32(&set, NFTNL_SET_FAMILY);
  Append(NameOperation(verb, "elements of set", family, nftnl_set_get_str(&set, NFTNL_SET_NAME)), family,
         MessageType(verb, NFT_MSG_NEWSETELEM, NFT_MSG_DELSETELEM), Flags(verb),
         [&](nlmsghdr* message) { nftnl_set_elems_nlmsg_build_payload(message, &set); });
}

void NftBatch::AddElements(nftnl_set& set, std::span<const NftSetElement> elements) {
  const std::uint32_t family = nftnl_set_get_u32(&set, NFTNL_SET_FAMILY);
  const std::string name =
      NameOperation(NftVerb::kAdd, "elements of set", family, nftnl_set_get_str(&set, NFTNL_SET_NAME));
  while (!elements.empty()) {
    const auto part = elements.first(std::min(elements.size(), kMaxElements));
    elements = elements.subspan(part.size());
    Append(name, family, NFT_MSG_NEWSETELEM, Flags(NftVerb::kAdd), [&](nlmsghdr* message) {
      nftnl_set_elems_nlmsg_build_payload(message, &set);
      PutElements(part, message);
    });
  }
}

std::vector<std::uint8_t> NftBatch::Encode() const {
  // Errors are told for every message; one acknowledgement, of the last, says that there are no
  // more.
  std::vector<std::uint8_t> bytes = bytes_;
  if (!names_.empty()) {
    nlmsghdr header;
    std::memcpy(&header, bytes.data() + last_offset_, sizeof(header));
    header.nlmsg_flags |= NLM_F_ACK;
    std::memcpy(bytes.data() + last_offset_, &header, sizeof(header));
  }
  alignas(nlmsghdr) char frame[64] = {};
  const nlmsghdr* end = nftnl_batch_end(frame, last_sequence() + 1);
  bytes.insert(bytes.end(), frame, frame + end->nlmsg_len);
  return bytes;
}

absl::Status NftBatch::Commit(NlConversation& conversation) const {
  if (empty()) return absl::OkStatus();
  const auto failures = conversation.SendBatch(Encode(), first_sequence_, last_sequence());
  if (!failures.ok()) {
    return WithContext(failures.status(), absl::StrCat(names_.front(), " (batch of ", names_.size(), ")"));
  }
  return failures->empty() ? absl::OkStatus() : FailureStatus(*failures);
}

absl::Status NftBatch::FailureStatus(const std::vector<NlFailure>& failures) const {
  const NlFailure& first = failures.front();
  if (first.sequence == first_sequence_) {
    // The frame: no permission, no nf_tables behind nfnetlink, or a commit that failed as a whole.
    if (first.error == EOPNOTSUPP) {
      return absl::UnavailableError(
          "this kernel has no nf_tables: load the kernel module nf_tables (modprobe nf_tables)");
    }
    return KernelError(absl::StrCat("commit of ", names_.size(), " operations beginning with ", names_.front()),
                       first.error, first.text);
  }
  std::string name = names_[first.sequence - first_sequence_ - 1];
  if (failures.size() > 1) absl::StrAppend(&name, " (and ", failures.size() - 1, " more refused)");
  return KernelError(name, first.error, first.text);
}

}  // namespace faultline
