//! `ascep check`, and what every command does with rule files: good ones, wrong ones, and what is no rule file at all.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{ALERT, Folder, SEED, ascep, ascep_stdin, command, ended};

#[test]
fn good_rules_are_fine_and_leave_stdout_alone() {
    let folder = Folder::new();
    let ended = ascep(&["check", &folder.file("a.cep", ALERT)]).with(0).says("1 file: 1 rule, 0 errors, 0 warnings");
    assert_eq!(ended.stdout, "");
}

#[test]
fn the_seed_rule_warns_and_shows_what_to_paste() {
    let folder = Folder::new();
    let path = folder.file("seed.cep", SEED);
    ascep(&["check", &path]).with(0).says("W1001").says("price(\"EUR/USD\") - 1 / price(\"USD/EUR\")");
    ascep(&["check", &path, "--strict-units"]).with(1).says("W1001");
    ascep(&["check", &path, "--deny-warnings"]).with(1).says("--deny-warnings");
}

#[test]
fn diagnostics_as_json_are_objects_one_a_line() {
    let folder = Folder::new();
    let path = folder.file("seed.cep", SEED);
    let ended = ascep(&["check", &path, "--json"]).with(0);
    assert_eq!(ended.stderr, "");
    let lines = ended.lines();
    assert_eq!(lines.len(), 1);
    let value: serde_json::Value = serde_json::from_str(lines[0]).unwrap();
    assert_eq!(value["code"], "W1001");
    assert_eq!(value["severity"], "warning");
    assert_eq!(value["file"], path.as_str());
    assert_eq!(value["line"], 1);
    assert!(value["help"][0]["replacement"].to_string().contains("1 / price"), "{value}");
    let strict = ascep(&["check", &path, "--json", "--strict-units"]).with(1);
    assert!(strict.stdout.contains("\"severity\":\"error\""), "{}", strict.stdout);
}

#[test]
fn five_mistakes_are_five_reports() {
    let text = "IF prise(\"A/B\") > 1 THEN A\nIF price(\"A/B\") > THEN B\nIF price(\"A/B\") > 1 B\nIF nothing > 1 THEN C\nIF trade(\"A/B\") FOR 1s THEN D\n";
    let ended = ascep_stdin(&["check", "-", "--json"], text).with(1);
    let mut lines: Vec<i64> = ended
        .lines()
        .iter()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .filter(|value| value["severity"] == "error")
        .map(|value| value["line"].as_i64().unwrap())
        .collect();
    lines.dedup();
    assert_eq!(lines, [1, 2, 3, 4, 5], "{}", ended.stdout);
}

#[test]
fn standard_input_is_a_file() {
    ascep_stdin(&["check", "-"], ALERT).with(0);
    ascep_stdin(&["check", "-"], "IF").with(1).says("<stdin>");
}

#[test]
fn several_files_form_one_program() {
    let folder = Folder::new();
    let a = folder.file("a.cep", "RULE r: IF price(\"A/B\") > 1 THEN S\n");
    let b = folder.file("b.cep", "RULE q: IF price(\"A/B\") > 1 THEN S\n");
    ascep(&["check", &a, &b]).with(0).says("2 files: 2 rules");
    let again = folder.file("c.cep", "RULE r: IF price(\"A/B\") > 2 THEN S\n");
    ascep(&["check", &a, &again]).with(1).says("E0304");
    ascep(&["check", &a, &a]).with(2).says("given twice");
}

#[test]
fn used_files_are_found_beside_the_one_that_uses_them() {
    let folder = Folder::new();
    folder.file("lib/fees.cep", "USE \"../more.cep\"\nCONST FEE = 10bp\n");
    folder.file("more.cep", "CONST LEVEL = 5\n");
    let main = folder.file("main.cep", "USE \"./lib/fees.cep\"\nIF price(\"A/B\") > 100 * (1 + FEE) THEN S\n");
    ascep(&["check", &main]).with(0);
    folder.ascep(&["check", "main.cep"]).with(0);
    let lost = folder.file("lost.cep", "USE \"./nowhere.cep\"\nIF price(\"A/B\") > 1 THEN S\n");
    ascep(&["check", &lost]).with(1).says("E0308");
    folder.file("x.cep", "USE \"./y.cep\"\n");
    folder.file("y.cep", "USE \"./x.cep\"\n");
    folder.ascep(&["check", "x.cep"]).with(1).says("E0307");
}

#[test]
fn parameters_are_set_and_checked() {
    let folder = Folder::new();
    let path = folder.file("p.cep", "PARAM fee = 5bp IN 0bp .. 50bp\nIF price(\"A/B\") > 1 + fee THEN S\n");
    ascep(&["check", &path, "--param", "fee=10bp"]).with(0);
    ascep(&["check", &path, "--param", "fee=60bp"]).with(1).says("E0314");
    ascep(&["check", &path, "--param", "tax=1"]).with(1).says("E0319");
    ascep(&["check", &path, "--param", "fee"]).with(2).says("NAME=VALUE");
}

