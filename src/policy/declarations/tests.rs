//! Documents of our own in the forms that consent platforms publish: what each says of a name, its lifetime,
//! category, party, provider, hosts and storage is what is understood.

use crate::manifest::Item;
use crate::observation::StorageKind;
use crate::policy;

/// One line an item: names, storage, category, lifetime, party, provider, hosts.
#[track_caller]
fn told(text: &str) -> Vec<String> {
    let read = policy::read_bytes(text.as_bytes(), "").unwrap();
    let (manifest, _) = read.manifest("a test");
    manifest.items.iter().map(line).collect()
}

fn line(item: &Item) -> String {
    let names: Vec<&str> = item.names.iter().map(|name| name.written()).collect();
    let hosts: Vec<String> = item.hosts.iter().map(ToString::to_string).collect();
    let kind = if item.kind == StorageKind::Cookie { String::new() } else { format!(" [{}]", item.kind) };
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    format!(
        "{}{kind} {} {}{} {} {} {}",
        names.join("+"),
        or_none(item.category.map(|category| category.to_string())),
        or_none(
            item.lifetime.as_ref().map(|rule| rule.to_string().replace("the browser session", "session"))
        ),
        if item.rolling == Some(true) { " rolling" } else { "" },
        or_none(item.party.map(|party| format!("{party:?}").to_lowercase())),
        or_none(item.provider.clone()),
        hosts.join("+"),
    )
    .trim_end()
    .to_owned()
}

fn purposes(text: &str) -> Vec<String> {
    let (manifest, _) = policy::read(text).manifest("a test");
    manifest.items.into_iter().map(|item| item.purpose.unwrap_or_default()).collect()
}

