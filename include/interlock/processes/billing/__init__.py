"""From a contract in the CRM to the invoices it owes: pure, without I/O and clock; `as_of` and all that is known come in.

    contract (CRM now), terms (frozen), invoices (ERP), recipient, rules, as_of
      -> checks           is it a contract (`read_contract`), and can it be reckoned with at all?
      -> terms            stretches, ending, freezing, uplift: which terms hold by now, at which prices, until when
      -> periods          the days that one invoice covers, and from when it is due
      -> prices           quantity x price less discount x the days' share (proration), each line rounded once
      -> tax              the row of the table for each line; tax once per category and rate
      -> judge            owed against billed (compare): an invoice, a supplement, settled, held with amounts, or waiting
      -> preflight        is everything there that the law and EN 16931 demand?
    -> Billing            terms to store, invoices to create, held, waiting, problems, and when to look again

`decide_invoices` goes this way for one contract. What it holds and what waits is computed anew each time, so that an entry goes
once its reason is gone, and a correction that a person makes in the ERP settles its period by itself.
"""

from interlock.processes.billing.checks import read_contract
from interlock.processes.billing.decide_invoices import decide_invoices
from interlock.processes.billing.known import Billing, Held, Known, Rules, Settled, Waiting
from interlock.processes.billing.recipient import Recipient, VatAnswer
from interlock.processes.billing.terms import TermPlan, plan_terms

__all__ = [
    "Billing", "Held", "Known", "Recipient", "Rules", "Settled", "TermPlan", "VatAnswer", "Waiting", "decide_invoices",
    "plan_terms", "read_contract",
]  # fmt: skip
