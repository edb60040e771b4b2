use super::*;
use serde_json::{Value, json};

/// A box as the eyes tell of it: what is read in it and its buttons.
fn overlay(said: &str, buttons: &[&str]) -> Value {
    let controls: Vec<Value> =
        buttons.iter().enumerate().map(|(id, label)| json!({"id": id, "label": label})).collect();
    json!({"kind": "fixed", "said": said, "controls": controls})
}

fn judged(boxes: &[Value]) -> Judged {
    seen_by(boxes, true)
}

fn seen_by(boxes: &[Value], trusted: bool) -> Judged {
    let sight = serde_json::from_value(json!({ "boxes": boxes })).unwrap();
    judge(&[Document { sight, trusted }], false)
}

#[track_caller]
fn asks(seen: &Value) -> Question {
    judged(std::slice::from_ref(seen)).banner.unwrap_or_else(|| panic!("no banner in {seen}"))
}

#[track_caller]
fn asks_nothing(seen: &Value) -> Option<String> {
    let judged = judged(std::slice::from_ref(seen));
    assert!(judged.banner.is_none(), "{seen} is taken for {:?}", judged.banner);
    judged.suspected
}

fn label(press: &Option<Press>) -> &str {
    press.as_ref().map_or("", |press| press.label.as_str())
}

#[test]
fn what_a_label_gives_away_is_not_told() {
    let control: Control =
        serde_json::from_value(json!({"id": 0, "label": "Accept as ann@example.test, code 482913"})).unwrap();
    assert_eq!(told(&control), "Accept as \u{2039}masked\u{203a}, code \u{2039}masked\u{203a}");
}

/// Sentences of banners.
const SENTENCES: &[(&str, &str, &str, &str)] = &[
    ("English", "We use cookies to give you the best experience on our website.", "Accept", "Decline"),
    ("Bulgarian", "Използваме бисквитки, за да подобрим нашия сайт.", "Приемам", "Отказвам"),
    ("Czech", "Tento web používá soubory cookie k analýze návštěvnosti.", "Souhlasím", "Odmítnout"),
    ("Croatian", "Koristimo kolačiće kako bismo poboljšali vaše iskustvo.", "Prihvaćam", "Odbij"),
    ("Danish", "Vi bruger cookies til statistik og markedsføring.", "Accepter", "Afvis"),
    ("Dutch", "Wij gebruiken cookies om onze website te verbeteren.", "Akkoord", "Weigeren"),
    ("Estonian", "Kasutame küpsiseid, et pakkuda paremat kasutuskogemust.", "Nõustun", "Keeldun"),
    ("Finnish", "Käytämme evästeitä sivustollamme.", "Hyväksy", "Hylkää"),
    ("French", "Nous utilisons des cookies pour mesurer l’audience.", "Accepter", "Refuser"),
    ("German", "Wir verwenden Cookies, um unsere Website zu verbessern.", "Akzeptieren", "Ablehnen"),
    ("Greek", "Χρησιμοποιούμε cookies για να βελτιώσουμε την εμπειρία σας.", "Αποδοχή", "Απόρριψη"),
    (
        "Hungarian",
        "Weboldalunk sütiket használ a jobb felhasználói élmény érdekében.",
        "Elfogadom",
        "Elutasítom",
    ),
    ("Irish", "Úsáidimid fianáin ar an suíomh seo.", "Glac leis", "Diúltaigh"),
    ("Italian", "Questo sito utilizza i cookie per analizzare il traffico.", "Accetto", "Rifiuta"),
    ("Latvian", "Mēs izmantojam sīkdatnes, lai uzlabotu vietni.", "Piekrītu", "Noraidīt"),
    ("Lithuanian", "Naudojame slapukus svetainės analizei.", "Sutinku", "Nesutinku"),
    ("Maltese", "Nużaw il-cookies biex ittejbu l-esperjenza tiegħek.", "Naċċetta", "Irrifjuta"),
    ("Polish", "Używamy plików cookies w celach statystycznych.", "Zgadzam się", "Odrzuć"),
    ("Portuguese", "Utilizamos cookies para melhorar a sua experiência.", "Aceitar", "Rejeitar"),
    ("Romanian", "Folosim module cookie pentru a îmbunătăți site-ul.", "Accept", "Refuz"),
    ("Slovak", "Táto stránka používa súbory cookie.", "Súhlasím", "Odmietnuť"),
    ("Slovenian", "Uporabljamo piškotke za boljšo uporabniško izkušnjo.", "Strinjam se", "Zavrni"),
    ("Spanish", "Utilizamos cookies propias y de terceros.", "Aceptar", "Rechazar"),
    ("Swedish", "Vi använder kakor för att förbättra webbplatsen.", "Acceptera", "Neka"),
    ("Norwegian", "Vi bruker informasjonskapsler for å forbedre nettstedet.", "Godta", "Avslå"),
    ("Icelandic", "Við notum vafrakökur til að bæta vefsíðuna.", "Samþykkja", "Hafna"),
    ("Turkish", "Sitemizde çerezler kullanılmaktadır.", "Kabul et", "Reddet"),
    ("Ukrainian", "Ми використовуємо файли cookie для аналітики.", "Погоджуюсь", "Відхилити"),
    ("Russian", "Мы используем куки для улучшения работы сайта.", "Согласен", "Отклонить"),
    ("Serbian", "Користимо колачиће ради бољег искуства на сајту.", "Прихватам", "Одбиј"),
    ("Japanese", "当サイトではクッキーを使用しています。", "同意する", "拒否する"),
    ("Chinese (simplified)", "本网站使用Cookie来改善您的体验。", "接受", "拒绝"),
    ("Chinese (traditional)", "本網站使用 Cookie 來改善您的體驗。", "接受", "拒絕"),
    ("Korean", "이 웹사이트는 쿠키를 사용합니다.", "동의", "거부"),
    ("Arabic", "نستخدم ملفات تعريف الارتباط لتحسين تجربتك على موقعنا.", "أوافق", "رفض"),
    ("Hebrew", "אתר זה משתמש בעוגיות כדי לשפר את חוויית הגלישה.", "אני מסכים", "דחה"),
    ("Catalan", "Utilitzem galetes per millorar la navegació al lloc web.", "Accepta", "Rebutja"),
    ("Basque", "Webgune honek cookieak erabiltzen ditu.", "Onartu", "Baztertu"),
    ("Welsh", "Rydym yn defnyddio cwcis ar y wefan hon.", "Derbyn", "Gwrthod"),
];

