//! A conversation with one registry about one repository: how to get in, and staying in.

use std::io::Read;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use process::{Error, Result, code};
use serde::Deserialize;

use crate::answer::{expect, refusal};
use crate::auth::Credentials;
use crate::certs::Certs;
use crate::challenge::{self, Challenge};
use crate::conf::Endpoint;
use crate::http::{Answer, Content, Failure, Http};
use crate::realm;
use crate::url::{Url, encode};
use crate::{Options, Progress};

const TOKEN_LIMIT: u64 = 1 << 20;
/// What a token is good for when it does not say (distribution's token specification).
const TOKEN_LIFE: u64 = 60;

/// Docker Hub's registry has another name than its images.
const DOCKER_HUB: (&str, &str) = ("docker.io", "registry-1.docker.io");

/// A registry that has answered, and what it wants to know of us.
pub struct Session {
    http: Http,
    /// `scheme://host[:port]/`.
    base: Url,
    /// The repository's path there; empty when it is about the registry alone.
    path: String,
    challenges: Vec<Challenge>,
    credentials: Option<Credentials>,
    token: Mutex<Option<Token>>,
    retries: u32,
}

struct Token {
    header: String,
    until: Instant,
}

#[derive(Deserialize)]
struct TokenDocument {
    #[serde(default)]
    token: String,
    #[serde(default)]
    access_token: String,
    #[serde(default)]
    expires_in: u64,
}

impl Session {
    /// Asks the registry of `endpoint` whether it is one: by HTTPS, and where that is not required by HTTP.
    ///
    /// # Errors
    /// When it does not answer, or not as a registry.
    // ANCHOR: open
    pub fn open(
        endpoint: &Endpoint,
        credentials: Option<Credentials>,
        options: &Options,
        progress: &dyn Progress,
    ) -> Result<Session> {
        let registry = &endpoint.place.registry;
        let insecure = options.tls_verify.map_or(endpoint.insecure, |verify| !verify);
        let certs = Certs::read(registry, options.cert_dir.as_deref())?;
        let host = if registry == DOCKER_HUB.0 { DOCKER_HUB.1 } else { registry };
        let base = Url::parse(&format!("https://{host}/"))?;
        let mut session = Session {
            http: Http::new(&base, &certs, !insecure)?,
            base,
            path: endpoint.place.path.clone(),
            challenges: Vec::new(),
            credentials,
            token: Mutex::new(None),
            retries: options.retry.unwrap_or(3),
        };
        let pinged = session.again(progress, || match session.ping() {
            Err(_) if insecure => {
                let plain = Url { https: false, ..session.base.clone() };
                session.ping_at(&plain).map(|challenges| (plain, challenges))
            }
            other => other.map(|challenges| (session.base.clone(), challenges)),
        });
        (session.base, session.challenges) =
            pinged.map_err(|error| Error::within(format!("pinging container registry {registry}"), error))?;
        Ok(session)
    }
    // ANCHOR_END: open

    fn ping(&self) -> Result<Vec<Challenge>, Failure> {
        self.ping_at(&self.base)
    }

    fn ping_at(&self, base: &Url) -> Result<Vec<Challenge>, Failure> {
        let url = base.join("/v2/")?;
        let answer = expect(self.http.send("GET", &url, None, &[], &Content::None)?, &[200, 401])?;
        let headers = answer.headers().get_all("WWW-Authenticate");
        Ok(headers.iter().filter_map(|value| value.to_str().ok()).flat_map(challenge::parse).collect())
    }

    /// Whether the registry lets us in with these credentials.
    ///
    /// # Errors
    /// When it does not, or does not answer.
    pub fn check(&self) -> Result<(), Failure> {
        let url = self.base.join("/v2/")?;
        let authorization = self.authorization()?;
        let answer = self.http.send("GET", &url, authorization.as_deref(), &[], &Content::None)?;
        expect(answer, &[200]).map(drop)
    }

    /// Whether we know a user or a token for it.
    pub fn has_credentials(&self) -> bool {
        self.credentials.is_some()
    }

    /// `scheme://host/v2/PATH/REST`.
    ///
    /// # Errors
    /// When `rest` cannot be part of an address.
    pub fn url(&self, rest: &str) -> Result<Url> {
        self.base.join(&format!("/v2/{}/{rest}", self.path))
    }

    /// Sends a request, with what the registry wants to see of us if it is for the registry; once more with a new
    /// token when the old one has ended.
    ///
    /// # Errors
    /// When there is no answer.
    pub fn send(
        &self,
        method: &str,
        url: &Url,
        headers: &[(&str, &str)],
        content: &Content<'_>,
    ) -> Result<Answer, Failure> {
        let ours = url.same_origin(&self.base);
        let authorization = if ours { self.authorization()? } else { None };
        let answer = self.http.send(method, url, authorization.as_deref(), headers, content)?;
        let token = authorization.is_some_and(|header| header.starts_with("Bearer "));
        if answer.status().as_u16() != 401 || !token {
            return Ok(answer);
        }
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = None;
        let authorization = self.authorization()?;
        self.http.send(method, url, authorization.as_deref(), headers, content)
    }

