//! What an operator's tools ask: health and metrics.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;

const PROMETHEUS_TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";
const UP: &str = "UP";

/// The original's paths, which the document names, and shorter ones.
pub(crate) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(health))
        .routes(routes!(metrics))
        .route("/health", get(health))
        .route("/metrics", get(metrics))
}

/// The callback's answer with the bridge's part; 503 unless both are up.
#[utoipa::path(get, path = "/actuator/health", tag = "operations", security(()), responses(
    (status = 200, description = "Engine, stores and trunks are up", body = Object),
    (status = 503, description = "Something is down; the answer says what", body = Object),
))]
async fn health(State(app): State<Arc<App>>) -> Response {
    let mut health = (app.config.health)();
    let stats = app.counters.read();
    let bridge = if stats.trunks_up > 0 { UP } else { "DOWN" };
    let of_others = health.get("status").and_then(Value::as_str).unwrap_or("UNKNOWN");
    let status = if of_others == UP { bridge } else { of_others }.to_owned();
    let code = if status == UP { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    if let Some(fields) = health.as_object_mut() {
        fields.insert("status".into(), status.into());
        fields.insert(
            "bridge".into(),
            json!({ "status": bridge, "trunksUp": stats.trunks_up, "trunks": app.config.trunks, "sockets": stats.sockets }),
        );
    }
    (code, [(header::CACHE_CONTROL, "no-store")], Json(health)).into_response()
}

#[utoipa::path(get, path = "/actuator/prometheus", tag = "operations", security(()), responses(
    (status = 200, description = "In the Prometheus text format", body = String, content_type = PROMETHEUS_TEXT),
))]
async fn metrics(State(app): State<Arc<App>>) -> impl IntoResponse {
    let mut text = (app.config.metrics)();
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text.push_str(&app.counters.read().prometheus());
    ([(header::CONTENT_TYPE, PROMETHEUS_TEXT)], text)
}
