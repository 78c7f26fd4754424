"""
The two shops of the demo: what they sell, from where, and what makes an article special in the story that is played.

Everything here is made up; the bar codes are of the range that GS1 keeps for examples.
"""

from dataclasses import dataclass
from decimal import Decimal

from orderpipe.domain.barcodes import check_digit

_COMPANY = "9506000"


@dataclass(frozen=True, slots=True)
class Article:
    """
    A product or service. `gtin` and `pack_gtin` (of `pack` pieces) are "" where there is no bar code.

    `places` are the locations that have it; `first_stock` pieces in all, None for as many as the sample needs; `restock` says
    whether the supplier brings more when it runs out.
    """

    sku: str
    description: str
    price: Decimal
    places: tuple[str, ...] = ()
    number: int = 0
    pack: int = 0
    first_stock: int | None = None
    restock: bool = True

    @property
    def kind(self) -> str:
        """`goods`, or `service` for what lies nowhere."""
        return "goods" if self.places else "service"

    @property
    def gtin(self) -> str:
        """GTIN-13 of one piece."""
        return _with_check_digit(f"{_COMPANY}{self.number:05}") if self.number else ""

    @property
    def pack_gtin(self) -> str:
        """GTIN-14 of a pack."""
        return _with_check_digit(f"1{_COMPANY}{self.number:05}") if self.number and self.pack else ""


@dataclass(frozen=True, slots=True)
class Place:
    """A location that goods leave from."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class ShopPlan:
    """A shop with everything that is set up for it; `usual` are the SKUs that ordinary customers buy."""

    code: str
    name: str
    language: str
    country: str
    currency: str
    time_zone: str
    places: tuple[Place, ...]
    articles: tuple[Article, ...]
    usual: tuple[str, ...]

    def article(self, sku: str) -> Article:
        """The article of this SKU; KeyError for none."""
        return {article.sku: article for article in self.articles}[sku]


def _with_check_digit(digits: str) -> str:
    return f"{digits}{check_digit(digits)}"


_BOTH, _LONDON, _LEEDS = ("LONDON", "LEEDS"), ("LONDON",), ("LEEDS",)

LANTERN = ShopPlan(
    code="lantern", name="Lantern & Loom", language="en", country="GB", currency="GBP", time_zone="Europe/London",
    places=(Place("LONDON", "London, Wharf Road"), Place("LEEDS", "Leeds, Mill Lane")),
    articles=(
        Article("MUG-BLUE", "Stoneware mug, blue, 0.3 l", Decimal("12.50"), _BOTH, 101, pack=6),
        Article("LAMP-OAK", "Oak table lamp", Decimal("64.00"), _BOTH, 102),
        Article("NOTEBOOK-A5", "Notebook, A5, dotted", Decimal("7.20"), _BOTH, 103, pack=12),
        Article("CANDLE-BEE", "Beeswax candles, six", Decimal("18.00"), _BOTH, 104),
        Article("RUG-WOOL", "Woollen rug, 120 × 180 cm", Decimal("149.00"), _LONDON, 105),
        Article("KETTLE-STEEL", "Kettle, brushed steel", Decimal("39.90"), _LEEDS, 106),
        Article("CLOCK-BRASS", "Wall clock, brass", Decimal("88.00"), _LONDON, 107, first_stock=1),
        Article("CHAIR-ASH", "Chair, ash", Decimal("95.00"), _LEEDS, 108, first_stock=1),
        Article("TEAPOT-IRON", "Cast-iron teapot", Decimal("54.00"), _LONDON, 109, first_stock=2),
        Article("GLOBE-1930", "Globe of 1930, the last ones", Decimal("120.00"), _LONDON, 110, first_stock=1, restock=False),
        Article("VASE-GLASS", "Vase, blown glass", Decimal("46.00"), _LONDON, 111, first_stock=2),
        Article("STOOL-OAK", "Stool, oak", Decimal("72.00"), _LEEDS, 112, first_stock=4),
        Article("MIRROR-OVAL", "Oval mirror, the last ones", Decimal("110.00"), _LONDON, 113, first_stock=2, restock=False),
        Article("ASSEMBLY", "Assembly at your home", Decimal("45.00")),
        Article("LAMP-CARE", "A lamp cleaned and rewired", Decimal("30.00")),
    ),
    usual=("MUG-BLUE", "LAMP-OAK", "NOTEBOOK-A5", "CANDLE-BEE", "RUG-WOOL", "KETTLE-STEEL"),
)

SHANHE = ShopPlan(
    code="shanhe", name="山河茶铺", language="zh-CN", country="CN", currency="CNY", time_zone="Asia/Shanghai",
    places=(Place("HANGZHOU", "杭州仓"),),
    articles=(
        Article("TEA-LONGJING", "西湖龙井，250克", Decimal("168.00"), ("HANGZHOU",), 201),
        Article("TEA-PUER", "普洱熟茶，357克", Decimal("128.00"), ("HANGZHOU",), 202),
        Article("CUP-CELADON", "青瓷茶杯", Decimal("58.00"), ("HANGZHOU",), 203, pack=6),
        Article("POT-YIXING", "宜兴紫砂壶", Decimal("398.00"), ("HANGZHOU",), 204),
        Article("TEA-CLASS", "茶艺课，两小时", Decimal("260.00")),
    ),
    usual=("TEA-LONGJING", "TEA-PUER", "CUP-CELADON", "POT-YIXING"),
)

SHOPS = {plan.code: plan for plan in (LANTERN, SHANHE)}
