//! What is the same for all requests to one host? Its origin, and the part of the head that repeats.

use url::Url;

use super::ClientSettings;
use super::head::HeadBlock;
use super::target::{self, BadUrl};
use crate::exchange::Origin;

/// A host that requests go to, seen from a base URL or a single absolute one.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) url: Url,
    pub(super) origin: Origin,
    /// Scheme and authority, which begin the target of a request to a plain HTTP proxy (RFC 9112 3.2.2).
    authority: String,
    /// The URL's path without its last slash: what comes before a relative path.
    pub(super) prefix: String,
    pub(super) block: HeadBlock,
}

impl Place {
    /// Takes `url` apart. `settings` say what goes out with every request.
    pub(super) fn try_new(url: Url, settings: &ClientSettings) -> Result<Self, BadUrl> {
        let host = target::host_header(&url);
        let mut headers = settings.headers.clone();
        // Under TLS the proxy gets it with CONNECT; the server behind must not see it.
        if url.scheme() == "http"
            && let Some(value) = settings.proxy.as_ref().and_then(|proxy| proxy.authorization.as_deref())
        {
            headers.push(("Proxy-Authorization".to_owned(), value.to_owned()));
        }
        let block = HeadBlock::try_new(&host, headers).map_err(|name| {
            BadUrl::new(url.as_str(), format!("the default header {name:?} is not a legal header"))
        })?;
        Ok(Self {
            origin: target::origin_of(&url),
            authority: format!("{}://{host}", url.scheme()),
            prefix: url.path().trim_end_matches('/').to_owned(),
            block,
            url,
        })
    }

    /// What the target of a request begins with: nothing, unless a proxy has to know the host.
    pub(super) fn authority(&self, through_proxy: bool) -> &str {
        if through_proxy && !self.origin.tls { &self.authority } else { "" }
    }
}
