//! Which path leads where.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use bytes::Bytes;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use super::body::{self, Field, Fields, ReadError};
use super::cashier::{Answer, Cashier, Partner, RefundAnswer};
use super::error_text::ErrorText;
use super::inquiry;
use super::purchase::Purchase;
use super::receive::receive;
use super::refund::Refund;
use super::reply;
use super::textcoin::{self, Correction, WhichPurchase};
use crate::claim;
use crate::endpoint::Endpoint;
use crate::metrics::{Metrics, Outcome};

const POST: &str = "POST, OPTIONS";
const GET: &str = "GET, HEAD, OPTIONS";

#[derive(Clone)]
struct App {
    cashier: Arc<dyn Cashier>,
    metrics: Arc<Metrics>,
    /// Purchases being decided: they outlive their connections.
    purchases: TaskTracker,
    body_deadline: Duration,
}

/// All paths of the cashback API, with those for health and figures, and those of the claim page where there is one.
///
/// `purchases` tracks what is being decided, so that a server that stops can wait for it.
pub(super) fn routes(
    cashier: Arc<dyn Cashier>,
    metrics: Arc<Metrics>,
    purchases: TaskTracker,
    body_deadline: Duration,
) -> Router {
    let claims = cashier.claim_pages().map(claim::routes);
    let live = || purchase_route(Endpoint::Live);
    let test = || purchase_route(Endpoint::Test);
    let router = Router::new()
        .route("/new_purchase", live())
        .route("/new_purchase/", live())
        .route("/test/new_purchase", test())
        .route("/test/new_purchase/", test())
        .route("/v1/quote", quote_route(Endpoint::Live))
        .route("/test/v1/quote", quote_route(Endpoint::Test))
        .route("/v1/refund", refund_route(Endpoint::Live))
        .route("/test/v1/refund", refund_route(Endpoint::Test))
        .route("/v1/textcoin", textcoin_route(Endpoint::Live))
        .route("/test/v1/textcoin", textcoin_route(Endpoint::Test))
        .route("/v1/textcoin/resend", resend_route(Endpoint::Live))
        .route("/test/v1/textcoin/resend", resend_route(Endpoint::Test))
        .route("/v1/textcoin/correct", correct_route(Endpoint::Live))
        .route("/test/v1/textcoin/correct", correct_route(Endpoint::Test))
        .route("/healthz", get_route(get(async || reply::alive())))
        .route("/readyz", get_route(get(readyz)))
        .route(
            "/metrics",
            get_route(get(async |State(app): State<App>| reply::metrics(app.metrics.text().await))),
        )
        .route("/", get_route(get(async || reply::page(include_str!("page.html")))))
        .fallback(unknown_path)
        .with_state(App { cashier, metrics, purchases, body_deadline });
    match claims {
        Some(claims) => router.merge(claims),
        None => router,
    }
}

fn purchase_route(endpoint: Endpoint) -> MethodRouter<App> {
    post(async move |State(app), request| new_purchase(endpoint, app, request).await)
        .options(async || reply::preflight(POST))
        .fallback(async || reply::wrong_method(POST))
}

fn refund_route(endpoint: Endpoint) -> MethodRouter<App> {
    post(async move |State(app), request| refund(endpoint, app, request).await)
        .options(async || reply::preflight(POST))
        .fallback(async || reply::wrong_method(POST))
}

fn get_route(route: MethodRouter<App>) -> MethodRouter<App> {
    route.options(async || reply::preflight(GET)).fallback(async || reply::wrong_method(GET))
}

fn quote_route(endpoint: Endpoint) -> MethodRouter<App> {
    get_route(get(async move |State(app), request| quote(endpoint, app, request).await))
}

fn textcoin_route(endpoint: Endpoint) -> MethodRouter<App> {
    get_route(get(async move |State(app), request| textcoin(endpoint, app, request).await))
}

fn resend_route(endpoint: Endpoint) -> MethodRouter<App> {
    post(async move |State(app), request| resend(endpoint, app, request).await)
        .options(async || reply::preflight(POST))
        .fallback(async || reply::wrong_method(POST))
}

