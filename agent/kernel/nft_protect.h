#pragma once

#include <string>

#include "agent/kernel/nft_batch.h"
#include "common/program/nft_names.h"
#include "common/program/program.h"

namespace faultline {

// Puts the returns of protected traffic at the end of a base chain, through which packets come in or go out: SSH, DHCP
// and what `protect` names by port; IPv6 neighbour discovery; the link-local services of a cloud (169.254.0.0/16,
// fd00:ec2::/32) and `protect.remotes`; `protect.endpoints`. What is remote depends on the
// direction. Ports are known of unfragmented packets and of first fragments only: later fragments
// pass no such return.
void AddProtectedReturns(NftBatch& batch, const TableId& table, const std::string& chain, Direction direction,
                         const Protected& protect);

}  // namespace faultline
