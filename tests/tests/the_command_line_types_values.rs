//! Values of each type, from each format, published and read back by commands.

use anyhow::{Result, ensure};
use serde_json::json;
use silhouette_tests::harness::{cluster::Cluster, configuration::Configuration, control::Control};

/// A round that one worker publishes to, read back as this type.
async fn round_trip(
    control: &Control,
    id: &str,
    publish: &[&str],
    input: &str,
    kind: &str,
    keys: &[&str],
) -> Result<serde_json::Value> {
    control.run(&["round", "start", id, "--workers", "1"]).await?.succeeded()?;
    let publish = [&["round", "publish", id, "--worker", "w0", "--from", "-", "--value-type", kind], publish].concat();
    control.run_with_input(&publish, input).await?.succeeded()?;
    control.run(&["round", "wait", id]).await?.succeeded()?;
    control.json(&[&["round", "get", id, "--value-type", kind], keys].concat()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_type_and_format_comes_back_as_it_was_published() -> Result<()> {
    let cluster = Cluster::of(1, Configuration::short_times()).await?;
    let control = cluster.control();
    control.run(&["round", "start", "floats", "--workers", "w0,w1"]).await?.succeeded()?;
    let publish = ["-o", "json", "round", "publish", "floats", "--worker", "w0", "--from", "-", "--value-type", "f64"];
    control.run_with_input(&publish, "a\t0.1\nb\t-inf\n").await?.succeeded()?;
    // The same pairs in other formats are the same publication.
    for (format, input) in [
        (&["--format", "csv"][..], "b,-inf\r\na,0.1\r\n"),
        (&["--format", "csv", "--header"], "value,note,key\n0.1,x,a\n-inf,\"y,z\",b\n"),
        (&["--format", "jsonl"], "{\"key\": \"a\", \"value\": 0.1}\n{\"key\": \"b\", \"value\": \"-inf\"}\n"),
    ] {
        let document = control.run_with_input(&[&publish[..], format].concat(), input).await?.document()?;
        assert_eq!(document["already"], json!(true), "{format:?}");
    }
    control.run(&["round", "publish", "floats", "--worker", "w1", "--from", "/dev/null"]).await?.succeeded()?;
    control.run(&["round", "wait", "floats"]).await?.succeeded()?;
    let floats = control.json(&["round", "get", "floats", "--value-type", "f64", "a", "b", "c"]).await?;
    let expected = json!([
        { "key": "a", "value": 0.1 }, { "key": "b", "value": "-inf" }, { "key": "c", "value": null },
    ]);
    assert_eq!(floats, expected);
    let raw = control.json(&["round", "get", "floats", "a", "--value-type", "bytes"]).await?;
    assert_eq!(raw[0]["value"], json!({ "base64": "mpmZmZmZuT8=" }), "little-endian");

    let numbers = "a\t-9223372036854775808\nb\t9223372036854775807\n";
    let signed = round_trip(&control, "signed", &[], numbers, "i64", &["a", "b"]).await?;
    assert_eq!((&signed[0]["value"], &signed[1]["value"]), (&json!(i64::MIN), &json!(i64::MAX)));
    let number = "{\"key\": \"a\", \"value\": 18446744073709551615}\n";
    let unsigned = round_trip(&control, "unsigned", &["--format", "jsonl"], number, "u64", &["a"]).await?;
    assert_eq!(unsigned[0]["value"], json!(u64::MAX));
    let bytes =
        "{\"key\": {\"base64\": \"/w==\"}, \"value\": {\"base64\": \"AAE=\"}}\n{\"key\": \"b\", \"value\": \"\"}\n";
    let bytes = round_trip(&control, "bytes", &["--format", "jsonl"], bytes, "bytes", &["b"]).await?;
    assert_eq!(bytes[0]["value"], json!({ "base64": "" }));
    let from = ["-o", "json", "round", "get", "bytes", "--value-type", "bytes", "--from", "-", "--format", "jsonl"];
    let found = control.run_with_input(&from, "{\"key\": {\"base64\": \"/w==\"}}\n").await?.document()?;
    assert_eq!(found, json!([{ "key": { "base64": "/w==" }, "value": { "base64": "AAE=" } }]));
    let documents = "a,\"{\"\"level\"\": [3, null]}\"\n";
    let documents = round_trip(&control, "documents", &["--format", "csv"], documents, "json", &["a"]).await?;
    assert_eq!(documents[0]["value"], json!({ "level": [3, null] }));

    let wrong = control.run(&["round", "get", "documents", "b", "a", "--value-type", "f64"]).await?;
    ensure!(wrong.code == 1 && wrong.stdout.is_empty(), "{wrong:?}");
    ensure!(wrong.stderr.contains("key 2: the value has 20 bytes, and f64 takes 8"), "{wrong:?}");
    cluster.passed();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_is_named_by_line_and_column_and_never_shown() -> Result<()> {
    let control = Control::new(vec!["127.0.0.1:1".to_owned()]);
    for (flags, input, said) in [
        (&["--value-type", "f64"][..], "a\t1\nb\tmarked\n", "standard input, line 2, column 3: the value is no f64"),
        (&["--value-type", "json"], "a\t[1, marked]\n", "line 1, column 7: the value is no JSON document"),
        (&["--value-type", "bytes"], "a\tmarked!\n", "line 1, column 3: the value is no base64 with padding"),
        (&["--format", "csv"], "a,1\nmarked\n", "line 2: it has 1 fields, and must have 2"),
        (&["--format", "csv", "--header"], "key,marked\na,1\n", "line 1: no column is titled \"value\""),
        (&["--format", "csv", "--value-type", "u64"], "a,marked\n", "line 1, value: the value is no u64"),
        (&["--format", "jsonl"], "{\"key\": \"marked\"}\n", "line 1: it is no JSON object"),
        (&["--format", "jsonl"], "marked\n", "line 1, column 1: it is no JSON"),
        (&["--header"], "a\t1\n", "--header is for --format csv"),
        (
            &["--format", "jsonl"],
            "{\"key\":\"a\",\"value\":\"1\"}\n{\"key\":\"a\",\"value\":\"2\"}\n",
            "that of line 1 too",
        ),
    ] {
        let publish = [&["round", "publish", "r", "--worker", "w0", "--from", "-"], flags].concat();
        let outcome = control.run_with_input(&publish, input).await?;
        ensure!(outcome.code == 2 && outcome.stdout.is_empty(), "{flags:?}: {outcome:?}");
        ensure!(outcome.stderr.contains(said) && !outcome.stderr.contains("marked"), "{flags:?}: {outcome:?}");
    }
    Ok(())
}
