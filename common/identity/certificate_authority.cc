#include "common/identity/certificate_authority.h"

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/identity/openssl.h"
#include "common/identity/secret.h"
#include "common/prefix.h"
#include "common/status.h"

namespace faultline {
namespace {

using BigNumber = std::unique_ptr<BIGNUM, OpenSslFree<&BN_free>>;
using Names = std::unique_ptr<GENERAL_NAMES, OpenSslFree<&GENERAL_NAMES_free>>;

constexpr Duration kClockError = std::chrono::minutes(5);
constexpr int kSerialBits = 128;

std::time_t ToSeconds(WallTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

absl::Status SetSerial(X509* certificate) {
  const BigNumber number(BN_new());
  if (BN_rand(number.get(), kSerialBits, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) != 1 ||
      BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) == nullptr) {
    return OpenSslError("there is no random serial number");
  }
  return absl::OkStatus();
}

absl::Status AddExtension(X509* certificate, X509* issuer, int kind, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, OpenSslFree<&X509_EXTENSION_free>> extension(
      X509V3_EXT_conf_nid(nullptr, &context, kind, value));
  if (extension == nullptr || X509_add_ext(certificate, extension.get(), -1) != 1) {
    return OpenSslError(absl::StrCat("extension ", value));
  }
  return absl::OkStatus();
}

bool IsDnsName(absl::string_view host) {
  const auto allowed = [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '.';
  };
  return !host.empty() && host.size() <= 253 && std::all_of(host.begin(), host.end(), allowed) &&
         host.find("..") == host.npos && host.front() != '.' && host.front() != '-';
}

absl::Status AddName(GENERAL_NAMES* names, int kind, const std::string& text) {
  GENERAL_NAME* const name = a2i_GENERAL_NAME(nullptr, nullptr, nullptr, kind, text.c_str(), 0);
  if (name == nullptr) return OpenSslError(text);
  sk_GENERAL_NAME_push(names, name);
  return absl::OkStatus();
}

absl::Status AddNames(X509* certificate, const CertificateTerms& terms) {
  const Names names(GENERAL_NAMES_new());
  FAULTLINE_RETURN_IF_ERROR(AddName(names.get(), GEN_URI, IdentityUri(terms.identity)));
  for (const std::string& host : terms.hosts) {
    const bool address = IpAddress::Parse(host).ok();
    if (!address && !IsDnsName(host)) {
      return absl::InvalidArgumentError(absl::StrCat("'", host, "' is neither a host name nor an address"));
    }
    FAULTLINE_RETURN_IF_ERROR(AddName(names.get(), address ? GEN_IPADD : GEN_DNS, host));
  }
  if (X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), 0, X509V3_ADD_DEFAULT) != 1) {
    return OpenSslError("alternative names");
  }
  return absl::OkStatus();
}

// All that every certificate has but for its extensions and signature.
absl::StatusOr<X509Ptr> Draft(EVP_PKEY* public_key, const X509_NAME* issuer, const std::string& name, WallTime from,
                              WallTime until) {
  X509Ptr draft(X509_new());
  FAULTLINE_RETURN_IF_ERROR(SetSerial(draft.get()));
  X509_NAME* const subject = X509_get_subject_name(draft.get());
  const auto* const text = reinterpret_cast<const unsigned char*>(name.c_str());
  if (X509_set_version(draft.get(), X509_VERSION_3) != 1 || X509_set_pubkey(draft.get(), public_key) != 1 ||
      X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, text, -1, -1, 0) != 1 ||
      X509_set_issuer_name(draft.get(), issuer == nullptr ? subject : issuer) != 1 ||
      ASN1_TIME_set(X509_getm_notBefore(draft.get()), ToSeconds(from)) == nullptr ||
      ASN1_TIME_set(X509_getm_notAfter(draft.get()), ToSeconds(until)) == nullptr) {
    return OpenSslError(absl::StrCat("a certificate for ", name));
  }
  return draft;
}

absl::StatusOr<Certificate> Sign(X509Ptr draft, const PrivateKey& key) {
  if (X509_sign(draft.get(), key.get(), EVP_sha256()) == 0) return OpenSslError("signing a certificate");
  return Certificate(draft.release());
}

}  // namespace

