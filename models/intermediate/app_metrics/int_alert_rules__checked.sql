{{ config(unique_key=['rule_id']) }}

with

signals (entity_type, signal) as (
    values
    ('environment', 'events'),
    ('environment', 'active_users'),
    ('environment', 'sessions'),
    ('user', 'hours'),
    ('user', 'efficiency_ratio'),
    ('project', 'completion_percentage'),
    ('project', 'overdue_features'),
    ('project', 'open_features'),
    ('project', 'velocity'),
    ('metric', 'count'),
    ('metric', 'avg'),
    ('metric', 'p99'),
    ('employee', 'burnout_score'),
    ('team', 'burnout_score')
),

signals_of_types as (
    select
        entity_type,
        array_agg(signal) as signals,
        string_agg(signal, ', ' order by signal) as listed
    from signals
    group by entity_type
),

-- In the order in which the file was loaded, before anything sorts them.
numbered_rows as (
    select
        *,
        row_number() over () as row_number
    from {{ ref('alert_rules') }}
),

rows_of_file as (
    select
        *,
        count(*) over (partition by rule_id) as rows_of_rule,
        coalesce(
            threshold, case comparison when 'anomaly' then '5' when 'silent' then '0' end
        ) as needed_threshold,
        coalesce(severity, 'medium') as given_severity,
        ops.json_of(tags) as wanted_tags
    from numbered_rows
),

found_problems as (
    select
        r.row_number,
        'seeds/alert_rules.csv, row ' || r.row_number || ', rule ' || coalesce(r.rule_id, '(none)')
        || ': ' || problem.text as message
    from rows_of_file as r
    left join signals_of_types as s on r.entity_type = s.entity_type
    cross join
        lateral (
            values
            (r.rule_id is null, 'it has no rule_id'),
            (r.rows_of_rule > 1 and r.rule_id is not null, 'another row has the same rule_id'),
            (
                s.entity_type is null,
                'unknown entity_type "' || coalesce(r.entity_type, '') || '"; there are '
                || 'environment, user, project, metric, employee, team'
            ),
            (
                s.entity_type is not null and not coalesce(r.signal = any(s.signals), false),
                'unknown signal "'
                || coalesce(r.signal, '')
                || '"; of '
                || r.entity_type
                || ' there are '
                || s.listed
            ),
            (
                coalesce(r.comparison, '') not in (
                    'gt', 'gte', 'lt', 'lte', 'anomaly', 'previous', 'silent'
                ),
                'unknown comparison "' || coalesce(r.comparison, '')
                || '"; there are gt, gte, lt, lte, anomaly, previous, silent'
            ),
            (
                r.comparison = 'silent'
                and r.signal not in ('events', 'sessions', 'hours', 'count'),
                'the comparison silent needs a signal that counts: events, sessions, hours or count'
            ),
            (
                r.environment is not null and r.entity_type <> 'environment',
                'an environment is given, and it watches a ' || coalesce(r.entity_type, '(none)')
            ),
            (
                r.tags is not null
                and coalesce(jsonb_typeof(r.wanted_tags), '') <> 'object',
                'the tags "' || coalesce(r.tags, '') || '" are no JSON object'
            ),
            (
                octet_length(r.tags) > 1000,
                'the tags have more than 1,000 bytes, and no point matches such'
            ),
            (
                r.metric_type not in ('counter', 'gauge', 'histogram', 'timer'),
                'unknown metric_type "'
                || coalesce(r.metric_type, '')
                || '"; there are counter, gauge, histogram, timer'
            ),
            (
                coalesce(r.tags, r.metric_type) is not null and r.entity_type <> 'metric',
                'tags or a metric_type are given, and it watches a '
                || coalesce(r.entity_type, '(none)')
            ),
            (
                r.for_periods !~ '^\s*[1-9]\d{0,3}\s*$',
                'the for_periods "' || coalesce(r.for_periods, '') || '" are no number of periods'
            ),
            (
                r.minimum_samples !~ '^\s*\d{1,9}\s*$',
                'the minimum_samples "'
                || coalesce(r.minimum_samples, '')
                || '" are no number of samples'
            ),
            (
                r.minimum_samples is not null and r.entity_type not in ('environment', 'metric'),
                'minimum_samples are given, and nobody counts the samples of a '
                || coalesce(r.entity_type, '(none)')
            ),
            (
                coalesce(r.needed_threshold, '')
                !~ '^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,2})?\s*$',
                'the threshold "' || coalesce(r.threshold, '') || '" is no number'
            ),
            (
                coalesce(r.period, '') not in ('day', 'week'),
                'unknown period "' || coalesce(r.period, '') || '"; there are day, week'
            ),
            (
                r.given_severity not in ('low', 'medium', 'high', 'critical'),
                'unknown severity "'
                || r.given_severity
                || '"; there are low, medium, high, critical'
            ),
            (
                r.lifetime_hours !~ '^\s*\d{1,6}(\.\d*)?\s*$',
                'the lifetime_hours "'
                || coalesce(r.lifetime_hours, '')
                || '" are no number of hours'
            )
        ) as problem (holds, text)
    where problem.holds
),

problems as (
    select string_agg(message, e'\n' order by row_number, message) as messages
    from found_problems
),

final as (
    select
        r.rule_id,
        r.alert_type,
        r.entity_type,
        r.signal,
        r.comparison,
        r.needed_threshold::double precision as threshold,
        r.period,
        r.given_severity as severity,
        r.lifetime_hours::numeric as lifetime_hours,
        r.message,
        r.environment,
        -- As LIKE wants it.
        replace(replace(replace(replace(
            r.entity_pattern, '\', '\\'
        ), '%', '\%'), '_', '\_'), '*', '%') as entity_like,
        -- Of a metric; {} is all of its points.
        case
            when r.wanted_tags <> '{}' then jsonb_build_object('tags', r.wanted_tags) else '{}'
        end
        || case
            when r.metric_type is not null then jsonb_build_object('metric_type', r.metric_type)
            else '{}'
        end as selection,
        coalesce(r.for_periods::integer, 1) as for_periods,
        r.minimum_samples::bigint as minimum_samples
    from rows_of_file as r
    cross join problems as p
    where ops.accept_unless(p.messages)
)

select *
from final
