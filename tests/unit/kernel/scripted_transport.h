#pragma once

#include <linux/netlink.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <deque>
#include <string>
#include <vector>

#include "agent/kernel/nl_transport.h"

namespace faultline::testing {

// Bytes of a reply, for scripts.
using Bytes = std::vector<std::uint8_t>;

// An acknowledgement or, with an errno, a refusal, in the kernel's form with NETLINK_CAP_ACK and NETLINK_EXT_ACK.
inline Bytes Ack(std::uint32_t sequence, int error = 0, const std::string& text = "") {
  const std::size_t text_size = text.empty() ? 0 : NLA_HDRLEN + NLA_ALIGN(text.size() + 1);
  Bytes bytes(NLMSG_HDRLEN + sizeof(int) + sizeof(nlmsghdr) + text_size, 0);
  nlmsghdr header{.nlmsg_len = static_cast<std::uint32_t>(bytes.size()), .nlmsg_type = NLMSG_ERROR};
  header.nlmsg_flags = NLM_F_CAPPED | (text.empty() ? 0 : NLM_F_ACK_TLVS);
  header.nlmsg_seq = sequence;
  std::memcpy(bytes.data(), &header, sizeof(header));
  const int value = -error;
  std::memcpy(bytes.data() + NLMSG_HDRLEN, &value, sizeof(value));
  const nlmsghdr request{.nlmsg_len = 100, .nlmsg_seq = sequence};
  std::memcpy(bytes.data() + NLMSG_HDRLEN + sizeof(int), &request, sizeof(request));
  if (!text.empty()) {
    std::uint8_t* attribute = bytes.data() + NLMSG_HDRLEN + sizeof(int) + sizeof(nlmsghdr);
    const nlattr name{.nla_len = static_cast<std::uint16_t>(NLA_HDRLEN + text.size() + 1),
                      .nla_type = NLMSGERR_ATTR_MSG};
    std::memcpy(attribute, &name, sizeof(name));
    std::memcpy(attribute + NLA_HDRLEN, text.c_str(), text.size() + 1);
  }
  return bytes;
}

// A message without content of its own type; NLMSG_DONE ends a dump.
inline Bytes Plain(std::uint16_t type, std::uint32_t sequence, std::uint16_t flags = 0) {
  Bytes bytes(NLMSG_HDRLEN + sizeof(int), 0);
  const nlmsghdr header{.nlmsg_len = static_cast<std::uint32_t>(bytes.size()),
                        .nlmsg_type = type,
                        .nlmsg_flags = flags,
                        .nlmsg_seq = sequence};
  std::memcpy(bytes.data(), &header, sizeof(header));
  return bytes;
}

inline Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// A kernel that answers by a script. The script is consumed; what is left when it ends is the test's to check.
class ScriptedTransport : public NlTransport {
 public:
  struct Reply {
    int error = 0;
    Bytes bytes;
  };

  // What each coming Send returns; 0 when the script has ended.
  std::deque<int> sends;
  // What each coming Receive gives; a timeout (EAGAIN) when the script has ended.
  std::deque<Reply> replies;
  // What was sent, and the timeouts that Receive was asked to wait.
  std::vector<Bytes> sent;
  std::vector<Duration> timeouts;

  int Send(std::span<const std::uint8_t> datagram) override {
    int error = 0;
    if (!sends.empty()) {
      error = sends.front();
      sends.pop_front();
    }
    if (error == 0) sent.emplace_back(datagram.begin(), datagram.end());
    return error;
  }

  Received Receive(std::span<std::uint8_t> buffer, Duration timeout) override {
    timeouts.push_back(timeout);
    if (replies.empty()) return {.error = EAGAIN};
    const Reply reply = replies.front();
    replies.pop_front();
    if (reply.error != 0) return {.error = reply.error};
    if (reply.bytes.size() > buffer.size()) return {.error = EMSGSIZE};
    std::copy(reply.bytes.begin(), reply.bytes.end(), buffer.begin());
    return {.size = reply.bytes.size()};
  }

  std::uint32_t port_id() const override { return 4242; }
};

}  // namespace faultline::testing