#[test]
fn a_box_that_speaks_of_cookies_and_holds_an_answer_is_a_banner_in_every_language() {
    for (language, said, accept, reject) in SENTENCES {
        let question = asks(&overlay(said, &[accept, reject]));
        assert_eq!((label(&question.accept), label(&question.reject)), (*accept, *reject), "{language}");
        // What speaks of cookies and is not understood is not nothing.
        assert!(asks_nothing(&overlay(said, &["Blah blub"])).is_some(), "{language}");
    }
}

#[test]
fn what_is_no_question_about_cookies_is_none() {
    let with = |mut seen: Value, key: &str, value: Value| {
        seen[key] = value;
        seen
    };
    let cases = [
        with(
            overlay(
                "10 % off your first order. By subscribing you agree to our privacy policy.",
                &["I agree, subscribe", "No thanks"],
            ),
            "fields",
            json!(["email"]),
        ),
        overlay("Join our newsletter! See our cookie policy.", &["I agree", "No thanks"]),
        overlay("Are you over 18? You must be of legal age to enter.", &["Accept", "Decline"]),
        overlay("We have updated our Terms of Service and Cookie Policy.", &["Accept", "Decline"]),
        overlay("Your order: 12 cookies, freshly baked.", &["Accept order", "Accept", "Decline"]),
        overlay("Our chocolate chip cookies are baked every morning. Order now!", &["OK", "No thanks"]),
        overlay("Våra kakor är nybakade enligt eget recept.", &["OK", "Beställ"]),
        with(overlay("Log in to go on", &["Log in", "Cancel"]), "fields", json!(["email", "password"])),
        overlay("Allow notifications from this website?", &["Allow", "Block"]),
        overlay("", &["Cookie settings"]),
        with(overlay("© 2026 Example Ltd.", &[]), "linked", json!("Privacy Cookie policy Imprint")),
        overlay("Our chat is open. How can we help?", &["OK"]),
        overlay("This website is for members. Do you accept the house rules?", &["I accept", "I decline"]),
    ];
    for seen in &cases {
        assert_eq!(asks_nothing(seen), None, "{seen}");
    }
    // These speak of cookies, and so nobody says that there is no banner.
    let unclear = [
        overlay("This website uses cookies. By browsing on you accept them.", &[]),
        overlay("You must be over 18. This site uses cookies.", &["I agree", "I disagree"]),
    ];
    for seen in &unclear {
        assert!(asks_nothing(seen).is_some(), "{seen}");
    }
}

