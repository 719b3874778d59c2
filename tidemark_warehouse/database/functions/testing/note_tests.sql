create or replace function ops.note_tests(results jsonb) returns void
language sql set search_path = pg_catalog, pg_temp
as $$
    with noted as (
        update ops.tests as t
        set status = r.status, failures = r.failures, message = r.message, ran_at = clock_timestamp()
        from jsonb_to_recordset(results) as r (unique_id text, status text, failures bigint, message text)
        where t.unique_id = r.unique_id and t.status is null
        returning t as test
    )

    select ops.note_bad_rows(n.test) from noted as n where (n.test).status in ('pass', 'warn', 'fail')
$$;

comment on function ops.note_tests(jsonb) is 'After dbt has run data tests: how they came out.';
