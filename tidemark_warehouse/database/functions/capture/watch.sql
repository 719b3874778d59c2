create or replace function ops.watch(logical_name text, target regclass) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    execute format(
        'create trigger log_updated after update on %s referencing old table as old_rows '
        'for each statement execute function ops.log_old_rows(%L)', target, logical_name
    );
    execute format(
        'create trigger log_deleted after delete on %s referencing old table as old_rows '
        'for each statement execute function ops.log_old_rows(%L)', target, logical_name
    );
    execute format(
        'create trigger refuse_truncate before truncate on %s '
        'for each statement execute function ops.refuse_truncate(%L)', target, logical_name
    );
end
$$;

comment on function ops.watch(text, regclass) is
'Statement triggers of a raw table or of one of its partitions (they are not inherited).';
