create or replace function ops.store_test(test jsonb, as_of timestamptz, is_new_kept boolean) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    given ops.tests := jsonb_populate_record(null::ops.tests, test);
    present ops.tests;
    -- What is not the test itself but what became of it.
    outcome constant text[] := array['reads', 'seen', 'seen_before', 'as_of', 'status', 'failures', 'message', 'ran_at'];
begin
    -- Losing it in a crash means that the test runs once more.
    perform set_config('synchronous_commit', 'off', true);
    -- For the query that follows in this session.
    perform set_config('tidemark.as_of', as_of::text, false);
    select t.* into present from ops.tests as t where t.unique_id = given.unique_id;
    if to_jsonb(given) - outcome is distinct from to_jsonb(present) - outcome then
        if not is_new_kept then
            return;
        end if;
        given.reads := ops.tables_beneath(given.text);
        delete from ops.tests as t where t.unique_id = given.unique_id;
        insert into ops.tests select given.*;
    end if;
    -- No status until it is known: a build that is killed meanwhile leaves it to be run again.
    perform ops.begin_look(given.unique_id, store_test.as_of);
end
$$;

comment on function ops.store_test(jsonb, timestamptz, boolean) is
'Before dbt runs a data test: stores its compiled query, unless that is there already, and what it is about to see. Of '
'another command than a build (is_new_kept is false) only tests that are there are noted.';
