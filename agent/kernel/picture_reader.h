#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "agent/kernel/kernel_picture.h"

namespace faultline {

// Makes a picture of the kernel's messages, each with its header, aligned as messages are: first tables, then their
// chains and sets, then rules; first devices, then qdiscs, then filters. Pure.
//
// What is not in the picture, for it changes by itself: of rules what "counter", "last" and "quota" have counted; of
// devices everything but number, name, kind, MTU, master and whether they are up; of qdiscs the statistics, and the
// options of those that count in them (htb, gred).
//
// Errors: DATA_LOSS for what is not such a message, RESOURCE_EXHAUSTED with KernelPicture::kMostThings. What belongs to
// something that is not in the picture (it came meanwhile) is passed over.
class PictureReader {
 public:
  using Message = std::span<const std::uint8_t>;

  absl::Status AddTable(Message message);
  absl::Status AddChain(Message message);
  absl::Status AddSet(Message message);
  absl::Status AddRule(Message message);
  absl::Status AddDevice(Message message);
  absl::Status AddQdisc(Message message);
  absl::Status AddFilter(Message message);

  // Where filters may be: a qdisc's device and, of ingress and clsact, a hook of it.
  struct FilterPlace {
    std::uint32_t device = 0;
    std::uint32_t parent = 0;
  };
  // Of the qdiscs so far.
  const std::vector<FilterPlace>& filter_places() const { return filter_places_; }

  KernelPicture Take() { return std::move(picture_); }

 private:
  using Thing = KernelPicture::Thing;

  absl::Status Add(std::string key, Thing thing);
  // Of a table that is in the picture; null when it is not.
  const Thing* FindTable(const std::string& key) const;

  KernelPicture picture_;
  // Keys, by number.
  std::map<std::uint32_t, std::string> devices_;
  // Of those whose filters are looked at, by the device's number.
  std::map<std::uint32_t, std::string> hooks_;
  std::vector<FilterPlace> filter_places_;
};

}  // namespace faultline
