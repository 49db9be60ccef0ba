//! `GET /openapi.json`: the routes as they are in the code, the record as it is in the artefact. What training saw
//! (ranges, categories) is told as `x-training`, not as a limit: a model answers values beyond them too.

use crate::{Service, health, model, predict, problem::ProblemBody, settings::Limits};
use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use carnet::{
    artefact::Artefact,
    recipe::{FittedRecipe, FittedStep},
    record::{Field, Kind},
};
use chrono::{DateTime, SecondsFormat};
use serde_json::{Value, json};
use std::sync::Arc;
use utoipa::{
    OpenApi,
    openapi::{
        ContentBuilder, InfoBuilder, KnownFormat, ObjectBuilder, Ref, Required, SchemaFormat,
        example::ExampleBuilder,
        extensions::Extensions,
        request_body::{RequestBody, RequestBodyBuilder},
        schema::{AdditionalProperties, ArrayBuilder, OneOfBuilder, SchemaType, Type},
    },
};

/// Values listed as examples of a category at most.
const EXAMPLES: usize = 20;

#[derive(OpenApi)]
#[openapi(
    paths(predict::predict, model::card, health::live, health::ready, serve),
    components(schemas(ProblemBody)),
    tags((name = "model", description = "The model and its predictions"), (name = "health", description = "For whatever runs the service"))
)]
struct Routes;

/// This document.
///
/// The record, the answers, and examples that can be sent as they are.
#[utoipa::path(get, path = "/openapi.json", tag = "model", responses((status = 200, description = "This document", body = Object)))]
pub(crate) async fn serve(State(service): State<Arc<Service>>) -> Response {
    (
        [(header::CONTENT_TYPE, "application/json")],
        service.document.clone(),
    )
        .into_response()
}

/// The OpenAPI document of one artefact.
pub(crate) fn document(artefact: &Artefact, limits: &Limits) -> utoipa::openapi::OpenApi {
    let card = artefact.card();
    let mut document = Routes::openapi();
    document.info = InfoBuilder::new()
        .title(card.name.clone())
        .version(card.version.clone())
        .description(Some(model::describe(card)))
        .build();
    let components = document.components.get_or_insert_default();
    components.schemas.insert(
        "Record".into(),
        record(artefact.recipe(), &card.example).into(),
    );
    if let Some(post) = document
        .paths
        .paths
        .get_mut("/v1/predict")
        .and_then(|path| path.post.as_mut())
    {
        post.request_body = Some(request(&card.example, limits).into());
    }
    document
}

fn request(example: &Value, limits: &Limits) -> RequestBody {
    let record = || Ref::from_schema_name("Record");
    let list = ArrayBuilder::new()
        .items(record())
        .min_items(Some(1))
        .max_items(Some(limits.max_records));
    let named = |summary: &str, value: Value| {
        ExampleBuilder::new()
            .summary(summary)
            .value(Some(value))
            .build()
    };
    let content = ContentBuilder::new()
        .schema(Some(OneOfBuilder::new().item(record()).item(list)))
        .examples_from_iter([
            (
                "one",
                named("One record, a real row of the test data", example.clone()),
            ),
            (
                "many",
                named("A list of records", json!([example, example])),
            ),
        ])
        .build();
    let description = format!(
        "One record or a list of them: at most {} records and {} bytes. Unknown fields are refused.",
        limits.max_records, limits.body_limit
    );
    RequestBodyBuilder::new()
        .description(Some(description))
        .content("application/json", content)
        .required(Some(Required::True))
        .build()
}

/// The schema of one record, with what training saw of each field.
fn record(recipe: &FittedRecipe, example: &Value) -> ObjectBuilder {
    let mut object = ObjectBuilder::new()
        .description(Some("What the model is asked about"))
        .additional_properties(Some(AdditionalProperties::FreeForm(false)))
        .examples([example.clone()]);
    for field in &recipe.schema().fields {
        let seen: Vec<&FittedStep> = recipe
            .steps()
            .iter()
            .filter(|step| step.column() == field.name)
            .collect();
        object = object.property(
            &field.name,
            property(field, &seen, recipe.rows(), example.get(&field.name)),
        );
        if !field.nullable {
            object = object.required(&field.name);
        }
    }
    object
}

