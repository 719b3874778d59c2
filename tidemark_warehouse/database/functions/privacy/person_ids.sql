create or replace function ops.person_ids(given text) returns text[]
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
    ids text[] := array[given];
    leads_to text := ops.next_identity(given);
    latest text[];
    found text[];
begin
    -- On to whom the id leads, and back to all that lead there.
    while leads_to is not null and leads_to <> all(ids) loop
        ids := ids || leads_to;
        leads_to := ops.next_identity(leads_to);
    end loop;
    latest := ids;
    while latest <> '{}' loop
        select array_agg(distinct w.id) into found
        from ops.ids_of_users(latest) as w (id)
        where w.id <> all(ids);
        latest := coalesce(found, '{}');
        ids := ids || latest;
    end loop;
    return array(select i.id from unnest(ids) as i (id) order by i.id);
end
$$;

comment on function ops.person_ids(text) is
'An id with those that belong to the same person: those that it leads to, and all that lead to one of these.';
