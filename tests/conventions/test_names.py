"""One word for an area everywhere; names that say what a model is; twin files."""

from __future__ import annotations

import re
from pathlib import Path

from tests.conventions.project import AREAS, FOLDERS, ROOT, Project, demand
from tidemark_warehouse.cli.server import mart_areas

# Past participles that do not end in -ed.
IRREGULAR = {
    *("begun", "built", "cut", "drawn", "found", "had", "kept", "known", "seen", "split", "spent"),
    "spread",
}


def test_models_stand_in_a_folder_of_their_layer_and_area(project: Project) -> None:
    demand(
        [
            f"{model.path}"
            for model in project.models
            if len(model.path.parts) != 4 or model.folder not in FOLDERS or model.area not in AREAS
        ],
        f"move it to models/<layer>/<area>/: layers {', '.join(FOLDERS)}; areas {', '.join(AREAS)}",
    )


def test_staging_is_named_after_its_area_and_entities(project: Project) -> None:
    demand(
        [
            model.name
            for model in project.layer("staging")
            if not re.fullmatch(rf"stg_{model.area}__[a-z0-9]+(_[a-z0-9]+)*", model.name)
        ],
        "name it stg_<area>__<entities>",
    )


def test_intermediate_is_named_after_its_entity_and_what_was_done(project: Project) -> None:
    def well_named(name: str) -> bool:
        found = re.fullmatch(r"int_[a-z0-9]+(?:_[a-z0-9]+)*__([a-z]+)(?:_[a-z0-9]+)*", name)
        return found is not None and (found[1].endswith("ed") or found[1] in IRREGULAR)

    demand(
        [model.name for model in project.layer("intermediate") if not well_named(model.name)],
        "name it int_<entity>__<past_verb>, as int_sessions__totalled "
        "(a participle without -ed goes into IRREGULAR in this test)",
    )


def test_marts_have_plain_names(project: Project) -> None:
    demand(
        [
            model.name
            for model in project.layer("marts")
            if not re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", model.name)
        ],
        "a mart has the spec's name: words joined by single underscores",
    )


def test_group_and_tag_are_the_areas_word(project: Project) -> None:
    demand(
        [
            f"{model}: group {model.config.get('group')}, tags {model.config['tags']}"
            for model in project.models
            if model.config.get("group") != model.area or model.area not in model.config["tags"]
        ],
        "dbt_project.yml gives each area's folder `+group` and `+tags` of its own name; "
        "models/_groups.yml declares the group",
    )


def test_schemas_follow_the_folders(project: Project) -> None:
    def schema(layer: str, area: str) -> str:
        return "marts_people" if (layer, area) == ("marts", "people") else layer

    demand(
        [
            f"{model} goes to schema {model.node['schema']}"
            for model in project.models
            if model.node["schema"] != schema(model.layer, model.area)
        ],
        "the folder gives the schema (dbt_project.yml)",
    )


def test_each_model_has_its_twin_yml_and_no_other(project: Project) -> None:
    demand(
        [
            f"{model.path} is described in {model.node['patch_path'] or 'no file'}"
            for model in project.models
            if (model.node["patch_path"] or "").split("://")[-1]
            != model.path.with_suffix(".yml").as_posix()
        ],
        "describe it in a file of the same name beside it: x.sql and x.yml",
    )


def test_models_folder_holds_nothing_but_twins_and_folder_files(project: Project) -> None:
    twins = {
        path for model in project.models for path in (model.path, model.path.with_suffix(".yml"))
    }

    def belongs(path: Path) -> bool:
        return path in twins or path.name.startswith("_") or path.name == "README.md"

    files = [file.relative_to(ROOT) for file in (ROOT / "models").rglob("*") if file.is_file()]
    demand(
        [str(path) for path in sorted(files) if not belongs(path)],
        "a model's files are x.sql and x.yml; a file that belongs to its folder begins with _",
    )


def test_status_knows_the_area_of_every_mart(project: Project) -> None:
    marts = {
        (node["schema"], node["alias"]): node["group"].replace("_", " ")
        for node in project.manifest["nodes"].values()
        if node["resource_type"] == "model" and node["schema"].startswith("marts")
    }
    assert mart_areas() == marts
