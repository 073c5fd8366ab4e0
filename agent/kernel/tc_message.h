#pragma once

#include <cstdint>
#include <memory>

struct nl_msg;

namespace faultline {

// Where in a device's tree a qdisc, or a filter, is. A value.
struct QdiscPlace {
  // The device's index.
  std::uint32_t device = 0;
  // "1:" is 0x10000; 0: the kernel's choice.
  std::uint32_t handle = 0;
  // A class, "1:1" being 0x10001; absent one: the device's root.
  std::uint32_t parent = kRoot;
  // Of a filter: its preference, and the protocol.
  std::uint32_t info = 0;

  static constexpr std::uint32_t kRoot = 0xFFFFFFFF;
};

// A netlink message about one qdisc or filter, in memory; libnl's functions add to it. Options are encoded by hand:
// libnl-route 3.7 knows neither 64-bit rates, tables, seeds and the loss models, and aborts on kinds without options.
class TcMessage {
 public:
  // `type`: RTM_NEWQDISC, RTM_DELTFILTER and the like; `kind`: "tbf", or nullptr for none. There is room for 16 KiB.
  TcMessage(int type, int flags, const QdiscPlace& place, const char* kind);

  nl_msg* get() const { return message_.get(); }

 private:
  struct Freer {
    void operator()(nl_msg* message) const;
  };
  std::unique_ptr<nl_msg, Freer> message_;
};

}  // namespace faultline
