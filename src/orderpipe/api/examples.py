"""
Examples for the OpenAPI document. A test sends every one of them to a running door, so they work as copied.
"""

from typing import Any

COMPLETE: dict[str, Any] = {
    "reference": "WEB-1001",
    "type": "standard",
    "language": "en",
    "customer": {"name": "Ann Ok", "email": "ann@customers.example", "phone": "+44 20 7946 0018"},
    "ship_to": {"name": "Ann Ok", "line1": "1 High Street", "city": "London", "postal_code": "N1 1AA", "country": "GB"},
    "payment_method": "invoice",
    "currency": "GBP",
    "total": "25.00",
    "backorder_policy": "as-available",
    "lines": [{"sku": "MUG-BLUE", "description": "Mug, blue, 0.3 l", "quantity": 2, "unit_price": "12.50"}],
}

INCOMPLETE: dict[str, Any] = {
    "reference": "WEB-1002",
    "language": "zh-CN",
    "customer": {"name": "李伟", "phone": "+86 138 0013 8000"},
    "lines": [{"sku": "MUG-BLUE", "quantity": 1}],
}

EXAMPLES: dict[str, Any] = {"complete": COMPLETE, "still_incomplete": INCOMPLETE}
