#include "agent/ec2/hardware_address.h"

#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstring>

#include "absl/strings/str_format.h"
#include "common/unique_fd.h"

namespace faultline {

std::string HardwareAddress(const std::string& interface) {
  const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  interface.copy(request.ifr_name, sizeof(request.ifr_name) - 1);
  if (!socket || ioctl(socket.get(), SIOCGIFHWADDR, &request) != 0) return "";
  if (request.ifr_hwaddr.sa_family != ARPHRD_ETHER) return "";
  unsigned char mac[6];
  std::memcpy(mac, request.ifr_hwaddr.sa_data, sizeof(mac));
  return absl::StrFormat("%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

}  // namespace faultline
