{{ config(unique_key=['project_id', 'date', 'status']) }}

{% set affected %}
    -- A change moves the counts of its status from its date on; a status that a project has for the
    -- first time, and another first date, touch all its dates; a new date all its statuses.
    with days as (
        select
            min(t.today) as last_today,
            max(t.today) as latest_today
        from {{ changed(ref('int_now__known')) }} as t
        having count(*) > 0
    ),

    touched as (
        select
            m.project_id,
            m.status,
            m.date as from_date
        from {{ changed(ref('int_features__moved')) }} as m
        union all
        select
            h.project_id,
            h.status,
            h.project_first_date as from_date
        from {{ changed(ref('int_project_statuses__had')) }} as h
        union all
        select
            h.project_id,
            h.status,
            case
                when h.status_first_date > d.last_today then h.project_first_date
                else d.last_today + 1
            end as from_date
        from days as d
        cross join {{ ref('int_project_statuses__had') }} as h
    ),

    first_touched as (
        select
            project_id,
            status,
            greatest(min(from_date), {{ history_begins() }}) as from_date
        from touched
        group by project_id, status
    )

    select
        t.project_id,
        t.from_date + later.days as date,
        t.status
    from first_touched as t
    left join days as d on true
    cross join
        lateral generate_series(
            0, greatest({{ local_date(as_of()) }}, d.latest_today) - t.from_date
        ) as later (days)
{% endset %}

with

{{ scope(affected) }},

statuses as (
    select *
    from {{ ref('int_project_statuses__had') }}
    where
        status_first_date <= {{ local_date(as_of()) }}
        and {{ in_scope('project_id', 'status') }}
),

calendar as (
    select
        h.project_id,
        scope.date,
        h.status
    from scope
    inner join statuses as h on scope.project_id = h.project_id and scope.status = h.status
    where scope.date between h.project_first_date and {{ local_date(as_of()) }}
),

moves as (
    select
        project_id,
        date,
        status,
        features,
        false as is_in_calendar
    from {{ ref('int_features__moved') }}
    where
        features <> 0
        and date <= {{ local_date(as_of()) }}
        and {{ in_scope('project_id', 'status') }}
    union all
    select
        project_id,
        date,
        status,
        0 as features,
        true as is_in_calendar
    from calendar
),

moves_of_dates as (
    select
        project_id,
        date,
        status,
        sum(features) as features,
        bool_or(is_in_calendar) as is_in_calendar
    from moves
    group by project_id, date, status
),

states as (
    select
        project_id,
        date,
        status,
        sum(features) over (partition by project_id, status order by date) as features,
        is_in_calendar
    from moves_of_dates
),

final as (
    select
        project_id,
        date,
        status,
        features::bigint as features
    from states
    where is_in_calendar
)

select *
from final
