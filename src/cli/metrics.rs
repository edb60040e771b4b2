//! How a long run goes on, for those who look from outside: Prometheus reads `/metrics`, and whatever keeps
//! processes alive asks `/health` (this process works) and `/ready` (it is connected to what it needs).

use super::complaint::Complaint;
use super::output;
use crate::audit::Severity;
use crate::fleet::Numbers;
use crate::report::sites::{Row, Verdict};
use crate::run::{Event, Watch};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::fmt::Write;
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;

/// Who asks holds a connection no longer.
const LONGEST: Duration = Duration::from_secs(15);
/// Connections at the same time.
const MOST: usize = 16;

/// What is counted.
#[derive(Debug, Default)]
pub(super) struct Metrics {
    pages: AtomicU64,
    failures: AtomicU64,
    errors: AtomicU64,
    warnings: AtomicU64,
    notes: AtomicU64,
    sites: [AtomicU64; 4],
    /// A worker's own.
    fleet: Option<Arc<Numbers>>,
    /// Whether what it needs is there.
    connected: Option<Arc<AtomicBool>>,
}

impl Metrics {
    /// Those of a worker.
    pub(super) fn of_worker(fleet: Arc<Numbers>, connected: Arc<AtomicBool>) -> Metrics {
        Metrics { fleet: Some(fleet), connected: Some(connected), ..Metrics::default() }
    }

    /// Answers from now on, where an address is given.
    pub(super) fn served(
        address: Option<SocketAddr>,
        metrics: Metrics,
    ) -> Result<Option<Arc<Metrics>>, Complaint> {
        let Some(address) = address else { return Ok(None) };
        let metrics = Arc::new(metrics);
        serve(address, Arc::clone(&metrics))
            .map_err(|error| {
                Complaint::usage(format!("cannot answer at {address}: {error}"))
                    .hint("name an address of this machine that is free, as in `--metrics 127.0.0.1:9464`")
            })
            .map(|()| Some(metrics))
    }

    /// Counts a site that was judged.
    pub(super) fn judged(&self, row: &Row) {
        self.sites[row.verdict as usize].fetch_add(1, Ordering::Relaxed);
        self.found(row.findings.iter().map(|found| found.severity));
    }

