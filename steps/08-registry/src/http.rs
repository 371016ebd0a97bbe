//! One request: where it goes, and what does not go with it.

use std::time::Duration;

use process::{Error, code};
use rustls::CertificateError;
use ureq::Agent;
use ureq::http::{Request, Response};
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{ConnectProxyConnector, Connector, TcpConnector};

use crate::certs::Certs;
use crate::realm;
use crate::tls::{Tls, Trust};
use crate::url::Url;

/// As many redirections as browsers and Go allow.
const HOPS: usize = 10;
/// A registry that says nothing for so long is gone.
const SILENCE: Duration = Duration::from_secs(60);
const CONNECT: Duration = Duration::from_secs(30);

/// What a server sent.
pub type Answer = Response<ureq::Body>;

/// Why there is no answer, or no good one.
#[derive(Debug)]
pub struct Failure {
    /// In words.
    pub error: Error,
    /// Whether it may work a moment later.
    pub again: bool,
}

impl Failure {
    /// One that stays.
    pub fn new(error: Error) -> Failure {
        Failure { error, again: false }
    }

    /// The same, with what was tried before its words.
    pub fn during(self, what: &str) -> Failure {
        Failure { error: Error::within(what, self.error), ..self }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::new(error)
    }
}

/// What a request carries.
pub enum Content<'a> {
    /// Nothing.
    None,
    /// This.
    Bytes(&'a [u8]),
}

/// A client for one registry.
pub struct Http {
    own: Agent,
    /// For where the registry sends us: those do not get to see our certificate.
    others: Agent,
}

impl Http {
    /// One for the registry at `base` that checks certificates by `certs` and the system, if `verify`.
    ///
    /// # Errors
    /// As [`Trust::new`].
    pub fn new(base: &Url, certs: &Certs, verify: bool) -> process::Result<Http> {
        let trust = Trust::new(certs, verify)?;
        let own = agent(trust.client(certs.client.as_ref())?, !realm::is_inside(base.host()));
        Ok(Http { own, others: agent(trust.client(None)?, true) })
    }

    /// Sends a request and returns the answer, whatever its status. GET and HEAD follow redirections; beyond the
    /// origin of `url`, `authorization` is not sent, and from there never again.
    ///
    /// # Errors
    /// When there is no answer.
    // ANCHOR: send
    pub fn send(
        &self,
        method: &str,
        url: &Url,
        authorization: Option<&str>,
        headers: &[(&str, &str)],
        content: &Content<'_>,
    ) -> Result<Answer, Failure> {
        let follows = matches!(method, "GET" | "HEAD");
        let (mut at, mut home) = (url.clone(), true);
        for _ in 0..=HOPS {
            let mut request = Request::builder().method(method).uri(at.to_string());
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            if let Some(authorization) = authorization.filter(|_| home) {
                request = request.header("Authorization", authorization);
            }
            let agent = if home { &self.own } else { &self.others };
            let answer = run(agent, request, content).map_err(|error| explain(method, &at, &error))?;
            let redirected = matches!(answer.status().as_u16(), 301 | 302 | 303 | 307 | 308) && follows;
            let Some(location) = answer.headers().get("Location").filter(|_| redirected) else { return Ok(answer) };
            let next = at.join(location.to_str().unwrap_or_default())?;
            if at.https && !next.https {
                return Err(Error::new(format!("{} sends us to {}, without TLS", at.authority, next.authority))
                    .code(code::UNSAFE_ROUTE)
                    .into());
            }
            home = home && next.same_origin(url);
            at = next;
        }
        Err(Error::new(format!("{} {url}: stopped after {HOPS} redirects", words(method)))
            .code(code::UNSAFE_ROUTE)
            .into())
    }
    // ANCHOR_END: send
}

/// What is on this machine is not asked through a proxy, as with Go.
fn agent(tls: Tls, proxy: bool) -> Agent {
    let mut config = Agent::config_builder();
    if !proxy {
        config = config.proxy(None);
    }
    let config = config
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_connect(Some(CONNECT))
        .timeout_recv_response(Some(SILENCE))
        .timeout_per_read(Some(SILENCE))
        .user_agent(concat!("podling/", env!("CARGO_PKG_VERSION")))
        .build();
    let connector = ().chain(ConnectProxyConnector::default()).chain(TcpConnector::default()).chain(tls);
    Agent::with_parts(config, connector, DefaultResolver::default())
}

