//! A publication stream that is passed on to the leader, for workers that cannot dial it.

use futures::{StreamExt, stream};
use silhouette_proto::v1::{
    PublishHeader, PublishValuesRequest, PublishValuesResponse, publish_values_request::Part,
    rounds_client::RoundsClient,
};
use tonic::{Status, Streaming, transport::Channel};

use super::forward::{forwarded, outcome};

/// Passes a stream, whose header was read, on to the leader, and the leader's events back.
pub(super) async fn relay(
    leader: Channel,
    header: PublishHeader,
    parts: Streaming<PublishValuesRequest>,
) -> Result<stream::BoxStream<'static, Result<PublishValuesResponse, Status>>, Status> {
    let first = PublishValuesRequest { part: Some(Part::Header(header)) };
    // A stream that breaks here ends there, before its commit; what is staged stays for the next.
    let rest =
        parts.take_while(|part| std::future::ready(part.is_ok())).filter_map(|part| std::future::ready(part.ok()));
    let parts = stream::iter([first]).chain(rest);
    let answer = RoundsClient::new(leader).publish_values(forwarded(parts, None)).await.map_err(outcome)?;
    Ok(answer.into_inner().map(|event| event.map_err(outcome)).boxed())
}
