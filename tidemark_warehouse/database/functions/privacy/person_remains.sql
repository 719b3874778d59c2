create or replace function ops.person_remains(ids text[]) returns table (relation text, row_count bigint)
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
    for relation in
        select 'raw.intervention_audit_log'
        union all
        select s.oid::regclass::text
        from pg_class as s
        where s.relnamespace = 'seeds'::regnamespace and s.relkind = 'r'
    loop
        execute format('select count(*) from %s as r where (to_jsonb(r) - ''audit_id'')::text like any($1)', relation)
        into row_count using ops.id_patterns(ids);
        if row_count > 0 then
            return next;
        end if;
    end loop;
end
$$;

comment on function ops.person_remains(text[]) is
'Rows that name a person and that no erasure changes: of the audit log, which nobody edits, and of seeds, which '
'analysts do.';
