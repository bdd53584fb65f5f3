//! The server for agents as the SDK's own client sees it: over a book, and over a site that was built from it.

use crate::support::{Scratch, faultbook, golden_book};
use rmcp::model::{CallToolRequestParams, CallToolResult};
use rmcp::service::RunningService;
use rmcp::{RoleClient, ServiceError, ServiceExt};
use serde_json::{Value, json};
use std::process::Stdio;

type Client = RunningService<RoleClient, ()>;

/// Talks to a server of its own, which has ended by itself when this returns.
fn with_client<F: Future<Output = Client>>(folder: &Scratch, args: &[&str], talk: impl FnOnce(Client) -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut command = tokio::process::Command::from(faultbook(folder.path(), args));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut server = command.spawn().unwrap();
        let pipes = (server.stdout.take().unwrap(), server.stdin.take().unwrap());
        let client = talk(().serve(pipes).await.unwrap()).await;
        client.cancel().await.unwrap();
        let output = server.wait_with_output().await.unwrap();
        assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()));
    });
}

async fn call(client: &Client, tool: &str, arguments: Value) -> Result<CallToolResult, ServiceError> {
    let Value::Object(arguments) = arguments else { panic!("arguments are an object") };
    client.call_tool(CallToolRequestParams::new(tool.to_owned()).with_arguments(arguments)).await
}

/// What a tool answers, as a value.
async fn answer(client: &Client, tool: &str, arguments: Value) -> Value {
    let result = call(client, tool, arguments).await.unwrap();
    assert_eq!(result.is_error, Some(false), "{tool}");
    result.structured_content.unwrap()
}

async fn every_tool_answers(client: Client) -> Client {
    assert_eq!(client.peer_info().unwrap().server_info.as_ref().unwrap().name, "faultbook");
    let tools = client.list_all_tools().await.unwrap();
    let names: Vec<&str> = tools.iter().map(|tool| &*tool.name).collect();
    assert_eq!(names, ["search", "diagnose", "get_record", "list", "verifier_plan"]);
    assert!(tools.iter().all(|tool| tool.annotations.as_ref().unwrap().read_only_hint == Some(true)));
    let hits = answer(&client, "search", json!({"query": "could not get lock", "n": 1})).await;
    assert_eq!(hits["hits"][0]["id"], "stale-lock");
    let log = "thing 2.1 starts\nerror: could not get lock /var/lib/other.lock\n";
    let told = answer(&client, "diagnose", json!({"text": log})).await;
    assert_eq!((&told["verdict"], &told["candidates"][0]["id"]), (&json!("match"), &json!("stale-lock")));
    assert_eq!(told["candidates"][0]["fix"][0]["run"], "rm -f thing.lock");
    assert_eq!(told["candidates"][0]["line_number"], 2);
    assert_eq!(answer(&client, "diagnose", json!({"text": "all is well"})).await["verdict"], "none");
    let record = answer(&client, "get_record", json!({"id": "stale-lock"})).await;
    let keys: Vec<&String> = record.as_object().unwrap().keys().take(4).collect();
    assert_eq!(keys, ["id", "title", "fix", "do_not"]);
    assert_eq!(answer(&client, "list", json!({})).await["of"], 5);
    client
}

/// Nonsense is answered, never run, and never the end of the server.
async fn nonsense_is_refused(client: Client) -> Client {
    for (tool, arguments) in [
        ("search", json!({})),
        ("search", json!({"query": ["a"]})),
        ("diagnose", json!({"text": 1})),
        ("diagnose", json!({"text": "x", "n": 0})),
        ("diagnose", json!({"text": "x".repeat(300_000)})),
        ("get_record", json!({"id": "../../etc/passwd"})),
        ("list", json!({"facets": "all"})),
        ("verifier_plan", json!({"id": null})),
    ] {
        let result = call(&client, tool, arguments).await.unwrap();
        assert_eq!(result.is_error, Some(true), "{tool}");
        assert!(result.structured_content.is_none());
    }
    assert!(call(&client, "run_shell", json!({"script": "true"})).await.is_err());
    for text in ["\0\u{1b}[2J\u{202e}", "", "\n\n\n", &"é".repeat(100_000), "{\"jsonrpc\": \"2.0\"}"] {
        assert_eq!(answer(&client, "diagnose", json!({"text": text})).await["verdict"], "none");
    }
    client
}

#[test]
fn the_client_of_the_sdk_uses_every_tool_over_a_book() {
    let book = Scratch::copy_of(&golden_book());
    with_client(&book, &["mcp"], async |client| {
        let client = nonsense_is_refused(every_tool_answers(client).await).await;
        let plan = answer(&client, "verifier_plan", json!({"id": "stale-lock"})).await;
        assert_eq!(plan["setup"], "touch thing.lock");
        client
    });
}

#[test]
fn the_client_of_the_sdk_uses_every_tool_over_a_site() {
    let book = Scratch::copy_of(&golden_book());
    assert_eq!(book.run(&["build", "-q", "-d", "site"]).status.code(), Some(0));
    let elsewhere = Scratch::empty();
    std::fs::rename(book.path().join("site"), elsewhere.path().join("site")).unwrap();
    with_client(&elsewhere, &["--book", "site", "mcp"], async |client| {
        let client = nonsense_is_refused(every_tool_answers(client).await).await;
        let refused = call(&client, "verifier_plan", json!({"id": "stale-lock"})).await.unwrap();
        assert_eq!(refused.is_error, Some(true));
        client
    });
}
