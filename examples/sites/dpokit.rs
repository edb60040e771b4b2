//! dpokit: forms for data protection officers. Sign-in by a link in a mail, as next-auth does it,
//! with its cookies in the dashboard's context only; Plausible's cookieless analytics; a purchase
//! at Stripe's.

use super::message::{Request, Response, SetCookie};
use super::page::{Brochure, escape, inline, table, writes_cookie};
use super::sessions::Sessions;
use super::{EMAIL, Site, Switches};
use std::path::PathBuf;

pub(crate) const HOSTS: &[&str] = &["dpokit.com", "www.dpokit.com"];

pub(crate) const SWITCHES: &[(&str, &str)] = &[
    ("D01", "the dashboard's script writes the preference cookie theme"),
    ("D02", "Meta's script on the start page writes _fbp"),
    ("D03", "a pixel of px.ads.linkedin.com on the start page sets bcookie"),
    ("D04", "the start page's own script writes _pk_id.1.1fff"),
    ("D05", "Plausible's host sets __cf_bm"),
    ("D06", "Google's tag manager is loaded beside Plausible"),
    ("D07", "Plausible's script keeps an identifier in local storage"),
    ("D08", "Plausible's script sends an identifier of the visitor"),
    ("D09", "a consent platform is loaded, and asks"),
    ("D10", "a CDN in front adds __cf_bm to every page"),
    ("D11", "the link from the mail sets no session-token; the csrf-token carries the session"),
    ("D12", "over https the session-token lacks its prefix"),
    ("D12-both", "over https the session-token comes with and without its prefix"),
    ("D13", "__Secure-next-auth.session-token lacks Secure where it is renewed"),
    ("D14", "the session-token lives a year"),
    ("D14-session", "the session-token ends with the browser session"),
    ("D15", "the blog renews a member's session-token"),
    ("D16", "over https the csrf-token has the prefix __Secure-"),
    ("D17", "the dashboard sets __Host-next-auth.csrf-token with a Domain"),
    ("D17-path", "the dashboard sets __Host-next-auth.csrf-token with Path=/dashboard"),
    ("D19", "the csrf-token lives 30 days"),
    ("D20", "the start page's script asks for a csrf-token"),
    ("D21", "signing in and out works without the csrf-token"),
    ("D22", "over https callback-url has the prefix __Secure-"),
    ("D23", "callback-url lives a day"),
    ("D24", "the start page sets callback-url"),
    ("D25", "callback-url holds the bare origin"),
    ("D27", "an article in the blog sets read_articles"),
    ("D28", "a chat widget's script on the start page writes a cookie"),
    ("D29", "the checkout is a frame of Stripe's within the site"),
    ("D30", "a pixel of m.stripe.com on the pricing page sets Stripe's cookie"),
    ("D31", "Stripe's script on the pricing page writes __stripe_mid"),
    ("D32", "the link from the mail sets the session-token for othersite.net, too"),
    ("D33", "the csrf-token alone keeps a member logged in"),
    ("D35", "Plausible is loaded only after a question was answered"),
    ("D36", "the policy page shows no date"),
    ("D37", "the start page sets seen, a cookie that the policy does not know"),
    ("D38", "the privacy policy is gone"),
    ("D38-anchor", "the privacy policy has no part on analytics"),
    ("D39", "Plausible's script sends the visitor's e-mail address"),
];

const BROCHURE: Brochure = Brochure {
    name: "dpokit",
    host: "dpokit.com",
    ink: "#4b1f5e",
    menu: &[
        ("/", "Home"),
        ("/pricing", "Pricing"),
        ("/docs", "Docs"),
        ("/blog", "Blog"),
        ("/dashboard", "Dashboard"),
        ("/cookie-policy", "Cookies"),
        ("/privacy", "Privacy"),
    ],
    pages: &[
        ("/", "Records, done", "<p>Registers and forms for data protection officers.</p>"),
        ("/pricing", "Pricing", "<p>One licence, one price. <a href=\"/buy\">Buy</a></p>"),
        (
            "/docs",
            "Docs",
            "<p><a href=\"/docs/install\">Install</a>, <a href=\"docs/records\">records</a></p>",
        ),
        ("/docs/install", "Install", "<p>Unpack, open.</p>"),
        ("/docs/records", "Records", "<p>Who, what, why, how long.</p>"),
        ("/blog", "Blog", "<p><a href=\"/blog/release\">A release</a></p>"),
        ("/blog/release", "A release", "<p>It is out.</p>"),
    ],
    also: &["/cookie-policy", "/privacy"],
    disallow: &["/api/"],
};

