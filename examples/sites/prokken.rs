//! Prokken: a place for projects. Sign-in by JSON with an access and a refresh token in cookies, a
//! dashboard, a payment form that hands over to Stripe, an application on a host of its own.

use super::message::{Request, Response, SetCookie};
use super::page::{Brochure, escape, inline, table, writes_cookie};
use super::sessions::Sessions;
use super::{EMAIL, PASSWORD, Site, Switches};
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

pub(crate) const HOSTS: &[&str] = &["prokken.com", "app.prokken.com", "www.prokken.com"];

pub(crate) const SWITCHES: &[(&str, &str)] = &[
    ("P01", "app.prokken.com sets workspace_hint"),
    ("P02", "the login sets XSRF-TOKEN, too"),
    ("P02-script", "every public page writes theme"),
    ("P03", "the dashboard's script writes the preference cookie sidebar_state"),
    ("P04", "Meta's script on the start page writes _fbp"),
    ("P05", "the start page gives every visitor an identifier, vid"),
    ("P06", "the login sets no prokken_access; pages are served by prokken_refresh"),
    ("P07", "prokken_access lives a week"),
    ("P07-session", "prokken_access ends with the browser session"),
    ("P08", "prokken_access lacks HttpOnly where it is refreshed"),
    ("P09", "the dashboard copies the access token to local storage"),
    ("P11", "the login sets no prokken_refresh"),
    ("P12", "prokken_refresh lives 30 days"),
    ("P13", "prokken_refresh lacks HttpOnly"),
    ("P14", "prokken_refresh has Path=/api"),
    ("P15", "prokken_refresh has Path=/, so that every request carries it"),
    ("P16", "the refresh endpoint gives a new access token to anybody"),
    ("P18", "the server knows a signed-in visitor by address, without any cookie"),
    ("P18-page", "the list of projects is open to everybody"),
    ("P19", "the login is refused until cookies are accepted"),
    ("P20", "Google's script on every public page writes _ga"),
    ("P21", "the start page's own script writes _ga on the first load"),
    ("P22", "the start page's own script writes _gcl_au"),
    ("P23", "Meta's pixel on the start page is asked with the visitor's identifier"),
    ("P24", "prokken_refresh lacks HttpOnly where it is refreshed"),
    ("P25", "prokken_access lacks Secure over https"),
    ("P26", "the login page over plain http sets prokken_access"),
    ("P27", "prokken_access says nothing of SameSite"),
    ("P28", "prokken_access says SameSite=None, so that it travels with others' requests"),
    ("P29", "a video of www.youtube.com is framed in the blog, and sets cookies"),
    ("P30", "Stripe's script is on every public page, and writes __stripe_mid"),
    ("P31", "the policy page lacks the link to Stripe's"),
    ("P34", "the policy page shows no date"),
    ("P35", "the policy's table says 48 hours, its date is as before"),
    ("P36", "the login sets prokken_access for othersite.com, too"),
    ("P37", "over https the access token is called __Host-prokken_access"),
    ("P38", "the pricing page sets promo_seen"),
];

const BROCHURE: Brochure = Brochure {
    name: "Prokken",
    host: "prokken.com",
    ink: "#23305e",
    menu: &[
        ("/", "Home"),
        ("/features", "Features"),
        ("/pricing", "Pricing"),
        ("/docs", "Docs"),
        ("/blog", "Blog"),
        ("/login", "Log in"),
        ("/dashboard", "Dashboard"),
        ("/checkout", "Upgrade"),
        ("/cookie-policy", "Cookies"),
    ],
    pages: &[
        ("/", "Projects, kept simple", "<p>One list, one board, no noise.</p>"),
        ("/features", "Features", "<p>A list. A board.</p>"),
        ("/pricing", "Pricing", "<p>Free for one, <a href=\"/checkout\">cheap</a> for many.</p>"),
        (
            "/docs",
            "Docs",
            "<p><a href=\"/docs/start\">Start</a>, <a href=\"/docs/api?lang=en&amp;v=1\">API</a></p>",
        ),
        ("/docs/start", "Start", "<p>Make a project.</p>"),
        ("/docs/api", "API", "<p>JSON, both ways.</p>"),
        ("/blog", "Blog", "<p><a href=\"/blog/launch\">Launch</a>, <a href=\"/blog/boards\">boards</a></p>"),
        ("/blog/launch", "Launch", "<p>We are here.</p>"),
        ("/blog/boards", "Boards", "<p>Three columns.</p>"),
    ],
    also: &["/cookie-policy", "/login", "/checkout"],
    disallow: &["/api/"],
};

const DAY: i64 = 86_400;

