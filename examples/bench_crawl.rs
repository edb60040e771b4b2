//! What a crawled page costs: a generated site on loopback is visited by a loop that only fetches,
//! by a plain breadth-first crawler on reqwest and scraper, and by cookieproof; each in a process of
//! its own, and the site in another.
//!
//! ```text
//! cargo run --release --example bench_crawl -- --pages 100000
//! ```
//!
//! CPU time and memory are read from /proc, so this needs Linux. The last figures are in
//! BENCHMARKS.md.

#![allow(clippy::print_stdout, reason = "a program for people")]

use cookieproof::plan::Plan;
use cookieproof::run::{Stop, run};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use scraper::{Html, Selector};
use std::cell::RefCell;
use std::collections::{HashSet, VecDeque};
use std::convert::Infallible;
use std::error::Error;
use std::fmt::Write;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::time::{Duration, Instant};
use url::Url;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const CRAWLERS: [&str; 3] = ["fetch only", "reqwest + scraper", "cookieproof"];

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => compare(2000),
        ["--pages", pages] => compare(pages.parse()?),
        ["serve", pages] => on_one_thread(serve(pages.parse()?)),
        ["crawl", name, site, pages] => crawl(name, &Url::parse(site)?, pages.parse()?),
        _ => Err("usage: bench_crawl [--pages N]".into()),
    }
}

fn compare(pages: usize) -> Result<()> {
    println!("{pages} pages of 20 KB with 45 links; every tenth behind two redirects that set cookies\n");
    println!("{:<20} {:>8} {:>10} {:>7} {:>8} {:>9}", "", "pages", "CPU/page", "ratio", "wall", "peak RSS");
    let mut first = None;
    for name in CRAWLERS {
        let site = Site::start(pages)?;
        let began = Instant::now();
        let crawled = ourselves(&["crawl", name, &site.url, &pages.to_string()])?.wait_with_output()?;
        let wall = began.elapsed();
        let text = String::from_utf8(crawled.stdout)?;
        let mut figures = text.split_whitespace().map(str::parse::<f64>);
        let (Some(Ok(cpu)), Some(Ok(peak))) = (figures.next(), figures.next()) else {
            return Err(format!("{name} did not come to its end").into());
        };
        let served = site.served()?;
        let each = cpu / pages as f64;
        let ratio = each / *first.get_or_insert(each);
        println!(
            "{name:<20} {served:>8} {:>7.0} \u{b5}s {ratio:>7.1} {:>6.1} s {:>6.1} MB",
            each * 1e6,
            wall.as_secs_f64(),
            peak / 1024.0,
        );
    }
    Ok(())
}

fn ourselves(arguments: &[&str]) -> Result<Child> {
    let program = std::env::current_exe()?;
    Ok(Command::new(program).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?)
}

/// The site's process; it ends with its standard input.
struct Site {
    process: Child,
    url: String,
}

impl Site {
    fn start(pages: usize) -> Result<Site> {
        let mut process = ourselves(&["serve", &pages.to_string()])?;
        let mut url = String::new();
        let mut byte = [0];
        let out = process.stdout.as_mut().ok_or("no output")?;
        while out.read(&mut byte)? == 1 && byte != *b"\n" {
            url.push(char::from(byte[0]));
        }
        Ok(Site { process, url })
    }

    /// How many different pages it was asked for.
    fn served(mut self) -> Result<usize> {
        drop(self.process.stdin.take());
        let mut line = String::new();
        BufReader::new(self.process.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        self.process.wait()?;
        Ok(line.trim().parse()?)
    }
}

fn crawl(name: &str, site: &Url, pages: usize) -> Result<()> {
    match name {
        "fetch only" => on_one_thread(fetch_only(site, pages))?,
        "reqwest + scraper" => on_one_thread(plain_crawler(site))?,
        _ => cookieproof(site, pages)?,
    }
    println!("{} {}", cpu_seconds()?, peak_kib()?);
    Ok(())
}

fn on_one_thread<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
}

/// CPU time of all threads, in seconds.
fn cpu_seconds() -> Result<f64> {
    let mut nanoseconds = 0.0;
    for task in std::fs::read_dir("/proc/self/task")? {
        let text = std::fs::read_to_string(task?.path().join("schedstat"))?;
        nanoseconds += text.split(' ').next().unwrap_or_default().parse::<f64>()?;
    }
    Ok(nanoseconds / 1e9)
}