const COOKIEBOT_TABLES: &str = r#"<div class="CookieDeclaration" lang="en" dir="ltr">
<p class="CookieDeclarationDialogText">This website uses cookies.</p><p class="CookieDeclarationIntro"></p>
<p class="CookieDeclarationLastUpdated">Cookie declaration last updated on [#LOCALIZED_CRAWLDATE#] by <a href="https://www.cookiebot.com" title="Cookiebot">Cookiebot</a>:</p>
<div class="CookieDeclarationType" lang="en"><p class="CookieDeclarationTypeHeader">Necessary (3) </p>
<p class="CookieDeclarationTypeDescription">Necessary cookies help make a website usable by enabling basic functions like page navigation.</p>
<table class="CookieDeclarationTable"><colgroup><col style="width: 20%"><col></colgroup><thead><tr>
<th scope="col" class="CookieDeclarationTableHeader">Name</th><th scope="col">Provider</th><th scope="col">Purpose</th><th scope="col">Maximum Storage Duration</th><th scope="col">Type</th></tr></thead><tbody>
<tr><td class="CookieDeclarationTableCell">basket_key [x2] </td><td>shop.test<br>www.shop.test</td><td>Keeps the basket's content. </td><td>Session</td><td>HTTP Cookie</td></tr>
<tr><td class="CookieDeclarationTableCell">basket_seen</td><td>https://shop.test</td><td>Remembers what was looked at</td><td>Persistent</td><td>HTML Local Storage</td></tr>
<tr><td class="CookieDeclarationTableCell">rc::q</td><td><a href="https://example.com/privacy" title="Example's privacy policy">Example</a></td><td>Tells humans from bots</td><td>1 day</td><td>HTTP Cookie</td></tr>
</tbody></table></div>
<div class="CookieDeclarationType" lang="en"><p class="CookieDeclarationTypeHeader">Statistics (2) </p>
<p class="CookieDeclarationTypeDescription">Statistic cookies help website owners to understand how visitors interact with websites.</p>
<table class="CookieDeclarationTable"><thead><tr><th>Name</th><th>Provider</th><th>Purpose</th><th>Maximum Storage Duration</th><th>Type</th></tr></thead><tbody>
<tr><td>_visits_#</td><td>shop.test</td><td>Counts visits</td><td>2 years</td><td>HTTP Cookie</td></tr>
<tr><td>collect</td><td>count.test</td><td>Sends data</td><td>Session</td><td>Pixel Tracker</td></tr>
</tbody></table></div></div>"#;

const COOKIEBOT: [&str; 4] = [
    "basket_key strictly-necessary session - - shop.test+www.shop.test",
    "basket_seen [local-storage] strictly-necessary persistent, without a stated bound - - shop.test",
    "rc::q strictly-necessary 1 day - Example",
    "_visits_* analytics 2 years - - shop.test",
];

#[test]
fn cookiebots_table_in_a_page() {
    let page = format!("<!doctype html><html><body><h1>Cookies</h1>{COOKIEBOT_TABLES}</body></html>");
    assert_eq!(told(&page), COOKIEBOT);
    // A pixel keeps nothing, and is said to a person.
    let (manifest, remarks) = policy::read(&page).manifest("a test");
    let written = crate::manifest::write_with(&manifest, &remarks);
    assert!(written.contains("# review: `collect` is a pixel"), "{written}");
}

#[test]
fn cookiebots_script_that_writes_the_table() {
    let literal = COOKIEBOT_TABLES.replace('\\', "\\\\").replace('\'', "\\'").replace('\n', "\\r\\n");
    let script = format!(
        "CookieDeclaration.lastUpdatedDate = 1776340800000;CookieDeclaration.userCulture='en-GB';\nCookieDeclaration.InjectCookieDeclaration('{literal}');"
    );
    assert_eq!(told(&script), COOKIEBOT);
    let (manifest, _) = policy::read(&script).manifest("a test");
    assert_eq!(manifest.site.last_updated.map(|date| date.to_string()).as_deref(), Some("2026-04-16"));
    // The loader holds no declaration.
    let loader =
        "this.InjectCookieDeclaration=function(e){var t=document.createElement('div');t.innerHTML=e}";
    assert!(told(loader).is_empty());
}

#[test]
fn cookiebots_lists_of_the_dialog() {
    let script = r#"CookieConsentDialog.cookieTableNecessary = [['basket_key','<a href="https://shop.test/" target="_blank">shop.test</a><br/>www.shop.test','Keeps the basket\'s content \u0026 more','Session','HTTP','1','',''],['basket_seen','shop.test','','Persistent','Lokaler HTML-Speicher','2','','']];
CookieConsentDialog.cookieTablePreference = [];
CookieConsentDialog.cookieTableStatistics = [["_visits_#","shop.test","Counts visits","2 years","HTTP","1","^_visits_.*$",""],["collect","count.test","Sends","Session","Pixel","5","",""]];
CookieConsentDialog.cookieTableAdvertising = [['ad_ref','Example Ads','Knows the advertisement','3 months','HTTP','1','','']];
CookieConsentDialog.cookieTableUnclassified = [['odd_one','shop.test','Pending','1 day','HTTP',1,null,'']];"#;
    assert_eq!(
        told(script),
        [
            "basket_key strictly-necessary session - - shop.test+www.shop.test",
            "basket_seen [local-storage] strictly-necessary persistent, without a stated bound - - shop.test",
            "_visits_* analytics 2 years - - shop.test",
            "ad_ref advertising 3 months - Example Ads",
            "odd_one unclassified 1 day - - shop.test",
        ]
    );
    assert_eq!(purposes(script)[0], "Keeps the basket's content & more");
    // A list that is none is no reason to fail.
    assert!(told("CookieConsentDialog.cookieTableNecessary = [['a_b', oops(]; and more").is_empty());
}

#[test]
fn onetrusts_table_in_a_page() {
    let page = r#"<!doctype html><div id="ot-sdk-cookie-policy"><h3 id="cookie-policy-title" class="ot-sdk-cookie-policy-title">Cookie list</h3>
<section><h4 class="ot-sdk-cookie-policy-group">Strictly Necessary Cookies</h4><p class="ot-sdk-cookie-policy-group-desc">These cookies are necessary for the website to function and cannot be switched off in our systems.</p>
<table><caption class="ot-scrn-rdr">Strictly Necessary Cookies</caption><thead><tr><th scope="col" class="ot-table-header ot-host">Cookie Subgroup</th><th class="ot-table-header ot-cookies">Cookies</th><th class="ot-table-header ot-cookies-type">Cookies used</th><th class="ot-table-header ot-life-span">Lifespan</th></tr></thead><tbody>
<tr><td class="ot-host-td" data-label="Cookie Subgroup"><span class="ot-mobile-border"></span>www.shop.test</td><td class="ot-cookies-td" data-label="Cookies"><span class="ot-mobile-border"></span><span class="ot-cookies-td-content"><a href="https://cookiepedia.co.uk/cookies/basket_key" aria-label="basket_key Opens in a new Tab">basket_key</a>, <a href="https://cookiepedia.co.uk/cookies/basket_seen">basket_seen</a></span></td><td class="ot-cookies-type"><span class="ot-cookies-type-td-content">First Party</span></td><td class="ot-life-span-td"><span class="ot-life-span-td-content">Session, 364 Days</span></td></tr>
</tbody></table></section>
<section class="ot-sdk-subgroup"><h4 class="ot-sdk-cookie-policy-group">Targeting Cookies</h4><table><thead><tr><th>Cookie Subgroup</th><th>Cookies</th><th>Cookies used</th><th>Lifespan</th></tr></thead><tbody>
<tr><td class="ot-host-td"><a href="https://cookiepedia.co.uk/host/ads.test">ads.test</a></td><td class="ot-cookies-td">ad_ref</td><td class="ot-cookies-type">Third Party</td><td class="ot-life-span-td">A few seconds</td></tr>
</tbody></table></section></div>"#;
    assert_eq!(
        told(page),
        [
            "basket_key strictly-necessary session first - www.shop.test",
            "basket_seen strictly-necessary 364 days first - www.shop.test",
            "ad_ref advertising - third - ads.test",
        ]
    );
}

#[test]
fn onetrusts_data() {
    let data = r#"{"CookieSPAEnabled":false,"DomainData":{"pclifeSpanYr":"Year","Language":{"Culture":"en"},"Groups":[
{"ShowInPopup":true,"Order":"1","OptanonGroupId":"C0001","Parent":"","GroupName":"Strictly Necessary Cookies","GroupDescription":"These cookies are necessary.","FirstPartyCookies":[{"id":"7a","Name":"basket_key","Host":"www.shop.test","IsSession":true,"Length":"0","description":"Keeps the basket","thirdPartyDescription":null,"patternKey":null,"isThirdParty":false,"DurationType":1,"category":null},{"id":"7b","Name":"basket_seen","Host":".shop.test","IsSession":false,"Length":"364","description":"Looked at","DurationType":1}],"Hosts":[],"PurposeId":"1","CustomGroupId":"C0001","Type":"COOKIE"},
{"OptanonGroupId":"C0004","GroupName":"Targeting Cookies","FirstPartyCookies":[],"Hosts":[{"HostName":"ads.test","DisplayName":"Example Ads","HostId":"H1","Description":"Sells advertisements","PrivacyPolicy":"","Cookies":[{"id":"8","Name":"ad_ref","Host":"ads.test","IsSession":false,"Length":"90","description":"Knows the advertisement","isThirdParty":true}]}]},
{"OptanonGroupId":"X","GroupName":"Our own word","FirstPartyCookies":[{"Name":"odd_one","Host":"shop.test","IsSession":false,"Length":"1"}],"Hosts":[]}]}}"#;
    let expected = [
        "basket_key strictly-necessary session first - www.shop.test",
        "basket_seen strictly-necessary 364 days first - shop.test+*.shop.test",
        "ad_ref advertising 90 days third Example Ads ads.test",
        "odd_one - 1 day first - shop.test",
    ];
    assert_eq!(told(data), expected);
    // The same, handed to a function.
    assert_eq!(told(&format!("/* feed */ OneTrust.jsonFeed({data});")), expected);
    // An older form: groups with their name in every language.
    let old = r#"{"Groups":[{"Parent":null,"GroupLanguagePropertiesSets":[{"GroupName":{"Text":"Functional Cookies"}}],"Cookies":[{"Name":"theme_choice","Host":"shop.test","IsSession":false,"Length":"30"}]}]}"#;
    assert_eq!(told(old), ["theme_choice functional 30 days - - shop.test"]);
}