#[test]
fn banners_of_every_make_are_found() {
    let cases = [
        overlay(
            "We value your privacy. We and our partners store information on a device.",
            &["AGREE", "MORE OPTIONS", "DISAGREE"],
        ),
        overlay("Cookies", &["Accept all", "Settings"]),
        overlay("This website uses cookies to ensure you get the best experience.", &["Got it!"]),
        overlay("", &["Accept all cookies", "Reject all cookies"]),
        overlay(
            "Wenn Sie unter 16 Jahre alt sind: Wir verwenden Cookies auf unserer Website.",
            &["Alle akzeptieren", "Speichern"],
        ),
        overlay(
            "We use cookies so that orders reach you and the website can be measured.",
            &["Accept", "Decline"],
        ),
        overlay("By using this website you accept our use of cookies and our terms of use.", &["Accept"]),
    ];
    for seen in &cases {
        asks(seen);
    }
}

#[test]
fn the_label_that_says_most_is_pressed() {
    let question = asks(&overlay(
        "We use cookies",
        &[
            "Accept",
            "Accept all",
            "Accept selected",
            "Only necessary",
            "Reject all",
            "Settings",
            "Privacy policy",
        ],
    ));
    assert_eq!(label(&question.accept), "Accept all");
    assert_eq!(label(&question.reject), "Reject all");
    assert_eq!(label(&question.settings), "Settings");
    assert_eq!(label(&question.save), "Accept selected");
}

#[test]
fn what_leads_away_or_sends_a_form_is_not_pressed() {
    let one = |change: Value| {
        let mut accept = json!({"id": 7, "label": "Accept all cookies"});
        for (key, value) in change.as_object().unwrap() {
            accept[key] = value.clone();
        }
        json!({"kind": "fixed", "said": "We use cookies on this website", "controls": [accept, {"id": 8, "label": "Reject all"}]})
    };
    let pressed = |change: Value| asks(&one(change)).accept.is_some();
    assert!(pressed(json!({})));
    assert!(pressed(json!({"goes": "same"})));
    assert!(pressed(json!({"goes": "site", "to": "/cookies/accept"})));
    assert!(pressed(json!({"loose": true})));
    assert!(pressed(json!({"action": "/consent"})));
    for change in [
        json!({"goes": "site", "to": "/cookie-policy"}),
        json!({"goes": "site", "to": "/welcome"}),
        json!({"goes": "elsewhere", "to": "/"}),
        json!({"goes": "script"}),
        json!({"goes": "window"}),
        json!({"fills": true}),
        json!({"action": "/newsletter/subscribe"}),
        json!({"action": "/checkout"}),
        json!({"acts": true}),
        json!({"disabled": true}),
    ] {
        assert!(!pressed(change.clone()), "{change}");
    }
    let bare = json!({"kind": "fixed", "said": "We use cookies", "controls": [{"id": 1, "label": "Accept", "loose": true}]});
    assert!(asks_nothing(&bare).is_some());
}

#[test]
fn pay_or_accept_is_told_as_what_it_is() {
    let said =
        "We and our partners use cookies for advertising. Read on with ads, or without for 4.99 € a month.";
    let question = asks(&overlay(said, &["Accept and continue", "Reject and subscribe for 4.99 €"]));
    assert_eq!(question.pay.as_deref(), Some("Reject and subscribe for 4.99 €"));
    assert_eq!((label(&question.accept), label(&question.reject)), ("Accept and continue", ""));
    let pur = asks(&overlay(
        "Wir verwenden Cookies für Werbung. 4,99 €/Monat",
        &["Akzeptieren", "Jetzt Pur-Abo abschließen"],
    ));
    assert_eq!((pur.pay.as_deref(), pur.reject.is_none()), (Some("Jetzt Pur-Abo abschließen"), true));
    // Where refusing is free, nothing is to be paid.
    let free = asks(&overlay(said, &["Accept all", "Reject all", "Subscribe for 4.99 €"]));
    assert_eq!((free.pay.is_none(), label(&free.reject)), (true, "Reject all"));
}

#[test]
fn of_boxes_in_boxes_the_innermost_that_offers_all_of_it_asks() {
    let mut app =
        overlay("We use cookies on this website. Inbox, drafts", &["Accept all", "Reject all", "Compose"]);
    app["controls"][0]["id"] = json!(10);
    let mut banner = overlay("We use cookies on this website.", &["Accept all", "Reject all"]);
    banner["parent"] = json!(0);
    let buttons = json!({"kind": "sticky", "said": "Cookies", "parent": 1, "controls": [{"id": 5, "label": "Accept all"}]});
    let found = judged(&[app, banner, buttons]).banner.unwrap();
    assert_eq!(found.accept.unwrap().id, 0);
    // A whole page that lies above itself is one.
    let mut page = overlay(&"We use cookies on this website. ".repeat(200), &["Accept", "Decline"]);
    page["covers"] = json!(true);
    assert!(judged(&[page]).banner.is_none());
}