const DAY: i64 = 86_400;

/// The site's state.
#[derive(Debug)]
pub(crate) struct Dpokit {
    on: Switches,
    sessions: Sessions,
    csrf: Sessions,
    links: Sessions,
    /// Tokens of the csrf cookie that carry a session (switches).
    csrf_sessions: Sessions,
    mail: Option<PathBuf>,
}

impl Dpokit {
    pub(crate) fn new(on: Switches, mail: Option<PathBuf>) -> Self {
        Dpokit {
            on,
            sessions: Sessions::new(6),
            csrf: Sessions::new(7),
            links: Sessions::new(8),
            csrf_sessions: Sessions::new(9),
            mail,
        }
    }
}

impl Site for Dpokit {
    fn answer(&self, request: &Request) -> Response {
        if request.host == "www.dpokit.com" {
            return Response::redirect(308, &request.url("dpokit.com", &request.path_and_query()));
        }
        let mut response = match (request.method.as_str(), request.path.as_str()) {
            (_, "/cookie-policy") => self.policy(request),
            (_, "/privacy") => self.privacy(request),
            (_, "/api/auth/signin") => self.sign_in_page(request),
            ("POST", "/api/auth/signin/email") => self.send_link(request),
            (_, "/api/auth/verify-request") => {
                BROCHURE.page("Look into your mail", "<p>A link is on its way.</p>", "")
            }
            (_, "/api/auth/callback/email") => self.callback(request),
            (_, "/api/auth/csrf") => {
                let (token, line) = self.csrf(request);
                let mut response = Response::json(200, &serde_json::json!({"csrfToken": token}));
                line.into_iter().for_each(|line| response.set(line));
                response
            }
            ("POST", "/api/auth/signout") => self.sign_out(request),
            (_, "/api/auth/signout") => self.sign_out_page(request),
            (_, "/buy") => self.buy(request),
            _ if request.under("/dashboard") => self.dashboard(request),
            _ => BROCHURE.answer(request, &self.planted(request)),
        };
        self.plant_headers(request, &mut response);
        response
    }
}

impl Dpokit {
    fn plant_headers(&self, request: &Request, response: &mut Response) {
        let at = |path: &str| request.path == path;
        if self.on.on("D10") && response.headers.iter().any(|(_, value)| value.starts_with("text/html")) {
            let line = SetCookie::new(request, "__cf_bm", "f3b1c05e8f6a4f0d9a7e2b4c6d8e0f12");
            response.set(line.http_only().max_age(1800));
        }
        if self.on.on("D15") && request.under("/blog") {
            self.renew(request, response);
        }
        if self.on.on("D24") && at("/") {
            response.set(self.callback_line(request, "/"));
        }
        if self.on.on("D27") && at("/blog/release") {
            response.set(SetCookie::new(request, "read_articles", "1").max_age(DAY));
        }
        if self.on.on("D37") && at("/") {
            response.set(SetCookie::new(request, "seen", "1").max_age(DAY));
        }
    }

    /// Plausible's counter, and what a switch plants at the end of the public pages.
    fn planted(&self, request: &Request) -> String {
        let plausible = request.url("plausible.io", "/js/script.js");
        let mut html = format!("<script defer data-domain=\"dpokit.com\" src=\"{plausible}\"></script>\n");
        if self.on.on("D35") {
            html = format!(
                "<div role=\"dialog\" aria-label=\"Cookies\" id=\"ask\">May we count you? \
                 <button id=\"yes\">Yes, accept cookies</button></div>\n{}",
                inline(&format!(
                    "document.querySelector(\"#yes\").addEventListener(\"click\", () => {{\n  \
                     const script = document.createElement(\"script\");\n  \
                     script.dataset.domain = \"dpokit.com\";\n  script.src = \"{plausible}\";\n  \
                     document.head.append(script);\n  document.querySelector(\"#ask\").remove();\n}});"
                ))
            );
        }
        let at = |path: &str| request.path == path;
        let picture = |host: &str, path: &str| {
            format!("<img src=\"{}\" alt=\"\" width=\"1\" height=\"1\">\n", request.url(host, path))
        };
        let script =
            |host: &str, path: &str| format!("<script src=\"{}\"></script>\n", request.url(host, path));
        if self.on.on("D02") && at("/") {
            html += &script("connect.facebook.net", "/en_US/fbevents.js");
        }
        if self.on.on("D03") && at("/") {
            html += &picture("px.ads.linkedin.com", "/collect");
        }
        if self.on.on("D04") && at("/") {
            html += &writes_cookie("_pk_id.1.1fff", "a1b2c3d4e5f60718.1700000000.");
        }
        if self.on.on("D06") && at("/") {
            html += &script("www.googletagmanager.com", "/gtm.js?id=GTM-ABC123");
        }
        if self.on.on("D09") && at("/") {
            html += &script("cdn.cookielaw.org", "/scripttemplates/otSDKStub.js");
        }
        if self.on.on("D20") && at("/") {
            html += &inline("fetch(\"/api/auth/csrf\");");
        }
        if self.on.on("D28") && at("/") {
            html += &script("client.crisp.chat", "/l.js");
        }
        if self.on.on("D30") && at("/pricing") {
            html += &picture("m.stripe.com", "/6");
        }
        if self.on.on("D31") && at("/pricing") {
            html += &script("js.stripe.com", "/v3/");
        }
        html
    }

