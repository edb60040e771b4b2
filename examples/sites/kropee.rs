//! Kropee: captions for videos. Sign-in by JSON with a session that is refreshed on activity, a
//! language setting, a checkout at Polar's, and an editor on a host of its own.

use super::message::{Request, Response, SetCookie};
use super::page::{Brochure, escape, inline, table, writes_cookie};
use super::sessions::Sessions;
use super::{EMAIL, PASSWORD, Site, Switches};
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

pub(crate) const HOSTS: &[&str] = &["kropee.com", "app.kropee.com", "www.kropee.com"];

pub(crate) const SWITCHES: &[(&str, &str)] = &[
    ("K01", "the editor on app.kropee.com sets editor_layout"),
    ("K02", "a load balancer adds lb_route to every page"),
    ("K02-script", "every page's script writes theme"),
    ("K03", "caption_session_token lives an hour only (allowed)"),
    ("K04", "the sign-in sets better-auth.session_token instead of caption_session_token"),
    ("K05", "the start page gives everybody a caption_session_token"),
    ("K06", "caption_session_token lives 30 days"),
    ("K07", "caption_session_token is never renewed"),
    ("K07-cumulative", "a renewal of caption_session_token adds 7 days to what is left"),
    ("K08", "the sign-in passes an identity provider, which sets caption_session_token as its own"),
    ("K09", "the dashboard is served with caption_session_data alone"),
    ("K10", "the pricing page gives everybody a caption_session_data"),
    ("K11", "caption_session_data lives a year"),
    ("K12", "caption_session_data is renewed, too (allowed)"),
    ("K13", "an analytics script writes caption_session_data on the dashboard"),
    ("K14", "locale holds an identifier of the visitor"),
    ("K15", "locale lives two years"),
    ("K16", "an analytics script writes locale on the settings page"),
    ("K17", "the server knows a signed-in visitor by address, without any cookie"),
    ("K18", "Polar's badge on the pricing page sets Polar's cookie before any checkout"),
    ("K19", "the checkout page loads js.stripe.com"),
    ("K20", "Polar's privacy policy is gone"),
    ("K21", "a picture of ad.doubleclick.net in the blog sets IDE"),
    ("K21-script", "Meta's script in the blog writes _fbp"),
    ("K22", "a pixel of px.ads.linkedin.com on the start page sets bcookie"),
    ("K23", "the start page keeps ajs_anonymous_id in local storage"),
    ("K24", "Google's script on the start page writes _ga"),
    ("K25", "Polar's script on the start page is loaded unasked, and sets Polar's cookie"),
    ("K26", "the language change is kept in local storage only"),
    ("K26-other-name", "the language change writes NEXT_LOCALE instead of locale"),
    ("K27", "the policy page shows no date"),
    ("K28", "the policy's table has a new row, its date is as before"),
    ("K28-dated", "the policy's table has a new row, and a later date (allowed)"),
    ("K29", "the privacy policy is gone"),
    ("K30", "locale is set for the domain of a translation service"),
    ("K30-request", "a picture of a translation service sets a locale of its own"),
    ("K31", "over https the session is called __Secure-caption.session_token"),
    ("K32", "caption_session_token ends with the browser session (allowed)"),
];

const BROCHURE: Brochure = Brochure {
    name: "Kropee",
    host: "kropee.com",
    ink: "#1f4f46",
    menu: &[
        ("/", "Home"),
        ("/pricing", "Pricing"),
        ("/docs", "Docs"),
        ("/blog", "Blog"),
        ("/login", "Sign in"),
        ("/dashboard", "Dashboard"),
        ("/checkout", "Buy"),
        ("/cookie-policy", "Cookies"),
        ("/privacy", "Privacy"),
    ],
    pages: &[
        ("/", "Captions that fit", "<p>Upload a video, read the captions, correct them, done.</p>"),
        (
            "/pricing",
            "Pricing",
            "<p>Ten videos a month are free; <a href=\"/checkout\">more</a> cost a little.</p>",
        ),
        (
            "/docs",
            "Docs",
            "<ul><li><a href=\"/docs/captions\">Captions</a></li><li><a href=\"docs/languages?from=index&amp;page=1\">Languages</a></li></ul>",
        ),
        ("/docs/captions", "Captions", "<p>A caption is at most two lines long.</p>"),
        ("/docs/languages", "Languages", "<p>English and Traditional Chinese.</p>"),
        (
            "/blog",
            "Blog",
            "<p><a href=\"/blog/hello\">Hello</a>, <a href=\"/blog/two-lines\">two lines</a></p>",
        ),
        ("/blog/hello", "Hello", "<p>We begin.</p>"),
        ("/blog/two-lines", "Two lines", "<p>Why two lines are enough.</p>"),
        ("/contact", "Contact", "<p>Write to hello@kropee.example.</p>"),
    ],
    also: &["/cookie-policy", "/privacy", "/login", "/checkout"],
    disallow: &["/api/"],
};