fn property(
    field: &Field,
    seen: &[&FittedStep],
    rows: usize,
    example: Option<&Value>,
) -> ObjectBuilder {
    let (kind, format) = match field.kind {
        Kind::Bool => (Type::Boolean, None),
        Kind::Int32 => (Type::Integer, Some(KnownFormat::Int32)),
        Kind::Int64 => (Type::Integer, Some(KnownFormat::Int64)),
        Kind::Float32 => (Type::Number, Some(KnownFormat::Float)),
        Kind::Float64 => (Type::Number, Some(KnownFormat::Double)),
        Kind::Text => (Type::String, None),
        Kind::Timestamp => (Type::String, Some(KnownFormat::DateTime)),
        Kind::Date => (Type::String, Some(KnownFormat::Date)),
        Kind::Decimal(_) => (Type::Number, None),
        Kind::Bytes | Kind::Time | Kind::Datetime => (Type::String, None),
        Kind::List { .. } => (Type::Array, None),
        Kind::Struct(_) => (Type::Object, None),
    };
    let kind = if field.nullable {
        SchemaType::from_iter([kind, Type::Null])
    } else {
        SchemaType::new(kind)
    };
    let mut training = json!({ "rows": rows });
    let mut words: Vec<String> = field
        .description
        .iter()
        .map(|text| text.trim_end_matches('.').to_owned())
        .collect();
    let mut examples: Vec<Value> = example.into_iter().cloned().collect();
    for step in seen {
        words.push(told(step, &mut training));
        if let FittedStep::Category { levels, .. } = step {
            for level in levels
                .iter()
                .filter_map(|level| value_of(&field.kind, &level.value))
            {
                if examples.len() < EXAMPLES && !examples.contains(&level) {
                    examples.push(level);
                }
            }
        }
        if step.nulls() > 0 {
            training["missing"] = json!(step.nulls());
        }
    }
    if field.nullable {
        words.push("Null, or left out, where it is not known".into());
    }
    ObjectBuilder::new()
        .schema_type(kind)
        .format(format.map(SchemaFormat::KnownFormat))
        .description(Some(format!("{}.", words.join(". "))))
        .examples(examples)
        .extensions(Some(Extensions::from_iter([("x-training", training)])))
}

/// What training saw of a field, in words; the numbers go into `training`.
fn told(step: &FittedStep, training: &mut Value) -> String {
    match step {
        FittedStep::Numeric {
            mean,
            sd,
            median,
            min,
            max,
            ..
        } => {
            for (name, value) in [
                ("min", min),
                ("max", max),
                ("mean", mean),
                ("median", median),
                ("sd", sd),
            ] {
                training[name] = json!(value);
            }
            format!(
                "Training saw {} to {}, half of it up to {}",
                short(*min),
                short(*max),
                short(*median)
            )
        }
        FittedStep::Category { levels, others, .. } => {
            training["levels"] = levels
                .iter()
                .map(|level| json!({"value": level.value, "rows": level.rows}))
                .collect();
            training["others"] = json!(others);
            let shown: Vec<&str> = levels
                .iter()
                .take(EXAMPLES)
                .map(|level| level.value.as_str())
                .collect();
            let rest = if *others > 0 || levels.len() > EXAMPLES {
                " and rarer ones"
            } else {
                ""
            };
            format!("Training saw {}{rest}", shown.join(", "))
        }
        FittedStep::Clock { first, last, .. } => {
            let (first, last) = (instant(*first), instant(*last));
            let told = format!("Training saw {first} to {last}");
            training["first"] = first.into();
            training["last"] = last.into();
            told
        }
    }
}

/// Four significant digits: enough to tell what is usual. The exact value is in `x-training`.
fn short(value: f64) -> String {
    if !value.is_finite() || value == 0.0 {
        return value.to_string();
    }
    let digits = 3 - value.abs().log10().floor() as i32;
    if digits <= 0 {
        return format!("{value:.0}");
    }
    let text = format!("{value:.0$}", digits.min(12) as usize);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn instant(micros: i64) -> String {
    let instant = DateTime::from_timestamp_micros(micros);
    instant.map_or_else(
        || micros.to_string(),
        |instant| instant.to_rfc3339_opts(SecondsFormat::AutoSi, true),
    )
}

/// A category's value as it is sent: the recipe keeps all of them as text.
fn value_of(kind: &Kind, text: &str) -> Option<Value> {
    match kind {
        Kind::Text => Some(text.into()),
        Kind::Bool | Kind::Int32 | Kind::Int64 => serde_json::from_str(text).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn numbers_in_descriptions_are_short_and_true() {
        let shown = [
            0.019_739_545,
            899.660_998,
            4983.0,
            17.0,
            -12.96,
            1_234_567.8,
            0.5,
            0.0,
            100.0,
            3e-9,
        ]
        .map(short);
        assert_eq!(
            shown,
            [
                "0.01974",
                "899.7",
                "4983",
                "17",
                "-12.96",
                "1234568",
                "0.5",
                "0",
                "100",
                "0.000000003"
            ]
        );
    }
}