    fn dashboard(&self, request: &Request) -> Response {
        if !self.logged_in(request) {
            let wanted = request.url("dpokit.com", &request.path);
            let wanted: String = url::form_urlencoded::byte_serialize(wanted.as_bytes()).collect();
            return Response::redirect(302, &format!("/api/auth/signin?callbackUrl={wanted}"));
        }
        let mut extra = String::new();
        if self.on.on("D01") {
            extra += &writes_cookie("theme", "dark");
        }
        let mut response = match request.path.as_str() {
            "/dashboard" => BROCHURE.page(
                "Dashboard",
                &format!(
                    "<p>Signed in as {EMAIL}. <a href=\"/api/auth/signout\">Sign out</a></p>\n\
                     <p><a href=\"/dashboard/licences\">Licences</a> <a href=\"/dashboard/settings\">Settings</a></p>"
                ),
                &extra,
            ),
            "/dashboard/licences" => BROCHURE.page("Licences", "<p>One.</p>", &extra),
            "/dashboard/settings" => BROCHURE.page("Settings", "<p>Nothing to set.</p>", &extra),
            _ => return BROCHURE.missing(""),
        };
        self.renew(request, &mut response);
        if request.path == "/dashboard/settings" {
            let line = self.csrf_line(request, "0f".repeat(32));
            if self.on.on("D17") {
                response.set(line.domain(request.names.host("dpokit.com")));
            } else if self.on.on("D17-path") {
                response.set(line.path("/dashboard"));
            }
        }
        response
    }

    /// Sends the session's token again, with its whole life.
    fn renew(&self, request: &Request, response: &mut Response) {
        let Some(token) = self.token_of(request).filter(|token| self.sessions.knows(Some(token))) else {
            return;
        };
        let mut line = self.session_line(request, token);
        line.secure &= !self.on.on("D13");
        response.set(line);
    }

    fn sign_in_page(&self, request: &Request) -> Response {
        let wanted = request.parameter("callbackUrl").unwrap_or_else(|| request.url("dpokit.com", "/"));
        let (token, line) = self.csrf(request);
        let mut response = BROCHURE.page(
            "Sign in",
            &format!(
                "<form method=\"post\" action=\"/api/auth/signin/email\" id=\"sign-in\">\
                 <input type=\"hidden\" name=\"csrfToken\" value=\"{token}\">\
                 <input type=\"hidden\" name=\"callbackUrl\" value=\"{}\">\
                 <label>E-mail <input type=\"email\" name=\"email\"></label>\
                 <button>Send a link</button></form>",
                escape(&wanted)
            ),
            "",
        );
        line.into_iter().for_each(|line| response.set(line));
        response.set(self.callback_line(request, &wanted));
        response
    }

    /// The token that a form must carry, and the cookie to match where the visitor has none yet.
    fn csrf(&self, request: &Request) -> (String, Option<SetCookie>) {
        if let Some(value) = request.cookie(self.csrf_name(request)) {
            let token = value.split("%7C").next().unwrap_or_default().to_owned();
            if self.csrf.knows(Some(&token)) {
                return (token, None);
            }
        }
        let token = self.csrf.issue();
        let line = self.csrf_line(request, format!("{token}%7C{token}"));
        (token, Some(line))
    }

    fn csrf_holds(&self, request: &Request) -> bool {
        let field = request.field("csrfToken");
        let cookie = request.cookie(self.csrf_name(request));
        let cookie = cookie.as_deref().and_then(|value| value.split("%7C").next());
        self.on.on("D21") || (field.as_deref() == cookie && self.csrf.knows(cookie))
    }