const WEEK: i64 = 604_800;

/// The site's state.
#[derive(Debug)]
pub(crate) struct Kropee {
    on: Switches,
    sessions: Sessions,
    /// Addresses that are signed in without a cookie (a switch).
    addresses: Mutex<BTreeSet<String>>,
}

impl Kropee {
    pub(crate) fn new(on: Switches) -> Self {
        Kropee { on, sessions: Sessions::new(1), addresses: Mutex::default() }
    }
}

impl Site for Kropee {
    fn answer(&self, request: &Request) -> Response {
        if request.host == "www.kropee.com" {
            return Response::redirect(308, &request.url("kropee.com", &request.path_and_query()));
        }
        if request.host == "app.kropee.com" {
            return self.editor(request);
        }
        let mut response = match (request.method.as_str(), request.path.as_str()) {
            (_, "/cookie-policy") => self.policy(request),
            (_, "/privacy") if self.on.on("K29") => BROCHURE.missing(""),
            (_, "/privacy") => BROCHURE.page("Privacy", "<p>What we keep of you, and why.</p>", ""),
            (_, "/login") => BROCHURE.page("Sign in", LOGIN_FORM, &inline(LOGIN_SCRIPT)),
            ("POST", "/api/auth/sign-in/email") => self.sign_in(request),
            ("POST", "/api/auth/sign-out") => self.sign_out(request),
            (_, "/api/auth/get-session") => self.get_session(request),
            ("POST", "/settings/language") => self.change_language(request),
            (_, "/checkout") => self.checkout(request),
            ("POST", "/checkout/start") => {
                Response::redirect(303, &request.url("checkout.polar.sh", "/start/kropee-pro"))
            }
            (_, "/js/pulse.js") => Response::script(PULSE),
            ("POST", "/api/pulse") => Response::new(204, "text/plain", ""),
            _ if request.under("/dashboard") || request.under("/settings") => self.private(request),
            _ => BROCHURE.answer(request, &self.planted(request)),
        };
        if request.path == "/" && self.on.on("K05") && self.token_of(request).is_none() {
            response.set(self.token_line(request, "0f9d8c7b6a5e4d3c2b1a09f8e7d6c5b4".into(), WEEK));
        }
        if request.path == "/pricing" && self.on.on("K10") {
            response.set(data_line(request));
        }
        if self.on.on("K02") && response.headers.iter().any(|(_, value)| value.starts_with("text/html")) {
            response.set(SetCookie::new(request, "lb_route", "b2"));
        }
        response
    }
}

