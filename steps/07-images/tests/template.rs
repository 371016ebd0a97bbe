//! Templates of `--format`: what Go's text/template says of them, and that nothing makes them panic.

use images::template::{self, Headings, Template, print, print_json};
use serde_json::{Value, json};
use support::settings;

const HEADINGS: Headings = Headings { verb: "ps", names: &[("ID", "CONTAINER ID"), ("Name", "NAMES")] };

fn data() -> Value {
    json!({
        "ID": "abcde", "Name": "web", "Count": 3, "Share": 1.5, "Huge": 1e21, "On": true, "Off": false, "None": null,
        "List": ["a", "b"], "Empty": [], "Labels": {"a": "1", "b": "2"},
        "State": {"Pid": 7, "Status": "running"}, "Mounts": [{"Source": "/a"}, {"Source": "/b"}],
    })
}

fn render(template: &str) -> String {
    match Template::named("ps", template).and_then(|template| template.render(&data())) {
        Ok(text) => text,
        Err(error) => format!("Error: {error}"),
    }
}

fn session(templates: &[&str]) -> String {
    templates.iter().map(|template| format!("{template}\n    {}\n", render(template).replace('\n', "⏎"))).collect()
}

#[test]
fn what_go_renders() {
    let seen = session(&[
        "{{.ID}} {{.Count}} {{.Share}} {{.Huge}} {{.On}} {{.None}}",
        "{{.List}} {{.Labels}} {{.State}} {{.Mounts}} {{.Empty}}",
        "{{.State.Pid}} {{.Labels.a}} {{.Labels.missing}} {{(index .Mounts 1).Source}}",
        "{{json .State}} {{json .List}} {{.ID | json}} {{json \"<&>\"}}",
        "{{range .List}}[{{.}}]{{end}} {{range $i, $e := .List}}{{$i}}={{$e}} {{end}}",
        "{{range $k, $v := .Labels}}{{$k}}={{$v}};{{end}}",
        "{{range .Empty}}x{{else}}none{{end}} {{range .None}}x{{else}}none{{end}}",
        "{{range .List}}{{if eq . \"b\"}}{{break}}{{end}}{{.}}{{end}} {{range .List}}{{continue}}x{{end}}",
        "{{if .On}}yes{{else}}no{{end}} {{if .Off}}yes{{else if .List}}list{{else}}no{{end}}",
        "{{with .State}}{{.Status}} {{$.ID}}{{else}}x{{end}} {{with .None}}x{{else with .ID}}{{.}}{{end}}",
        "{{$x := .ID}}{{$x}} {{$x = \"other\"}}{{$x}} {{if $y := .Count}}{{$y}}{{end}}",
        "{{index .List 0}} {{index .Labels \"b\"}} [{{index .Labels \"missing\"}}] {{len .List}} {{len .ID}}",
        "{{eq .Count 3}} {{eq .ID \"x\" \"abcde\"}} {{ne .ID \"x\"}} {{lt 1 2}} {{le 2 2}} {{gt 1.5 2.5}} {{ge \"b\" \"a\"}}",
        "{{and .On .ID}} {{and .Off .ID}} {{or .Off .ID}} {{or .Off 0}} {{not .Off}}",
        "{{join .List \"-\"}} {{split \"a,b\" \",\"}} {{upper .ID}} {{lower \"ABC\"}} {{title \"hello world\"}}",
        "{{truncate .ID 3}} [{{pad .ID 1 2}}] [{{pad \"\" 1 2}}] {{slice .ID 1 3}} {{slice .List 1}}",
        "{{print .ID .Count 4 .Name}} {{println .ID 1}}{{html \"<a href='x'>\"}} {{urlquery \"a b&c\"}} {{js \"it's\"}}",
        "  {{- .ID -}}  x {{- /* a comment */ -}} y{{/* and one more */}}",
        "{{\"\\t\\\"\\x41\\u00e9\"}}{{`raw\\t`}} {{'a'}} {{0x10}} {{1_000}} {{-3}} {{1e3}} {{true}}",
        "{{printf \"%s %q %d %5d|%-5d|%05d %x %X %c %U\" .ID .ID .Count .Count .Count .Count 255 .ID 65 65}}",
        "{{printf \"%v %+d %t %.2f %8.3f %e %g %T %%\" .List 3 .On .Share .Share 1234.5 1e-7 .Share}}",
        "{{printf \"%d %s %z\" .ID .Count .Count}} {{printf \"%d\"}} {{printf \"a\" 1}} {{printf \"%\"}}",
        "{{.ID | printf \"%s-%s\" .Name | upper | printf \"%q\"}}",
        "{{ (eq .ID \"abcde\") | not }} {{(.State).Pid}} {{$.State.Pid}}",
    ]);
    settings().bind(|| insta::assert_snapshot!("template", seen));
}