    fn send_link(&self, request: &Request) -> Response {
        if !self.csrf_holds(request) {
            return Response::redirect(302, "/api/auth/signin?csrf=true");
        }
        let email = request.field("email").unwrap_or_default();
        let wanted = request.field("callbackUrl").unwrap_or_else(|| request.url("dpokit.com", "/dashboard"));
        let token = self.links.issue();
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("callbackUrl", &wanted)
            .append_pair("token", &token)
            .append_pair("email", &email)
            .finish();
        let link = request.url("dpokit.com", &format!("/api/auth/callback/email?{query}"));
        if let Some(mail) = &self.mail
            && post(mail, &token, &email, &link).is_err()
        {
            return BROCHURE.page("No mail", "<p>The mail could not be sent.</p>", "").status(500);
        }
        Response::redirect(302, "/api/auth/verify-request?provider=email&type=email")
    }

    fn callback(&self, request: &Request) -> Response {
        if !self.links.end(request.parameter("token").as_deref()) {
            return Response::redirect(302, "/api/auth/signin?error=Verification");
        }
        if (self.on.on("D11") || self.on.on("D33"))
            && let Some(csrf) = request.cookie(self.csrf_name(request))
        {
            self.csrf_sessions.admit(&csrf);
        }
        let wanted = request.parameter("callbackUrl").unwrap_or_default();
        let home = request.url("dpokit.com", "/");
        let mut response =
            Response::redirect(302, if wanted.starts_with(&home) { &wanted } else { "/dashboard" });
        if self.on.on("D11") {
            return response;
        }
        let line = self.session_line(request, self.sessions.issue());
        if self.on.on("D12-both") && request.names.tls {
            let mut plain = line.clone();
            plain.name = "next-auth.session-token".into();
            response.set(plain);
        }
        if self.on.on("D32") {
            response.set(line.clone().domain("othersite.net"));
        }
        response.set(line);
        response
    }

    fn sign_out_page(&self, request: &Request) -> Response {
        let token = request
            .cookie(self.csrf_name(request))
            .and_then(|value| value.split("%7C").next().map(str::to_owned))
            .unwrap_or_default();
        BROCHURE.page(
            "Sign out",
            &format!(
                "<form method=\"post\" action=\"/api/auth/signout\" id=\"sign-out\">\
                 <input type=\"hidden\" name=\"csrfToken\" value=\"{}\"><button>Sign out</button></form>",
                escape(&token)
            ),
            "",
        )
    }

    fn sign_out(&self, request: &Request) -> Response {
        if !self.csrf_holds(request) {
            return Response::redirect(302, "/api/auth/signout?csrf=true");
        }
        self.sessions.end(self.token_of(request).as_deref());
        self.csrf_sessions.end(request.cookie(self.csrf_name(request)).as_deref());
        let mut response = Response::redirect(302, "/");
        if !self.on.on("D11") {
            response.set(self.session_line(request, String::new()).deleted());
        }
        response
    }

    fn buy(&self, request: &Request) -> Response {
        let checkout = request.url("checkout.stripe.com", "/c/pay/dpokit-licence");
        if self.on.on("D29") {
            let frame = format!("<iframe src=\"{checkout}\" title=\"Payment\"></iframe>");
            return BROCHURE.page("Buy", &frame, "");
        }
        Response::redirect(303, &checkout)
    }

    fn privacy(&self, request: &Request) -> Response {
        if self.on.on("D38") {
            return BROCHURE.missing("");
        }
        let id = if self.on.on("D38-anchor") { "" } else { " id=\"analytics\"" };
        BROCHURE.page(
            "Privacy",
            &format!(
                "<p>What we keep of you, and why.</p>\n<h2{id}>Analytics</h2>\n<p>Page views are counted.</p>"
            ),
            &self.planted(request),
        )
    }

    fn policy(&self, request: &Request) -> Response {
        let row = |cells: [&str; 5]| cells.map(str::to_owned).to_vec();
        let kind = "Functional / strictly necessary";
        let rows = [
            row([
                "next-auth.session-token (over https: __Secure-next-auth.session-token)",
                "Keeps you logged in to the dashboard.",
                kind,
                "30 days",
                "/dashboard/* only",
            ]),
            row([
                "next-auth.csrf-token (over https: __Host-next-auth.csrf-token)",
                "Protects the forms for signing in and out.",
                kind,
                "Session",
                "/dashboard/* only",
            ]),
            row([
                "next-auth.callback-url",
                "Remembers where you wanted to go before you had to log in.",
                kind,
                "Session",
                "/dashboard/* only",
            ]),
        ];
        let date = if self.on.on("D36") { "" } else { "<p>Last updated: 15 March 2026</p>" };
        BROCHURE.page(
            "Cookie policy",
            &format!(
                "{date}\n<p>In short: functional cookies that the service needs, and no others. No advertising, \
                 no third-party tracking, no analytics cookies, and so no banner.</p>\n{}\
                 <p>Visitors who are not logged in get no cookies from the marketing, documentation and blog \
                 pages.</p>\n<p>Plausible counts visits without cookies and without storing anything in the \
                 browser; see <a href=\"/privacy#analytics\">analytics in our privacy policy</a>.</p>\n\
                 <p>A purchase leads to Stripe's own page (checkout.stripe.com), where Stripe may set its own \
                 cookies: <a href=\"{}\">Stripe's privacy policy</a>.</p>\n\
                 <p>A new cookie is a new line above, and a new date.</p>",
                table(&["Cookie name", "Purpose", "Type", "Expiry", "Set on"], &rows),
                request.url("stripe.com", "/privacy"),
            ),
            &self.planted(request),
        )
    }