#[test]
fn lists_in_csv() {
    let onetrust = "Cookie Name,Host,Category,Is Session,Length,Third Party,Description\nbasket_key,www.shop.test,Strictly Necessary Cookies,TRUE,0,FALSE,\"Keeps, also, commas\"\nad_ref,ads.test,Targeting Cookies,FALSE,90,TRUE,Ads\n";
    let expected = [
        "basket_key strictly-necessary session first - www.shop.test",
        "ad_ref advertising 90 days third - ads.test",
    ];
    assert_eq!(told(onetrust), expected);
    // As a spreadsheet keeps it.
    let kept = onetrust.replace("\"Keeps, also, commas\"", "Keeps").replace(',', ";").replace('\n', "\r\n");
    assert_eq!(told(&format!("\u{feff}sep=;\r\n{kept}")), expected);
    let cookiebot = "Cookie name\tProvider\tCategory\tType\tExpiry\tPurpose\nbasket_key\tshop.test\tNecessary\tHTTP Cookie\tSession\tBasket\n_visits_#\tshop.test\tStatistics\tHTTP Cookie\t2 years\tVisits\ncollect\tcount.test\tStatistics\tPixel Tracker\tSession\tSends\n";
    assert_eq!(
        told(cookiebot),
        ["basket_key strictly-necessary session - - shop.test", "_visits_* analytics 2 years - - shop.test",]
    );
    let cookieyes = "Cookie ID,Domain,Type,Category,Duration,Description\nbasket_key,shop.test,http,necessary,session,Basket\nad_ref,.ads.test,http,advertisement,1 year 1 month 4 days,Ads\n";
    assert_eq!(
        told(cookieyes),
        [
            "basket_key strictly-necessary session - - shop.test",
            "ad_ref advertising 1 year 1 month 4 days - - ads.test+*.ads.test",
        ]
    );
}

