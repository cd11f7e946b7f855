//! Whole-system tests: a file for each promise. See `silhouette_tests` for how they run.

mod a_full_disk_stops_a_node;
mod a_node_refuses_to_start_wrongly;
mod admission_keeps_memory_within_the_budget;
mod bad_input_changes_nothing;
mod calls_may_be_repeated;
mod connections_age_and_spread;
mod garbage_on_every_port;
mod late_members_get_the_encoding;
mod limits_are_kept;
mod no_second_cluster_is_founded;
mod nothing_acknowledged_is_lost;
mod published_keys_are_in_no_file;
mod readiness_follows_the_cluster;
mod the_command_line_keeps_its_word;
