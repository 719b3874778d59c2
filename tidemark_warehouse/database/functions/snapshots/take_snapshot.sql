create or replace function ops.take_snapshot(
    relation text, as_of timestamptz, out rows_begun bigint, out rows_ended bigint
)
language plpgsql set search_path = pg_catalog, pg_temp set jit = off
as $$
declare
    snapshot ops.snapshots;
    moment ops.moment;
    now_seen pg_snapshot;
    listed text;
begin
    -- As the materialization does: of two at once each would add the same versions.
    perform pg_advisory_xact_lock(hashtextextended('tidemark ' || relation, 0));
    select s.* into strict snapshot from ops.snapshots as s where s.relation = take_snapshot.relation;
    now_seen := ops.current_snapshot();
    moment.as_of := as_of;
    execute 'create temporary table versions as ' || snapshot.text using moment;
    select string_agg(quote_ident(a.attname), ', ' order by a.attnum) into listed
    from pg_attribute as a
    where
        a.attrelid = 'pg_temp.versions'::regclass
        and a.attnum > 0
        and a.attname not in ('dbt_change_type', 'dbt_unique_key');
    execute format(
        'update %s as t set dbt_valid_to = v.dbt_valid_to from pg_temp.versions as v '
        'where v.dbt_scd_id = t.dbt_scd_id and v.dbt_change_type in (''update'', ''delete'') '
        'and t.dbt_valid_to is null',
        relation::regclass
    );
    get diagnostics rows_ended = row_count;
    execute format(
        'insert into %1$s (%2$s) select %2$s from pg_temp.versions where dbt_change_type = ''insert''',
        relation::regclass, listed
    );
    get diagnostics rows_begun = row_count;
    drop table pg_temp.versions;
    update ops.snapshots as s set seen = now_seen where s.relation = take_snapshot.relation;
end
$$;

comment on function ops.take_snapshot(text, timestamptz) is
'Takes a dbt snapshot as its materialization would: versions that differ from raw end at as_of, and others begin.';