fn run(agent: &Agent, request: ureq::http::request::Builder, content: &Content<'_>) -> Result<Answer, ureq::Error> {
    match content {
        Content::None => agent.run(request.body(()).map_err(ureq::Error::Http)?),
        Content::Bytes(bytes) => agent.run(request.body(*bytes).map_err(ureq::Error::Http)?),
    }
}

/// `Get`, as Go writes it.
fn words(method: &str) -> String {
    let (first, rest) = method.split_at(1);
    format!("{first}{}", rest.to_ascii_lowercase())
}

/// Go's words for what went wrong, where a person may have read them before.
fn explain(method: &str, url: &Url, error: &ureq::Error) -> Failure {
    // The query may be a key of its own.
    let shown = url.to_string();
    let tried = format!("{} {:?}", words(method), shown.split('?').next().unwrap_or_default());
    let stays = |why: String| Failure::new(Error::because(&tried, why).code(code::NO_REGISTRY));
    match error {
        ureq::Error::Io(error) => match error.get_ref().and_then(|error| error.downcast_ref::<rustls::Error>()) {
            Some(error) => Failure::new(explain_tls(&tried, url, error)),
            None if error.kind() == std::io::ErrorKind::ConnectionRefused => {
                let why = format!("dial tcp {}: connect: connection refused", url.authority);
                Failure { error: Error::because(tried, why).code(code::NO_REGISTRY), again: true }
            }
            None => Failure { error: Error::os(tried, clone(error)).or_code(code::NO_REGISTRY), again: true },
        },
        ureq::Error::HostNotFound => Failure::new(
            Error::because(&tried, format!("dial tcp: lookup {}: no such host", url.host())).code(code::NO_REGISTRY),
        ),
        ureq::Error::Timeout(_) => {
            Failure { error: Error::because(tried, "timeout: no answer").code(code::NO_REGISTRY), again: true }
        }
        ureq::Error::ConnectionFailed => {
            Failure { error: Error::because(tried, "connection failed").code(code::NO_REGISTRY), again: true }
        }
        other => stays(other.to_string()),
    }
}

fn clone(error: &std::io::Error) -> std::io::Error {
    match error.raw_os_error() {
        Some(code) => std::io::Error::from_raw_os_error(code),
        None => std::io::Error::new(error.kind(), error.to_string()),
    }
}

fn explain_tls(tried: &str, url: &Url, error: &rustls::Error) -> Error {
    let unverified = |why: String| {
        Error::because(tried, format!("tls: failed to verify certificate: x509: {why}"))
            .hint(format!(
                "put the certificate of its authority into ~/.config/containers/certs.d/{}/ca.crt",
                url.authority
            ))
            .code(code::CERTIFICATE)
    };
    match error {
        rustls::Error::InvalidMessage(_) => Error::because(tried, "http: server gave HTTP response to HTTPS client")
            .hint("--tls-verify=false, or insecure = true in registries.conf, if that is what you want")
            .code(code::PLAIN_HTTP),
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
            unverified("certificate signed by unknown authority".to_string())
        }
        rustls::Error::InvalidCertificate(CertificateError::Other(why)) if why.to_string() == "CaUsedAsEndEntity" => {
            unverified("certificate signed by unknown authority".to_string())
        }
        rustls::Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => Error::because(
            tried,
            format!("tls: failed to verify certificate: x509: certificate is not valid for {}", url.host()),
        )
        .code(code::CERTIFICATE),
        rustls::Error::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => {
            Error::because(
                tried,
                "tls: failed to verify certificate: x509: certificate has expired or is not yet valid",
            )
            .code(code::CERTIFICATE)
        }
        rustls::Error::AlertReceived(alert) => {
            Error::because(tried, format!("remote error: tls: {alert:?}")).code(code::TLS_FAILED)
        }
        other => Error::because(tried, other).code(code::TLS_FAILED),
    }
}
