// Any bytes as the kernel's answer: never a crash, and what is read stays within the bytes.

#include <cstdlib>

#include "agent/kernel/nft_batch.h"
#include "agent/kernel/nft_chain.h"
#include "agent/kernel/nft_query.h"
#include "agent/kernel/nl_conversation.h"
#include "agent/kernel/nl_reply.h"
#include "tests/unit/kernel/scripted_transport.h"

namespace faultline {
namespace {

void CheckReplies(std::span<const std::uint8_t> datagram) {
  const auto replies = ReadReplies(datagram);
  if (!replies.ok()) return;
  for (const NlReply& reply : *replies) {
    const bool inside = reply.bytes.data() >= datagram.data() &&
                        reply.bytes.data() + reply.bytes.size() <= datagram.data() + datagram.size();
    if (!inside || reply.error < 0 || reply.error > 4095 || reply.text.size() > datagram.size()) std::abort();
  }
}

// A commit ends, whatever it is answered.
void CheckCommit(std::span<const std::uint8_t> datagram) {
  auto transport = std::make_unique<testing::ScriptedTransport>();
  transport->replies.push_back({.bytes = {datagram.begin(), datagram.end()}});
  NlConversation conversation(std::move(transport));
  NftBatch batch(conversation.next_sequence());
  AddTable(batch, NftVerb::kCreate, {.name = "t"}, /*owned=*/false);
  batch.Commit(conversation).IgnoreError();  // Either outcome is right; only crashing is wrong.
}

// So does a question, whichever it is.
void CheckQueries(std::span<const std::uint8_t> datagram) {
  auto transport = std::make_unique<testing::ScriptedTransport>();
  testing::ScriptedTransport& script = *transport;
  NlConversation conversation(std::move(transport));
  const TableId table{.name = "t"};
  const auto answer = [&] { script.replies = {{.bytes = {datagram.begin(), datagram.end()}}}; };
  // Either outcome is right, as above.
  answer();
  FindTable(conversation, table).status().IgnoreError();
  answer();
  ReadChainCounters(conversation, table).status().IgnoreError();
  answer();
  ReadChainDevices(conversation, table, "c").status().IgnoreError();
  answer();
  ReadElements(conversation, table, "g").status().IgnoreError();
  // Of chains, and then of sets.
  answer();
  script.replies.push_back(script.replies.front());
  ReadTableContent(conversation, table).status().IgnoreError();
}

}  // namespace
}  // namespace faultline

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  faultline::CheckReplies({data, size});
  faultline::CheckCommit({data, size});
  faultline::CheckQueries({data, size});
  return 0;
}
