{% macro rendered(mode, only_replaced=none) -%}
    {#-
        One text of the model's program: its file, rendered again while `model.build` says what for.

        mode: `whole` (every key, no condition), `narrowed` (the keys of pg_temp.affected_keys), `buckets` (of a delta
        merge: whole buckets of time), `explained` (the scope of one row) or `definition`
        (plain SQL without a parameter).
        only_replaced: the name of a relation of which changed() gives replaced versions alone (delta merge).

        Returns {text, scope, clock, span}: the SQL; the query of the affected keys, none without a scope; which clock
        it asks (`none`, `date`, `instant`); and the query of the bounds of in_span(), if it is used.
    -#}
    {%- do model.update({'build': {
        'mode': mode, 'only_replaced': only_replaced, 'replaced': false, 'scope': none, 'span': none,
        'instants': 0, 'dates': 0,
    }}) -%}
    {%- set text = render(model.raw_code) -%}
    {%- set build = model.pop('build') -%}
    {{- return({
        'text': text | trim,
        'scope': build.scope,
        'span': build.span,
        'clock': 'instant' if build.instants else ('date' if build.dates else 'none'),
    }) -}}
{%- endmacro %}
