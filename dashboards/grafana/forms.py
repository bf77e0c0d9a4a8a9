"""The built files in the forms that other tools bring to Grafana: ConfigMaps for Kubernetes, resources for Terraform."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from .provision import FOLDER, write_texts
from .push.boards import FOLDER_UID
from .push.rules import as_api

Json = dict[str, Any]

_TITLE: Final = "SLO"
_KINDS: Final = {
    "provisioning/alerting/": "grafana_alert",
    "provisioning/datasources/": "grafana_datasource",
    "provisioning/": "",
    "": "grafana_dashboard",
}
"""Where a file stands, and the label by which the sidecar of Grafana's Helm chart finds a ConfigMap of it; it brings its own provider."""
_LONGEST_NAME: Final = 253


def write_config_maps(out_dir: Path, files: Sequence[Path]) -> list[Path]:
    """Writes OUT/grafana-kubernetes: a ConfigMap for each of `files`, which were written below OUT/grafana."""
    texts = {}
    for path in files:
        name = path.relative_to(out_dir / FOLDER).as_posix()
        if label := next(label for start, label in _KINDS.items() if name.startswith(start)):
            found = _config_map(path.name, label, path.read_text(encoding="utf-8"))
            texts[f"{found['metadata']['name']}.json"] = _text(found)
    return write_texts(out_dir / f"{FOLDER}-kubernetes", texts)


def _config_map(file: str, label: str, text: str) -> Json:
    folder = {"grafana_folder": _TITLE} if label == "grafana_dashboard" else {}
    metadata = {"name": _object_name(file), "labels": {label: "1"}, "annotations": folder}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {file: text}}


def _object_name(file: str) -> str:
    """A file's name as names of objects are: no `_`, and a digest where there was one, so that no two files share a name."""
    stem = file.rpartition(".")[0]
    digest = f"-{sha256(stem.encode()).hexdigest()[:8]}" if "_" in stem else ""
    plain = stem.replace("_", "-").strip("-")
    name = plain if plain.startswith("fournines-") else f"fournines-{plain}"
    return name[: _LONGEST_NAME - len(digest)] + digest


def write_terraform(out_dir: Path, boards: Mapping[str, Json], groups: Sequence[Json]) -> list[Path]:
    """Writes OUT/grafana-terraform: a folder, the dashboards and the groups of rules, for Grafana's provider."""
    folder = f"${{grafana_folder.{FOLDER_UID}.uid}}"
    dashboards = {
        _key(name): {"folder": folder, "config_json": f'${{file("${{path.module}}/dashboards/{name}")}}'}
        for name in boards
    }
    rules = {_key(group["name"]): _rule_group(as_api(group), folder) for group in groups}
    resources: Json = {
        "grafana_folder": {FOLDER_UID: {"title": _TITLE, "uid": FOLDER_UID}},
        "grafana_dashboard": dashboards,
    }
    document = {
        "terraform": {"required_providers": {"grafana": {"source": "grafana/grafana", "version": ">= 4.0"}}},
        "resource": resources | ({"grafana_rule_group": rules} if rules else {}),
    }
    texts = {f"dashboards/{name}": _text(board) for name, board in boards.items()}
    return write_texts(out_dir / f"{FOLDER}-terraform", texts | {"fournines.tf.json": _text(document)})


def _rule_group(group: Json, folder: str) -> Json:
    rules = [_rule(rule) for rule in group["rules"]]
    return {
        "name": literal(group["title"]),
        "folder_uid": folder,
        "interval_seconds": group["interval"],
        "rule": rules,
    }


def _rule(rule: Json) -> Json:
    return {
        "name": literal(rule["title"]),
        "condition": rule["condition"],
        "for": rule["for"],
        "keep_firing_for": rule["keep_firing_for"],
        "no_data_state": rule["noDataState"],
        "exec_err_state": rule["execErrState"],
        "labels": {name: literal(text) for name, text in rule["labels"].items()},
        "annotations": {name: literal(text) for name, text in rule["annotations"].items()},
        "data": [_query(entry) for entry in rule["data"]],
    }


def _query(entry: Json) -> Json:
    return {
        "ref_id": entry["refId"],
        "datasource_uid": literal(entry["datasourceUid"]),
        "relative_time_range": [entry["relativeTimeRange"]],
        "model": literal(json.dumps(entry["model"], sort_keys=True)),
    }


def literal(text: str) -> str:
    """Text in which Terraform puts nothing in."""
    return text.replace("${", "$${").replace("%{", "%%{")


def _key(name: str) -> str:
    """How a resource is called: what can be kept of a name, and a digest, so that no two share one."""
    kept = "".join(sign if sign.isascii() and sign.isalnum() else "_" for sign in name.removesuffix(".json"))
    return f"fournines_{kept[:80]}_{sha256(name.encode()).hexdigest()[:8]}"


def _text(document: Json) -> str:
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