#[test]
fn a_strange_frame_must_be_very_clear() {
    let clear = overlay("We use cookies on this website", &["Accept all", "Reject all"]);
    assert!(seen_by(&[clear], false).banner.is_some());
    let advertisement = overlay("We use cookies", &["Accept all"]);
    let judged = seen_by(&[advertisement], false);
    assert!(judged.banner.is_none() && judged.suspected.is_some());
}

#[test]
fn before_all_else_in_a_page_stands_a_banner_only_if_it_asks_both_ways() {
    let first = |buttons: &[&str]| {
        let mut seen = overlay("We use cookies on this website to measure traffic", buttons);
        seen["kind"] = json!("first");
        judged(&[seen]).banner.is_some()
    };
    assert!(first(&["Accept additional cookies", "Reject additional cookies"]));
    assert!(!first(&["OK"]));
}

#[test]
fn in_the_page_a_short_text_asks_if_its_markup_says_so_and_is_suspected_if_not() {
    let within = |kind: &str, said: &str, buttons: &[&str]| {
        let mut seen = overlay(said, buttons);
        seen["kind"] = json!(kind);
        let judged = judged(&[seen]);
        (judged.banner.is_some(), judged.suspected.is_some())
    };
    const SAID: &str = "We use cookies on this website to measure traffic";
    let long = SAID.repeat(30);
    assert_eq!(within("called", SAID, &["Accept"]), (true, false));
    assert_eq!(within("called", SAID, &["OK"]), (true, false));
    assert_eq!(within("called", SAID, &["Read more"]), (false, false));
    assert_eq!(within("called", &long, &["Accept"]), (false, false));
    assert_eq!(within("called", "Fresh cookies, baked this morning", &["OK"]), (false, false));
    for kind in ["first", "last"] {
        assert_eq!(within(kind, SAID, &["OK"]), (false, true), "{kind}");
        assert_eq!(within(kind, SAID, &["Read more"]), (false, false), "{kind}");
        assert_eq!(within(kind, &long, &["OK"]), (false, false), "{kind}");
    }
    assert_eq!(within("last", SAID, &["Accept all", "Reject all"]), (false, true));
    // What lies above the page asks first, however little it offers.
    let mut inline = overlay(SAID, &["Accept all", "Reject all"]);
    inline["kind"] = json!("called");
    let both = judged(&[inline, overlay(SAID, &["Got it"])]);
    assert_eq!(label(&both.banner.unwrap().accept), "Got it");
}

#[test]
fn the_way_back_is_no_account_setting() {
    let page = |labels: &[&str]| {
        let wide: Vec<Value> =
            labels.iter().enumerate().map(|(id, label)| json!({"id": id, "label": label})).collect();
        let sight = serde_json::from_value(json!({ "wide": wide })).unwrap();
        way_back(&[Document { sight, trusted: true }], |_| false).map(|press| press.label)
    };
    assert_eq!(page(&["Settings", "Cookie policy", "Cookie settings"]).as_deref(), Some("Cookie settings"));
    assert_eq!(
        page(&["Cookie-Einstellungen", "Einwilligung widerrufen"]).as_deref(),
        Some("Einwilligung widerrufen")
    );
    assert_eq!(page(&["Settings", "Preferences", "Account", "Accept all"]), None);
}

#[test]
fn a_box_with_nothing_but_a_way_to_the_choice_is_a_banner_and_one_that_leads_to_a_page_is_none() {
    let said = "We use cookies to measure visits. Choose which you want.";
    for opens in ["Manage preferences", "Settings", "Customise", "Einstellungen verwalten", "Préférences"] {
        let mut seen = overlay(said, &[opens, "Privacy policy", "\u{d7}"]);
        seen["controls"][1]["goes"] = json!("site");
        seen["controls"][1]["to"] = json!("/privacy");
        let question = asks(&seen);
        assert_eq!((label(&question.settings), question.accept.is_none()), (opens, true));
        // A page is none, and nothing is pressed that leads there.
        seen["controls"][0]["goes"] = json!("site");
        seen["controls"][0]["to"] = json!("/preferences");
        assert!(asks_nothing(&seen).is_some(), "{seen}");
        // What else can be pressed may be an answer in other words.
        assert!(asks_nothing(&overlay(said, &[opens, "Blah blub"])).is_some(), "{opens}");
    }
    for said in ["You must be over 18. This site uses cookies.", "Log in to go on. We use cookies."] {
        assert!(judged(&[overlay(said, &["Settings"])]).banner.is_none(), "{said}");
    }
    for kind in ["first", "called", "last", "whole", "sticky"] {
        let mut seen = overlay(said, &["Manage preferences"]);
        seen["kind"] = json!(kind);
        assert!(judged(&[seen]).banner.is_none(), "{kind}");
    }
}
