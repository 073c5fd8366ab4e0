#pragma once

#include <string>

#include "faultline/v1/node.pb.h"

namespace faultline {

// What a node is, in few words: "Linux 6.1.0-28-cloud-amd64, 172.32.4.2 fd20::402".
std::string DescribeNode(const v1::NodeInfo& node);

// In which addresses, labels, capabilities, kernel, EC2 interfaces and VPC CIDRs two descriptions of a node differ:
// "came: 10.99.0.1 on tun0; gone: 172.33.200.9 on eth1, netem qdisc (module sch_netem)". Empty when in none of them.
std::string DescribeChanges(const v1::NodeInfo& before, const v1::NodeInfo& after);

}  // namespace faultline
