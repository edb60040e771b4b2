//! A site of six pages over plain HTTP that sets four cookies, for tests of the commands.

use super::hostile::{Answer, Asked, Hostile};

/// Starts it.
pub(crate) fn small_site() -> Hostile {
    Hostile::http(answer)
}

/// Its home page.
pub(crate) fn url(site: &Hostile) -> String {
    format!("http://{}/", site.address)
}

fn answer(asked: &Asked) -> Answer {
    match asked.target.split('?').next().unwrap_or_default() {
        "/" => Answer::page(
            "Set-Cookie: sid=a1b2c3d4e5f6; Path=/; Max-Age=86400; HttpOnly; SameSite=Lax\r\n",
            "<a href=/docs>Docs</a> <a href=/shop>Shop</a> <a href=/cookie-policy>Cookies</a>",
        ),
        "/docs" => Answer::page("", "<a href=/docs/start>Start</a> <a href=/old>Old</a>"),
        "/docs/start" => Answer::page("", "Start."),
        "/old" => Answer::redirect("302 Found", "/docs", "Set-Cookie: moved=1; Path=/\r\n"),
        "/shop" => Answer::page(
            "Set-Cookie: cart=17; Max-Age=2592000\r\nSet-Cookie: track=x; SameSite=None\r\n",
            "<a href=/docs>Docs</a> <a href=/shop/checkout>Checkout</a>",
        ),
        "/shop/checkout" => Answer::page("Set-Cookie: cart=18; Max-Age=2592000\r\n", "Pay."),
        "/cookie-policy" => Answer::page("", "<h1>Cookies</h1> We set sid, cart and moved."),
        _ => Answer::status("404 Not Found", "Content-Type: text/html\r\n", "Nothing here."),
    }
}

/// The text without what changes from run to run: ports, moments, seconds.
pub(crate) fn masked(text: &str) -> String {
    let mut masked = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("127.0.0.1:") {
        let after = at + "127.0.0.1:".len();
        masked.push_str(&rest[..after]);
        masked.push_str("PORT");
        rest = rest[after..].trim_start_matches(|c: char| c.is_ascii_digit());
    }
    masked.push_str(rest);
    let Some((before, after)) = masked.split_once("Made 20") else { return masked };
    let after = after.split_once(" second").map_or("", |(_, after)| after.strip_prefix('s').unwrap_or(after));
    format!("{before}Made MOMENT in N second{after}")
}
