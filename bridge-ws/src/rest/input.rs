//! What requests carry: JSON bodies, paths and queries, read as leniently as the original's clients write them.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::response::IntoResponse;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

use crate::problem::Problem;

/// A JSON body. An empty one is an empty object; the content type is not looked at.
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let body = Bytes::from_request(request, state)
            .await
            .map_err(|rejection| Problem::of_status(rejection.into_response().status()))?;
        let text: &[u8] = if body.trim_ascii().is_empty() { b"{}" } else { &body };
        serde_json::from_slice(text)
            .map(Self)
            .map_err(|error| Problem::bad_request(format!("the body is not the JSON expected: {error}")))
    }
}

/// Parameters of the path.
pub(super) struct InPath<T>(pub(super) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for InPath<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(value)) => Ok(Self(value)),
            Err(rejection) => Err(Problem::bad_request(rejection.body_text())),
        }
    }
}

/// Parameters of the query.
pub(super) struct InQuery<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for InQuery<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Query::from_request_parts(parts, state).await {
            Ok(Query(value)) => Ok(Self(value)),
            Err(rejection) => Err(Problem::bad_request(rejection.body_text())),
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Scalar {
    Flag(bool),
    Number(serde_json::Number),
    Text(String),
}

/// Text, or a number written where text is meant, as `1234` for a password. `null` is the empty text.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(match Option::<Scalar>::deserialize(deserializer)? {
        None => String::new(),
        Some(Scalar::Text(text)) => text,
        Some(Scalar::Number(number)) => number.to_string(),
        Some(Scalar::Flag(flag)) => flag.to_string(),
    })
}

/// A flag, or its name or number: `true`, `"true"`, `1`, `"1"`. `null` and the empty text are false.
pub(super) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    let text = text(deserializer)?;
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "1" => Ok(true),
        "false" | "0" | "" => Ok(false),
        other => Err(serde::de::Error::custom(format!("\"{other}\" is neither true nor false"))),
    }
}

/// A whole number from 0 on, or its digits as text: `5`, `"5"`. `null` and the empty text are none.
pub(super) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let text = text(deserializer)?;
    match text.trim() {
        "" => Ok(None),
        digits => digits
            .parse()
            .map(Some)
            .map_err(|_| serde::de::Error::custom(format!("\"{digits}\" is no whole number from 0 on"))),
    }
}

/// Whole won, or their digits as text. What is missing is 0, which no amount may be.
pub(super) fn won<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let text = text(deserializer)?;
    match text.trim() {
        "" => Ok(0),
        digits => {
            digits.parse().map_err(|_| serde::de::Error::custom(format!("\"{digits}\" is no whole number of won")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Probe {
        #[serde(default, deserialize_with = "text")]
        text: String,
        #[serde(default, deserialize_with = "flag")]
        flag: bool,
        #[serde(default, deserialize_with = "number")]
        number: Option<u64>,
    }

    #[test]
    fn a_number_may_be_written_as_text() {
        let number = |json: &str| serde_json::from_str::<Probe>(json).map(|probe| probe.number).ok();
        assert_eq!(number(r#"{"number": 5}"#), Some(Some(5)));
        assert_eq!(number(r#"{"number": " 5 "}"#), Some(Some(5)));
        assert_eq!(number(r#"{"number": null}"#), Some(None));
        for wrong in [r#"{"number": -1}"#, r#"{"number": "five"}"#, r#"{"number": 1.5}"#, r#"{"number": [5]}"#] {
            assert_eq!(number(wrong), None, "{wrong}");
        }
    }

    fn read(json: &str) -> Option<(String, bool)> {
        serde_json::from_str::<Probe>(json).ok().map(|probe| (probe.text, probe.flag))
    }

    #[test]
    fn numbers_pass_for_text_and_names_for_flags() {
        assert_eq!(read(r#"{"text": 1234, "flag": "true"}"#), Some(("1234".into(), true)));
        assert_eq!(read(r#"{"text": "a", "flag": 0}"#), Some(("a".into(), false)));
        assert_eq!(read(r#"{"text": null, "flag": null}"#), Some((String::new(), false)));
        assert_eq!(read("{}"), Some((String::new(), false)));
        assert_eq!(read(r#"{"flag": "perhaps"}"#), None);
        assert_eq!(read(r#"{"text": ["a"]}"#), None);
    }
}
