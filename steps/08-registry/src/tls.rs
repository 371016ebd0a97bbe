//! TLS for the HTTP client: the system's authorities and those of certs.d, a certificate of ours, or no check at all.
//!
//! The client's own wrapper cannot be told to believe one certificate that is nobody's but the registry's. Such are
//! made by everybody who follows a guide to an own registry.

use std::fmt;
use std::io::{Read, Write};
use std::sync::{Arc, OnceLock};

use process::{Error, Result, code};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, RootCertStore, SignatureScheme,
    StreamOwned,
};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, Either, LazyBuffers, NextTimeout, Transport, TransportAdapter,
};

use crate::certs::Certs;

/// Whom we believe.
pub struct Trust {
    verifier: Arc<Verifier>,
    provider: Arc<CryptoProvider>,
}

/// Who we are: a chain of certificates, and the key of the first one.
pub type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

impl Trust {
    /// The system's authorities and `certs`; anybody, unless `verify`.
    ///
    /// # Errors
    /// When there are no authorities.
    pub fn new(certs: &Certs, verify: bool) -> Result<Trust> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = Verifier::new(certs, verify, &provider)
            .map_err(|error| Error::because("set TLS up", error).code(code::TLS_FAILED))?;
        Ok(Trust { verifier: Arc::new(verifier), provider })
    }

    /// A client that shows `identity` to whom asks for it.
    ///
    /// # Errors
    /// When its certificate and key are no pair.
    pub fn client(&self, identity: Option<&Identity>) -> Result<Tls> {
        let builder = ClientConfig::builder_with_provider(self.provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|error| Error::because("set TLS up", error).code(code::TLS_FAILED))?
            .dangerous()
            .with_custom_certificate_verifier(self.verifier.clone());
        let config = match identity {
            Some((chain, key)) => builder.with_client_auth_cert(chain.clone(), key.clone_key()).map_err(|error| {
                Error::because("use the client certificate of certs.d", error).code(code::BAD_CERTS)
            })?,
            None => builder.with_no_client_auth(),
        };
        Ok(Tls(Arc::new(config)))
    }
}

/// Wraps connections to `https` in TLS.
pub struct Tls(Arc<ClientConfig>);

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls")
    }
}

/// The system's authorities: reading them costs milliseconds, so once.
fn system() -> &'static [CertificateDer<'static>] {
    static CERTIFICATES: OnceLock<Vec<CertificateDer<'static>>> = OnceLock::new();
    CERTIFICATES.get_or_init(|| rustls_native_certs::load_native_certs().certs)
}

#[derive(Debug)]
struct Verifier {
    /// None: nothing is checked.
    chains: Option<Arc<WebPkiServerVerifier>>,
    /// What certs.d has, to the letter.
    pinned: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
}

impl Verifier {
    fn new(certs: &Certs, verify: bool, provider: &Arc<CryptoProvider>) -> Result<Verifier, String> {
        let mut chains = None;
        let mut roots = RootCertStore::empty();
        if verify {
            roots.add_parsable_certificates(system().iter().cloned());
            roots.add_parsable_certificates(certs.authorities.iter().cloned());
        }
        if !roots.is_empty() {
            let builder = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone());
            chains = Some(builder.build().map_err(|error| error.to_string())?);
        } else if verify {
            return Err("this system has no certificates of authorities (install ca-certificates)".to_string());
        }
        Ok(Verifier { chains, pinned: certs.authorities.clone(), provider: provider.clone() })
    }
}

impl ServerCertVerifier for Verifier {
    // ANCHOR: verify
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(chains) = &self.chains else { return Ok(ServerCertVerified::assertion()) };
        match chains.verify_server_cert(certificate, intermediates, name, ocsp, now) {
            // One that signed itself is an authority and a server at once. The time was checked before that.
            Err(rustls::Error::InvalidCertificate(CertificateError::Other(why)))
                if why.to_string() == "CaUsedAsEndEntity" && self.pinned.iter().any(|known| known == certificate) =>
            {
                rustls::client::verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
                Ok(ServerCertVerified::assertion())
            }
            other => other,
        }
    }
    // ANCHOR_END: verify

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

impl<In: Transport> Connector<In> for Tls {
    type Out = Either<In, Wrapped<In>>;

    fn connect(&self, details: &ConnectionDetails<'_>, chained: Option<In>) -> Result<Option<Self::Out>, ureq::Error> {
        let Some(transport) = chained else { return Ok(None) };
        if !details.needs_tls() || transport.is_tls() {
            return Ok(Some(Either::A(transport)));
        }
        let host = details.uri.host().unwrap_or_default().trim_matches(['[', ']']).to_string();
        let name = ServerName::try_from(host).map_err(|_| ureq::Error::BadUri(details.uri.to_string()))?;
        let wrap = |error| ureq::Error::Io(std::io::Error::new(std::io::ErrorKind::InvalidData, error));
        let mut connection = ClientConnection::new(self.0.clone(), name).map_err(wrap)?;
        let mut socket = TransportAdapter::new(transport, details.current_time.clone());
        socket.set_timeout(details.timeout);
        connection.complete_io(&mut socket)?;
        let buffers = LazyBuffers::new(details.config.input_buffer_size(), details.config.output_buffer_size());
        Ok(Some(Either::B(Wrapped { buffers, stream: StreamOwned::new(connection, socket) })))
    }
}

/// A connection in TLS.
pub struct Wrapped<In: Transport> {
    buffers: LazyBuffers,
    stream: StreamOwned<ClientConnection, TransportAdapter<In>>,
}

impl<In: Transport> fmt::Debug for Wrapped<In> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wrapped")
    }
}

impl<In: Transport> Transport for Wrapped<In> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        self.stream.get_mut().set_timeout(timeout);
        self.stream.write_all(&self.buffers.output()[..amount])?;
        Ok(())
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        self.stream.get_mut().set_timeout(timeout);
        let amount = self.stream.read(self.buffers.input_append_buf())?;
        self.buffers.input_appended(amount);
        Ok(amount > 0)
    }

    fn is_open(&mut self) -> bool {
        self.stream.get_mut().get_mut().is_open()
    }

    fn is_tls(&self) -> bool {
        true
    }
}
