-- The contract says of each mart: its grain is a unique key that the database itself enforces.
-- Lists the tables whose key is gone or is not the unique_key of their model, by one query for all.

with

grains as (
    select
        null::text as relation,
        null::text[] as grain
    where false
    {% for node in graph.nodes.values() if node.config.materialized == 'incremental' %}
        union all
        select
            '{{ node.schema }}.{{ node.alias }}' as relation,
            {{ text_array(node.config.unique_key | sort) }} as grain
    {% endfor %}
),

-- A model that was never built has no table yet.
grains_of_tables as (
    select
        relation,
        grain,
        to_regclass(relation) as table_id
    from grains
    where to_regclass(relation) is not null
),

keys as (
    select
        c.conrelid as table_id,
        array_agg(a.attname::text order by a.attname::text) as grain
    from pg_constraint as c
    inner join pg_index as i on c.conindid = i.indexrelid
    inner join pg_attribute as a on c.conrelid = a.attrelid and a.attnum = any(c.conkey)
    where
        c.contype = 'u'
        and c.convalidated
        and i.indisvalid
        and i.indnullsnotdistinct
    group by c.oid, c.conrelid
),

final as (
    select
        g.relation,
        g.grain
    from grains_of_tables as g
    left join keys as k on g.table_id = k.table_id and g.grain = k.grain
    where k.table_id is null
)

select *
from final
