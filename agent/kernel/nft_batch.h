#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "agent/kernel/nl_conversation.h"

struct nftnl_chain;
struct nftnl_rule;
struct nftnl_set;
struct nftnl_table;

namespace faultline {

// What is done with an object.
enum class NftVerb {
  // Made, unless it exists.
  kAdd,
  // Made; an error when it exists.
  kCreate,
  // Removed with all inside; an error when it does not exist.
  kDelete,
};

// An element of a set of values or of ranges, without a place of its own on the heap: there may be 200 000.
struct NftSetElement {
  std::array<std::uint8_t, 16> key{};
  // Of the key's bytes, at most all.
  std::uint8_t size = 0;
  // NFT_SET_ELEM_INTERVAL_END, or 0.
  std::uint32_t flags = 0;
};

// Operations on nf_tables objects, each in the table of its own family, carried out by the kernel all at once or
// not at all. The methods only collect: each encodes its object, which need not outlive the call,
// under a name by which an error will be told. Nothing happens before Commit.
//
// Threads: one at a time. Blocking: only Commit.
class NftBatch {
 public:
  // Numbers its messages from `first_sequence`, as NlConversation::next_sequence() gives it.
  explicit NftBatch(std::uint32_t first_sequence);

  void Table(NftVerb verb, const nftnl_table& table);
  void Chain(NftVerb verb, const nftnl_chain& chain);
  // At the end of its chain. `text` is the rule as nft would print it.
  void AddRule(nftnl_rule& rule, absl::string_view text);
  // Removes every rule of the chain that the rule object names.
  void DeleteRules(nftnl_rule& rule);
  void Set(NftVerb verb, nftnl_set& set);
  // The elements that the set object holds. REQUIRES: at most kMaxElements.
  void Elements(NftVerb verb, nftnl_set& set);
  // Adds many, in as many messages as it takes; `set` itself holds none. libnftnl would allocate three times for each,
  // which for large sets took as long as the kernel's work.
  void AddElements(nftnl_set& set, std::span<const NftSetElement> elements);

  // A number for a set, by which other operations of this batch may refer to it.
  std::uint32_t NextSetId() { return ++last_set_id_; }

  // Elements in one message: their list is an attribute, and its length has 16 bits.
  static constexpr std::size_t kMaxElements = 1000;

  bool empty() const { return names_.empty(); }
  // What each operation is called in an error, in order: "add rule r/s0/in: counter drop".
  const std::vector<std::string>& names() const { return names_; }
  // The whole batch as it is sent: the last operation asks for an acknowledgement.
  std::vector<std::uint8_t> Encode() const;

  // Sends the batch and waits for the kernel's answer. OK at once when the batch is empty. An error
  // names the first operation that the kernel refused ("add chain r/in: No such file or directory"),
  // and then nothing was changed. DEADLINE_EXCEEDED and DATA_LOSS: as NlConversation has them.
  // UNAVAILABLE when the kernel has no nf_tables.
  // REQUIRES: nothing was asked of `conversation` since it gave `first_sequence`.
  absl::Status Commit(NlConversation& conversation) const;

 private:
  template <typename Build>
  void Append(std::string name, std::uint32_t family, std::uint16_t type, std::uint16_t flags, const Build& build);
  absl::Status FailureStatus(const std::vector<NlFailure>& failures) const;
  std::uint32_t last_sequence() const { return first_sequence_ + static_cast<std::uint32_t>(names_.size()); }

  const std::uint32_t first_sequence_;
  std::uint32_t last_set_id_ = 0;
  // Opening frame and operations.
  std::vector<std::uint8_t> bytes_;
  // Where in bytes_ the last operation begins.
  std::size_t last_offset_ = 0;
  // Of the operations, in order.
  std::vector<std::string> names_;
  // Where one message is built; all zero in between.
  std::unique_ptr<char[]> scratch_;
};

}  // namespace faultline
