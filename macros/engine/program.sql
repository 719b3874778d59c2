{% macro program(relation) -%}
    {#-
        What the database needs to refresh a model by itself: a row of ops.programs, as a dictionary. Every text is
        the model's file rendered for its purpose (rendered); decisions of run time are fields of the parameter $1, of
        the type ops.moment.

        relation: the model's table.
    -#}
    {%- set table = relation.include(database=false) -%}
    {%- set beneath = upstream(model) -%}
    {%- set whole = rendered('whole') -%}
    {%- set narrowed = rendered('narrowed') if whole.scope else {} -%}
    {%- set frozen = frozen_conditions() -%}
    {%- set refresh = refresh_options() -%}
    {%- set kind = refresh.kind -%}
    {%- set hooks = {} -%}
    {%- set texts = {
        'definition': rendered('definition').text, 'whole': whole.text, 'narrowed': narrowed.get('text'), 'scope': narrowed.get('scope'),
        'scope_of_all': whole.scope, 'scope_of_row': rendered('explained').scope if whole.scope else none, 'span': narrowed.get('span'), 'sealed': frozen.sealed, 'kept': frozen.kept,
    } -%}
    {%- set options = {'beat': (config.get('meta') or {}).get('beat', 'slow')} -%}
    {%- if refresh.get('frozen_by') -%}
        {%- do hooks.update({'opened': 'ops.frozen_opened', 'written': 'ops.frozen_written'}) -%}
        {%- do options.update({
            'units': frozen.units, 'expiring': frozen.expiring, 'marts': nearest_marts(model),
            'seals_keys': 'key' in refresh.frozen_by,
            'seals_rows': not refresh.frozen_by.get('sql', false), 'zone': var('reporting_timezone'),
        }) -%}
    {%- endif -%}
    {%- if refresh.get('batch') -%}
        {%- do options.update({
            'batch': refresh.batch, 'zone': var('reporting_timezone'),
            'batch_bytes': var('build_chunk_megabytes') * 1048576,
        }) -%}
    {%- endif -%}
    {%- if kind == 'delta_merge' -%}
        {%- do texts.update(delta_merge(narrowed.scope, table)) -%}
        {%- do texts.update({
            'scope_of_replaced': rendered('narrowed', only_replaced=refresh.of).scope,
            'buckets': rendered('buckets').text,
        }) -%}
        {%- do options.update({
            'bucket': refresh.frozen_by.column, 'rows_per_stretch': var('rows_per_stretch'),
        }) -%}
    {%- elif kind == 'retain_best' -%}
        {%- do texts.update(retain_best(narrowed.scope, table)) -%}
    {%- endif -%}
    {%- if kind in ('delta_merge', 'retain_best') -%}
        {%- do hooks.update({'keys': 'ops.' ~ kind ~ '_keys', 'computed': 'ops.' ~ kind ~ '_computed'}) -%}
    {%- endif -%}
    {%- set columns = table_columns() -%}
    {{- return({
        'relation': relation_name(relation),
        'model': model.unique_id,
        'kind': kind,
        'texts': texts,
        'hooks': hooks,
        'options': options,
        'key': config.get('unique_key'),
        'columns': columns | map(attribute='name') | list,
        'required': columns | selectattr('required') | map(attribute='name') | list,
        'times': columns | selectattr('type', 'in', ['date', 'timestamptz']) | map(attribute='name') | list,
        'reads': names_of(beneath.tables),
        'views': names_of(beneath.views),
        'seeds': names_of(beneath.seeds),
        'clock': whole.clock,
        'zone': var('reporting_timezone'),
        'opening': opening(relation),
        'shape': local_md5(tojson([config.get('unique_key'), columns])),
        'settings': local_md5(tojson([
            model.description, model.columns.values() | map(attribute='description') | list,
            config.get('indexes', []), config.get('grants'),
        ])),
    }) -}}
{%- endmacro %}


{% macro names_of(relations) -%}
    {#- Their names, each once. -#}
    {%- set names = [] -%}
    {%- for relation in relations -%}
        {%- do names.append(relation_name(relation)) -%}
    {%- endfor -%}
    {{- return(names | unique | list) -}}
{%- endmacro %}


{% macro opening(relation) -%}
    {#-
        The statements with which a refresh begins, all of them sent before its first query takes the snapshot in which
        everything is read. So a refresh reads exactly the transactions that its watermark will name: not one more,
        which a delta merge would count twice.

        LOCK TABLE takes no snapshot, advisory locks do: under REPEATABLE READ theirs would be the one from before the
        wait. A second refresh of the model waits here until the first has ended; readers of the model do not. The
        relations beneath are held so that no partition moves or goes while they are read: its rows would be in neither
        place for this snapshot.
    -#}
    begin isolation level repeatable read;
    lock table {{ relation.include(database=false) }} in share row exclusive mode;
    {%- for table in upstream(model).tables | unique %}
    lock table {{ table.include(database=false) }} in access share mode;
    {%- endfor %}
    set local work_mem = '{{ var("build_work_mem") }}';
{%- endmacro %}
