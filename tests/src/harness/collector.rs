//! A collector of traces, as OpenTelemetry's exporters know it.

use std::{net::SocketAddr, sync::Arc};

use anyhow::{Context as _, Result};
use opentelemetry_proto::tonic::{
    collector::trace::v1::{
        ExportTraceServiceRequest, ExportTraceServiceResponse,
        trace_service_server::{TraceService, TraceServiceServer},
    },
    common::v1::{KeyValue, any_value::Value},
    trace::v1::Span,
};
use parking_lot::Mutex;
use prost::Message;
use tokio::{net::TcpListener, task::JoinHandle};
use tonic::{
    Request, Response, Status,
    transport::{Server, server::TcpIncoming},
};

use super::addresses::own_host;

/// A running collector; it ends when it is dropped.
#[derive(Debug)]
pub struct Collector {
    address: SocketAddr,
    taken: Taken,
    server: JoinHandle<()>,
}

/// What it has taken.
#[derive(Debug, Clone, Default)]
struct Taken {
    requests: Arc<Mutex<Vec<ExportTraceServiceRequest>>>,
}

/// A span, and whose it is.
#[derive(Debug, Clone)]
pub struct Seen {
    /// `service.name` of its process.
    pub service: String,
    /// `service.instance.id` of its process.
    pub instance: String,
    /// The span.
    pub span: Span,
}

impl Seen {
    /// A text attribute of the span.
    pub fn attribute(&self, key: &str) -> Option<String> {
        text(&self.span.attributes, key)
    }
}

impl Collector {
    /// Runs one on a port that is free.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind((own_host(), 0)).await.context("a collector cannot listen")?;
        let address = listener.local_addr()?;
        let taken = Taken::default();
        let service = TraceServiceServer::new(taken.clone());
        let server = tokio::spawn(async move {
            // Until it is aborted.
            Server::builder().add_service(service).serve_with_incoming(TcpIncoming::from(listener)).await.ok();
        });
        Ok(Self { address, taken, server })
    }

    /// What `OTEL_EXPORTER_OTLP_ENDPOINT` must say.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All spans so far.
    pub fn spans(&self) -> Vec<Seen> {
        let mut spans = Vec::new();
        for resource in self.taken.requests.lock().iter().flat_map(|request| &request.resource_spans) {
            let of = |key| resource.resource.as_ref().and_then(|resource| text(&resource.attributes, key));
            let (service, instance) = (of("service.name").unwrap_or_default(), of("service.instance.id"));
            let instance = instance.unwrap_or_default();
            let scoped = resource.scope_spans.iter().flat_map(|scope| &scope.spans);
            spans.extend(scoped.map(|span| Seen {
                service: service.clone(),
                instance: instance.clone(),
                span: span.clone(),
            }));
        }
        spans
    }

    /// Everything that was sent, as bytes and as text.
    pub fn content(&self) -> Vec<u8> {
        let requests = self.taken.requests.lock();
        let mut content: Vec<u8> = requests.iter().flat_map(Message::encode_to_vec).collect();
        content.extend(format!("{requests:?}").into_bytes());
        content
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.server.abort();
    }
}

#[tonic::async_trait]
impl TraceService for Taken {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        self.requests.lock().push(request.into_inner());
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

fn text(attributes: &[KeyValue], key: &str) -> Option<String> {
    let attribute = attributes.iter().find(|attribute| attribute.key == key)?;
    match attribute.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text.clone()),
        _ => None,
    }
}
