{{ config(unique_key=['audit_id']) }}

{% set affected %}
    select a.audit_id
    from {{ changed(ref('stg_people__audit_entries')) }} as a
{% endset %}

with

{{ scope(affected) }},

entries as (
    select *
    from {{ ref('stg_people__audit_entries') }}
    where {{ in_scope('audit_id') }}
),

-- Delivered again with another time, an entry stays as it was first logged: nobody can take the
-- second one out of the raw log.
final as (
    select distinct on (audit_id)
        audit_id,
        intervention_id,
        action,
        actor_id,
        details,
        logged_at
    from entries
    order by audit_id, logged_at
)

select *
from final