impl Kropee {
    /// What every public page carries at its end: the cookieless page counter, and what a switch
    /// plants.
    fn planted(&self, request: &Request) -> String {
        let mut html = String::from("<script src=\"/js/pulse.js\" defer></script>\n");
        let at = |path: &str| request.path == path;
        let picture = |host: &str, path: &str| {
            format!("<img src=\"{}\" alt=\"\" width=\"1\" height=\"1\">\n", request.url(host, path))
        };
        let script =
            |host: &str, path: &str| format!("<script src=\"{}\"></script>\n", request.url(host, path));
        if self.on.on("K02-script") {
            html += &writes_cookie("theme", "dark");
        }
        if self.on.on("K18") && at("/pricing") {
            html += &picture("polar.sh", "/badge.svg");
        }
        if self.on.on("K21") && at("/blog") {
            html += &picture("ad.doubleclick.net", "/activity");
        }
        if self.on.on("K21-script") && at("/blog") {
            html += &script("connect.facebook.net", "/en_US/fbevents.js");
        }
        if self.on.on("K22") && at("/") {
            html += &picture("px.ads.linkedin.com", "/collect");
        }
        if self.on.on("K23") && at("/") {
            html += &inline("localStorage.setItem(\"ajs_anonymous_id\", crypto.randomUUID());");
        }
        if self.on.on("K24") && at("/") {
            html += &script("www.googletagmanager.com", "/gtag/js?id=G-ABC123");
        }
        if self.on.on("K25") && at("/") {
            html += &script("polar.sh", "/embed.js");
        }
        if self.on.on("K30-request") && at("/docs/languages") {
            html += &picture("cdn.translate-edge.net", "/flag.svg");
        }
        html
    }

    fn editor(&self, request: &Request) -> Response {
        let policy = request.url("kropee.com", "/cookie-policy");
        let page = |title: &str| {
            Response::html(format!(
                "<!doctype html>\n<title>{title}</title>\n<h1>{title}</h1>\n\
                 <p><a href=\"/tour\">A tour</a> <a href=\"{policy}\">Cookie policy</a></p>\n"
            ))
        };
        let response = match request.path.as_str() {
            "/" => page("The editor"),
            "/tour" => page("A tour of the editor"),
            "/robots.txt" => return Response::new(200, "text/plain", "User-agent: *\n"),
            _ => return page("Not here").status(404),
        };
        if self.on.on("K01") {
            return response.cookie(SetCookie::new(request, "editor_layout", "wide").max_age(WEEK));
        }
        response
    }

    fn checkout(&self, request: &Request) -> Response {
        let mut extra = String::new();
        if self.on.on("K19") {
            extra = format!("<script src=\"{}\"></script>\n", request.url("js.stripe.com", "/v3/"));
        }
        BROCHURE.page(
            "Buy",
            "<p>Polar takes the payment.</p>\n<form method=\"post\" action=\"/checkout/start\" id=\"buy\">\
             <button>Continue to Polar</button></form>",
            &extra,
        )
    }

    fn sign_in(&self, request: &Request) -> Response {
        if request.json("email").as_deref() != Some(EMAIL)
            || request.json("password").as_deref() != Some(PASSWORD)
        {
            return Response::json(401, &serde_json::json!({"code": "INVALID_EMAIL_OR_PASSWORD"}));
        }
        let token = self.sessions.issue();
        let data = data_line(request);
        self.sessions.admit(&data.value);
        if self.on.on("K17") {
            self.addresses().insert(request.peer.clone());
        }
        let mut response = Response::json(200, &serde_json::json!({"user": {"email": EMAIL}}));
        if self.on.on("K08") {
            let back = request.url("kropee.com", "/dashboard");
            let path = format!("/authorize?back={}", escape_query(&back));
            response = Response::redirect(303, &request.url("accounts.signin-hub.net", &path));
        }
        let lifetime = if self.on.on("K06") { 30 * 86_400 } else { WEEK };
        response.set(self.token_line(request, token, lifetime));
        response.set(if self.on.on("K11") { data.max_age(31_536_000) } else { data });
        response
    }

    fn sign_out(&self, request: &Request) -> Response {
        self.sessions.end(self.token_of(request).as_deref());
        self.addresses().remove(&request.peer);
        Response::json(200, &serde_json::json!({"success": true}))
            .cookie(self.token_line(request, String::new(), 0).deleted())
            .cookie(data_line(request).deleted())
    }

    fn get_session(&self, request: &Request) -> Response {
        if !self.signed_in(request) {
            return Response::json(200, &serde_json::Value::Null);
        }
        self.renewed(request, Response::json(200, &serde_json::json!({"user": {"email": EMAIL}})))
    }

