#pragma once

// libnftnl without its traps: some of its headers lack extern "C", and the kernel's netfilter
// headers want the socket ones before them.
#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <netinet/in.h>

extern "C" {
#include <libmnl/libmnl.h>
#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <libnftnl/udata.h>
}

#include <cstdint>
#include <memory>

namespace faultline {

struct NftDeleter {
  void operator()(nftnl_table* object) const { nftnl_table_free(object); }
  void operator()(nftnl_chain* object) const { nftnl_chain_free(object); }
  void operator()(nftnl_rule* object) const { nftnl_rule_free(object); }
  void operator()(nftnl_set* object) const { nftnl_set_free(object); }
  void operator()(nftnl_expr* object) const { nftnl_expr_free(object); }
};

using NftTable = std::unique_ptr<nftnl_table, NftDeleter>;
using NftChain = std::unique_ptr<nftnl_chain, NftDeleter>;
using NftRule = std::unique_ptr<nftnl_rule, NftDeleter>;
using NftSet = std::unique_ptr<nftnl_set, NftDeleter>;
using NftExpr = std::unique_ptr<nftnl_expr, NftDeleter>;

inline NftExpr Expression(const char* name) { return NftExpr(nftnl_expr_alloc(name)); }

inline void Set(const NftExpr& expression, std::uint16_t attribute, std::uint32_t value) {
  nftnl_expr_set_u32(expression.get(), attribute, value);
}

}  // namespace faultline