fn peak_kib() -> Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(line.trim_end_matches("kB").trim().parse()?)
}

/// The client that cookieproof's transport builds, as far as it matters here.
fn client() -> Result<reqwest::Client> {
    // Fails where one is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
    Ok(client.timeout(Duration::from_secs(60)).build()?)
}

/// A page with its redirects followed by hand; nothing is looked at.
async fn fetch(client: &reqwest::Client, url: Url) -> Result<(Url, Bytes)> {
    let mut url = url;
    loop {
        let response = client.get(url.clone()).send().await?;
        let Some(location) = response.headers().get("location") else {
            return Ok((url, response.bytes().await?));
        };
        url = url.join(location.to_str()?)?;
    }
}

async fn fetch_only(site: &Url, pages: usize) -> Result<()> {
    let client = client()?;
    for page in 0..pages {
        fetch(&client, site.join(&address(page))?).await?;
    }
    Ok(())
}

/// What one writes in an afternoon.
async fn plain_crawler(site: &Url) -> Result<()> {
    let client = client()?;
    let links = Selector::parse("a[href]").map_err(|error| error.to_string())?;
    let mut seen = HashSet::from([site.clone()]);
    let mut queue = VecDeque::from([site.clone()]);
    while let Some(url) = queue.pop_front() {
        let (url, body) = fetch(&client, url).await?;
        let page = Html::parse_document(&String::from_utf8_lossy(&body));
        for link in page.select(&links) {
            let Some(Ok(mut link)) = link.attr("href").map(|href| url.join(href)) else { continue };
            link.set_fragment(None);
            if link.origin() == site.origin() && seen.insert(link.clone()) {
                queue.push_back(link);
            }
        }
    }
    Ok(())
}

fn cookieproof(site: &Url, pages: usize) -> Result<()> {
    let mut plan = Plan::for_url(site.clone());
    plan.limits.pages = pages + 10;
    plan.limits.per_shape = None;
    plan.limits.depth = u32::MAX;
    plan.limits.total_time = Duration::from_secs(24 * 3600);
    let target = plan.targets[0].clone();
    on_one_thread(async { Ok(run(&plan, &target, None, &(), &Stop::default()).await.map(drop)?) })
}

/// Where a page is linked to: most by a path, some only in ways that need care.
fn address(page: usize) -> String {
    match page % 10 {
        1 => format!("/r/{page}"),
        2 => format!("/item?of=shop&id={page}"),
        _ => format!("/p/{page}"),
    }
}

/// The same as an attribute of a page, which is in a folder next to `/p/`.
fn written(page: usize, site: &str) -> String {
    match page % 10 {
        2 => address(page).replace('&', "&amp;"),
        3 => format!("../p/{page}"),
        4 => format!("&#47;p&#x2F;{page}"),
        5 => format!("{site}p/{page}"),
        _ => address(page),
    }
}

