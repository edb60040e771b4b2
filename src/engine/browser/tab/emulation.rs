//! How a tab presents itself, and what it lets through.

use crate::engine::browser::StoredItem;
use crate::engine::browser::local_items::LocalItems;
use crate::secret::Secret;
use std::sync::Arc;

/// Whether a request that the page shown makes of its own accord is held back, by the page, the
/// method, the URL and the body so far as it is text.
pub type Guard = Arc<dyn Fn(&url::Url, &str, &url::Url, Option<&str>) -> bool + Send + Sync>;

/// How a tab presents itself.
#[derive(Clone)]
pub(in crate::engine::browser) struct Emulation {
    pub(in crate::engine::browser) user_agent: Option<String>,
    pub(in crate::engine::browser) accept_language: Option<String>,
    pub(in crate::engine::browser) time_zone: Option<String>,
    pub(in crate::engine::browser) gpc: bool,
    /// With traits of another machine.
    pub(in crate::engine::browser) disguised: bool,
    /// Headers of requests to the target, and to hosts that the plan names.
    pub(in crate::engine::browser) own_headers: Vec<(String, String)>,
    pub(in crate::engine::browser) own: Arc<dyn Fn(&url::Url) -> bool + Send + Sync>,
    /// Where these headers may go.
    pub(in crate::engine::browser) entrusted: Arc<dyn Fn(&url::Url) -> bool + Send + Sync>,
    /// Which requests of scripts are held back.
    pub(in crate::engine::browser) guard: Option<Guard>,
    /// Name and password for the proxy.
    pub(in crate::engine::browser) proxy_login: Option<(String, Secret)>,
    /// Heads of requests and answers are kept.
    pub(in crate::engine::browser) keep_heads: bool,
    /// Session storage brought along from another browser.
    pub(in crate::engine::browser) items: Arc<Vec<StoredItem>>,
    /// Shared by all tabs of the visitor.
    pub(in crate::engine::browser) local_items: Arc<LocalItems>,
    /// Every request is answered here, by its URL: nothing leaves.
    pub(in crate::engine::browser) answers: Option<fn(&url::Url) -> String>,
}

impl Emulation {
    /// A tab whose requests are all answered here.
    pub(in crate::engine::browser) fn answering(answers: fn(&url::Url) -> String) -> Emulation {
        Emulation {
            user_agent: None,
            accept_language: None,
            time_zone: None,
            gpc: false,
            disguised: false,
            own_headers: Vec::new(),
            own: Arc::new(|_| false),
            entrusted: Arc::new(|_| false),
            guard: None,
            proxy_login: None,
            items: Arc::default(),
            keep_heads: false,
            local_items: Arc::default(),
            answers: Some(answers),
        }
    }
}
