"""Settings come from the environment and one file; anything wrong is named."""

from pathlib import Path

import pytest

from cds_service.errors import SettingsError
from cds_service.hook import Hook
from cds_service.settings import is_loopback, load

CLIENT = '[[clients]]\nissuer = "https://ehr.example/i"\nname = "North"\njwks = "keys.json"\n'


@pytest.fixture
def file(tmp_path: Path):
    def write(text: str) -> Path:
        path = tmp_path / "site.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_a_laptop_needs_no_settings():
    settings = load()
    assert (settings.on_loopback, settings.base_url, settings.body_limit) == (True, "http://127.0.0.1:8000", 20_000_000)
    assert settings.active_hooks == frozenset(Hook)


def test_the_environment_wins_over_the_file_and_the_file_over_defaults(file, monkeypatch):
    monkeypatch.setenv("CDS_PORT", "9001")
    settings = load(file("port = 9000\nbody_limit = 5\n"))
    assert (settings.port, settings.body_limit) == (9001, 5)


def test_the_environment_may_name_the_file(file, monkeypatch):
    monkeypatch.setenv("CDS_CONFIG", str(file("port = 9000")))
    assert load().port == 9000


def test_lists_in_the_environment_are_separated_by_commas(monkeypatch):
    monkeypatch.setenv("CDS_CORS_ORIGINS", "https://a.example/, https://b.example")
    monkeypatch.setenv("CDS_HOOKS", "order-sign")
    settings = load()
    assert settings.cors_origins == ("https://a.example", "https://b.example")
    assert settings.active_hooks == {Hook.ORDER_SIGN}


def test_a_client_has_its_own_hooks_and_files_beside_the_configuration(file):
    settings = load(file('hooks = ["patient-view"]\n' + CLIENT + 'hooks = ["order-sign"]\n'))
    assert settings.active_hooks == {Hook.ORDER_SIGN}
    assert settings.clients[0].jwks == file("").parent / "keys.json"


def test_patient_view_is_off_for_a_client_unless_switched_on(file):
    assert Hook.PATIENT_VIEW not in load(file(CLIENT)).active_hooks


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("prot = 1", "site.toml: prot: no such setting"),
        ("port = 70000", "site.toml: port: "),
        ("port = ", "site.toml: Invalid value"),
        ('time_zone = "Mars/Olympus"', "site.toml: time_zone: "),
        (CLIENT + "shadows = true\n", "site.toml: clients[0].shadows: no such setting"),
        (CLIENT + 'hooks = ["order-sing"]\n', "site.toml: clients[0].hooks[0]: "),
        (CLIENT.replace('jwks = "keys.json"', ""), "site.toml: clients[0]: needs keys"),
        (CLIENT + 'fhir_origins = ["https://fhir.example/r4"]\n', "site.toml: clients[0].fhir_origins[0]: "),
        (CLIENT + CLIENT, "issuer https://ehr.example/i is configured twice"),
        (CLIENT + "quiet_days = 3\n", "card_key: is needed for quiet_days"),
        ('host = "0.0.0.0"', "site.toml: 0.0.0.0 can be reached from other machines, and no client is configured"),
        ('public_url = "https://cds.example"', "site.toml: https://cds.example can be reached from other machines"),
        ('host = "0.0.0.0"\n' + CLIENT, "site.toml: public_url: is needed"),
        ("working_days = []", "site.toml: working_days: "),
        ('working_days = ["caturday"]', "site.toml: working_days[0]: "),
        ("opening_hour = 24", "site.toml: opening_hour: "),
        ('[[order_codes]]\nsystem = "urn:x"\n', "site.toml: order_codes[0].code: "),
    ],
)
def test_a_fault_in_the_file_is_named(file, text: str, names: str):
    with pytest.raises(SettingsError) as error:
        load(file(text))
    assert names in str(error.value)


@pytest.mark.parametrize(
    ("name", "value", "names"),
    [
        ("CDS_PROT", "1", "environment: CDS_PROT: no such setting"),
        ("CDS_PORT", "many", "environment: CDS_PORT: "),
        ("CDS_CLIENTS", "many", "environment: "),
        ("CDS_HOST", "0.0.0.0", "settings: 0.0.0.0 can be reached from other machines"),
        ("CDS_CONFIG", "/no/such/file.toml", "/no/such/file.toml: cannot be read"),
    ],
)
def test_a_fault_in_the_environment_is_named(monkeypatch, name: str, value: str, names: str):
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as error:
        load()
    assert names in str(error.value)


@pytest.mark.parametrize(
    ("public_url", "local"), [("", True), ("http://127.0.0.1:9000", True), ("https://cds.example", False)]
)
def test_behind_a_proxy_others_reach_what_listens_on_loopback(file, public_url: str, local: bool):
    assert load(file(f'public_url = "{public_url}"\n' + CLIENT)).on_loopback is local


def test_a_value_is_never_repeated_in_an_error(monkeypatch):
    monkeypatch.setenv("CDS_DEADLINE_MS", "postgresql://u:hunter2@host/db")
    with pytest.raises(SettingsError) as error:
        load()
    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize(
    ("host", "local"),
    [
        *((host, True) for host in ("127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost")),
        *((host, False) for host in ("0.0.0.0", "::", "10.0.0.1", "cds.example")),
    ],
)
def test_loopback_is_recognised(host: str, local: bool):
    assert is_loopback(host) is local
