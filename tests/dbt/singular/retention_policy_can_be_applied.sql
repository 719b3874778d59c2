-- Refuses rows of the seed retention_policy that the nightly job would refuse: tables from which
-- nothing can be removed by age, marts that were to be archived, and tables that a model reads
-- further back than they are kept.
{{ config(
    group='shared',
    meta={'dagster': {'ref': {'name': 'retention_policy', 'package': 'tidemark'}}},
) }}

with

targets as (
    select
        split_part(t.relation, '.', 2) as table_name,
        t.is_raw,
        t.reads_back_days,
        t.time_column is not null
        or t.relation = 'raw.time_sessions'
        or exists (
            select from pg_partitioned_table as p
            where p.partrelid = to_regclass(t.relation)
        ) as is_timed
    from ops.retention_targets as t
),

rules as (
    select
        table_name,
        case when keep_days ~ '^\d{1,5}$' then keep_days::integer end as keep_days,
        lower(archive) in ('true', 't', '1') as is_archived
    from {{ ref('retention_policy') }}
),

final as (
    select
        'seeds/retention_policy.csv' as seed_file,
        r.table_name,
        case
            when t.is_timed is not true
                then 'nothing can be removed from it by age; from these it can: ' || (
                    select string_agg(known.table_name, ', ' order by known.table_name)
                    from targets as known
                    where known.is_timed
                )
            when r.is_archived and not t.is_raw
                then 'it is a mart, and only raw tables are archived: write false'
            when r.keep_days < t.reads_back_days
                then 'a mart reads it ' || t.reads_back_days || ' days back: keep it as long'
        end as problem
    from rules as r
    left join targets as t on r.table_name = t.table_name
    where
        t.is_timed is not true
        or (r.is_archived and not t.is_raw)
        or r.keep_days < t.reads_back_days
)

select *
from final
