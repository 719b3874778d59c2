create or replace function ops.note_seed(relation text, seconds double precision) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    last_digest constant text := (select s.digest from ops.seeds as s where s.relation = note_seed.relation);
    present_digest text;
    row_count bigint;
begin
    execute format(
        'select coalesce(md5(string_agg(md5(s::text), '''' order by md5(s::text))), ''''), count(*) from %s as s',
        relation::regclass
    ) into present_digest, row_count;
    insert into ops.seeds (relation, digest, loaded_at)
    values (note_seed.relation, present_digest, clock_timestamp())
    on conflict on constraint seeds_pkey do update set digest = excluded.digest, loaded_at = excluded.loaded_at;
    if present_digest is distinct from last_digest then
        insert into ops.refreshes (relation, kind, started_at, seconds, whole, rows_written)
        values (
            note_seed.relation, 'seed', clock_timestamp() - seconds * interval '1 second',
            round(seconds::numeric, 3), true, row_count
        );
    end if;
end
$$;

comment on function ops.note_seed(text, double precision) is
'Notes a seed that was loaded: one whose rows differ from those of the last time leaves a row in ops.refreshes.';