#[test]
fn the_open_cookie_database() {
    let csv = "ID,Platform,Category,Cookie / Data Key name,Domain,Description,Retention period,Data Controller,User Privacy & GDPR Rights Portals,Wildcard match\n\
        1,Example Count,Analytics,_visits_,count.test (3rd party) or advertiser's website domain (1st party),Counts visits,2 years after last activity,Example,https://example.com/privacy,1\n\
        2,Example Ads,Marketing,ad_ref,ads.test (3rd party),Knows the advertisement,30 seconds till 1 year,Example,https://example.com/privacy,0\n\
        3,Example Consent,Functional,consent_state [x4],Advertiser's website domain (1st party),\"Keeps the choice\n\nReference: https://example.com\",End of session (browser),Example,#N/A,0\n\
        4,Example Ads,Marketing,SR<RotatorID>,ads.test (3rd party),Rotates,1 day,Example,,0\n";
    let expected = [
        "_visits_* analytics 2 years rolling - Example Count",
        "ad_ref advertising 30 seconds to 1 year third Example Ads ads.test",
        "consent_state functional session first Example Consent",
        "SR* advertising 1 day third Example Ads ads.test",
    ];
    assert_eq!(told(csv), expected);
    let json = r#"{"Example Count":[{"id":"1","platform":"Example Count","category":"Analytics","cookie":"_visits_","domain":"count.test (3rd party) or advertiser's website domain (1st party)","description":"Counts visits","retentionPeriod":"2 years after last activity","dataController":"Example","privacyLink":"https://example.com/privacy","wildcardMatch":"1"}],"Example Consent":[{"id":"3","platform":"Example Consent","category":"Functional","cookie":"consent_state","domain":"Advertiser's website domain (1st party)","description":"Keeps the choice","retentionPeriod":"session","dataController":"Example","privacyLink":"","wildcardMatch":"0"}]}"#;
    assert_eq!(told(json), [expected[0], expected[2]]);
}

