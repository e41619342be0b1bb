"""The one setting that a search needs, read without the others."""

import pytest

from gateway.config.errors import ConfigError
from gateway.config.load import load_config
from gateway.config.model import Config
from gateway.config.record import KEYS, load_record_settings

HERE = 'store = "sqlite:///here.db"\n'

READ = {
    "no file": (None, {}, "sqlite:///gateway.db"),
    "a file": (HERE, {}, "sqlite:///here.db"),
    "a file without it": ('hostname = "gw.example"\n', {}, "sqlite:///gateway.db"),
    "the environment goes before": (HERE, {"GATEWAY_STORE": "sqlite:///e.db"}, "sqlite:///e.db"),
    "other settings in the environment": (HERE, {"GATEWAY_TLS_KEY": "k"}, "sqlite:///here.db"),
    "other programs' variables": (HERE, {"STORE": "x", "GATEWAYS": "y"}, "sqlite:///here.db"),
    "faults elsewhere do not matter": (HERE + '[console]\naddress = "nowhere"\n', {}, "sqlite:///here.db"),
}


def written(folder, text):
    if text is None:
        return None
    path = folder / "gateway.toml"
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize("text, environment, expected", READ.values(), ids=READ)
def test_where_the_record_is(tmp_path, text, environment, expected):
    """File, environment and default say the same as when all settings are read."""
    assert load_record_settings(written(tmp_path, text), environment).store == expected


FAULTS = {
    "a misspelt key": ('stor = "sqlite:///here.db"\n', {}),
    "a misspelt variable": (HERE, {"GATEWAY_STOER": "sqlite:///e.db"}),
    "no text": ("store = 5\n", {}),
    "no TOML": ("store\n", {}),
    "no UTF-8": ("\udcff", {}),
}


@pytest.mark.parametrize("text, environment", FAULTS.values(), ids=FAULTS)
def test_faults_are_those_of_all_settings(tmp_path, text, environment):
    """What may concern the record is told in the very words of `config check`, never passed over."""
    path = tmp_path / "gateway.toml"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ConfigError) as whole:
        load_config(path, environment)
    with pytest.raises(ConfigError) as short:
        load_record_settings(path, environment)
    assert short.value.faults == whole.value.faults


def test_a_missing_file_is_a_fault(tmp_path):
    """A file that is not there is not the default."""
    with pytest.raises(ConfigError):
        load_record_settings(tmp_path / "gateway.toml", {})


def test_the_keys_are_those_of_the_model():
    """Every section of the settings is known here, and no other."""
    assert set(Config.model_fields) == KEYS
