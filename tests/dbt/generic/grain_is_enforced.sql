{#- docs/spec.md says of each mart (section 2): its grain is a unique key that the database itself
    enforces. Asks the catalog alone, so that its cost does not grow with the mart. -#}
{% test grain_is_enforced(model) %}
    select {{ grain_of(model) }} as grain_without_key
    where not exists (
        select
        from pg_constraint as c
        inner join pg_index as i on c.conindid = i.indexrelid
        where
            c.conrelid = '{{ model }}'::regclass
            and c.contype = 'u'
            and c.convalidated
            and i.indisvalid
            and i.indnullsnotdistinct
            and {{ grain_of(model) }} = array(
                select a.attname::text
                from pg_attribute as a
                where a.attrelid = c.conrelid and a.attnum = any(c.conkey)
                order by a.attname::text
            )
    )
{% endtest %}
