//! Where does a collector listen, and what does it want with each request? OpenTelemetry's own variables say.

use std::fmt;
use std::time::Duration;

use katydid_report::otlp::Resource;
use percent_encoding::percent_decode_str;

/// The word for the collector that OpenTelemetry's variables name.
pub const BY_VARIABLES: &str = "env";

const METRICS_PATH: &str = "/v1/metrics";

/// Something was asked for that cannot be done; one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(pub(crate) String);

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

/// Where numbers go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The address that requests are sent to.
    pub url: String,
    /// Sent with each request.
    pub headers: Vec<(String, String)>,
    /// How long a request may take.
    pub timeout: Duration,
    /// How often numbers are sent.
    pub interval: Duration,
    /// What belongs to all numbers.
    pub resource: Resource,
}

impl Settings {
    /// Reads what a user gave, the address of a collector or [`BY_VARIABLES`], and what OpenTelemetry's variables say beside
    /// it.
    ///
    /// # Errors
    /// An address, a header, an attribute or a time that is none; one line that names it.
    pub fn read(given: &str, variable: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let variable = |name: &str| variable(name).filter(|text| !text.trim().is_empty());
        let of_metrics = |name: &str| {
            variable(&format!("OTEL_EXPORTER_OTLP_METRICS_{name}"))
                .or_else(|| variable(&format!("OTEL_EXPORTER_OTLP_{name}")))
        };
        let url = match (given, variable("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT")) {
            (BY_VARIABLES, Some(exact)) => exact,
            (BY_VARIABLES, None) => below(&variable("OTEL_EXPORTER_OTLP_ENDPOINT").ok_or_else(|| {
                Error("env means OTEL_EXPORTER_OTLP_ENDPOINT, which is not set: set it, or give a URL".into())
            })?)?,
            (url, _) => below(url)?,
        };
        let mut attributes = pairs(&variable("OTEL_RESOURCE_ATTRIBUTES").unwrap_or_default())
            .map_err(|one| misread("OTEL_RESOURCE_ATTRIBUTES", &one))?;
        let service = variable("OTEL_SERVICE_NAME");
        let is_named = attributes.iter().any(|(key, _)| key == "service.name");
        if service.is_some() || !is_named {
            attributes.retain(|(key, _)| key != "service.name");
            attributes.push(("service.name".into(), service.unwrap_or_else(|| "katydid".into())));
        }
        Ok(Self {
            url,
            headers: pairs(&of_metrics("HEADERS").unwrap_or_default())
                .map_err(|one| misread("OTEL_EXPORTER_OTLP_HEADERS", &one))?,
            timeout: milliseconds("OTEL_EXPORTER_OTLP_TIMEOUT", of_metrics("TIMEOUT"), 10_000)?,
            interval: milliseconds(INTERVAL, variable(INTERVAL), 10_000)?,
            resource: Resource { attributes },
        })
    }
}

const INTERVAL: &str = "OTEL_METRIC_EXPORT_INTERVAL";

/// The address of the metrics service of a collector.
fn below(given: &str) -> Result<String, Error> {
    let collector = given.trim().trim_end_matches('/');
    let scheme = collector.split_once("://").filter(|(scheme, host)| is_http(scheme) && !host.is_empty());
    match scheme {
        None => Err(Error(format!("{given:?} is no address of a collector: write http://127.0.0.1:4318"))),
        Some((_, rest)) if rest.ends_with(METRICS_PATH) => Ok(collector.into()),
        Some(_) => Ok(format!("{collector}{METRICS_PATH}")),
    }
}

fn is_http(scheme: &str) -> bool {
    scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
}

/// `key=value,key=value`, as the variables write them; the piece that is none otherwise.
fn pairs(text: &str) -> Result<Vec<(String, String)>, String> {
    let pieces = text.split(',').map(str::trim).filter(|piece| !piece.is_empty());
    let pair = |piece: &str| match piece.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => {
            Ok((key.trim().into(), percent_decode_str(value.trim()).decode_utf8_lossy().into_owned()))
        }
        _ => Err(piece.split('=').next().unwrap_or_default().to_owned()),
    };
    pieces.map(pair).collect()
}

fn misread(variable: &str, piece: &str) -> Error {
    Error(format!("{variable}: {piece:?} is no pair: write it as key=value, several with commas"))
}

fn milliseconds(variable: &str, given: Option<String>, standard: u64) -> Result<Duration, Error> {
    let Some(text) = given else { return Ok(Duration::from_millis(standard)) };
    match text.trim().parse() {
        Ok(value @ 1..) => Ok(Duration::from_millis(value)),
        _ => Err(Error(format!("{variable}: {text:?} is no number of milliseconds above zero"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(given: &str, variables: &[(&str, &str)]) -> Result<Settings, Error> {
        let variables: std::collections::HashMap<&str, &str> = variables.iter().copied().collect();
        Settings::read(given, |name| variables.get(name).map(|text| (*text).to_owned()))
    }

    #[test]
    fn a_collector_s_address_is_that_of_its_metrics() {
        for given in ["http://c:4318", "http://c:4318/", "http://c:4318/v1/metrics"] {
            assert_eq!(read(given, &[]).expect("an address").url, "http://c:4318/v1/metrics");
        }
        let both = [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://a"),
            ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://b/x"),
        ];
        assert_eq!(read("env", &both).expect("an address").url, "http://b/x");
        assert_eq!(read("env", &both[..1]).expect("an address").url, "http://a/v1/metrics");
        assert!(read("env", &[]).is_err_and(|error| error.to_string().contains("is not set")));
    }

    #[test]
    fn variables_say_the_rest() {
        let settings = read(
            "http://c",
            &[
                ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=a%3Db, tenant=x "),
                ("OTEL_EXPORTER_OTLP_TIMEOUT", "250"),
                ("OTEL_RESOURCE_ATTRIBUTES", "service.name=other,env=test"),
                ("OTEL_SERVICE_NAME", "mine"),
            ],
        )
        .expect("settings");
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(settings.headers, [pair("api-key", "a=b"), pair("tenant", "x")]);
        assert_eq!(settings.timeout, Duration::from_millis(250));
        assert_eq!(settings.resource.attributes, [pair("env", "test"), pair("service.name", "mine")]);
    }

    #[test]
    fn what_is_misread_is_named_without_its_value() {
        let told = read("http://c", &[("OTEL_EXPORTER_OTLP_HEADERS", "=secret")]);
        let told = told.expect_err("no name").to_string();
        assert!(told.starts_with("OTEL_EXPORTER_OTLP_HEADERS: ") && !told.contains("secret"));
        assert!(read("http://c", &[("OTEL_METRIC_EXPORT_INTERVAL", "0")]).is_err());
        for given in ["", "http://", "http:///", "ftp://c", "c:4318"] {
            let told = read(given, &[]).expect_err(given).to_string();
            assert_eq!(told, format!("{given:?} is no address of a collector: write http://127.0.0.1:4318"));
        }
    }
}