#[test]
fn cookieyes_in_a_page_and_as_data() {
    let expected =
        ["basket_key strictly-necessary session - -", "_visits_* analytics 1 year 1 month 4 days - -"];
    let lists = r#"<!doctype html><div class="cky-accordion-wrapper"><div class="cky-accordion"><div class="cky-accordion-header"><button class="cky-accordion-btn">Necessary</button><h3>Necessary</h3></div><div class="cky-accordion-header-des"><p>Necessary cookies are required to enable the basic features of this site.</p></div>
<div class="cky-accordion-body"><div class="cky-audit-table"><ul class="cky-cookie-des-table"><li><div>Cookie</div><div>basket_key</div></li><li><div>Duration</div><div>session</div></li><li><div>Description</div><div><p>Keeps the basket.</p></div></li></ul></div></div></div>
<div class="cky-accordion"><h3>Analytics</h3><div class="cky-audit-table"><ul class="cky-cookie-des-table"><li><div>Cookie</div><div>_visits_*</div></li><li><div>Duration</div><div>1 year 1 month 4 days</div></li><li><div>Description</div><div>Counts visits.</div></li></ul></div></div></div>"#;
    assert_eq!(told(lists), expected);
    assert_eq!(purposes(lists), ["Keeps the basket.", "Counts visits."]);
    let tables = r#"<!doctype html><h3>Necessary</h3><div class="cky-category-des">Needed.</div><div class="cky-table-wrapper"><table class="cky-cookie-audit-table"><thead><tr><th>Cookie</th><th>Duration</th><th>Description</th></tr></thead><tbody><tr><td>basket_key</td><td>session</td><td>Keeps the basket.</td></tr></tbody></table></div>
<h3>Analytics</h3><div class="cky-table-wrapper"><table class="cky-cookie-audit-table"><thead><tr><th>Cookie</th><th>Duration</th><th>Description</th></tr></thead><tbody><tr><td>_visits_*</td><td>1 year 1 month 4 days</td><td>Counts visits.</td></tr></tbody></table></div>"#;
    assert_eq!(told(tables), expected);
    let data = r#"[{"id":1,"slug":"necessary","name":{"en":"Necessary","de":"Notwendig"},"description":{"en":"Needed."},"cookies":[{"id":11,"cookie_id":"basket_key","domain":".shop.test","type":"http","duration":{"de":"Sitzung","en":"session"},"description":{"en":"Keeps the basket."}}]},{"id":2,"slug":"analytics","name":{"en":"Analytics"},"cookies":[{"id":12,"cookie_id":"_visits_*","domain":"shop.test","duration":{"en":"1 year 1 month 4 days"},"description":{"en":"Counts visits."}}]}]"#;
    assert_eq!(
        told(data),
        [
            "basket_key strictly-necessary session - - shop.test+*.shop.test",
            "_visits_* analytics 1 year 1 month 4 days - - shop.test",
        ]
    );
}

#[test]
fn termly_in_a_page_and_as_data() {
    let page = r#"<!doctype html><h2>Essential website cookies:</h2><div><section data-custom-class="body_text"><div><table><tbody><tr><td>Name:</td><td><span>basket_key</span></td></tr><tr><td>Purpose:</td><td><span>Keeps the basket.</span></td></tr><tr><td>Provider:</td><td><span>www.shop.test</span></td></tr><tr><td>Service:</td><td><span>__________ </span></td></tr><tr><td>Country:</td><td><span>Germany</span></td></tr><tr><td>Type:</td><td><span>server_cookie</span></td></tr><tr><td>Expires in:</td><td><span>session</span></td></tr></tbody></table></div></section></div>
<h2>Analytics and customization cookies:</h2><div><table><tbody><tr><td>Name:</td><td>_visits_#</td></tr><tr><td>Purpose:</td><td>Counts visits.</td></tr><tr><td>Provider:</td><td>.shop.test</td></tr><tr><td>Service:</td><td>Example Count <a href="https://example.com">View Service Privacy Policy</a></td></tr><tr><td>Type:</td><td>http_cookie</td></tr><tr><td>Expires in:</td><td>1 year 11 months 29 days</td></tr></tbody></table>
<table><tbody><tr><td>Name:</td><td>collect</td></tr><tr><td>Purpose:</td><td>Sends.</td></tr><tr><td>Provider:</td><td>count.test</td></tr><tr><td>Type:</td><td>pixel_tracker</td></tr><tr><td>Expires in:</td><td>session</td></tr></tbody></table></div>"#;
    assert_eq!(
        told(page),
        [
            "basket_key strictly-necessary session - - www.shop.test",
            "_visits_* analytics 1 year 11 months 29 days - Example Count shop.test+*.shop.test",
        ]
    );
    let data = r#"{"cookies":{"essential":[{"name":"basket_key","category":"essential","domain":"www.shop.test","en_us":"Keeps the basket.","expire":"session","tracker_type":"server_cookie","country":"Germany","source":"https://www.shop.test","url":"https://www.shop.test","value":"x","service":"","service_policy_link":""}],"analytics":[{"name":"_visits_#","category":"analytics","domain":".shop.test","en_us":"Counts visits.","expire":"1 year 11 months 29 days","tracker_type":"http_cookie","service":"Example Count"},{"name":"seen_list","category":"analytics","domain":"shop.test","en_us":"Seen.","expire":"persistent","tracker_type":"html_local_storage"}],"unclassified":[]}}"#;
    assert_eq!(
        told(data),
        [
            "basket_key strictly-necessary session - - www.shop.test",
            "_visits_* analytics 1 year 11 months 29 days - Example Count shop.test+*.shop.test",
            "seen_list [local-storage] analytics persistent, without a stated bound - - shop.test",
        ]
    );
    assert_eq!(purposes(data)[0], "Keeps the basket.");
}

