//! The look that all sites share: a page's frame, and the files that every site has.

use super::message::{Request, Response};
use std::fmt::Write as _;

/// A site's public face.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Brochure {
    pub(crate) name: &'static str,
    pub(crate) host: &'static str,
    pub(crate) ink: &'static str,
    /// What every page links to: path and words.
    pub(crate) menu: &'static [(&'static str, &'static str)],
    /// Pages without anything special: path, title, body.
    pub(crate) pages: &'static [(&'static str, &'static str, &'static str)],
    /// Further public paths, for the sitemap.
    pub(crate) also: &'static [&'static str],
    /// What robots.txt keeps crawlers from.
    pub(crate) disallow: &'static [&'static str],
}

impl Brochure {
    /// A page in the site's frame. `body` and `extra` are HTML.
    pub(crate) fn page(&self, title: &str, body: &str, extra: &str) -> Response {
        let mut menu = String::new();
        for (path, words) in self.menu {
            let _ = write!(menu, "<a href=\"{path}\">{words}</a> ");
        }
        let name = self.name;
        Response::html(format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <title>{title} · {name}</title>\n<link rel=\"icon\" href=\"/favicon.ico\">\n\
             <link rel=\"stylesheet\" href=\"/style.css\">\n</head>\n<body>\n\
             <header><img src=\"/logo.svg\" alt=\"{name}\" width=\"24\" height=\"24\"> <nav>{menu}</nav></header>\n\
             <main>\n<h1>{title}</h1>\n{body}\n</main>\n<footer>{name}, a sample site.</footer>\n{extra}\
             </body>\n</html>\n"
        ))
    }

    /// What the site answers where nothing is special: its plain pages and the usual files.
    /// `extra` is HTML that the page gets at its end.
    pub(crate) fn answer(&self, request: &Request, extra: &str) -> Response {
        if let Some((_, title, body)) = self.pages.iter().find(|(path, ..)| *path == request.path) {
            return self.page(title, body, extra);
        }
        match request.path.as_str() {
            "/robots.txt" => {
                let mut text = String::from("User-agent: *\n");
                for path in self.disallow {
                    let _ = writeln!(text, "Disallow: {path}");
                }
                let _ = writeln!(text, "Sitemap: {}", request.url(self.host, "/sitemap.xml"));
                Response::new(200, "text/plain; charset=utf-8", text)
            }
            "/sitemap.xml" => {
                let mut text = String::from(
                    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
                     <urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n",
                );
                for path in self.pages.iter().map(|(path, ..)| *path).chain(self.also.iter().copied()) {
                    let _ = writeln!(text, "<url><loc>{}</loc></url>", request.url(self.host, path));
                }
                text.push_str("</urlset>\n");
                Response::new(200, "application/xml", text)
            }
            "/style.css" => Response::new(
                200,
                "text/css",
                format!("body{{font:16px/1.5 sans-serif;max-width:44em;margin:auto;color:{}}}\n", self.ink),
            ),
            "/logo.svg" | "/favicon.ico" => Response::new(
                200,
                "image/svg+xml",
                format!(
                    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 8 8\">\
                     <rect width=\"8\" height=\"8\" fill=\"{}\"/></svg>\n",
                    self.ink
                ),
            ),
            _ => self.missing(extra),
        }
    }

    /// The page for what does not exist.
    pub(crate) fn missing(&self, extra: &str) -> Response {
        self.page("Not here", "<p>There is no such page.</p>", extra).status(404)
    }
}

/// A table: its head, and its rows.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let mut html = String::from("<table>\n<tr>");
    for cell in head {
        let _ = write!(html, "<th>{cell}</th>");
    }
    html.push_str("</tr>\n");
    for row in rows {
        html.push_str("<tr>");
        for cell in row {
            let _ = write!(html, "<td>{cell}</td>");
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</table>\n");
    html
}

/// An inline script.
pub(crate) fn inline(script: &str) -> String {
    format!("<script>{script}</script>\n")
}

/// A script that sets a cookie for a year, and says nothing else.
pub(crate) fn writes_cookie(name: &str, value: &str) -> String {
    inline(&format!(
        "document.cookie = \"{name}={value}; path=/; max-age=31536000; samesite=lax\" + \
         (location.protocol === \"https:\" ? \"; secure\" : \"\");"
    ))
}

/// `&`, `<`, `>` and `"` as character references.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
