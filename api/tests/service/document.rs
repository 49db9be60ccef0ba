//! The OpenAPI document: whole, about this very model, and with examples that are answered.

use crate::{
    parcel,
    server::{Server, problem},
};
use serde_json::{Value, json};

async fn document(server: &Server) -> Value {
    let response = server.get("/openapi.json").await;
    assert_eq!(response.headers()["content-type"], "application/json");
    response.json().await.unwrap()
}

#[tokio::test]
async fn the_examples_of_the_document_are_answered() {
    let server = Server::start(&[]);
    let document = document(&server).await;
    let content =
        &document["paths"]["/v1/predict"]["post"]["requestBody"]["content"]["application/json"];
    let examples = content["examples"].as_object().unwrap();
    assert_eq!(examples.keys().collect::<Vec<_>>(), ["many", "one"]);
    for (name, records) in [("one", 1), ("many", 2)] {
        let response = server.post(examples[name]["value"].to_string()).await;
        assert_eq!(response.status(), 200, "{name}");
        let answer: Value = response.json().await.unwrap();
        assert_eq!(answer["predictions"].as_array().unwrap().len(), records);
        conforms(
            &document,
            &document["components"]["schemas"]["Answer"],
            &answer,
            name,
        );
    }
    let schema = &document["components"]["schemas"]["Record"];
    for example in schema["examples"]
        .as_array()
        .unwrap()
        .iter()
        .chain([&examples["one"]["value"]])
    {
        conforms(&document, schema, example, "example");
        assert_eq!(server.post(example.to_string()).await.status(), 200);
    }
}

#[tokio::test]
async fn the_record_is_the_models_with_what_training_saw() {
    let server = Server::start(&[]);
    let document = document(&server).await;
    let record = &document["components"]["schemas"]["Record"];
    assert_eq!(record["additionalProperties"], false);
    assert_eq!(
        record["required"],
        json!(["distance", "express", "depot", "sent"])
    );
    let fields = &record["properties"];
    assert_eq!(fields.as_object().unwrap().len(), 5);
    assert_eq!(fields["weight"]["type"], json!(["number", "null"]));
    assert!(
        fields["weight"]["x-training"]["missing"]
            .as_u64()
            .is_some_and(|missing| missing > 0)
    );
    assert_eq!(
        (&fields["distance"]["type"], &fields["distance"]["format"]),
        (&json!("number"), &json!("double"))
    );
    let (low, high) = (
        &fields["distance"]["x-training"]["min"],
        &fields["distance"]["x-training"]["max"],
    );
    assert!(low.as_f64() < high.as_f64(), "{fields}");
    let described = fields["distance"]["description"].as_str().unwrap();
    assert!(
        described.starts_with("Kilometres by road. Training saw ")
            && described.contains(" to 899."),
        "{described}"
    );
    assert_eq!(fields["express"]["type"], "boolean");
    assert_eq!(fields["sent"]["format"], "date-time");
    assert!(
        fields["sent"]["x-training"]["first"]
            .as_str()
            .unwrap()
            .starts_with("2024-01-01T")
    );
    let depots: Vec<&str> = fields["depot"]["examples"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v.as_str().unwrap())
        .collect();
    assert!(
        parcel::DEPOTS.iter().all(|depot| depots.contains(depot)),
        "{depots:?}"
    );
    assert_eq!(
        fields["depot"]["x-training"]["levels"]
            .as_array()
            .unwrap()
            .len(),
        parcel::DEPOTS.len()
    );
    assert_eq!(document["info"]["title"], "parcel-late");
}

#[tokio::test]
async fn the_document_is_whole_and_every_route_in_it_is_there() {
    let server = Server::start(&[]);
    let document = document(&server).await;
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."));
    // The types of the specification take it back, and nothing is lost on the way.
    let typed: utoipa::openapi::OpenApi = serde_json::from_value(document.clone()).unwrap();
    assert_eq!(serde_json::to_value(&typed).unwrap(), document);
    references(&document, &document);
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            assert!(
                operation["operationId"].is_string() && !operation["summary"].is_null(),
                "{method} {path}"
            );
            let responses = operation["responses"].as_object().unwrap();
            assert!(responses.contains_key("200"), "{method} {path}");
            assert!(
                responses
                    .values()
                    .all(|response| response["description"].is_string()),
                "{method} {path}"
            );
            let status = if method == "post" {
                server.post("{}").await.status()
            } else {
                server.get(path).await.status()
            };
            assert_eq!(
                status,
                if method == "post" { 422 } else { 200 },
                "{method} {path}"
            );
        }
    }
    assert_eq!(document["paths"].as_object().unwrap().len(), 5);
}

#[tokio::test]
async fn a_problem_conforms_to_its_schema() {
    let server = Server::start(&[]);
    let document = document(&server).await;
    let schema = &document["components"]["schemas"]["ProblemBody"];
    let refused = problem(server.post("[{}]").await, 422, "record-does-not-fit").await;
    conforms(&document, schema, &refused, "422");
    conforms(
        &document,
        schema,
        &problem(server.post("{").await, 400, "not-json").await,
        "400",
    );
}

/// Every `$ref` leads somewhere.
fn references(document: &Value, part: &Value) {
    if let Some(target) = part["$ref"].as_str() {
        assert!(
            document
                .pointer(target.strip_prefix('#').unwrap())
                .is_some(),
            "{target}"
        );
    }
    match part {
        Value::Object(parts) => parts.values().for_each(|part| references(document, part)),
        Value::Array(parts) => parts.iter().for_each(|part| references(document, part)),
        _ => {}
    }
}

/// As much of JSON Schema as the document uses: types, required and unknown properties, items, references.
fn conforms(document: &Value, schema: &Value, value: &Value, at: &str) {
    if let Some(target) = schema["$ref"].as_str() {
        return conforms(
            document,
            document.pointer(target.strip_prefix('#').unwrap()).unwrap(),
            value,
            at,
        );
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().map(|kind| kind.as_str().unwrap()).collect(),
        _ => return,
    };
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    assert!(
        kinds.contains(&kind) || (kind == "integer" && kinds.contains(&"number")),
        "{at}: {value} is no {kinds:?}"
    );
    for name in schema["required"].as_array().into_iter().flatten() {
        assert!(
            value.get(name.as_str().unwrap()).is_some(),
            "{at}: {name} is missing in {value}"
        );
    }
    for (name, value) in value.as_object().into_iter().flatten() {
        match schema["properties"].get(name) {
            Some(schema) => conforms(document, schema, value, &format!("{at}.{name}")),
            None => assert_ne!(
                schema["additionalProperties"], false,
                "{at}: {name} is unknown"
            ),
        }
    }
    for item in value.as_array().into_iter().flatten() {
        conforms(document, &schema["items"], item, at);
    }
}