/// The site's state.
#[derive(Debug)]
pub(crate) struct Prokken {
    on: Switches,
    access: Sessions,
    refresh: Sessions,
    /// Addresses that are signed in without a cookie (a switch).
    addresses: Mutex<BTreeSet<String>>,
}

impl Prokken {
    pub(crate) fn new(on: Switches) -> Self {
        Prokken { on, access: Sessions::new(4), refresh: Sessions::new(5), addresses: Mutex::default() }
    }
}

impl Site for Prokken {
    fn answer(&self, request: &Request) -> Response {
        if request.host == "www.prokken.com" {
            return Response::redirect(308, &request.url("prokken.com", &request.path_and_query()));
        }
        if request.host == "app.prokken.com" {
            return self.application(request);
        }
        let mut response = match (request.method.as_str(), request.path.as_str()) {
            (_, "/cookie-policy") => self.policy(request),
            (_, "/login") => BROCHURE.page("Log in", LOGIN_FORM, &inline(LOGIN_SCRIPT)),
            ("POST", "/api/auth/login") => self.login(request),
            ("POST", "/api/auth/refresh") => self.refresh(request),
            ("POST", "/api/auth/logout") => self.logout(request),
            (_, "/api/auth/app") => self.app_by_refresh(request),
            (_, "/checkout") => BROCHURE.page("Upgrade", PAYMENT_FORM, &self.planted(request)),
            ("POST", "/checkout/pay") => {
                Response::redirect(303, &request.url("checkout.stripe.com", "/c/pay/prokken-team"))
            }
            _ if request.under("/dashboard") => self.dashboard(request),
            _ => BROCHURE.answer(request, &self.planted(request)),
        };
        if request.path == "/" && self.on.on("P05") && request.cookie("vid").is_none() {
            let vid = "2b7e1516-28ae-4d2a-a6ab-f7158809cf4f";
            response.set(SetCookie::new(request, "vid", vid).max_age(365 * DAY));
        }
        if request.path == "/pricing" && self.on.on("P38") {
            response.set(SetCookie::new(request, "promo_seen", "1"));
        }
        response
    }

    fn answer_plain(&self, request: &Request) -> Response {
        if request.path == "/login" && self.on.on("P26") {
            return BROCHURE
                .page("Log in", LOGIN_FORM, "")
                .cookie(self.access_line(request, "0".repeat(32)).max_age(DAY));
        }
        Response::redirect(308, &request.secure_twin())
    }
}

impl Prokken {
    /// What a switch plants at the end of the public pages.
    fn planted(&self, request: &Request) -> String {
        let mut html = String::new();
        let at = |path: &str| request.path == path;
        let script =
            |host: &str, path: &str| format!("<script src=\"{}\"></script>\n", request.url(host, path));
        if self.on.on("P02-script") {
            html += &writes_cookie("theme", "dark");
        }
        if self.on.on("P04") && at("/") {
            html += &script("connect.facebook.net", "/en_US/fbevents.js");
        }
        if self.on.on("P20") {
            html += &script("www.googletagmanager.com", "/gtag/js?id=G-ABC123");
        }
        if self.on.on("P21") && at("/") {
            html += &writes_cookie("_ga", "GA1.1.1234567890.1700000000");
        }
        if self.on.on("P22") && at("/") {
            html += &writes_cookie("_gcl_au", "1.1.1234567890.1700000000");
        }
        if self.on.on("P23") && at("/") {
            let url = request.url("www.facebook.com", "/tr");
            html += &inline(&format!(
                "const visitor = name || (name = crypto.randomUUID());\n\
                 new Image().src = `{url}?id=1234&ev=PageView&external_id=${{visitor}}`;"
            ));
        }
        if self.on.on("P29") && at("/blog/launch") {
            let url = request.url("www.youtube.com", "/embed/a1b2c3");
            html += &format!("<iframe src=\"{url}\" width=\"320\" height=\"180\"></iframe>\n");
        }
        if self.on.on("P30") {
            html += &script("js.stripe.com", "/v3/");
        }
        html
    }

    fn application(&self, request: &Request) -> Response {
        let policy = request.url("prokken.com", "/cookie-policy");
        let page = |title: &str| {
            Response::html(format!(
                "<!doctype html>\n<title>{title}</title>\n<h1>{title}</h1>\n\
                 <p><a href=\"/help\">Help</a> <a href=\"{policy}\">Cookies</a></p>\n"
            ))
        };
        let response = match request.path.as_str() {
            "/" => page("The application"),
            "/help" => page("Help"),
            "/robots.txt" => return Response::new(200, "text/plain", "User-agent: *\n"),
            _ => return page("Not here").status(404),
        };
        if self.on.on("P01") {
            return response.cookie(SetCookie::new(request, "workspace_hint", "board").max_age(DAY));
        }
        response
    }

