//! A generated site: many pages of a few kinds, each kind with its own way to leave something that
//! only a browser sees. Pages of a kind differ in text and numbers.

use std::fmt::Write as _;

/// How many kinds of pages there are whose look is over once they are quiet.
pub(crate) const KINDS: usize = 12;

/// And with those that go on: a late write, an interval, an animation, a late request, a write in idle time.
#[allow(dead_code, reason = "only the benchmark asks for them")]
pub(crate) const ALL_KINDS: usize = 17;

/// What the pages of each kind leave on the device; the first kind leaves nothing.
pub(crate) const LEFT: [&str; KINDS - 1] =
    ["k1", "k10", "k11", "k2", "k3", "k4", "k5", "k6", "k7", "k8", "k9"];

/// An answer: its content type, a cookie that it sets, and its body. None: not found.
pub(crate) struct Page {
    pub(crate) content_type: &'static str,
    pub(crate) cookie: Option<String>,
    pub(crate) body: String,
}

/// The answer at a path of a site with so many pages of the first so many kinds, each with so many
/// bytes of text.
pub(crate) fn answer(path: &str, pages: usize, kinds: usize, bytes: usize) -> Option<Page> {
    let page = |content_type, cookie: &str, body: &str| {
        let cookie = (!cookie.is_empty()).then(|| cookie.to_owned());
        Some(Page { content_type, cookie, body: body.to_owned() })
    };
    match path {
        "/" => page("text/html", "", &document(0, pages, kinds, bytes)),
        "/js/1.js" => page("text/javascript", "", "document.cookie = 'k1=1; path=/'"),
        "/js/9.js" => {
            page("text/javascript", "", "setTimeout(() => { document.cookie = 'k9=1; path=/' }, 800)")
        }
        "/js/11.js" => page("text/javascript", "", "fetch('/api/11')"),
        "/api/5" => page("application/json", "k5=1; Path=/", "{}"),
        "/api/11" => page("application/json", "k11=1; Path=/", "{}"),
        "/frame/6" => page("text/html", "k6=1; Path=/", "<p>framed</p>"),
        "/img/7.gif" => page("image/gif", "k7=1; Path=/", ""),
        "/img/10.gif" => page("image/gif", "k10=1; Path=/", ""),
        path => {
            let number: usize = path.strip_prefix("/p/")?.parse().ok()?;
            (number < pages)
                .then(|| document(number, pages, kinds, bytes))
                .and_then(|body| page("text/html", "", &body))
        }
    }
}

fn document(number: usize, pages: usize, kinds: usize, bytes: usize) -> String {
    let kind = number % kinds;
    let does = match kind {
        1 => "<script src=/js/1.js></script>",
        2 => "<script>document.cookie = 'k2=1; path=/'</script>",
        3 => "<script>localStorage.k3 = 1</script>",
        4 => "<script>sessionStorage.k4 = 1</script>",
        5 => "<script>fetch('/api/5')</script>",
        6 => "<iframe src=/frame/6></iframe>",
        7 => "<img class=pixel src=/img/7.gif>",
        8 => "<script>indexedDB.open('k8')</script>",
        9 => "<script src=/js/9.js></script>",
        10 => "<div class=tall style='height:9000px'></div><img loading=lazy src=/img/10.gif>",
        11 => "<script>new Worker('/js/11.js')</script>",
        12 => "<script>setTimeout(() => { document.cookie = 'k12=1; path=/' }, 4000)</script>",
        13 => "<script>setInterval(() => { document.title += '.' }, 1000)</script>",
        14 => "<script>(function draw() { requestAnimationFrame(draw) })()</script>",
        15 => "<script>setTimeout(() => fetch('/api/5'), 1500)</script>",
        16 => {
            "<script>requestIdleCallback(() => { localStorage.k16 = 1 })</script><iframe src=/frame/6></iframe>"
        }
        _ => "",
    };
    let mut links = String::new();
    for next in (number * 5 + 1..=number * 5 + 5).filter(|next| *next < pages) {
        let _ = write!(links, "<a href=/p/{next}>page {next}</a> ");
    }
    let text = "words of no weight ".repeat(bytes.div_ceil(19));
    format!(
        "<!doctype html><html><head><link rel=icon href=data:,><title>Page {number}</title></head>\
         <body class=kind-{kind}><h1>Page {number}</h1><p>{links}<a href=/>start</a></p><p>{text}</p>{does}</body></html>"
    )
}
