#include "tests/fidelity/routed_bed.h"

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "tests/fidelity/bed.h"

namespace faultline::fidelity {

absl::StatusOr<std::unique_ptr<RoutedBed>> RoutedBed::Make() {
  std::unique_ptr<RoutedBed> bed(new RoutedBed);
  FAULTLINE_RETURN_IF_ERROR(bed->SetUp());
  return bed;
}

absl::Status RoutedBed::SetUp() const {
  struct Leg {
    const testing::Netns& end;
    const char* address;
    const char* device;
    const char* router;
  };
  for (const Leg& leg :
       {Leg{client_, kClient, "client", "172.33.0.1"}, Leg{server_, kServer, "server", "172.32.0.1"}}) {
    for (const std::string& command :
         {absl::StrCat("ip link add ", leg.device, " type veth peer name eth0 netns ", leg.end.path()),
          absl::StrCat("ip link set ", leg.device, " addrgenmode none up"),
          absl::StrCat("ip address add ", leg.router, "/16 dev ", leg.device)}) {
      FAULTLINE_RETURN_IF_ERROR(Run(router_, command).status());
    }
    for (const std::string& command : {std::string("ip link set eth0 addrgenmode none up"),
                                       absl::StrCat("ip address add ", leg.address, "/16 dev eth0"),
                                       absl::StrCat("ip route add default via ", leg.router)}) {
      FAULTLINE_RETURN_IF_ERROR(Run(leg.end, command).status());
    }
  }
  return Run(router_, "sysctl -qw net.ipv4.ip_forward=1").status();
}

}  // namespace faultline::fidelity
