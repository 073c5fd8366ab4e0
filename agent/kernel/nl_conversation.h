#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/kernel/nl_transport.h"

namespace faultline {

// A dump that is disturbed again and again is given up after this many attempts.
inline constexpr int kDumpAttempts = 5;

// One request that the kernel refused.
struct NlFailure {
  std::uint32_t sequence = 0;
  int error = 0;
  // The kernel's own words; often empty.
  std::string text;
};

// Requests and their answers over one transport: what a lost, late, foreign or broken answer means
// is decided here and nowhere else.
//
// Answers to earlier requests are passed over by their sequence number. A call interrupted by a
// signal is repeated. Threads: one at a time. Blocking: each call waits for the kernel's answer, at
// most kAnswerTimeout. Errors: DEADLINE_EXCEEDED without answer, DATA_LOSS when the answer was lost
// (ENOBUFS) or makes no sense; after either, whether the request was carried out is unknown.
class NlConversation {
 public:
  // The kernel answers before send() returns; only a bug makes this pass.
  static constexpr Duration kAnswerTimeout = std::chrono::seconds(10);

  explicit NlConversation(std::unique_ptr<NlTransport> transport);

  std::uint32_t port_id() const { return transport_->port_id(); }

  // The next unused sequence number; never 0, with room for 2^31 after it.
  std::uint32_t next_sequence();

  // Sends one datagram: a batch's opening frame numbered `first`, its requests up to `last`, which
  // asks for an acknowledgement, and its closing frame. Waits until `last` is answered or the frame
  // refused. The refused requests in the order sent; empty when all was carried out.
  absl::StatusOr<std::vector<NlFailure>> SendBatch(std::span<const std::uint8_t> bytes, std::uint32_t first,
                                                   std::uint32_t last);

  // Called with each message of an answer, header included; what it returns ends the query if not
  // OK.
  using Visitor = std::function<absl::Status(std::span<const std::uint8_t>)>;
  // Sends one request, which asks for an acknowledgement or a dump, and visits the whole answer.
  // The kernel's refusal comes back as a status that begins with `operation`. ABORTED when a dump
  // was disturbed by changes: ask again.
  absl::Status Query(std::span<const std::uint8_t> bytes, std::uint32_t sequence, absl::string_view operation,
                     const Visitor& visitor);

 private:
  absl::Status Send(std::span<const std::uint8_t> bytes);
  // The next datagram, in buffer_.
  absl::StatusOr<std::span<const std::uint8_t>> Receive();

  std::unique_ptr<NlTransport> transport_;
  std::vector<std::uint8_t> buffer_;
  std::uint32_t sequence_ = 1;
  // Whether anything sent to us since the last request did not fit into the socket's buffer.
  bool lost_ = false;
};

// "operation: kernel text (errno text)", with the code that fits the errno.
absl::Status KernelError(absl::string_view operation, int error, absl::string_view text);

}  // namespace faultline
