create or replace function ops.note_guards() returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    delete from ops.guards;
    insert into ops.guards (relation, kind, name, definition)
    select t.target::text, g.kind, g.name, g.definition
    from ops.raw_tables() as t (target)
    cross join lateral ops.guards_of(t.target) as g;
    perform ops.note_versions(t.target) from ops.raw_tables() as t (target);
end
$$;

comment on function ops.note_guards() is 'Takes what guards raw now as what was installed: after migrations.';