#[test]
fn errors_have_gos_words_and_places() {
    let seen = session(&[
        "{{.Foo}}",
        "a\n b{{.Foo}}",
        "{{.State.Foo}}",
        "{{.ID.Foo}}",
        "{{.None.Foo}}",
        "{{.Name",
        "{{.Name{{",
        "{{if .Name}}",
        "{{end}}",
        "{{else}}",
        "{{foo}}",
        "{{$x}}",
        "{{}}",
        "{{.ID | .Name}}",
        "{{.ID 3}}",
        "{{nil}}",
        "{{\"abc}}",
        "{{'ab'}}",
        "{{(.ID}}",
        "{{.ID)}}",
        "{{/* a }}",
        "{{break}}",
        "{{range .Count}}{{end}}",
        "{{index .List 5}}",
        "{{len 3}}",
        "{{len}}",
        "{{eq .ID 1}}",
        "{{eq .ID}}",
        "{{lt .On .Off}}",
        "{{slice .ID 3 1}}",
        "{{upper 3}}",
        "{{join .ID \",\"}}",
        "{{template \"x\"}}",
        "{{1a}}",
        "{{range $a, b := .List}}{{end}}",
        "{{if .On}}{{else}}{{else}}{{end}}",
    ]);
    settings().bind(|| insta::assert_snapshot!("template_errors", seen));
    let error = Template::parse("{{.Foo}}").unwrap().render(&data()).unwrap_err();
    assert_eq!(error.status(), 125);
}

#[test]
fn rows_are_printed_as_podman_does() {
    let rows = [
        json!({"ID": "abc", "Name": "a-long-name-of-it", "CreatedAt": "now", "Labels": {}}),
        json!({"ID": "def", "Name": "b", "CreatedAt": "yesterday", "Labels": {"x": "y"}}),
    ];
    let mut seen = String::new();
    for (format, rows) in [
        ("{{.ID}}", &rows[..]),
        ("{{.ID}}\\t{{.Name}}\\n", &rows),
        ("{{.ID}} {{.Name}}", &rows),
        ("table {{.ID}} {{.Name}} {{.CreatedAt}}", &rows),
        ("table {{.ID}}\\t{{.Name}}\\t{{.ImageID}}", &[]),
        ("table {{ .ID }}\\t{{if .Labels}}{{.Labels.x}}{{end}}", &rows),
        ("{{range .}}{{.ID}},{{end}}", &rows),
        ("json", &rows),
        ("json", &[]),
        ("{{json .}}", &rows),
        ("{{.Foo}}", &rows),
        ("{{.Foo}}", &[]),
    ] {
        let mut out = Vec::new();
        let result = print(&mut out, format, rows, &HEADINGS);
        seen += &format!("$ {format}\n{}", String::from_utf8(out).unwrap());
        if let Err(error) = result {
            seen += &format!("Error: {error}\n");
        }
    }
    let mut out = Vec::new();
    print_json(&mut out, &rows, 5).unwrap();
    seen += &String::from_utf8(out).unwrap();
    settings().bind(|| insta::assert_snapshot!("template_rows", seen));
}

/// Numbers without a pattern (Marsaglia's xorshift): a test that fails fails again.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end as u64).unwrap()
    }
}

#[test]
fn nothing_makes_it_panic() {
    const WORDS: [&str; 64] = [
        "{{",
        "}}",
        "{{-",
        "-}}",
        "{{- ",
        " -}}",
        " ",
        "\n",
        ".",
        ".ID",
        ".List",
        ".State",
        ".Pid",
        ".Labels",
        ".None",
        "$",
        "$x",
        ":=",
        "=",
        "|",
        "(",
        ")",
        ",",
        "\"",
        "'",
        "`",
        "\\",
        "\"%",
        "%d\"",
        "%*.*f",
        "if",
        "else",
        "end",
        "range",
        "with",
        "break",
        "continue",
        "printf",
        "index",
        "slice",
        "len",
        "eq",
        "lt",
        "and",
        "not",
        "json",
        "join",
        "pad",
        "truncate",
        "title",
        "0",
        "1",
        "-1",
        "9223372036854775807",
        "-9223372036854775808",
        "1e999",
        "0x",
        "/*",
        "*/",
        "é",
        "\u{0}",
        "\"%99999999999d\"",
        "{{end}}",
        "nil",
    ];
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let data = data();
    let rows = [data.clone(), data.clone()];
    let mut rendered = 0;
    for round in 0..60_000 {
        let text: String = match round % 3 {
            // Any bytes.
            0 => {
                let bytes: Vec<u8> = (0..random.below(40)).map(|_| random.below(256) as u8).collect();
                String::from_utf8_lossy(&bytes).into_owned()
            }
            // Any words.
            1 => (0..random.below(30)).map(|_| WORDS[random.below(WORDS.len())]).collect(),
            // Words that make sense more often.
            _ => {
                let words: Vec<&str> = (0..=random.below(5)).map(|_| WORDS[9 + random.below(53)]).collect();
                format!("{{{{{}}}}}", words.join(" "))
            }
        };
        rendered += usize::from(Template::parse(&text).and_then(|template| template.render(&data)).is_ok());
        let _ = print(&mut Vec::new(), &format!("table {text}"), &rows, &HEADINGS);
    }
    assert!(rendered > 1000, "only {rendered} of them were templates");
}

