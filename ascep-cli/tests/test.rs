//! `ascep test`: what it says of tests that pass, fail and cannot be run, its exit status, and the report for build servers.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{Folder, ascep_stdin, command, ended, root};
use quick_xml::Reader;
use quick_xml::events::Event;

const RULES: &str = r#"
PARAM most = 100 IN 1 .. 1000
RULE high: IF last("BTC/USDT") > most THEN HIGH(px = last("BTC/USDT"), side = side("BTC/USDT"))
RULE calm FOR EACH s IN ["BTC/USDT"]: IF NO trade(s) FOR 5s THEN CALM(s = s)
"#;
const GOOD: &str = r#"
TEST "a high price" { AT 400ms trade("BTC/USDT", price = 101) EXPECT HIGH(px = 101, side = unknown) AT 400ms }
TEST "a calm market" { AT 1s trade("BTC/USDT", price = 99) ADVANCE 5999ms EXPECT NONE }
"#;
const BAD: &str = r#"
TEST "too high" {
  AT 1s trade("BTC/USDT", price = 101, side = "buy")
  AT 2s trade("BTC/USDT", price = 99)
  AT 3s trade("BTC/USDT", price = 102)
  ADVANCE 10s
  EXPECT HIGH(px = 100, side = "buy") AT 1s
}
"#;

#[test]
fn tests_that_pass() {
    let folder = Folder::new();
    folder.file("rules.cep", format!("{RULES}{GOOD}"));
    let ended = folder.ascep(&["test", "rules.cep"]).with(0);
    assert_eq!(ended.stdout, "");
    assert_eq!(ended.stderr, "ok    a high price\nok    a calm market\n2 tests: 2 passed, 0 failed\n");
    let one = folder.ascep(&["test", "rules.cep", "--filter", "calm"]).with(0);
    assert_eq!(one.stderr, "ok    a calm market\n1 test: 1 passed, 0 failed, 1 left out by `--filter`\n");
    ascep_stdin(&["test", "-"], format!("{RULES}{GOOD}")).with(0).says("2 passed");
}

#[test]
fn a_test_that_fails_shows_what_came() {
    let folder = Folder::new();
    folder.file("rules.cep", format!("{RULES}{GOOD}{BAD}"));
    let ended = folder.ascep(&["test", "rules.cep"]).with(1);
    assert_eq!(ended.stdout, "");
    let wanted = r#"ok    a high price
ok    a calm market
FAIL  too high  (rules.cep:9)
      - HIGH(px = 100, side = "buy") AT 1s
      + HIGH(px = 101, side = "buy") AT 1s, of high
          `px` is 101 and not 100
      + HIGH(px = 102, side = unknown) AT 3s, of high
          not expected
          also came, which is no fault: CALM(s = "BTC/USDT") AT 8s, of calm [s = "BTC/USDT"]
3 tests: 2 passed, 1 failed
"#;
    assert_eq!(ended.stderr, wanted);
    // What is left out does not fail.
    folder.ascep(&["test", "rules.cep", "--filter", "a "]).with(0);
}

#[test]
fn colour_where_it_is_wanted() {
    let folder = Folder::new();
    folder.file("rules.cep", format!("{RULES}{GOOD}{BAD}"));
    let ended = folder.ascep(&["test", "rules.cep", "--color", "always"]).with(1);
    assert!(ended.stderr.contains("\u{1b}[32mok  \u{1b}[0m  a high price"), "{}", ended.stderr);
    assert!(ended.stderr.contains("\u{1b}[1;31mFAIL\u{1b}[0m  too high"), "{}", ended.stderr);
    assert!(ended.stderr.contains("\u{1b}[31m- HIGH(px = 100"), "{}", ended.stderr);
}

#[test]
fn parameters_and_warnings_as_everywhere() {
    let folder = Folder::new();
    folder.file("rules.cep", format!("{RULES}{GOOD}"));
    folder.ascep(&["test", "rules.cep", "--param", "most=500"]).with(1).says("- HIGH(px = 101").says("no `HIGH` came");
    folder.ascep(&["test", "rules.cep", "--param", "mst=500"]).with(1).says("E0319");
    folder.file("doubt.cep", format!("{RULES}TEST \"t\" {{ AT 1s trade(\"ETH/USDT\", price = 1) EXPECT NONE }}"));
    folder.ascep(&["test", "doubt.cep"]).with(0).says("W2012").says("1 passed");
    folder.ascep(&["test", "doubt.cep", "--deny-warnings"]).with(1);
}

#[test]
fn several_files_are_one_program_and_tests_of_used_files_are_theirs() {
    let folder = Folder::new();
    folder.file("rules.cep", format!("{RULES}{GOOD}"));
    folder.file("more.cep", BAD.replace("px = 100,", "px = 101,").replace("EXPECT", "EXPECT HIGH AT 3s EXPECT"));
    folder.ascep(&["test", "rules.cep", "more.cep"]).with(0).says("3 tests: 3 passed");
    folder.file("user.cep", format!("USE \"./rules.cep\"\n{BAD}"));
    folder.ascep(&["test", "user.cep"]).with(1).says("1 test: 0 passed, 1 failed").says("(user.cep:3)");
    folder.file("alone.cep", "USE \"./rules.cep\"\n");
    folder.ascep(&["test", "alone.cep"]).with(0).says("note: there is no test in these files; 2 tests of files that they `USE`");
}