    fn private(&self, request: &Request) -> Response {
        if !self.signed_in(request) {
            return Response::redirect(303, "/login");
        }
        let analytics = |pair: &str| {
            let url = request.url("www.googletagmanager.com", &format!("/gtag/js?write={pair}"));
            format!("<script src=\"{}\"></script>\n", escape(&url))
        };
        let mut extra = inline(SIGN_OUT_SCRIPT);
        let response = match request.path.as_str() {
            "/dashboard" => {
                if self.on.on("K13") {
                    extra += &analytics("caption_session_data%3Dga");
                }
                BROCHURE.page(
                    "Dashboard",
                    &format!(
                        "<p>Signed in as {EMAIL}. <button id=\"sign-out\">Sign out</button></p>\n\
                         <p><a href=\"/dashboard/captions\">Captions</a> <a href=\"/settings\">Settings</a></p>"
                    ),
                    &extra,
                )
            }
            "/dashboard/captions" => BROCHURE.page("Your captions", "<p>None yet.</p>", &extra),
            "/settings" => {
                if self.on.on("K16") {
                    extra += &analytics("locale%3Dzh-Hant");
                }
                if self.on.on("K26")
                    && let Some(chosen) = request.parameter("chosen")
                {
                    extra += &inline(&format!(
                        "localStorage.setItem(\"locale\", {});",
                        serde_json::Value::from(language_tag(&chosen))
                    ));
                }
                BROCHURE.page("Settings", SETTINGS_FORM, &extra)
            }
            _ => return BROCHURE.missing(""),
        };
        self.renewed(request, response)
    }

    /// Activity pushes the end of the session away again.
    fn renewed(&self, request: &Request, mut response: Response) -> Response {
        if let Some(token) = self.token_of(request)
            && !self.on.on("K07")
        {
            let lifetime = if self.on.on("K07-cumulative") { 2 * WEEK } else { WEEK };
            let lifetime = if self.on.on("K06") { 30 * 86_400 } else { lifetime };
            response.set(self.token_line(request, token, lifetime));
        }
        if self.on.on("K12") {
            response.set(data_line(request));
        }
        response
    }

    fn change_language(&self, request: &Request) -> Response {
        if !self.signed_in(request) {
            return Response::redirect(303, "/login");
        }
        let chosen = language_tag(&request.field("language").unwrap_or_default());
        if self.on.on("K26") {
            return Response::redirect(303, &format!("/settings?chosen={chosen}"));
        }
        let mut line = SetCookie::new(request, "locale", chosen).max_age(34_560_000);
        if self.on.on("K14") {
            line.value = "8c5b1f0e-7a3d-4e2c-9b6f-1d0a5e4c3b2a".into();
        }
        if self.on.on("K15") {
            line.max_age = Some(63_072_000);
        }
        if self.on.on("K26-other-name") {
            line.name = "NEXT_LOCALE".into();
        }
        if self.on.on("K30") {
            line.domain = Some(request.names.host("cdn.translate-edge.net"));
        }
        Response::redirect(303, "/settings").cookie(line)
    }

    fn policy(&self, request: &Request) -> Response {
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let head = ["Cookie name", "Purpose", "Duration"];
        let necessary = [
            row([
                "caption_session_token",
                "Proves that you are signed in; our sign-in library (Better Auth) sets it.",
                "Up to 7 days; refreshed on activity",
            ]),
            row([
                "caption_session_data",
                "Details of the session, beside the token (Better Auth).",
                "Up to 7 days",
            ]),
        ];
        let mut functional =
            vec![row(["locale", "The language you chose for the dashboard.", "Up to 400 days"])];
        if self.on.on("K28") || self.on.on("K28-dated") {
            functional.push(row(["caption_layout", "How you arranged the dashboard.", "Up to 30 days"]));
        }
        let date = match () {
            () if self.on.on("K27") => "",
            () if self.on.on("K28-dated") => "<p>Last updated: July 2026</p>",
            () => "<p>Last updated: June 2026</p>",
        };
        let polar = request.url("polar.sh", "/legal/privacy");
        BROCHURE.page(
            "Cookie policy",
            &format!(
                "{date}\n<p>This page is about the cookies of Kropee's sites and applications that link here. \
                 Durations are the most a cookie lives; it may end sooner.</p>\n\
                 <h2>Strictly necessary cookies</h2>\n{}<h2>Functional cookies</h2>\n{}\
                 <p>Without the strictly necessary ones you can neither sign in nor use the dashboard. \
                 Settings, Language rewrites locale.</p>\n\
                 <h2>Others</h2>\n<p>Once you start a checkout, Polar may set cookies on its own checkout \
                 domain, see <a href=\"{polar}\">its policy</a>. There are no third-party advertising or \
                 tracking cookies.</p>\n<p>See also our <a href=\"/privacy\">privacy policy</a> and how to \
                 <a href=\"/contact\">reach us</a>. The editor is at <a href=\"{}\">its own address</a>.</p>",
                table(&head, &necessary),
                table(&head, &functional),
                request.url("app.kropee.com", "/"),
            ),
            "",
        )
    }