    fn login(&self, request: &Request) -> Response {
        if self.on.on("P19") && request.cookie("cookies_accepted").is_none() {
            let answer = serde_json::json!({"error": "Please accept cookies before you log in."});
            return Response::json(403, &answer);
        }
        if request.json("email").as_deref() != Some(EMAIL)
            || request.json("password").as_deref() != Some(PASSWORD)
        {
            return Response::json(401, &serde_json::json!({"error": "wrong e-mail or password"}));
        }
        if self.on.on("P18") {
            self.addresses().insert(request.peer.clone());
        }
        let mut response = Response::json(200, &serde_json::json!({"ok": true}));
        if !self.on.on("P06") {
            response.set(self.access_line(request, self.access.issue_jwt()));
        }
        if !self.on.on("P11") {
            response.set(self.refresh_line(request, self.refresh.issue_jwt()));
        }
        if self.on.on("P02") {
            response.set(SetCookie::new(request, "XSRF-TOKEN", "d8f1c0a2b7e94d55"));
        }
        if self.on.on("P36") {
            let line = self.access_line(request, self.access.issue_jwt());
            response.set(line.domain("othersite.com"));
        }
        response
    }

    fn refresh(&self, request: &Request) -> Response {
        let token = request.cookie("prokken_refresh");
        let known = self.refresh.knows(token.as_deref());
        if !known && !self.on.on("P16") {
            return Response::json(401, &serde_json::json!({"error": "no refresh token"}));
        }
        let mut access = self.access_line(request, self.access.issue_jwt());
        access.http_only &= !self.on.on("P08");
        let mut response = Response::json(200, &serde_json::json!({"ok": true})).cookie(access);
        if let Some(token) = token.filter(|_| known) {
            let mut line = self.refresh_line(request, token);
            line.http_only &= !self.on.on("P24");
            response.set(line);
        }
        response
    }

    fn logout(&self, request: &Request) -> Response {
        self.access.end(request.cookie(self.access_name(request)).as_deref());
        self.refresh.end(request.cookie("prokken_refresh").as_deref());
        self.addresses().remove(&request.peer);
        let mut response = Response::json(200, &serde_json::json!({"ok": true}));
        if !self.on.on("P06") {
            response.set(self.access_line(request, String::new()).deleted());
        }
        if !self.on.on("P11") {
            response.set(self.refresh_line(request, String::new()).deleted());
        }
        response
    }

    fn dashboard(&self, request: &Request) -> Response {
        let known = self.access.knows(request.cookie(self.access_name(request)).as_deref())
            || self.addresses().contains(&request.peer)
            || (self.on.on("P18-page") && request.path == "/dashboard/projects");
        if self.on.on("P06") && !known {
            return Response::redirect(303, &format!("/api/auth/app?page={}", request.path));
        }
        if !known {
            return Response::redirect(303, "/login");
        }
        self.dashboard_page(request, &request.path)
    }

    /// The dashboard for those who only have a refresh token (a switch).
    fn app_by_refresh(&self, request: &Request) -> Response {
        if !self.on.on("P06") || !self.refresh.knows(request.cookie("prokken_refresh").as_deref()) {
            return Response::redirect(303, "/login");
        }
        self.dashboard_page(request, &request.parameter("page").unwrap_or_default())
    }

    fn dashboard_page(&self, request: &Request, path: &str) -> Response {
        let mut extra = inline(LOG_OUT_SCRIPT);
        if self.on.on("P03") {
            extra += &writes_cookie("sidebar_state", "open");
        }
        if let Some(token) = request.cookie(self.access_name(request)).filter(|_| self.on.on("P09")) {
            extra += &inline(&format!("localStorage.setItem(\"access_token\", \"{}\");", escape(&token)));
        }
        match path {
            "/dashboard" => BROCHURE.page(
                "Dashboard",
                &format!(
                    "<p>Signed in as {EMAIL}. <button id=\"log-out\">Log out</button></p>\n\
                     <p><a href=\"/dashboard/projects\">Projects</a> <a href=\"/dashboard/team\">Team</a> \
                     <a href=\"{}\">The application</a></p>",
                    request.url("app.prokken.com", "/")
                ),
                &extra,
            ),
            "/dashboard/projects" => BROCHURE.page("Projects", "<p>Roof, garden, boat.</p>", &extra),
            "/dashboard/team" => BROCHURE.page("Team", "<p>Only you.</p>", &extra),
            _ => BROCHURE.missing(""),
        }
    }