#[test]
fn device_storage_disclosures() {
    let text = r#"{"disclosures":[
{"identifier":"retarget","type":"cookie","maxAgeSeconds":2592000,"cookieRefresh":false,"domains":["retarget.ads.test"],"purposes":[1,3,4,5,6],"specialPurposes":[1],"description":"Knows the *advertisement*"},
{"identifier":"id*","type":"cookie","maxAgeSeconds":0,"cookieRefresh":true,"domain":"*.ads.test","purposes":[1,8,10]},
{"identifier":"seen","type":"cookie","maxAgeSeconds":86400,"cookieRefresh":true,"domains":["*"],"purposes":[1]},
{"identifier":"id","type":"web","maxAgeSeconds":null,"cookieRefresh":false,"domains":["tracking.ads.test"],"purposes":[5]},
{"identifier":"optOut","type":"cookie","maxAgeSeconds":31536000,"cookieRefresh":false,"domains":["ads.test","ads.example"],"purposes":[],"optOut":true},
{"identifier":"app_only","type":"app","maxAgeSeconds":null,"purposes":[1]},
{"identifier":"*","type":"cookie","maxAgeSeconds":1,"purposes":[1]},
{"type":"cookie","maxAgeSeconds":1}],
"domains":[{"domain":"*.ads.test","use":"Serves advertisements","purposes":[1]}],
"sdks":[{"name":"com.example.ads","purposes":[1,3],"specialPurposes":[1],"use":"Advertising"}]}"#;
    assert_eq!(
        told(text),
        [
            "retarget advertising 2592000 seconds - - retarget.ads.test",
            "id* analytics session - - ads.test+*.ads.test",
            "seen - 86400 seconds rolling - -",
            "id [local-storage] functional - - - tracking.ads.test",
            "optOut - 31536000 seconds - - ads.test+ads.example",
        ]
    );
    assert_eq!(purposes(text)[0], "Knows the *advertisement*");
    // Nothing stored, and storage of apps alone, are declarations, too.
    for nothing in [
        r#"{"disclosures":[],"domains":[]}"#,
        r#"{"disclosures":[{"identifier":"a_b","type":"app","maxAgeSeconds":null,"purposes":[1]}]}"#,
    ] {
        assert!(told(nothing).is_empty());
    }
}

#[test]
fn other_json_with_names_in_it() {
    // A list that is no category ends the one before it.
    let grouped = r#"{"marketing":[{"name":"ad_ref","duration":"90 days"}],"extras":[{"name":"odd_one","duration":"1 day"}]}"#;
    assert_eq!(told(grouped), ["ad_ref advertising 90 days - -", "odd_one - 1 day - -"]);
    // A record may hold a list of something else; a bare number has no unit.
    let record = r#"[{"name":"basket_key","category":"necessary","httpOnly":true,"secure":true,"sameSite":"Lax","duration":14,"links":[{"href":"https://example.com"}]}]"#;
    assert_eq!(told(record), ["basket_key strictly-necessary - - -"]);
    let (manifest, _) = policy::read(record).manifest("a test");
    assert_eq!(manifest.items[0].http_only, Some(true));
    assert!(manifest.items[0].secure.is_some() && manifest.items[0].same_site.is_some());
    // What stands in data is text: nothing in it is markup.
    let odd =
        r#"[{"name":"a_b","duration":"1 day","description":"Keeps `x` and [y](z), \\*not\\* **bold**"}]"#;
    assert_eq!(purposes(odd), [r"Keeps `x` and [y](z), \*not\* **bold**"]);
    for none in ["[1, 2]", r#"{"name": "a"}"#, r#"{"cookies": {}}"#, "callback([])", "x = 1"] {
        assert!(policy::read(none).entries() == 0, "{none}");
    }
    let deep = format!("{}{}", r#"{"a":"#.repeat(100), "1") + &"}".repeat(100);
    assert_eq!(policy::read(&deep).entries(), 0);
}
