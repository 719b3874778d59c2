{% macro read_tide(relation) -%}
    {#-
        How this build stands to the last one, after the lock and before anything is read:

        now_seen   the transactions that are visible now: the watermark that this build will store
        seen       the last build's watermark
        whole      compute every key: from nothing, after an edit, beneath it a relation was filled anew, with --full-refresh
        empty      the table has no row
        reshaped   the contract's columns or key differ from those of the table
        unsettled  descriptions, indexes or grants differ
        touched_by_retention   rows were removed from it, or from what it reads (read_sealed_time.sql)
        fingerprint, shape, settings, reads   what the watermark remembers of the definition

        One query; no part of it depends on when the last build ran.
    -#}
    {%- set name = relation_name(relation) -%}
    {%- set beneath = upstream(model) -%}
    {%- set tide = {
        'name': name,
        'reads': [],
        'shape': local_md5(tojson([config.get('unique_key'), table_columns()])),
        'settings': local_md5(tojson([
            model.description, model.columns.values() | map(attribute='description') | list,
            config.get('indexes', []), config.get('grants'),
        ])),
    } -%}
    {%- for table in beneath.tables -%}
        {%- do tide.reads.append(relation_name(table)) -%}
    {%- endfor -%}

    {%- set answer = run_query(tide_query(relation, tide, beneath)) -%}
    {%- set row = answer.rows[0] -%}
    {%- for column in answer.column_names -%}
        {%- do tide.update({column: row[column]}) -%}
    {%- endfor -%}
    {%- do tide.update({'whole': flags.FULL_REFRESH or tide.stale or scope_sql() is none}) -%}
    {%- do read_sealed_time(tide) -%}
    {{- return(tide) -}}
{%- endmacro %}


{% macro tide_query(relation, tide, beneath) -%}
    with definition as (
        select
            md5(concat_ws(
                ' ',
                '{{ local_md5(sql | replace(as_of(), "as_of")) }}'
                {%- for view in beneath.views | unique %},
                pg_get_viewdef('{{ view }}'::regclass)
                {%- endfor %}
                {%- for seed in beneath.seeds | unique %},
                (
                    select md5(string_agg(md5(seed::text), '' order by md5(seed::text)))
                    from {{ seed }} as seed
                )
                {%- endfor %}
            )) as fingerprint,
            ops.current_snapshot()::text as now_seen
    ),

    compared as (
        select
            definition.*,
            last.seen::text as seen,
            last.shape is distinct from '{{ tide.shape }}' as reshaped,
            last.settings is distinct from '{{ tide.settings }}' as unsettled,
            last.fingerprint is distinct from definition.fingerprint as edited,
            exists (
                select from ops.changes as c
                where
                    c.relation = any({{ text_array(tide.reads) }})
                    and c.kind = 'reset'
                    and ops.is_unseen(c.xid, last.seen)
            ) as refilled,
            exists (
                select from ops.sealed_periods as p
                where p.relation = any({{ text_array(tide.reads) }})
            )
            or exists (
                select from ops.purged_marts as m
                where m.relation = any({{ text_array(tide.reads + [tide.name]) }})
            ) as touched_by_retention
        from definition
        left join ops.watermarks as last on last.relation = '{{ tide.name }}'
    )

    select
        compared.*,
        not exists (select from {{ relation }}) as empty,
        reshaped or edited or refilled as stale
    from compared
{%- endmacro %}