    /// The line of the session's token, under the name it has here.
    fn token_line(&self, request: &Request, token: String, lifetime: i64) -> SetCookie {
        let mut line = SetCookie::new(request, self.token_name(request), token).http_only();
        line.max_age = Some(lifetime);
        if self.on.on("K03") {
            line.max_age = Some(3600);
        }
        if self.on.on("K32") {
            line.max_age = None;
        }
        line
    }

    fn token_name(&self, request: &Request) -> &'static str {
        if self.on.on("K04") {
            "better-auth.session_token"
        } else if self.on.on("K31") && request.names.tls {
            "__Secure-caption.session_token"
        } else {
            "caption_session_token"
        }
    }

    fn token_of(&self, request: &Request) -> Option<String> {
        request.cookie(self.token_name(request))
    }

    fn signed_in(&self, request: &Request) -> bool {
        self.sessions.knows(self.token_of(request).as_deref())
            || (self.on.on("K09") && self.sessions.knows(request.cookie("caption_session_data").as_deref()))
            || (self.on.on("K17") && self.addresses().contains(&request.peer))
    }

    fn addresses(&self) -> std::sync::MutexGuard<'_, BTreeSet<String>> {
        self.addresses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn data_line(request: &Request) -> SetCookie {
    SetCookie::new(request, "caption_session_data", "eyJ1c2VyIjoiYW5uIiwicGxhbiI6InBybyJ9").max_age(WEEK)
}

/// The languages there are; anything else is English.
fn language_tag(chosen: &str) -> &'static str {
    if chosen == "zh-Hant" { "zh-Hant" } else { "en" }
}

fn escape_query(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

const LOGIN_FORM: &str = "<form id=\"sign-in\">\
    <label>E-mail <input type=\"email\" id=\"email\" autocomplete=\"username\"></label>\
    <label>Password <input type=\"password\" id=\"password\" autocomplete=\"current-password\"></label>\
    <button>Sign in</button><output></output></form>";

const LOGIN_SCRIPT: &str = "
document.querySelector(\"#sign-in\").addEventListener(\"submit\", async (event) => {
  event.preventDefault();
  const answer = await fetch(\"/api/auth/sign-in/email\", {
    method: \"POST\",
    headers: {\"content-type\": \"application/json\"},
    body: JSON.stringify({
      email: document.querySelector(\"#email\").value,
      password: document.querySelector(\"#password\").value,
    }),
  });
  if (answer.ok) location.assign(\"/dashboard\");
  else document.querySelector(\"#sign-in output\").textContent = \"That is not it.\";
});
";

const SIGN_OUT_SCRIPT: &str = "
document.querySelector(\"#sign-out\")?.addEventListener(\"click\", async () => {
  await fetch(\"/api/auth/sign-out\", {method: \"POST\"});
  location.assign(\"/\");
});
";

const SETTINGS_FORM: &str = "<form method=\"post\" action=\"/settings/language\" id=\"language\">\
    <label>Language <select name=\"language\"><option value=\"en\">English</option>\
    <option value=\"zh-Hant\">Traditional Chinese</option></select></label> <button>Save</button></form>";

/// Counts a page view on the site's own host; keeps nothing.
const PULSE: &str = "navigator.sendBeacon(\"/api/pulse\", new URLSearchParams({page: location.pathname}));\n";