#[test]
fn what_is_no_rule_file_is_said_plainly() {
    let folder = Folder::new();
    ascep(&["check", &folder.at("nowhere.cep")]).with(3).says("nowhere.cep");
    ascep(&["check", folder.path().to_str().unwrap()]).with(3).says("it is a folder");
    ascep(&["check", &folder.file("bytes.cep", b"IF \xff\xfe THEN S")]).with(1).says("E0105");
    ascep(&["check", &folder.file("empty.cep", "")]).with(0).says("0 rules");
    ascep(&["check", "/dev/null"]).with(0).says("0 rules");
    ascep(&["check", &folder.file("large.cep", vec![b' '; (16 << 20) + 1])]).with(1).says("E0602");
    ascep(&["check", &folder.file("deep.cep", "(".repeat(1_000_000))]).with(1).says("E0601");
    ascep(&["check", "/dev/urandom"]).with(1);
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new();
    let path = folder.file("secret.cep", ALERT);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).unwrap();
    // Root reads everything.
    if std::fs::read(&path).is_err() {
        ascep(&["check", &path]).with(3).says("secret.cep");
    }
}

#[test]
fn colour_only_where_it_is_wanted() {
    let folder = Folder::new();
    let path = folder.file("seed.cep", SEED);
    assert!(!ascep(&["check", &path]).with(0).stderr.contains('\x1b'));
    assert!(ascep(&["check", &path, "--color", "always"]).with(0).stderr.contains('\x1b'));
    assert!(!ascep(&["check", &path, "--color", "never"]).with(0).stderr.contains('\x1b'));
    let set = ended(command().args(["check", &path]).env("NO_COLOR", "1")).with(0);
    assert!(!set.stderr.contains('\x1b'));
}

#[test]
fn memory_of_rules_and_of_the_program() {
    let folder = Folder::new();
    let rules =
        "RULE a: IF count(trade(\"A/B\"), 1s) > 3 THEN S\nRULE b FOR EACH s IN [\"A/B\", \"C/D\"]: IF count(trade(s), 1s) > 9 THEN S\n";
    let path = folder.file("rules.cep", rules);
    let json = |samples: &str| {
        let out = ascep(&["check", &path, "--memory", "--json", "--max-window-samples", samples]).with(0).stdout;
        let lines: Vec<serde_json::Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let of = |name: &str| lines.iter().find(|line| line["rule"] == name).unwrap()["bytes"].as_u64().unwrap();
        let all = lines.last().unwrap();
        let of_all = |key: &str| all[key].as_u64().unwrap();
        assert_eq!(lines[1]["instances"], 2);
        assert!(of_all("total") >= of_all("state") + of_all("plan"));
        (of("a"), of("b"), of_all("state"))
    };
    let ((a, b, state), (more_a, more_b, more_state)) = (json("1"), json("10001"));
    // The window of A/B belongs to both rules, and is there once.
    assert_eq!((more_a - a, more_b - b, more_state - state), (80_000, 160_000, 160_000));
    let table = ascep(&["check", &path, "--memory"]).with(0);
    let table = table.says("1 file: 3 rules, 0 errors, 0 warnings");
    let numbers: Vec<u64> = table.stdout.lines().filter_map(|line| line.split_whitespace().last()?.parse().ok()).collect();
    assert_eq!(numbers.len(), 5, "{}", table.stdout);
    assert!(numbers[0] > 65_536 * 8 && numbers[1] > 2 * 65_536 * 8 && numbers[2] > numbers[1] && numbers[4] >= numbers[2] + numbers[3]);
    // Nothing of what would be too much is allocated.
    let many: String = (0..200).map(|k| format!("IF median(bid(\"S{k}/Q\"), 1d, max = 16_000_000) > 1 THEN S\n")).collect();
    let path = folder.file("many.cep", &many);
    let out = ascep(&["check", &path, "--memory", "--json"]).with(0).stdout;
    let last: serde_json::Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
    assert!(last["total"].as_u64().unwrap() > 200 * 16_000_000 * 16);
    let wrong = folder.file("wrong.cep", "IF prise(\"A/B\") > 1 THEN S");
    assert_eq!(ascep(&["check", &wrong, "--memory"]).with(1).stdout, "");
}

#[test]
fn bad_usage_is_two() {
    ascep(&[]).with(2);
    ascep(&["check"]).with(2);
    ascep(&["nonsense"]).with(2);
    ascep(&["check", "a.cep", "--nonsense"]).with(2);
    ascep(&["check", "a.cep", "--max-window-samples", "5"]).with(2).says("--memory");
    for later in ["fmt", "bench", "lsp", "serve"] {
        ascep(&[later]).with(2).says("not available yet");
        ascep(&[later, "a.cep", "--some", "thing"]).with(2).says("not available yet");
    }
}

#[test]
fn help_has_examples_and_names_what_there_is() {
    let top = ascep(&["--help"]).with(0).stdout;
    for command in ["check", "run", "replay", "graph", "explain"] {
        assert!(top.contains(&format!("\n  {command} ")), "{command} is not in:\n{top}");
        let help = ascep(&[command, "--help"]).with(0).stdout;
        assert!(help.contains("Examples:"), "{help}");
    }
    for later in ["lsp", "serve", "bench"] {
        assert!(!top.contains(&format!("\n  {later} ")), "{later} is listed:\n{top}");
    }
    assert!(ascep(&["--version"]).with(0).stdout.starts_with("ascep "));
}
