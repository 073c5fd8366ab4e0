#include "agent/kernel/nl_conversation.h"

#include <algorithm>
#include <cerrno>

#include "absl/strings/str_cat.h"
#include "agent/kernel/nl_reply.h"
#include "common/duration.h"
#include "common/status.h"

namespace faultline {
namespace {

// The kernel never answers with more in one datagram (netlink_dump allocates at most 32 KiB).
constexpr std::size_t kReceiveSize = 64 << 10;

}  // namespace

absl::Status KernelError(absl::string_view operation, int error, absl::string_view text) {
  if (text.empty()) return ErrnoError(error, operation);
  return ErrnoError(error, absl::StrCat(operation, ": ", text));
}

NlConversation::NlConversation(std::unique_ptr<NlTransport> transport)
    : transport_(std::move(transport)), buffer_(kReceiveSize) {}

std::uint32_t NlConversation::next_sequence() {
  if (sequence_ > 0x7fffffff) sequence_ = 1;
  return sequence_;
}

absl::Status NlConversation::Send(std::span<const std::uint8_t> bytes) {
  lost_ = false;
  int error = EINTR;
  while (error == EINTR) error = transport_->Send(bytes);
  return error == 0 ? absl::OkStatus() : ErrnoError(error, "send to the kernel");
}

absl::StatusOr<std::span<const std::uint8_t>> NlConversation::Receive() {
  while (true) {
    const auto received = transport_->Receive(buffer_, lost_ ? Duration(0) : kAnswerTimeout);
    switch (received.error) {
      case 0:
        return std::span<const std::uint8_t>(buffer_.data(), received.size);
      case EINTR:
        break;
      case ENOBUFS:
        // Told once, before what did fit into the buffer: that may still hold all we wait for.
        lost_ = true;
        break;
      case EAGAIN:
        if (lost_) return absl::DataLossError("the kernel's answer was lost: the receive buffer was full");
        return absl::DeadlineExceededError(
            absl::StrCat("the kernel did not answer within ", FormatDuration(kAnswerTimeout)));
      default:
        return ErrnoError(received.error, "receive the kernel's answer");
    }
  }
}

absl::StatusOr<std::vector<NlFailure>> NlConversation::SendBatch(std::span<const std::uint8_t> bytes,
                                                                 std::uint32_t first, std::uint32_t last) {
  sequence_ = last + 2;  // The frame's end has a number too.
  FAULTLINE_RETURN_IF_ERROR(Send(bytes));
  std::vector<NlFailure> failures;
  while (true) {
    const auto datagram = Receive();
    // A refusal that arrived before the loss is certain: nothing of a batch stays when any part
    // fails.
    if (!datagram.ok() && !failures.empty()) return failures;
    if (!datagram.ok()) return datagram.status();
    const auto replies = ReadReplies(*datagram);
    if (!replies.ok()) return absl::DataLossError(replies.status().message());
    for (const NlReply& reply : *replies) {
      if (reply.kind != NlReply::Kind::kAck || reply.sequence < first || reply.sequence > last) continue;
      if (reply.error != 0) failures.push_back({reply.sequence, reply.error, reply.text});
      // Answers come in the order of the requests, except that a refused frame or a failed commit
      // is told first, as an error of the frame (nfnetlink_rcv_batch).
      if (reply.sequence == last || (reply.sequence == first && reply.error != 0)) return failures;
    }
  }
}

absl::Status NlConversation::Query(std::span<const std::uint8_t> bytes, std::uint32_t sequence,
                                   absl::string_view operation, const Visitor& visitor) {
  sequence_ = sequence + 1;
  FAULTLINE_RETURN_IF_ERROR(WithContext(Send(bytes), operation));
  bool interrupted = false;
  absl::Status outcome;
  while (true) {
    const auto datagram = Receive();
    if (!datagram.ok()) return WithContext(datagram.status(), operation);
    const auto replies = ReadReplies(*datagram);
    if (!replies.ok()) return absl::DataLossError(absl::StrCat(operation, ": ", replies.status().message()));
    for (const NlReply& reply : *replies) {
      if (reply.sequence != sequence) continue;
      interrupted = interrupted || reply.interrupted;
      if (reply.kind == NlReply::Kind::kContent) {
        // The rest of the answer is read even so, or it would meet the next question.
        if (outcome.ok()) outcome = visitor(reply.bytes);
        continue;
      }
      if (reply.error != 0) return KernelError(operation, reply.error, reply.text);
      if (lost_) return absl::DataLossError(absl::StrCat(operation, ": part of the answer was lost"));
      if (interrupted) return absl::AbortedError(absl::StrCat(operation, ": the tables changed meanwhile"));
      return outcome;
    }
  }
}

}  // namespace faultline
