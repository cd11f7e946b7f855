//! What stands for the network between the operator and the API server in tests: it keeps each request and gives the
//! answers that it was told to give, in their order.

use std::{collections::VecDeque, sync::Arc};

use http::{Request, Response, StatusCode};
use kube::{Client, client::Body};
use parking_lot::Mutex;
use serde_json::{Value, json};

/// A request as it would have gone over the network.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sent {
    /// Such as `PATCH /api/v1/namespaces/ns/pods/demo-1?force=true`.
    pub(crate) line: String,
    /// Its body; null if it has none.
    pub(crate) body: Value,
}

/// The network.
#[derive(Clone, Default)]
pub(crate) struct Transport {
    sent: Arc<Mutex<Vec<Sent>>>,
    answers: Arc<Mutex<VecDeque<(StatusCode, Value)>>>,
}

impl Transport {
    /// Gives `body` as its next answer.
    pub(crate) fn answers(self, code: u16, body: Value) -> Self {
        self.answers.lock().push_back((StatusCode::from_u16(code).expect("a code"), body));
        self
    }

    /// Gives a failure as its next answer, as the API server words it.
    pub(crate) fn fails(self, code: u16, reason: &str, message: &str) -> Self {
        let status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {},
            "status": "Failure", "code": code, "reason": reason, "message": message,
        });
        self.answers(code, status)
    }

    /// A client that talks over it.
    pub(crate) fn client(&self) -> Client {
        let transport = self.clone();
        let service = tower::service_fn(move |request: Request<Body>| {
            let transport = transport.clone();
            async move {
                let line = format!("{} {}", request.method(), request.uri());
                let body = request.into_body().collect_bytes().await?;
                let body = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).expect("JSON") };
                transport.sent.lock().push(Sent { line, body });
                let (code, body) = transport.answers.lock().pop_front().expect("an answer for each request");
                let mut answer = Response::new(Body::from(body.to_string().into_bytes()));
                *answer.status_mut() = code;
                Ok::<_, kube::Error>(answer)
            }
        });
        Client::new(service, "ns")
    }

    /// The requests so far.
    pub(crate) fn sent(&self) -> Vec<Sent> {
        self.sent.lock().clone()
    }
}
