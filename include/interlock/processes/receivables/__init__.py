"""From an ERP's invoices and payments to what the CRM shows of them: pure, without I/O and clock; `as_of` comes in.

    receivables, debtors (ERP now), tasks (ours in the CRM), rules, as_of
      -> settlement       how far is an invoice settled, by what, when did money last come, did the bank take it back?
      -> overdue          since when and how much, by effective due dates
      -> status           the contract's status: the first that holds
      -> balances         the account's sums, for each currency apart
      -> dunning          which task each invoice wants, against those there are
    -> Assessment         standings, statuses, balances, and the tasks to create, reopen and close

`assess` goes this way. The answer depends on the present state alone, never on how often or when it was asked before.
"""

from interlock.processes.receivables.assess import Assessment, Known, assess
from interlock.processes.receivables.balances import Balance
from interlock.processes.receivables.known import (
    Closing,
    ContractStatus,
    DunningPlan,
    DunningTask,
    Overdue,
    Payment,
    Rules,
    Settlement,
    Standing,
    TaskKey,
    TaskState,
)

__all__ = [
    "Assessment", "Balance", "Closing", "ContractStatus", "DunningPlan", "DunningTask", "Known", "Overdue", "Payment", "Rules",
    "Settlement", "Standing", "TaskKey", "TaskState", "assess",
]  # fmt: skip
