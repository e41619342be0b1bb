"""``gateway policy check``, ``show``, ``explain``."""

from pathlib import Path

import click
from rich.markup import escape
from rich.table import Table

from gateway.cli.common import EXIT_NO, config_option, fail, policies_of, settings, terminal
from gateway.config.policies import default_policies
from gateway.policy.load import PolicyError, load_policy
from gateway.rules import BY_NAME


@click.group("policy")
def command() -> None:
    """Check, show and explain policies."""


@command.command("check")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, dir_okay=False))
def check(files: tuple[Path, ...]) -> None:
    """Name every fault of policy FILES; without any, of the bundled ones."""
    chosen = files or tuple(sorted(default_policies().glob("*.toml")))
    faults: list[str] = []
    for file in chosen:
        try:
            policy = load_policy(file.read_text("utf-8"), source=str(file))
        except PolicyError as error:
            faults += error.faults
        except (OSError, UnicodeDecodeError) as error:
            faults.append(f"{file}: cannot be read ({type(error).__name__}); give a readable UTF-8 file")
        else:
            click.echo(f"{file}: {policy.stamp}, {len(policy.settings)} rules, good")
    for fault in faults:
        click.echo(fault, err=True)
    if faults:
        raise SystemExit(EXIT_NO)


@command.command("show")
@click.argument("name")
@config_option
def show(name: str, config_file: Path | None) -> None:
    """Show a policy as it is in force here, overrides included."""
    policies = policies_of(settings(config_file))
    if name not in policies:
        fail([f'no policy is called "{name}"; there are: {", ".join(sorted(policies))}'])
    policy = policies[name]
    console = terminal()
    console.print(f"[bold]{policy.title}[/] ({policy.stamp}, in force from {policy.effective_at:%d %B %Y})")
    console.print(f"Largest mail: {policy.max_message_octets:,} octets")
    console.print(f"Relay domains: {', '.join(sorted(policy.recipient_domains)) or 'none'}")
    then = (
        "what can be taken out is, and the rest is sent" if policy.hold.at_deadline == "strip" else "refused"
    )
    console.print(
        f"Held mail: {policy.hold.hours:g} hours, a warning {policy.hold.warn_hours:g} hours before; then {then}"
    )
    table = Table("rule", "on match", "clause", "mark", "what the clause says")
    for setting in policy.settings:
        table.add_row(setting.rule, setting.on_match, setting.clause, setting.mark, escape(setting.text))
    console.print(table)


@command.command("explain")
@click.argument("rule")
@config_option
def explain(rule: str, config_file: Path | None) -> None:
    """Say what a RULE sees, what the seller can do, and which clause of which policy it enforces."""
    if rule not in BY_NAME:
        fail([f'no rule is called "{rule}"; there are: {", ".join(BY_NAME)}'])
    known = BY_NAME[rule]
    console = terminal(soft_wrap=True)
    console.print(f"[bold]{known.name}[/]")
    console.print(f"Seller reads:  {known.sentence}")
    console.print(f"Advice:        {known.advice}")
    for policy in policies_of(settings(config_file)).values():
        setting = policy.setting(rule)
        if setting is None:
            continue
        console.print(f"\n[bold]{policy.stamp}[/]: {setting.on_match}")
        console.print(f"  clause  {setting.clause}: {escape(setting.text)}")
        console.print(f"  source  {setting.source} ({setting.mark})")
