//! The document and its page.

use serde_json::Value;

use crate::support::world;

#[tokio::test]
async fn the_document_has_the_originals_routes_each_with_the_envelope_for_errors() {
    let world = world().await;
    let document = world.http().get("/v3/api-docs").await.ok();
    assert!(document["openapi"].as_str().unwrap().starts_with("3."));
    let paths = document["paths"].as_object().unwrap();
    for (path, methods) in [
        ("/api/user/signup", "post"),
        ("/api/user/login", "post"),
        ("/api/user", "get put delete"),
        ("/api/user/logout", "get"),
        ("/api/contact", "get post delete"),
        ("/api/channel", "get post"),
        ("/api/channel/search", "get"),
        ("/api/channel/{id}", "get put delete"),
        ("/api/channel/{id}/signup", "post"),
        ("/api/channel/{id}/user/{other}", "post delete"),
        ("/api/channel-content/{id}", "get"),
        ("/api/channel/{id}/content", "get"),
        ("/api/channel/{id}/message/search", "get"),
        ("/api/message/{id}", "post delete"),
        ("/api/message/jmeter", "post"),
        ("/api/notification/{id}", "post"),
        ("/api/mock/channel", "post"),
        ("/api/file", "post get"),
        ("/api/file/{id}", "get delete"),
        ("/api/wallet/user", "get post delete"),
        ("/api/wallet/user/money", "post"),
        ("/api/wallet/user/transaction/all", "get"),
        ("/api/wallet/user/group/all", "get"),
        ("/api/wallet/user/reservation", "get"),
        ("/api/wallet/group", "post"),
        ("/api/wallet/group/{id}", "get post delete"),
        ("/api/wallet/group/{id}/transaction/all", "get"),
        ("/api/wallet/group/{id}/participant/all", "get"),
        ("/api/wallet/group/all/channel/{channel_id}", "get"),
        ("/api/wallet/group/{id}/reservation", "get"),
        ("/api/wallet/transaction", "post"),
        ("/api/wallet/reservation", "post"),
        ("/api/wallet/reservation/{id}", "delete"),
        ("/actuator/health", "get"),
        ("/actuator/prometheus", "get"),
    ] {
        let declared = paths.get(path).unwrap_or_else(|| panic!("no {path}"));
        for method in methods.split(' ') {
            let responses = declared[method]["responses"].as_object().unwrap_or_else(|| panic!("no {method} {path}"));
            if path.starts_with("/api") {
                let of_400 = &responses["400"]["content"]["application/json"]["schema"]["$ref"];
                assert_eq!(of_400, "#/components/schemas/Envelope", "{method} {path}");
            }
        }
    }
    let schemas = document["components"]["schemas"].as_object().unwrap();
    assert_references_resolve(&document, schemas);
}

/// Every `$ref` names a schema that is there.
fn assert_references_resolve(value: &Value, schemas: &serde_json::Map<String, Value>) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(reference)) = fields.get("$ref") {
                let name = reference.rsplit('/').next().unwrap();
                assert!(schemas.contains_key(name), "{reference} is nowhere");
            }
            fields.values().for_each(|field| assert_references_resolve(field, schemas));
        }
        Value::Array(values) => values.iter().for_each(|value| assert_references_resolve(value, schemas)),
        _ => {}
    }
}

#[tokio::test]
async fn swagger_ui_is_served_with_its_own_files() {
    let world = world().await;
    let page = world.http().get("/swagger-ui/index.html").await;
    assert_eq!(page.status, 200);
    let html = String::from_utf8(page.body.to_vec()).unwrap();
    assert!(html.contains("swagger-ui-bundle.js") && !html.contains("https://"), "{html}");
    assert_eq!(world.http().get("/swagger-ui/swagger-ui-bundle.js").await.status, 200);
    let start = world.http().get("/swagger-ui/swagger-initializer.js").await;
    assert!(String::from_utf8(start.body.to_vec()).unwrap().contains("/v3/api-docs"));
}
