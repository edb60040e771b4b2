//! Whom to trust: the system's CAs, Mozilla's where a container has none, and the plan's own.

use super::SettingsError;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use std::sync::{Arc, OnceLock};

/// TLS for clients that speak these protocols (ALPN), the favourite first.
pub(super) fn config(extra_ca: &[Vec<u8>], protocols: &[&str]) -> Result<ClientConfig, SettingsError> {
    let mut roots = common_roots().clone();
    for (number, pem) in extra_ca.iter().enumerate() {
        let bad = |what: &str| SettingsError(format!("extra CA {}: {what}", number + 1));
        let mut found = 0;
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|error| bad(&format!("no PEM certificate: {error}")))?;
            roots.add(certificate).map_err(|error| bad(&format!("no usable certificate: {error}")))?;
            found += 1;
        }
        if found == 0 {
            return Err(bad("there is no certificate in it"));
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| SettingsError(format!("TLS: {error}")))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    Ok(config)
}

/// Read once; every persona's transport shares them.
fn common_roots() -> &'static RootCertStore {
    static ROOTS: OnceLock<RootCertStore> = OnceLock::new();
    ROOTS.get_or_init(|| {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        roots
    })
}
