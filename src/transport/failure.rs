//! What went wrong, in words: the host and the cause, never a query string or a header's value.

use super::names::NameError;
use super::tls::SelfSigned;
use super::{Failure, TransportSettings};
use crate::observation::FailureKind;
use rustls::{AlertDescription, CertificateError};
use std::error::Error;
use std::io;
use url::Url;

/// Host and, where it is not the scheme's own, port.
pub(super) fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// A failure to connect, from the chain of errors that a client library gives.
pub(super) fn of_connecting(
    error: &(dyn Error + 'static),
    url: &Url,
    settings: &TransportSettings,
) -> Failure {
    let host = host_of(url);
    for cause in chain(error) {
        if let Some(error) = cause.downcast_ref::<NameError>() {
            let name = url.host_str().unwrap_or_default();
            return Failure::new(FailureKind::Dns, format!("the host {name} cannot be found: {error}"));
        }
        if let Some(error) = cause.downcast_ref::<rustls::Error>() {
            return Failure::new(FailureKind::Tls, tls_words(error, &host));
        }
        let Some(error) = cause.downcast_ref::<io::Error>() else { continue };
        match error.kind() {
            io::ErrorKind::ConnectionRefused => {
                return Failure::new(FailureKind::Refused, format!("{host} refuses connections"));
            }
            io::ErrorKind::TimedOut => return connect_timeout(&host, settings),
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset if url.scheme() == "https" => {
                let detail = format!("{host} broke the TLS handshake off");
                return Failure::new(FailureKind::Tls, detail);
            }
            _ => {}
        }
    }
    let cause = chain(error).last().map(|cause| cause.to_string()).unwrap_or_default();
    Failure::new(FailureKind::Connect, format!("no connection to {host}: {cause}"))
}

/// The connection took too long.
pub(super) fn connect_timeout(host: &str, settings: &TransportSettings) -> Failure {
    let seconds = settings.connect_timeout.as_secs_f64();
    Failure::new(FailureKind::Timeout, format!("no connection to {host} within {seconds} s"))
}

/// The head took too long.
pub(super) fn head_timeout(host: &str, settings: &TransportSettings) -> Failure {
    let seconds = settings.head_timeout.min(settings.total_timeout).as_secs_f64();
    Failure::new(FailureKind::Timeout, format!("{host} did not answer within {seconds} s"))
}

/// An error and what caused it, outermost first. An [`io::Error`] passes over what it wraps when
/// asked for its source.
pub(super) fn chain<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> + 'a {
    std::iter::successors(Some(error), |error| match error.downcast_ref::<io::Error>() {
        Some(wrapper) => wrapper.get_ref().map(|inner| inner as &(dyn Error + 'static)),
        None => (**error).source(),
    })
}

fn tls_words(error: &rustls::Error, host: &str) -> String {
    use rustls::Error as Tls;
    let why = match error {
        Tls::InvalidCertificate(error) => match error {
            CertificateError::UnknownIssuer => "it is signed by an authority that is not trusted here".into(),
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "it is for another name".into()
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => "it has expired".into(),
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "it is not valid yet".into()
            }
            CertificateError::Revoked => "it is revoked".into(),
            CertificateError::BadEncoding => "it cannot be read".into(),
            CertificateError::BadSignature => "its signature is wrong".into(),
            CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
                "it is not meant for servers".into()
            }
            CertificateError::Other(other) if other.0.is::<SelfSigned>() => SelfSigned.to_string(),
            CertificateError::Other(other) => {
                format!("it is not one of a server that browsers take ({})", other.0)
            }
            other => other.to_string(),
        },
        Tls::InvalidMessage(_) => return format!("{host} does not speak TLS"),
        Tls::NoCertificatesPresented => return format!("{host} shows no certificate"),
        Tls::PeerIncompatible(_) => {
            return format!("{host} speaks no version of TLS, or no cipher, that browsers still take");
        }
        Tls::AlertReceived(alert) => {
            return format!("{host} ended the TLS handshake: {}", alert_words(*alert));
        }
        other => return format!("TLS with {host} failed: {other}"),
    };
    format!("the certificate of {host} is refused: {why}")
}

/// What a server means by ending a handshake (RFC 8446 6.2).
fn alert_words(alert: AlertDescription) -> String {
    match alert {
        AlertDescription::ProtocolVersion => "it speaks no version of TLS that browsers still take".into(),
        AlertDescription::HandshakeFailure | AlertDescription::InsufficientSecurity => {
            "it has no cipher in common with browsers, or wants something else of its visitors".into()
        }
        AlertDescription::UnrecognisedName => "it does not know this host's name".into(),
        AlertDescription::CertificateRequired | AlertDescription::BadCertificate => {
            "it asks its visitors for a certificate".into()
        }
        AlertDescription::NoApplicationProtocol => "it speaks no HTTP there".into(),
        AlertDescription::InternalError => "something is wrong on its side".into(),
        other => format!("{other:?}"),
    }
}
