-- Changes of features that contradict each other, or the feature itself. They are kept, and the
-- record wins; whoever writes it should know.
{{ config(
    group='delivery',
    severity='warn',
    meta={
        'dagster': {'ref': {'name': 'int_changes__ordered', 'package': 'tidemark'}},
        'tells_rows': true,
    },
) }}

with

changes as (
    select *
    from {{ ref('int_changes__ordered') }}
),

last_statuses as (
    select distinct on (feature_request_id)
        feature_request_id,
        new_value
    from changes
    where field = 'status'
    order by feature_request_id asc, change_number desc
),

features as (
    select *
    from {{ ref('stg_delivery__features') }}
)

select
    feature_request_id,
    field,
    'a change begins at another value than the change before it ended' as contradiction,
    count(*) as changes
from changes
where is_contradicting
group by feature_request_id, field
union all
select
    feature.feature_request_id,
    'status' as field,
    'the last change ended at another status than the feature has' as contradiction,
    1 as changes
from features as feature
inner join last_statuses as last_status
    on feature.feature_request_id = last_status.feature_request_id
where feature.status is distinct from last_status.new_value
