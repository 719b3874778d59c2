{{ config(unique_key=['project_id', 'status']) }}

{% set affected %}
    select m.project_id
    from {{ changed(ref('int_features__moved')) }} as m
    union all
    select b.project_id
    from {{ changed(ref('int_projects__begun')) }} as b
    union all
    select p.value as project_id
    from {{ changed(ref('int_features__spanned')) }} as p
    where p.field = 'project_id'
    union all
    -- Another status of a feature touches all projects that it was in.
    select project.value as project_id
    from {{ changed(ref('int_features__spanned')) }} as p
    inner join {{ ref('int_features__spanned') }} as project
        on p.feature_request_id = project.feature_request_id
    where
        p.field = 'status'
        and project.field = 'project_id'
{% endset %}

with

{{ scope(affected) }},

project_periods as (
    select *
    from {{ ref('int_features__spanned') }}
    where
        field = 'project_id'
        and {{ in_scope('value as project_id') }}
),

features_of_projects as (
    select distinct feature_request_id
    from project_periods
),

status_periods as (
    select *
    from {{ ref('int_features__spanned') }}
    where
        field = 'status'
        and {{ in_scope('feature_request_id', of='features_of_projects') }}
),

-- Also a status that nothing had at the end of any date.
statuses as (
    select
        project.value as project_id,
        status.value as status,
        greatest(project.from_date, status.from_date) as first_date
    from project_periods as project
    inner join status_periods as status
        on project.feature_request_id = status.feature_request_id
    where
        status.entered_at < coalesce(project.left_at, 'infinity')
        and project.entered_at < coalesce(status.left_at, 'infinity')
    union all
    select
        project_id,
        status,
        date as first_date
    from {{ ref('int_features__moved') }}
    where {{ in_scope('project_id') }}
),

projects as (
    select *
    from {{ ref('int_projects__begun') }}
    where {{ in_scope('project_id') }}
),

final as (
    select
        status.project_id,
        status.status,
        project.first_date as project_first_date,
        greatest(project.first_date, min(status.first_date)) as status_first_date
    from statuses as status
    inner join projects as project on status.project_id = project.project_id
    group by status.project_id, status.status, project.first_date
)

select *
from final