/// About 20 KB with 45 links and 450 elements: a head, a menu, cards, a table, a footer. Five links
/// lead to pages that nothing else need link to, forty to any others.
fn page(page: usize, pages: usize, site: &str) -> String {
    let mut html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>Page {page}</title>\n\
         <link rel=\"stylesheet\" href=\"/style.css\">\n<link rel=\"icon\" href=\"/favicon.svg\">\n\
         <script src=\"/app.js\" defer></script>\n\
         <script>window.page = {{ id: {page}, links: \"<a href='/no'>\" }};</script>\n</head>\n<body class=\"page\">\n\
         <header class=\"top\"><nav aria-label=\"Main\"><ul class=\"menu\">\n"
    );
    let children = (1..=5).map(|n| page * 5 + n).filter(|child| *child < pages);
    let others = (0..45).map(|n| (page * 31 + n * 7919 + 17) % pages);
    for (n, to) in children.chain(others).take(45).enumerate() {
        let href = written(to, site);
        let _ = match n {
            0..10 => writeln!(
                html,
                "<li class=\"menu__item\"><a class=\"menu__link\" href=\"{href}\">Menu {to}</a></li>"
            ),
            10..30 => writeln!(
                html,
                "<article id=\"a{n}\" class=\"card card--wide\" data-n=\"{n}\">\n<div class=\"card__head\"><h3 class=\"card__title\">\
                 <a href=\"{href}\"><span>Part</span> {to}</a></h3><time datetime=\"2026-04-16\">April 16</time></div>\n\
                 <div class=\"card__body\"><p>{LOREM} <em>{n}</em>, <b>and so on</b>. {LOREM}<br>\n\
                 <img class=\"card__image\" src=\"/images/{}.webp\" alt=\"\" width=\"320\" height=\"200\" loading=\"lazy\"></p>\n\
                 <ul class=\"tags\"><li>one</li><li>two</li><li>three</li></ul>{LOREM}, {LOREM}</div>\n</article>",
                n % 4
            ),
            _ => writeln!(
                html,
                "<tr class=\"row\"><td>{n}</td><td><a href=\"{href}\" rel=\"nofollow\">{to}</a></td><td class=\"num\"><span>{}.99</span></td></tr>",
                n * 7
            ),
        };
        html.push_str(match n {
            9 => "</ul></nav></header>\n<main>\n",
            29 => "<table class=\"list\"><thead><tr><th>No.</th><th>Page</th><th>Price</th></tr></thead>\n<tbody>\n",
            _ => "",
        });
    }
    html.push_str("</tbody></table>\n</main>\n<footer><p>&copy; 2026</p></footer>\n</body>\n</html>\n");
    html
}

const LOREM: &str =
    "Lorem ipsum dolor sit amet, consectetur adipisici elit, sed eiusmod tempor incidunt ut labore";

/// The site: its address on standard output, then, once standard input ends, how many different
/// pages it was asked for.
async fn serve(pages: usize) -> Result<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let site = format!("http://{}/", listener.local_addr()?);
    println!("{site}");
    let (ended, mut end) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        ended.send(())
    });
    let served = Rc::new(RefCell::new(HashSet::new()));
    let local = tokio::task::LocalSet::new();
    local
        .run_until(async {
            loop {
                let stream = tokio::select! {
                    _ = &mut end => break Ok(()),
                    accepted = listener.accept() => accepted?.0,
                };
                stream.set_nodelay(true)?;
                let (served, site) = (Rc::clone(&served), site.clone());
                let answer = service_fn(move |request: Request<Incoming>| {
                    let response = answer(request.uri().path(), request.uri().query(), pages, &site, &served);
                    async { Ok::<_, Infallible>(response) }
                });
                let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), answer);
                tokio::task::spawn_local(connection);
            }
        })
        .await
        .map_err(|error: std::io::Error| error)?;
    println!("{}", served.borrow().len());
    Ok(())
}

fn answer(
    path: &str,
    query: Option<&str>,
    pages: usize,
    site: &str,
    served: &RefCell<HashSet<usize>>,
) -> Response<Full<Bytes>> {
    let redirect = |to: String, cookie: String| {
        let response = Response::builder().status(302).header("location", to).header("set-cookie", cookie);
        response.body(Full::default())
    };
    let number = |text: &str| text.parse().ok().filter(|page| *page < pages);
    let query = query.unwrap_or_default();
    let found = match path.split('/').collect::<Vec<_>>().as_slice() {
        ["", ""] => Ok(0),
        ["", "p", page] => number(page).ok_or(()),
        ["", "item"] => query.strip_prefix("of=shop&id=").and_then(number).ok_or(()),
        ["", "r", page] => {
            let cookie = "visit=1; Path=/; Max-Age=3600; SameSite=Lax".to_owned();
            return redirect(format!("/r2/{page}"), cookie).unwrap_or_default();
        }
        ["", "r2", page] => {
            let cookie = format!("last={page}; Path=/; HttpOnly");
            return redirect(format!("/p/{page}"), cookie).unwrap_or_default();
        }
        _ => Err(()),
    };
    let response = match found {
        Ok(number) => {
            served.borrow_mut().insert(number);
            let body = page(number, pages, site);
            Response::builder().header("content-type", "text/html; charset=utf-8").body(Full::from(body))
        }
        Err(()) => Response::builder().status(404).body(Full::default()),
    };
    response.unwrap_or_default()
}
