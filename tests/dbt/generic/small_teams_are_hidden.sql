{#- The rule that hides small teams: fewer than min_team_size people show no average. -#}
{% test small_teams_are_hidden(model) %}
    select *
    from {{ model }}
    where
        employees < {{ var('min_team_size') }}
        and num_nonnulls(
            degree_centrality_avg, betweenness_centrality_avg, clustering_coeff_avg, burnout_score_avg
        ) > 0
{% endtest %}
