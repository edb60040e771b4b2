//! Looking at a page for its consent banner: in the main document, with its open shadow roots and frames of
//! the same origin; in closed shadow roots, which only DevTools opens; in frames of other origins that
//! a visitor sees.

use super::judge::{Document, Sight};
use super::platforms;
use crate::engine::browser::tab::Tab;
use serde_json::{Value, json};
use url::Url;

/// Frames of other origins that are looked into.
const MOST_FRAMES: usize = 20;
/// Closed roots within closed roots.
const MOST_DEPTH: usize = 3;

const EYES: &str = include_str!("eyes.js");

/// What is looked for.
#[derive(Clone, Copy)]
pub(super) struct LookFor<'a> {
    /// The plan's selector of the banner.
    pub(super) plan: Option<&'a str>,
    /// Markup of buttons that platforms have.
    pub(super) accept: &'a [&'a str],
    pub(super) reject: &'a [&'a str],
    /// All controls of the page, not only those of boxes.
    pub(super) wide: bool,
}

/// The page as it was seen, and where its documents can be asked further.
pub(super) struct Seen<'t> {
    tab: &'t Tab,
    pub(super) documents: Vec<Document>,
    places: Vec<Place>,
}

/// A world of ours in one document.
struct Place {
    session: String,
    frame: String,
}