    /// Counts findings.
    pub(super) fn found(&self, findings: impl Iterator<Item = Severity>) {
        for severity in findings {
            let counter = match severity {
                Severity::Error => &self.errors,
                Severity::Warning => &self.warnings,
                Severity::Note => &self.notes,
            };
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn is_ready(&self) -> bool {
        self.connected.as_ref().is_none_or(|connected| connected.load(Ordering::SeqCst))
    }

    /// The text that Prometheus reads.
    fn text(&self) -> String {
        let of = |number: &AtomicU64| number.load(Ordering::Relaxed);
        let mut text = String::new();
        let mut family = |name: &str, kind: &str, help: &str, values: &[(String, u64)]| {
            let _ = writeln!(text, "# HELP cookieproof_{name} {help}\n# TYPE cookieproof_{name} {kind}");
            for (labels, value) in values {
                let _ = writeln!(text, "cookieproof_{name}{labels} {value}");
            }
        };
        let bare = |value: u64| vec![(String::new(), value)];
        let label = |name: &str, value: &str| format!("{{{name}=\"{value}\"}}");
        family("pages_total", "counter", "Pages that answered.", &bare(of(&self.pages)));
        family("page_failures_total", "counter", "Pages that failed.", &bare(of(&self.failures)));
        family(
            "findings_total",
            "counter",
            "Findings of sites that were judged.",
            &[
                (label("severity", "error"), of(&self.errors)),
                (label("severity", "warning"), of(&self.warnings)),
                (label("severity", "note"), of(&self.notes)),
            ],
        );
        match &self.fleet {
            None => family(
                "sites_total",
                "counter",
                "Sites that were judged.",
                &Verdict::ALL
                    .map(|verdict| (label("verdict", word(verdict)), of(&self.sites[verdict as usize]))),
            ),
            Some(numbers) => {
                let numbers = numbers.all();
                let of = |name: &str| numbers.get(name).copied().unwrap_or_default();
                family(
                    "queue_waiting",
                    "gauge",
                    "Jobs that wait for this worker's like.",
                    &bare(of("waiting")),
                );
                family("jobs_under_way", "gauge", "Jobs that this worker is at.", &bare(of("under_way")));
                family(
                    "jobs_total",
                    "counter",
                    "Jobs that this worker is through with.",
                    &[
                        (label("outcome", "result"), of("results")),
                        (label("outcome", "given-up"), of("dead")),
                        (label("outcome", "handed-back"), of("again")),
                    ],
                );
                family("connected", "gauge", "The queue is connected.", &bare(u64::from(self.is_ready())));
            }
        }
        text
    }

    fn answer(&self, method: &Method, path: &str) -> (StatusCode, String) {
        match (method, path) {
            (&Method::GET | &Method::HEAD, "/metrics") => (StatusCode::OK, self.text()),
            (&Method::GET | &Method::HEAD, "/health") => (StatusCode::OK, "ok\n".to_owned()),
            (&Method::GET | &Method::HEAD, "/ready") if self.is_ready() => {
                (StatusCode::OK, "ok\n".to_owned())
            }
            (&Method::GET | &Method::HEAD, "/ready") => {
                (StatusCode::SERVICE_UNAVAILABLE, "the queue is not connected\n".to_owned())
            }
            (&Method::GET | &Method::HEAD, _) => {
                (StatusCode::NOT_FOUND, "there are /metrics, /health and /ready\n".to_owned())
            }
            _ => (StatusCode::METHOD_NOT_ALLOWED, String::new()),
        }
    }
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::NotSetUp => "not-set-up",
        Verdict::Findings => "findings",
        Verdict::Inconclusive => "inconclusive",
        Verdict::Clear => "clear",
    }
}

/// Answers in a thread of its own, so that a long page does not keep a health check waiting.
fn serve(address: SocketAddr, metrics: Arc<Metrics>) -> std::io::Result<()> {
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    output::say(&format!("metrics: http://{}/metrics", listener.local_addr()?));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new().name("metrics".into()).spawn(move || {
        runtime.block_on(async {
            let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
            let room = Arc::new(Semaphore::new(MOST));
            loop {
                let Ok(place) = Arc::clone(&room).acquire_owned().await else { return };
                let Ok((stream, _)) = listener.accept().await else {
                    // No more sockets for now.
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                };
                let metrics = Arc::clone(&metrics);
                tokio::spawn(async move {
                    let answer = service_fn(move |request: Request<Incoming>| {
                        let (status, text) = metrics.answer(request.method(), request.uri().path());
                        let mut response = Response::new(text);
                        *response.status_mut() = status;
                        let kind = hyper::header::HeaderValue::from_static(
                            "text/plain; version=0.0.4; charset=utf-8",
                        );
                        response.headers_mut().insert(hyper::header::CONTENT_TYPE, kind);
                        std::future::ready(Ok::<_, Infallible>(response))
                    });
                    let served = http1::Builder::new().serve_connection(TokioIo::new(stream), answer);
                    let _ = tokio::time::timeout(LONGEST, served).await;
                    drop(place);
                });
            }
        });
    })?;
    Ok(())
}

/// Counts what a run tells, and passes it on.
pub(super) struct Counted<W: ?Sized> {
    metrics: Option<Arc<Metrics>>,
    /// Pages and failures of this run that are counted already.
    counted: Mutex<(u64, u64)>,
    watch: Arc<W>,
}

impl<W: Watch> Counted<W> {
    pub(super) fn of(watch: Arc<W>, metrics: Option<Arc<Metrics>>) -> Counted<W> {
        Counted { metrics, counted: Mutex::new((0, 0)), watch }
    }
}

impl<W: Watch> Watch for Counted<W> {
    fn event(&self, event: Event) {
        if let (Some(metrics), Event::Progress(progress)) = (&self.metrics, &event) {
            let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
            metrics.pages.fetch_add(progress.pages.saturating_sub(counted.0), Ordering::Relaxed);
            metrics.failures.fetch_add(progress.failed.saturating_sub(counted.1), Ordering::Relaxed);
            *counted = (counted.0.max(progress.pages), counted.1.max(progress.failed));
        }
        self.watch.event(event);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Progress;

    #[test]
    fn what_a_run_tells_is_counted_once() {
        let metrics = Arc::new(Metrics::default());
        let told = |watch: &Counted<()>, pages, failed| {
            watch.event(Event::Progress(Progress { pages, failed, ..Progress::default() }));
        };
        let (one, two) = (
            Counted::of(Arc::new(()), Some(Arc::clone(&metrics))),
            Counted::of(Arc::new(()), Some(Arc::clone(&metrics))),
        );
        told(&one, 3, 0);
        told(&two, 5, 1);
        told(&one, 4, 0);
        told(&one, 4, 1);
        metrics.found([Severity::Error, Severity::Error, Severity::Note].into_iter());
        let text = metrics.text();
        for line in [
            "cookieproof_pages_total 9",
            "cookieproof_page_failures_total 2",
            "cookieproof_findings_total{severity=\"error\"} 2",
            "cookieproof_findings_total{severity=\"warning\"} 0",
            "cookieproof_sites_total{verdict=\"clear\"} 0",
            "# TYPE cookieproof_pages_total counter",
        ] {
            assert!(text.lines().any(|there| there == line), "{line}\n{text}");
        }
        assert!(!text.contains("queue"));
    }

    #[test]
    fn a_worker_is_alive_without_its_queue_but_not_ready() {
        let connected = Arc::new(AtomicBool::new(false));
        let numbers = Arc::new(Numbers::default());
        numbers.waiting.store(7, Ordering::Relaxed);
        let metrics = Metrics::of_worker(numbers, Arc::clone(&connected));
        let status = |path: &str| metrics.answer(&Method::GET, path).0.as_u16();
        assert_eq!((status("/health"), status("/ready"), status("/x")), (200, 503, 404));
        assert_eq!(metrics.answer(&Method::POST, "/metrics").0.as_u16(), 405);
        connected.store(true, Ordering::SeqCst);
        assert_eq!(status("/ready"), 200);
        let text = metrics.answer(&Method::GET, "/metrics").1;
        assert!(
            text.contains("\ncookieproof_queue_waiting 7\n") && text.contains("\ncookieproof_connected 1\n")
        );
    }
}