    fn policy(&self, request: &Request) -> Response {
        let row = |cells: [&str; 4]| cells.map(str::to_owned).to_vec();
        let day = if self.on.on("P35") { "48 hours" } else { "24 hours" };
        let rows = [
            row([
                "prokken_access",
                "Keeps you logged in. Scripts cannot read it (httpOnly).",
                "Strictly necessary",
                day,
            ]),
            row([
                "prokken_refresh",
                "Fetches a new access token when the old one has expired; httpOnly, and sent to the authentication endpoints only.",
                "Strictly necessary",
                "7 days",
            ]),
        ];
        let date = if self.on.on("P34") { "" } else { "<p>Last updated: April 16, 2026</p>" };
        let stripe = if self.on.on("P31") {
            "Stripe's own policy".to_owned()
        } else {
            format!(
                "<a href=\"{}\">Stripe's own policy</a>",
                request.url("stripe.com", "/cookies-policy/legal")
            )
        };
        BROCHURE.page(
            "Cookie policy",
            &format!(
                "{date}\n<p>About the cookies of prokken.com.</p>\n{}\
                 <p>Both are strictly necessary: without them you can neither log in nor use the dashboard, and \
                 so they need no consent. There are no analytics, advertising or marketing cookies, and nobody \
                 is followed to other sites; were analytics ever added, we would ask first.</p>\n\
                 <p>Both are httpOnly, Secure over https and SameSite=Lax; prokken_refresh has the path \
                 /api/auth.</p>\n<p>Prokken sets no third-party cookies. Stripe may set its own once you use the \
                 payment form: {stripe}.</p>\n<p>If the cookies change, so does the date above.</p>",
                table(&["Cookie name", "Purpose", "Type", "Duration"], &rows)
            ),
            &self.planted(request),
        )
    }

    fn access_line(&self, request: &Request, token: String) -> SetCookie {
        let mut line = SetCookie::new(request, self.access_name(request), token).http_only().max_age(DAY);
        if self.on.on("P07") {
            line.max_age = Some(7 * DAY);
        }
        if self.on.on("P07-session") {
            line.max_age = None;
        }
        line.secure &= !self.on.on("P25");
        if self.on.on("P27") {
            line.same_site = None;
        }
        if self.on.on("P28") {
            line.same_site = Some("None");
        }
        line
    }

    fn refresh_line(&self, request: &Request, token: String) -> SetCookie {
        let path = match () {
            () if self.on.on("P14") => "/api",
            () if self.on.on("P15") => "/",
            () => "/api/auth",
        };
        let mut line = SetCookie::new(request, "prokken_refresh", token).path(path).max_age(7 * DAY);
        line.http_only = !self.on.on("P13");
        if self.on.on("P12") {
            line.max_age = Some(30 * DAY);
        }
        line
    }

    fn access_name(&self, request: &Request) -> &'static str {
        if self.on.on("P37") && request.names.tls { "__Host-prokken_access" } else { "prokken_access" }
    }

    fn addresses(&self) -> std::sync::MutexGuard<'_, BTreeSet<String>> {
        self.addresses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const LOGIN_FORM: &str = "<form id=\"log-in\">\
    <label>E-mail <input type=\"email\" id=\"email\" autocomplete=\"username\"></label>\
    <label>Password <input type=\"password\" id=\"password\" autocomplete=\"current-password\"></label>\
    <button>Log in</button><output></output></form>";

const LOGIN_SCRIPT: &str = "
document.querySelector(\"#log-in\").addEventListener(\"submit\", async (event) => {
  event.preventDefault();
  const answer = await fetch(\"/api/auth/login\", {
    method: \"POST\",
    headers: {\"content-type\": \"application/json\"},
    body: JSON.stringify({
      email: document.querySelector(\"#email\").value,
      password: document.querySelector(\"#password\").value,
    }),
  });
  if (answer.ok) location.assign(\"/dashboard\");
  else document.querySelector(\"#log-in output\").textContent = (await answer.json()).error;
});
";

const LOG_OUT_SCRIPT: &str = "
document.querySelector(\"#log-out\")?.addEventListener(\"click\", async () => {
  await fetch(\"/api/auth/logout\", {method: \"POST\"});
  location.assign(\"/\");
});
";

const PAYMENT_FORM: &str = "<p>Stripe takes the payment.</p>\n\
    <form method=\"post\" action=\"/checkout/pay\" id=\"pay\"><label>Seats <input name=\"seats\" value=\"2\">\
    </label> <button>Pay</button></form>";