fn correct_route(endpoint: Endpoint) -> MethodRouter<App> {
    post(async move |State(app), request| correct(endpoint, app, request).await)
        .options(async || reply::preflight(POST))
        .fallback(async || reply::wrong_method(POST))
}

async fn textcoin(endpoint: Endpoint, app: App, request: Request) -> Response {
    let (head, _) = request.into_parts();
    let asked = tokio::spawn(async move {
        let fields = body::read_query(head.uri.query().unwrap_or_default());
        textcoin::answer(&*app.cashier, endpoint, &head.headers, &fields).await
    });
    reply::textcoin(&asked.await.unwrap_or_else(|_| {
        tracing::error!(%endpoint, "a question about a textcoin ended in a panic");
        Err("internal error, please repeat later; repeating is safe".into())
    }))
}

async fn resend(endpoint: Endpoint, app: App, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = match receive(&head.headers, body, app.body_deadline).await {
        Ok(body) => body,
        Err(why) => return reply::not_received(why),
    };
    let cashier = Arc::clone(&app.cashier);
    let asked = app.purchases.spawn(async move {
        let (fields, partner) =
            known(&*cashier, endpoint, &head.headers, &body).await.map_err(|(_, error)| error)?;
        let which = WhichPurchase::read(&fields, partner.kind)?;
        cashier.resend(endpoint, &partner, which).await
    });
    reply::resend(&asked.await.unwrap_or_else(|_| {
        tracing::error!(%endpoint, "sending a mail once more ended in a panic");
        Err("internal error, please repeat later".into())
    }))
}

async fn correct(endpoint: Endpoint, app: App, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = match receive(&head.headers, body, app.body_deadline).await {
        Ok(body) => body,
        Err(why) => return reply::not_received(why),
    };
    let cashier = Arc::clone(&app.cashier);
    let asked = app.purchases.spawn(async move {
        let (fields, partner) =
            known(&*cashier, endpoint, &head.headers, &body).await.map_err(|(_, error)| error)?;
        let correction = Correction::read(&fields, partner.kind)?;
        cashier.correct(endpoint, &partner, correction).await
    });
    reply::corrected(&asked.await.unwrap_or_else(|_| {
        tracing::error!(%endpoint, "a correction of an e-mail address ended in a panic");
        Err("internal error, please repeat later; repeating is safe".into())
    }))
}

async fn quote(endpoint: Endpoint, app: App, request: Request) -> Response {
    let (head, _) = request.into_parts();
    // A task of its own contains a panic.
    let asked = tokio::spawn(async move {
        let fields = body::read_query(head.uri.query().unwrap_or_default());
        inquiry::answer(&*app.cashier, endpoint, &head.headers, &fields).await
    });
    reply::quote(&asked.await.unwrap_or_else(|_| {
        tracing::error!(%endpoint, "a request for a quote ended in a panic");
        Err("internal error, please repeat later; repeating is safe".into())
    }))
}

async fn unknown_path(method: Method) -> Response {
    if method == Method::OPTIONS {
        return reply::preflight(POST);
    }
    reply::error(StatusCode::NOT_FOUND, "there is nothing at this path; purchases go to /new_purchase")
}

async fn readyz(State(app): State<App>) -> Response {
    match tokio::spawn(async move { app.cashier.readiness().await }).await {
        Ok(checks) => reply::readiness(&checks),
        Err(_) => reply::error(StatusCode::SERVICE_UNAVAILABLE, "the server could not check itself"),
    }
}

async fn new_purchase(endpoint: Endpoint, app: App, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = match receive(&head.headers, body, app.body_deadline).await {
        Ok(body) => body,
        Err(why) => {
            app.metrics.not_received(endpoint);
            return reply::not_received(why);
        }
    };
    let (received, cashier) = (Instant::now(), Arc::clone(&app.cashier));
    // A task of its own goes on when the client hangs up, and contains a panic.
    let decided =
        app.purchases.spawn(async move { decide(&*cashier, endpoint, &head.headers, &body, received).await });
    let (outcome, answer) = decided.await.unwrap_or_else(|_| {
        tracing::error!(%endpoint, "a request for cashback ended in a panic");
        (Outcome::Failed, Answer::error("internal error; repeating the same request is safe"))
    });
    app.metrics.answered(endpoint, outcome, received.elapsed());
    reply::answer(&answer)
}

