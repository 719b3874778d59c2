create or replace function ops.add_partition(parent regclass, month_start timestamptz) returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' set lock_timeout = '3s'
as $$
declare
    logical_name text;
    column_name constant name := ops.partition_column(parent);
    child text;
    default_child regclass;
    month_end constant timestamptz := month_start + interval '1 month';
    crowded boolean;
    rule record;
begin
    perform ops.check_partitioned_raw(parent);
    -- Names are the catalog's own, and quoted: nothing that a caller says becomes part of a statement.
    select
        format('%I.%I', n.nspname, c.relname),
        format('%I.%I', n.nspname, c.relname || to_char(month_start, '"_"YYYY"_"MM')),
        nullif(p.partdefid, 0)::regclass
    into strict logical_name, child, default_child
    from pg_partitioned_table as p
    inner join pg_class as c on p.partrelid = c.oid
    inner join pg_namespace as n on c.relnamespace = n.oid
    where c.oid = parent;

    if to_regclass(child) is not null then
        return false;
    end if;
    perform pg_advisory_xact_lock(hashtextextended('tidemark partitions of ' || logical_name, 0));
    if to_regclass(child) is not null then
        return false;
    end if;

    execute format('create table %s (like %s including all excluding constraints)', child, parent);
    if default_child is not null then
        execute format('lock table %s in access exclusive mode', default_child);
        execute format(
            'select exists (select from %s where %I >= %L and %I < %L)',
            default_child, column_name, month_start, column_name, month_end
        ) into crowded;
    end if;
    if crowded then
        -- A move is no change: no old versions, and the rows keep their transaction ids.
        execute format('alter table %s disable trigger user', default_child);
        execute format(
            'with moved as (delete from %s where %I >= %L and %I < %L returning *) '
            'insert into %s select * from moved',
            default_child, column_name, month_start, column_name, month_end, child
        );
        execute format('alter table %s enable trigger user', default_child);
        perform ops.watch(logical_name, default_child::regclass);
    end if;
    -- After the move: rows that were there before a rule stay, as the rule says (not valid).
    for rule in
        select c.conname, pg_get_constraintdef(c.oid) as definition
        from pg_constraint as c
        where c.conrelid = parent and c.contype = 'c'
    loop
        execute format('alter table %s add constraint %I %s', child, rule.conname, rule.definition);
    end loop;
    execute format(
        'alter table %s attach partition %s for values from (%L) to (%L)',
        parent, child, month_start, month_end
    );
    perform ops.watch(logical_name, child::regclass);
    if crowded then
        execute format('analyze %s', child);
    end if;
    return true;
exception
    when lock_not_available then
        raise warning 'partition % waits: % is held by another transaction', child, default_child
            using hint = 'Rows stay in the default partition until a later build or load moves them.';
        return false;
end
$$;

comment on function ops.add_partition(regclass, timestamptz) is
'Adds the month''s partition, with the rows that the default partition holds for it. False where it '
'exists, or where a lock could not be had within 3 seconds: the default partition goes on taking them.';
