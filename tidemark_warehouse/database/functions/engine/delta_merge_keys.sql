create or replace function ops.delta_merge_keys(program ops.programs, last ops.watermarks, moment ops.moment)
returns ops.moment
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    new_keys bigint := 0;
    read_keys bigint := 0;
    added_keys bigint;
    stretches bigint;
begin
    moment.is_one_stretch := false;
    moment.is_span_by_span := false;
    moment.is_adding := false;
    if moment.window_from is not null then
        -- Keys of a window are computed, not added to.
        execute ops.keys_from(program.texts ->> 'scope') using moment;
        execute format('create temporary table new_keys on commit drop as %s', 'select 1 as n limit 0');
        execute 'create temporary table added_keys on commit drop as select null::bigint as row_count, '
            'null::bigint as standing, t.* from ' || program.relation::regclass || ' as t limit 0';
        moment.is_span_by_span := true;
        return moment;
    end if;

    -- Replaced rows: their keys are computed again, whatever else came to them.
    execute ops.keys_from(program.texts ->> 'scope_of_replaced') using moment;
    execute program.texts ->> 'new_keys' using moment;
    select count(*), count(*) filter (where n.is_read) into new_keys, read_keys from pg_temp.new_keys as n;
    if new_keys > 0 and new_keys = read_keys then
        -- Every changed key lies in a bucket that is read: the scope is the buckets.
        moment.mode := 'buckets';
        drop table pg_temp.affected_keys;
        execute format(
            'create temporary table affected_keys on commit drop as select distinct n.%1$I from pg_temp.new_keys as n',
            program.options ->> 'bucket'
        );
        moment.keys := new_keys;
    else
        execute program.texts ->> 'added_keys' using moment;
        execute program.texts ->> 'widen';
        select count(*) into moment.keys from pg_temp.affected_keys;
        execute program.texts ->> 'figures' into
            added_keys, moment.added_rows, moment.added_from, moment.added_to,
            moment.is_one_bucket, moment.counted_from, moment.counted_to;
        moment.is_adding := added_keys > 0;
        moment.keys := moment.keys + added_keys;
    end if;
    execute program.texts ->> 'stretches' into stretches, moment.read_from, moment.read_to;
    moment.is_one_stretch := stretches = 1;
    moment.is_span_by_span := stretches > 1;

    -- The planner believes that hardly any row is new, and hardly any in a span to read: all plans of a narrowed count
    -- cost nearly the same to it then, and of those it takes one that sorts, or looks up the identity of one event
    -- after the other. Where many rows come, hash tables take a third of the time.
    if not moment.is_adding or moment.added_rows >= (program.options ->> 'rows_per_stretch')::bigint then
        set local enable_sort = off;
        if moment.is_adding then
            set local enable_nestloop = off;
        end if;
    end if;
    return moment;
end
$$;

comment on function ops.delta_merge_keys(ops.programs, ops.watermarks, ops.moment) is
'Delta merge: which keys are computed again, and which only get what their new rows add. It is exact because a refresh '
'reads one snapshot, the one that its watermark names: a row is in the result of exactly one refresh.';
