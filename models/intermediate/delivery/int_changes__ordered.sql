{{ config(unique_key=['feature_request_id', 'field', 'change_number']) }}

{% set affected %}
    select c.feature_request_id
    from {{ changed(ref('stg_delivery__changes')) }} as c
    union all
    select f.feature_request_id
    from {{ changed(ref('stg_delivery__features')) }} as f
{% endset %}

with

{{ scope(affected) }},

-- A change with old = new is none.
changes as (
    select
        *,
        row_number() over (
            partition by feature_request_id, field
            order by changed_at, change_id
        ) as place,
        count(*) over (partition by feature_request_id, field, changed_at) as changes_of_instant
    from {{ ref('stg_delivery__changes') }}
    where
        old_value is distinct from new_value
        and {{ in_scope('feature_request_id') }}
),

present_values as (
    select
        feature.feature_request_id,
        present.field,
        present.value
    from {{ ref('stg_delivery__features') }} as feature
    cross join
        lateral (
            values
            ('status', feature.status),
            ('priority', feature.priority),
            ('project_id', feature.project_id),
            ('assigned_to_id', feature.assigned_to_id),
            ('deadline', {{ date_text('feature.deadline') }})
        ) as present (field, value)
    where {{ in_scope('feature.feature_request_id') }}
),

fields_with_changes_at_one_instant as (
    select
        c.feature_request_id,
        c.field,
        present.value as present_value,
        array_agg(c.changed_at order by c.place) as instants,
        array_agg(quote_nullable(c.old_value) order by c.place) as old_values,
        array_agg(quote_nullable(c.new_value) order by c.place) as new_values
    from changes as c
    left join present_values as present
        on c.feature_request_id = present.feature_request_id and c.field = present.field
    group by c.feature_request_id, c.field, present.value
    having max(c.changes_of_instant) > 1
),

places_in_turn as (
    select
        several.feature_request_id,
        several.field,
        in_turn.place,
        in_turn.number
    from fields_with_changes_at_one_instant as several
    cross join
        lateral unnest(
            ops.chain_order(
                several.instants,
                several.old_values,
                several.new_values,
                quote_nullable(several.present_value)
            )
        ) with ordinality as in_turn (place, number)
),

numbered as (
    select
        c.*,
        coalesce(in_turn.number, c.place) as change_number
    from changes as c
    left join places_in_turn as in_turn
        on
            c.feature_request_id = in_turn.feature_request_id
            and c.field = in_turn.field
            and c.place = in_turn.place
),

linked as (
    select
        *,
        lag(new_value) over (
            partition by feature_request_id, field
            order by change_number
        ) as value_before
    from numbered
),

final as (
    select
        feature_request_id,
        field,
        row_number() over (
            partition by feature_request_id, field
            order by change_number
        ) as change_number,
        change_id,
        changed_at,
        old_value,
        new_value,
        change_number > 1
        and quote_nullable(old_value) <> quote_nullable(value_before) as is_contradicting
    from linked
    -- What ends where the one before it ended is the same move, told twice.
    where change_number = 1 or new_value is distinct from value_before
)

select *
from final
