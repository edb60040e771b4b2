//! The others: payment providers, analytics, video, advertising. Each does what it is known for;
//! whether a page brings it in is the site's business.

use super::Switches;
use super::message::{Request, Response, SetCookie};

/// Their hosts, by real names.
pub(crate) const HOSTS: &[&str] = &[
    "plausible.io",
    "checkout.stripe.com",
    "js.stripe.com",
    "m.stripe.com",
    "stripe.com",
    "polar.sh",
    "checkout.polar.sh",
    "www.youtube.com",
    "ad.doubleclick.net",
    "px.ads.linkedin.com",
    "connect.facebook.net",
    "www.facebook.com",
    "www.googletagmanager.com",
    "cdn.cookielaw.org",
    "client.crisp.chat",
    "cdn.translate-edge.net",
    "accounts.signin-hub.net",
    "katror-work.net",
    "choices.consent-vendor.net",
];

const YEAR: i64 = 31_536_000;

/// What a third party answers.
pub(crate) fn answer(request: &Request, on: &Switches) -> Response {
    let path = request.path.as_str();
    let visitor = "f3b1c05e8f6a4f0d9a7e2b4c6d8e0f12";
    let third = |name: &str, value: &str| SetCookie::new(request, name, value).cross_site();
    match (request.host, path) {
        ("plausible.io", "/js/script.js") => {
            let mut response = Response::script(plausible_script(on));
            if on.on("D05") {
                response.set(third("__cf_bm", visitor).max_age(1800).http_only());
            }
            response
        }
        ("plausible.io", "/api/event") => {
            let mut response = Response::new(202, "text/plain", "ok\n");
            response.headers.push(("access-control-allow-origin".into(), "*".into()));
            response.headers.push(("access-control-allow-headers".into(), "*".into()));
            response
        }
        ("checkout.stripe.com", _) => simple_page("Pay with Stripe")
            .cookie(third("__stripe_orig_props", visitor).max_age(YEAR).http_only()),
        ("js.stripe.com", _) => Response::script(
            "for (const [name, life] of [[\"__stripe_mid\", 31536000], [\"__stripe_sid\", 1800]])\n  \
             document.cookie = `${name}=5f0c2f3a-9f1e-4b7e-8c6d-0a1b2c3d4e5f; path=/; max-age=${life}`;\n",
        ),
        ("m.stripe.com", _) => Response::pixel().cookie(third("m", visitor).max_age(2 * YEAR)),
        ("polar.sh", "/legal/privacy") if on.on("K20") => simple_page("Not found").status(404),
        ("polar.sh", "/badge.svg" | "/embed.js") => {
            let response =
                if path == "/embed.js" { Response::script("/* embed */\n") } else { Response::pixel() };
            response.cookie(third("polar_visitor", visitor).max_age(YEAR))
        }
        ("checkout.polar.sh", _) => {
            simple_page("Pay with Polar").cookie(third("polar_checkout", visitor).http_only())
        }
        ("www.youtube.com", _) => simple_page("A video")
            .cookie(third("VISITOR_INFO1_LIVE", visitor).max_age(15_552_000).http_only()),
        ("ad.doubleclick.net", _) => {
            Response::pixel().cookie(third("IDE", visitor).max_age(33_696_000).http_only())
        }
        ("px.ads.linkedin.com", _) => Response::pixel().cookie(third("bcookie", visitor).max_age(YEAR)),
        ("www.facebook.com", _) => Response::pixel(),
        ("www.googletagmanager.com" | "connect.facebook.net", _) if request.parameter("write").is_some() => {
            let pair = request.parameter("write").unwrap_or_default();
            Response::script(format!("document.cookie = \"{pair}; path=/; max-age=604800\";\n"))
        }
        ("connect.facebook.net", _) => Response::script(format!(
            "document.cookie = \"_fbp=fb.1.1700000000000.1234567890; path=/; max-age=7776000\";\n\
             new Image().src = \"{}?id=1234&ev=PageView&fbp=fb.1.1700000000000.1234567890\";\n",
            request.url("www.facebook.com", "/tr")
        )),
        ("www.googletagmanager.com", _) if on.on("D06") => Response::script("window.dataLayer = [];\n"),
        ("www.googletagmanager.com", _) => Response::script(
            "document.cookie = \"_ga=GA1.1.1234567890.1700000000; path=/; max-age=63072000\";\n",
        ),
        ("cdn.cookielaw.org", _) => Response::script(
            "addEventListener(\"DOMContentLoaded\", () => document.body.insertAdjacentHTML(\"beforeend\",\n  \
             '<div id=\"onetrust-banner-sdk\" role=\"dialog\" aria-label=\"Cookies\">This site uses cookies.\
             <button id=\"onetrust-accept-btn-handler\">Accept all</button></div>'));\n",
        ),
        ("client.crisp.chat", _) => Response::script(
            "document.cookie = \"crisp-client%2Fsession%2F7f1e=session_1f2e3d4c; path=/; max-age=15552000\";\n",
        ),
        ("cdn.translate-edge.net", _) => Response::pixel().cookie(third("locale", "en").max_age(YEAR)),
        ("accounts.signin-hub.net", _) => {
            let back = request.parameter("back").unwrap_or_default();
            Response::redirect(303, &back)
                .cookie(third("caption_session_token", visitor).max_age(604_800).http_only())
        }
        ("katror-work.net", _) => {
            let policy = request.url("katror.com", "/cookie-policy");
            simple_page(&format!("Workspace</h1><p><a href=\"{policy}\">Cookie policy</a></p><h1>"))
                .cookie(SetCookie::new(request, "work_session", visitor).http_only())
        }
        ("choices.consent-vendor.net", _) => Response::script("/* keeps the visitor's choice */\n")
            .cookie(third("katror_cookie_consent", "accepted").max_age(YEAR)),
        _ => simple_page("A page elsewhere"),
    }
}

fn simple_page(title: &str) -> Response {
    Response::html(format!("<!doctype html>\n<title>{title}</title>\n<h1>{title}</h1>\n"))
}

/// Counts a page view, and knows nobody.
fn plausible_script(on: &Switches) -> String {
    let mut extra = "";
    let mut setup = "";
    if on.on("D07") {
        setup = "localStorage.setItem(\"plausible_id\", \"f3b1c05e8f6a4f0d9a7e2b4c6d8e0f12\");\n";
    } else if on.on("D08") {
        setup = "const visitor = name || (name = crypto.randomUUID());\n";
        extra = ", visitor";
    } else if on.on("D39") {
        extra = ", props: {user: \"ann@example.test\"}";
    }
    format!(
        "(() => {{\nconst me = document.currentScript;\n{setup}\
         fetch(new URL(\"/api/event\", me.src), {{method: \"POST\", keepalive: true, credentials: \"omit\",\n  \
         headers: {{\"content-type\": \"text/plain\"}},\n  \
         body: JSON.stringify({{n: \"pageview\", u: location.href, d: me.dataset.domain{extra}}})}});\n}})();\n"
    )
}
