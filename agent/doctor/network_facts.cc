#include "agent/doctor/network_facts.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/file.h"
#include "common/unique_fd.h"

namespace faultline {
namespace {

constexpr char kConntrackFolder[] = "/proc/sys/net/netfilter/nf_conntrack_";

std::optional<std::uint32_t> AskDriver(int socket, const std::string& device, std::uint32_t command) {
  ethtool_value value{.cmd = command, .data = 0};
  ifreq request{};
  device.copy(request.ifr_name, sizeof(request.ifr_name) - 1);
  request.ifr_data = reinterpret_cast<char*>(&value);
  if (ioctl(socket, SIOCETHTOOL, &request) != 0) return std::nullopt;
  return value.data;
}

std::optional<Offloads> ReadOffloads(int socket, const std::string& device) {
  const auto gro = AskDriver(socket, device, ETHTOOL_GGRO);
  const auto gso = AskDriver(socket, device, ETHTOOL_GGSO);
  const auto tso = AskDriver(socket, device, ETHTOOL_GTSO);
  const auto flags = AskDriver(socket, device, ETHTOOL_GFLAGS);
  if (!gro || !gso) return std::nullopt;
  return Offloads{
      .gro = *gro != 0, .gso = *gso != 0, .tso = tso.value_or(0) != 0, .lro = (flags.value_or(0) & ETH_FLAG_LRO) != 0};
}

std::optional<std::uint64_t> ReadNumber(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadFile(path);
  std::uint64_t number = 0;
  if (!text.ok() || !absl::SimpleAtoi(*text, &number)) return std::nullopt;
  return number;
}

}  // namespace

NetworkFacts ReadNetworkFacts(std::vector<std::string> configured, const KernelFacts& kernel) {
  const auto has = [&kernel](Capability capability) { return kernel.has.ok() && kernel.has->Has(capability); };
  NetworkFacts facts{
      .survey = SurveyNetwork(),
      .configured = std::move(configured),
      .platform = kernel.platform,
      .sender_by_clsact = has(Capability::kEgressClsact) && !has(Capability::kEgressHook),
  };
  const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (facts.survey.ok()) {
    for (const Interface& interface : facts.survey->usable) {
      if (const auto offloads = ReadOffloads(socket.get(), interface.name)) facts.offloads[interface.name] = *offloads;
    }
  }
  facts.legacy_tables =
      absl::StrSplit(ReadFile("/proc/self/net/ip_tables_names").value_or(""), '\n', absl::SkipEmpty());
  facts.sees_conntrack = access("/proc/sys/net", R_OK) == 0;
  const auto count = ReadNumber(absl::StrCat(kConntrackFolder, "count"));
  const auto max = ReadNumber(absl::StrCat(kConntrackFolder, "max"));
  if (count && max) facts.conntrack = Conntrack{.count = *count, .max = *max};
  return facts;
}

}  // namespace faultline
