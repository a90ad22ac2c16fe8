"""README tells the truth: its count of rules, its configuration and the names of its metrics are those of the service."""

import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from prometheus_client import generate_latest
from requests.utils import DEFAULT_CA_BUNDLE_PATH

from cds_service.cli import main
from cds_service.metrics import Metrics
from cds_service.rules import catalogue
from cds_service.settings import Client, Settings, load
from tests.tokens import key_set

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def test_about_as_many_rules_as_are_told() -> None:
    """In tens, so that a new rule needs no edit here."""
    (told,) = re.findall(r"^About (\d+) rules, ", README, re.MULTILINE)
    assert abs(int(told) - len(catalogue())) < 10


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """The file for a hospital, with the files that it names."""
    (text,) = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    for folder in ("keys", "overlay", "overlay-main"):
        (tmp_path / folder).mkdir()
    (tmp_path / "keys/ehr.json").write_bytes(key_set("P-384"))
    shutil.copy(DEFAULT_CA_BUNDLE_PATH, tmp_path / "keys/hospital.pem")
    (tmp_path / "site.toml").write_text(text, encoding="utf-8")
    return tmp_path / "site.toml"


def test_the_configuration_names_every_setting_and_is_one(site: Path) -> None:
    settings = load(site)
    assert Settings.model_fields.keys() - settings.model_fields_set == {
        "hooks",
        "fhir_origins",
    }  # those of a client count
    (client,) = settings.clients
    assert client.model_fields_set == Client.model_fields.keys()
    told = CliRunner().invoke(main, ["config", "check", "--config", str(site)])
    assert told.exit_code == 0
    assert "shadow mode: no cards are returned" in told.output


def test_what_is_said_to_be_the_default_is(site: Path) -> None:
    settings, default = load(site), Settings()
    for name in (
        "port",
        "deadline_ms",
        "body_limit",
        "opening_hour",
        "working_days",
        "keep_comments",
        "medication_lists",
    ):
        assert getattr(settings, name) == getattr(default, name)
    assert settings.clients[0].hooks == Client(name="n", issuer="i", jku=("https://h.example/k",)).hooks


def test_the_metrics_are_those_that_are_told() -> None:
    told = set(re.findall(r"`(cds_\w+)`", README))
    there = set(re.findall(r"^# HELP (\w+)", generate_latest(Metrics().registry).decode(), re.MULTILINE))
    assert told <= there
    assert {name for name in there if "_shadow_" not in name and not name.endswith("_created")} <= told
