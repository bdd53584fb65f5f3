//! The engine of the long form, through its public face: tables for the parts that are pure. `states` has whole verifiers.

use faultbook::model::{
    Condition, Fact, Guard, Matcher, Op, Pattern, Probes, Repair, Requires, Sandbox, StepKind, Template,
    Verdict, Verifier, VerifierStep,
};
use faultbook::verify::{
    Fakes, Glob, Matching, Mode, Query, Redactor, Scope, StepOutcome, Unknown, decode_jwt, judge, token_class,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// A matcher as a record writes it, without the checks of the parser.
pub fn matcher(written: &Value) -> Matcher {
    match written.as_object() {
        Some(ops) => Matcher(ops.iter().map(|(name, arg)| op(name, arg)).collect()),
        None => Matcher(vec![Op::Equals(written.clone())]),
    }
}

fn op(name: &str, arg: &Value) -> Op {
    let list = || arg.as_array().cloned().unwrap_or_else(|| vec![arg.clone()]);
    let text = || arg.as_str().unwrap().to_owned();
    let pattern = || Pattern::parse(&text()).unwrap();
    let inner = || Box::new(matcher(arg));
    let several = || list().iter().map(matcher).collect();
    match name {
        "equals" => Op::Equals(arg.clone()),
        "not_equals" => Op::NotEquals(arg.clone()),
        "in" => Op::In(list()),
        "not_in" => Op::NotIn(list()),
        "contains" => Op::Contains(list()),
        "contains_any" => Op::ContainsAny(list()),
        "not_contains" => Op::NotContains(list()),
        "matches" => Op::Matches(pattern()),
        "not_matches" => Op::NotMatches(pattern()),
        "starts_with" => Op::StartsWith(Template(text())),
        "ends_with" => Op::EndsWith(Template(text())),
        "lt" => Op::Lt(arg.clone()),
        "le" => Op::Le(arg.clone()),
        "gt" => Op::Gt(arg.clone()),
        "ge" => Op::Ge(arg.clone()),
        "semver" => Op::Semver(text()),
        "exists" => Op::Exists(arg.as_bool().unwrap()),
        "type" => Op::Type(text()),
        "length" => Op::Length(inner()),
        "each" => Op::Each(inner()),
        "some" => Op::Some(inner()),
        "none" => Op::None(inner()),
        "not" => Op::Not(inner()),
        "all_of" => Op::AllOf(several()),
        "any_of" => Op::AnyOf(several()),
        probe => Op::Probes(BTreeMap::from([(probe.to_owned(), matcher(arg))])),
    }
}

pub fn probes(written: Value) -> Probes {
    written.as_object().unwrap().iter().map(|(name, it)| (name.clone(), matcher(it))).collect()
}

/// Probes of items, such as those of files behind `any`.
pub fn of_items(quantifier: &str, written: Value) -> Probes {
    BTreeMap::from([(quantifier.to_owned(), Matcher(vec![Op::Probes(probes(written))]))])
}

#[test]
fn matchers_are_true_false_or_unknown() {
    let scope = Scope {
        captures: BTreeMap::from([("n".to_owned(), json!(3)), ("word".to_owned(), json!("abc"))]),
        ..Scope::default()
    };
    let matching = Matching::new(&scope);
    // `u` stands for unknown; a value of `"<none>"` is not there at all.
    let table = [
        (json!(1), json!(1), "t"),
        (json!("1"), json!(1), "f"),
        (json!(1), json!(1.0), "t"),
        (json!("x"), json!({"not_equals": "x"}), "f"),
        (json!(3), json!({"in": [1, "${cap.n}"]}), "t"),
        (json!("3"), json!({"in": [1, "${cap.n}"]}), "f"),
        (json!("xabcx"), json!({"contains": ["a", "${cap.word}"]}), "t"),
        (json!(["a", 1]), json!({"contains": [1, "b"]}), "f"),
        (json!(["a", 1]), json!({"contains_any": [2, "a"]}), "t"),
        (json!("abc"), json!({"not_contains": "z"}), "t"),
        (json!(5), json!({"contains": "5"}), "u"),
        (json!(5), json!({"matches": "5"}), "u"),
        (json!("a\nb"), json!({"matches": "(?m)^b$", "not_matches": "c"}), "t"),
        (json!("abcd"), json!({"starts_with": "${cap.word}", "ends_with": "d"}), "t"),
        (json!("4"), json!({"ge": 1}), "u"),
        (json!(4), json!({"ge": 1, "lt": 4}), "f"),
        (json!(4), json!({"le": 4, "gt": 3.5}), "t"),
        (json!("x"), json!({"equals": "${cap.gone}"}), "u"),
        (json!("<none>"), json!({"exists": false}), "t"),
        (json!("<none>"), json!({"not_equals": 1}), "f"),
        (json!("<none>"), json!({"not": {"exists": true}}), "t"),
        (json!("<none>"), json!({"any_of": [{"exists": false}, "x"]}), "t"),
        (json!(null), json!({"exists": true, "type": "null"}), "t"),
        (json!([1, 2]), json!({"length": {"ge": 2}, "type": "list"}), "t"),
        (json!([]), json!({"each": {"type": "number"}}), "f"),
        (json!([1, "a"]), json!({"each": {"ge": 1}}), "u"),
        (json!([0, "a"]), json!({"each": {"ge": 1}}), "f"),
        (json!([1, "a"]), json!({"some": {"ge": 1}}), "t"),
        (json!([1, 2]), json!({"none": 3}), "t"),
        (json!("11.5"), json!({"semver": ">=11.5"}), "t"),
        (json!("v2.39.1"), json!({"semver": ">=2, <3"}), "t"),
        (json!("git 2.47.3.windows.1"), json!({"semver": "=2.47.3"}), "t"),
        (json!("3.12.0rc1"), json!({"semver": ">=3.12"}), "t"),
        (json!("1.97.0-nightly"), json!({"semver": ">=1.78"}), "t"),
        (json!("1.97.0-beta.2"), json!({"semver": ">=1.97.0-beta.3"}), "f"),
        (json!("16"), json!({"semver": "<17"}), "t"),
        (json!("none"), json!({"semver": "*"}), "u"),
    ];
    for (value, written, expected) in table {
        let there = (value != json!("<none>")).then_some(&value);
        let known = match matching.matches(&matcher(&written), there) {
            Ok(true) => "t",
            Ok(false) => "f",
            Err(_) => "u",
        };
        assert_eq!(known, expected, "{value} against {written}");
    }
}

#[test]
fn a_template_alone_keeps_its_kind_and_the_text_of_others_stays() {
    let scope = Scope {
        inputs: BTreeMap::from([("p".to_owned(), json!(80)), ("q".to_owned(), json!("${input.p}"))]),
        services: BTreeMap::from([("reg".to_owned(), 4242)]),
        subject: "/s".into(),
        ..Scope::default()
    };
    assert_eq!(scope.value(&json!("${input.p}")), Ok(json!(80)));
    assert_eq!(scope.value(&json!({"a": ["x${input.p}"]})), Ok(json!({"a": ["x80"]})));
    // What a value holds is not expanded again.
    assert_eq!(scope.text("<${input.q}>"), Ok("<${input.p}>".to_owned()));
    assert_eq!(
        scope.text("${service.reg.url}x:${service.reg.port}"),
        Ok("http://127.0.0.1:4242/x:4242".into())
    );
    assert_eq!(
        scope.text("${subject}/a ${HOME} ${{ secrets.X }} $"),
        Ok("/s/a ${HOME} ${{ secrets.X }} $".into())
    );
    assert_eq!(scope.file("${subject} ${input.p}"), Ok("${subject} 80".into()));
    assert_eq!(scope.text("${cap.gone}"), Err(Unknown::new("no-value: cap.gone")));
}

#[test]
fn made_up_secrets_have_their_shape_and_last_for_one_run() {
    let (one, other) = (Fakes::default(), Fakes::default());
    assert_eq!(one.text("npm_token"), one.text("npm_token"));
    assert_ne!(one.text("npm_token"), other.text("npm_token"));
    let classes =
        ["npm_token", "github_token", "uuid", "x"].map(|name| token_class(&one.text(name)).to_owned());
    assert_eq!(classes, ["npm-granular-or-classic", "github", "uuid-legacy", "unknown"]);
    let jwt = one.jwt(&json!({"aud": "npm"}));
    assert_eq!(token_class(&jwt), "jwt");
    assert_eq!(decode_jwt(&jwt).unwrap()["claims"]["aud"], "npm");
    assert_eq!(decode_jwt("a.b"), None);
}

#[test]
fn queries_find_what_jsonpath_finds() {
    let document = json!({"a": {"id-token": "write", "b": [{"id-token": "none"}, 5]}, "x.y": 1});
    for (query, expected) in [
        ("$", json!([document])),
        ("$..id-token", json!(["write", "none"])),
        ("$.a.b[-1]", json!([5])),
        ("$.a.b[*]['id-token']", json!(["none"])),
        ("$['x.y']", json!([1])),
        ("$.nothing.at.all", json!([])),
    ] {
        assert_eq!(json!(Query::parse(query).unwrap().find(&document)), expected, "{query}");
    }
    for wrong in ["", "a", "$a", "$.", "$[", "$[?(@.x)]", "$['x", "$.a b"] {
        assert!(Query::parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn globs_fit_paths_and_stay_below_their_root() {
    for (glob, yes, no) in [
        ("**/*.sh", &["a.sh", "x/y/a.sh"][..], &["a.shx"][..]),
        (".github/workflows/*.{yml,yaml}", &[".github/workflows/a.yml"], &[".github/workflows/x/a.yml"]),
        ("bin/*", &["bin/a"], &["bin/a/b", "x/bin/a"]),
        ("a/**", &["a/b/c"], &["b/a"]),
        ("[!a-c]?.txt", &["dx.txt"], &["ax.txt", "d/.txt"]),
        (".env*", &[".env", ".env.local"], &["xenv"]),
    ] {
        let glob = Glob::parse(glob).unwrap();
        assert!(yes.iter().all(|path| glob.fits(path)), "{glob:?}");
        assert!(!no.iter().any(|path| glob.fits(path)), "{glob:?}");
    }
    for wrong in ["/etc/*", "../x", "a/../../b", "{a", "[a", ""] {
        assert!(Glob::parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn no_coding_of_a_secret_is_left() {
    let secret = "s3cr't \"token\"/ü+1";
    let redactor = Redactor::of(&BTreeMap::from([("key".to_owned(), secret.to_owned())]));
    let base64 = |text: &str| data(text.as_bytes());
    let hex: String = secret.bytes().map(|byte| format!("{byte:02X}")).collect();
    for text in [
        secret.to_owned(),
        base64(secret),
        base64(&format!("u:{secret}")),
        base64(&format!("us:{secret}x")),
        base64(&format!("use:{secret}xy")),
        "s3cr%27t%20%22token%22%2F%C3%BC%2B1".to_owned(),
        json!(secret).to_string(),
        hex,
    ] {
        let clean = redactor.clean(&format!("before {text} after"));
        assert!(clean.contains("[secret:key]"), "{text} became {clean}");
        assert!(clean.starts_with("before ") && clean.ends_with(" after"), "{clean}");
    }
    let token = Fakes::default().text("npm_token");
    assert_eq!(Redactor::default().clean(&format!("({token})")), "([secret:token])");
}

/// Base64, by hand: a test does not trust what it tests.
fn data(bytes: &[u8]) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut coded = String::new();
    for group in bytes.chunks(3) {
        let bits = (0..3).fold(0, |bits, nth| bits << 8 | usize::from(*group.get(nth).unwrap_or(&0)));
        for nth in 0..4 {
            let letter = char::from(LETTERS[bits >> (18 - 6 * nth) & 63]);
            coded.push(if nth > group.len() { '=' } else { letter });
        }
    }
    coded
}

pub fn step(id: &str, kind: StepKind, expect: Probes) -> VerifierStep {
    VerifierStep {
        id: id.to_owned(),
        kind,
        expect,
        refute: None,
        when: None,
        capture: BTreeMap::new(),
        timeout: Duration::from_secs(60),
        on_timeout: Fact::Unknown,
        retries: None,
        note: None,
    }
}

pub fn is(id: &str) -> Condition {
    Condition::Step(id.to_owned())
}

pub fn not(condition: Condition) -> Condition {
    Condition::Not(Box::new(condition))
}

pub fn verifier(steps: Vec<VerifierStep>, present: Condition) -> Verifier {
    Verifier {
        title: None,
        proves: "It is so.".to_owned(),
        limits: "None.".to_owned(),
        inputs: BTreeMap::new(),
        requires: Requires::default(),
        sandbox: Sandbox::default(),
        services: BTreeMap::new(),
        timeout: Duration::from_secs(120),
        steps,
        present,
        absent: None,
        repair: Repair::default(),
        fixtures: BTreeMap::new(),
        wrong_fixes: BTreeMap::new(),
        check_tree: Value::Null,
        full_tree: Value::Null,
    }
}

fn outcome(id: &str, fact: char) -> StepOutcome {
    let (fact, reason) = match fact {
        't' => (Fact::True, None),
        'f' => (Fact::False, None),
        's' => (Fact::Unknown, Some("skipped".to_owned())),
        'a' => (Fact::Unknown, Some("ambiguous-step".to_owned())),
        _ => (Fact::Unknown, Some("timeout".to_owned())),
    };
    StepOutcome { id: id.to_owned(), fact, reason, evidence: Vec::new(), took: Duration::ZERO }
}

/// The table of the design: facts `p`, `a`, guard `g`, requirement `r`, and what they come to when a repair is looked
/// for, and when the failure is.
#[test]
fn facts_decide_the_verdict() {
    let mut it = verifier(Vec::new(), is("p"));
    it.repair.masked_by = vec![Guard { wrong_fix: "hides".to_owned(), when: is("g") }];
    it.repair.require = vec![is("r")];
    let mut both = it.clone();
    both.absent = Some(is("a"));
    for (verifier, facts, repair, reason, detect) in [
        (&it, "t-ff", Verdict::NotFixed, None, Verdict::Present),
        (&it, "u-ft", Verdict::CannotTell, Some("indeterminate: p: timeout"), Verdict::CannotTell),
        (&it, "s-ft", Verdict::CannotTell, Some("indeterminate: p: skipped"), Verdict::CannotTell),
        (&it, "f-tt", Verdict::Masked, Some("hides"), Verdict::Absent),
        (&it, "f-uf", Verdict::CannotTell, Some("cannot rule out hides: g: timeout"), Verdict::Absent),
        (&it, "f-ff", Verdict::Incomplete, Some("r"), Verdict::Absent),
        (&it, "f-fu", Verdict::CannotTell, Some("r: r: timeout"), Verdict::Absent),
        (&it, "f-ft", Verdict::Fixed, None, Verdict::Absent),
        (&it, "fa-t", Verdict::Error, Some("ambiguous-step: a"), Verdict::Error),
        (&both, "ttft", Verdict::Error, Some("contradiction"), Verdict::Error),
        (&both, "utft", Verdict::Fixed, None, Verdict::Absent),
        (
            &both,
            "ffft",
            Verdict::CannotTell,
            Some("indeterminate: neither `present` nor `absent` holds"),
            Verdict::CannotTell,
        ),
    ] {
        let steps: Vec<StepOutcome> =
            "pagr".chars().zip(facts.chars()).map(|(id, fact)| outcome(&id.to_string(), fact)).collect();
        let judged = judge(verifier, &steps, Mode::Repair);
        assert_eq!((judged.verdict, judged.reason.as_deref()), (repair, reason), "{facts}");
        assert_eq!(judge(verifier, &steps, Mode::Detect).verdict, detect, "{facts}");
    }
}

#[test]
fn first_of_takes_what_was_not_passed_over() {
    let first = Condition::FirstOf(vec![is("a"), not(is("b"))]);
    let it = verifier(Vec::new(), first);
    for (facts, expected) in [
        ("tf", Verdict::Present),
        ("st", Verdict::Absent),
        ("sf", Verdict::Present),
        ("uf", Verdict::CannotTell),
    ] {
        let steps: Vec<StepOutcome> =
            "ab".chars().zip(facts.chars()).map(|(id, fact)| outcome(&id.to_string(), fact)).collect();
        assert_eq!(judge(&it, &steps, Mode::Detect).verdict, expected, "{facts}");
    }
}