#[test]
fn no_test_is_said() {
    let folder = Folder::new();
    folder.file("rules.cep", RULES);
    let ended = folder.ascep(&["test", "rules.cep"]).with(0);
    assert!(ended.stderr.starts_with("note: there is no test"), "{}", ended.stderr);
    folder.file("tests.cep", format!("{RULES}{GOOD}"));
    folder.ascep(&["test", "tests.cep", "--filter", "xyz"]).with(0).says("note: none of 2 tests has `xyz` in its name");
}

#[test]
fn rules_with_errors_run_no_test() {
    let folder = Folder::new();
    folder.file("rules.cep", format!("{RULES}{GOOD}IF nothing() > 1 THEN S"));
    let ended = folder.ascep(&["test", "rules.cep"]).with(1).says("E0302");
    assert!(!ended.stderr.contains("passed"), "{}", ended.stderr);
    folder.file("typo.cep", format!("{RULES}TEST \"t\" {{ EXPECT HIHG AT 1s }}"));
    folder.ascep(&["test", "typo.cep"]).with(1).says("E0903").says("did you mean `HIGH`?");
    folder.ascep(&["test"]).with(2);
    folder.ascep(&["test", "nowhere.cep"]).with(3);
}

#[test]
fn a_test_that_cannot_be_run_fails() {
    let folder = Folder::new();
    folder.file(
        "rules.cep",
        "RULE r: IF known(last(\"A/B\")) THEN S EVERY 1us\nTEST \"storm\" { AT 1s trade(\"A/B\", price = 1) ADVANCE 1h EXPECT S AT 1s }",
    );
    let xml = folder.at("report.xml");
    folder.ascep(&["test", "rules.cep", "--junit", &xml]).with(1).says("FAIL  storm  (rules.cep:2)").says("more than 100000 signals came");
    let report = std::fs::read_to_string(xml).unwrap();
    assert!(report.contains("tests=\"1\" failures=\"0\" errors=\"1\"") && report.contains("<error message=\"more than"), "{report}");
}

#[test]
fn a_report_for_build_servers() {
    let folder = Folder::new();
    folder.file("rules.cep", format!("{RULES}{GOOD}"));
    folder.file("more.cep", BAD.replace("too high", "<&\\\"> \u{1} 'é'"));
    let xml = folder.at("report.xml");
    folder.ascep(&["test", "rules.cep", "more.cep", "--junit", &xml]).with(1);
    let report = std::fs::read_to_string(&xml).unwrap();
    let wanted = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="3" failures="1" errors="0">
  <testsuite name="rules.cep" tests="2" failures="0" errors="0">
    <testcase name="a high price" classname="rules.cep" file="rules.cep" line="6"/>
    <testcase name="a calm market" classname="rules.cep" file="rules.cep" line="7"/>
  </testsuite>
  <testsuite name="more.cep" tests="1" failures="1" errors="0">
    <testcase name="#;
    assert!(report.starts_with(wanted), "{report}");
    let (mut reader, mut text, mut failures, mut names) = (Reader::from_str(&report), String::new(), 0, Vec::new());
    loop {
        match reader.read_event().unwrap() {
            Event::Eof => break,
            Event::Start(tag) | Event::Empty(tag) => {
                failures += usize::from(tag.name().as_ref() == "failure");
                if tag.name().as_ref() == "testcase" {
                    let name = tag.attributes().map(|a| a.unwrap()).find(|a| a.key.as_ref() == "name").unwrap();
                    names.push(name.value.into_owned());
                }
            }
            Event::Text(part) => text += &part,
            _ => {}
        }
    }
    assert_eq!(failures, 1);
    let name = names[2].clone();
    assert_eq!(
        name.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'").replace("&amp;", "&"),
        "<&\"> \u{fffd} 'é'"
    );
    assert!(text.contains("`px` is 101 and not 100"), "{text}");
    // Twice the same.
    folder.ascep(&["test", "rules.cep", "more.cep", "--junit", &xml]).with(1);
    assert_eq!(std::fs::read_to_string(&xml).unwrap(), report);
    // On stdout it stands alone.
    let out = folder.ascep(&["test", "rules.cep", "more.cep", "--junit", "-"]).with(1);
    assert_eq!(out.stdout, report);
    // Without tests there is a report too.
    folder.file("none.cep", RULES);
    folder.ascep(&["test", "none.cep", "--junit", &xml]).with(0);
    assert!(std::fs::read_to_string(&xml).unwrap().contains("tests=\"0\""));
    ended(command().args(["test", "none.cep", "--junit", "no/such/folder.xml"]).current_dir(folder.path())).with(3).says("cannot write");
}

#[test]
fn the_page_on_tests_holds() {
    let page = std::fs::read_to_string(root().join("docs/language/tests.md")).unwrap();
    let mut count = 0;
    for block in page.split("\n```cep\n").skip(1) {
        ascep_stdin(&["test", "-"], block.split("\n```").next().unwrap()).with(0).says("2 passed, 0 failed");
        count += 1;
    }
    assert_eq!(count, 1);
}

#[test]
fn the_rules_of_the_examples_pass() {
    let mut files: Vec<_> = std::fs::read_dir(root().join("examples/rules")).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 16);
    for file in files {
        let ended = ended(command().arg("test").arg(&file)).with(0);
        assert!(ended.stderr.ends_with(" passed, 0 failed\n"), "{}:\n{}", file.display(), ended.stderr);
    }
}
