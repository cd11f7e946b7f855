//! The loop of a resource: look, plan, carry out, report.
