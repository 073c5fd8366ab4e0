#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "agent/kernel/nl_conversation.h"

namespace faultline {

// Questions to nf_tables, netdev family; they change nothing. Errors name the question.

struct NftTableInfo {
  // The socket that owns the table; nullopt when it has no owner.
  std::optional<std::uint32_t> owner_port;
};

// nullopt when there is no such table.
absl::StatusOr<std::optional<NftTableInfo>> FindTable(NlConversation& conversation, const std::string& name);

struct NftCounter {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
};

// The sum of all counters in each of the table's chains that has any, by the chain's name. Empty
// when there is no such table.
absl::StatusOr<std::map<std::string, NftCounter>> ReadChainCounters(NlConversation& conversation,
                                                                    const std::string& table);

}  // namespace faultline
