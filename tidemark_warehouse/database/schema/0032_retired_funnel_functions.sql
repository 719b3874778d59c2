-- Searches for attempts that took other ways: ops.unordered_attempt_of_any and ops.attempt_in_turn_of_any do their work.

drop function if exists ops.steps_matched(timestamptz[], bigint[], integer, timestamptz, integer);
drop function if exists ops.attempt_in_any_order(integer, interval, timestamptz[], bigint[], integer);
drop function if exists ops.attempt_in_turn(integer, boolean, interval, timestamptz[], bigint[], integer, integer);
