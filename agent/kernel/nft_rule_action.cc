#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "agent/kernel/nft_rule.h"
#include "common/program/lane_priority.h"

namespace faultline {

void NftRuleBuilder::Verdict(std::uint32_t verdict, const char* chain) {
  NftExpr immediate = Expression("immediate");
  Set(immediate, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
  Set(immediate, NFTNL_EXPR_IMM_VERDICT, verdict);
  if (chain != nullptr) nftnl_expr_set_str(immediate.get(), NFTNL_EXPR_IMM_CHAIN, chain);
  Append(std::move(immediate));
}

void NftRuleBuilder::Reject(std::uint32_t type, std::uint8_t code) {
  NftExpr reject = Expression("reject");
  Set(reject, NFTNL_EXPR_REJECT_TYPE, type);
  nftnl_expr_set_u8(reject.get(), NFTNL_EXPR_REJECT_CODE, code);
  Append(std::move(reject));
}

NftRuleBuilder& NftRuleBuilder::Counter() {
  Word("counter");
  NftExpr counter = Expression("counter");
  nftnl_expr_set_u64(counter.get(), NFTNL_EXPR_CTR_PACKETS, 0);
  nftnl_expr_set_u64(counter.get(), NFTNL_EXPR_CTR_BYTES, 0);
  Append(std::move(counter));
  return *this;
}

NftRuleBuilder& NftRuleBuilder::Return() {
  Word("return");
  Verdict(static_cast<std::uint32_t>(NFT_RETURN), nullptr);
  return *this;
}

NftRuleBuilder& NftRuleBuilder::Accept() {
  Word("accept");
  Verdict(NF_ACCEPT, nullptr);
  return *this;
}

NftRuleBuilder& NftRuleBuilder::Drop() {
  Word("drop");
  Verdict(NF_DROP, nullptr);
  return *this;
}

NftRuleBuilder& NftRuleBuilder::RejectByReset() {
  Word("reject with tcp reset");
  Reject(NFT_REJECT_TCP_RST, 0);
  return *this;
}

NftRuleBuilder& NftRuleBuilder::RejectByIcmp() {
  Word("reject with icmpx admin-prohibited");
  Reject(NFT_REJECT_ICMPX_UNREACH, NFT_REJECT_ICMPX_ADMIN_PROHIBITED);
  return *this;
}

NftRuleBuilder& NftRuleBuilder::Jump(const std::string& chain) {
  Word(absl::StrCat("jump ", chain));
  Verdict(static_cast<std::uint32_t>(NFT_JUMP), chain.c_str());
  return *this;
}

NftRuleBuilder& NftRuleBuilder::Goto(const std::string& chain) {
  Word(absl::StrCat("goto ", chain));
  Verdict(static_cast<std::uint32_t>(NFT_GOTO), chain.c_str());
  return *this;
}

NftRuleBuilder& NftRuleBuilder::ForwardTo(const Lane& lane) {
  // By its splitter, when it has one.
  Word(absl::StrCat("fwd to \"", lane.name, lane.index == lane.device ? "" : "s", "\""));
  NftExpr immediate = Expression("immediate");
  Set(immediate, NFTNL_EXPR_IMM_DREG, kRegister);
  nftnl_expr_set(immediate.get(), NFTNL_EXPR_IMM_DATA, &lane.index, sizeof(lane.index));
  Append(std::move(immediate));
  NftExpr forward = Expression("fwd");
  Set(forward, NFTNL_EXPR_FWD_SREG_DEV, kRegister);
  Append(std::move(forward));
  return *this;
}

NftRuleBuilder& NftRuleBuilder::LeaveFor(const Lane& lane) {
  const std::uint32_t priority = LanePriority(lane.number());
  Word(absl::StrFormat("meta priority set %x:%x", priority >> 16, priority & ~kLanePriorityMask));
  NftExpr immediate = Expression("immediate");
  Set(immediate, NFTNL_EXPR_IMM_DREG, kRegister);
  nftnl_expr_set(immediate.get(), NFTNL_EXPR_IMM_DATA, &priority, sizeof(priority));
  Append(std::move(immediate));
  NftExpr meta = Expression("meta");
  Set(meta, NFTNL_EXPR_META_KEY, NFT_META_PRIORITY);
  Set(meta, NFTNL_EXPR_META_SREG, kRegister);
  Append(std::move(meta));
  return Accept();
}

void NftRuleBuilder::Add() { batch_.AddRule(*rule_, text_); }

}  // namespace faultline