#[test]
fn depth_is_limited() {
    for (open, close) in [("{{if .ID}}", "{{end}}"), ("{{range .List}}", "{{end}}"), ("{{with .ID}}", "{{end}}")] {
        let deep = |times: usize| render(&format!("{}x{}", open.repeat(times), close.repeat(times)));
        assert!(deep(100_000).contains("nested too deeply"));
    }
    let parentheses = |times: usize| render(&format!("{{{{{}.ID{}}}}}", "(".repeat(times), ")".repeat(times)));
    assert_eq!(parentheses(99), "abcde");
    assert!(parentheses(100_000).contains("nested too deeply"));
    let chain = format!(
        "{}{{{{end}}}}",
        "{{if .Off}}{{else if .Off}}".replace("{{else if .Off}}", &"{{else if .Off}}".repeat(100_000))
    );
    assert!(render(&chain).contains("nested too deeply"));
}

/// Templates without data, which Podman (and so Go itself) can be asked about; those that all versions of Go answer alike.
const CONSTANT: [&str; 37] = [
    r#"{{printf "%5d|%-5d|%05d|%+d|% d|%x|%X|%#x|%o|%b|%c|%U|%q" 3 3 3 3 3 255 255 255 8 5 65 65 65}}"#,
    r#"{{printf "%v %.2f %8.3f %e %g %G %.3g %g %g %v" 1.5 1.5 1.5 1234.5 1e-7 1e-7 1234567.0 1e20 1e21 1e6}}"#,
    r#"{{printf "%d %s %z" "a" 3 3}} {{printf "%d"}} {{printf "a" 1}} {{printf "%"}}"#,
    r#"{{printf "%s %q %x %X %10s|%-10s|%.2s|%010s" "abc" "a\"b\n" "abc" "abc" "abc" "abc" "abc" "abc"}}"#,
    r#"{{printf "%t %v %T %T %T %T" true false 1 1.5 "a" true}}"#,
    r#"{{printf "%05d %+.2f %08.3f" -3 2.0 -1.5}} {{printf "%*d" 5 3}} {{printf "%.3d" 5}} {{printf "%v %d" nil nil}}"#,
    r#"{{split "a,b" ","}} {{join (split "a,b" ",") "-"}} {{title "hello world"}} [{{pad "x" 1 2}}]"#,
    r#"{{print "a" 1 2 "b" 3}} {{println "a" 1}}{{html "<a href='x'>\""}} {{urlquery "a b&c/"}} {{js "it's <a> =\n"}}"#,
    r#"{{"\t\"\x41\u00e9"}}{{`raw\t`}} {{'a'}} {{0x10}} {{1_000}} {{-3}} {{1e3}} {{1.0}} {{0o17}} {{0b11}} {{017}}"#,
    r#"{{eq 1 1}} {{eq "a" "b" "a"}} {{ne 1 2}} {{lt 1 2}} {{ge "b" "a"}} {{and 1 0}} {{or 0 "x"}} {{not 0}}"#,
    r#"{{len "héé"}} {{slice "abcdef" 1 3}} {{index "abc" 1}} {{truncate "abcdef" 3}}"#,
    r#"{{with $x := 3}}{{$x}}{{end}} {{$y := 4}}{{$y}}{{$y = 5}}{{$y}}"#,
    r#"a {{- 1 -}} b {{- /* c */ -}} d"#,
    r#"{{ "a" | printf "%s-%s" "b" | upper | printf "%q" }} {{json "<&>"}}"#,
    r#"{{lt true false}}"#,
    r#"{{eq 1 "a"}}"#,
    r#"{{eq 1 1.0}}"#,
    r#"{{slice "abc" 3 1}}"#,
    r#"{{index "abc" 7}}"#,
    r#"{{len 3}}"#,
    r#"{{len}}"#,
    r#"{{foo}}"#,
    r#"{{"abc}}"#,
    r#"{{'ab'}}"#,
    r#"{{(1}}"#,
    r#"{{$x}}"#,
    r#"{{}}"#,
    r#"{{1 | 2}}"#,
    r#"{{1 2}}"#,
    r#"{{nil}}"#,
    r#"{{break}}"#,
    r#"{{else}}"#,
    r#"{{end}}"#,
    r#"{{/* a }}"#,
    r#"{{1a}}"#,
    r#"{{if 1}}{{else}}{{else}}{{end}}"#,
    r#"{{if}}x{{end}}"#,
];

#[test]
fn podman_says_the_same() {
    let world = support::World::new();
    for format in CONSTANT {
        let mut ours = Vec::new();
        if let Err(error) = template::print_one(&mut ours, "version", format, &json!({})) {
            ours.extend(format!("Error: {error}\n").bytes());
        }
        let output = support::image::podman(&world)
            .args(["--log-level", "error", "version", "--format", format])
            .output()
            .unwrap();
        let theirs = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert_eq!(String::from_utf8(ours).unwrap(), theirs, "{format}");
    }
}
