#include "agent/kernel/nl_reply.h"

#include <linux/netlink.h>

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace faultline {
namespace {

using Bytes = std::span<const std::uint8_t>;

template <typename T>
T Copy(Bytes bytes) {
  T value;
  std::memcpy(&value, bytes.data(), sizeof(value));
  return value;
}

Bytes DropFront(Bytes bytes, std::size_t count) { return bytes.subspan(std::min(bytes.size(), count)); }

std::string TextOf(Bytes payload) {
  const auto end = std::find(payload.begin(), payload.end(), 0);
  return std::string(payload.begin(), end);
}

// NLMSGERR_ATTR_MSG among the attributes; empty without, or when they are malformed.
std::string FindText(Bytes attributes) {
  while (attributes.size() >= sizeof(nlattr)) {
    const auto header = Copy<nlattr>(attributes);
    if (header.nla_len < sizeof(nlattr) || header.nla_len > attributes.size()) return "";
    if ((header.nla_type & NLA_TYPE_MASK) == NLMSGERR_ATTR_MSG) {
      return TextOf(attributes.subspan(sizeof(nlattr), header.nla_len - sizeof(nlattr)));
    }
    attributes = DropFront(attributes, NLA_ALIGN(header.nla_len));
  }
  return "";
}

absl::StatusOr<int> ReadErrno(Bytes payload) {
  if (payload.size() < sizeof(int)) return absl::InvalidArgumentError("an answer without errno");
  const int value = Copy<int>(payload);
  // The kernel's largest errno; also keeps the negation defined.
  constexpr int kMaxErrno = 4095;
  if (value > 0 || value < -kMaxErrno) {
    return absl::InvalidArgumentError(absl::StrCat("an answer with errno ", value));
  }
  return -value;
}

absl::Status ReadAck(const nlmsghdr& header, Bytes payload, NlReply& reply) {
  reply.kind = NlReply::Kind::kAck;
  FAULTLINE_ASSIGN_OR_RETURN(reply.error, ReadErrno(payload));
  payload = DropFront(payload, sizeof(int));
  if (payload.size() < sizeof(nlmsghdr)) {
    return absl::InvalidArgumentError("an answer without the request's header");
  }
  if ((header.nlmsg_flags & NLM_F_ACK_TLVS) == 0) return absl::OkStatus();
  // Without NLM_F_CAPPED the whole request is repeated before the attributes.
  const bool capped = (header.nlmsg_flags & NLM_F_CAPPED) != 0;
  const std::size_t echoed = capped ? sizeof(nlmsghdr) : Copy<nlmsghdr>(payload).nlmsg_len;
  reply.text = FindText(DropFront(payload, NLMSG_ALIGN(echoed)));
  return absl::OkStatus();
}

absl::StatusOr<NlReply> ReadReply(const nlmsghdr& header, Bytes message) {
  NlReply reply{.sequence = header.nlmsg_seq, .bytes = message};
  reply.interrupted = (header.nlmsg_flags & NLM_F_DUMP_INTR) != 0;
  const Bytes payload = DropFront(message, NLMSG_HDRLEN);
  switch (header.nlmsg_type) {
    case NLMSG_ERROR:
      FAULTLINE_RETURN_IF_ERROR(ReadAck(header, payload, reply));
      break;
    case NLMSG_DONE:
      reply.kind = NlReply::Kind::kDone;
      if (payload.size() >= sizeof(int)) {
        FAULTLINE_ASSIGN_OR_RETURN(reply.error, ReadErrno(payload));
      }
      break;
    case NLMSG_OVERRUN:
      return absl::DataLossError("the kernel lost part of its answer");
    default:
      break;
  }
  return reply;
}

}  // namespace

absl::StatusOr<std::vector<NlReply>> ReadReplies(Bytes datagram) {
  std::vector<NlReply> replies;
  while (!datagram.empty()) {
    if (datagram.size() < sizeof(nlmsghdr)) {
      return absl::InvalidArgumentError("an answer cut short within a header");
    }
    const auto header = Copy<nlmsghdr>(datagram);
    if (header.nlmsg_len < sizeof(nlmsghdr) || header.nlmsg_len > datagram.size()) {
      return absl::InvalidArgumentError(
          absl::StrCat("an answer of ", datagram.size(), " bytes that claims ", header.nlmsg_len));
    }
    if (header.nlmsg_type != NLMSG_NOOP) {
      FAULTLINE_ASSIGN_OR_RETURN(NlReply reply, ReadReply(header, datagram.first(header.nlmsg_len)));
      replies.push_back(std::move(reply));
    }
    datagram = DropFront(datagram, NLMSG_ALIGN(header.nlmsg_len));
  }
  return replies;
}

}  // namespace faultline
