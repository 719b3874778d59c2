{% test total_agrees(model, measure, with_model, with_measure, only='true') %}
    {#-
        A measure's total equals that of the model it was rolled up from.

        measure, with_measure: SQL aggregates, e.g. sum(workflows_completed) and count(*).
        only: condition on this model's rows.
    -#}
    select totals.*
    from (
        select
            (select {{ measure }} from {{ model }} where {{ only }}) as here,
            (select {{ with_measure }} from {{ with_model }}) as there
    ) as totals
    where coalesce(totals.here, 0) <> coalesce(totals.there, 0)
{% endtest %}
