#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace faultline {

// What is configured in a network namespace, whoever did it: nft tables, chains with their rules, sets without their
// elements, devices and qdiscs with their filters. Of each only what lasts, as a digest: no counters and no handles of
// rules. A value; its size is bounded by kMostThings.
struct KernelPicture {
  struct Thing {
    // Filters of others are parts of their qdisc.
    enum class Kind : std::uint8_t { kTable, kChain, kSet, kDevice, kQdisc, kFilter };
    Kind kind = Kind::kTable;
    // The key of the table or device that it is of; empty of these themselves.
    std::string of;
    // Bears our names: the tables "faultline", our devices, and all that is in or on them; our filters at interfaces'
    // clsact, and that where we made it.
    bool ours = false;
    // Of what it is set to.
    std::uint64_t digest = 0;
    // Of a chain its rules, of a qdisc its filters: how many, and a digest of all of them, in order.
    std::size_t parts = 0;
    std::uint64_t parts_digest = 0;

    friend bool operator==(const Thing&, const Thing&) = default;
  };
  // A namespace with more is not looked at.
  static constexpr std::size_t kMostThings = 100'000;

  // By a text in printable ASCII: "chain input of table inet firewall", "qdisc fq_codel 8001: root on eth0".
  std::map<std::string, Thing> things;

  friend bool operator==(const KernelPicture&, const KernelPicture&) = default;
};

struct PictureDifference {
  // "chain input of table inet firewall: 12 rules before, 13 now"; just the key of what is ours.
  std::string text;
  bool ours = false;

  friend bool operator==(const PictureDifference&, const PictureDifference&) = default;
};

// In what two pictures of a namespace differ, by key; of a table or device that came or went, nothing that is of it.
// Whatever is ours in the second is told, also what was there in the first.
std::vector<PictureDifference> Difference(const KernelPicture& before, const KernelPicture& after);

}  // namespace faultline
