//! TLS for requests of ours: who is trusted, why a connection is not, and until when a certificate counts.
//!
//! In: a connection, a host, the roots of this machine. Out: a stream that is read as a plain one is.
//! Not here: HTTP (`http.rs`), and which hosts may be asked (`network.rs`). A record cannot add a root, nor wave a bad
//! certificate through: what it would see then is not what its readers' programs see.

use super::matcher::Unknown;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{CertificateError, ClientConfig, ClientConnection, Error, RootCertStore, StreamOwned};
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;
use time::{Date, Month};

/// Names a file of roots that stands for those of the system, as for OpenSSL and curl.
pub const ROOTS_VARIABLE: &str = "SSL_CERT_FILE";

/// Where systems keep the roots that they trust: Debian, Fedora, SUSE, Alpine and the BSDs.
const ROOTS: &[&str] = &[
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

const SECONDS_OF_A_DAY: i64 = 86_400;

/// A connection to a host that has shown who it is.
pub type Secured<S> = StreamOwned<ClientConnection, S>;

/// Greets the host over a plain connection.
///
/// - `host`: a name or an address, without brackets
/// - `roots`: a file of roots; those of the system where absent
pub fn secure<S: Read + Write>(stream: S, host: &str, roots: Option<&Path>) -> Result<Secured<S>, Unknown> {
    let name = ServerName::try_from(host.to_owned()).map_err(|_| Unknown::new("bad-address"))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| Unknown::new("tls"))?
        .with_root_certificates(trusted(roots)?)
        .with_no_client_auth();
    let connection = ClientConnection::new(Arc::new(config), name).map_err(|_| Unknown::new("tls"))?;
    let mut secured = StreamOwned::new(connection, stream);
    while secured.conn.is_handshaking() {
        secured.conn.complete_io(&mut secured.sock).map_err(|error| refused(&error))?;
    }
    Ok(secured)
}

fn trusted(roots: Option<&Path>) -> Result<RootCertStore, Unknown> {
    let none = || Unknown::new("tls-no-roots");
    let of_system = || ROOTS.iter().map(Path::new).find(|path| path.is_file());
    let file = roots.or_else(of_system).ok_or_else(none)?;
    let text = std::fs::read(file).map_err(|_| none())?;
    let mut store = RootCertStore::empty();
    // Among the roots of a system may be some that nothing can read.
    store.add_parsable_certificates(CertificateDer::pem_slice_iter(&text).filter_map(Result::ok));
    if store.is_empty() { Err(none()) } else { Ok(store) }
}

/// Why there is no connection, in a word of ours.
fn refused(error: &io::Error) -> Unknown {
    let of_tls = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    Unknown::new(match of_tls {
        Some(Error::InvalidCertificate(why)) => match why {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => "certificate-expired",
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "certificate-not-yet-valid"
            }
            CertificateError::UnknownIssuer => "certificate-untrusted",
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "certificate-of-another-name"
            }
            _ => "certificate-invalid",
        },
        Some(_) => "tls",
        None => match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => "timeout",
            _ => "no-answer",
        },
    })
}

/// Whole days until the certificate of the host counts no more.
///
/// - `now`: seconds since 1970
pub fn days_left<S: Read + Write>(secured: &Secured<S>, now: u64) -> Option<i64> {
    let own = secured.conn.peer_certificates()?.first()?;
    let end = end_of_validity(own)?;
    Some((end - i64::try_from(now).ok()?).div_euclid(SECONDS_OF_A_DAY))
}

/// `notAfter` of a certificate, in seconds since 1970. Source: RFC 5280, 4.1.
fn end_of_validity(certificate: &[u8]) -> Option<i64> {
    const SEQUENCE: u8 = 0x30;
    const VERSION: u8 = 0xa0;
    let (_, outer, _) = element(certificate)?;
    let (_, mut fields, _) = element(outer)?;
    if *fields.first()? == VERSION {
        fields = element(fields)?.2;
    }
    // The serial number, the algorithm and the issuer.
    for _ in 0..3 {
        fields = element(fields)?.2;
    }
    let (SEQUENCE, validity, _) = element(fields)? else { return None };
    let (kind, text, _) = element(element(validity)?.2)?;
    seconds(kind, std::str::from_utf8(text).ok()?)
}

/// The first element of DER: its tag, what is in it, and what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[tag, first], rest) = der.split_first_chunk()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (length, rest) = rest.split_at_checked(usize::from(first - 0x80))?;
            (length.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    let (inside, rest) = rest.split_at_checked(length)?;
    Some((tag, inside, rest))
}

/// `YYMMDDHHMMSSZ`, where 50 is 1950, or `YYYYMMDDHHMMSSZ`.
fn seconds(kind: u8, text: &str) -> Option<i64> {
    const UTC_TIME: u8 = 0x17;
    const GENERALIZED_TIME: u8 = 0x18;
    let digits = text.strip_suffix('Z').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    let (year, rest) = match (kind, digits.len()) {
        (UTC_TIME, 12) => {
            let year: i32 = digits[..2].parse().ok()?;
            (if year < 50 { 2000 + year } else { 1900 + year }, &digits[2..])
        }
        (GENERALIZED_TIME, 14) => (digits[..4].parse().ok()?, &digits[4..]),
        _ => return None,
    };
    let part = |nth: usize| rest[2 * nth..2 * nth + 2].parse::<u8>().ok();
    let day = Date::from_calendar_date(year, Month::try_from(part(0)?).ok()?, part(1)?).ok()?;
    let days = i64::from(day.to_julian_day() - Date::from_ordinal_date(1970, 1).ok()?.to_julian_day());
    Some(
        days * SECONDS_OF_A_DAY + i64::from(part(2)?) * 3600 + i64::from(part(3)?) * 60 + i64::from(part(4)?),
    )
}
