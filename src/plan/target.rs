//! What a target has of its own: headers, certificate authorities and pace.

use super::{Pace, Plan, Target};

impl Plan {
    /// Makes the target's own ways those of the plan: its headers take the place of others of the same
    /// name, its authorities are trusted beside the others, and its pace is kept instead of theirs.
    pub fn go_to(&mut self, target: &Target) {
        for (name, value) in &target.headers {
            self.http.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
            self.http.headers.push((name.clone(), value.clone()));
        }
        let new = target.extra_ca.iter().filter(|file| !self.http.extra_ca.contains(file));
        let new: Vec<_> = new.cloned().collect();
        self.http.extra_ca.extend(new);
        self.limits.rate = self.rate_at(target);
    }

    /// Requests per second and host there; none: no pause.
    pub fn rate_at(&self, target: &Target) -> Option<f64> {
        match target.pace {
            None => self.limits.rate,
            Some(Pace::Unlimited) => None,
            Some(Pace::PerSecond(rate)) => Some(rate),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Format;
    use crate::plan::{Plan, read};

    fn at(name: &str) -> Plan {
        let text = r#"
[targets.live]
url = "https://shop.test"
[targets.preview]
url = "https://preview.shop.test"
headers = { x-preview = "${env:PREVIEW}" }
extra_ca = ["ca.pem", "all.pem"]
rate = "30/min"
[targets.here]
url = "http://localhost:3000"
[targets.slow]
url = "http://127.0.0.1:3000"
rate = 2
[http]
headers = { X-Preview = "no", X-Audit = "yes" }
extra_ca = ["all.pem"]
"#;
        let (plan, problems) = read(text, "site/cookieproof.toml", Format::Toml);
        let mut plan = plan.unwrap_or_else(|| panic!("{problems:#?}"));
        let target = plan.targets.iter().find(|target| target.name == name).unwrap().clone();
        plan.go_to(&target);
        // Twice is once.
        plan.go_to(&target);
        plan
    }

    fn told(plan: &Plan) -> String {
        let headers: Vec<&str> = plan.http.headers.iter().map(|(name, _)| name.as_str()).collect();
        let files: Vec<String> = plan.http.extra_ca.iter().map(|file| file.display().to_string()).collect();
        format!("{} | {} | {:?}", headers.join(" "), files.join(" "), plan.limits.rate)
    }

    #[test]
    fn a_target_has_ways_of_its_own() {
        assert_eq!(told(&at("live")), "X-Preview X-Audit | site/all.pem | Some(5.0)");
        assert_eq!(told(&at("preview")), "X-Audit x-preview | site/all.pem site/ca.pem | Some(0.5)");
        // What is on this machine is not spared, whatever else the plan looks at.
        assert_eq!(told(&at("here")), "X-Preview X-Audit | site/all.pem | None");
        assert_eq!(told(&at("slow")), "X-Preview X-Audit | site/all.pem | Some(2.0)");
    }
}
