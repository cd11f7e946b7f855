//! Whole-system tests: a file for each promise. See `silhouette_tests` for how they run.

mod a_full_disk_stops_a_node;
mod a_node_refuses_to_start_wrongly;
mod a_report_tells_all_but_secrets;
mod bad_input_changes_nothing;
mod calls_may_be_repeated;
mod configuration_has_origins;
mod divergence_is_never_served;
mod every_command_of_the_documentation_runs;
mod fairness;
mod late_members_get_the_encoding;
mod no_second_cluster_is_founded;
mod nothing_acknowledged_is_lost;
mod published_keys_are_in_no_file;
mod readiness_follows_the_cluster;
mod telemetry_follows_a_call;
mod telemetry_shows_no_secret;
mod the_command_line_explains_itself;
mod the_command_line_keeps_its_word;
mod the_command_line_says_what_is_wrong;
mod the_command_line_tries_first;
mod the_command_line_types_values;
mod the_command_line_watches_a_round;
mod the_order_of_commits_decides_keys;