WallTime RenewalOf(const Certificate& certificate) {
  const WallTime from = certificate.NotBefore();
  return from + (certificate.NotAfter() - from) / 3 * 2;
}

CertificateAuthority::CertificateAuthority(Certificate certificate, PrivateKey key)
    : certificate_(std::move(certificate)), key_(std::move(key)) {}

absl::StatusOr<CertificateAuthority> CertificateAuthority::Create(WallTime now) {
  FAULTLINE_ASSIGN_OR_RETURN(const PrivateKey key, PrivateKey::Generate());
  FAULTLINE_ASSIGN_OR_RETURN(const std::string mark, RandomHex(4));
  FAULTLINE_ASSIGN_OR_RETURN(X509Ptr draft, Draft(key.get(), nullptr, absl::StrCat("Faultline CA ", mark),
                                                  now - kClockError, now + kOwnValidity));
  X509* const own = draft.get();
  FAULTLINE_RETURN_IF_ERROR(AddExtension(own, own, NID_basic_constraints, "critical,CA:TRUE,pathlen:0"));
  FAULTLINE_RETURN_IF_ERROR(AddExtension(own, own, NID_key_usage, "critical,keyCertSign,cRLSign"));
  FAULTLINE_RETURN_IF_ERROR(AddExtension(own, own, NID_subject_key_identifier, "hash"));
  FAULTLINE_ASSIGN_OR_RETURN(Certificate certificate, Sign(std::move(draft), key));
  return CertificateAuthority(std::move(certificate), key);
}

absl::StatusOr<CertificateAuthority> CertificateAuthority::Open(absl::string_view certificate_pem,
                                                                absl::string_view key_pem) {
  FAULTLINE_ASSIGN_OR_RETURN(Certificate certificate, Certificate::Parse(certificate_pem));
  FAULTLINE_ASSIGN_OR_RETURN(PrivateKey key, PrivateKey::Parse(key_pem));
  if (X509_check_ca(certificate.get()) != 1) {
    return absl::InvalidArgumentError("the certificate is not one of a certificate authority");
  }
  if (!key.Fits(certificate)) return absl::InvalidArgumentError("the key is not the certificate authority's");
  return CertificateAuthority(std::move(certificate), std::move(key));
}

absl::StatusOr<Certificate> CertificateAuthority::Issue(EVP_PKEY* public_key, const CertificateTerms& terms) const {
  const bool server = terms.identity.kind == IdentityKind::kController;
  if (terms.from >= certificate_.NotAfter()) {
    return absl::FailedPreconditionError("the certificate authority's own certificate has ended");
  }
  const WallTime from = terms.from - std::min(kClockError, terms.validity / 10);
  const WallTime until = std::min(terms.from + terms.validity, certificate_.NotAfter());
  X509* const issuer = certificate_.get();
  const std::string name = server ? "faultline-controller" : terms.identity.name;
  FAULTLINE_ASSIGN_OR_RETURN(X509Ptr draft, Draft(public_key, X509_get_subject_name(issuer), name, from, until));
  X509* const own = draft.get();
  FAULTLINE_RETURN_IF_ERROR(AddExtension(own, issuer, NID_basic_constraints, "critical,CA:FALSE"));
  FAULTLINE_RETURN_IF_ERROR(AddExtension(own, issuer, NID_key_usage, "critical,digitalSignature"));
  FAULTLINE_RETURN_IF_ERROR(AddExtension(own, issuer, NID_ext_key_usage, server ? "serverAuth" : "clientAuth"));
  FAULTLINE_RETURN_IF_ERROR(AddExtension(own, issuer, NID_subject_key_identifier, "hash"));
  FAULTLINE_RETURN_IF_ERROR(AddExtension(own, issuer, NID_authority_key_identifier, "keyid"));
  FAULTLINE_RETURN_IF_ERROR(AddNames(own, terms));
  return Sign(std::move(draft), key_);
}

bool CertificateAuthority::HasSigned(const Certificate& certificate) const {
  const bool signed_here = X509_verify(certificate.get(), X509_get0_pubkey(certificate_.get())) == 1;
  ERR_clear_error();
  return signed_here;
}

}  // namespace faultline