impl<'t> Seen<'t> {
    /// Looks; none when the page does not answer.
    pub(super) async fn of(tab: &'t Tab, wanted: LookFor<'_>) -> Option<Seen<'t>> {
        let script = format!("{EYES};consentQuestion.look({})", input(wanted, false, &tab.trace().asked));
        let sight = sight_of(tab.evaluate(&script).await?)?;
        let main = Place { session: tab.session.clone(), frame: tab.main_frame().to_owned() };
        let documents = vec![Document { sight, trusted: true }];
        let mut seen = Seen { tab, documents, places: vec![main] };
        seen.look_into_frames(wanted).await;
        Some(seen)
    }

    /// Looks once more, into closed shadow roots, too.
    pub(super) async fn look_deeper(&mut self, wanted: LookFor<'_>) {
        for at in 0..self.places.len() {
            if let Some(sight) = self.with_closed_roots(at, wanted).await
                && let Some(document) = self.documents.get_mut(at)
            {
                document.sight = sight;
            }
        }
    }

    /// Presses a control, as an act of the visitor's.
    pub(super) async fn press(&self, place: usize, id: usize) -> bool {
        self.ask(place, &format!("consentQuestion.press({id})"), true).await == Some(Value::Bool(true))
    }

    /// Turns a switch; whether it is as wanted then.
    pub(super) async fn turn(&self, place: usize, id: usize, on: bool) -> bool {
        self.ask(place, &format!("consentQuestion.turn({id},{on})"), true).await == Some(Value::Bool(true))
    }

    async fn look_into_frames(&mut self, wanted: LookFor<'_>) {
        let frames = self.tab.frames();
        for frame in frames.into_iter().filter(|frame| frame.id != self.tab.main_frame()).take(MOST_FRAMES) {
            let Some(standing) = self.standing(&frame.id).await else { continue };
            if standing["walked"] == true || standing["shown"] != true {
                continue;
            }
            let place = Place { session: frame.session, frame: frame.id };
            self.places.push(place);
            let at = self.places.len() - 1;
            let script =
                format!("{EYES};consentQuestion.look({})", input(wanted, standing["above"] == true, ""));
            let found = self.ask(at, &script, false).await.and_then(sight_of);
            let Some(sight) = found else {
                self.places.pop();
                continue;
            };
            let url = Url::parse(&frame.address).ok().filter(Url::has_host);
            let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
            // A document that came from no host was written by the page.
            let trusted =
                url.as_ref().is_none_or(|url| self.tab.is_own(url)) || platforms::serves_frames(host);
            self.documents.push(Document { sight, trusted });
        }
    }

    /// How a frame stands in the page around it; none where that cannot be told.
    async fn standing(&self, frame: &str) -> Option<Value> {
        // Its element is in one of the documents looked into so far.
        for place in &self.places {
            let owner =
                self.tab.sent_to(&place.session, "DOM.getFrameOwner", json!({"frameId": frame})).await;
            let Some(owner) = owner else { continue };
            let world = self.tab.world(&place.session, &place.frame).await?;
            let node = json!({"backendNodeId": owner["backendNodeId"], "executionContextId": world});
            let node = self.tab.sent_to(&place.session, "DOM.resolveNode", node).await?;
            let call = json!({
                "functionDeclaration": "function(){return globalThis.consentQuestion?consentQuestion.standing(this):null}",
                "objectId": node["object"]["objectId"], "returnByValue": true
            });
            let answer = self.tab.sent_to(&place.session, "Runtime.callFunctionOn", call).await?;
            if answer["result"]["value"].is_object() {
                return Some(answer["result"]["value"].clone());
            }
        }
        None
    }

    /// What a document shows with its closed shadow roots; none where it has none in sight.
    async fn with_closed_roots(&self, at: usize, wanted: LookFor<'_>) -> Option<Sight> {
        let place = self.places.get(at)?;
        let asked = if at == 0 { self.tab.trace().asked.clone() } else { String::new() };
        let mut roots: Vec<Value> = Vec::new();
        let mut sight = None;
        for _ in 0..MOST_DEPTH {
            let world = self.tab.world(&place.session, &place.frame).await?;
            let mut new = false;
            for root in self.closed_roots(place, &world).await {
                if !roots.contains(&root) {
                    roots.push(root);
                    new = true;
                }
            }
            if !new {
                break;
            }
            let mut arguments = vec![json!({"value": input_of(wanted, false, &asked)})];
            for root in &roots {
                let node = json!({"backendNodeId": root, "executionContextId": world});
                let node = self.tab.sent_to(&place.session, "DOM.resolveNode", node).await?;
                arguments.push(json!({"objectId": node["object"]["objectId"]}));
            }
            let call = json!({
                "functionDeclaration": "function(input,...roots){return consentQuestion.look(input,...roots)}",
                "arguments": arguments, "executionContextId": world, "returnByValue": true
            });
            let answer = self.tab.sent_to(&place.session, "Runtime.callFunctionOn", call).await?;
            sight = sight_of(answer["result"]["value"].clone());
        }
        sight
    }

    /// The closed shadow roots whose content lies in sight, as DevTools numbers them.
    async fn closed_roots(&self, place: &Place, world: &Value) -> Vec<Value> {
        let hosts = json!({"expression": "consentQuestion.hosts()", "contextId": world});
        let hosts = self.tab.sent_to(&place.session, "Runtime.evaluate", hosts).await.unwrap_or_default();
        let listed = json!({"objectId": hosts["result"]["objectId"], "ownProperties": true});
        let listed =
            self.tab.sent_to(&place.session, "Runtime.getProperties", listed).await.unwrap_or_default();
        let mut found = Vec::new();
        for property in listed["result"].as_array().map(Vec::as_slice).unwrap_or_default() {
            if property["value"]["subtype"] != "node" {
                continue;
            }
            let node = json!({"objectId": property["value"]["objectId"], "depth": 0});
            let node = self.tab.sent_to(&place.session, "DOM.describeNode", node).await.unwrap_or_default();
            let roots = node["node"]["shadowRoots"].as_array().map(Vec::as_slice).unwrap_or_default();
            let closed = roots.iter().filter(|root| root["shadowRootType"] == "closed");
            found.extend(closed.map(|root| root["backendNodeId"].clone()));
        }
        found
    }

    async fn ask(&self, at: usize, expression: &str, gesture: bool) -> Option<Value> {
        let place = self.places.get(at)?;
        if at == 0 {
            return match gesture {
                true => self.tab.act(expression).await,
                false => self.tab.evaluate(expression).await,
            };
        }
        let world = self.tab.world(&place.session, &place.frame).await?;
        let params = json!({
            "expression": expression, "returnByValue": true, "timeout": 2000, "userGesture": gesture, "contextId": world
        });
        let answer = self.tab.sent_to(&place.session, "Runtime.evaluate", params).await?;
        if answer["exceptionDetails"].is_object() {
            return None;
        }
        Some(answer["result"]["value"].clone())
    }
}

fn sight_of(value: Value) -> Option<Sight> {
    serde_json::from_value(value).ok()
}

fn input_of(wanted: LookFor<'_>, overlaid: bool, asked: &str) -> Value {
    json!({
        "asked": asked,
        "plan": wanted.plan, "platforms": platforms::BANNERS, "accept": wanted.accept, "reject": wanted.reject,
        "wide": wanted.wide, "overlaid": overlaid,
    })
}

fn input(wanted: LookFor<'_>, overlaid: bool, asked: &str) -> String {
    input_of(wanted, overlaid, asked).to_string()
}
