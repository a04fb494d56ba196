"""On a server: nobody acts in another's name, and only administrators change people and limits.

All PCs sign in to the server as one role, so an SQL client of a clerk's own could write whose action it likes. The
program therefore says within each transaction what proves that somebody typed their password (`services.passwords`:
Argon2's digest, of which the table keeps only the SHA-256), and these triggers ask for it. The owner of the tables,
who can switch triggers off, is not asked; nor is anybody in an office without people.
"""

from __future__ import annotations

from collections.abc import Iterator

NOT_SIGNED_IN = "counterfoil: who does this did not sign in"

_REFUSE = f"RAISE EXCEPTION '{NOT_SIGNED_IN}' USING ERRCODE = 'insufficient_privilege';"
# Whoever may do anything there is not asked; the first administrator comes into an office without people.
_UNASKED = """
IF pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'USAGE')
   OR NOT EXISTS (SELECT 1 FROM person) THEN RETURN NEW; END IF;
"""


def _given(setting: str) -> str:
    """The check of what was said in this transaction."""
    proof = f"coalesce(nullif(current_setting('counterfoil.{setting}', true), ''), '00')"
    return f"encode(sha256(decode({proof}, 'hex')), 'hex')"


_SIGNED_IN = f"p.state = 'active' AND {_given('proof')} = split_part(p.password_hash, '$', 6)"
_APPROVES = f"p.state = 'active' AND {_given('approver')} = split_part(p.password_hash, '$', 6)"
_ACTION = f"""{_UNASKED}
IF NOT EXISTS (SELECT 1 FROM person p WHERE p.id = NEW.person_id AND p.name = NEW.actor AND p.role = NEW.role
               AND {_SIGNED_IN}) THEN {_REFUSE} END IF;
IF NEW.approver_id IS NULL AND NEW.approved_by = '' THEN RETURN NEW; END IF;
IF EXISTS (SELECT 1 FROM person p WHERE p.id = NEW.approver_id AND p.state = 'active'
           AND NEW.approved_by = p.name || ' (' || p.role || ')') AND (
   EXISTS (SELECT 1 FROM person p WHERE p.id = NEW.approver_id AND {_APPROVES})
   -- A request for this kind of action, approved within the day; a run uses it up before its first action.
   OR EXISTS (SELECT 1 FROM approval r WHERE r.answered_by = NEW.approver_id AND r.asked_by = NEW.person_id
              AND r.what = NEW.what AND r.state IN ('approved', 'used')
              AND r.answered_at > NEW.recorded_at - interval '1 day')
   -- A run that was stopped is taken up again with the approval that it had.
   OR EXISTS (SELECT 1 FROM action b WHERE b.approver_id = NEW.approver_id AND b.what = NEW.what
              AND b.business_date = NEW.business_date)) THEN RETURN NEW; END IF;
{_REFUSE}
"""
_ADMINISTRATOR = f"""
IF EXISTS (SELECT 1 FROM person p WHERE p.role = 'administrator' AND {_SIGNED_IN}) THEN RETURN NEW; END IF;
{_REFUSE}
"""
# Everybody's own password, by the one before; all else is the administrator's.
_OWN_PASSWORD = f"""
IF TG_OP = 'UPDATE' THEN
  IF ROW(NEW.id, NEW.name, NEW.login, NEW.role, NEW.state) IS NOT DISTINCT FROM
     ROW(OLD.id, OLD.name, OLD.login, OLD.role, OLD.state) AND OLD.state = 'active'
     AND {_given("proof")} = split_part(OLD.password_hash, '$', 6) THEN RETURN NEW; END IF;
END IF;
"""
_RANKS = "ARRAY['clerk', 'supervisor', 'manager', 'administrator']"
_REQUEST = f"""{_UNASKED}
IF TG_OP = 'INSERT' THEN
  IF NEW.state = 'asked' AND NEW.answered_by IS NULL
     AND EXISTS (SELECT 1 FROM person p WHERE p.id = NEW.asked_by AND {_SIGNED_IN}) THEN RETURN NEW; END IF;
  {_REFUSE}
END IF;
IF ROW(NEW.id, NEW.what, NEW.business_date, NEW.asked_by, NEW.asked_at) IS DISTINCT FROM
   ROW(OLD.id, OLD.what, OLD.business_date, OLD.asked_by, OLD.asked_at) THEN {_REFUSE} END IF;
-- Used up, not needed any more, or blanked: that gives nobody a right.
IF ROW(NEW.answered_by, NEW.answered_at) IS NOT DISTINCT FROM ROW(OLD.answered_by, OLD.answered_at)
   AND (NEW.state = OLD.state OR NEW.state = 'withdrawn' OR (OLD.state = 'approved' AND NEW.state = 'used'))
   AND (ROW(NEW.subject, NEW.words) IS NOT DISTINCT FROM ROW(OLD.subject, OLD.words)
        OR (NEW.words = '(blanked)' AND NEW.subject = split_part(OLD.subject, ':', 1) || ':')) THEN RETURN NEW; END IF;
IF OLD.state = 'asked' AND NEW.state IN ('approved', 'refused') AND NEW.answered_by <> OLD.asked_by
   AND ROW(NEW.subject, NEW.words) IS NOT DISTINCT FROM ROW(OLD.subject, OLD.words)
   AND EXISTS (SELECT 1 FROM person p WHERE p.id = NEW.answered_by AND {_SIGNED_IN}
               AND array_position({_RANKS}, CAST(p.role AS text))
                   >= greatest(2, array_position({_RANKS}, split_part(CAST(OLD.subject AS text), ':', 1))))
   THEN RETURN NEW; END IF;
{_REFUSE}
"""
_BODIES = {
    "action": ("INSERT", _ACTION),
    "person": ("INSERT OR UPDATE", _UNASKED + _OWN_PASSWORD + _ADMINISTRATOR),
    "office_control": ("INSERT OR UPDATE", _UNASKED + _ADMINISTRATOR),
    "approval": ("INSERT OR UPDATE", _REQUEST),
}


def _name(table: str) -> str:
    return f"counterfoil_signed_in_{table}"


def functions() -> Iterator[tuple[str, str]]:
    """The triggers' functions: name and body."""
    for table, (_, body) in _BODIES.items():
        yield _name(table), body


def triggers_of_people() -> Iterator[tuple[str, str, str]]:
    """Table, name, and what follows the name."""
    for table, (when, _) in _BODIES.items():
        yield table, f"{table}_signed_in", f"BEFORE {when} ON {table} FOR EACH ROW EXECUTE FUNCTION {_name(table)}()"