    fn session_line(&self, request: &Request, token: String) -> SetCookie {
        let line = SetCookie::new(request, self.session_name(request), token).http_only();
        match () {
            () if self.on.on("D14") => line.max_age(365 * DAY),
            () if self.on.on("D14-session") => line,
            () => line.max_age(30 * DAY),
        }
    }

    fn csrf_line(&self, request: &Request, value: String) -> SetCookie {
        let line = SetCookie::new(request, self.csrf_name(request), value).http_only();
        if self.on.on("D19") { line.max_age(30 * DAY) } else { line }
    }

    fn callback_line(&self, request: &Request, wanted: &str) -> SetCookie {
        let secure = self.on.on("D22") && request.names.tls;
        let name = if secure { "__Secure-next-auth.callback-url" } else { "next-auth.callback-url" };
        let home = request.url("dpokit.com", "");
        let wanted = if self.on.on("D25") { &home } else { wanted };
        let value: String = url::form_urlencoded::byte_serialize(wanted.as_bytes()).collect();
        let line = SetCookie::new(request, name, value).http_only();
        if self.on.on("D23") { line.max_age(DAY) } else { line }
    }

    fn session_name(&self, request: &Request) -> &'static str {
        if request.names.tls && !self.on.on("D12") {
            "__Secure-next-auth.session-token"
        } else {
            "next-auth.session-token"
        }
    }

    fn csrf_name(&self, request: &Request) -> &'static str {
        match (request.names.tls, self.on.on("D16")) {
            (false, _) => "next-auth.csrf-token",
            (true, false) => "__Host-next-auth.csrf-token",
            (true, true) => "__Secure-next-auth.csrf-token",
        }
    }

    fn token_of(&self, request: &Request) -> Option<String> {
        request.cookie(self.session_name(request))
    }

    fn logged_in(&self, request: &Request) -> bool {
        self.sessions.knows(self.token_of(request).as_deref())
            || self.csrf_sessions.knows(request.cookie(self.csrf_name(request)).as_deref())
    }
}

/// Puts a mail with the link into a maildir, quoted-printable, as text and as HTML.
fn post(mail: &std::path::Path, name: &str, to: &str, link: &str) -> std::io::Result<()> {
    let quoted = |text: &str| text.replace('=', "=3D");
    let folded = |text: String| {
        // Soft line breaks, as mailers put them.
        let mut lines = String::new();
        let mut rest = text.as_str();
        while rest.len() > 72 {
            let cut = if rest[..72].ends_with('=') {
                71
            } else if rest[..71].ends_with('=') {
                70
            } else {
                72
            };
            lines.push_str(&rest[..cut]);
            lines.push_str("=\r\n");
            rest = &rest[cut..];
        }
        lines + rest
    };
    let text = folded(quoted(&format!("Sign in to dpokit: {link}")));
    let html = folded(quoted(&format!("<p><a href=\"{}\">Sign in</a></p>", escape(link))));
    let message = format!(
        "From: dpokit <no-reply@dpokit.example>\r\nTo: {to}\r\nSubject: Sign in to dpokit\r\n\
         MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=\"part\"\r\n\r\n\
         --part\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
         {text}\r\n\r\n--part\r\nContent-Type: text/html; charset=utf-8\r\n\
         Content-Transfer-Encoding: quoted-printable\r\n\r\n{html}\r\n--part--\r\n"
    );
    for folder in ["tmp", "new", "cur"] {
        std::fs::create_dir_all(mail.join(folder))?;
    }
    let draft = mail.join("tmp").join(name);
    std::fs::write(&draft, message)?;
    std::fs::rename(draft, mail.join("new").join(name))
}
