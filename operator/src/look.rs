//! One look at the API server and the nodes.
