"""Break the code behind each invariant on purpose and see its test fail: `make mutants`.

A mutant that survives means an invariant that no test keeps. Every mutant changes one place, in a copy of the package.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Mutant:
    """In `file` (below include/interlock) `old`, which stands there once, becomes `new`; then `test` must fail."""

    invariant: int
    file: str
    old: str
    new: str
    test: str


ENGINE, DOUBT, MERGES = "tests/engine/test_invariants.py::", "tests/engine/test_doubt.py::", "tests/engine/test_merges.py::"
READING, HISTORIES = "tests/engine/test_reading.py::", "tests/engine/test_histories.py::"
APPROVALS = "tests/engine/test_approvals.py::"
FAMILIES = "tests/engine/test_families.py::"
QUALITY = "tests/engine/test_quality.py::"
LEFT, PURE = "tests/engine/test_left_open.py::", "tests/processes/test_renewal_to_invoice.py::"
PAYMENTS, LEDGERS = "tests/engine/test_payments.py::", "tests/engine/test_payment_plans.py"
PEOPLE, FAULTS = "tests/scenarios/test_people_in_the_erp.py::", "tests/faults/test_invoice_faults.py::"
MUTANTS = (
    Mutant(1, "engine/apply.py", 'found = system.find([writes[row["key"]] for row in rows])', "found = {}",
           ENGINE + "test_what_arrived_is_not_sent_again_when_its_answer_was_lost"),
    Mutant(1, "engine/writes.py", 'row["parent"] or _made(row, done)', 'row["parent"]',
           HISTORIES + "test_one_prehistory_hangs_on_the_customer_whatever_its_write_meets"),
    Mutant(4, "store/outbox.py", "parent = excluded.parent,\n", "\n",
           HISTORIES + "test_a_prehistory_decided_before_its_customer_was_found_hangs_on_it"),
    Mutant(2, "engine/leads/sweeping.py", '(("note", "crm"), (prehistory.KIND, "erp"))', '(("note", "crm"),)',
           HISTORIES + "test_one_prehistory_hangs_on_the_customer_whatever_its_write_meets"),
    Mutant(1, "processes/payment_to_crm_status.py", "    yield from view.unsent\n", "",
           PAYMENTS + "test_a_note_decided_by_a_run_that_died_is_told_though_more_happened_since"),
    Mutant(7, "engine/payments/__init__.py", "acknowledges = True", "acknowledges = False",
           PAYMENTS + "test_an_account_that_was_told_is_no_work_in_the_next_night"),
    Mutant(8, "engine/payments/gathering.py", "        _again(engine, batch, dry=dry)\n", "",
           PAYMENTS + "test_a_payment_that_leaves_no_trace_is_seen_all_the_same"),
    Mutant(5, "processes/payment_to_crm_status.py", "again=plan.bank_outdated and late", "again=False",
           PAYMENTS + "test_tasks_left_out_for_want_of_bank_statements_are_made_once_they_are_booked"),
    Mutant(10, "processes/receivables/status.py", '"returned", "overdue"', '"overdue", "returned"', LEDGERS),
    Mutant(2, "engine/apply.py", 'if row["looks"] >= 1 and passed >= settle_seconds:', "if True:",
           ENGINE + "test_a_late_commit_within_the_settle_time_is_seen_by_the_second_look"),
    Mutant(2, "engine/leads/sweeping.py", 'removed = row["late"] and engine.erp.remove(Ref.parse(row["customer"]))',
           "removed = False",
           ENGINE + "test_a_double_that_commits_after_everything_is_swept_away"),
    Mutant(2, "engine/leads/sweeping.py", 'removed = row["late"] and ', "removed = ",
           DOUBT + "test_a_customer_with_our_reference_that_is_no_late_double_is_never_removed"),
    Mutant(2, "engine/leads/sweeping.py", "    remove_doubles(engine, NOTES)\n", "",
           DOUBT + "test_a_note_that_commits_after_everything_is_swept_away"),
    Mutant(3, "store/sending.py", "if held < len(rows) or sent < len(rows):", "if False:",
           ENGINE + "test_a_zombie_with_an_old_token_may_not_send"),
    Mutant(3, "config/settings.py", "if self.engine.lease_seconds <= slowest:", "if False:",
           "tests/domain/test_config.py"),
    Mutant(4, "store/outbox.py", "why = excluded.why, token = NULL,", "why = excluded.why,",
           DOUBT + "test_a_creation_decided_anew_while_it_was_claimed_is_not_sent_with_old_values"),
    Mutant(4, "store/outbox.py", "c.key <> n.key AND c.subject = n.subject", "false",
           DOUBT + "test_a_newer_decision_replaces_one_that_certainly_was_not_sent"),
    Mutant(4, "store/outbox.py", 'waits, first = {str(row["key"]) for row in before}', "waits, first = set[str]()",
           DOUBT + "test_a_newer_decision_waits_behind_one_whose_fate_is_not_known"),
    Mutant(5, "engine/recording.py", "    people.resolve(tx, engine.process, gone_on)\n", "",
           ENGINE + "test_a_bad_record_is_held_back_with_reasons_and_resolves_by_itself"),
    Mutant(5, "engine/leads/deciding.py", '    if row["rejected_by_approver"]:', "    if False:",
           DOUBT + "test_an_approver_s_rejection_outlives_an_unrelated_change"),
    Mutant(5, "engine/sweep.py", "        _waiting(engine, tx, batch)\n", "        pass\n",
           DOUBT + "test_waiting_has_a_limit_and_the_entry_resolves_once_it_is_settled"),
    Mutant(6, "engine/outcomes.py", 'people.hold_also(tx, engine.process, batch, row["subject"], [problem])', "pass",
           ENGINE + "test_a_refused_record_never_stops_the_others"),
    Mutant(6, "quality/suites.py", '            "partial_unexpected_count": rows,\n', "",
           ENGINE + "test_fifty_bad_rows_are_all_named"),
    Mutant(7, "engine/settle.py", "work.acknowledge(tx, engine.process, engine.flow.subjects, engine.crm.instance().id, ours)",
           "pass",
           ENGINE + "test_our_own_writes_coming_back_are_not_work"),
    Mutant(7, "processes/ownership.py", " and value != there[name]", "",
           "tests/processes/test_lead_to_customer.py::test_nothing_when_both_sides_agree"),
    Mutant(8, "store/records.py", "WHERE excluded.modified_at >= s.modified_at AND", "WHERE",
           READING + "test_an_older_version_never_replaces_a_newer_snapshot"),
    Mutant(8, "store/records.py", "SET at = greatest(w.at, excluded.at)", "SET at = excluded.at",
           READING + "test_a_watermark_is_the_highest_source_time_and_never_moves_back"),
    Mutant(8, "engine/reading.py", "mark - timedelta(seconds=system.traits(kind).overlap_seconds) if mark", "mark if mark",
           READING + "test_reading_starts_again_before_the_watermark_by_the_overlap"),
    Mutant(8, "engine/reading.py",
           "    bury(engine, read(engine, batch, system, [Ref.parse(ref) for ref in missing], dry=False))\n",
           "    bury(engine, [Ref.parse(ref) for ref in missing])\n",
           READING + "test_an_account_missing_from_a_full_listing_is_not_gone_while_a_direct_get_finds_it"),
    Mutant(8, "store/crosswalk.py", "UPDATE interlock.redirect SET to_ref = %s WHERE to_ref = %s",
           "UPDATE interlock.redirect SET to_ref = %s WHERE false AND to_ref = %s",
           MERGES + "test_merges_are_followed_transitively"),
    Mutant(8, "processes/lead_to_customer.py", "    if view.other_customers:\n        return MET\n", "",
           MERGES + "test_two_different_customers_that_meet_in_a_merge_wait_for_a_person"),
    Mutant(8, "processes/lead_to_customer.py", "    if view.merging or view.unread:\n", "    if view.unread:\n",
           MERGES + "test_nobody_is_created_for_a_survivor_while_the_merged_account_s_creation_may_be_on_its_way"),
    Mutant(8, "engine/leads/gathering.py", 'if kind in {"deal", "contact"}:', 'if kind in {"deal"}:',
           HISTORIES + "test_a_contact_linked_to_its_account_later_is_noticed_without_a_change_of_its_own"),
    Mutant(9, "processes/lead_to_customer.py", "(view.account.customer_number, view.account.sync_state) != (view.number,",
           "(view.number, view.account.sync_state) != (view.number,",
           READING + "test_the_customer_number_is_the_erp_s_and_is_put_right_in_the_crm"),
    Mutant(10, "domain/identity.py", "    if isinstance(value, float):", "    if False:",
           "tests/domain/test_identity.py::test_an_amount_never_travels_as_a_binary_fraction"),
    Mutant(11, "http.py", "{_RECORD_ID.sub('/{id}', path)}", "{path}", "tests/connectors/test_http.py"),
    Mutant(11, "quality/suites.py", 'tuple(str(entry["ref"]) for', "tuple(str(entry) for",
           QUALITY + "test_no_value_of_any_failing_row_is_kept_told_logged_or_rendered"),
    Mutant(14, "engine/leads/checking.py", "stop_if_too_many(staged.looked_at,", "stop_if_too_many({},",
           QUALITY + "test_too_many_unusable_records_of_any_kind_stop_the_run_in_plain_words"),
    Mutant(11, "processes/prehistory.py", "if activity.private or ", "if ",
           "tests/processes/test_prehistory.py::test_no_level_tells_more_than_it_may"),
    Mutant(11, "engine/leads/histories.py", "        records.forget_told(tx)\n", "",
           HISTORIES + "test_activities_are_read_for_those_who_need_them_and_forgotten_once_told"),
    Mutant(12, "pipeline/console/access.py", "[Depends(requires_access_view(AccessView.PLUGINS)), Depends(reads_a_process)]",
           "[]", "tests/plugins/test_access.py"),
    Mutant(12, "pipeline/console/access.py", 'if x_interlock != "1":', "if False:", "tests/plugins/test_access.py"),
    Mutant(13, "store/audit.py", 'intact = row["values_hash"] == _hash(row["salt"], canonical(row["body"]))', "pass",
           ENGINE + "test_the_audit_log_is_append_only_and_chained"),
    Mutant(1, "engine/leads/match.py", ', verdict.reason == "decided")', ", False)",
           FAMILIES + "test_a_person_can_make_an_account_a_further_one_of_a_customer"),
    Mutant(4, "store/outbox.py", " OR c.state IN ('pending', 'held') AND c.subject <> n.subject\n", "\n",
           FAMILIES + "test_an_account_s_change_waits_behind_another_s_that_is_yet_to_be_sent"),
    Mutant(4, "store/outbox.py", "    waits |= {c.key for", "    {c.key for",
           FAMILIES + "test_both_accounts_may_be_given_one_customer_in_one_run"),
    Mutant(5, "processes/lead_to_customer.py", '        if view.above_standing == "held":\n', "        if False:\n",
           FAMILIES + "test_a_held_back_parent_keeps_its_family_waiting_and_the_report_says_why"),
    Mutant(2, "processes/lead_to_customer.py", "depends_on=parents_first, ", "",
           FAMILIES + "test_a_parent_refused_by_the_erp_parks_its_child_until_the_parent_is_mended"),
    Mutant(14, "engine/plan.py", "            engine.flow.brake(engine, tx, batch)\n", "            pass\n",
           ENGINE + "test_beyond_a_limit_everything_waits_for_approval"),
    Mutant(14, "store/requests.py", "AND (c.state <> 'held' OR c.body <> q.body)", "AND false",
           APPROVALS + "test_a_newer_decision_voids_the_request_and_asks_about_all_of_it_anew"),
    Mutant(14, "store/approvals.py", "approved_hash = {HASH}", "approved_hash = ''",
           APPROVALS + "test_what_was_approved_is_not_asked_again"),
    Mutant(14, "store/approvals.py", ', row["excluded"])', ")", APPROVALS + "test_who_had_a_hand_in_it_cannot_answer"),
    Mutant(14, "store/approvals.py", '    outbox.queue_up(tx, request(tx, number)["process"])\n', "",
           APPROVALS + "test_what_a_run_changes_while_a_person_answers_is_not_approved_unseen"),
    Mutant(14, "engine/context.py", "            people.pin(tx, role, instance)\n", "            pass\n",
           ENGINE + "test_another_instance_is_refused"),
    Mutant(14, "store/sending.py", "    if stop:\n", "    if False:\n", DOUBT + "test_a_pause_between_decision_and_send_is_kept"),
    Mutant(14, "engine/linking.py", "        crosswalk.rebuild(tx, crm, erp)\n", "",
           MERGES + "test_after_a_restore_a_customer_of_a_merged_account_is_found_again"),
    Mutant(4, "engine/recording.py", "    outbox.withdraw(",
           "    (lambda *_: None)(",
           LEFT + "test_what_nobody_wants_any_more_is_not_sent_again_once_it_is_found_absent"),
    Mutant(4, "engine/recording.py", " if not one.decision.stands]", "]",
           DOUBT + "test_a_run_that_finds_a_customer_made_a_moment_ago_leaves_what_follows_to_the_other"),
    Mutant(4, "engine/apply.py", '            elif row["unwanted"]:\n', "            elif False:\n",
           LEFT + "test_what_nobody_wants_any_more_is_not_sent_again_once_it_is_found_absent"),
    Mutant(2, "engine/apply.py", " | _arrived_after_all(engine, role, rows, writes, outcomes)\n", "\n",
           LEFT + "test_a_repeated_create_that_is_refused_is_looked_for_once_more"),
    Mutant(5, "engine/holding.py", "        outbox.withdraw(tx, engine.process, [subject.ref for subject in held], ())\n", "",
           LEFT + "test_of_a_record_that_is_held_back_nothing_older_is_sent"),
    Mutant(5, "engine/settle.py", "            batches.take_over(tx, batch, engine.process, batches.scope(tx, batch))\n",
           "            pass\n", LEFT + "test_what_a_run_did_before_it_died_is_told_by_the_next_report_and_by_no_other"),
    Mutant(5, "engine/outcomes.py", 'people.hold_also(tx, engine.process, batch, row["subject"], [problem])',
           'people.quarantine(tx, engine.process, batch, row["subject"], [problem])',
           PEOPLE + "test_what_people_do_to_an_invoice_on_its_way"),
    Mutant(1, "connectors/invoice_taking.py", "            elif write.key in covered:\n", "            elif False:\n",
           "tests/connectors/test_tryton_invoices.py::test_a_service_day_of_a_line_is_never_drafted_twice"),
    Mutant(1, "engine/invoices/__init__.py", "            remove_doubles(engine, DRAFTS)\n", "            pass\n",
           FAULTS + "test_a_zombie_takes_a_step_although_another_took_over"),
    Mutant(1, "processes/renewal_to_invoice.py", "    if view.number_shared:\n", "    if False:\n",
           PURE + "test_contracts_that_share_a_number_are_held"),
    Mutant(2, "processes/renewal_to_invoice.py", "for invoice in (*invoices, *_on_their_way(view, billing))}",
           "for invoice in invoices}", PURE + "test_steps_that_are_not_all_done_are_planned_again"),
    Mutant(9, "processes/contract_status.py", "max((*numbered, *coming.values())", "max((*posted, *coming.values())",
           PURE + "test_the_crm_learns_that_its_latest_invoice_was_reversed"),
    Mutant(14, "engine/invoices/approving.py", "        if reason := _single(engine, row):\n", "        if False:\n",
           "tests/scenarios/test_contract_becomes_invoices.py::test_an_invoice_above_the_limit_waits_for_an_answer_and_is_asked"
           "_about_once"),
)  # fmt: skip


def survives(mutant: Mutant) -> bool:
    """Run the mutant's test against a copy of the package with the mutation; True when nothing noticed."""
    with tempfile.TemporaryDirectory() as folder:
        include = Path(folder, "include")
        shutil.copytree(ROOT / "include", include, ignore=shutil.ignore_patterns("__pycache__"))
        for name in (".venv", ".venv-erp", ".local", "locks"):  # what the sandbox's systems start from
            Path(folder, name).symlink_to(ROOT / name)
        file = include / "interlock" / mutant.file
        file.write_text(mutated(mutant, file.read_text()))
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-W", "ignore", "-p", "no:cacheprovider",
                   "-o", f"pythonpath={include} {ROOT}", mutant.test]  # fmt: skip
        env = {**os.environ, "PYTHONPATH": f"{include}{os.pathsep}{ROOT}", "PYTHONDONTWRITEBYTECODE": "1"}
        ended = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
        if ended.returncode not in {0, 1}:
            raise RuntimeError(f"{mutant.test} could not be run:\n{ended.stdout[-2000:]}{ended.stderr[-2000:]}")
        return ended.returncode == 0


def mutated(mutant: Mutant, text: str) -> str:
    """Return the text with the mutation; raises LookupError unless its place is there exactly once."""
    if text.count(mutant.old) != 1:
        raise LookupError(f"{mutant.file} holds {mutant.old!r} {text.count(mutant.old)} times")
    return text.replace(mutant.old, mutant.new)


def main() -> int:
    wanted = {int(number) for number in sys.argv[1:]}
    survivors = 0
    for mutant in MUTANTS:
        if wanted and mutant.invariant not in wanted:
            continue
        alive = survives(mutant)
        survivors += alive
        print(f"{'SURVIVED' if alive else 'killed':9} invariant {mutant.invariant:2}  {mutant.file:32} {mutant.test}", flush=True)
    print(f"{survivors} survived")
    return int(survivors > 0)


if __name__ == "__main__":
    sys.exit(main())
