create or replace function ops.adopt_raw_table(target regclass) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    logical_name text := target::text;
    partitioned boolean := (select relkind = 'p' from pg_class where oid = target);
    listed text;
    keys text;
begin
    -- In a new database the first raw tables are made before the clock is.
    if to_regprocedure('ops.current_xid()') is null then
        perform ops.write_current_xid(0, 0);
    end if;
    select string_agg(quote_ident(attname), ', ' order by attnum) into listed
    from pg_attribute where attrelid = target and attnum > 0 and not attisdropped;

    select string_agg(quote_ident(a.attname), ', ' order by a.attnum) into keys
    from pg_attribute as a
    where
        a.attrelid = target
        and a.attnum = any(
            select unnest(i.indkey) from pg_index as i where i.indrelid = target and i.indisprimary
        );

    execute format(
        'alter table %s add column _xid bigint not null default ops.current_xid()',
        target
    );
    perform ops.watch(logical_name, target);

    if partitioned then
        execute format(
            'create index on %s using brin (_xid) with (pages_per_range = 32, autosummarize = on)', target
        );
        execute format(
            'create index on %s using brin (%I) with (pages_per_range = 32, autosummarize = on)',
            target, ops.partition_column(target)
        );
        execute format('create table %s partition of %s default', logical_name || '_default', target);
        perform ops.watch(logical_name, (logical_name || '_default')::regclass);
        execute format('grant insert (%s), select (%s) on %s to tidemark_loader', listed, keys, target);
    else
        execute format('create index on %s (_xid)', target);
        -- ON CONFLICT DO UPDATE SET x = excluded.x asks for SELECT on x, so an upsert needs all of them.
        execute format(
            'grant insert (%1$s), update (%1$s), select (%1$s) on %2$s to tidemark_loader', listed, target
        );
    end if;
end
$$;

comment on function ops.adopt_raw_table(regclass) is
'Gives a new raw table what all of them have: transaction ids, triggers, a default partition, grants. '
'To be called as soon as the table, its key and nothing else exist.';
