create or replace function ops.run_test(unique_id text, as_of timestamptz) returns ops.tests
language plpgsql set search_path = pg_catalog, pg_temp set jit = off
as $$
#variable_conflict use_column
declare
    began constant timestamptz := clock_timestamp();
    test ops.tests;
    found_failures bigint;
    is_warned boolean;
    is_failed boolean;
begin
    perform ops.begin_look(run_test.unique_id, run_test.as_of);
    select t.* into strict test from ops.tests as t where t.unique_id = run_test.unique_id;
    perform set_config('tidemark.as_of', run_test.as_of::text, true);
    execute test.text into found_failures, is_warned, is_failed;
    is_failed := is_failed and test.severity = 'error';
    test.status := case when is_failed then 'fail' when is_warned then 'warn' else 'pass' end;
    test.failures := case when test.status = 'pass' then 0 else found_failures end;
    test.message := format(
        'Got %s %s, configured to %s if %s',
        found_failures,
        case when found_failures = 1 then 'result' else 'results' end,
        case when is_failed then 'fail' else 'warn' end,
        case when is_failed then test.error_if else test.warn_if end
    );
    if test.status = 'pass' then
        test.message := null;
    end if;
    update ops.tests as t
    set
        status = test.status, failures = test.failures, message = test.message, ran_at = clock_timestamp()
    where t.unique_id = test.unique_id;
    perform ops.note_bad_rows(test);
    if is_failed then
        perform ops.note_failure(test.name, 'test', began, test.message);
    end if;
    return test;
end
$$;

comment on function ops.run_test(text, timestamptz) is
'Runs a stored data test, and says in dbt''s words how it came out.';
