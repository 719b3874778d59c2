create or replace function ops.person_ids(given text) returns text[]
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
declare
    users text[] := array[given];
    ids text[];
    source text;
    found text[];
begin
    foreach source in array array['raw.identities', 'intermediate.int_identities__resolved'] loop
        if to_regclass(source) is not null then
            execute format('select array_agg(i.user_id) from %s as i where i.distinct_id = $1', source)
            into found using given;
            users := users || coalesce(found, '{}');
        end if;
    end loop;
    ids := users;
    foreach source in array array[
        'raw.identities', 'intermediate.int_identities__resolved', 'intermediate.int_identifications__dated',
        '(select e.distinct_id, e.user_id from raw.events as e '
        || 'where coalesce(e.event_type, ''track'') = ''identify'' and e.user_id is not null)'
    ] loop
        if source like '(%' or to_regclass(source) is not null then
            execute format('select array_agg(distinct i.distinct_id) from %s as i where i.user_id = any($1)', source)
            into found using users;
            ids := ids || coalesce(found, '{}');
        end if;
    end loop;
    return array(select distinct i.id from unnest(ids) as i (id) order by i.id);
end
$$;

comment on function ops.person_ids(text) is
'An id with those that belong to the same person: of a user all distinct ids, of a distinct id its user''s.';
