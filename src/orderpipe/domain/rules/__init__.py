"""
The rules an order is checked by before work starts on it: named, small and pure, each with its evidence and what it leads to.

What is missing or doubtful becomes a question to the customer; when we cannot write to them, a case for the office.
"""

from orderpipe.domain.rules.findings import Doubt, Finding, Identity, Override, Severity, identity
from orderpipe.domain.rules.registry import RULE, RULES, Rule, RuleSetting, check, for_replacements, worst
from orderpipe.domain.rules.subject import Earlier, Known, LineToCheck, Memory, Norm, OrderToCheck, Own, Twin

__all__ = [
    "RULE", "RULES", "Doubt", "Earlier", "Finding", "Identity", "Known", "LineToCheck", "Memory", "Norm", "OrderToCheck", "Override",
    "Own", "Rule", "RuleSetting", "Severity", "Twin", "check", "for_replacements", "identity", "worst",
]
