#include "common/identity/certificate.h"

#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/identity/openssl.h"
#include "common/prefix.h"
#include "common/status.h"

namespace faultline {
namespace {

constexpr std::size_t kLongestChain = 10;
// The last whole second that a WallTime can be, in 2262: certificates may name later ones.
constexpr std::time_t kLastSecond = 9'223'372'036;
constexpr absl::string_view kScheme = "faultline:";

WallTime ToWall(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return WallTime();
  return WallTime(std::chrono::seconds(std::clamp<std::time_t>(timegm(&parts), 0, kLastSecond)));
}

using NamesPtr = std::unique_ptr<GENERAL_NAMES, OpenSslFree<&GENERAL_NAMES_free>>;

// Null when there are none that read.
NamesPtr AlternativeNames(const X509* certificate) {
  NamesPtr names(static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  ERR_clear_error();
  return names;
}

absl::string_view ViewOf(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

}  // namespace

Certificate::Certificate(X509* certificate) : certificate_(certificate, &X509_free) {}

absl::StatusOr<Certificate> Certificate::Parse(absl::string_view pem) {
  FAULTLINE_ASSIGN_OR_RETURN(const std::vector<Certificate> chain, ParseChain(pem));
  return chain.front();
}

absl::StatusOr<std::vector<Certificate>> Certificate::ParseChain(absl::string_view pem) {
  const BioPtr source = ReadFrom(pem);
  std::vector<Certificate> chain;
  while (X509* const next = PEM_read_bio_X509(source.get(), nullptr, nullptr, nullptr)) {
    chain.emplace_back(next);
    if (chain.size() > kLongestChain) return absl::InvalidArgumentError("there are more than ten certificates");
  }
  if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) return OpenSslError("a certificate does not read");
  ERR_clear_error();
  if (chain.empty()) return absl::InvalidArgumentError("there is no certificate (-----BEGIN CERTIFICATE-----)");
  return chain;
}

std::string Certificate::ToPem() const {
  const BioPtr target(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(target.get(), get());
  return TextOf(target.get());
}

std::string Certificate::Serial() const {
  const std::unique_ptr<BIGNUM, OpenSslFree<&BN_free>> number(
      ASN1_INTEGER_to_BN(X509_get0_serialNumber(get()), nullptr));
  if (number == nullptr || BN_is_negative(number.get())) return "";
  std::string bytes(static_cast<std::size_t>(BN_num_bytes(number.get())), '\0');
  BN_bn2bin(number.get(), reinterpret_cast<unsigned char*>(bytes.data()));
  std::string digits = absl::BytesToHexString(bytes);
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
  return digits.empty() ? "0" : digits;
}

std::string Certificate::Fingerprint() const {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  X509_digest(get(), EVP_sha256(), digest, &size);
  return absl::BytesToHexString({reinterpret_cast<const char*>(digest), size});
}

std::string Certificate::CommonName() const {
  const X509_NAME* const subject = X509_get_subject_name(get());
  const int first = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (first < 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, first) >= 0) return "";
  unsigned char* text = nullptr;
  const int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, first)));
  if (size < 0) return "";
  std::string name(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size));
  OPENSSL_free(text);
  return name;
}

std::vector<std::string> Certificate::Hosts() const {
  const NamesPtr names = AlternativeNames(get());
  std::vector<std::string> hosts;
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DNS) hosts.emplace_back(ViewOf(name->d.dNSName));
    if (name->type != GEN_IPADD) continue;
    const absl::StatusOr<IpAddress> address = IpAddress::FromBytes(ViewOf(name->d.iPAddress));
    if (address.ok()) hosts.push_back(address->ToString());
  }
  return hosts;
}

WallTime Certificate::NotBefore() const { return ToWall(X509_get0_notBefore(get())); }
WallTime Certificate::NotAfter() const { return ToWall(X509_get0_notAfter(get())); }

bool Certificate::IsOfKey(EVP_PKEY* key) const { return EVP_PKEY_eq(X509_get0_pubkey(get()), key) == 1; }

bool Certificate::IsSignedBy(const Certificate& authority) const {
  const bool is_signed = X509_verify(get(), X509_get0_pubkey(authority.get())) == 1;
  ERR_clear_error();
  return is_signed;
}

absl::StatusOr<Identity> Certificate::SubjectIdentity() const {
  const NamesPtr names = AlternativeNames(get());
  std::optional<Identity> found;
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_URI) continue;
    const absl::string_view uri = ViewOf(name->d.uniformResourceIdentifier);
    if (!absl::StartsWith(uri, kScheme)) continue;
    if (found) return absl::InvalidArgumentError("the certificate speaks for more than one");
    FAULTLINE_ASSIGN_OR_RETURN(found, ParseIdentityUri(uri));
  }
  if (!found) return absl::NotFoundError("the certificate has no alternative name such as URI:faultline:node:lon-a");
  return *found;
}

std::string MinuteText(WallTime time) {
  return absl::FormatTime("%Y-%m-%d %H:%M UTC", absl::FromChrono(time), absl::UTCTimeZone());
}

}  // namespace faultline