    /// Tries again what may work a moment later.
    ///
    /// # Errors
    /// Those of the last attempt.
    pub fn again<T>(&self, progress: &dyn Progress, attempt: impl Fn() -> Result<T, Failure>) -> Result<T> {
        let mut delay = Duration::from_secs(1);
        let mut tries = 0;
        loop {
            match attempt() {
                Ok(done) => return Ok(done),
                Err(failure) if !failure.again || tries == self.retries => return Err(failure.error),
                Err(failure) => {
                    tries += 1;
                    progress.say(&format!(
                        "Failed, retrying in {}s ... ({tries}/{}). Error: {}",
                        delay.as_secs(),
                        self.retries,
                        failure.error
                    ));
                    std::thread::sleep(delay);
                    delay *= 2;
                }
            }
        }
    }

    /// How often a transfer is taken up again.
    pub fn retries(&self) -> u32 {
        self.retries
    }

    /// The header that lets us in, if one is needed and there is one.
    // ANCHOR: authorization
    fn authorization(&self) -> Result<Option<String>, Failure> {
        for challenge in &self.challenges {
            match challenge.scheme.as_str() {
                "basic" => {
                    if let Some(credentials) = self.credentials.as_ref().filter(|known| known.identity.is_none()) {
                        return Ok(Some(credentials.basic()));
                    }
                }
                "bearer" => {
                    let mut token = self.token.lock().unwrap_or_else(PoisonError::into_inner);
                    if let Some(known) = token.as_ref().filter(|known| known.until > Instant::now()) {
                        return Ok(Some(known.header.clone()));
                    }
                    let new = self.token(challenge)?;
                    return Ok(Some(token.insert(new).header.clone()));
                }
                _ => {}
            }
        }
        Ok(None)
    }
    // ANCHOR_END: authorization

    /// Gets a token from where the registry says; distribution's token and OAuth2 specifications.
    // ANCHOR: token
    fn token(&self, challenge: &Challenge) -> Result<Token, Failure> {
        let parameter = |name: &str| challenge.parameters.get(name).map(String::as_str);
        let realm = Url::parse(parameter("realm").unwrap_or_default()).map_err(|error| {
            Error::because("the registry asks for a token from nowhere", error).code(code::BAD_ANSWER)
        })?;
        realm::check(&self.base, &realm, self.credentials.is_some())?;
        let scope = match self.path.as_str() {
            "" => None,
            path => Some(format!("repository:{path}:pull")),
        };
        let service = parameter("service");
        let answer = match self.credentials.as_ref() {
            Some(Credentials { identity: Some(identity), .. }) => {
                let mut form = format!("grant_type=refresh_token&client_id=podling&refresh_token={}", encode(identity));
                for (name, value) in [("service", service), ("scope", scope.as_deref())] {
                    form += &value.map(|value| format!("&{name}={}", encode(value))).unwrap_or_default();
                }
                let headers = [("Content-Type", "application/x-www-form-urlencoded")];
                self.http.send("POST", &realm, None, &headers, &Content::Bytes(form.as_bytes()))?
            }
            credentials => {
                let mut url = realm.clone();
                if let Some(credentials) = credentials {
                    url = url.with("account", &credentials.user);
                }
                for (name, value) in [("service", service), ("scope", scope.as_deref())] {
                    url = value.into_iter().fold(url, |url, value| url.with(name, value));
                }
                let basic = credentials.map(Credentials::basic);
                self.http.send("GET", &url, basic.as_deref(), &[], &Content::None)?
            }
        };
        let answer = expect(answer, &[200]).map_err(|failure| failure.during("requesting bearer token"))?;
        let begun = Instant::now();
        let mut bytes = Vec::new();
        let read = answer.into_body().into_reader().take(TOKEN_LIMIT).read_to_end(&mut bytes);
        read.map_err(|error| Failure {
            error: Error::os("read a token", error).or_code(code::BROKEN_OFF),
            again: true,
        })?;
        // serde's words could show a part of it.
        let document: TokenDocument = serde_json::from_slice(&bytes)
            .map_err(|_| Error::new("what the registry gives is no token").code(code::BAD_ANSWER))?;
        let token = if document.token.is_empty() { document.access_token } else { document.token };
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::new("what the registry gives is no token").code(code::BAD_ANSWER).into());
        }
        // Not until its last second: the request has a way to go.
        let life = document.expires_in.max(TOKEN_LIFE) * 9 / 10;
        Ok(Token { header: format!("Bearer {token}"), until: begun + Duration::from_secs(life) })
    }
    // ANCHOR_END: token

    /// Gets a document of at most `limit` bytes, and the media type that the registry says it has.
    ///
    /// # Errors
    /// When there is none, or it is larger.
    pub fn document(&self, url: &Url, accept: &str, limit: u64) -> Result<(Vec<u8>, String), Failure> {
        let answer = self.send("GET", url, &[("Accept", accept)], &Content::None)?;
        if answer.status().as_u16() != 200 {
            return Err(refusal(answer));
        }
        let kind = answer.headers().get("Content-Type").and_then(|value| value.to_str().ok());
        let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim().to_string();
        let mut bytes = Vec::new();
        let read = answer.into_body().into_reader().take(limit + 1).read_to_end(&mut bytes);
        read.map_err(|error| Failure {
            error: Error::os("read an answer", error).or_code(code::BROKEN_OFF),
            again: true,
        })?;
        if bytes.len() as u64 > limit {
            return Err(Error::new(format!("exceeded maximum allowed size of {limit} bytes"))
                .code(code::TOO_LARGE)
                .into());
        }
        Ok((bytes, kind))
    }
}