async fn refund(endpoint: Endpoint, app: App, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = match receive(&head.headers, body, app.body_deadline).await {
        Ok(body) => body,
        Err(why) => return reply::not_received(why),
    };
    let (received, cashier) = (Instant::now(), Arc::clone(&app.cashier));
    let decided = app.purchases.spawn(async move {
        let (fields, partner) = match known(&*cashier, endpoint, &head.headers, &body).await {
            Ok(known) => known,
            Err((_, error)) => return RefundAnswer::Error(error),
        };
        match Refund::read(&fields, partner.kind) {
            Ok(refund) => cashier.refund(endpoint, &partner, refund, received).await,
            Err(error) => RefundAnswer::Error(error.into()),
        }
    });
    let answer = decided.await.unwrap_or_else(|_| {
        tracing::error!(%endpoint, "a refund ended in a panic");
        RefundAnswer::Error("internal error; repeating the same request is safe".into())
    });
    reply::refund(&answer)
}

fn is_compressed(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_ENCODING).is_some_and(|encoding| {
        let encoding = encoding.as_bytes().trim_ascii();
        !encoding.is_empty() && !encoding.eq_ignore_ascii_case(b"identity")
    })
}

/// First the body must be readable, then the partner known, and only then is any field judged.
async fn decide(
    cashier: &dyn Cashier,
    endpoint: Endpoint,
    headers: &HeaderMap,
    body: &Bytes,
    received: Instant,
) -> (Outcome, Answer) {
    let (fields, partner) = match known(cashier, endpoint, headers, body).await {
        Ok(known) => known,
        Err((outcome, error)) => return (outcome, Answer::Error(error)),
    };
    let answer = match Purchase::read(&fields, partner.kind) {
        Ok(purchase) => cashier.purchase(endpoint, &partner, purchase, received).await,
        Err(error) => Answer::Error(ErrorText::from(error)),
    };
    (outcome_of(&answer), answer)
}

/// The fields of a body, and the partner that they name.
async fn known<'a>(
    cashier: &dyn Cashier,
    endpoint: Endpoint,
    headers: &HeaderMap,
    body: &'a Bytes,
) -> Result<(Fields<'a>, Partner), (Outcome, ErrorText)> {
    let unreadable = |error: ReadError| (Outcome::Unreadable, error.to_string().into());
    if is_compressed(headers) {
        return Err(unreadable(ReadError::Compressed));
    }
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let fields = body::read(content_type, body).map_err(unreadable)?;
    let (name, key) = credentials(&fields);
    match cashier.authenticate(name, key).await {
        Ok(Some(partner)) if !name.is_empty() && !key.is_empty() => Ok((fields, partner)),
        Ok(_) => Err((Outcome::Unauthenticated, "authentication failed".into())),
        Err(unavailable) => {
            tracing::warn!(%endpoint, %unavailable, "a request was turned away");
            Err((Outcome::Failed, "temporarily unavailable; please repeat the same request".into()))
        }
    }
}

const fn outcome_of(answer: &Answer) -> Outcome {
    match answer {
        Answer::Ok(paid) if paid.replayed => Outcome::Replayed,
        Answer::Ok(_) => Outcome::Paid,
        Answer::Pending => Outcome::Pending,
        Answer::Held => Outcome::Held,
        Answer::Error(_) => Outcome::Refused,
    }
}

/// Name and key, each empty where it is missing or no text: that fails like any that is wrong.
pub(super) fn credentials<'a>(fields: &'a Fields<'_>) -> (&'a str, &'a str) {
    let text = |field| fields.text(field).ok().flatten().unwrap_or_default();
    (text(Field::Partner), text(Field::PartnerKey))
}
