#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/kernel/nl_conversation.h"
#include "common/clock.h"
#include "common/program/nft_names.h"

namespace faultline {

// Questions to nf_tables; they change nothing. Errors name the question.

struct NftTableInfo {
  // The socket that owns the table; nullopt when it has no owner.
  std::optional<std::uint32_t> owner_port;
};

// nullopt when there is no such table.
absl::StatusOr<std::optional<NftTableInfo>> FindTable(NlConversation& conversation, const TableId& table);

struct NftCounter {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
};

// The sum of all counters in each of the table's chains that has any, by the chain's name. Empty
// when there is no such table.
absl::StatusOr<std::map<std::string, NftCounter>> ReadChainCounters(NlConversation& conversation, const TableId& table);

// The names of the interfaces whose packets a base chain of the netdev family sees, as far as the kernel keeps them
// when they vanish: Linux before 6.16 takes a chain off them (nf_tables_netdev_event), and deletes it with the last;
// later ones know them by name and put it back. Empty when there is no such chain.
absl::StatusOr<std::vector<std::string>> ReadChainDevices(NlConversation& conversation, const TableId& table,
                                                          const std::string& chain);

// Whatever is in a table, by its names, and what each base chain sees. Empty when there is no such table. ABORTED when
// changes disturbed each of several tries.
struct NftTableContent {
  // Of the interfaces whose packets a base chain of the netdev family sees; empty for other chains.
  std::map<std::string, std::vector<std::string>> chains;
  std::vector<std::string> sets;
};
absl::StatusOr<NftTableContent> ReadTableContent(NlConversation& conversation, const TableId& table);

struct NftElement {
  // As the set has it: bytes of its type's width.
  std::string key;
  // Until the kernel takes it out; absent: never.
  std::optional<Duration> left;
};

// The elements of a set, without those that have ended. Empty when there is no such set.
absl::StatusOr<std::vector<NftElement>> ReadElements(NlConversation& conversation, const TableId& table,
                                                     const std::string& set);

}  // namespace faultline
