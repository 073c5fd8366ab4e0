#pragma once

#include <string>

namespace faultline {

enum class OnEc2 { kNo, kYes, kUnknown };

// Whether this host is an EC2 instance, by what its firmware says, without the network: sys_vendor "Amazon EC2" (Nitro,
// also bare metal and arm64), a BIOS version that ends with "amazon" or a hypervisor UUID that begins with "ec2" (Xen).
// Unknown where the firmware says nothing at all. `sys` is where sysfs is mounted.
//
// As EC2's guide "Detect whether a host is an EC2 instance" has it.
OnEc2 DetectEc2(const std::string& sys);

}  // namespace faultline
